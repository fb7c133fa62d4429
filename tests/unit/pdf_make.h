/* SPDX-License-Identifier: MIT */
/*
 * pdf_make.h: writes small PDF files into memory for tests, sound or damaged in one chosen way.
 *
 *      struct make m;
 *      make_start(&m, "1.4");
 *      make_object(&m, 1, "<</Type/Catalog/Pages 2 0 R>>");
 *      make_stream(&m, 4, "", content, strlen(content));
 *      make_table(&m, "/Root 1 0 R");                     // cross-reference, trailer, startxref
 */
#ifndef PDF_MAKE_H
#define PDF_MAKE_H

#include <stddef.h>
#include <stdint.h>

#define MAKE_OBJECTS 64

struct make {
    uint8_t bytes[1 << 18];
    size_t n;
    size_t offset[MAKE_OBJECTS]; /* of each object; 0: none */
    unsigned packed_in[MAKE_OBJECTS], packed_index[MAKE_OBJECTS];
    unsigned count;
};

void make_start(struct make *m, const char *version);
void make_add(struct make *m, const void *bytes, size_t n);
void make_text(struct make *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
void make_object(struct make *m, unsigned number, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* extra: further entries of the dictionary */
void make_stream(struct make *m, unsigned number, const char *extra, const void *bytes, size_t n);
/* The same, with the bytes deflated and /Filter/FlateDecode added. */
void make_flate(struct make *m, unsigned number, const char *extra, const void *bytes, size_t n);
/* An object stream with the bodies given, the first for object first and so on; NULL ends them. */
void make_packed(struct make *m, unsigned number, unsigned first, const char *const *bodies);

/* The end of the file: a classic table, or a cross-reference stream that is object number (PNG predictor up). */
void make_table(struct make *m, const char *trailer);
void make_xref_stream(struct make *m, unsigned number, const char *trailer);
/* The parts: a table without startxref, and startxref; both return or take offsets. */
size_t make_table_only(struct make *m, const char *trailer);
size_t make_xref_stream_only(struct make *m, unsigned number, const char *trailer);
void make_startxref(struct make *m, size_t offset);

/* The objects 1 to 4 of a file of one page: root, page tree, page with the resources given, content. */
void make_page(struct make *m, const char *resources, const char *content);

size_t make_deflate(const void *bytes, size_t n, uint8_t *out, size_t room);

#endif
