/* SPDX-License-Identifier: MIT */
/*
 * stream.c: a stream's bytes through its chain of filters (7.3.8, 7.4).  One table says which filters there are;
 * the decoders of pictures are left out, as no text comes out of them.
 */
#include "pdf_internal.h"
#include <string.h>

static const struct filter {
    const char *name;
    bool (*run)(struct pdf_filter *f);
    bool predicts;
} filters[] = {
    {"FlateDecode", pdf_filter_flate, true},           {"LZWDecode", pdf_filter_lzw, true},
    {"ASCIIHexDecode", pdf_filter_hex, false},         {"ASCII85Decode", pdf_filter_ascii85, false},
    {"RunLengthDecode", pdf_filter_run_length, false},
};

void pdf_bytes_free(struct pdf *pdf, struct pdf_bytes *bytes)
{
    pdf_block_free(pdf, bytes->block);
    *bytes = (struct pdf_bytes){0};
}

static const struct filter *filter_find(struct pdf *pdf, uint64_t offset, struct pdf_value name)
{
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        if (pdf_is(name, filters[i].name))
            return &filters[i];
    if (name.kind == PDF_NAME)
        pdf_error_set(pdf, offset, "stream filter /%.*s is not supported", name.count < 40 ? (int)name.count : 40,
                      (const char *)name.bytes);
    else
        pdf_error_set(pdf, offset, "a stream's filter is not a name");
    return NULL;
}

/* Replaces what is in data by what the filter makes of it. */
static bool filter_apply(struct pdf *pdf, const struct pdf_dict *stream, struct pdf_value name,
                         const struct pdf_dict *parms, struct pdf_bytes *data)
{
    struct pdf_buffer out = {0};
    const struct filter *filter = filter_find(pdf, stream->offset, name);
    struct pdf_filter f = {pdf, stream->offset, parms, data->bytes, data->n, &out};
    if (!filter || !pdf_charge(pdf, data->n) || !pdf_buffer_reserve(pdf, &out, 1) || !filter->run(&f))
        return false; /* the byte reserved makes even no output have an address */
    if (!pdf_charge(pdf, out.n) || (filter->predicts && parms && !pdf_predict(&f)))
        return false;
    pdf_bytes_free(pdf, data);
    *data = (struct pdf_bytes){out.bytes, out.n, out.bytes};
    return true;
}

bool pdf_stream_decode(struct pdf *pdf, const struct pdf_dict *stream, struct pdf_bytes *out)
{
    struct pdf_value filter = pdf_get(pdf, stream, "Filter");
    struct pdf_value parms = pdf_get(pdf, stream, "DecodeParms");
    *out = (struct pdf_bytes){stream->raw, stream->raw_bytes, NULL};
    if (pdf->failed)
        return false;
    if (filter.kind == PDF_NULL)
        return true;
    if (filter.kind != PDF_ARRAY)
        return filter_apply(pdf, stream, filter, pdf_dict_of(parms.kind == PDF_ARRAY ? pdf_item(pdf, parms, 0) : parms),
                            out);
    if (filter.count > PDF_FILTERS_MAX)
        return pdf_fail(pdf, stream->offset, "a stream has more than %u filters", PDF_FILTERS_MAX);
    for (uint32_t i = 0; i < filter.count; i++) {
        const struct pdf_dict *own = pdf_dict_of(parms.kind == PDF_ARRAY ? pdf_item(pdf, parms, i) : parms);
        if (!filter_apply(pdf, stream, pdf_item(pdf, filter, i), own, out))
            return false;
    }
    return !pdf->failed;
}
