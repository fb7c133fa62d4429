/* SPDX-License-Identifier: MIT */
/*
 * rep.S: REP string instructions: `instructions` counts iterations (at least 1), `instructions_arch` counts 1.
 * Each window adds the instructions that set the registers up.
 */
#include "guest.h"

#define POINTERS mov $source, %esi; mov $target, %edi
#define COUNT(n) mov $n, %ecx

/*  0-3: stosb, n = 0, 1, 2, 100; 3 instructions besides */
//? window 0 instructions 4
//? window 0 instructions_arch 4
//? window 1 instructions 4
//? window 1 instructions_arch 4
//? window 2 instructions 5
//? window 2 instructions_arch 4
//? window 3 instructions 103
//? window 3 instructions_arch 4
/*  4-7: movsq */
//? window 4 instructions 4
//? window 5 instructions 4
//? window 6 instructions 5
//? window 7 instructions 103
//? window 7 instructions_arch 4
/*  8: the mark directly before the REP; the window's last instruction is the REP */
//? window 8 instructions 20
//? window 8 instructions_arch 1
/*  9: back to back: 100 + 1 (RCX is 0) + 1 (xor) + 1 (RCX is 0) */
//? window 9 instructions 106
//? window 9 instructions_arch 7
/* 10: the same one in a loop: 3 + 50 * (3 + 8 + 2) and once */
//? window 10 instructions 651
//? window 10 instructions_arch 301
/* 11: a loop to the REP itself, of two blocks: 3 + 5 * (1 + 1); RCX of 10, then 0 four times, dec, jnz */
//? window 11 instructions 28
//? window 11 instructions_arch 19
/* 12: repne scasb finds the 5th byte: 3 + 5; 13: runs out: 3 + 8 */
//? window 12 instructions 8
//? window 12 instructions_arch 4
//? window 13 instructions 11
//? window 13 instructions_arch 4
/* 14: repe cmpsb: all 8 equal: 3 + 8; 15: differs at once: 3 + 1; 16: n = 0 */
//? window 14 instructions 11
//? window 14 instructions_arch 4
//? window 15 instructions 4
//? window 15 instructions_arch 4
//? window 16 instructions 4
//? window 16 instructions_arch 4
/* 17: lodsl, 12 times */
//? window 17 instructions 15
//? window 17 instructions_arch 4
//? window 17 rep 1
//? window 17 rep_bytes 48
/* bytes: an iteration has 1, 2, 4 or 8; one without any is none */
//? window 0 rep 0
//? window 0 rep_bytes 0
//? window 3 rep 1
//? window 3 rep_bytes 100
//? window 4 rep 0
//? window 7 rep 1
//? window 7 rep_bytes 800
//? window 9 rep 1
//? window 9 rep_bytes 100
//? window 10 rep 50
//? window 10 rep_bytes 400
//? window 14 rep_bytes 8
//? window 15 rep_bytes 1
//? window 19 rep 2
//? window 19 rep_bytes 34
/* 18: without a prefix they are plain */
//? window 18 rep 0
//? window 18 rep_bytes 0
//? window 18 instructions 5
//? window 18 instructions_arch 5

        .globl test
        PART(kernel, test)
#define STOS(n) POINTERS; BEGIN; mov $target, %edi; xor %eax, %eax; COUNT(n); rep stosb; END
test:   STOS(0)
        STOS(1)
        STOS(2)
        STOS(100)
#define MOVS(n) BEGIN; POINTERS; COUNT(n); rep movsq; END
        MOVS(0)
        MOVS(1)
        MOVS(2)
        MOVS(100)

        POINTERS
        COUNT(20)
        BEGIN
        rep stosb
        END

        BEGIN
        POINTERS
        COUNT(100)
        rep movsb
        rep movsb
        xor %eax, %eax
        rep stosb
        END

        mov $50, %ebx
        BEGIN
1:      POINTERS
        COUNT(8)
        rep movsb
        dec %ebx
        jnz 1b
        nop
        END

        mov $5, %ebx
        BEGIN
        POINTERS
        COUNT(10)
2:      rep stosb
        dec %ebx
        jnz 2b
        nop
        END

        movl $0x03020100, source
        movl $0x07060504, source + 4
#define SCAS(byte) BEGIN; mov $source, %edi; mov $byte, %eax; COUNT(8); repne scasb; END
        SCAS(4)
        SCAS(99)

#define CMPS(n) BEGIN; POINTERS; COUNT(n); repe cmpsb; END
        mov source, %rax
        mov %rax, target
        CMPS(8)
        notl target
        CMPS(8)
        CMPS(0)

        BEGIN
        POINTERS
        COUNT(12)
        rep lodsl
        END

        BEGIN
        POINTERS
        movsb
        stosl
        cmpsb
        END

        BEGIN /* 19 */
        POINTERS
        COUNT(7)
        rep movsw
        COUNT(5)
        rep stosl
        END
        ret
        END_PART(kernel, test)

        .bss
source: .skip 1024
target: .skip 1024
