/* SPDX-License-Identifier: MIT */
/*
 * decode.c: recognises instructions by their bytes (see decode.h): prefixes, an opcode of one or two bytes, and
 * the ModRM byte where the opcode has one.  Opcode numbers are those of the Intel SDM's opcode maps.
 */
#include "decode.h"

#include "../../kernels/include/wire.h"
#include <string.h>

#define MARKS 256u

struct fields {
    bool rep, lock, half, wide, two_bytes; /* half, wide: operands of 2 and 8 bytes, instead of 4 */
    uint8_t opcode;
    bool has_more; /* a byte follows the opcode */
    uint8_t modrm;
    size_t at; /* of the opcode */
};

static bool is_prefix(uint8_t b)
{
    return b == 0x66 || b == 0x67 || b == 0xf2 || b == 0xf3 || b == 0xf0 || b == 0x2e || b == 0x36 || b == 0x3e ||
           b == 0x26 || b == 0x64 || b == 0x65;
}

/* False if the bytes end before the opcode. */
static bool split(const uint8_t *bytes, size_t n, struct fields *f)
{
    size_t i = 0;

    for (; i < n && is_prefix(bytes[i]); i++) {
        f->rep |= bytes[i] == 0xf2 || bytes[i] == 0xf3;
        f->lock |= bytes[i] == 0xf0;
        f->half |= bytes[i] == 0x66;
    }
    if (i < n && (bytes[i] & 0xf0) == 0x40)
        f->wide = bytes[i++] & 8;
    if (i < n && bytes[i] == 0x0f) {
        f->two_bytes = true;
        i++;
    }
    if (i >= n)
        return false;
    f->opcode = bytes[i];
    f->at = i;
    f->has_more = i + 1 < n;
    f->modrm = f->has_more ? bytes[i + 1] : 0;
    return true;
}

static bool is_register_form(const struct fields *f)
{
    return f->has_more && f->modrm >= 0xc0;
}

static unsigned extension(const struct fields *f)
{
    return f->modrm >> 3 & 7;
}

/* One-byte opcodes with a ModRM byte that cannot fault if both operands are registers. */
static bool is_safe_with_registers(const struct fields *f)
{
    uint8_t op = f->opcode;

    if (op < 0x40)
        return (op & 7) < 4;
    if (op == 0xf6 || op == 0xf7)
        return extension(f) < 6; /* 6 and 7 divide */
    if (op == 0xfe || op == 0xff)
        return extension(f) < 2;
    if (op == 0xc6 || op == 0xc7)
        return extension(f) == 0; /* the others are transactions */
    return op == 0x63 || op == 0x69 || op == 0x6b || (op >= 0x80 && op <= 0x8b) || op == 0xc0 || op == 0xc1 ||
           (op >= 0xd0 && op <= 0xd3);
}

static bool is_safe_one(const struct fields *f)
{
    uint8_t op = f->opcode;

    if (op < 0x40 && (op & 7) >= 4)
        return (op & 7) < 6; /* accumulator and immediate */
    if (op == 0x8d)
        return f->has_more && f->modrm < 0xc0;
    if ((op >= 0x70 && op <= 0x7f) || (op >= 0x90 && op <= 0x99) || op == 0xa8 || op == 0xa9 ||
        (op >= 0xb0 && op <= 0xbf) || op == 0xe9 || op == 0xeb)
        return true;
    return is_register_form(f) && is_safe_with_registers(f);
}

static bool is_safe_two(const struct fields *f)
{
    uint8_t op = f->opcode;

    if (op == 0x1e || op == 0x1f || (op >= 0x80 && op <= 0x8f) || (op >= 0xc8 && op <= 0xcf))
        return true;
    if (!is_register_form(f))
        return false;
    return (op >= 0x40 && op <= 0x4f) || (op >= 0x90 && op <= 0x9f) || op == 0xa3 || op == 0xa4 || op == 0xa5 ||
           op == 0xab || op == 0xac || op == 0xad || op == 0xaf || op == 0xb3 ||
           (op >= 0xb6 && op <= 0xbf && op != 0xb8 && op != 0xb9);
}

static enum decode_event find_event_two(const struct fields *f)
{
    switch (f->opcode) {
    case 0x05:
        return DECODE_SYSCALL;
    case 0x30:
        return DECODE_WRMSR;
    case 0x22:
        return extension(f) == 3 ? DECODE_CR3 : extension(f) == 4 ? DECODE_CR4 : DECODE_PLAIN;
    case 0x38: /* a third byte of the opcode follows */
        return f->modrm == 0x82 ? DECODE_INVPCID : DECODE_PLAIN;
    case 0x01:
        return extension(f) == 7 && !is_register_form(f) ? DECODE_INVLPG : DECODE_PLAIN;
    default:
        return DECODE_PLAIN;
    }
}

static enum decode_event find_event_one(const struct fields *f)
{
    uint8_t op = f->opcode;

    if (op == 0xf4)
        return DECODE_HLT;
    return (op >= 0x6c && op <= 0x6f) || (op >= 0xe4 && op <= 0xe7) || (op >= 0xec && op <= 0xef) ? DECODE_PORT
                                                                                                  : DECODE_PLAIN;
}

