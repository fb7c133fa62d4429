/* SPDX-License-Identifier: MIT */
/*
 * test_hierarchy.c: the plugin's model of caches and TLBs against a plain one, which looks for each line and page in
 * lists ordered by last use and knows no short cuts.  Random programs of blocks, copies, and events that drop
 * translations; every count of misses must be equal after each step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above first */
#include <cmocka.h>

#include "hierarchy.h"
#include "map.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOT 0x100000u
#define LARGE_START 0xffffffff80000000u
#define LARGE_END 0xffffffff80400000u
#define DEVICE_PAGE 13u
#define PAGES 40u /* of data: the first half in the lower part of the address space */
#define BLOCKS 60u
#define INSNS 12u
#define STEPS 40000u

/* What stands for QEMU. */
struct qemu_plugin_insn {
    uint64_t address, physical;
    size_t bytes;
};
struct qemu_plugin_hwaddr {
    uint64_t physical;
    bool device;
};

static qemu_mem_cb *access_cb;
static qemu_vcpu_cb *event_cb;
static void *event_data, *access_data[2];
static unsigned frame_of[PAGES];
static struct qemu_plugin_hwaddr answer;

static uint64_t page_address(unsigned page)
{
    if (page < PAGES / 2)
        return 0x400000u + page * 0x5000ull;
    return page < PAGES * 3 / 4 ? 0xffffffffc0000000u + page * 0x1000ull : LARGE_START + page * 0x9000ull;
}

static bool is_large(uint64_t address)
{
    return address >= LARGE_START && address < LARGE_END;
}

static uint64_t physical_of(uint64_t address)
{
    if (is_large(address))
        return address - LARGE_START;
    for (unsigned page = 0; page < PAGES; page++)
        if (page_address(page) == (address & ~0xfffull))
            return 0x800000u + frame_of[page] * 0x1000ull + (address & 0xfff);
    return 0x1000000u + (address & 0xfffff); /* the page after one: the end of an access over its edge */
}

static bool is_device(uint64_t address)
{
    return (address & ~0xfffull) == page_address(DEVICE_PAGE);
}

struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t address)
{
    (void)info;
    answer = (struct qemu_plugin_hwaddr){physical_of(address), is_device(address)};
    return &answer;
}

bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *hwaddr)
{
    return hwaddr->device;
}

uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *hwaddr)
{
    return hwaddr->physical;
}

unsigned qemu_plugin_mem_size_shift(uint32_t info)
{
    return info;
}

uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn)
{
    return insn->address;
}

size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn)
{
    return insn->bytes;
}

void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn)
{
    return (void *)(uintptr_t)(0x7000000000u + insn->physical);
}

void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_vcpu_cb *cb, int flags, void *data)
{
    (void)insn, (void)flags;
    event_cb = cb;
    event_data = data;
}

void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_mem_cb *cb, int flags, int rw, void *data)
{
    (void)insn, (void)flags, (void)rw;
    access_cb = cb;
    access_data[access_data[0] != NULL] = data;
}

bool map_is_in(const struct map_spans *spans, uint64_t address)
{
    (void)spans;
    return is_large(address);
}

/* The plain model: a set is a list of keys, the one used last at its front. */
#define WAYS_MAX 16
struct list {
    uint64_t keys[WAYS_MAX], tags[WAYS_MAX];
    unsigned count;
};
static struct list lists[MISSES][4096];
static struct hierarchy_sizes sizes;
static uint64_t wanted[2][MISSES], got[2][MISSES];

static bool use(enum hierarchy_miss array, uint64_t set, unsigned ways, uint64_t key, uint64_t tag)
{
    struct list *list = &lists[array][set];
    unsigned at = 0;
    bool hit;

    while (at < list->count && (list->keys[at] != key || list->tags[at] != tag))
        at++;
    hit = at < list->count;
    if (!hit)
        at = list->count < ways ? list->count++ : ways - 1;
    for (; at > 0; at--) {
        list->keys[at] = list->keys[at - 1];
        list->tags[at] = list->tags[at - 1];
    }
    list->keys[0] = key;
    list->tags[0] = tag;
    return hit;
}

