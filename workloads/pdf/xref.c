/* SPDX-License-Identifier: MIT */
/*
 * xref.c: where every object is (7.5.4 to 7.5.8).  From startxref a chain of sections leads from the newest to the
 * oldest:
 *
 *      startxref --> section 0 --/Prev--> section 1 --/Prev--> ...
 *                       |
 *                       +--/XRefStm--> a stream with the objects that the table of section 0 calls free
 *
 * A section is a classic table with a trailer, or a stream (xref_stream.c).  What a newer section says of an object
 * stays; the trailer of the newest is the document's.
 */
#include "pdf_internal.h"
#include <string.h>

#define TAIL_BYTES 2048u /* where startxref is looked for; the specification asks for 1024 */

static bool entries_grow(struct pdf *pdf, uint64_t count)
{
    if (count > PDF_OBJECTS_MAX)
        return pdf_fail(pdf, 0, "the file has more than %u objects", PDF_OBJECTS_MAX);
    if (count > pdf->entry_room) {
        uint32_t room = pdf->entry_room * 2 > count ? pdf->entry_room * 2 : (uint32_t)count + 64;
        struct pdf_entry *entries = pdf_block_grow(pdf, pdf->entries, room * sizeof *entries);
        if (!entries)
            return false;
        pdf->entries = entries;
        pdf->entry_room = room;
    }
    if (count > pdf->entry_count) {
        memset(pdf->entries + pdf->entry_count, 0, (size_t)(count - pdf->entry_count) * sizeof *pdf->entries);
        pdf->entry_count = (uint32_t)count;
    }
    return true;
}

bool pdf_xref_set(struct pdf *pdf, uint64_t number, struct pdf_entry entry, bool over_free)
{
    if (number >= pdf->entry_count && !entries_grow(pdf, number + 1))
        return false;
    struct pdf_entry *old = &pdf->entries[number];
    bool hidden = over_free && old->type == PDF_ENTRY_FREE && old->section == entry.section;
    if (old->type == PDF_ENTRY_NONE || hidden)
        *old = entry;
    return true;
}

/* The byte offset that stands behind the last "startxref". */
static bool startxref_find(struct pdf *pdf, uint64_t *offset)
{
    static const char word[] = "startxref";
    size_t low = pdf->n > TAIL_BYTES ? pdf->n - TAIL_BYTES : 0;
    for (size_t at = pdf->n; at-- > low;) {
        if (pdf->n - at < sizeof word || memcmp(pdf->bytes + at, word, sizeof word - 1) != 0)
            continue;
        struct pdf_lex lex = pdf_lex_file(pdf, at + sizeof word - 1);
        struct pdf_value value;
        if (!pdf_lex_next(&lex, &value))
            return false;
        if (value.kind != PDF_INTEGER || value.integer < 0)
            return pdf_fail(pdf, at, "no number follows startxref");
        *offset = (uint64_t)value.integer;
        return true;
    }
    return pdf_fail(pdf, pdf->n, "there is no startxref at the end: the file is cut short or no PDF");
}

/* One line of a classic table: OFFSET GENERATION n or f. */
static bool table_entry(struct pdf_lex *lex, uint64_t number, unsigned section)
{
    struct pdf_value offset, generation, type;
    uint64_t at = pdf_lex_offset(lex);
    if (!pdf_lex_next(lex, &offset) || !pdf_lex_next(lex, &generation) || !pdf_lex_next(lex, &type))
        return false;
    bool in_use = pdf_is(type, "n");
    if (offset.kind != PDF_INTEGER || generation.kind != PDF_INTEGER || (!in_use && !pdf_is(type, "f")) ||
        offset.integer < 0)
        return pdf_fail(lex->pdf, at, "the cross-reference entry of object %llu is damaged",
                        (unsigned long long)number);
    in_use = in_use && offset.integer != 0; /* some producers write unused entries so */
    struct pdf_entry entry = {.type = in_use ? PDF_ENTRY_FILE : PDF_ENTRY_FREE,
                              .section = (uint16_t)section,
                              .place = (uint64_t)offset.integer};
    return pdf_xref_set(lex->pdf, number, entry, false);
}

