/* SPDX-License-Identifier: MIT */
/*
 * pdf_internal.h: what the files of the PDF reader share, bottom up: memory, values, lexer and parser, streams,
 * cross-reference, objects, fonts, text.
 *
 * Errors: the first pdf_fail wins and sticks.  Functions that return bool say false after a failure; functions
 * that return a value give PDF_NULL, which every reader of values accepts, so only loops and sequences with
 * effects have to look at pdf->failed.  All memory belongs to the struct pdf and goes with it.
 */
#ifndef PDF_INTERNAL_H
#define PDF_INTERNAL_H

/* memmem; so this file comes before any of the C library */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "pdf.h"

#define PDF_NESTING_MAX 64u     /* arrays and dictionaries in each other; levels of the page tree */
#define PDF_FETCH_DEPTH_MAX 32u /* objects needed to read an object */
#define PDF_FORM_DEPTH_MAX 12u  /* forms in forms */
#define PDF_OBJECTS_MAX (1u << 20)
#define PDF_SECTIONS_MAX 1024u /* cross-reference sections */
#define PDF_FILTERS_MAX 8u

struct pdf;
struct pdf_dict;

/* ---- memory.c ---- */

struct pdf_block; /* header of an allocation */
struct pdf_chunk;

/* Many small objects that go together. */
struct pdf_arena {
    struct pdf_chunk *chunk;
};

/* Bytes that are being produced. */
struct pdf_buffer {
    uint8_t *bytes;
    size_t n, room;
};

void *pdf_block_alloc(struct pdf *pdf, size_t n);
void *pdf_block_grow(struct pdf *pdf, void *old, size_t n); /* old may be NULL; it stays valid on failure */
void pdf_block_free(struct pdf *pdf, void *block);
void pdf_block_free_all(struct pdf *pdf);
void *pdf_arena_alloc(struct pdf *pdf, struct pdf_arena *arena, size_t n); /* 16-byte aligned, cleared */
void pdf_arena_reset(struct pdf *pdf, struct pdf_arena *arena);
bool pdf_buffer_reserve(struct pdf *pdf, struct pdf_buffer *buffer, size_t extra);
bool pdf_buffer_add(struct pdf *pdf, struct pdf_buffer *buffer, const void *bytes, size_t n);

