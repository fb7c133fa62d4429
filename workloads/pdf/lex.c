/* SPDX-License-Identifier: MIT */
/*
 * lex.c: tokens (ISO 32000-1, 7.2 and 7.3).  Names and strings point into the source where they can, which is why
 * whatever is lexed must outlive its values; only those with escapes are decoded into the arena.
 */
#include "pdf_internal.h"
#include <string.h>

#define INTEGER_LIMIT 1000000000000000 /* beyond any meaning; keeps sums of two in range */

bool pdf_lex_is_blank(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0;
}

static bool is_delimiter(uint8_t c)
{
    return c == '(' || c == ')' || c == '<' || c == '>' || c == '[' || c == ']' || c == '{' || c == '}' || c == '/' ||
           c == '%';
}

bool pdf_lex_is_regular(uint8_t c)
{
    return !pdf_lex_is_blank(c) && !is_delimiter(c);
}

int pdf_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct pdf_lex pdf_lex_file(struct pdf *pdf, uint64_t offset)
{
    size_t at = offset < pdf->n ? (size_t)offset : pdf->n;
    return (struct pdf_lex){
        .pdf = pdf, .arena = &pdf->arena, .at = pdf->bytes + at, .end = pdf->bytes + pdf->n, .start = pdf->bytes};
}

struct pdf_lex pdf_lex_decoded(struct pdf *pdf, struct pdf_arena *arena, const uint8_t *bytes, size_t n,
                               uint64_t origin)
{
    return (struct pdf_lex){
        .pdf = pdf, .arena = arena, .at = bytes, .end = bytes + n, .start = bytes, .origin = origin, .decoded = true};
}

uint64_t pdf_lex_offset(const struct pdf_lex *lex)
{
    return lex->decoded ? lex->origin : lex->origin + (uint64_t)(lex->at - lex->start);
}

void pdf_lex_skip_blanks(struct pdf_lex *lex)
{
    while (lex->at < lex->end) {
        if (*lex->at == '%')
            while (lex->at < lex->end && *lex->at != '\n' && *lex->at != '\r')
                lex->at++;
        else if (pdf_lex_is_blank(*lex->at))
            lex->at++;
        else
            break;
    }
}

/* A whole or decimal number; false if the text is none. */
static bool number_read(const uint8_t *text, size_t n, struct pdf_value *out)
{
    size_t i = 0, digits = 0;
    bool negative = false;
    int64_t whole = 0;
    double fraction = 0, unit = 1;
    for (; i < n && (text[i] == '+' || text[i] == '-'); i++)
        negative = text[i] == '-';
    for (; i < n && text[i] >= '0' && text[i] <= '9'; i++, digits++)
        whole = whole >= INTEGER_LIMIT ? INTEGER_LIMIT : whole * 10 + (text[i] - '0');
    bool real = i < n && text[i] == '.';
    if (real)
        for (i++; i < n && text[i] >= '0' && text[i] <= '9'; i++, digits++) {
            unit /= 10;
            fraction += unit * (text[i] - '0');
        }
    if (i < n || digits == 0)
        return false;
    if (real)
        *out = (struct pdf_value){.kind = PDF_REAL,
                                  .real = negative ? -(double)whole - fraction : (double)whole + fraction};
    else
        *out = (struct pdf_value){.kind = PDF_INTEGER, .integer = negative ? -whole : whole};
    return true;
}

static void word_read(const uint8_t *text, size_t n, struct pdf_value *out)
{
    if ((*text < 'a' || *text > 'z') && number_read(text, n, out))
        return;
    *out = (struct pdf_value){.kind = PDF_WORD, .count = (uint32_t)n, .bytes = text};
    if (pdf_is(*out, "true") || pdf_is(*out, "false"))
        *out = (struct pdf_value){.kind = PDF_BOOL, .integer = n == 4};
    else if (pdf_is(*out, "null"))
        out->kind = PDF_NULL;
}

static bool name_read(struct pdf_lex *lex, struct pdf_value *out)
{
    const uint8_t *from = lex->at;
    bool escaped = false;
    for (; lex->at < lex->end && pdf_lex_is_regular(*lex->at); lex->at++)
        escaped |= *lex->at == '#';
    size_t n = (size_t)(lex->at - from);
    *out = (struct pdf_value){.kind = PDF_NAME, .count = (uint32_t)n, .bytes = from};
    if (!escaped)
        return true;
    uint8_t *name = pdf_arena_alloc(lex->pdf, lex->arena, n);
    if (!name)
        return false;
    out->bytes = name;
    out->count = 0;
    for (size_t i = 0; i < n; i++) {
        bool code = from[i] == '#' && n - i > 2 && pdf_hex_digit(from[i + 1]) >= 0 && pdf_hex_digit(from[i + 2]) >= 0;
        name[out->count++] = code ? (uint8_t)(pdf_hex_digit(from[i + 1]) << 4 | pdf_hex_digit(from[i + 2])) : from[i];
        i += code ? 2 : 0;
    }
    return true;
}

