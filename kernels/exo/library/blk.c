/* SPDX-License-Identifier: MIT */
/*
 * blk.c: the disk (blk.h): an extent that the kernel has bound to this environment.  The kernel checks every request
 * and says that one has ended by an entry in struct domain_dones and EVENT_DISK.
 */
#include "blk.h"
#include "alloc.h"
#include "base/errno.h"
#include "exo/library/library.h"

#define DONES ((const volatile struct domain_dones *)(domain_base + DOMAIN_DONE))

static struct {
    uint64_t extent, sectors;
    struct waitq room;
} disk;

int blk_init(void)
{
    int64_t extent = exo_call(EXO_EXTENT_BIND, user_info.extent_first, user_info.extent_sectors);

    sched_waitq_init(&disk.room);
    if (extent < 0)
        return (int)extent;
    disk.extent = (uint64_t)extent;
    disk.sectors = user_info.extent_sectors;
    return 0;
}

uint64_t blk_sectors(void)
{
    return disk.sectors;
}

static int segments_get(const struct blk_request *request, struct exo_segment *out)
{
    if (request->segment_count > BLK_SEGMENTS_MAX)
        return -EINVAL;
    for (uint32_t i = 0; i < request->segment_count; i++) {
        uint64_t at = (uint64_t)request->segments[i].data, in_page = at % PAGE_BYTES;
        out[i] = (struct exo_segment){table_frame_number((void *)(at - in_page)), (uint32_t)in_page,
                                      request->segments[i].bytes};
    }
    return 0;
}

int blk_submit(struct blk_request *request)
{
    struct exo_segment segments[BLK_SEGMENTS_MAX];
    int64_t error = segments_get(request, segments);

    request->done = false;
    request->status = 0;
    sched_waitq_init(&request->waiters);
    while (!error) {
        error = exo_call(EXO_DISK, request->op, disk.extent, request->sector, (uint64_t)segments,
                         request->segment_count, (uint64_t)request);
        if (error != -EAGAIN)
            return (int)error;
        sched_wait_always(&disk.room);
        error = 0;
    }
    return (int)error;
}

int blk_wait(struct blk_request *request)
{
    while (!request->done)
        sched_wait_always(&request->waiters);
    return request->status;
}

void blk_event(void)
{
    for (; user_info.taken != user_info.done; user_info.taken++) {
        const volatile struct domain_done *done = &DONES->done[user_info.taken % DOMAIN_DONE_MAX];
        struct blk_request *request = (struct blk_request *)done->tag;
        request->status = (int)done->status;
        request->done = true;
        sched_wake(&request->waiters, UINT32_MAX);
    }
    sched_wake(&disk.room, UINT32_MAX);
}
