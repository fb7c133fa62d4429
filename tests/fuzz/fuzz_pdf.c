/* SPDX-License-Identifier: MIT */
/*
 * fuzz_pdf.c: the fuzz target of the PDF reader: whatever the bytes are, it ends in time with either text that is
 * UTF-8 or a message that names a byte.  With clang: -fsanitize=fuzzer,address,undefined and the reader's sources
 * make a libFuzzer of it; fuzz_pdf_main.c drives it without.
 */
#include "fuzz_pdf.h"
#include "workloads/pdf/pdf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fuzz_pdf_was_read;

static void promise(bool held, const char *what, const struct pdf_result *result)
{
    if (held)
        return;
    fprintf(stderr, "fuzz_pdf: %s: \"%s\"\n", what, result->error);
    abort();
}

static bool is_utf8(const unsigned char *at, size_t n)
{
    while (n > 0) {
        size_t more = *at < 0x80 ? 0 : *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : 1;
        if ((*at >= 0x80 && *at < 0xc2) || *at > 0xf4 || more >= n)
            return false;
        for (at++, n--; more > 0; more--, at++, n--)
            if ((*at & 0xc0) != 0x80)
                return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const struct pdf_limits limits = {4u << 20, 2u << 20, 8u << 20};
    struct pdf_result result;
    fuzz_pdf_was_read = pdf_read(data, bytes, &limits, &result);
    if (fuzz_pdf_was_read) {
        promise(result.error[0] == 0, "read, with an error", &result);
        promise(is_utf8((unsigned char *)result.text, result.text_bytes), "the text is no UTF-8", &result);
        promise(result.text[result.text_bytes] == 0, "the text has no end", &result);
    } else {
        promise(strstr(result.error, " (byte ") != NULL, "no place in the error", &result);
        promise(result.text == NULL, "an error, with a text", &result);
    }
    pdf_result_free(&result);
    return 0;
}
