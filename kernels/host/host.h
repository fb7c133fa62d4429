/* SPDX-License-Identifier: MIT */
/*
 * host.h: a Linux process as a home for parts, so that tests, sanitizers and fuzzers reach them.
 *
 * It offers what the parts need (env.h, alloc.h, sched.h, blk.h, nic.h, panic.h) and here the handles by which a test
 * makes the home misbehave.  Compile host files and parts with -iquote for the include directories, not -I: some of our
 * headers have the names of the C library's.  A host file that needs libc's errno must not include base/errno.h.
 *
 * Threads are fibers: they change over only where something sleeps, as in the real homes.
 */
#ifndef TOLL_HOST_H
#define TOLL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- env.c ---- */

/* From now on only [start, start + bytes) is the caller's: env_copy_* elsewhere gives -EFAULT.  NULL: everything
   is, and a wild address crashes. */
void host_env_range(const void *start, size_t bytes);
void host_env_epoch(uint64_t seconds); /* wall-clock time at boot */
void host_env_quiet(bool quiet);       /* env_log says nothing */
void host_env_seed(uint64_t seed);     /* env_random begins anew */
/* Called before each env_copy_*: a test stands in for a page fault's handler here.  NULL: nothing. */
void host_env_on_copy(void (*handler)(void));

/* The process's memory behind a caller's address, up to the end of its page; NULL: -EFAULT.  host_space_translate is
   one.  Without it a caller's address is an address of the process. */
void host_env_translate(void *(*handler)(uint64_t address, bool write));
void host_env_interrupt(void);        /* of the line that env_irq_bind was called for last */
void host_env_clock_set(uint64_t ns); /* time goes on to there, if it is not past it */

/* ---- alloc.c ---- */

/* The n-th allocation from now and all after it fail; 0: none.  Whether one has. */
void host_alloc_fail(uint64_t n);
bool host_alloc_failed(void);
/* Pages, and objects of the heap, handed out and not given back. */
uint64_t host_alloc_pages_out(void);
uint64_t host_alloc_objects_out(void);

/* ---- fiber.c ---- */

/* A stack on which entry(arg) will run; entry must not return. */
struct host_fiber *host_fiber_make(void (*entry)(void *arg), void *arg);
void host_fiber_free(struct host_fiber *f);
/* Goes on there (NULL: on the process's own stack); for_good: nobody will come back here. */
void host_fiber_switch(struct host_fiber *to, bool for_good);

/* ---- sched.c ---- */

/* Runs the threads made by sched_create until all have ended.  Whenever something sleeps, seed decides who goes on. */
void host_sched_run(uint64_t seed);
/* A place where the running thread may have to let others go first. */
void host_sched_pause(void);

/* ---- thread.c: instead of sched.c, as the home of the part sched itself ---- */

void host_threads_init(void); /* the process becomes the boot thread; call it once, first */
/* On the boot thread: the others run until all have ended or wait for something that is not a time.  Returns how many
   have not ended; so does host_threads_alive. */
unsigned host_threads_run(void);
unsigned host_threads_alive(void);
uint64_t host_thread_switches(void);
void host_thread_prepare_fail(bool fail); /* env_thread_prepare answers -ENOMEM */
/* Called when nobody is ready, in place of an interrupt: it has to make somebody ready.  NULL: the timer fires. */
void host_thread_on_idle(void (*handler)(void));
struct host_timer {
    uint64_t deadline_ns; /* UINT64_MAX: not set */
    uint64_t sets, fired;
};
struct host_timer host_timer(void);
void host_timer_fire(void); /* time jumps to the timer's, and sched_tick is called */

/* ---- table.c ---- */

/* Where regions may lie: addresses that a process of its own never has. */
#define HOST_SPACE_LOW 0x10000u
#define HOST_SPACE_HIGH 0x70000000u
struct table;
void host_table_bounds(uint64_t low, uint64_t high); /* other bounds for new spaces */
void host_table_only(bool only);                     /* the home has one space: env_table_create answers -ENOSYS */
void host_table_refuse(bool refuse);                 /* no page gets more access than it has: no memory for tables */
size_t host_table_pages(const struct table *table);  /* mapped now */
/* For host_env_translate: addresses within the bounds are those of the running thread's space, with faults; others
   are the process's. */
void *host_space_translate(uint64_t address, bool write);

/* ---- posix.c ---- */

/* Stands for the application that env_enter goes to; must not return. */
void host_posix_on_enter(void (*handler)(uint64_t entry, uint64_t sp));
/* Called by env_shutdown, whose thread then ends. */
void host_posix_on_shutdown(void (*handler)(int status));
void host_console_input(const char *text);          /* what there is to read; NULL: nothing, and no more to come */
size_t host_console_output(char *out, size_t size); /* takes what was written since the last call */

/* ---- blk.c ---- */

/* The disk is this memory, whose length is a multiple of BLK_SECTOR_BYTES; NULL: there is no disk. */
void host_blk_use(void *image, uint64_t bytes);
/* Reads a file into new memory, which the caller frees; NULL if that fails.  Writes it out. */
void *host_blk_load(const char *path, uint64_t *bytes);
bool host_blk_save(const char *path, const void *image, uint64_t bytes);

/* The n-th request from now and, if for_good, all after it end with -EIO; 0: none does. */
void host_blk_fail(uint64_t n, bool for_good);
void host_blk_read_only(bool read_only); /* writes are refused with -EROFS */
uint64_t host_blk_requests(void);        /* so far */

/* Keeps what was written since the last BLK_FLUSH apart, until false is given. */
void host_blk_record(bool record);
/* After each request while recording: lets a test look at every moment.  NULL: nothing. */
void host_blk_on_request(void (*handler)(void));
/* The disk as it may be after losing power now: what was flushed, and a choice (by seed) of the segments written
   since.  The caller frees it. */
void *host_blk_crash(uint64_t seed, uint64_t *bytes);

/* ---- nic.c ---- */

/* There is an interface, and sent(frame, bytes) is given each frame that goes out, with its checksum, from within
   nic_send; it may call host_nic_deliver.  NULL: there is none (nic_init: -ENODEV). */
void host_nic_connect(void (*sent)(const void *frame, size_t bytes));
/* A frame comes; false: it was dropped (its size, no room, nobody's).  Calls the nic's ready as an interrupt would. */
bool host_nic_deliver(const void *frame, size_t bytes);
void host_nic_sums(bool sent, bool received); /* the interface offers checksums; neither unless asked for */
/* Frames that may be on their way out until nic_sent takes them, and that may be waiting or lent: no bound, and 64. */
void host_nic_rooms(unsigned to_send, unsigned to_receive);
void host_nic_claims_check(bool check); /* frames that no claim covers are dropped */
bool host_nic_claimed(const void *frame, size_t bytes);
unsigned host_nic_claims(void); /* held now */
unsigned host_nic_lent(void);   /* frames that nic_receive gave out and nic_give did not take back */
void host_nic_reset(void);      /* as in the beginning, and what is under way is forgotten */

/* ---- net.c ---- */

/* Forgets all sockets; without a network net_open answers -ENODEV. */
void host_net_reset(bool there);
/* How often something got on its way while a sleeper could be woken for it, and while there was none. */
void host_net_wakes(uint64_t *of_users, uint64_t *of_nobody);
void host_net_flood(bool on);          /* net_pending is always true */
void host_net_reset_connection(int s); /* the other side resets it: net_work will tell */

#endif
