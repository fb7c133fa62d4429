/* SPDX-License-Identifier: MIT */
/*
 * value.c: reading values.  A missing key, an index out of range and a value of another kind all read as PDF_NULL
 * or as the caller's fallback, which is what the specification asks of optional entries.
 */
#include "pdf_internal.h"
#include <string.h>

static const struct pdf_value null_value = {.kind = PDF_NULL};

bool pdf_is(struct pdf_value value, const char *text)
{
    return (value.kind == PDF_NAME || value.kind == PDF_WORD) && strlen(text) == value.count &&
           memcmp(text, value.bytes, value.count) == 0;
}

struct pdf_value pdf_resolve(struct pdf *pdf, struct pdf_value value)
{
    for (unsigned i = 0; value.kind == PDF_REF; i++) {
        if (i == PDF_FETCH_DEPTH_MAX) {
            pdf_error_set(pdf, 0, "object %lld is a chain of references", (long long)value.integer);
            return null_value;
        }
        value = pdf_fetch(pdf, (uint64_t)value.integer);
    }
    return value;
}

struct pdf_value pdf_get_bytes(struct pdf *pdf, const struct pdf_dict *dict, const uint8_t *key, size_t n)
{
    for (uint32_t i = 0; dict && i < dict->count; i++) {
        const struct pdf_value *name = &dict->pairs[2 * i];
        if (name->count == n && memcmp(name->bytes, key, n) == 0)
            return pdf_resolve(pdf, dict->pairs[2 * i + 1]);
    }
    return null_value;
}

struct pdf_value pdf_get(struct pdf *pdf, const struct pdf_dict *dict, const char *key)
{
    return pdf_get_bytes(pdf, dict, (const uint8_t *)key, strlen(key));
}

struct pdf_value pdf_item(struct pdf *pdf, struct pdf_value array, uint32_t index)
{
    if (array.kind != PDF_ARRAY || index >= array.count)
        return null_value;
    return pdf_resolve(pdf, array.items[index]);
}

const struct pdf_dict *pdf_dict_of(struct pdf_value value)
{
    return value.kind == PDF_DICT || value.kind == PDF_STREAM ? value.dict : NULL;
}

const struct pdf_dict *pdf_get_dict(struct pdf *pdf, const struct pdf_dict *dict, const char *key)
{
    return pdf_dict_of(pdf_get(pdf, dict, key));
}

double pdf_number(struct pdf_value value, double fallback)
{
    if (value.kind == PDF_INTEGER)
        return (double)value.integer;
    return value.kind == PDF_REAL ? value.real : fallback;
}

int64_t pdf_integer(struct pdf_value value, int64_t fallback)
{
    if (value.kind == PDF_REAL && value.real > -1e15 && value.real < 1e15)
        return (int64_t)value.real;
    return value.kind == PDF_INTEGER ? value.integer : fallback;
}
