/* SPDX-License-Identifier: MIT */
/*
 * guest.c: a kernel that changes page tables while others are loaded and looks whether the processor notices.  It stays
 * in ring 0, so it also runs where KVM can do no more than that, and there on a processor with PCID.
 *
 * On a processor without PCID it shows that the plain way works.  kept=1: numbers must be in use, and what the TLB
 * holds must have been seen to survive a load.
 */
#include "alloc.h"
#include "base/panic.h"
#include "env.h"
#include "machine/boot.h"
#include "machine/cpu.h"
#include "machine/home.h"
#include "machine/paging.h"
#include "machine/stop.h"
#include "machine/tlb.h"
#include "machine/trap.h"
#include "machine/x86.h"
#include "sched.h"

#define PLACE 0x400000000000
#define PAGES 8u
#define TABLES 4u
#define ROUNDS 20000u
#define LIVES 5000u /* more than there are numbers */
#define NOTHING (-1ll)

static struct thread boot_thread;
struct thread *sched_running = &boot_thread;
static uint64_t *frames[16];
static struct table *tables[TABLES];
static int64_t said[TABLES][PAGES]; /* what each table should show */
static uint64_t state = 1;

void sched_tick(uint64_t now_ns)
{
    (void)now_ns;
}

void trap_dispatch(struct trap *trap)
{
    if (trap->vector != VECTOR_PF || !trap_copy_fault(trap))
        stop_panic("trap", trap);
}

static unsigned random_below(unsigned n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

/* The word at page n of the loaded table, or NOTHING. */
static int64_t look(unsigned n)
{
    int64_t value = NOTHING;
    uint64_t left;

    cpu_user_begin();
    left = trap_copy(&value, (const void *)(PLACE + n * PAGE_BYTES), sizeof value);
    cpu_user_end();
    return left ? NOTHING : value;
}

static void check(unsigned table, unsigned page)
{
    int64_t seen = look(page);

    if (seen != said[table][page])
        panic("table %u page %u shows %ld instead of %ld", table, page, (long)seen, (long)said[table][page]);
}

static void change(unsigned table, unsigned page)
{
    uint64_t address = PLACE + page * PAGE_BYTES;
    unsigned frame = random_below(sizeof frames / sizeof *frames);

    switch (random_below(4)) {
    case 0:
        paging_table_unmap(tables[table], address, NULL);
        said[table][page] = NOTHING;
        break;
    case 1:
        paging_table_protect(tables[table], address, 0);
        said[table][page] = NOTHING;
        break;
    default:
        if (paging_table_map(tables[table], address, frames[frame], PAGER_READ | PAGER_WRITE) < 0)
            panic("no memory");
        said[table][page] = (int64_t)*frames[frame];
    }
}

static void changes_make(void)
{
    unsigned loaded = 0;

    paging_load(tables[loaded]);
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned table = random_below(TABLES);
        if (random_below(3) == 0)
            paging_load(tables[loaded = table]);
        else
            change(table, random_below(PAGES));
        for (unsigned page = 0; page < PAGES; page++)
            check(loaded, page);
    }
}

/* Every table is born without what the last owner of its number had there. */
static void lives_make(void)
{
    for (unsigned i = 0; i < LIVES; i++) {
        struct table *table;
        if (paging_table_create(&table) < 0)
            panic("no table");
        paging_load(table);
        if (look(0) != NOTHING || look(1) != NOTHING)
            panic("table %u shows what it does not have", i);
        if (paging_table_map(table, PLACE + i % 2 * PAGE_BYTES, frames[i % 16], PAGER_READ) < 0)
            panic("no memory");
        if (look(i % 2) != (int64_t)*frames[i % 16])
            panic("table %u does not show what it has", i);
        paging_load(&paging_boot_table);
        paging_table_destroy(table);
    }
}

/* How often a translation outlived two loads although its table says otherwise: nobody was told to forget it. */
static unsigned kept_count(void)
{
    uint64_t *entry, *entries = tables[0]->pml4;
    unsigned kept = 0;

    for (unsigned page = 0; page < PAGES; page++)
        paging_table_map(tables[0], PLACE + page * PAGE_BYTES, frames[0], PAGER_READ);
    for (unsigned level = 3; level > 0; level--)
        entries = paging_direct(entries[PLACE >> (PAGE_SHIFT + 9 * level) & 511] & 0x000ffffffffff000);
    for (unsigned i = 0; i < 100; i++) {
        entry = &entries[i % PAGES];
        paging_load(tables[0]);
        look(i % PAGES);
        paging_load(tables[1]);
        *entry ^= paging_physical(frames[0]) ^ paging_physical(frames[1]);
        paging_load(tables[0]);
        kept += look(i % PAGES) == (int64_t)*frames[0];
        *entry ^= paging_physical(frames[0]) ^ paging_physical(frames[1]);
        x86_invlpg(PLACE + i % PAGES * PAGE_BYTES);
    }
    return kept;
}

static void tables_make(void)
{
    for (unsigned i = 0; i < sizeof frames / sizeof *frames; i++) {
        frames[i] = alloc_page_zeroed();
        *frames[i] = 100 + i;
    }
    for (unsigned i = 0; i < TABLES; i++) {
        if (paging_table_create(&tables[i]) < 0)
            panic("no table");
        for (unsigned page = 0; page < PAGES; page++)
            said[i][page] = NOTHING;
    }
}

_Noreturn void kernel_main(void)
{
    unsigned kept;

    home_init(false, true);
    tables_make();
    changes_make();
    lives_make();
    kept = kept_count();
    env_log("TOLL1 value numbers bool %u", (unsigned)tlb_tagged);
    env_log("TOLL1 value invpcid bool %u", (unsigned)cpu.invpcid);
    env_log("TOLL1 value kept lookups %u", kept);
    env_log("TOLL1 value as_switch_kept loads %lu", books[WIRE_AS_SWITCH_KEPT]);
    if (!tlb_tagged && (kept || books[WIRE_AS_SWITCH_KEPT]))
        panic("translations are kept without numbers");
    if (boot_number("kept=", 0) && !(kept && books[WIRE_AS_SWITCH_KEPT]))
        panic("nothing is kept");
    env_log("TOLL1 done tables ok");
    stop_machine(WIRE_EXIT_OK);
}
