/* SPDX-License-Identifier: MIT */
/*
 * pipe.c: pipes, a ring of one frame.  Writes of up to PIPE_BUF bytes are not split by other writers (POSIX write()):
 * they wait until all of it fits.
 *
 *   bytes between tail and head (counters that only grow) are to be read; readers and writers are counts of ends
 */
#include "alloc.h"
#include "fs.h"
#include "linux.h"
#include "watch.h"

#define PIPE_BYTES PAGE_BYTES
#define PIPE_BUF 4096u

struct pipe {
    char *ring;
    uint64_t head, tail;
    unsigned readers, writers;
    struct waitq can_read, can_write;
    struct watch *read_watchers, *write_watchers;
    uint32_t hold; /* HOLD_*: why a write cannot start at once, whatever room there is */
};

#define HOLD_WRITING 1u /* another writer's copy, which may sleep, is under way */
#define HOLD_WAITED 2u  /* and somebody waits for it to end */
#define HOLD_CLOSED 4u  /* nobody reads */

static uint64_t pipe_used(const struct pipe *p)
{
    return p->head - p->tail;
}

/* The common case: n bytes of the ring from position on lie in one piece. */
static bool ring_is_straight(uint64_t position, uint64_t n)
{
    return position % PIPE_BYTES + n <= PIPE_BYTES;
}

/* Moves n bytes between the ring at position and the caller in two pieces. */
static __attribute__((noinline)) int ring_move_bent(struct pipe *p, uint64_t position, uaddr_t buffer, uint64_t n,
                                                    bool out)
{
    uint64_t at = position % PIPE_BYTES, first = PIPE_BYTES - at;
    int error = out ? env_copy_out(buffer, p->ring + at, first) : env_copy_in(p->ring + at, buffer, first);

    if (error)
        return error;
    return out ? env_copy_out(buffer + first, p->ring, n - first) : env_copy_in(p->ring, buffer + first, n - first);
}

static inline int ring_read(struct pipe *p, uaddr_t buffer, uint64_t n)
{
    if (ring_is_straight(p->tail, n))
        return env_copy_out(buffer, p->ring + p->tail % PIPE_BYTES, n);
    return ring_move_bent(p, p->tail, buffer, n, true);
}

static inline int ring_write(struct pipe *p, uaddr_t buffer, uint64_t n)
{
    if (ring_is_straight(p->head, n))
        return env_copy_in(p->ring + p->head % PIPE_BYTES, buffer, n);
    return ring_move_bent(p, p->head, buffer, n, false);
}

static inline void pipe_wake_readers(struct pipe *p)
{
    if (!list_empty(&p->can_read.threads))
        sched_wake(&p->can_read, UINT32_MAX);
    watch_tell(&p->read_watchers);
}

static inline void pipe_wake_writers(struct pipe *p)
{
    if (!list_empty(&p->can_write.threads))
        sched_wake(&p->can_write, UINT32_MAX);
    watch_tell(&p->write_watchers);
}

/* Nothing is there to read, and no use in waiting: the pipe's end, or a reader who does not wait. */
static int pipe_read_nothing(const struct file *f)
{
    return f->pipe->writers == 0 ? 0 : -EAGAIN;
}

static int64_t pipe_read(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset)
{
    struct pipe *p = f->pipe;
    uint64_t at, wanted = n;
    int error;

    (void)offset;
    if (n == 0)
        return 0;
    while (pipe_used(p) == 0) {
        if (p->writers == 0 || f->flags & O_NONBLOCK)
            return pipe_read_nothing(f);
        error = sched_wait(&p->can_read, SCHED_FOREVER);
        if (error)
            return error;
    }
    if (n > pipe_used(p))
        n = pipe_used(p);
    at = p->tail;
    error = ring_read(p, buffer, n);
    if (error)
        return error;
    if (p->tail != at) /* the copy slept, and another reader took these bytes: theirs they are */
        return pipe_read(f, buffer, wanted, offset);
    p->tail += n;
    pipe_wake_writers(p);
    return (int64_t)n;
}

/* Waits until a write of n bytes may start: 0, or the error that ends it. */
static __attribute__((noinline)) int64_t pipe_write_wait(struct file *f, uint64_t n)
{
    struct pipe *p = f->pipe;
    uint64_t need = n <= PIPE_BUF ? n : 1;
    int error = 0;

    while (!(p->hold & HOLD_CLOSED) && (p->hold || PIPE_BYTES - pipe_used(p) < need) && !error) {
        if (p->hold)
            p->hold |= HOLD_WAITED;
        error = f->flags & O_NONBLOCK ? -EAGAIN : sched_wait(&p->can_write, SCHED_FOREVER);
    }
    return p->hold & HOLD_CLOSED ? -EPIPE : error;
}

/* While a writer copied, others came to wait for it, or the last reader went. */
static __attribute__((noinline)) void hold_end(struct pipe *p)
{
    p->hold &= ~(HOLD_WRITING | HOLD_WAITED);
    sched_wake(&p->can_write, UINT32_MAX);
}

/* Appends n bytes, for which there is room.  The copy may sleep; other writers wait for its end. */
static inline int pipe_fill(struct pipe *p, uaddr_t buffer, uint64_t n)
{
    int error;

    p->hold = HOLD_WRITING;
    error = ring_write(p, buffer, n);
    if (p->hold == HOLD_WRITING)
        p->hold = 0;
    else
        hold_end(p);
    if (!error)
        p->head += n;
    return error;
}

