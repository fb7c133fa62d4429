/* SPDX-License-Identifier: MIT */
/*
 * tlb.c: the processor's cached translations.  INVLPG reaches those of the loaded table only; for other tables there
 * is INVPCID, and where a processor has PCID without it, the next load of the table forgets all of them.
 */
#include "machine/tlb.h"
#include "base/panic.h"
#include "machine/cpu.h"
#include "machine/home.h"
#include "machine/paging.h"

#define CR3_ADDRESS 0x000ffffffffff000ull
#define TOP_SHIFT 39 /* of the address bits that choose an entry of the top level */

static void load_plain(struct table *table);

void (*paging_load)(struct table *table) = load_plain;
bool tlb_tagged;
static bool paired;
static uint64_t shared = UINT64_MAX; /* the top level's entry that tables share */

static void load_plain(struct table *table)
{
    x86_cr3_set(table->cr3);
}

/* In a function of its own, whose first instruction the counting plugin looks for. */
__attribute__((noinline)) void paging_load_keep(uint64_t cr3)
{
    x86_cr3_set(cr3);
}

static unsigned asid_of(const struct table *table)
{
    return table->cr3 & (ASID_COUNT - 1);
}

/* After a load that forgets the next one keeps, unless the table shares its number. */
static void load_tagged(struct table *table)
{
    if (table->cr3 & CR3_KEEP) {
        BOOK_ADD(books[WIRE_AS_SWITCH_KEPT], 1);
        paging_load_keep(table->cr3);
        return;
    }
    x86_cr3_set(table->cr3);
    if (asid_of(table) != ASID_SHARED)
        table->cr3 |= CR3_KEEP;
    else if (paired)
        x86_invpcid(INVPCID_ASID, ASID_SHARED + ASID_SECOND, 0);
}

void tlb_init(bool wanted)
{
    cpu.pcid &= wanted;
    cpu.invpcid &= cpu.pcid;
    if (!cpu.pcid)
        return;
    x86_cr4_set(x86_cr4() | CR4_PCIDE);
    tlb_tagged = true;
    paging_load = load_tagged;
}

static void tagged_stop(void)
{
    x86_cr4_set(x86_cr4() & ~(uint64_t)CR4_PCIDE);
    cpu.pcid = tlb_tagged = false;
    paging_load = load_plain;
}

/* The second table of a pair is loaded with CR3_KEEP without looking, so only INVPCID will do. */
void tlb_pair(void)
{
    paired = true;
    if (tlb_tagged && !cpu.invpcid)
        tagged_stop();
    asid_limit(ASID_SECOND);
}

static void asid_forget(unsigned asid)
{
    x86_invpcid(INVPCID_ASID, asid, 0);
    if (paired)
        x86_invpcid(INVPCID_ASID, asid + ASID_SECOND, 0);
}

void tlb_table_begin(struct table *table)
{
    unsigned asid = tlb_tagged ? asid_get() : ASID_SHARED;

    table->cr3 |= asid;
    if (cpu.invpcid && asid != ASID_SHARED) {
        asid_forget(asid); /* what its last owner left */
        table->cr3 |= CR3_KEEP;
    }
}

void tlb_table_end(struct table *table)
{
    asid_put(asid_of(table));
}

static bool is_loaded(const struct table *table)
{
    return ((x86_cr3() ^ table->cr3) & CR3_ADDRESS) == 0;
}

/* Without INVPCID, a change of CR4.PGE is what forgets all numbers' translations (SDM 3A 4.10.4.1). */
static void everything_forget(void)
{
    uint64_t cr4 = x86_cr4();

    if (cpu.invpcid) {
        x86_invpcid(INVPCID_ALL, 0, 0);
    } else {
        x86_cr4_set(cr4 ^ CR4_PGE);
        x86_cr4_set(cr4);
    }
}

void tlb_share(uint64_t address)
{
    shared = address >> TOP_SHIFT;
}

/* Tables that share a number need nothing: each load of one forgets. */
void tlb_forget_tagged(struct table *table, uint64_t address)
{
    unsigned asid = asid_of(table);

    if (address >> TOP_SHIFT == shared)
        everything_forget();
    else if (is_loaded(table))
        x86_invlpg(address);
    else if (cpu.invpcid)
        x86_invpcid(INVPCID_ADDRESS, asid, address);
    else
        table->cr3 &= ~CR3_KEEP;
    if (paired)
        x86_invpcid(INVPCID_ADDRESS, asid + ASID_SECOND, address);
}
