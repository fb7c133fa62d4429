/* SPDX-License-Identifier: MIT */
/*
 * tlb.h: what the processor has cached of page tables, and when it has to forget it (SDM 3A 4.10).
 *
 * With PCID (word `nopcid` on the command line: without) a table's translations carry its number (asid.h) and stay
 * when another table is loaded.  Then cr3 in struct table holds, besides the address, that number and CR3_KEEP, which
 * makes its load keep them.  cr3 without CR3_KEEP is right at any time as well: it forgets the table's translations.
 * So assembly may load a table's cr3 as it finds it, unless tables come in pairs.
 *
 * In a pair (paging_split) the second table's number is the first one's plus ASID_SECOND.
 */
#ifndef TOLL_TLB_H
#define TOLL_TLB_H

#include "machine/asid.h"
#include "machine/x86.h"
#include <stdbool.h>
#include <stdint.h>

struct table;

#define ASID_SECOND (ASID_COUNT / 2)

/* Whether tables have numbers. */
extern bool tlb_tagged;

/* Switches PCID on, if the processor has it and wanted is true; says in struct cpu whether it is used. */
void tlb_init(bool wanted);

/* From now on tables come in pairs.  Before the first is made. */
void tlb_pair(void);

/* A new table, whose cr3 holds its address, gets a number; a table's number is another's from now on. */
void tlb_table_begin(struct table *table);
void tlb_table_end(struct table *table);

/* Tables share the entry of the top level for address, of which there is one at most. */
void tlb_share(uint64_t address);

/* A present entry for address in table was changed. */
void tlb_forget_tagged(struct table *table, uint64_t address);
static inline void tlb_forget(struct table *table, uint64_t address)
{
    if (tlb_tagged)
        tlb_forget_tagged(table, address);
    else
        x86_invlpg(address);
}

#endif
