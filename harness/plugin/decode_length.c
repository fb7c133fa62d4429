/* SPDX-License-Identifier: MIT */
/*
 * decode_length.c: whether all bytes of an instruction of 64-bit code are there: prefixes, opcode, ModRM, SIB,
 * displacement and immediate value, by the opcode maps of the Intel SDM (volume 2, appendix A).
 */
#include "decode.h"

enum map { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A };

struct shape {
    bool half, wide; /* operands of 2 and 8 bytes, instead of 4 */
    enum map map;
    uint8_t opcode;
};

static bool is_between(uint8_t value, uint8_t low, uint8_t high)
{
    return value >= low && value <= high;
}

static bool has_modrm(const struct shape *s)
{
    uint8_t op = s->opcode;

    if (s->map == MAP_0F38 || s->map == MAP_0F3A)
        return true;
    if (s->map == MAP_0F)
        return !(is_between(op, 0x04, 0x0c) || is_between(op, 0x30, 0x37) || op == 0x77 || is_between(op, 0x80, 0x8f) ||
                 is_between(op, 0xa0, 0xa2) || is_between(op, 0xa8, 0xaa) || is_between(op, 0xc8, 0xcf));
    return (op < 0x40 && (op & 7) < 4) || op == 0x63 || op == 0x69 || op == 0x6b || is_between(op, 0x80, 0x8f) ||
           op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 || is_between(op, 0xd0, 0xd3) ||
           is_between(op, 0xd8, 0xdf) || op == 0xf6 || op == 0xf7 || op == 0xfe || op == 0xff;
}

/* Bytes of an immediate value that is a byte, as most are, or as wide as the operands but for 8 bytes. */
static unsigned immediate_one(const struct shape *s, uint8_t modrm)
{
    uint8_t op = s->opcode;
    unsigned operand = s->half ? 2 : 4;

    if (is_between(op, 0xb8, 0xbf))
        return s->wide ? 8 : operand;
    if ((op < 0x40 && (op & 7) == 5) || op == 0x68 || op == 0x69 || op == 0x81 || op == 0xa9 || op == 0xc7)
        return operand;
    if (op == 0xe8 || op == 0xe9)
        return 4;
    if (is_between(op, 0xa0, 0xa3))
        return 8;
    if (op == 0xc2 || op == 0xca)
        return 2;
    if (op == 0xc8)
        return 3;
    if (op == 0xf6 || op == 0xf7)
        return modrm >> 3 & 6 ? 0 : op == 0xf6 ? 1 : operand;
    return (op < 0x40 && (op & 7) == 4) || op == 0x6a || op == 0x6b || is_between(op, 0x70, 0x7f) || op == 0x80 ||
           op == 0x83 || op == 0xa8 || is_between(op, 0xb0, 0xb7) || op == 0xc0 || op == 0xc1 || op == 0xc6 ||
           op == 0xcd || is_between(op, 0xe0, 0xe7) || op == 0xeb;
}

static unsigned immediate(const struct shape *s, uint8_t modrm)
{
    uint8_t op = s->opcode;

    if (s->map == MAP_ONE)
        return immediate_one(s, modrm);
    if (s->map == MAP_0F38)
        return 0;
    if (s->map == MAP_0F3A)
        return 1;
    if (is_between(op, 0x80, 0x8f))
        return 4;
    return is_between(op, 0x70, 0x73) || op == 0xa4 || op == 0xac || op == 0xba || op == 0xc2 ||
           is_between(op, 0xc4, 0xc6);
}

/* ModRM itself, SIB and displacement; 0 if they do not say yet. */
static unsigned address_bytes(const uint8_t *bytes, size_t n)
{
    uint8_t mod, rm;

    if (!n)
        return 0;
    mod = bytes[0] >> 6, rm = bytes[0] & 7;
    if (mod == 3)
        return 1;
    if (rm != 4)
        return mod == 1 ? 2 : mod == 2 || rm == 5 ? 5 : 1;
    if (n < 2)
        return 0;
    return mod == 1 ? 3 : mod == 2 || (bytes[1] & 7) == 5 ? 6 : 2;
}

static bool is_legacy_prefix(uint8_t b)
{
    return b == 0x66 || b == 0x67 || b == 0xf2 || b == 0xf3 || b == 0xf0 || b == 0x2e || b == 0x36 || b == 0x3e ||
           b == 0x26 || b == 0x64 || b == 0x65;
}

/* VEX and EVEX prefixes name the map themselves.  Where the opcode is; n if it is not there. */
static size_t opcode_find_vex(const uint8_t *bytes, size_t n, size_t at, struct shape *s)
{
    size_t opcode = at + (bytes[at] == 0xc5 ? 2 : bytes[at] == 0xc4 ? 3 : 4);

    if (opcode >= n)
        return n;
    s->map = bytes[at] == 0xc5 ? MAP_0F : (enum map)(bytes[at + 1] & 3);
    return opcode;
}

static size_t opcode_find(const uint8_t *bytes, size_t n, struct shape *s)
{
    size_t at = 0;

    for (; at < n && is_legacy_prefix(bytes[at]); at++)
        s->half |= bytes[at] == 0x66;
    if (at < n && (bytes[at] & 0xf0) == 0x40)
        s->wide = bytes[at++] & 8;
    if (at < n && (bytes[at] == 0xc4 || bytes[at] == 0xc5 || bytes[at] == 0x62))
        return opcode_find_vex(bytes, n, at, s);
    if (at >= n || bytes[at] != 0x0f)
        return at;
    at++;
    s->map = at < n && bytes[at] == 0x38 ? MAP_0F38 : at < n && bytes[at] == 0x3a ? MAP_0F3A : MAP_0F;
    return s->map == MAP_0F ? at : at + 1;
}

bool decode_is_cut(const uint8_t *bytes, size_t n)
{
    struct shape s = {.map = MAP_ONE};
    size_t at = opcode_find(bytes, n, &s);
    unsigned address = 0;

    if (at >= n)
        return true;
    s.opcode = bytes[at++];
    if (has_modrm(&s)) {
        address = address_bytes(bytes + at, n - at);
        if (!address)
            return true;
    }
    return at + address + immediate(&s, address ? bytes[at] : 0) > n;
}
