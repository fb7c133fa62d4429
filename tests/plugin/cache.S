/* SPDX-License-Identifier: MIT */
//! plugin l1i=1024/2,l1d=1024/2,l2=16384/4,itlb=16/4,dtlb=64/4,stlb=64/4
/*
 * cache.S: the model's caches.  L1I and L1D have 8 sets of 2 lines, the L2 64 sets of 4.  `sweep` reads 4 bytes at a
 * number of addresses, with no other access, from code of one line; so a window has what it reads and nothing else.
 */
#include "guest.h"

/*  0: 16 new lines; 1: they fill the L1D exactly */
//? window 0 miss.l1d 16
//? window 0 miss.l2 16
//? window 0 miss.l1i 0
//? window 1 miss.l1d 0
//? window 1 miss.l2 0
/*  2: 24 lines: in each set two are found, the third is new and drops the first; 3: so now each drops the next */
//? window 2 miss.l1d 8
//? window 2 miss.l2 8
//? window 3 miss.l1d 24
//? window 3 miss.l2 0
/*  4, 5, 6: two, then three, then again three lines of one set */
//? window 4 miss.l1d 2
//? window 5 miss.l1d 1
//? window 5 miss.l2 1
//? window 6 miss.l1d 3
//? window 6 miss.l2 0
/*  7, 8: four lines of one set of the L2 (and of the L1D); 9, 10: five */
//? window 7 miss.l1d 4
//? window 7 miss.l2 4
//? window 8 miss.l1d 4
//? window 8 miss.l2 0
//? window 9 miss.l1d 5
//? window 9 miss.l2 1
//? window 10 miss.l1d 5
//? window 10 miss.l2 5
/* 11: one read over the end of a line; 12: four such over lines of which the first two are there */
//? window 11 miss.l1d 2
//? window 12 miss.l1d 3
/* 13: code that was fetched, read as data, is in the L2 */
//? window 13 miss.l1d 1
//? window 13 miss.l2 0
/* 14, 15: 16 lines of code fill the L1I exactly; the window's own was fetched before it */
//? window 14 miss.l1i 15
//? window 14 miss.l1d 0
//? window 15 miss.l1i 0
/* 16, 17: 24 lines of code: each drops the next; the window's own is fetched again for its end */
//? window 16 miss.l1i 24
//? window 17 miss.l1i 24
//? window 17 miss.l2 0
/* 18: each part has what its own instructions missed */
//? window 18 miss.l1d 2
//? window 18 domains.kernel.parts.a.miss.l1d 1
//? window 18 domains.kernel.parts.b.miss.l1d 1
//? window 18 domains.kernel.miss.l1d 2

#define SWEEP(start, stride, n) mov $(start), %rsi; mov $(stride), %edi; mov $(n), %ecx; lea 9f, %ebp; jmp sweep; 9:

        .globl test
        PART(kernel, a)
test:   MAIN
        SWEEP(area, 64, 16)
        SWEEP(area, 64, 16)
        SWEEP(area, 64, 24)
        SWEEP(area, 64, 24)
        SWEEP(area + 0x4000, 512, 2)
        SWEEP(area + 0x4000, 512, 3)
        SWEEP(area + 0x4000, 512, 3)
        SWEEP(area + 0x8fc0, 4096, 4)
        SWEEP(area + 0x8fc0, 4096, 4)
        SWEEP(area + 0x8fc0, 4096, 5)
        SWEEP(area + 0x8fc0, 4096, 5)
        SWEEP(area + 0x1003e, 64, 1)
        SWEEP(area + 0x1003e, 64, 4)
        SWEEP(sweep, 64, 1)
        mov $2, %ebx
        jmp run15
long:   mov $2, %ebx
        jmp run23
parts:  BEGIN
        mov area + 0x20000, %eax
        jmp other
back:   END
        jmp finish

        .balign 64
sweep:  BEGIN
1:      mov (%rsi), %eax
        add %rdi, %rsi
        dec %ecx
        jnz 1b
        END
        jmp *%rbp

/* Twice a window over n lines of code besides this one. */
#define RUN(name, n, next)                                                                                                   \
        .balign 1024;                                                                                                  \
        name:                                                                                                          \
        BEGIN;                                                                                                         \
        jmp 6f;                                                                                                        \
        7:                                                                                                             \
        END;                                                                                                           \
        dec %ebx;                                                                                                      \
        jnz name;                                                                                                      \
        jmp next;                                                                                                      \
        .balign 64;                                                                                                    \
        6:                                                                                                             \
        .rept n - 1;                                                                                                   \
        jmp . + 64;                                                                                                    \
        .balign 64;                                                                                                    \
        .endr;                                                                                                         \
        jmp 7b

        RUN(run15, 15, long)
        RUN(run23, 23, parts)
        END_PART(kernel, a)

        PART(kernel, b)
other:  mov area + 0x21000, %eax
        jmp back
        END_PART(kernel, b)

        .bss
        .balign 4096
area:   .skip 0x22000
