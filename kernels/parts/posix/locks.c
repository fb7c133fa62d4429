/* SPDX-License-Identifier: MIT */
/*
 * locks.c: advisory record locks, F_GETLK, F_SETLK and F_SETLKW of fcntl (POSIX.1-2017, fcntl).
 *
 * A record says that a process holds bytes [start, last] of a file, alone or together with others that read.  Records
 * of one process never overlap; of different processes only where both are shared.  A file is known by its node,
 * which stays the same as long as anybody has it open, and a process's records go when it closes any descriptor of the
 * file, so no record outlives its node.
 *
 * Threads lose the processor only where they sleep: between looking for a conflict and taking the lock nobody does.
 */
#include "locks.h"
#include "fs.h"
#include "linux.h"
#include "process.h"

#define LOCKS_MAX 256

struct record {
    struct record *next; /* in locks.all or locks.free */
    struct process *owner;
    int node;
    bool exclusive;
    int64_t start, last;
};

/* A process's thread that sleeps until a lock can be had. */
struct waiter {
    struct waiter *next;
    const struct process *process;
    const struct record *wanted;
};

unsigned locks_held;
static struct record records[LOCKS_MAX], *all, *free_records;
static unsigned records_used; /* those from there on were never taken */
static struct waiter *waiters;
static struct waitq released = WAITQ_INIT(released);

static bool overlap(const struct record *a, const struct record *b)
{
    return a->node == b->node && a->start <= b->last && b->start <= a->last;
}

/* A record of another process that keeps want from being taken. */
static const struct record *conflict_find(const struct record *want)
{
    for (const struct record *r = all; r; r = r->next)
        if (r->owner != want->owner && overlap(r, want) && (r->exclusive || want->exclusive))
            return r;
    return NULL;
}

static bool room_for(unsigned count)
{
    return locks_held + count <= LOCKS_MAX;
}

static void record_add(const struct record *from)
{
    struct record *r = free_records;

    if (r)
        free_records = r->next;
    else
        r = &records[records_used++];
    *r = *from;
    r->next = all;
    all = r;
    locks_held++;
}

/* *at goes. */
static void record_remove(struct record **at)
{
    struct record *r = *at;

    *at = r->next;
    r->next = free_records;
    free_records = r;
    locks_held--;
}

/* Takes from *at what range covers; true if nothing is left.  What lies behind the range is added anew. */
static bool record_cut(struct record *r, const struct record *range)
{
    struct record behind = *r;

    if (r->last > range->last) {
        if (r->start >= range->start) {
            r->start = range->last + 1;
            return false;
        }
        behind.start = range->last + 1;
        record_add(&behind);
    }
    r->last = range->start - 1;
    return r->last < r->start;
}

/* range's owner holds none of it any more. */
static void range_clear(const struct record *range)
{
    struct record **at = &all;

    while (*at) {
        struct record *r = *at;
        if (r->owner == range->owner && overlap(r, range) && record_cut(r, range))
            record_remove(at);
        else
            at = &r->next;
    }
}

/* Makes range as long as it and the owner's records of its kind beside it, which go. */
static void range_join(struct record *range)
{
    struct record **at = &all;

    while (*at) {
        struct record *r = *at;
        bool beside = r->start == range->last + 1 || r->last == range->start - 1;
        if (r->owner != range->owner || r->node != range->node || r->exclusive != range->exclusive || !beside) {
            at = &r->next;
            continue;
        }
        if (r->start < range->start)
            range->start = r->start;
        else
            range->last = r->last;
        record_remove(at);
    }
}

/* Whether process waits, by however many others, for one of owner's locks. */
static bool waits_for(const struct process *process, const struct process *owner, unsigned depth)
{
    for (const struct waiter *w = waiters; w; w = w->next) {
        const struct record *in_the_way = w->process == process ? conflict_find(w->wanted) : NULL;
        if (in_the_way &&
            (in_the_way->owner == owner || (depth < PROCESS_MAX && waits_for(in_the_way->owner, owner, depth + 1))))
            return true;
    }
    return false;
}

