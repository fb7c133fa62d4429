/* SPDX-License-Identifier: MIT */
/*
 * pdf_make.c: see pdf_make.h.  Everything asserts: a test that builds a wrong file must not pass by accident.
 */
#include "pdf_make.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

void make_add(struct make *m, const void *bytes, size_t n)
{
    assert(m->n + n <= sizeof m->bytes);
    if (n > 0)
        memcpy(m->bytes + m->n, bytes, n);
    m->n += n;
}

static void text_add(struct make *m, const char *format, va_list args)
{
    size_t room = sizeof m->bytes - m->n;
    int n = vsnprintf((char *)m->bytes + m->n, room, format, args);
    assert(n >= 0 && (size_t)n < room);
    m->n += (size_t)n;
}

void make_text(struct make *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_add(m, format, args);
    va_end(args);
}

void make_start(struct make *m, const char *version)
{
    memset(m, 0, sizeof *m);
    make_text(m, "%%PDF-%s\n%%\xe2\xe3\xcf\xd3\n", version);
}

static void object_note(struct make *m, unsigned number)
{
    assert(number < MAKE_OBJECTS);
    m->offset[number] = m->n;
    m->packed_in[number] = 0;
    if (number >= m->count)
        m->count = number + 1;
}

void make_object(struct make *m, unsigned number, const char *format, ...)
{
    va_list args;
    object_note(m, number);
    make_text(m, "%u 0 obj\n", number);
    va_start(args, format);
    text_add(m, format, args);
    va_end(args);
    make_text(m, "\nendobj\n");
}

void make_stream(struct make *m, unsigned number, const char *extra, const void *bytes, size_t n)
{
    object_note(m, number);
    make_text(m, "%u 0 obj\n<<%s/Length %zu>>\nstream\n", number, extra, n);
    make_add(m, bytes, n);
    make_text(m, "\nendstream\nendobj\n");
}

size_t make_deflate(const void *bytes, size_t n, uint8_t *out, size_t room)
{
    uLongf length = room;
    int status = compress(out, &length, bytes, n);
    assert(status == Z_OK);
    (void)status;
    return length;
}

void make_flate(struct make *m, unsigned number, const char *extra, const void *bytes, size_t n)
{
    static uint8_t packed[1 << 17];
    char dict[512];
    snprintf(dict, sizeof dict, "%s/Filter/FlateDecode", extra);
    make_stream(m, number, dict, packed, make_deflate(bytes, n, packed, sizeof packed));
}

void make_packed(struct make *m, unsigned number, unsigned first, const char *const *bodies)
{
    char head[512] = "", body[4096] = "", extra[128];
    unsigned count = 0;
    for (; bodies[count]; count++) {
        unsigned object = first + count;
        assert(object < MAKE_OBJECTS);
        snprintf(head + strlen(head), sizeof head - strlen(head), "%u %zu ", object, strlen(body));
        snprintf(body + strlen(body), sizeof body - strlen(body), "%s ", bodies[count]);
        m->packed_in[object] = number;
        m->packed_index[object] = count;
        if (object >= m->count)
            m->count = object + 1;
    }
    snprintf(extra, sizeof extra, "/Type/ObjStm/N %u/First %zu", count, strlen(head));
    size_t split = strlen(head);
    char both[sizeof head + sizeof body];
    memcpy(both, head, split);
    memcpy(both + split, body, strlen(body));
    make_flate(m, number, extra, both, split + strlen(body));
}

void make_startxref(struct make *m, size_t offset)
{
    make_text(m, "startxref\n%zu\n%%%%EOF\n", offset);
}

size_t make_table_only(struct make *m, const char *trailer)
{
    size_t at = m->n;
    make_text(m, "xref\n0 %u\n0000000000 65535 f \n", m->count);
    for (unsigned i = 1; i < m->count; i++)
        make_text(m, "%010zu 00000 %c \n", m->offset[i], m->offset[i] && !m->packed_in[i] ? 'n' : 'f');
    make_text(m, "trailer\n<</Size %u%s>>\n", m->count, trailer);
    return at;
}

void make_table(struct make *m, const char *trailer)
{
    make_startxref(m, make_table_only(m, trailer));
}

/* Rows of 1 + 3 + 1 bytes, each with the PNG filter "up" against the one before. */
size_t make_xref_stream_only(struct make *m, unsigned number, const char *trailer)
{
    uint8_t rows[MAKE_OBJECTS][5] = {{0}}, filtered[MAKE_OBJECTS][6];
    char extra[512];
    object_note(m, number);
    size_t at = m->n;
    for (unsigned i = 1; i < m->count; i++) {
        size_t place = m->packed_in[i] ? m->packed_in[i] : m->offset[i];
        rows[i][0] = m->packed_in[i] ? 2 : m->offset[i] ? 1 : 0;
        rows[i][1] = (uint8_t)(place >> 16);
        rows[i][2] = (uint8_t)(place >> 8);
        rows[i][3] = (uint8_t)place;
        rows[i][4] = (uint8_t)m->packed_index[i];
    }
    for (unsigned i = 0; i < m->count; i++) {
        filtered[i][0] = 2;
        for (unsigned k = 0; k < 5; k++)
            filtered[i][k + 1] = (uint8_t)(rows[i][k] - (i > 0 ? rows[i - 1][k] : 0));
    }
    snprintf(extra, sizeof extra, "/Type/XRef/W[1 3 1]/Size %u/DecodeParms<</Predictor 12/Columns 5>>%s", m->count,
             trailer);
    make_flate(m, number, extra, filtered, m->count * 6u);
    return at;
}

void make_xref_stream(struct make *m, unsigned number, const char *trailer)
{
    make_startxref(m, make_xref_stream_only(m, number, trailer));
}

void make_page(struct make *m, const char *resources, const char *content)
{
    make_object(m, 1, "<</Type/Catalog/Pages 2 0 R>>");
    make_object(m, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    make_object(m, 3, "<</Type/Page/Parent 2 0 R/Resources<<%s>>/Contents 4 0 R>>", resources);
    make_stream(m, 4, "", content, strlen(content));
}