int64_t file_broken(struct file *f)
{
    struct process *self = process_current();

    if (self->actions_ignored >> SIGPIPE & 1)
        return -EPIPE;
    file_put(f); /* held by the call, which ends here */
    process_exit(SIGPIPE);
}

/* More than fits at once: piece by piece as readers make room. */
static __attribute__((noinline)) int64_t pipe_write_pieces(struct file *f, uaddr_t buffer, uint64_t n)
{
    struct pipe *p = f->pipe;
    uint64_t done = 0;
    int64_t error = 0;

    while (done < n) {
        uint64_t room, piece;
        error = pipe_write_wait(f, n - done);
        if (error == -EPIPE && done == 0)
            return file_broken(f);
        if (error)
            break;
        room = PIPE_BYTES - pipe_used(p);
        piece = n - done < room ? n - done : room;
        error = pipe_fill(p, buffer + done, piece);
        if (error)
            break;
        done += piece;
        pipe_wake_readers(p);
    }
    return done ? (int64_t)done : error;
}

static int64_t pipe_write(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset)
{
    struct pipe *p = f->pipe;
    int error;

    (void)offset;
    if (p->hold || PIPE_BYTES - pipe_used(p) < n)
        return pipe_write_pieces(f, buffer, n);
    error = pipe_fill(p, buffer, n);
    if (error)
        return error;
    pipe_wake_readers(p);
    return (int64_t)n;
}

static uint32_t pipe_poll_read(struct file *f)
{
    return (pipe_used(f->pipe) ? POLLIN : 0) | (f->pipe->writers ? 0 : POLLHUP);
}

/* Ready for any write that is not split. */
static uint32_t pipe_poll_write(struct file *f)
{
    return f->pipe->readers ? (PIPE_BYTES - pipe_used(f->pipe) >= PIPE_BUF ? POLLOUT : 0) : POLLERR;
}

static int pipe_stat(struct file *f, struct fs_stat *out)
{
    (void)f;
    *out = (struct fs_stat){.mode = S_IFIFO | 0600, .links = 1, .block_bytes = PIPE_BYTES};
    return 0;
}

static uint64_t pipe_unread(struct file *f)
{
    return pipe_used(f->pipe);
}

static void pipe_put(struct pipe *p)
{
    pipe_wake_readers(p);
    pipe_wake_writers(p);
    if (p->readers || p->writers)
        return;
    alloc_page_free(p->ring);
    alloc_put(p);
}

static void pipe_close_read(struct file *f)
{
    if (--f->pipe->readers == 0)
        f->pipe->hold |= HOLD_CLOSED;
    pipe_put(f->pipe);
}

static void pipe_close_write(struct file *f)
{
    f->pipe->writers--;
    pipe_put(f->pipe);
}

const struct file_ops file_ops_pipe_read = {pipe_read,       NULL,  pipe_poll_read, pipe_stat,
                                            pipe_close_read, false, pipe_unread};
const struct file_ops file_ops_pipe_write = {NULL,  pipe_write, pipe_poll_write, pipe_stat, pipe_close_write,
                                             false, pipe_unread};

static struct pipe *pipe_make(void)
{
    struct pipe *p = alloc_get(sizeof *p);

    if (!p)
        return NULL;
    p->ring = alloc_page();
    if (!p->ring) {
        alloc_put(p);
        return NULL;
    }
    sched_waitq_init(&p->can_read);
    sched_waitq_init(&p->can_write);
    return p;
}

/* One end as a descriptor.  -ENOMEM leaves the pipe as it was; -EMFILE has closed the end again. */
static int end_install(struct pipe *p, const struct file_ops *ops, unsigned *ends, uint32_t mode, uint64_t flags)
{
    struct file *f = file_make(ops, mode | (flags & O_NONBLOCK));

    if (!f)
        return -ENOMEM;
    f->pipe = p;
    f->watchers = ends == &p->readers ? &p->read_watchers : &p->write_watchers;
    ++*ends;
    return fd_install(f, flags & O_CLOEXEC);
}

int64_t posix_pipe2(OS_N, uint64_t fds, uint64_t flags)
{
    struct pipe *p;
    int pair[2], error;

    if (flags & ~(uint64_t)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    p = pipe_make();
    if (!p)
        return -ENOMEM;
    p->writers = 1; /* keeps the pipe until both ends are there */
    pair[0] = end_install(p, &file_ops_pipe_read, &p->readers, O_RDONLY, flags);
    pair[1] = pair[0] < 0 ? pair[0] : end_install(p, &file_ops_pipe_write, &p->writers, O_WRONLY, flags);
    p->writers--;
    if (pair[1] < 0 && pair[0] >= 0)
        posix_close(0, (uint64_t)pair[0]);
    else if (pair[1] < 0)
        pipe_put(p);
    if (pair[1] < 0)
        return pair[1];
    error = env_copy_out(fds, pair, sizeof pair);
    if (error) {
        posix_close(0, (uint64_t)pair[0]);
        posix_close(0, (uint64_t)pair[1]);
    }
    return error;
}

int64_t posix_pipe(OS_N, uint64_t fds)
{
    return posix_pipe2(0, fds, 0);
}
