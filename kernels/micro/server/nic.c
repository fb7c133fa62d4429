/* SPDX-License-Identifier: MIT */
/*
 * nic.c: the server of the network interface's driver: part nic behind rings in its client's memory (protocol.h).
 *
 * The device reads frames to be sent where the client has them.  Frames that come it writes to this domain's memory,
 * from where they are copied, once, so that no client can change what the device is told.  A frame to be sent is
 * described by the client in memory that it may change at any time: all of that is copied, then checked.
 */
#include "nic.h"
#include "base/errno.h"
#include "base/string.h"
#include "micro/server/server.h"
#include "sched.h"

static struct nic_rings *rings; /* NULL: the client has not come yet */
static char *frames;
static uint64_t note, client_note;
static int found;
static uint32_t send_taken, give_taken, sent_put, came_put;
static struct nic_send jobs[NIC_PLACES]; /* by place */
static bool busy[NIC_PLACES];
static bool told_places;

/* Of the client's memory; NULL if that is not there. */
static void *client_at(uint64_t offset, uint64_t bytes)
{
    if (offset > user_info.window_whole || bytes > user_info.window_whole - offset)
        return NULL;
    return (char *)user_info.window_address + offset;
}

static void place_free(uint32_t place)
{
    rings->sent[sent_put % NIC_PLACES] = (uint16_t)place;
    rings->sent_put = ++sent_put;
    told_places = true;
}

static void places_free(void)
{
    struct nic_send *job;

    while ((job = nic_sent())) {
        busy[job - jobs] = false;
        place_free((uint32_t)(job - jobs));
    }
}

/* What stands in the place, as part nic wants it; -EINVAL. */
static int job_make(uint32_t place)
{
    volatile struct nic_rings *r = rings;
    struct nic_send *job = &jobs[place];

    job->segment_count = r->places[place].count;
    job->checksum_start = r->places[place].checksum_start;
    job->checksum_offset = r->places[place].checksum_offset;
    if (job->segment_count > NIC_SEGMENTS_MAX)
        return -EINVAL;
    for (uint32_t i = 0; i < job->segment_count; i++) {
        uint32_t bytes = r->places[place].segments[i].bytes;
        job->segments[i].data = client_at(r->places[place].segments[i].offset, bytes);
        job->segments[i].bytes = bytes;
        if (!job->segments[i].data)
            return -EINVAL;
    }
    return 0;
}

/* What the client wants sent, until the device has no room; part nic then calls ready. */
static void send_all(void)
{
    uint32_t put = rings->send_put;

    if (put - send_taken > NIC_PLACES)
        send_taken = put;
    for (; send_taken != put; send_taken++) {
        uint32_t place = rings->send[send_taken % NIC_PLACES] % NIC_PLACES;
        int error = busy[place] ? -EBUSY : job_make(place);
        if (!error)
            error = nic_send(&jobs[place]);
        if (error == -EAGAIN)
            return;
        busy[place] |= !error;
        if (error && error != -EBUSY)
            place_free(place);
    }
}

static void frame_copy(const struct nic_frame *frame)
{
    uint32_t to = rings->give[give_taken++ % NIC_FRAMES] % NIC_FRAMES, at = came_put % NIC_FRAMES;

    memcpy(frames + to * NIC_FRAME_BYTES + NIC_FRAME_START, frame->data, frame->bytes);
    BOOK_ADD(user_books[WIRE_BYTES_COPIED], frame->bytes);
    rings->came[at].frame = (uint16_t)to;
    rings->came[at].bytes = (uint16_t)frame->bytes;
    rings->came[at].checked = frame->checked;
    rings->came_put = ++came_put;
}

/* What came, until there is no more place for it: then the rest waits in the device's buffers. */
static void receive_all(void)
{
    struct nic_frame *frame;

    rings->nic_full = 0;
    for (;;) {
        if (rings->give_put == give_taken) {
            rings->nic_full = 1;
            if (rings->give_put == give_taken)
                return;
            rings->nic_full = 0;
        }
        frame = nic_receive();
        if (frame) {
            frame_copy(frame);
            nic_give(frame);
        } else if (!nic_pending()) {
            return;
        }
    }
}

static void client_tell(uint32_t came_before)
{
    bool tell = rings->net_waits && came_put != came_before;

    if (tell)
        rings->net_waits = 0;
    if (told_places && rings->net_full) {
        rings->net_full = 0;
        tell = true;
    }
    told_places = false;
    if (tell)
        user_call(MICRO_NOTE_SIGNAL, client_note, NOTE_NET_WORK, 0, 0, 0, 0);
}

static void work(void)
{
    uint32_t came_before = came_put;

    if (!rings)
        return;
    rings->nic_waits = 0;
    receive_all();
    places_free();
    send_all();
    rings->nic_waits = 1;
    if (rings->send_put - send_taken - 1 < NIC_PLACES)
        send_all(); /* put before it was told that somebody waits for that */
    client_tell(came_before);
}

static void noted(uint64_t bits)
{
    (void)bits;
    work();
}

static void ready(void *unused)
{
    (void)unused; /* the work is done after every interrupt */
}

/* The client's notes: its own, and this server's to tell it of work, for whose bits it may not wait. */
static int notes_give(struct message *m)
{
    int64_t of_nic = user_call(MICRO_HANDLE_GIVE, HANDLE_APP, note, 0, 0, 0, 0);
    int64_t of_net = user_call(MICRO_HANDLE_GIVE, HANDLE_APP, client_note, MICRO_NOTE_WAITS, 0, 0, 0);

    m->word[2] = (uint64_t)of_nic;
    m->word[3] = (uint64_t)of_net;
    return of_nic < 0 ? (int)of_nic : of_net < 0 ? (int)of_net : 0;
}

static int64_t init(struct message *m)
{
    struct nic_info info;
    void *place = client_at(m->word[0], sizeof *rings), *memory = client_at(m->word[1], NIC_FRAMES * NIC_FRAME_BYTES);
    int error = found ? found : rings ? -EBUSY : !place || !memory || m->word[0] % 8 ? -EINVAL : notes_give(m);

    if (error)
        return error;
    nic_info(&info);
    m->word[1] = (info.sums_sent ? NIC_SUMS_SENT : 0) | (info.sums_received ? NIC_SUMS_RECEIVED : 0);
    memcpy(&m->word[1], info.address, NIC_ADDRESS_BYTES);
    rings = place;
    frames = memory;
    work();
    return 0;
}

static bool serve(struct message *m)
{
    uint64_t op = MICRO_TAG_OP(m->tag);
    int64_t result = -ENOSYS;

    m->tag = 0;
    if (m->from != DOMAIN_NET) {
        result = -EPERM;
    } else if (op == ASK_NIC_INIT) {
        result = init(m);
    } else if (op == ASK_NIC_FLUSH) {
        work();
        result = 0;
    }
    m->word[0] = (uint64_t)result;
    return true;
}

_Noreturn void home_entry(void)
{
    static struct thread thread;
    int64_t made;

    server_init();
    sched_init(&thread, NULL, NULL);
    note = (uint64_t)server_note(0, noted);
    made = user_call(MICRO_NOTE_MAKE, 0, 0, 0, 0, 0, 0);
    client_note = (uint64_t)made;
    server_after_interrupt(work);
    found = made < 0 ? (int)made : nic_init(ready, NULL);
    server_run(serve);
}