static void plain_line(enum hierarchy_miss l1, uint64_t physical, uint64_t *misses)
{
    const struct cache_size *first = &sizes.caches[l1], *second = &sizes.caches[CACHE_L2];
    uint64_t line = physical >> CACHE_LINE_SHIFT;

    if (use(l1, line % hierarchy_cache_sets(first), first->ways, line, 0))
        return;
    misses[l1]++;
    misses[MISS_L2] += !use(MISS_L2, line % hierarchy_cache_sets(second), second->ways, line, 0);
}

static void plain_page(enum hierarchy_miss first, uint64_t address, uint64_t physical, uint64_t *misses)
{
    const struct tlb_size *one = &sizes.tlbs[first - CACHES], *two = &sizes.tlbs[TLB_SECOND];
    unsigned shift = is_large(address) ? 21 : 12;
    uint64_t number = address >> shift, key = number << 1 | is_large(address);

    if (use(first, number % (one->entries / one->ways), one->ways, key, physical >> shift))
        return;
    misses[first]++;
    misses[MISS_STLB] += !use(MISS_STLB, number % (two->entries / two->ways), two->ways, key, physical >> shift);
}

/* Forgets pages: all, or all that are not in the upper half. */
static void plain_drop(bool global)
{
    for (unsigned array = MISS_ITLB; array <= MISS_STLB; array++)
        for (unsigned set = 0; set < 4096; set++) {
            struct list *list = &lists[array][set];
            unsigned kept = 0;

            for (unsigned i = 0; i < list->count; i++) {
                bool upper = list->keys[i] >> 40; /* a number of the upper half has its top bits set */

                if (global || !upper || !sizes.global)
                    continue;
                list->keys[kept] = list->keys[i];
                list->tags[kept++] = list->tags[i];
            }
            list->count = kept;
        }
}

static uint32_t random_state;

static unsigned random_below(unsigned n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % n;
}

static void access_both(uint64_t address, unsigned shift, unsigned part)
{
    uint64_t last = address + (1u << shift) - 1;

    access_cb(0, shift, address, access_data[part]);
    for (uint64_t at = address; at <= last; at = (at | 63) + 1) {
        plain_page(MISS_DTLB, at, physical_of(at), wanted[part]);
        if (!is_device(at))
            plain_line(MISS_L1D, physical_of(at), wanted[part]);
    }
}

struct block {
    struct hierarchy_fetch fetch;
    struct qemu_plugin_insn insns[INSNS];
    unsigned count, parts[INSNS];
};
static struct block blocks[BLOCKS];

/* Code lies in pages of 4 KiB, some in the upper half, and some instructions on two lines. */
static void block_make(struct block *block)
{
    uint64_t page = random_below(2) ? 0x600000 : 0xffffffffd0000000,
             offset = random_below(14) * 4096 + random_below(3500);
    unsigned part = random_below(2), bytes;

    *block = (struct block){.count = 1 + random_below(INSNS)};
    for (unsigned i = 0; i < block->count; i++, offset += bytes) {
        bytes = 1 + random_below(14);
        block->insns[i] = (struct qemu_plugin_insn){page + offset, 0x2000000 + (page & 0x10000000) + offset, bytes};
        block->parts[i] = part;
        hierarchy_fetch_add(&block->fetch, &block->insns[i], got[part]);
        part ^= !random_below(6);
    }
}

static void block_both(struct block *block)
{
    uint64_t seen = UINT64_MAX;

    if (!hierarchy_fetch_is_quick(&block->fetch))
        hierarchy_fetch_run(&block->fetch);
    for (unsigned i = 0; i < block->count; i++) {
        const struct qemu_plugin_insn *insn = &block->insns[i];
        uint64_t end = insn->address + insn->bytes - 1;

        if (end >> 12 != insn->address >> 12)
            end = insn->address | 0xfff;
        for (uint64_t line = insn->address >> 6; line <= end >> 6; line++) {
            uint64_t physical = insn->physical + (line << 6) - insn->address;

            if (line == seen)
                continue;
            seen = line;
            plain_page(MISS_ITLB, line << 6, physical, wanted[block->parts[i]]);
            plain_line(MISS_L1I, physical, wanted[block->parts[i]]);
        }
    }
}