/* Records the error; offset is in the file.  As an expression it is false, which the compiler should see too. */
void pdf_error_set(struct pdf *pdf, uint64_t offset, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define pdf_fail(...) (pdf_error_set(__VA_ARGS__), false)
/* Takes n from the work that is left. */
bool pdf_charge(struct pdf *pdf, uint64_t n);

/* ---- value.c ---- */

enum pdf_kind {
    PDF_NULL,
    PDF_BOOL,
    PDF_INTEGER,
    PDF_REAL,
    PDF_NAME,
    PDF_STRING,
    PDF_ARRAY,
    PDF_DICT,
    PDF_STREAM,
    PDF_REF,
    PDF_WORD, /* a keyword or an operator */
    /* tokens that never are a whole value */
    PDF_ARRAY_END,
    PDF_DICT_END,
    PDF_ARRAY_START,
    PDF_DICT_START,
    PDF_END,
};

struct pdf_value {
    enum pdf_kind kind;
    uint32_t count; /* bytes of a name, string or word; items of an array */
    union {
        int64_t integer; /* BOOL too; REF: the object's number */
        double real;
        const uint8_t *bytes;
        const struct pdf_value *items;
        const struct pdf_dict *dict;
    };
};

/* A dictionary, or a stream's dictionary with its raw bytes. */
struct pdf_dict {
    uint32_t count;                /* pairs */
    const struct pdf_value *pairs; /* name, value, name, value, ... */
    uint64_t offset;               /* where it is in the file, or in which stream it is */
    const uint8_t *raw;
    size_t raw_bytes;
};

bool pdf_is(struct pdf_value value, const char *text); /* a name or word with that text */
struct pdf_value pdf_resolve(struct pdf *pdf, struct pdf_value value);
/* A dictionary's value, references followed; PDF_NULL if it is missing or dict is NULL. */
struct pdf_value pdf_get(struct pdf *pdf, const struct pdf_dict *dict, const char *key);
struct pdf_value pdf_get_bytes(struct pdf *pdf, const struct pdf_dict *dict, const uint8_t *key, size_t n);
struct pdf_value pdf_item(struct pdf *pdf, struct pdf_value array, uint32_t index);
const struct pdf_dict *pdf_dict_of(struct pdf_value value); /* of a dictionary or stream; else NULL */
const struct pdf_dict *pdf_get_dict(struct pdf *pdf, const struct pdf_dict *dict, const char *key);
double pdf_number(struct pdf_value value, double fallback);
int64_t pdf_integer(struct pdf_value value, int64_t fallback);

/* ---- lex.c, parse.c ---- */

struct pdf_lex {
    struct pdf *pdf;
    struct pdf_arena *arena; /* where strings that need decoding, arrays and dictionaries go */
    const uint8_t *at, *end;
    const uint8_t *start;
    uint64_t origin; /* offset in the file of start, or of the stream that start was decoded from */
    bool decoded;    /* the latter */
};

struct pdf_lex pdf_lex_file(struct pdf *pdf, uint64_t offset);
struct pdf_lex pdf_lex_decoded(struct pdf *pdf, struct pdf_arena *arena, const uint8_t *bytes, size_t n,
                               uint64_t origin);
uint64_t pdf_lex_offset(const struct pdf_lex *lex);
bool pdf_lex_next(struct pdf_lex *lex, struct pdf_value *out); /* one token */
void pdf_lex_skip_blanks(struct pdf_lex *lex);
bool pdf_lex_is_blank(uint8_t c);
bool pdf_lex_is_regular(uint8_t c);
int pdf_hex_digit(uint8_t c); /* -1 if it is none */
/* If "GENERATION R" follows, goes past it. */
bool pdf_lex_reference(struct pdf_lex *lex);
/* One value, which may also be a PDF_WORD or PDF_END. */
bool pdf_parse(struct pdf_lex *lex, struct pdf_value *out);

/* ---- stream.c, flate.c, lzw.c, ascii.c, predict.c ---- */

struct pdf_bytes {
    const uint8_t *bytes;
    size_t n;
    void *block; /* to be freed, or NULL */
};

/* What a filter gets.  It appends to out; pdf_buffer_reserve enforces the limit on a stream. */
struct pdf_filter {
    struct pdf *pdf;
    uint64_t offset; /* of the stream, for messages */
    const struct pdf_dict *parms;
    const uint8_t *bytes;
    size_t n;
    struct pdf_buffer *out;
};

bool pdf_stream_decode(struct pdf *pdf, const struct pdf_dict *stream, struct pdf_bytes *out);
void pdf_bytes_free(struct pdf *pdf, struct pdf_bytes *bytes);
bool pdf_filter_flate(struct pdf_filter *f);
bool pdf_filter_lzw(struct pdf_filter *f);
bool pdf_filter_hex(struct pdf_filter *f);
bool pdf_filter_ascii85(struct pdf_filter *f);
bool pdf_filter_run_length(struct pdf_filter *f);
/* Undoes the predictor that f->parms names, in f->out. */
bool pdf_predict(struct pdf_filter *f);

/* ---- xref.c, fetch.c ---- */

enum pdf_entry_type { PDF_ENTRY_NONE, PDF_ENTRY_FREE, PDF_ENTRY_FILE, PDF_ENTRY_PACKED };

struct pdf_entry {
    uint8_t type;
    bool busy;                      /* being read */
    uint16_t section;               /* that set it; 0 is the newest */
    uint32_t index;                 /* PACKED: which object of the stream */
    uint64_t place;                 /* FILE: offset; PACKED: number of the object stream */
    const struct pdf_value *cached; /* once read */
};

bool pdf_xref_load(struct pdf *pdf); /* fills pdf->entries and pdf->trailer */
bool pdf_xref_set(struct pdf *pdf, uint64_t number, struct pdf_entry entry, bool over_free);
/* An entry's fields in a cross-reference stream; section: as in struct pdf_entry. */
bool pdf_xref_stream(struct pdf *pdf, uint64_t offset, unsigned section, bool over_free,
                     const struct pdf_dict **trailer);

struct pdf_value pdf_fetch(struct pdf *pdf, uint64_t number);
/* The object that begins at offset, whatever its number; *number says which. */
bool pdf_fetch_at(struct pdf *pdf, uint64_t offset, uint64_t *number, struct pdf_value *out);

/* ---- page.c ---- */

struct pdf_page {
    const struct pdf_dict *dict;
    const struct pdf_dict *resources; /* its own or inherited */
};
bool pdf_page_first(struct pdf *pdf, struct pdf_page *page, uint64_t *pages);

/* ---- encoding.c, glyph.c, type1.c, cmap.c, font.c ---- */

/* Up to three code points in 21 bits each, the first lowest; 0 for none. */
typedef uint64_t pdf_points;

/* The code point of a code in one of the standard encodings, or 0. */
enum pdf_encoding { PDF_STANDARD, PDF_WIN_ANSI, PDF_MAC_ROMAN };
uint32_t pdf_encoding_point(enum pdf_encoding encoding, uint8_t code);
pdf_points pdf_glyph_points(const uint8_t *name, size_t n);
/* Reads the encoding that a Type 1 font program brings along into points[256]. */
bool pdf_type1_encoding(struct pdf *pdf, const struct pdf_dict *font_file, pdf_points *points);

struct pdf_cmap_range {
    uint32_t low, high, bytes;
    uint32_t order;      /* the later of two that begin alike counts */
    const uint8_t *text; /* UTF-16BE of low; NULL in a codespace */
    uint32_t text_bytes;
};
struct pdf_cmap {
    struct pdf_cmap_range *ranges, *spaces;
    uint32_t range_count, range_room, space_count, space_room;
};
bool pdf_cmap_load(struct pdf *pdf, const struct pdf_dict *stream, struct pdf_cmap *cmap);
/* How many bytes the next code has (1 to 4, at most n), and the code. */
uint32_t pdf_cmap_code(const struct pdf_cmap *cmap, const uint8_t *bytes, size_t n, uint32_t *code);
const struct pdf_cmap_range *pdf_cmap_find(const struct pdf_cmap *cmap, uint32_t code);

struct pdf_cid_width {
    uint32_t low, high;
    float width;
};
struct pdf_font {
    struct pdf_font *next;
    const struct pdf_dict *dict;
    bool composite;
    bool has_unicode;
    double scale; /* of widths, to text space */
    float width_default;
    float widths[256];
    pdf_points points[256];
    struct pdf_cmap unicode; /* ToUnicode */
    struct pdf_cmap codes;   /* which codes there are: an embedded CMap of a composite font */
    struct pdf_cid_width *cid_widths;
    uint32_t cid_count, cid_room;
};
const struct pdf_font *pdf_font_get(struct pdf *pdf, const struct pdf_dict *dict);
float pdf_font_width(const struct pdf_font *font, uint32_t code);
/* Widths of the fonts that every viewer has, for files that leave them out. */
void pdf_font_widths_standard(struct pdf_font *font, struct pdf_value name);

/* ---- text.c, content.c ---- */

struct pdf_text {
    struct pdf_buffer out;
    bool started;
    double x, y;   /* where the last glyphs ended */
    double dx, dy; /* direction of writing, length 1 */
    double size;
};
struct pdf_place {
    double x, y, dx, dy, size;
};
/* Glyphs come at place: puts the blank or newline that the distance from the last ones means. */
bool pdf_text_place(struct pdf *pdf, struct pdf_text *text, const struct pdf_place *place);
/* They ended at place. */
void pdf_text_advance(struct pdf_text *text, const struct pdf_place *place);
bool pdf_text_add_point(struct pdf *pdf, struct pdf_text *text, uint32_t point);
bool pdf_text_add_points(struct pdf *pdf, struct pdf_text *text, pdf_points points);
bool pdf_text_add_utf16(struct pdf *pdf, struct pdf_text *text, const uint8_t *bytes, size_t n, uint32_t add);
bool pdf_text_add_string(struct pdf *pdf, struct pdf_text *text, struct pdf_value string); /* a PDF text string */
bool pdf_text_finish(struct pdf *pdf, struct pdf_text *text);

bool pdf_content_run(struct pdf *pdf, const struct pdf_page *page, struct pdf_text *text);

/* ---- pdf.c ---- */

struct pdf_packed; /* a decoded object stream */

struct pdf {
    const uint8_t *bytes; /* from the header on */
    size_t n;
    uint64_t base; /* bytes before the header */
    struct pdf_limits limits;
    struct pdf_result *result;
    bool failed;
    size_t memory_used;
    struct pdf_block *blocks;
    struct pdf_arena arena; /* whatever lives as long as the document */
    struct pdf_value *stack;
    uint32_t stack_count, stack_room; /* items of arrays and dictionaries that are being parsed */
    struct pdf_entry *entries;
    uint32_t entry_count, entry_room;
    const struct pdf_dict *trailer;
    struct pdf_packed *packed;
    struct pdf_font *fonts;
    unsigned fetch_depth;
};

#endif
