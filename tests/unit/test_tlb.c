/* SPDX-License-Identifier: MIT */
/*
 * test_tlb: asid.c and tlb.c against a model of the processor's TLB (SDM 3A 4.10): it keeps every translation that was
 * ever used until an instruction is bound to remove it, which is the worst that hardware may do.  Random changes of
 * random tables, loaded or not, must never let an access see what a table no longer says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* In the place of machine/x86.h: these instructions on the model. */
#define TOLL_X86_H
#define CR4_PGE 0x80
#define CR4_PCIDE 0x20000
#define CR3_KEEP (1ull << 63)
#define INVPCID_ADDRESS 0
#define INVPCID_ASID 1
#define INVPCID_ALL 3
#define MSR_FS_BASE 0
static uint64_t x86_cr3(void);
static void x86_cr3_set(uint64_t v);
static uint64_t x86_cr4(void);
static void x86_cr4_set(uint64_t v);
static void x86_invlpg(uint64_t address);
static void x86_invpcid(uint64_t type, uint64_t asid, uint64_t address);
static inline uint64_t x86_rdmsr(uint32_t msr)
{
    return msr;
}
static inline void x86_wrmsr(uint32_t msr, uint64_t v)
{
    (void)msr;
    (void)v;
}
#include "machine/asid.c"
#include "machine/tlb.c"

#define PAGES 8u
#define TABLES 24u
#define PAGE_BIT 0x1000u /* of the second table of a pair */
#define SLOT 0x7f0000000000u
#define PAGE_ADDRESS(n) ((n) < PAGES / 2 ? (uint64_t)(n) << 12 : SLOT + ((uint64_t)(n) << 12))

uint64_t books[WIRE_KINDS];
struct cpu cpu;

void panic(const char *format, ...)
{
    fail_msg("panic: %s", format);
    abort();
}

/* What tables say: a frame for each page, 0 for none.  Pages of the upper half of the numbers are in the slot that all
   tables share when sharing is on. */
static struct model_table {
    struct table table;
    bool exists;
    unsigned frames[PAGES];
} tables[TABLES];
static unsigned shared_frames[PAGES];
static bool sharing;

/* What the processor has cached, and its registers. */
static unsigned cached[ASID_COUNT][PAGES];
static uint64_t cr3, cr4;
static unsigned next_frame, flushes;

static unsigned asid_now(void)
{
    return cr4 & CR4_PCIDE ? cr3 & (ASID_COUNT - 1) : 0;
}

static uint64_t x86_cr3(void)
{
    return cr3;
}

static void x86_cr3_set(uint64_t v)
{
    bool keep = v & CR3_KEEP;

    assert_true(!keep || cr4 & CR4_PCIDE);
    cr3 = v & ~CR3_KEEP;
    if (!keep) {
        memset(cached[asid_now()], 0, sizeof *cached);
        flushes++;
    }
}

static uint64_t x86_cr4(void)
{
    return cr4;
}

static void x86_cr4_set(uint64_t v)
{
    uint64_t changed = v ^ cr4;

    assert_true(!(changed & v & CR4_PCIDE) || (cr3 & (ASID_COUNT - 1)) == 0); /* else #GP */
    if (changed & CR4_PGE || changed & cr4 & CR4_PCIDE)
        memset(cached, 0, sizeof cached);
    cr4 = v;
}

static unsigned page_of(uint64_t address)
{
    return (unsigned)(address >> 12) % PAGES;
}

static void x86_invlpg(uint64_t address)
{
    cached[asid_now()][page_of(address)] = 0;
}

static void x86_invpcid(uint64_t type, uint64_t asid, uint64_t address)
{
    assert_true(cpu.invpcid);
    if (type == INVPCID_ADDRESS)
        cached[asid][page_of(address)] = 0;
    else if (type == INVPCID_ASID)
        memset(cached[asid], 0, sizeof *cached);
    else
        memset(cached, 0, sizeof cached);
}

static unsigned *frame_of(struct model_table *t, unsigned page)
{
    return sharing && page >= PAGES / 2 ? &shared_frames[page] : &t->frames[page];
}

static struct model_table *table_loaded(void)
{
    for (unsigned i = 0; i < TABLES; i++)
        if (tables[i].exists && ((tables[i].table.cr3 ^ cr3) & CR3_ADDRESS & ~(uint64_t)PAGE_BIT) == 0)
            return &tables[i];
    return NULL;
}

/* An access: by the cache if it knows the page, and what it knows must be what the table says. */
static void access(void)
{
    struct model_table *t = table_loaded();
    unsigned page = (unsigned)rand() % PAGES, *known = &cached[asid_now()][page];

    if (!t)
        return;
    if (*known)
        assert_int_equal(*known, *frame_of(t, page));
    *known = *frame_of(t, page);
}

static void table_create(struct model_table *t)
{
    memset(t->frames, 0, sizeof t->frames);
    t->table.cr3 = 0x100000u + (uint64_t)(t - tables) * 0x2000u;
    tlb_table_begin(&t->table);
    t->exists = true;
}

static void table_destroy(struct model_table *t)
{
    if (t == table_loaded())
        return;
    tlb_table_end(&t->table);
    t->exists = false;
}

