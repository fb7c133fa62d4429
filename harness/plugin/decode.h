/* SPDX-License-Identifier: MIT */
/*
 * decode.h: the little that the counting plugin has to know about an x86-64 instruction, from its bytes.
 *
 * An instruction that is not recognised is reported as one that may fault and does nothing special, which is
 * always right, if slower: so neither newer extensions nor the 16- and 32-bit code of a boot path matter here.
 */
#ifndef TOLL_DECODE_H
#define TOLL_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enough for every prefix and opcode that is looked at, and for a whole mark. */
#define DECODE_BYTES 15

enum decode_event {
    DECODE_PLAIN,
    DECODE_SYSCALL,
    DECODE_CR3,
    DECODE_CR4,
    DECODE_INVLPG,
    DECODE_INVPCID,
    DECODE_WRMSR,
    DECODE_PORT,
    DECODE_HLT,
    DECODE_MARK
};

/* How to tell, of the last instruction of a block, whether it faulted. */
enum decode_fault {
    DECODE_FAULT_NEVER = 0, /* it does not; or a fault of it is as good as its end (int, iretq) */
    DECODE_FAULT_ONE = 1,   /* if it has not made an access to memory */
    DECODE_FAULT_TWO = 2,   /* if it has not made two */
    DECODE_FAULT_ALWAYS     /* if an exception follows, it is this instruction's */
};

struct decode {
    enum decode_event event;
    enum decode_fault fault;
    bool safe;          /* cannot fault, wherever it stands */
    bool store;         /* a plain move to memory */
    bool iret;          /* returns from an exception or interrupt */
    bool rep;           /* a string instruction with a REP prefix */
    uint8_t rep_halves; /* what each of its accesses to memory is worth, in half iterations */
    uint8_t rep_shift;  /* bytes that an iteration moves: 1 << rep_shift */
    uint32_t mark;      /* DECODE_MARK: the mark's number */
    bool relative;      /* adds to, loads or stores memory at displacement from the next instruction */
    int32_t displacement;
};

struct decode decode_bytes(const uint8_t *bytes, size_t n);

/* Whether an instruction of 64-bit code has more bytes than these n (decode_length.c). */
bool decode_is_cut(const uint8_t *bytes, size_t n);

#endif
