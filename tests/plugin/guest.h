/* SPDX-License-Identifier: MIT */
/*
 * guest.h: what the small guests that test the counting plugin share.
 *
 * Each guest defines `test`, which runs in ring 0 in long mode on a 16 KiB stack, and jumps to `finish`.  Lines
 * that begin with //? say what the plugin must report:
 *
 *      //? EVENT INDEX PATH VALUE
 *
 * the INDEX-th object whose "event" is EVENT must have VALUE at PATH (dotted); VALUE is a number, null, absent, or
 * NUMBER*PATH: so many times another number of that object.  What belongs to which part is said with PART and END_PART,
 * what is an entry with ENTRY; run.sh makes the map file from the symbols that these macros define.  A line
 * `//! plugin OPTIONS` gives options to the plugin; `//! icount` says that the guest needs icount.
 */
#ifndef TOLL_TEST_GUEST_H
#define TOLL_TEST_GUEST_H

#include "wire.h"

/* clang-format off */
#define MARK(n) .byte 0x0f, 0x1f, 0x84, 0x00; .long WIRE_MARK_BASE + (n)
#define BEGIN MARK(WIRE_MARK_BEGIN)
#define END MARK(WIRE_MARK_END)
#define OP MARK(WIRE_MARK_OP)
#define MAIN MARK(WIRE_MARK_MAIN)

#define PART(domain, part) .globl range.domain.part.start; range.domain.part.start:
#define END_PART(domain, part) .globl range.domain.part.end; range.domain.part.end:
#define ENTRY(kind, name) .globl entry.kind.name; .balign 16; entry.kind.name:

/* Makes handler the interrupt gate of a vector; uses rax and rdi. */
#define GATE(vector, handler) mov $(vector), %edi; mov $handler, %eax; call set_gate

/* 2 MiB of addresses without pages; make_page gives the page at rdi memory, and keeps all registers but rax. */
#define HOLE 0x40000000

/* Selectors; user code may use all memory. */
#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_DATA 0x1b
#define USER_CODE 0x23
#define TASK 0x28

#define LAPIC 0xfee00000

#endif
