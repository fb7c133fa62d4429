/* SPDX-License-Identifier: MIT */
/*
 * hierarchy_data.c: what instructions access (see hierarchy.h).
 *
 * Three ways, each quicker than the next and all exact:
 *
 *      to one of the two lines accessed last     Going to and fro between two lines, as copying does, changes nothing
 *                                                but which of them was used last.  That is only noted: `owed`.
 *      to a line and a page that their sets      changes nothing under LRU
 *      used last
 *      any other                                 looks for line and page in the model's arrays, and moves them
 */
#include "hierarchy_inner.h"

#include <stddef.h>

#define ACCESS_MAX 16 /* bytes of one access */
#define NEVER UINT64_MAX
#define FRAMES 256

#define HOST_LINE 64

/* A page of 4 KiB, as QEMU translated it when forgets was what it says. */
struct frame {
    _Alignas(HOST_LINE) uint64_t number; /* virtual address / 4 KiB */
    uint64_t forgets;
    uint32_t physical_line; /* its first */
    struct tlb_page page;   /* the one that it is part of */
    struct tlb_entry *tlb_set;
    bool device;
};

static struct frame frames[FRAMES];
static uint64_t forgets = 1;

/* The two lines accessed last, by their virtual numbers. */
static struct {
    _Alignas(HOST_LINE) uint64_t numbers[2];
    unsigned last; /* which of them */
    bool owed;     /* the arrays have the other one as used last */
    bool pairs;    /* a set holds both */
} recent;

/* Where the two are. */
static struct place {
    struct tlb_page page;
    uint32_t physical_line;
} places[2];

static void recent_clear(void)
{
    recent.numbers[0] = recent.numbers[1] = NEVER;
}

void hierarchy_data_init(void)
{
    recent.pairs = caches[CACHE_L1D].ways > 1 && tlbs[TLB_DATA].ways > 1;
    recent_clear();
}

/* The accesses that were only noted were hits, so that the last one is as good as all of them. */
static void pay(void)
{
    if (!recent.owed)
        return;
    tlb_access(TLB_DATA, &places[recent.last].page);
    cache_access(CACHE_L1D, places[recent.last].physical_line);
    recent.owed = false;
}

void hierarchy_data_forget(void)
{
    pay();
    recent_clear();
    forgets++;
}

/* Asks QEMU where data at address is; false where it does not tell. */
static RARE bool find_frame(struct frame *frame, uint32_t info, uint64_t address)
{
    const struct qemu_plugin_hwaddr *hwaddr = qemu_plugin_get_hwaddr(info, address);
    uint64_t physical;

    if (!hwaddr)
        return false;
    physical = qemu_plugin_hwaddr_phys_addr(hwaddr);
    *frame = (struct frame){.number = address >> PAGE_SHIFT,
                            .forgets = forgets,
                            .physical_line = (uint32_t)(physical >> PAGE_SHIFT << (PAGE_SHIFT - CACHE_LINE_SHIFT)),
                            .page = hierarchy_page_of(address, physical),
                            .device = qemu_plugin_hwaddr_is_io(hwaddr)};
    frame->tlb_set = tlb_set(TLB_DATA, &frame->page);
    return true;
}

/* A device's page takes a TLB entry and no line. */
static RARE void access_device(const struct frame *frame, uint64_t *misses)
{
    hierarchy_translate(TLB_DATA, &frame->page, misses);
    recent_clear();
}

/* An access to a line that is not the one accessed last. */
static RARE void access_line(unsigned vcpu, uint32_t info, uint64_t address, void *misses)
{
    struct frame *frame = &frames[(address >> PAGE_SHIFT) % FRAMES];
    uint32_t line;

    (void)vcpu;
    pay();
    if ((frame->number != address >> PAGE_SHIFT || frame->forgets != forgets) && !find_frame(frame, info, address))
        return;
    if (frame->device) {
        access_device(frame, misses);
        return;
    }
    if (!tlb_is_first(frame->tlb_set, &frame->page))
        hierarchy_translate(TLB_DATA, &frame->page, misses);
    line = frame->physical_line | (uint32_t)(address >> CACHE_LINE_SHIFT & (PAGE_BYTES / LINE_BYTES - 1));
    if (!cache_is_first(cache_set(CACHE_L1D, line), line))
        hierarchy_touch(CACHE_L1D, line, misses);
    if (!recent.pairs)
        recent_clear();
    recent.last ^= 1;
    recent.numbers[recent.last] = address >> CACHE_LINE_SHIFT;
    places[recent.last] = (struct place){frame->page, line};
}

/* An access to one line. */
static inline void access_one(unsigned vcpu, uint32_t info, uint64_t address, void *misses)
{
    uint64_t number = address >> CACHE_LINE_SHIFT;

    if (recent.numbers[recent.last] == number)
        return;
    if (recent.numbers[recent.last ^ 1] != number) {
        access_line(vcpu, info, address, misses);
        return;
    }
    recent.last ^= 1;
    recent.owed = !recent.owed;
}

/* An access over the end of a line is one to both. */
static RARE void access_end(unsigned vcpu, uint32_t info, uint64_t address, void *misses)
{
    uint64_t next = (address | (LINE_BYTES - 1)) + 1;

    access_one(vcpu, info, address, misses);
    if (next - address < 1u << qemu_plugin_mem_size_shift(info))
        access_one(vcpu, info, next, misses);
}

/* After each access that has succeeded. */
static void access_run(unsigned vcpu, uint32_t info, uint64_t address, void *misses)
{
    if ((address & (LINE_BYTES - 1)) > LINE_BYTES - ACCESS_MAX)
        access_end(vcpu, info, address, misses);
    else
        access_one(vcpu, info, address, misses);
}

void hierarchy_plant_access(struct qemu_plugin_insn *insn, uint64_t *misses)
{
    if (hierarchy_memory)
        qemu_plugin_register_vcpu_mem_cb(insn, access_run, QEMU_CB_NO_REGS, QEMU_MEM_BOTH, misses);
}
