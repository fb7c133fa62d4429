/* SPDX-License-Identifier: MIT */
/*
 * hierarchy.c: what the guest does becomes accesses to the model's caches and TLBs (see hierarchy.h).
 *
 * Most accesses are to the line that its L1 set used last, in the page that its TLB set used last.  Such an access
 * changes nothing under LRU.  `recent` remembers these lines and pages by their virtual numbers, which choose an L1 set
 * as well as physical ones do, as a way of an L1 is at most a page; so the quick answer is the exact one.
 */
#include "hierarchy.h"

#include <stdlib.h>

#define PAGE_SHIFT 12
#define LARGE_SHIFT 21
#define LINE_BYTES (1u << CACHE_LINE_SHIFT)
#define PAGE_BYTES (1u << PAGE_SHIFT)
#define UPPER_HALF (1ull << 63)
#define ACCESS_MAX 16 /* bytes of one access */
#define SLOTS 64      /* of recent; a set has one, sets may share one */
#define NEVER UINT64_MAX
#define FRAMES 256

struct line {
    uint64_t number, page; /* address / line; tlb_page.number */
    uint64_t physical;     /* address */
    uint64_t *misses;
};

struct hierarchy_fetch {
    size_t count;
    struct line lines[];
};

/* A page of data, as QEMU translated it when forgets was what it says. */
struct frame {
    uint64_t number, physical; /* addresses / 4 KiB */
    uint64_t forgets;
    struct tlb_page page;
    bool device;
};

/* Of code pages by tlb_page.number, of data pages by address / 4 KiB, and no large ones. */
static struct recent {
    uint64_t lines[SLOTS], pages[SLOTS];
    uint64_t line_slots, page_slots; /* less 1 */
} recent_code, recent_data;

static struct frame frames[FRAMES];
static uint64_t forgets = 1;

static const struct map *map;
static bool global_pages, keep;
static uintptr_t memory; /* where QEMU has the guest's physical address 0; 0 until the boot record is reached */

static void recent_forget(struct recent *recent)
{
    for (unsigned i = 0; i < SLOTS; i++)
        recent->lines[i] = recent->pages[i] = NEVER;
}

static void forget(void)
{
    recent_forget(&recent_code);
    recent_forget(&recent_data);
    forgets++;
}

static uint64_t page_number(uint64_t address)
{
    return map_is_in(&map->large, address) ? address >> LARGE_SHIFT << 1 | 1 : address >> PAGE_SHIFT << 1;
}

static struct tlb_page page_make(uint64_t number, uint64_t address, uint64_t physical)
{
    return (struct tlb_page){number, (uint32_t)(physical >> (number & 1 ? LARGE_SHIFT : PAGE_SHIFT)),
                             global_pages && address >= UPPER_HALF};
}

static void translate(enum tlb_name first, const struct tlb_page *page, uint64_t *misses)
{
    struct tlb_hits hits = tlb_access(first, page);

    misses[first == TLB_CODE ? MISS_ITLB : MISS_DTLB] += !hits.first;
    misses[MISS_STLB] += !hits.second;
}

static void touch(enum cache_name l1, uint64_t physical_line, uint64_t *misses)
{
    struct cache_hits hits = cache_access(l1, physical_line);

    misses[l1 == CACHE_L1I ? MISS_L1I : MISS_L1D] += !hits.l1;
    misses[MISS_L2] += !hits.l2;
}

/* Sets are powers of 2, and so are slots: one slot for each, or for several. */
static unsigned slots(unsigned sets)
{
    return (sets < SLOTS ? sets : SLOTS) - 1;
}

static void recent_init(struct recent *recent, const struct cache_size *l1, const struct tlb_size *tlb)
{
    recent->line_slots = slots(hierarchy_cache_sets(l1));
    recent->page_slots = slots(tlb->entries / tlb->ways);
}

const char *hierarchy_init(const struct hierarchy_sizes *sizes, const struct map *the_map)
{
    if (!the_map->has_boot)
        return "the map has no boot record, by which the model finds the guest's memory";
    map = the_map;
    global_pages = sizes->global;
    recent_init(&recent_code, &sizes->caches[CACHE_L1I], &sizes->tlbs[TLB_CODE]);
    recent_init(&recent_data, &sizes->caches[CACHE_L1D], &sizes->tlbs[TLB_DATA]);
    forget();
    return cache_init(sizes->caches) || tlb_init(sizes->tlbs) ? "out of memory" : NULL;
}

/* The frame of data at address, NULL where QEMU does not tell. */
static const struct frame *find_frame(uint32_t info, uint64_t address)
{
    uint64_t number = address >> PAGE_SHIFT, physical;
    struct frame *frame = &frames[number % FRAMES];
    const struct qemu_plugin_hwaddr *hwaddr;

    if (frame->number == number && frame->forgets == forgets)
        return frame;
    hwaddr = qemu_plugin_get_hwaddr(info, address);
    if (!hwaddr)
        return NULL;
    physical = qemu_plugin_hwaddr_phys_addr(hwaddr);
    *frame = (struct frame){number, physical >> PAGE_SHIFT, forgets, page_make(page_number(address), address, physical),
                            qemu_plugin_hwaddr_is_io(hwaddr)};
    return frame;
}

/* The ways that are rarely taken stay out of the functions that each access and each block calls. */
#define RARE __attribute__((noinline))

