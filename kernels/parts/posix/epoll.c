/* SPDX-License-Identifier: MIT */
/*
 * epoll.c: sets of files, of which those that are ready can be had without a look at the others (man-pages epoll(7)).
 *
 * An item watches one file for one set.  When told of a change it joins the set's ready list; epoll_wait looks only at
 * that list.  A level-triggered item that was ready goes back to its end and is looked at again by the next call; one
 * that is not ready any more leaves.  So a call costs what is ready, and a change costs one addition to a list.
 *
 * Of several threads that wait for a set each change wakes one: the last to come.
 */
#include "alloc.h"
#include "linux.h"
#include "watch.h"

#define EVENTS_HERE 16   /* copied to the caller at a time */
#define ITEMS_MAX 16384u /* of all sets: a descriptor can be added under many numbers */
#define KEPT (EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP)
#define ALWAYS (POLLERR | POLLHUP) /* told whether asked for or not */
#define WITH_EXCLUSIVE (POLLIN | POLLOUT | ALWAYS | EPOLLET | EPOLLWAKEUP | EPOLLEXCLUSIVE)

struct set {
    struct file file;
    struct watch *watched; /* who polls the set itself */
    struct list items, ready, sleepers;
    uint32_t round; /* of collecting what is ready */
};

struct item {
    struct watch watch;
    struct set *set;
    struct list ready; /* on the set's list, or alone */
    struct list link;  /* in set->items */
    struct file *file; /* whose end is the item's: not held */
    int fd;
    uint32_t round;  /* when it was collected last */
    uint32_t events; /* of the caller, and ALWAYS; without POLL* bits: a one-shot that was delivered */
    uint64_t data;
};

struct set_sleeper {
    struct sleeper sleeper;
    struct list link; /* in set->sleepers, the last one first; alone when woken */
};

static unsigned item_count;

static void set_wake(struct set *set)
{
    if (!list_empty(&set->sleepers)) {
        struct set_sleeper *s = LIST_ENTRY(set->sleepers.next, struct set_sleeper, link);
        list_remove(&s->link);
        sleeper_wake(&s->sleeper);
    }
    watch_tell(&set->watched);
}

/* One that is on the list already may have been found ready by a thread that is busy with it: others learn of the
   change all the same. */
static inline void item_tell(struct item *item)
{
    if (!(item->events & ~KEPT))
        return;
    if (list_empty(&item->ready))
        list_add(&item->set->ready, &item->ready);
    set_wake(item->set);
}

static void item_told(struct watch *w)
{
    item_tell(LIST_ENTRY(w, struct item, watch));
}

/* What holds now and was asked for. */
static inline uint32_t item_found(const struct item *item)
{
    return item->events & ~KEPT ? file_ready(item->file) & item->events : 0;
}

static void item_free(struct item *item)
{
    watch_remove(&item->watch);
    list_remove(&item->ready);
    list_remove(&item->link);
    alloc_put(item);
    item_count--;
}

void epoll_forget(struct file *f)
{
    for (struct watch *w = *f->watchers, *next; w; w = next) {
        struct item *item = LIST_ENTRY(w, struct item, watch);
        next = w->next;
        if (w->tell == item_told && item->file == f)
            item_free(item);
    }
}

/* The next item that was not looked at since this round began, or NULL. */
static inline struct item *set_next(const struct set *set, uint32_t round)
{
    struct item *item = LIST_ENTRY(set->ready.next, struct item, ready);

    return !list_empty(&set->ready) && (int32_t)(item->round - round) < 0 ? item : NULL;
}

/* Moves ready items to out; how many. */
static unsigned set_collect(struct set *set, uint32_t round, struct linux_epoll_event *out, unsigned max)
{
    struct item *item;
    unsigned n = 0;

    while (n < max && (item = set_next(set, round)) != NULL) {
        uint32_t found = item_found(item);
        item->round = round;
        list_remove(&item->ready);
        if (!found)
            continue;
        out[n++] = (struct linux_epoll_event){found, item->data};
        if (item->events & EPOLLONESHOT)
            item->events &= KEPT;
        else if (!(item->events & EPOLLET))
            list_add(&set->ready, &item->ready);
    }
    return n;
}

