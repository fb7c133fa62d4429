/* SPDX-License-Identifier: MIT */
/*
 * blk.c: the disk driver's server: part blk behind messages.  The client's data is where the device moves it from and
 * to; with path=copy it passes through pages of this domain, which the kernel copies.
 */
#include "blk.h"
#include "alloc.h"
#include "base/errno.h"
#include "micro/client/client.h"
#include "micro/server/server.h"

/* An order that was submitted, until it is waited for. */
struct job {
    struct blk_request request;
    struct blk_order order;
    uint64_t at; /* of the order in the client's memory: its name */
    uint64_t client;
    uint64_t reply; /* to whom waits for it; 0: nobody does yet */
    bool busy;
};

static struct job jobs[BLK_ORDERS];
static int found;

static uint64_t buffer_bytes(void)
{
    return client_copies ? UINT64_MAX / 2 : user_info.window_whole;
}

static struct job *job_find(uint64_t client, uint64_t at)
{
    for (unsigned i = 0; i < BLK_ORDERS; i++)
        if (jobs[i].busy && jobs[i].client == client && jobs[i].at == at)
            return &jobs[i];
    return NULL;
}

static struct job *job_free(void)
{
    for (unsigned i = 0; i < BLK_ORDERS; i++)
        if (!jobs[i].busy)
            return &jobs[i];
    return NULL;
}

/* With path=copy: gives back the job's pages, from number n - 1 down. */
static void pages_free(struct job *job, unsigned n)
{
    while (n)
        alloc_page_free(job->request.segments[--n].data);
}

/* Where the data of segment i is for the device. */
static int segment_set(struct job *job, unsigned i, uaddr_t buffer)
{
    uint64_t offset = job->order.segments[i].offset, bytes = job->order.segments[i].bytes;
    struct blk_segment *s = &job->request.segments[i];

    if (bytes > PAGE_BYTES - offset % PAGE_BYTES || !env_check_range(buffer + offset, bytes))
        return -EINVAL;
    s->bytes = (uint32_t)bytes;
    s->data = client_copies ? alloc_page() : (void *)(buffer + offset);
    if (!s->data)
        return -EAGAIN;
    if (!client_copies || job->order.op != BLK_WRITE || env_copy_in(s->data, buffer + offset, bytes) == 0)
        return 0;
    alloc_page_free(s->data);
    return -EFAULT;
}

static int64_t submit(uint64_t client, uint64_t at, uaddr_t buffer)
{
    struct job *job = job_free();
    unsigned i;
    int error = found ? found : !job ? -EAGAIN : job_find(client, at) ? -EBUSY : 0;

    if (!error)
        error = env_copy_in(&job->order, buffer + at, sizeof job->order);
    if (!error && job->order.count > BLK_SEGMENTS_MAX)
        error = -EINVAL;
    if (error)
        return error;
    for (i = 0; i < job->order.count && !error; i++)
        error = segment_set(job, i, buffer);
    job->request.op = job->order.op <= BLK_FLUSH ? (enum blk_op)job->order.op : BLK_FLUSH;
    job->request.sector = job->order.sector;
    job->request.segment_count = job->order.count;
    if (!error)
        error = blk_submit(&job->request);
    else
        i--;
    if (error && client_copies)
        pages_free(job, i);
    if (error)
        return error;
    job->at = at;
    job->client = client;
    job->reply = 0;
    job->busy = true;
    return 0;
}

/* The order's result, its data being where the client wants it. */
static int64_t job_end(struct job *job, uaddr_t buffer)
{
    int64_t error = job->request.status;

    for (unsigned i = 0; client_copies && !error && job->order.op == BLK_READ && i < job->order.count; i++)
        if (env_copy_out(buffer + job->order.segments[i].offset, job->request.segments[i].data,
                         job->request.segments[i].bytes))
            error = -EIO;
    if (client_copies)
        pages_free(job, job->order.count);
    job->busy = false;
    return error;
}

/* False: later. */
static bool wait(struct message *m, uaddr_t buffer)
{
    struct job *job = job_find(m->from, m->word[0]);
    int64_t error = job && !job->reply ? 0 : -EINVAL;

    if (!error && job->request.done) {
        error = job_end(job, buffer);
    } else if (!error) {
        error = user_call(MICRO_REPLY_KEEP, 0, 0, 0, 0, 0, 0);
        if (error > 0)
            job->reply = (uint64_t)error;
    }
    m->word[0] = (uint64_t)error;
    return error <= 0;
}

/* An interrupt's handler has run: replies to those whose requests are done. */
static void tell(void)
{
    for (unsigned i = 0; i < BLK_ORDERS; i++) {
        struct job *job = &jobs[i];
        if (job->busy && job->reply && job->request.done) {
            uaddr_t buffer = server_buffer(job->client, buffer_bytes());
            struct message m = {.tag = 0};
            server_payload_of(job->reply);
            m.word[0] = (uint64_t)job_end(job, buffer);
            message_exchange(MICRO_REPLY, job->reply, &m);
        }
    }
}

static bool serve(struct message *m)
{
    uint64_t op = MICRO_TAG_OP(m->tag);
    uaddr_t buffer = server_buffer(m->from, buffer_bytes());
    int64_t result = -ENOSYS;

    m->tag = 0;
    if (op == ASK_BLK_WAIT)
        return wait(m, buffer);
    if (op == ASK_BLK_INIT) {
        result = found;
        m->word[1] = blk_sectors();
    } else if (op == ASK_BLK_SUBMIT) {
        result = submit(m->from, m->word[0], buffer);
    }
    m->word[0] = (uint64_t)result;
    return true;
}

_Noreturn void home_entry(void)
{
    static struct thread thread;

    server_init();
    sched_init(&thread, NULL, NULL);
    found = blk_init();
    server_after_interrupt(tell);
    server_run(serve);
}