static enum decode_fault find_fault_one(const struct fields *f)
{
    switch (f->opcode) {
    case 0xff: /* indirect: call, jmp */
        if (extension(f) == 4 && is_register_form(f))
            return DECODE_FAULT_NEVER;
        return extension(f) == 2 && !is_register_form(f) ? DECODE_FAULT_TWO : DECODE_FAULT_ONE;
    case 0xcc: /* int3, int, into, iret */
    case 0xcd:
    case 0xce:
    case 0xcf:
        return DECODE_FAULT_NEVER;
    case 0xfa: /* cli, sti */
    case 0xfb:
        return DECODE_FAULT_ALWAYS;
    default:
        return find_event_one(f) == DECODE_PLAIN ? DECODE_FAULT_ONE : DECODE_FAULT_ALWAYS;
    }
}

static enum decode_fault find_fault_two(const struct fields *f)
{
    switch (f->opcode) {
    case 0x05: /* syscall, sysret, sysenter, sysexit */
    case 0x07:
    case 0x34:
    case 0x35:
        return DECODE_FAULT_NEVER;
    case 0x0b: /* ud2, ud1, ud0 */
    case 0xb9:
    case 0xff:
    case 0x20: /* moves to and from control and debug registers */
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x30: /* wrmsr, rdmsr */
    case 0x32:
        return DECODE_FAULT_ALWAYS;
    default:
        return DECODE_FAULT_ONE;
    }
}

static bool is_store(const struct fields *f)
{
    uint8_t op = f->opcode;

    return op == 0xa2 || op == 0xa3 || ((op == 0x88 || op == 0x89 || op == 0xc6 || op == 0xc7) && !is_register_form(f));
}

/* Iterations of a REP instruction are counted by the accesses to memory that it has made, not by how often QEMU
   runs it: with icount QEMU runs it once more at the end to see that RCX is 0.  MOVS and CMPS make two; so does
   INS, because QEMU tries the page first. */
static void find_rep(const struct fields *f, struct decode *d)
{
    static const struct {
        uint8_t opcode, halves;
    } strings[] = {
        {0x6c, 1}, /* ins */
        {0x6e, 2}, /* outs */
        {0xa4, 1}, /* movs */
        {0xa6, 1}, /* cmps */
        {0xaa, 2}, /* stos */
        {0xac, 2}, /* lods */
        {0xae, 2}, /* scas */
    };

    if (!f->rep || f->two_bytes)
        return;
    for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
        if ((f->opcode & 0xfe) == strings[i].opcode) {
            d->rep = true;
            d->rep_halves = strings[i].halves;
            d->rep_shift = !(f->opcode & 1) ? 0 : f->wide ? 3 : f->half ? 1 : 2;
        }
}

/* INC, ADD, MOV with an operand in memory that RIP and a displacement name: no SIB byte, so that follows ModRM. */
static void find_relative(const uint8_t *bytes, size_t n, const struct fields *f, struct decode *d)
{
    uint8_t op = f->opcode;
    bool is_inc = op == 0xff && extension(f) == 0, is_add = op == 0x01 || ((op == 0x81 || op == 0x83) && !extension(f));

    d->relative = !f->two_bytes && f->has_more && (f->modrm & 0xc7) == 0x05 && n >= f->at + 6 &&
                  (is_inc || is_add || op == 0x89 || op == 0x8b);
    if (d->relative)
        memcpy(&d->displacement, bytes + f->at + 2, sizeof(d->displacement));
}

static bool find_mark(const uint8_t *bytes, size_t n, struct decode *d)
{
    static const uint8_t nop[] = {0x0f, 0x1f, 0x84, 0x00};
    uint32_t displacement;

    if (n != sizeof(nop) + sizeof(displacement) || memcmp(bytes, nop, sizeof(nop)))
        return false;
    memcpy(&displacement, bytes + sizeof(nop), sizeof(displacement));
    if (displacement - WIRE_MARK_BASE >= MARKS)
        return false;
    d->event = DECODE_MARK;
    d->mark = displacement - WIRE_MARK_BASE;
    return true;
}

struct decode decode_bytes(const uint8_t *bytes, size_t n)
{
    struct decode d = {.fault = DECODE_FAULT_ONE};
    struct fields f = {0};

    if (find_mark(bytes, n, &d) || !split(bytes, n, &f))
        return d;
    find_rep(&f, &d);
    find_relative(bytes, n, &f, &d);
    if (f.lock)
        return d;
    d.store = !f.two_bytes && is_store(&f);
    d.iret = !f.two_bytes && f.opcode == 0xcf;
    d.event = f.two_bytes ? find_event_two(&f) : find_event_one(&f);
    d.safe = f.two_bytes ? is_safe_two(&f) : is_safe_one(&f);
    d.fault = f.two_bytes ? find_fault_two(&f) : find_fault_one(&f);
    if (d.safe || d.rep)
        d.fault = DECODE_FAULT_NEVER;
    return d;
}