static void table_change(struct model_table *t)
{
    unsigned page = (unsigned)rand() % PAGES, *frame = frame_of(t, page), old = *frame;

    *frame = rand() % 3 ? ++next_frame : 0;
    if (old)
        tlb_forget(&t->table, PAGE_ADDRESS(page));
}

/* As the home's ways to ring 3 and back do with pairs: the second table's number, kept. */
static void ring3_visit(void)
{
    uint64_t kernel = cr3, keep = tlb_tagged ? CR3_KEEP : 0;

    if (!table_loaded())
        return;
    x86_cr3_set(kernel | PAGE_BIT | (tlb_tagged ? ASID_SECOND : 0) | keep);
    for (unsigned i = 0; i < PAGES; i++)
        access();
    x86_cr3_set(kernel | keep);
}

static void step(void)
{
    struct model_table *t = &tables[(unsigned)rand() % TABLES];

    if (!t->exists) {
        table_create(t);
        return;
    }
    switch (rand() % 8) {
    case 0:
        if (rand() % 8 == 0)
            table_destroy(t);
        break;
    case 1:
        paging_load(&t->table);
        break;
    case 2:
        if (!paired)
            x86_cr3_set(t->table.cr3); /* as assembly may */
        break;
    case 3:
    case 4:
        table_change(t);
        break;
    case 5:
        if (paired)
            ring3_visit();
        break;
    default:
        access();
    }
}

static void reset(bool pcid, bool invpcid, bool wanted)
{
    memset(tables, 0, sizeof tables);
    memset(shared_frames, 0, sizeof shared_frames);
    memset(cached, 0, sizeof cached);
    memset(used, 0, sizeof used);
    memset(books, 0, sizeof books);
    used[0] = 1;
    asid_limit(ASID_COUNT);
    cpu = (struct cpu){.pcid = pcid, .invpcid = invpcid};
    cr3 = 0x10000;
    cr4 = CR4_PGE;
    shared = UINT64_MAX;
    sharing = paired = tlb_tagged = false;
    paging_load = load_plain;
    flushes = 0;
    tlb_init(wanted);
}

static void steps(unsigned n)
{
    srand(1);
    for (unsigned i = 0; i < n; i++)
        step();
}

static void test_plain(void **state)
{
    (void)state;
    reset(false, false, true);
    steps(200000);
    assert_int_equal(books[WIRE_AS_SWITCH_KEPT], 0);
}

static void test_not_wanted(void **state)
{
    (void)state;
    reset(true, true, false);
    assert_false(cpu.pcid || cpu.invpcid || tlb_tagged || cr4 & CR4_PCIDE);
    steps(200000);
}

static void test_invpcid(void **state)
{
    (void)state;
    reset(true, true, true);
    steps(1000000);
    assert_true(books[WIRE_AS_SWITCH_KEPT] > 10000);
    assert_int_equal(flushes, 0); /* every table has a number that is clean from the start */
}

static void test_pcid_alone(void **state)
{
    (void)state;
    reset(true, false, true);
    steps(1000000);
    assert_true(books[WIRE_AS_SWITCH_KEPT] > 10000);
}

static void test_shared(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        reset(i > 0, i > 1, true);
        sharing = true;
        tlb_share(SLOT);
        steps(500000);
    }
}

static void test_pairs(void **state)
{
    (void)state;
    reset(true, true, true);
    tlb_pair();
    assert_true(tlb_tagged);
    steps(1000000);
    assert_true(books[WIRE_AS_SWITCH_KEPT] > 10000);
    reset(true, false, true);
    tlb_pair(); /* the second table's number cannot be reached without INVPCID */
    assert_false(tlb_tagged || cr4 & CR4_PCIDE);
    steps(200000);
}

/* Fewer numbers than tables: who has none shares, and forgets at each load. */
static void test_too_many(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        reset(true, i % 2, true);
        if (i == 3)
            tlb_pair();
        asid_limit(TABLES / 4);
        steps(500000);
    }
}

static void test_numbers(void **state)
{
    static bool seen[ASID_COUNT];

    (void)state;
    reset(false, false, false);
    for (unsigned i = 1; i < ASID_COUNT; i++) {
        unsigned asid = asid_get();
        assert_in_range(asid, 1, ASID_COUNT - 1);
        assert_false(seen[asid]);
        seen[asid] = true;
    }
    assert_int_equal(asid_get(), ASID_SHARED);
    asid_put(ASID_SHARED);
    asid_put(77);
    asid_put(4000);
    assert_int_equal(asid_get(), 77);
    assert_int_equal(asid_get(), 4000);
    assert_int_equal(asid_get(), ASID_SHARED);
    for (unsigned i = 1; i < ASID_COUNT; i++)
        asid_put(i);
    assert_int_equal(asid_get(), 4001); /* as late as possible */
}

static void test_limit(void **state)
{
    (void)state;
    reset(false, false, false);
    asid_limit(ASID_SECOND);
    for (unsigned i = 1; i < ASID_SECOND; i++)
        assert_in_range(asid_get(), 1, ASID_SECOND - 1);
    assert_int_equal(asid_get(), ASID_SHARED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),      cmocka_unit_test(test_not_wanted), cmocka_unit_test(test_invpcid),
        cmocka_unit_test(test_pcid_alone), cmocka_unit_test(test_shared),     cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_too_many),   cmocka_unit_test(test_numbers),    cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