/* An access that is not recent.  A large page has its slot of recent emptied, where it is not its small pages'. */
static RARE void access_line(uint32_t info, uint64_t address, uint64_t *misses)
{
    const struct frame *frame = find_frame(info, address);
    uint64_t number = address >> CACHE_LINE_SHIFT, tlb_number;

    if (!frame)
        return;
    tlb_number = frame->page.number;
    translate(TLB_DATA, &frame->page, misses);
    recent_data.pages[tlb_number >> 1 & recent_data.page_slots] = tlb_number & 1 ? NEVER : address >> PAGE_SHIFT;
    if (frame->device)
        return;
    touch(CACHE_L1D, (frame->physical << PAGE_SHIFT | (address & (PAGE_BYTES - 1))) >> CACHE_LINE_SHIFT, misses);
    recent_data.lines[number & recent_data.line_slots] = number;
}

static bool is_recent(uint64_t address)
{
    uint64_t number = address >> CACHE_LINE_SHIFT, page = address >> PAGE_SHIFT;

    return recent_data.lines[number & recent_data.line_slots] == number &&
           recent_data.pages[page & recent_data.page_slots] == page;
}

static bool is_near_end(uint64_t address)
{
    return (address & (LINE_BYTES - 1)) > LINE_BYTES - ACCESS_MAX;
}

/* An access over the end of a line is one to both. */
static RARE void access_slow(uint32_t info, uint64_t address, uint64_t *misses)
{
    uint64_t next = (address | (LINE_BYTES - 1)) + 1;

    if (!is_recent(address))
        access_line(info, address, misses);
    if (is_near_end(address) && next - address < 1u << qemu_plugin_mem_size_shift(info) && !is_recent(next))
        access_line(info, next, misses);
}

/* After each access that has succeeded. */
static void access_run(unsigned vcpu, uint32_t info, uint64_t address, void *data)
{
    (void)vcpu;
    if (!is_recent(address) || is_near_end(address))
        access_slow(info, address, data);
}

void hierarchy_plant_access(struct qemu_plugin_insn *insn, uint64_t *misses)
{
    if (memory)
        qemu_plugin_register_vcpu_mem_cb(insn, access_run, QEMU_CB_NO_REGS, QEMU_MEM_BOTH, misses);
}

static uint64_t *recent_line(const struct line *line)
{
    return &recent_code.lines[line->number & recent_code.line_slots];
}

static uint64_t *recent_page(const struct line *line)
{
    return &recent_code.pages[line->page >> 1 & recent_code.page_slots];
}

static RARE void fetch_line(const struct line *line)
{
    struct tlb_page page = page_make(line->page, line->number << CACHE_LINE_SHIFT, line->physical);

    translate(TLB_CODE, &page, line->misses);
    touch(CACHE_L1I, line->physical >> CACHE_LINE_SHIFT, line->misses);
    *recent_line(line) = line->number;
    *recent_page(line) = line->page;
}

void hierarchy_fetch_run(const struct hierarchy_fetch *fetch)
{
    for (const struct line *line = fetch->lines; line < fetch->lines + fetch->count; line++)
        if (*recent_line(line) != line->number || *recent_page(line) != line->page)
            fetch_line(line);
}

static void add_line(struct hierarchy_fetch **fetch, const struct line *line)
{
    size_t count = *fetch ? (*fetch)->count : 0;

    if (count && (*fetch)->lines[count - 1].number == line->number)
        return;
    *fetch = realloc(*fetch, sizeof(**fetch) + (count + 1) * sizeof(*line));
    if (!*fetch)
        abort();
    (*fetch)->lines[count] = *line;
    (*fetch)->count = count + 1;
}

/* The boot record's instruction runs before paging: its address is the physical one. */
static bool find_memory(uint64_t address, uintptr_t host)
{
    if (!memory && host && address == map->boot)
        memory = host - address;
    return memory != 0;
}

/* Of an instruction over the end of a page only the first page is known; what follows there fetches the other. */
void hierarchy_fetch_add(struct hierarchy_fetch **fetch, const struct qemu_plugin_insn *insn, uint64_t *misses)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn), last = address + qemu_plugin_insn_size(insn) - 1;
    uintptr_t host = (uintptr_t)qemu_plugin_insn_haddr(insn);

    if (!find_memory(address, host) || !host)
        return;
    if (last > (address | (PAGE_BYTES - 1)))
        last = address | (PAGE_BYTES - 1);
    add_line(fetch, &(struct line){address >> CACHE_LINE_SHIFT, page_number(address), (uint64_t)host - memory, misses});
    last -= address;
    if (((address & (LINE_BYTES - 1)) + last) >> CACHE_LINE_SHIFT)
        add_line(fetch, &(struct line){(address + last) >> CACHE_LINE_SHIFT, page_number(address),
                                       (uint64_t)host - memory + last, misses});
}

static void event_run(unsigned vcpu, void *data)
{
    enum hierarchy_event event = (enum hierarchy_event)(uintptr_t)data;

    (void)vcpu;
    if (event == HIERARCHY_CR3_KEEP) {
        keep = true;
        return;
    }
    if (event == HIERARCHY_CR4)
        tlb_drop_global();
    else if (event == HIERARCHY_INVPCID || (event == HIERARCHY_CR3 && !keep))
        tlb_drop();
    keep &= event != HIERARCHY_CR3;
    forget();
}

void hierarchy_plant_event(struct qemu_plugin_insn *insn, enum hierarchy_event event)
{
    qemu_plugin_register_vcpu_insn_exec_cb(insn, event_run, QEMU_CB_NO_REGS, (void *)(uintptr_t)event);
}

void hierarchy_exception(void)
{
    forget();
}