/* Sleeps until nothing is in want's way: 0, -EDEADLK, -EINTR. */
static int conflict_wait(const struct record *want)
{
    struct waiter self = {.process = want->owner, .wanted = want}, **at;
    const struct record *in_the_way;
    int error = 0;

    self.next = waiters;
    waiters = &self;
    while (!error && (in_the_way = conflict_find(want)))
        error = waits_for(in_the_way->owner, want->owner, 0) ? -EDEADLK : sched_wait(&released, SCHED_FOREVER);
    for (at = &waiters; *at != &self; at = &(*at)->next)
        ;
    *at = self.next;
    return error;
}

static int lock(struct record *want, bool wait)
{
    int error = 0;

    if (conflict_find(want))
        error = wait ? conflict_wait(want) : -EAGAIN;
    if (!error && !room_for(2)) /* itself, and what lies behind it of a record that it cuts in two */
        error = -ENOLCK;
    if (error)
        return error;
    range_clear(want);
    range_join(want);
    record_add(want);
    sched_wake(&released, UINT32_MAX); /* an exclusive lock may have become a shared one */
    return 0;
}

static int unlock(const struct record *range)
{
    if (!room_for(1))
        return -ENOLCK;
    range_clear(range);
    sched_wake(&released, UINT32_MAX);
    return 0;
}

/* The bytes that a caller's flock means, of an open file. */
static int range_get(struct file *f, const struct linux_flock *from, struct record *out)
{
    struct fs_stat stat = {0};
    int64_t start, end;
    int error = from->whence == SEEK_END ? f->ops->stat(f, &stat) : 0;

    if (error)
        return error;
    if (from->whence < SEEK_SET || from->whence > SEEK_END || from->type < F_RDLCK || from->type > F_UNLCK)
        return -EINVAL;
    start = from->whence == SEEK_CUR ? (int64_t)f->offset : (int64_t)stat.bytes;
    if (__builtin_add_overflow(start, from->start, &start) || __builtin_add_overflow(start, from->length, &end))
        return -EOVERFLOW;
    *out = (struct record){.owner = process_current(), .node = f->node, .exclusive = from->type == F_WRLCK};
    out->start = from->length < 0 ? end : start;
    out->last = from->length < 0 ? start - 1 : from->length ? end - 1 : INT64_MAX;
    return out->start < 0 ? -EINVAL : 0;
}

/* Tells the caller who is in the way. */
static int conflict_tell(const struct record *want, struct linux_flock *flock, uaddr_t at)
{
    const struct record *r = conflict_find(want);

    flock->type = F_UNLCK;
    if (r)
        *flock = (struct linux_flock){.type = r->exclusive ? F_WRLCK : F_RDLCK,
                                      .whence = SEEK_SET,
                                      .start = r->start,
                                      .length = r->last == INT64_MAX ? 0 : r->last - r->start + 1,
                                      .pid = r->owner->pid};
    return env_copy_out(at, flock, sizeof *flock);
}

static int lock_call(struct file *f, int command, uaddr_t at)
{
    struct linux_flock flock;
    struct record want;
    uint32_t mode = f->flags & O_ACCMODE;
    int error = env_copy_in(&flock, at, sizeof flock);

    if (!error)
        error = range_get(f, &flock, &want);
    if (error)
        return error;
    if (command == F_GETLK)
        return flock.type == F_UNLCK ? -EINVAL : conflict_tell(&want, &flock, at);
    if (flock.type == F_UNLCK)
        return unlock(&want);
    if (flock.type == F_RDLCK ? mode == O_WRONLY : mode == O_RDONLY)
        return -EBADF;
    return lock(&want, command == F_SETLKW);
}

int64_t locks_fcntl(struct file *f, uint64_t fd, int command, uaddr_t at)
{
    int error;

    if (f->ops != &file_ops_fs)
        return -EINVAL;
    f->refs++; /* another thread may close it while this one sleeps, */
    error = lock_call(f, command, at);
    if (fd_file(fd) != f) /* and then found no lock yet that it could have dropped */
        locks_drop(process_current(), f->node);
    return file_put_after(f, error);
}

void locks_drop(struct process *p, int node)
{
    const struct record range = {.owner = p, .node = node, .start = 0, .last = INT64_MAX};

    range_clear(&range);
    sched_wake(&released, UINT32_MAX);
}
