/* SPDX-License-Identifier: MIT */
/*
 * blk.h: one disk.  Requests are asynchronous: several may be in flight, and finish in any order.
 */
#ifndef TOLL_BLK_H
#define TOLL_BLK_H

#include "sched.h"
#include <stdint.h>

#define BLK_SECTOR_BYTES 512u
#define BLK_SEGMENTS_MAX 32u

enum blk_op { BLK_READ, BLK_WRITE, BLK_FLUSH };

struct blk_segment {
    void *data;     /* this domain's memory from alloc.h; a segment never crosses a page */
    uint32_t bytes; /* a multiple of BLK_SECTOR_BYTES */
};

/* Owned by the caller, who fills the first four fields and leaves it alone from submit to wait. */
struct blk_request {
    enum blk_op op;
    uint64_t sector;
    uint32_t segment_count; /* 0 for BLK_FLUSH */
    struct blk_segment segments[BLK_SEGMENTS_MAX];
    /* the disk's */
    bool done;
    int status;
    struct waitq waiters;
    struct list link;
};

/* Finds the disk and starts it.  0, -ENODEV without one, -EIO, -ENOMEM. */
int blk_init(void);

/* Size of the disk; 0 without one. */
uint64_t blk_sectors(void);

/* Starts a request; sleeps while the queue is full.  -EINVAL for a shape or a range that is not the disk's,
   -EROFS for a write to a read-only disk: then it was not started and must not be waited for. */
int blk_submit(struct blk_request *request);

/* Sleeps until request is finished: 0, -EIO. */
int blk_wait(struct blk_request *request);

/* A write that was waited for is on stable storage only after a later BLK_FLUSH. */

#endif
