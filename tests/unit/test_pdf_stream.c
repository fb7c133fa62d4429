/* SPDX-License-Identifier: MIT */
/*
 * test_pdf_stream.c: streams of PDF files: where they end, every filter, chains of filters, and every predictor.
 */
#include "test_pdf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct make *const m = &pdf_made;

static void stream_lengths(void **state)
{
    (void)state;
    page_made("");
    make_object(m, 4, "<</Length 5 0 R>>\nstream\r\n%s\nendstream", hello);
    make_object(m, 5, "%zu", strlen(hello));
    make_table(m, "/Root 1 0 R");
    expect_text("Hello\n");
    page_made("");
    make_object(m, 4, "<</Length 3>>\nstream\n%s\r\nendstream", hello);
    make_table(m, "/Root 1 0 R");
    expect_text("Hello\n");
    page_made("");
    make_object(m, 4, "<</Length 99999>>\nstream\n%s", hello);
    make_table(m, "/Root 1 0 R");
    expect_error("has no end");
}

/* One page whose content went through the filters that dict names. */
static void filtered(const char *dict, const void *bytes, size_t n)
{
    page_made("");
    make_stream(m, 4, dict, bytes, n);
    make_table(m, "/Root 1 0 R");
}

static void filter_ascii(void **state)
{
    static const char runs[] = "\x0c"
                               "BT /F 1 Tf (H\xfel\x07o) Tj ET\x80zzz";
    (void)state;
    filtered("/Filter/ASCIIHexDecode", "4254 /F>", 8);
    expect_error("hexadecimal data is damaged");
    filtered("/Filter[/ASCIIHexDecode]", "4254202F46203120546620 28686578 2920546A2045547>", 48);
    expect_text("hex\n");
    filtered("/Filter/ASCII85Decode", "6<#'\\z7PQ#@1a#", 14);
    expect_text("");
    filtered("/Filter/ASCII85Decode", "abc\177", 4);
    expect_error("base-85 data is damaged");
    filtered("/Filter/ASCII85Decode", "uuuuu~>", 7);
    expect_error("base-85 data is damaged");
    filtered("/Filter/RunLengthDecode", runs, sizeof runs - 1);
    expect_text("Hlllo\n");
    filtered("/Filter/RunLengthDecode",
             "\x10"
             "abc",
             4);
    expect_error("run-length data ends too soon");
}

/* A textbook encoder: the table holds (code, byte) pairs, the code for a pair is its place. */
struct lzw {
    uint8_t bytes[1 << 16];
    size_t bits;
    uint16_t code[4096];
    uint8_t byte[4096];
    unsigned count, width;
};

static void lzw_put(struct lzw *lzw, unsigned code)
{
    for (unsigned i = lzw->width; i-- > 0; lzw->bits++)
        lzw->bytes[lzw->bits / 8] |= (uint8_t)((code >> i & 1) << (7 - lzw->bits % 8));
}

static unsigned lzw_find(const struct lzw *lzw, unsigned code, uint8_t byte)
{
    for (unsigned i = 258; i < lzw->count; i++)
        if (lzw->code[i] == code && lzw->byte[i] == byte)
            return i;
    return 0;
}

static void lzw_clear(struct lzw *lzw)
{
    lzw_put(lzw, 256);
    lzw->count = 258;
    lzw->width = 9;
}

static size_t lzw_encode(struct lzw *lzw, const uint8_t *bytes, size_t n, unsigned early)
{
    memset(lzw, 0, sizeof *lzw);
    lzw->width = 9;
    lzw_clear(lzw);
    unsigned code = bytes[0];
    for (size_t i = 1; i < n; i++) {
        unsigned longer = lzw_find(lzw, code, bytes[i]);
        if (longer) {
            code = longer;
            continue;
        }
        lzw_put(lzw, code);
        lzw->code[lzw->count] = (uint16_t)code;
        lzw->byte[lzw->count++] = bytes[i];
        if (lzw->count + early > 1u << lzw->width)
            lzw->width++;
        if (lzw->count == 4094)
            lzw_clear(lzw);
        code = bytes[i];
    }
    lzw_put(lzw, code);
    lzw_put(lzw, 257);
    return (lzw->bits + 7) / 8;
}

/* Long enough to fill the table more than once. */
static void filter_lzw(void **state)
{
    static char content[30000], expected[30000];
    static struct lzw lzw;
    size_t n = (size_t)sprintf(content, "BT /F 9 Tf 12 TL\n"), k = 0;
    uint32_t random = 7;
    (void)state;
    while (n < sizeof content - 40) {
        char word[9] = "";
        for (unsigned i = 0; i < 8; i++)
            word[i] = (char)('a' + (random = random * 1103515245 + 12345, random >> 20) % 20);
        n += (size_t)sprintf(content + n, "(%s) '\n", word);
        k += (size_t)sprintf(expected + k, "%s\n", word);
    }
    for (int early = 0; early < 2; early++) {
        size_t length = lzw_encode(&lzw, (const uint8_t *)content, n, (unsigned)early);
        filtered(early ? "/Filter/LZWDecode" : "/Filter/LZWDecode/DecodeParms<</EarlyChange 0>>", lzw.bytes, length);
        expect_text(expected);
    }
    filtered("/Filter/LZWDecode", "\xff\xff\xff", 3);
    expect_error("LZW data is damaged");
}