/* What was collected could not be copied: everything is looked at anew.  (One-shots that were delivered stay so.) */
static void set_restore(struct set *set)
{
    LIST_FOR(l, &set->items)
    {
        struct item *item = LIST_ENTRY(l, struct item, link);
        if (list_empty(&item->ready))
            list_add(&set->ready, &item->ready);
    }
}

/* Ready items to the caller, up to max of them: how many, -EFAULT. */
static int64_t set_deliver(struct set *set, uaddr_t events, unsigned max)
{
    struct linux_epoll_event some[EVENTS_HERE];
    uint32_t round = ++set->round;
    unsigned done = 0, n;

    do {
        unsigned want = max - done < EVENTS_HERE ? max - done : EVENTS_HERE;
        n = set_collect(set, round, some, want);
        if (n && env_copy_out(events + done * sizeof *some, some, n * sizeof *some)) {
            set_restore(set);
            return done ? (int64_t)done : -EFAULT;
        }
        done += n;
    } while (n == EVENTS_HERE && done < max);
    if (done == max && set_next(set, round))
        set_wake(set); /* there is more than this thread can take */
    return done;
}

static int set_sleep(struct set *set, uint64_t deadline_ns)
{
    struct set_sleeper self;
    int error;

    sleeper_init(&self.sleeper);
    list_add_first(&set->sleepers, &self.link);
    error = sleeper_wait(&self.sleeper, deadline_ns);
    list_remove(&self.link);
    return error;
}

/* timeout_ns: 0, SCHED_FOREVER, or a time from now on. */
static int64_t set_wait(struct set *set, uaddr_t events, unsigned max, uint64_t timeout_ns)
{
    uint64_t deadline_ns = SCHED_FOREVER;
    int64_t n;
    int error;

    watch_work();
    n = set_deliver(set, events, max);
    if (n || timeout_ns == 0)
        return n;
    if (timeout_ns != SCHED_FOREVER)
        deadline_ns = env_now_ns() + timeout_ns;
    do {
        error = set_sleep(set, deadline_ns);
        n = error == -EINTR ? 0 : set_deliver(set, events, max);
    } while (!n && !error);
    if (error == -EINTR && !list_empty(&set->ready))
        set_wake(set); /* what this thread was woken for is another's */
    return n ? n : error == -EINTR ? error : 0;
}

static uint32_t set_poll(struct file *f)
{
    struct set *set = (struct set *)f;

    LIST_FOR(l, &set->ready)
    {
        if (item_found(LIST_ENTRY(l, struct item, ready)))
            return POLLIN;
    }
    return 0;
}

static int set_stat(struct file *f, struct fs_stat *out)
{
    (void)f;
    *out = (struct fs_stat){.mode = 0600, .links = 1, .block_bytes = PAGE_BYTES};
    return 0;
}

static void set_close(struct file *f)
{
    struct set *set = (struct set *)f;

    while (!list_empty(&set->items))
        item_free(LIST_ENTRY(set->items.next, struct item, link));
}

static int64_t set_move(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset)
{
    (void)f, (void)buffer, (void)n, (void)offset;
    return -EINVAL;
}

static const struct file_ops file_ops_set = {
    .read = set_move, .write = set_move, .poll = set_poll, .stat = set_stat, .close = set_close};

int64_t posix_epoll_create1(OS_N, uint64_t flags)
{
    struct set *set;

    if (flags & ~(uint64_t)O_CLOEXEC)
        return -EINVAL;
    set = alloc_get(sizeof *set);
    if (!set)
        return -ENOMEM;
    file_init(&set->file, &file_ops_set, O_RDWR);
    set->file.watchers = &set->watched;
    list_init(&set->items);
    list_init(&set->ready);
    list_init(&set->sleepers);
    return fd_install(&set->file, flags & O_CLOEXEC);
}

int64_t posix_epoll_create(OS_N, uint64_t size)
{
    return (int)size <= 0 ? -EINVAL : posix_epoll_create1(0, 0);
}