/* The subsections; lex is behind "xref" and ends behind "trailer". */
static bool table_read(struct pdf_lex *lex, unsigned section)
{
    for (;;) {
        struct pdf_value first, count;
        uint64_t at = pdf_lex_offset(lex);
        if (!pdf_lex_next(lex, &first))
            return false;
        if (pdf_is(first, "trailer"))
            return true;
        if (!pdf_lex_next(lex, &count))
            return false;
        if (first.kind != PDF_INTEGER || count.kind != PDF_INTEGER || first.integer < 0 || count.integer < 0 ||
            first.integer + count.integer > PDF_OBJECTS_MAX)
            return pdf_fail(lex->pdf, at, "the cross-reference table has neither a subsection nor a trailer here");
        for (int64_t i = 0; i < count.integer; i++)
            if (!table_entry(lex, (uint64_t)(first.integer + i), section))
                return false;
    }
}

static bool table_section(struct pdf *pdf, struct pdf_lex *lex, unsigned section, const struct pdf_dict **trailer)
{
    struct pdf_value dict;
    if (!table_read(lex, section))
        return false;
    uint64_t at = pdf_lex_offset(lex);
    if (!pdf_parse(lex, &dict))
        return false;
    if (dict.kind != PDF_DICT)
        return pdf_fail(pdf, at, "no dictionary follows the word trailer");
    *trailer = dict.dict;
    struct pdf_value hybrid = pdf_get(pdf, dict.dict, "XRefStm");
    const struct pdf_dict *unused;
    if (hybrid.kind != PDF_INTEGER || hybrid.integer < 0)
        return !pdf->failed;
    return pdf_xref_stream(pdf, (uint64_t)hybrid.integer, section, true, &unused);
}

static bool section_read(struct pdf *pdf, uint64_t offset, unsigned section, const struct pdf_dict **trailer)
{
    struct pdf_value word;
    if (offset >= pdf->n)
        return pdf_fail(pdf, offset, "the cross-reference should be here, behind the end of the file");
    struct pdf_lex lex = pdf_lex_file(pdf, offset);
    if (!pdf_lex_next(&lex, &word))
        return false;
    if (pdf_is(word, "xref"))
        return table_section(pdf, &lex, section, trailer);
    if (word.kind == PDF_INTEGER)
        return pdf_xref_stream(pdf, offset, section, false, trailer);
    return pdf_fail(pdf, offset, "no cross-reference is here, where startxref or /Prev says");
}

bool pdf_xref_load(struct pdf *pdf)
{
    uint64_t *seen = pdf_block_alloc(pdf, PDF_SECTIONS_MAX * sizeof *seen);
    uint64_t offset;
    if (!seen || !startxref_find(pdf, &offset))
        return false;
    for (unsigned section = 0;; section++) {
        for (unsigned i = 0; i < section; i++)
            if (seen[i] == offset)
                return pdf_fail(pdf, offset, "the cross-reference sections form a loop");
        if (section == PDF_SECTIONS_MAX)
            return pdf_fail(pdf, offset, "there are more than %u cross-reference sections", PDF_SECTIONS_MAX);
        seen[section] = offset;
        const struct pdf_dict *trailer;
        if (!section_read(pdf, offset, section, &trailer))
            return false;
        if (section == 0)
            pdf->trailer = trailer;
        struct pdf_value previous = pdf_get(pdf, trailer, "Prev");
        if (pdf->failed || previous.kind == PDF_NULL)
            break;
        if (pdf_integer(previous, -1) < 0)
            return pdf_fail(pdf, trailer->offset, "/Prev is no byte offset");
        offset = (uint64_t)pdf_integer(previous, 0);
    }
    pdf_block_free(pdf, seen);
    return !pdf->failed;
}