static bool hex_string_read(struct pdf_lex *lex, struct pdf_value *out)
{
    const uint8_t *close = memchr(lex->at, '>', (size_t)(lex->end - lex->at));
    if (!close)
        return pdf_fail(lex->pdf, pdf_lex_offset(lex), "a hexadecimal string has no end");
    uint8_t *bytes = pdf_arena_alloc(lex->pdf, lex->arena, (size_t)(close - lex->at) / 2 + 1);
    if (!bytes)
        return false;
    uint32_t digits = 0;
    for (; lex->at < close; lex->at++) {
        int digit = pdf_hex_digit(*lex->at);
        if (digit < 0 && !pdf_lex_is_blank(*lex->at))
            return pdf_fail(lex->pdf, pdf_lex_offset(lex), "a hexadecimal string holds something else");
        if (digit >= 0) {
            bytes[digits / 2] |= (uint8_t)(digits % 2 ? digit : digit << 4);
            digits++;
        }
    }
    lex->at = close + 1;
    *out = (struct pdf_value){.kind = PDF_STRING, .count = (digits + 1) / 2, .bytes = bytes};
    return true;
}

/* One escape sequence; text is behind the backslash.  Appends what it stands for and returns what follows it. */
static const uint8_t *escape_read(const uint8_t *text, const uint8_t *end, uint8_t *bytes, uint32_t *count)
{
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    if (text == end)
        return text;
    uint8_t c = *text++;
    if (c == '\r' && text < end && *text == '\n')
        return text + 1; /* a line broken for the eye only */
    if (c == '\r' || c == '\n')
        return text;
    if (c >= '0' && c <= '7') {
        unsigned code = c - '0';
        for (int i = 0; i < 2 && text < end && *text >= '0' && *text <= '7'; i++)
            code = code * 8 + (*text++ - '0');
        bytes[(*count)++] = (uint8_t)code;
        return text;
    }
    const char *special = memchr(from, c, 5);
    bytes[(*count)++] = special ? (uint8_t)to[special - from] : c;
    return text;
}

static bool string_decode(struct pdf_lex *lex, const uint8_t *from, const uint8_t *to, struct pdf_value *out)
{
    uint8_t *bytes = pdf_arena_alloc(lex->pdf, lex->arena, (size_t)(to - from));
    uint32_t count = 0;
    if (!bytes)
        return false;
    while (from < to) {
        uint8_t c = *from++;
        if (c == '\\') {
            from = escape_read(from, to, bytes, &count);
        } else {
            if (c == '\r' && from < to && *from == '\n')
                from++;
            bytes[count++] = c == '\r' ? '\n' : c;
        }
    }
    *out = (struct pdf_value){.kind = PDF_STRING, .count = count, .bytes = bytes};
    return true;
}

static bool string_read(struct pdf_lex *lex, struct pdf_value *out)
{
    const uint8_t *from = lex->at, *at = from;
    unsigned open = 1;
    bool plain = true;
    for (; at < lex->end && open > 0; at++) {
        plain &= *at != '\\' && *at != '\r';
        if (*at == '\\')
            at++;
        else if (*at == '(')
            open++;
        else if (*at == ')')
            open--;
    }
    if (open > 0)
        return pdf_fail(lex->pdf, pdf_lex_offset(lex), "a string has no end");
    lex->at = at;
    at--;
    if (!plain)
        return string_decode(lex, from, at, out);
    *out = (struct pdf_value){.kind = PDF_STRING, .count = (uint32_t)(at - from), .bytes = from};
    return true;
}

/* A token that starts with a delimiter other than '/' and '('. */
static bool delimiter_read(struct pdf_lex *lex, struct pdf_value *out)
{
    uint8_t c = *lex->at++;
    bool twice = lex->at < lex->end && *lex->at == c;
    if (c == '<' && !twice)
        return hex_string_read(lex, out);
    if (c == '[' || c == ']') {
        out->kind = c == '[' ? PDF_ARRAY_START : PDF_ARRAY_END;
    } else if (twice && (c == '<' || c == '>')) {
        lex->at++;
        out->kind = c == '<' ? PDF_DICT_START : PDF_DICT_END;
    } else if (c == '{' || c == '}') {
        *out = (struct pdf_value){.kind = PDF_WORD, .count = 1, .bytes = lex->at - 1};
    } else {
        lex->at--;
        return pdf_fail(lex->pdf, pdf_lex_offset(lex), "'%c' stands where no token can start", c);
    }
    return true;
}

bool pdf_lex_next(struct pdf_lex *lex, struct pdf_value *out)
{
    const uint8_t *from = lex->at;
    bool ok = true;
    pdf_lex_skip_blanks(lex);
    *out = (struct pdf_value){.kind = PDF_END};
    if (lex->at < lex->end) {
        if (*lex->at == '/') {
            lex->at++;
            ok = name_read(lex, out);
        } else if (*lex->at == '(') {
            lex->at++;
            ok = string_read(lex, out);
        } else if (is_delimiter(*lex->at)) {
            ok = delimiter_read(lex, out);
        } else {
            const uint8_t *word = lex->at;
            while (lex->at < lex->end && pdf_lex_is_regular(*lex->at))
                lex->at++;
            word_read(word, (size_t)(lex->at - word), out);
        }
    }
    return ok && !lex->pdf->failed && pdf_charge(lex->pdf, (uint64_t)(lex->at - from) + 1);
}

bool pdf_lex_reference(struct pdf_lex *lex)
{
    const uint8_t *at = lex->at;
    while (at < lex->end && pdf_lex_is_blank(*at))
        at++;
    const uint8_t *digits = at;
    while (at < lex->end && *at >= '0' && *at <= '9')
        at++;
    const uint8_t *gap = at;
    while (at < lex->end && pdf_lex_is_blank(*at))
        at++;
    if (digits == lex->at || gap == digits || at == gap || at == lex->end || *at != 'R')
        return false;
    if (at + 1 < lex->end && pdf_lex_is_regular(at[1]))
        return false;
    lex->at = at + 1;
    return true;
}