static struct item *item_find(struct set *set, struct file *f, int fd)
{
    for (struct watch *w = *f->watchers; w; w = w->next) {
        struct item *item = LIST_ENTRY(w, struct item, watch);
        if (w->tell == item_told && item->set == set && item->fd == fd && item->file == f)
            return item;
    }
    return NULL;
}

/* The item may be ready already. */
static void item_arm(struct item *item, const struct linux_epoll_event *event)
{
    item->events = event->events | ALWAYS;
    item->data = event->data;
    if (item_found(item))
        item_tell(item);
}

static int item_add(struct set *set, struct file *f, int fd, const struct linux_epoll_event *event)
{
    struct item *item;

    if (item_find(set, f, fd))
        return -EEXIST;
    if (item_count >= ITEMS_MAX)
        return -ENOSPC;
    item = alloc_get(sizeof *item);
    if (!item)
        return -ENOMEM;
    item_count++;
    item->round = set->round;
    item->set = set;
    item->file = f;
    item->fd = fd;
    list_init(&item->ready);
    list_add(&set->items, &item->link);
    watch_add(f->watchers, &item->watch, item_told);
    item_arm(item, event);
    return 0;
}

static int item_control(struct set *set, struct file *f, int fd, uint64_t op, const struct linux_epoll_event *event)
{
    struct item *item;

    if ((int)op == EPOLL_CTL_ADD)
        return item_add(set, f, fd, event);
    item = item_find(set, f, fd);
    if (!item)
        return -ENOENT;
    if ((int)op == EPOLL_CTL_DEL)
        item_free(item);
    else if (item->events & EPOLLEXCLUSIVE)
        return -EINVAL;
    else
        item_arm(item, event);
    return 0;
}

/* An item that wakes one of several sets is made once, and is not changed (epoll_ctl(2)). */
static bool exclusive_is_wrong(uint64_t op, uint32_t events)
{
    return events & EPOLLEXCLUSIVE && ((int)op == EPOLL_CTL_MOD || events & ~WITH_EXCLUSIVE);
}

/* Sets within sets are refused: nobody could say where a chain of them ends. */
int64_t posix_epoll_ctl(OS_N, uint64_t epfd, uint64_t op, uint64_t fd, uint64_t event)
{
    struct linux_epoll_event wanted = {0};
    struct file *set, *f;

    if ((int)op != EPOLL_CTL_DEL && env_copy_in(&wanted, event, sizeof wanted))
        return -EFAULT;
    set = fd_file(epfd);
    f = fd_file(fd);
    if (!set || !f)
        return -EBADF;
    if (!f->watchers)
        return -EPERM;
    if (set->ops != &file_ops_set || f->ops == &file_ops_set || (int)op < EPOLL_CTL_ADD || (int)op > EPOLL_CTL_MOD ||
        exclusive_is_wrong(op, wanted.events))
        return -EINVAL;
    return item_control((struct set *)set, f, (int)fd, op, &wanted);
}

static int64_t epoll_wait_ns(uint64_t epfd, uint64_t events, uint64_t max, uint64_t timeout_ns)
{
    struct file *f = fd_file(epfd);
    int64_t n;

    if ((int)max <= 0 || (uint32_t)max > INT32_MAX / sizeof(struct linux_epoll_event))
        return -EINVAL;
    if (!f)
        return -EBADF;
    if (f->ops != &file_ops_set)
        return -EINVAL;
    f->refs++;
    n = set_wait((struct set *)f, events, (unsigned)max, timeout_ns);
    return file_put_after(f, n);
}

int64_t posix_epoll_wait(OS_N, uint64_t epfd, uint64_t events, uint64_t max, uint64_t timeout)
{
    int ms = (int)timeout;

    return epoll_wait_ns(epfd, events, max, ms < 0 ? SCHED_FOREVER : (uint64_t)ms * 1000000u);
}

int64_t posix_epoll_pwait(OS_N, uint64_t epfd, uint64_t events, uint64_t max, uint64_t timeout, uint64_t mask,
                          uint64_t setsize)
{
    if (mask && setsize != 8)
        return -EINVAL;
    return posix_epoll_wait(0, epfd, events, max, timeout);
}
