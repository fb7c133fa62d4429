/* SPDX-License-Identifier: MIT */
/*
 * hierarchy.c: which page an address is in, and what changes the TLBs (see hierarchy.h).
 */
#include "hierarchy_inner.h"

#define LARGE_SHIFT 21
#define UPPER_HALF (1ull << 63)

uintptr_t hierarchy_memory;

static const struct map *map;
static bool global_pages, keep;

const char *hierarchy_init(const struct hierarchy_sizes *sizes, const struct map *the_map)
{
    if (!the_map->has_boot)
        return "the map has no boot record, by which the model finds the guest's memory";
    map = the_map;
    global_pages = sizes->global;
    if (cache_init(sizes->caches) || tlb_init(sizes->tlbs))
        return "out of memory";
    hierarchy_data_init();
    hierarchy_code_forget();
    return NULL;
}

struct tlb_page hierarchy_page_of(uint64_t address, uint64_t physical)
{
    bool large = map_is_in(&map->large, address);
    unsigned shift = large ? LARGE_SHIFT : PAGE_SHIFT;

    return (struct tlb_page){address >> shift << 1 | large, (uint32_t)(physical >> shift),
                             global_pages && address >= UPPER_HALF};
}

void hierarchy_translate(enum tlb_name first, const struct tlb_page *page, uint64_t *misses)
{
    struct tlb_hits hits = tlb_access(first, page);

    misses[first == TLB_CODE ? MISS_ITLB : MISS_DTLB] += !hits.first;
    misses[MISS_STLB] += !hits.second;
}

void hierarchy_touch(enum cache_name l1, uint32_t physical_line, uint64_t *misses)
{
    struct cache_hits hits = cache_access(l1, physical_line);

    misses[l1 == CACHE_L1I ? MISS_L1I : MISS_L1D] += !hits.l1;
    misses[MISS_L2] += !hits.l2;
}

/* The boot record's instruction runs before paging: its address is the physical one. */
void hierarchy_find_memory(uint64_t address, uintptr_t host)
{
    if (!hierarchy_memory && host && address == map->boot)
        hierarchy_memory = host - address;
}

static void event_run(unsigned vcpu, void *data)
{
    enum hierarchy_event event = (enum hierarchy_event)(uintptr_t)data;

    (void)vcpu;
    if (event == HIERARCHY_CR3_KEEP) {
        keep = true;
        return;
    }
    hierarchy_data_forget();
    if (event == HIERARCHY_CR4)
        tlb_drop_global();
    else if (event == HIERARCHY_INVPCID || (event == HIERARCHY_CR3 && !keep))
        tlb_drop();
    hierarchy_code_forget();
    keep &= event != HIERARCHY_CR3;
}

void hierarchy_plant_event(struct qemu_plugin_insn *insn, enum hierarchy_event event)
{
    qemu_plugin_register_vcpu_insn_exec_cb(insn, event_run, QEMU_CB_NO_REGS, (void *)(uintptr_t)event);
}

void hierarchy_exception(void)
{
    hierarchy_data_forget();
}
