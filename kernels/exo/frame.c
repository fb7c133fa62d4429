/* SPDX-License-Identifier: MIT */
/*
 * frame.c: whose a page frame is.  One entry a frame of the machine's memory: its owner, the number of page-table
 * entries that name it, and how often devices have it: for requests to the disk, for frames that come from the network
 * and that are sent.  Frames of nobody are the kernel's.
 */
#include "alloc.h"
#include "base/errno.h"
#include "base/panic.h"
#include "base/string.h"
#include "exo/call.h"
#include "exo/environment.h"
#include "machine/boot.h"

struct frame {
    uint32_t maps;
    uint16_t busy;
    uint16_t owner; /* number of an environment, plus 1 */
};

extern const char module_program_start[], module_program_end[];
static uint64_t books_physical;
static struct frame *frames;
static uint64_t frame_count;

void frame_reserve(void)
{
    frame_count = boot.memory_end / PAGE_BYTES;
    books_physical = memory_carve(frame_count * sizeof *frames);
    if (!books_physical)
        panic("no memory for the books of frames");
}

void frame_init(void)
{
    frames = paging_direct(books_physical);
    memset(frames, 0, frame_count * sizeof *frames);
}

static uint16_t owner_of(const struct environment *e)
{
    return (uint16_t)(e->number + 1);
}

/* Memory that an environment starts with is mapped in its domain for good. */
void frame_own(const struct environment *e, uint64_t physical, uint64_t bytes)
{
    for (uint64_t i = physical / PAGE_BYTES; i < (physical + bytes) / PAGE_BYTES; i++)
        frames[i] = (struct frame){.maps = 1, .owner = owner_of(e)};
}

bool frame_is_own(const struct environment *e, uint64_t frame)
{
    return frame < frame_count && frames[frame].owner == owner_of(e);
}

void *frame_memory(const struct environment *e, uint64_t frame)
{
    return frame_is_own(e, frame) ? paging_direct(frame * PAGE_BYTES) : NULL;
}

bool frame_is_program(uint64_t frame)
{
    uint64_t first = paging_physical(module_program_start) / PAGE_BYTES;

    return frame - first < ((uint64_t)(module_program_end - module_program_start) + PAGE_BYTES - 1) / PAGE_BYTES;
}

/* The program's frames are not counted: they stay. */
void frame_mapped(uint64_t frame)
{
    frames[frame].maps += frames[frame].owner != 0;
}

void frame_unmapped(uint64_t frame)
{
    frames[frame].maps -= frames[frame].owner != 0;
}

void frame_busy_add(uint64_t frame)
{
    frames[frame].busy++;
}

void frame_busy_drop(uint64_t frame)
{
    frames[frame].busy--;
}

int64_t call_frame_get(CALL_N)
{
    struct environment *e = environment_current();
    void *page = e->kernel_pages < e->kernel_pages_max ? alloc_page_zeroed() : NULL;
    uint64_t frame;

    if (!page)
        return -ENOMEM;
    frame = paging_physical(page) / PAGE_BYTES;
    frames[frame] = (struct frame){.owner = owner_of(e)};
    e->frames_got++;
    e->kernel_pages++;
    return (int64_t)frame;
}

static void frame_release(struct environment *e, uint64_t frame)
{
    frames[frame] = (struct frame){0};
    alloc_page_free(paging_direct(frame * PAGE_BYTES));
    e->frames_got--;
    e->kernel_pages--;
}

int64_t call_frame_put(CALL_N, uint64_t frame)
{
    struct environment *e = environment_current();

    if (!frame_is_own(e, frame))
        return -EPERM;
    if (frames[frame].maps || frames[frame].busy)
        return -EBUSY;
    frame_release(e, frame);
    return 0;
}

/* The memory that the environment was started with joins the kernel's. */
void frame_release_all(struct environment *e)
{
    uint64_t first = e->ram_physical / PAGE_BYTES, end = first + e->ram_bytes / PAGE_BYTES;

    memset(&frames[first], 0, (end - first) * sizeof *frames);
    for (uint64_t i = 0; i < frame_count && e->frames_got; i++)
        if (frames[i].owner == owner_of(e))
            frame_release(e, i);
    alloc_add_range(paging_direct(e->ram_physical), paging_direct(e->ram_physical + e->ram_bytes));
}

uint64_t frame_count_owned(void)
{
    uint64_t n = 0;

    for (uint64_t i = 0; i < frame_count; i++)
        n += frames[i].owner != 0;
    return n;
}
