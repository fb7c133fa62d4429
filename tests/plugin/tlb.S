/* SPDX-License-Identifier: MIT */
//! plugin l1i=32768/8,l1d=32768/8,l2=262144/4,itlb=16/4,dtlb=16/4,stlb=64/4
/*
 * tlb.S: the model's TLBs: 4 sets of 4 for code and data each, 16 sets of 4 behind them.  As there is no `large` record
 * for most of memory, it counts as pages of 4 KiB.  `sweep` is that of cache.S.
 */
#include "guest.h"

/*  0: 16 new pages; 1: they fill the dTLB exactly */
//? window 0 miss.dtlb 16
//? window 0 miss.stlb 16
//? window 0 miss.itlb 0
//? window 1 miss.dtlb 0
/*  2: 20 pages: a fifth in each set; 3: so each drops the next */
//? window 2 miss.dtlb 4
//? window 2 miss.stlb 4
//? window 3 miss.dtlb 20
//? window 3 miss.stlb 0
/*  4: after a load of CR3; 5, 6: 32 pages */
//? window 4 miss.dtlb 16
//? window 4 miss.stlb 16
//? window 5 miss.dtlb 16
//? window 5 miss.stlb 16
//? window 6 miss.dtlb 32
//? window 6 miss.stlb 0
/*  7, 8: five pages of one set of the second level */
//? window 7 miss.stlb 5
//? window 8 miss.dtlb 5
//? window 8 miss.stlb 5
/* 10: a load of CR3 that keeps; 11: one more, which does not; 12: a write of CR4 */
//? window 10 miss.dtlb 0
//? window 11 miss.dtlb 16
//? window 11 miss.stlb 16
//? window 12 miss.dtlb 16
//? window 12 miss.stlb 16
/* 13: the same memory in the upper half: other pages, lines that the L2 has; 14: a load of CR3 keeps global pages;
   15: a write of CR4 does not */
//? window 13 miss.dtlb 16
//? window 13 miss.l2 0
//? window 14 miss.dtlb 0
//? window 15 miss.dtlb 16
/* 16: a page; 17: INVLPG, and it has another frame; 18: INVLPG only, which is not seen (hierarchy.h) */
//? window 16 miss.dtlb 1
//? window 17 miss.dtlb 1
//? window 17 miss.stlb 1
//? window 17 miss.l1d 1
//? window 18 miss.dtlb 0
/* 19: 16 small pages in one large; 20: six large ones */
//? window 19 miss.dtlb 1
//? window 19 miss.l1d 16
//? window 20 miss.dtlb 5
/* 21: a device's register takes a TLB entry and no line; 22: of 2 pages of code one is known */
//? window 21 miss.dtlb 1
//? window 21 miss.l1d 0
//? window 21 miss.l2 0
//? window 22 miss.itlb 1
//? window 22 miss.stlb 1
//? window 22 miss.dtlb 0
/* 23: a load of CR3 in the window: this page's code, of which the next block is, and none of the data */
//? window 23 miss.itlb 1
//? window 23 miss.dtlb 0

#define SWEEP(start, stride, n) movabs $(start), %rsi; mov $(stride), %edi; mov $(n), %ecx; lea 9f, %ebp; jmp sweep; 9:
#define LOAD_CR3 mov %cr3, %rax; mov %rax, %cr3
#define WRITE_CR4 mov %cr4, %rax; mov %rax, %cr4
#define HIGH 0xffff800000000000

        .globl test, large.all.start, large.all.end
        .set large.all.start, 0x2000000
        .set large.all.end, 0x3000000

        PART(kernel, test)
test:   MAIN
        mov %cr3, %rax
        mov (%rax), %rcx
        mov %rcx, 256 * 8(%rax) /* HIGH */
        mov $HOLE, %edi
        call make_page
        LOAD_CR3

        SWEEP(area, 4096, 16)
        SWEEP(area, 4096, 16)
        SWEEP(area, 4096, 20)
        SWEEP(area, 4096, 20)
        LOAD_CR3
        SWEEP(area, 4096, 16)
        SWEEP(area, 4096, 32)
        SWEEP(area, 4096, 32)
        SWEEP(area + 0x100000, 0x10000, 5)
        SWEEP(area + 0x100000, 0x10000, 5)

        SWEEP(area, 4096, 16)
        mov %cr3, %rax
        jmp entry.as_switch_kept.load
1:      SWEEP(area, 4096, 16)
        LOAD_CR3
        SWEEP(area, 4096, 16)
        WRITE_CR4
        SWEEP(area, 4096, 16)
        SWEEP(HIGH + area, 4096, 16)
        LOAD_CR3
        SWEEP(HIGH + area, 4096, 16)
        WRITE_CR4
        SWEEP(HIGH + area, 4096, 16)

        SWEEP(HOLE, 64, 1)
        addl $0x1000, hole_table
        invlpg HOLE
        SWEEP(HOLE, 64, 1)
        invlpg HOLE
        SWEEP(HOLE, 64, 1)
        SWEEP(0x2000000, 4096, 16)
        SWEEP(0x2000000, 0x200000, 6)
        SWEEP(LAPIC + 0x20, 64, 1)

        BEGIN
        jmp far
2:      END
        BEGIN
        mov %cr3, %rax
        mov %rax, %cr3
        END
        jmp finish

ENTRY(as_switch_kept, load)
        nop
        mov %rax, %cr3
        jmp 1b

        .balign 64
sweep:  BEGIN
1:      mov (%rsi), %eax
        add %rdi, %rsi
        dec %ecx
        jnz 1b
        END
        jmp *%rbp

        .balign 4096
        nop
        .balign 4096
far:    jmp 2b
        END_PART(kernel, test)

        .bss
        .balign 4096
area:   .skip 0x160000
