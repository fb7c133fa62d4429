/* SPDX-License-Identifier: MIT */
/*
 * ascii.c: the filters without a state worth a file of its own: ASCIIHexDecode, ASCII85Decode, RunLengthDecode
 * (7.4.2, 7.4.3, 7.4.5).
 */
#include "pdf_internal.h"

bool pdf_filter_hex(struct pdf_filter *f)
{
    unsigned digits = 0;
    uint8_t byte = 0;
    for (size_t i = 0; i < f->n && f->bytes[i] != '>'; i++) {
        int digit = pdf_hex_digit(f->bytes[i]);
        if (digit < 0 && pdf_lex_is_blank(f->bytes[i]))
            continue;
        if (digit < 0)
            return pdf_fail(f->pdf, f->offset, "hexadecimal data is damaged at its byte %zu", i);
        byte = (uint8_t)(byte << 4 | digit);
        if (++digits % 2 == 0 && !pdf_buffer_add(f->pdf, f->out, &byte, 1))
            return false;
    }
    byte = (uint8_t)(byte << 4);
    return digits % 2 == 0 || pdf_buffer_add(f->pdf, f->out, &byte, 1);
}

/* A group of count digits (2 to 5), completed to five with the highest digit, gives count - 1 bytes. */
static bool group_write(struct pdf_filter *f, uint64_t value, unsigned count)
{
    uint8_t bytes[4];
    for (unsigned i = count; i < 5; i++)
        value = value * 85 + 84;
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
    return pdf_buffer_add(f->pdf, f->out, bytes, count - 1);
}

bool pdf_filter_ascii85(struct pdf_filter *f)
{
    uint64_t value = 0;
    unsigned count = 0;
    for (size_t i = 0; i < f->n && f->bytes[i] != '~'; i++) {
        uint8_t c = f->bytes[i];
        if (pdf_lex_is_blank(c))
            continue;
        if (c == 'z' && count == 0) {
            if (!pdf_buffer_add(f->pdf, f->out, "\0\0\0\0", 4))
                return false;
            continue;
        }
        if (c < '!' || c > 'u')
            return pdf_fail(f->pdf, f->offset, "base-85 data is damaged at its byte %zu", i);
        value = value * 85 + (c - '!');
        if (++count == 5) {
            if (value > UINT32_MAX)
                return pdf_fail(f->pdf, f->offset, "base-85 data is damaged at its byte %zu", i);
            if (!group_write(f, value, 5))
                return false;
            value = count = 0;
        }
    }
    return count < 2 || group_write(f, value, count);
}

bool pdf_filter_run_length(struct pdf_filter *f)
{
    for (size_t i = 0; i < f->n && f->bytes[i] != 128;) {
        uint8_t length = f->bytes[i++];
        if (length < 128) {
            size_t n = (size_t)length + 1;
            if (f->n - i < n)
                return pdf_fail(f->pdf, f->offset, "run-length data ends too soon, after %zu bytes", f->n);
            if (!pdf_buffer_add(f->pdf, f->out, f->bytes + i, n))
                return false;
            i += n;
        } else {
            if (i == f->n)
                return pdf_fail(f->pdf, f->offset, "run-length data ends too soon, after %zu bytes", f->n);
            for (unsigned k = 0; k < 257u - length; k++)
                if (!pdf_buffer_add(f->pdf, f->out, f->bytes + i, 1))
                    return false;
            i++;
        }
    }
    return true;
}
