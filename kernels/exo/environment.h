/* SPDX-License-Identifier: MIT */
/*
 * environment.h: what the kernel keeps of an environment: which frames, tables and extents are its own, and how to tell
 * it of events.  Nothing in its struct domain_info is believed.
 */
#ifndef TOLL_ENVIRONMENT_H
#define TOLL_ENVIRONMENT_H

#include "exo/exo.h"
#include "machine/domain.h"
#include "machine/paging.h"
#include "sched.h"

#define ENVIRONMENTS_MAX 8
#define TABLES_MAX 64
#define EXTENTS_MAX 8
#define RING_FRAMES_MAX (EXO_NET_SLOTS_MAX / 2)

struct extent {
    uint64_t first, sectors; /* of the disk; 0 sectors: a free place */
    unsigned in_flight;
};

struct environment {
    bool alive;
    unsigned number;
    uint64_t entry;
    struct domain_info *info; /* of the domain; the kernel's address of its page */
    struct domain_dones *dones;
    struct waitq events; /* its thread, while it waits for one */
    uint64_t alarm_ns;
    /* Memory. */
    struct table *tables[TABLES_MAX];
    uint64_t mapped[TABLES_MAX]; /* entries of each, below APP_END */
    uint64_t table_pages[TABLES_MAX];
    unsigned loaded; /* its table that it runs on */
    uint64_t ram_physical, ram_bytes;
    uint64_t frames_got;
    int64_t kernel_pages, kernel_pages_max; /* what the kernel spends on it, and may */
    /* Disk. */
    struct extent extents[EXTENTS_MAX];
    uint64_t range_first, range_sectors; /* of the disk, in which its extents have to lie */
    unsigned in_flight, descriptors;     /* requests, and what they hold of the disk's queue */
    uint32_t done;                       /* requests finished so far */
    bool wants_disk;                     /* was refused a request, because others' fill the disk */
    struct waitq ebb;                    /* its thread, while it waits for all to finish */
    /* Network. */
    struct exo_net *net;            /* the kernel's address of their page; NULL: it has no network */
    uint8_t *ring[RING_FRAMES_MAX]; /* frames offered for what comes, the kernel's addresses */
    unsigned ring_slots;            /* two in each; 0: no ring */
    uint32_t came, told;            /* frames that came, and tags */
    unsigned sending;               /* frames that are being sent, */
    unsigned sending_descriptors;   /* what they hold of the interface's queue, */
    unsigned held;                  /* of them, those whose memory is needed, */
    bool wants_nic;                 /* was refused to send */
};

extern struct environment environments[ENVIRONMENTS_MAX];

/* The one that runs: of calls and traps from ring 3. */
static inline struct environment *environment_current(void)
{
    return sched_current()->owner;
}

/* Makes environment number with its memory, words for its program and its share of the disk, ready to run. */
int environment_create(unsigned number, uint64_t ram_physical, uint64_t ram_bytes);

/* Ends the one that runs: all that it has goes back. */
_Noreturn void environment_end(int status);

/* A page at that offset in its domain, zeroed; the kernel's address of it.  -ENOMEM */
int environment_page_share(struct environment *e, uint64_t offset, void **out);

/* How many there are. */
unsigned environment_count(void);

/* Sleeps until all have ended: the first status other than 0. */
int environment_wait_all(void);

/* Makes events pending, and ends a wait for them. */
void environment_tell(struct environment *e, uint32_t events);

/* Frames (frame.c). */
void frame_init(void);    /* after the allocator works */
void frame_reserve(void); /* before: memory for its books */
void frame_own(const struct environment *e, uint64_t physical, uint64_t bytes);
bool frame_is_own(const struct environment *e, uint64_t frame);  /* any number */
void *frame_memory(const struct environment *e, uint64_t frame); /* the same: the kernel's address of it, or NULL */
bool frame_is_program(uint64_t frame);
void frame_mapped(uint64_t frame);
void frame_unmapped(uint64_t frame);
void frame_busy_add(uint64_t frame);
void frame_busy_drop(uint64_t frame);
void frame_release_all(struct environment *e);
uint64_t frame_count_owned(void);

/* Tables (table.c). */
int table_make(struct environment *e, unsigned number);
void table_release_all(struct environment *e);
void table_use(const struct environment *e); /* loads its table, if it is not loaded; NULL: the kernel's own */

/* Disk (disk.c). */
void disk_init(void);
void disk_range_set(struct environment *e);
void disk_finish(void); /* tells of requests that have finished */
void disk_release_all(struct environment *e);

/* Network (network.c). */
void network_init(void);                   /* nothing, if no environment is to have one */
bool network_is_of(unsigned number);       /* whether that environment is to have one */
int network_open(struct environment *e);   /* -ENOMEM */
int network_listen(struct environment *e); /* as EXO_NIC_LISTEN */
void network_release_all(struct environment *e);

/* Time and console. */
void time_interrupt(void);
void time_pass(void); /* in the middle of what takes long: lets interrupts in, and others have their turn */
void console_start(void);
void console_release(struct environment *e);

#endif
