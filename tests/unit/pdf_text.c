/* SPDX-License-Identifier: MIT */
/*
 * pdf_text FILE...: prints the text that pdf_open finds in each file, for comparison with other programs.
 */
#include "workloads/pdf/pdf.h"
#include <stdio.h>
#include <stdlib.h>

static uint8_t *file_load(const char *path, size_t *n)
{
    uint8_t *bytes = NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && ftell(file) > 0) {
        *n = (size_t)ftell(file);
        bytes = malloc(*n);
        rewind(file);
        if (bytes && fread(bytes, 1, *n, file) != *n) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    struct pdf_limits limits = PDF_LIMITS_DEFAULT;
    int status = argc < 2 ? 2 : 0;
    for (int i = 1; i < argc; i++) {
        struct pdf_result result;
        size_t n = 0;
        uint8_t *bytes = file_load(argv[i], &n);
        if (bytes && pdf_read(bytes, n, &limits, &result)) {
            fwrite(result.text, 1, result.text_bytes, stdout);
            pdf_result_free(&result);
        } else {
            fprintf(stderr, "%s: %s\n", argv[i], bytes ? result.error : "cannot be read");
            status = 1;
        }
        free(bytes);
    }
    return status;
}
