/* SPDX-License-Identifier: MIT */
/*
 * flate.c: FlateDecode, by zlib.  zlib's own memory comes from the document too, so it counts towards its limit and
 * works with a zlib that was built without an allocator.
 */
#include "pdf_internal.h"
#include <zlib.h>

static voidpf flate_alloc(voidpf pdf, uInt items, uInt bytes)
{
    return pdf_block_alloc(pdf, (size_t)items * bytes);
}

static void flate_free(voidpf pdf, voidpf memory)
{
    pdf_block_free(pdf, memory);
}

static bool flate_fail(struct pdf_filter *f, const z_stream *z)
{
    if (z->avail_in == 0)
        return pdf_fail(f->pdf, f->offset, "compressed data ends too soon, after %zu bytes", f->n);
    return pdf_fail(f->pdf, f->offset, "compressed data is damaged at its byte %zu: %s", f->n - z->avail_in,
                    z->msg ? z->msg : "no reason known");
}

static bool flate_run(struct pdf_filter *f, z_stream *z)
{
    size_t expected = f->n < f->pdf->limits.stream_bytes / 4 ? f->n * 3 : 0;
    for (int status = Z_OK; status != Z_STREAM_END;) {
        if (!pdf_buffer_reserve(f->pdf, f->out, f->out->n == 0 && expected ? expected : f->out->room / 2 + 512))
            return false;
        z->next_out = f->out->bytes + f->out->n;
        z->avail_out = (uInt)(f->out->room - f->out->n);
        status = inflate(z, Z_NO_FLUSH);
        f->out->n = f->out->room - z->avail_out;
        bool starved = status == Z_BUF_ERROR || (status == Z_OK && z->avail_in == 0 && z->avail_out > 0);
        if ((status != Z_OK && status != Z_STREAM_END) || starved)
            return flate_fail(f, z);
    }
    return true;
}

bool pdf_filter_flate(struct pdf_filter *f)
{
    z_stream z = {.zalloc = flate_alloc, .zfree = flate_free, .opaque = f->pdf};
    z.next_in = (Bytef *)(uintptr_t)f->bytes; /* zlib reads it only */
    z.avail_in = (uInt)f->n;
    if (inflateInit(&z) != Z_OK)
        return pdf_fail(f->pdf, f->offset, "zlib cannot be started: %s", z.msg ? z.msg : "no reason known");
    bool ok = flate_run(f, &z);
    inflateEnd(&z);
    return ok;
}