static void filter_chain(void **state)
{
    uint8_t packed[256];
    char hex[600] = "";
    (void)state;
    size_t n = make_deflate(hello, sizeof hello - 1, packed, sizeof packed);
    for (size_t i = 0; i < n; i++)
        snprintf(hex + 2 * i, 3, "%02x", packed[i]);
    filtered("/Filter[/ASCIIHexDecode/FlateDecode]/DecodeParms[null null]", hex, 2 * n);
    expect_text("Hello\n");
    filtered("/Filter[/FlateDecode/DCTDecode]", packed, n);
    expect_error("stream filter /DCTDecode is not supported");
    filtered("/Filter 7", packed, n);
    expect_error("filter is not a name");
    filtered("/Filter[/A/A/A/A/A/A/A/A/A]", packed, n);
    expect_error("more than 8 filters");
    filtered("/Filter/FlateDecode", packed, n - 6);
    expect_error("compressed data ends too soon");
    packed[5] ^= 0x55;
    filtered("/Filter/FlateDecode", packed, n);
    expect_error("compressed data");
}

#define ROW 6u

/* What PNG's filter kind predicts for byte i of row. */
static int png_predict(unsigned kind, const uint8_t *row, const uint8_t *above, unsigned i)
{
    int left = i > 0 ? row[i - 1] : 0, up = above[i], corner = i > 0 ? above[i - 1] : 0;
    int guess = left + up - corner;
    int to_left = abs(guess - left), to_up = abs(guess - up), to_corner = abs(guess - corner);
    int nearest = to_left <= to_up && to_left <= to_corner ? left : to_up <= to_corner ? up : corner;
    const int of_kind[] = {0, left, up, (left + up) / 2, nearest};
    return of_kind[kind];
}

/* Every filter of PNG in turn, row by row.  In rows 4 and 9 two of Paeth's distances are equal: under "jf", after "l",
   what is above is taken before what is above to the left, and under "jk", after "h", what is left (PNG, section 9.4).
 */
static void predictor_png(void **state)
{
    static const char content[] = "BT /F 12 Tf 10 10 Td (jf tiel, lots of rows of six, jk as head, end) Tj ET    ";
    static const uint8_t zero[ROW];
    uint8_t rows[20][ROW + 1];
    unsigned count = (sizeof content - 1) / ROW;
    (void)state;
    for (unsigned r = 0; r < count; r++) {
        const uint8_t *row = (const uint8_t *)content + r * ROW, *above = r > 0 ? row - ROW : zero;
        rows[r][0] = (uint8_t)(r % 5);
        for (unsigned i = 0; i < ROW; i++)
            rows[r][i + 1] = (uint8_t)(row[i] - png_predict(r % 5, row, above, i));
    }
    page_made("");
    make_flate(m, 4, "/DecodeParms<</Predictor 15/Columns 6>>", rows, count * (ROW + 1));
    make_table(m, "/Root 1 0 R");
    expect_text("jf tiel, lots of rows of six, jk as head, end\n");
}

/* One row of samples with a number of bits, each the difference to the one before. */
static void predictor_tiff(void **state)
{
    uint8_t row[64], wide[64], nibbles[64];
    size_t n = (sizeof hello - 1) & ~(size_t)1;
    char parms[96];
    (void)state;
    for (size_t i = 0; i < n; i++) {
        row[i] = (uint8_t)(hello[i] - (i >= 2 ? hello[i - 2] : 0));
        unsigned high = (unsigned)hello[i] >> 4, low = hello[i] & 15, last = i > 0 ? hello[i - 1] & 15 : 0;
        nibbles[i] = (uint8_t)(((high - last) & 15) << 4 | ((low - high) & 15));
    }
    for (size_t i = 0; i < n; i += 2) {
        unsigned now = (unsigned)hello[i] << 8 | (unsigned)hello[i + 1];
        unsigned last = i > 0 ? (unsigned)hello[i - 2] << 8 | (unsigned)hello[i - 1] : 0;
        wide[i] = (uint8_t)((now - last) >> 8);
        wide[i + 1] = (uint8_t)(now - last);
    }
    const struct {
        const uint8_t *bytes;
        unsigned colors, bits;
        size_t columns;
    } rows[] = {{row, 2, 8, n / 2}, {wide, 1, 16, n / 2}, {nibbles, 1, 4, n * 2}};
    for (unsigned i = 0; i < 3; i++) {
        snprintf(parms, sizeof parms, "/DecodeParms<</Predictor 2/Colors %u/BitsPerComponent %u/Columns %zu>>",
                 rows[i].colors, rows[i].bits, rows[i].columns);
        page_made("");
        make_flate(m, 4, parms, rows[i].bytes, n);
        make_table(m, "/Root 1 0 R");
        expect_text("Hello\n");
    }
}

static void predictor_errors(void **state)
{
    static const char *const bad[][2] = {
        {"/DecodeParms<</Predictor 15/Columns 6>>", "unknown PNG filter 9"},
        {"/DecodeParms<</Predictor 3>>", "predictor 3 is unknown"},
        {"/DecodeParms<</Predictor 12/BitsPerComponent 5>>", "parameters make no sense"},
        {"/DecodeParms<</Predictor 12/Columns 999999999>>", "parameters make no sense"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        page_made("");
        make_flate(m, 4, bad[i][0], "\x09 abcdef", 8);
        make_table(m, "/Root 1 0 R");
        expect_error(bad[i][1]);
    }
}

int pdf_stream_tests(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_lengths),   cmocka_unit_test(filter_ascii),  cmocka_unit_test(filter_lzw),
        cmocka_unit_test(filter_chain),     cmocka_unit_test(predictor_png), cmocka_unit_test(predictor_tiff),
        cmocka_unit_test(predictor_errors),
    };
    return cmocka_run_group_tests_name("pdf streams", tests, NULL, NULL);
}
