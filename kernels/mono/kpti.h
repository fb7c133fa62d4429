/* SPDX-License-Identifier: MIT */
/*
 * kpti.h: kernel page-table isolation, as Linux has it against Meltdown (Gruss et al., ESSoS 2017).  In ring 3 a second
 * table is loaded, which has of the kernel only what every entry and exit touches: this page and kpti.S.  Each entry
 * and each exit loads a table.
 */
#ifndef TOLL_KPTI_H
#define TOLL_KPTI_H

/* Offsets in struct kpti. */
#define KPTI_USER_SP 0
#define KPTI_RAX 8
#define KPTI_TRAP 16
#define KPTI_LEAVE 24
#define KPTI_STACK_TOP 4096

/* What cr3 of the second table of a pair has besides: the next page, and with PCID the second number (tlb.h). */
#define KPTI_PAGE_BIT 0x1000
#define KPTI_ASID_BIT 0x800

#define KPTI_BOOK_AS_SWITCH 5
#define KPTI_BOOK_AS_SWITCH_KEPT 6

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Word `kpti` on the command line: the ways in and out from now on.  After call_init, before the first process. */
void kpti_init(void);

/* switch_enter_user on this way. */
_Noreturn void kpti_enter_user(uint64_t entry, uint64_t sp);
#endif
#endif