static void event_both(enum hierarchy_event event, bool keep)
{
    struct qemu_plugin_insn insn = {0};

    if (event == HIERARCHY_CR3 && keep) {
        hierarchy_plant_event(&insn, HIERARCHY_CR3_KEEP);
        event_cb(0, event_data);
    }
    hierarchy_plant_event(&insn, event);
    event_cb(0, event_data);
    if (event == HIERARCHY_CR4)
        plain_drop(true);
    else if (event == HIERARCHY_INVPCID || (event == HIERARCHY_CR3 && !keep))
        plain_drop(false);
    frame_of[random_below(PAGES)] = random_below(64);
}

/* As REP MOVS makes them. */
static void copy_both(void)
{
    uint64_t from = page_address(random_below(PAGES)) + random_below(2048),
             to = page_address(random_below(PAGES)) + random_below(2048);
    unsigned shift = random_below(4), n = random_below(200), part = random_below(2);

    for (unsigned i = 0; i < n; i++) {
        access_both(from + ((uint64_t)i << shift), shift, part);
        access_both(to + ((uint64_t)i << shift), shift, part);
    }
}

static void step(void)
{
    unsigned what = random_below(100);

    if (what < 40)
        block_both(&blocks[random_below(random_below(2) ? BLOCKS : 4)]);
    else if (what < 90)
        access_both(page_address(random_below(random_below(2) ? PAGES : 3)) + random_below(4096), random_below(5),
                    random_below(2));
    else if (what < 96)
        copy_both();
    else if (what < 98)
        event_both((enum hierarchy_event[]){HIERARCHY_CR3, HIERARCHY_CR4, HIERARCHY_INVLPG,
                                            HIERARCHY_INVPCID}[random_below(4)],
                   random_below(2));
    else {
        hierarchy_exception();
        frame_of[random_below(PAGES)] = random_below(64);
    }
}

static void compare(const char *text)
{
    static struct map map = {.boot = BOOT, .has_boot = true};
    struct qemu_plugin_insn boot = {BOOT, BOOT, 1};
    struct hierarchy_fetch fetch = {0};
    char words[128], *rest = words;
    const char *wrong = NULL;

    strcpy(words, text);
    sizes.global = random_below(2);
    for (char *word; (word = strtok_r(rest, ",", &rest));) {
        char *equals = strchr(word, '=');

        *equals = '\0';
        assert_true(hierarchy_read_size(&sizes, word, equals + 1, &wrong));
        assert_null(wrong);
    }
    assert_null(hierarchy_check_sizes(&sizes));
    memset(lists, 0, sizeof(lists));
    memset(wanted, 0, sizeof(wanted));
    memset(got, 0, sizeof(got));
    memset(access_data, 0, sizeof(access_data));
    assert_null(hierarchy_init(&sizes, &map));
    hierarchy_fetch_add(&fetch, &boot, got[0]);
    hierarchy_plant_access(&boot, got[0]);
    hierarchy_plant_access(&boot, got[1]);
    for (unsigned i = 0; i < PAGES; i++)
        frame_of[i] = i;
    for (unsigned i = 0; i < BLOCKS; i++)
        block_make(&blocks[i]);
    for (unsigned i = 0; i < STEPS; i++) {
        step();
        if (memcmp(got, wanted, sizeof(got)))
            fail_msg("%s: misses differ after step %u", text, i);
    }
    for (unsigned i = 0; i < MISSES; i++)
        assert_true(got[0][i] > 0 && got[1][i] > 0);
}

/* Of one processor; small, so that much is displaced; with one way, so that what is used last alone stays. */
static void test_against_plain(void **state)
{
    static const char *const all[] = {
        "l1i=32768/8,l1d=32768/8,l2=262144/4,itlb=128/8,dtlb=64/4,stlb=1536/12",
        "l1i=1024/2,l1d=1024/2,l2=8192/4,itlb=8/2,dtlb=8/2,stlb=32/4",
        "l1i=1024/4,l1d=512/8,l2=8192/4,itlb=4/4,dtlb=4/4,stlb=32/4",
        "l1i=1024/1,l1d=1024/1,l2=8192/4,itlb=8/1,dtlb=8/1,stlb=32/4",
        "l1i=256/4,l1d=128/2,l2=4096/4,itlb=2/2,dtlb=2/2,stlb=16/4",
        "l1i=64/1,l1d=64/1,l2=4096/4,itlb=1/1,dtlb=1/1,stlb=16/4",
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        pid_t child = fork(); /* a model is made once in a process */
        int status;

        assert_true(child >= 0);
        if (child == 0) {
            random_state = i;
            compare(all[i]);
            exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_plain)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
