/* SPDX-License-Identifier: MIT */
/*
 * test_pdf.c: the structure of PDF files: header, cross-reference in all its forms, objects, page tree, limits; and
 * that what is damaged ends in an error that says what and where.  test_pdf_stream.c has streams and filters,
 * test_pdf_text.c fonts and text.
 */
#include "test_pdf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct make pdf_made;
static struct make *const m = &pdf_made;

static bool read_now(struct pdf_result *result)
{
    static const struct pdf_limits limits = PDF_LIMITS_DEFAULT;
    uint8_t *copy = malloc(m->n > 0 ? m->n : 1); /* so that a sanitizer sees the very end */
    memcpy(copy, m->bytes, m->n);
    bool ok = pdf_read(copy, m->n, &limits, result);
    free(copy);
    return ok;
}

void expect_text(const char *text)
{
    struct pdf_result result;
    bool ok = read_now(&result);
    if (!ok)
        print_error("%s\n", result.error);
    assert_true(ok);
    assert_string_equal(result.text, text);
    pdf_result_free(&result);
}

void expect_error(const char *part)
{
    struct pdf_result result;
    assert_false(read_now(&result));
    if (!strstr(result.error, part))
        print_error("got: %s\n", result.error);
    assert_non_null(strstr(result.error, part));
    assert_non_null(strstr(result.error, "(byte "));
    assert_null(result.text);
    pdf_result_free(&result);
}

void page_made(const char *content)
{
    make_start(m, "1.4");
    make_page(m, "", content);
}

static void replace_once(const char *what, const char *by)
{
    assert_int_equal(strlen(what), strlen(by));
    for (size_t i = 0; i + strlen(what) <= m->n; i++)
        if (memcmp(m->bytes + i, what, strlen(what)) == 0) {
            memcpy(m->bytes + i, by, strlen(by));
            return;
        }
    fail_msg("%s is not in the file", what);
}

/* ---- header and end ---- */

static void header_versions(void **state)
{
    static const char *const versions[] = {"1.4", "1.5", "1.6", "1.7"};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct pdf_result result;
        make_start(m, versions[i]);
        make_page(m, "", hello);
        make_table(m, "/Root 1 0 R");
        assert_true(read_now(&result));
        assert_int_equal(result.version_major, 1);
        assert_int_equal(result.version_minor, 4 + i);
        assert_int_equal(result.pages, 1);
        pdf_result_free(&result);
    }
}

static void header_version_in_root(void **state)
{
    struct pdf_result result;
    (void)state;
    page_made(hello);
    make_object(m, 1, "<</Type/Catalog/Pages 2 0 R/Version/1.6>>");
    make_table(m, "/Root 1 0 R");
    assert_true(read_now(&result));
    assert_int_equal(result.version_minor, 6);
    pdf_result_free(&result);
}

static void header_after_other_bytes(void **state)
{
    (void)state;
    page_made(hello);
    make_table(m, "/Root 1 0 R");
    memmove(m->bytes + 7, m->bytes, m->n);
    memcpy(m->bytes, "garbage", 7);
    m->n += 7;
    expect_text("Hello\n");
}

static void header_errors(void **state)
{
    (void)state;
    m->n = 0;
    expect_error("no %PDF- header");
    make_start(m, "2.0");
    expect_error("PDF version 2 is not supported");
    make_start(m, "one");
    expect_error("names no version");
    page_made(hello);
    expect_error("no startxref");
    make_text(m, "startxref\nnowhere\n");
    expect_error("no number follows startxref");
    make_startxref(m, 1u << 30);
    expect_error("behind the end of the file");
    make_startxref(m, 3);
    expect_error("no cross-reference is here");
    make_startxref(m, m->offset[4]);
    expect_error("not the cross-reference stream that should be here");
}

/* ---- cross-reference ---- */

static void table_errors(void **state)
{
    (void)state;
    page_made(hello);
    make_table(m, "/Root 1 0 R");
    replace_once("65535 f", "65535 x");
    expect_error("entry of object 0 is damaged");
    page_made(hello);
    make_table(m, "/Root 1 0 R");
    replace_once("trailer", "trawler");
    expect_error("neither a subsection nor a trailer");
    page_made(hello);
    make_table(m, "/Root 1 0 R");
    replace_once("trailer\n<<", "trailer\n( ");
    expect_error("string has no end");
    page_made(hello);
    make_table(m, "/Root 1 0 R");
    replace_once("trailer\n<<", "trailer\n5 ");
    expect_error("no dictionary follows the word trailer");
    page_made(hello);
    make_table(m, "/Root 1 0 R");
    replace_once("0 5\n", "5 0\n");
    expect_error("is damaged");
    page_made(hello);
    make_table(m, "/Root 1 0 R");
    replace_once("3 0 obj", "9 0 obj");
    expect_error("object 9 is here, but the cross-reference says object 3");
    page_made(hello);
    m->offset[3] += 3;
    make_table(m, "/Root 1 0 R");
    expect_error("no object starts here");
    page_made(hello);
    m->offset[3] = 1u << 28;
    make_table(m, "/Root 1 0 R");
    expect_error("behind the end of the file");
}

static void table_incremental(void **state)
{
    char trailer[64];
    (void)state;
    page_made("BT /F 1 Tf (old) Tj ET");
    size_t first = make_table_only(m, "/Root 1 0 R");
    make_startxref(m, first);
    make_stream(m, 4, "", "BT /F 1 Tf (new) Tj ET", 22);
    size_t second = m->n;
    snprintf(trailer, sizeof trailer, "/Size 5/Root 1 0 R/Prev %zu", first);
    make_text(m, "xref\n4 1\n%010zu 00000 n \ntrailer\n<<%s>>\n", m->offset[4], trailer);
    make_startxref(m, second);
    expect_text("new\n");
}

static void table_loop(void **state)
{
    char trailer[64];
    (void)state;
    page_made(hello);
    snprintf(trailer, sizeof trailer, "/Root 1 0 R/Prev %zu", m->n);
    make_table(m, trailer);
    expect_error("form a loop");
    page_made(hello);
    make_table(m, "/Root 1 0 R/Prev -4");
    expect_error("/Prev is no byte offset");
}

static void hybrid_file(void **state)
{
    static const char *const bodies[] = {"<</Type/Font/Subtype/Type1/Encoding/MacRomanEncoding>>", NULL};
    char trailer[64];
    (void)state;
    make_start(m, "1.5");
    make_page(m, "/Font<</F 6 0 R>>", "BT /F 9 Tf (\x8a) Tj ET");
    make_packed(m, 5, 6, bodies);
    size_t stream = make_xref_stream_only(m, 7, "/Root 1 0 R");
    snprintf(trailer, sizeof trailer, "/Root 1 0 R/XRefStm %zu", stream);
    make_table(m, trailer);
    expect_text("\xc3\xa4\n");
}

static void xref_stream_file(void **state)
{
    static const char *const bodies[] = {"<</Type/Catalog/Pages 9 0 R>>", "<</Type/Pages/Kids[10 0 R]/Count 1>>",
                                         "<</Type/Page/Contents 4 0 R>>", NULL};
    (void)state;
    make_start(m, "1.5");
    make_stream(m, 4, "", hello, sizeof hello - 1);
    make_packed(m, 5, 8, bodies);
    make_xref_stream(m, 6, "/Root 8 0 R");
    expect_text("Hello\n");
}

/* A cross-reference stream with rows that are not those of the file. */
static void xref_stream_bad(const char *dict, const char *rows, size_t n, const char *error)
{
    page_made(hello);
    size_t at = m->n;
    make_stream(m, 5, dict, rows, n);
    make_startxref(m, at);
    expect_error(error);
}

static void xref_stream_errors(void **state)
{
    (void)state;
    xref_stream_bad("/Type/XRef/W[1 2]/Size 5/Root 1 0 R", "", 0, "/W of a cross-reference stream");
    xref_stream_bad("/Type/XRef/W[1 2 9]/Size 5/Root 1 0 R", "", 0, "/W of a cross-reference stream");
    xref_stream_bad("/Type/XRef/W[0 0 0]/Size 5/Root 1 0 R", "", 0, "are empty");
    xref_stream_bad("/Type/XRef/W[1 2 1]/Size 5/Root 1 0 R", "abcd", 4, "fewer rows");
    xref_stream_bad("/Type/XRef/W[1 2 1]/Root 1 0 R", "abcd", 4, "/Index of a cross-reference stream");
    xref_stream_bad("/Type/XRef/W[1 2 1]/Index[-1 1]/Root 1 0 R", "abcd", 4, "/Index of a cross-reference stream");
    xref_stream_bad("/Type/XRef/W[1 2 1]/Index[1048570 99]/Root 1 0 R", "abcd", 4, "fewer rows");
    xref_stream_bad("/Type/XRef/W[1 2 1]/Index[1 1]/Root 1 0 R", "\2\0\1\0", 4, "not the object stream");
}

static void packed_errors(void **state)
{
    static const char *const bodies[] = {"<</Type/Font/Name]>>", NULL};
    (void)state;
    make_start(m, "1.5");
    make_page(m, "/Font<</F 6 0 R>>", hello);
    make_packed(m, 5, 6, bodies);
    make_xref_stream(m, 7, "/Root 1 0 R");
    expect_error("is not closed");
    make_start(m, "1.5");
    make_page(m, "/Font<</F 6 0 R>>", hello);
    make_stream(m, 5, "/Type/ObjStm/N 1/First 99", "6 0 <<>>", 8);
    m->packed_in[6] = 5, m->count = 7;
    make_xref_stream(m, 7, "/Root 1 0 R");
    expect_error("wrong /First or /N");
    make_start(m, "1.5");
    make_page(m, "/Font<</F 6 0 R>>", hello);
    make_stream(m, 5, "/Type/ObjStm/N 1/First 4", "8 0 <<>>", 8);
    m->packed_in[6] = 5, m->count = 7;
    make_xref_stream(m, 7, "/Root 1 0 R");
    expect_error("object 6 is not in object stream 5");
    make_start(m, "1.5");
    make_page(m, "/Font<</F 6 0 R>>", hello);
    make_stream(m, 5, "/Type/ObjStm/N 1/First 4", "x 0 <<>>", 8);
    m->packed_in[6] = 5, m->count = 7;
    make_xref_stream(m, 7, "/Root 1 0 R");
    expect_error("index of object stream 5 is damaged");
}

static void encrypted_file(void **state)
{
    (void)state;
    page_made(hello);
    make_object(m, 5, "<</Filter/Standard/V 1>>");
    make_table(m, "/Root 1 0 R/Encrypt 5 0 R");
    expect_error("the file is encrypted");
}

/* ---- objects and syntax ---- */

static void syntax_forms(void **state)
{
    static const char escapes[] = "BT /F 1 Tf (a\\(\\051\\\n(b)\\40) Tj <4 2 4> Tj ET";
    (void)state;
    make_start(m, "1.4");
    make_object(m, 1,
                "<</Type /Cata#6cog %% a remark )>>\n/Pages 2 0 R/N null/T true/R -.5/H <4 1 4>/S (a\\(b(c)\\\\)>>");
    make_object(m, 2, "<</Type/Pages/Kids 5 0 R/Count 6 0 R>>");
    make_object(m, 3, "<</Type/Page/#43ontents 4 0 R>>");
    make_object(m, 5, "[3 0 R]");
    make_object(m, 6, "1");
    make_stream(m, 4, "", escapes, sizeof escapes - 1);
    make_table(m, "/Root 1 0 R");
    expect_text("a()(b) B@\n");
}

static void syntax_errors(void **state)
{
    static const char *const bad[][2] = {
        {"<</Pages 2 0 R", "is not closed"},    {"<</Pages 2 0 R/X (abc>>", "string has no end"},
        {"<</X <12z4>>>", "hexadecimal"},       {"<</X [1 2>>", "is not closed"},
        {"<<1 /Pages>>", "names and values"},   {"<</Pages>>", "names and values"},
        {")", "where no token can start"},      {"]", "closes nothing"},
        {"<</Pages 1 0 R/X ]>>", "not closed"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_start(m, "1.4");
        make_object(m, 1, "%s", bad[i][0]);
        make_table(m, "/Root 1 0 R");
        expect_error(bad[i][1]);
    }
}

static void syntax_depth(void **state)
{
    char deep[200];
    (void)state;
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    make_start(m, "1.4");
    make_object(m, 1, "%s", deep);
    make_table(m, "/Root 1 0 R");
    expect_error("nested more than 64 deep");
}

static void reference_loops(void **state)
{
    (void)state;
    make_start(m, "1.4");
    make_object(m, 1, "2 0 R");
    make_object(m, 2, "1 0 R");
    make_table(m, "/Root 1 0 R");
    expect_error("chain of references");
    make_start(m, "1.4");
    make_object(m, 1, "<</Length 1 0 R>>\nstream\nabc\nendstream");
    make_table(m, "/Root 1 0 R");
    expect_error("needed to read itself");
}

/* ---- page tree ---- */

static void tree_forms(void **state)
{
    (void)state;
    make_start(m, "1.4");
    make_object(m, 1, "<</Pages 2 0 R>>");
    make_object(m, 2, "<</Type/Pages/Kids[5 0 R 6 0 R]/Count 3/Resources<</Font<</F 7 0 R>>>>>>");
    make_object(m, 3, "<</Type/Page/Contents[4 0 R 8 0 R]>>");
    make_stream(m, 4, "", "BT /F 9 Tf (a\x8a) Tj", 18);
    make_object(m, 5, "<</Type/Pages/Kids[]/Count 0>>");
    make_object(m, 6, "<</Type/Pages/Kids[3 0 R]/Count 3>>");
    make_object(m, 7, "<</Type/Font/Subtype/Type1/Encoding/MacRomanEncoding>>");
    make_stream(m, 8, "", "( ) Tj (b) Tj ET", 16);
    make_table(m, "/Root 1 0 R");
    expect_text("a\xc3\xa4 b\n");
}

static void tree_errors(void **state)
{
    static const char *const bad[][2] = {
        {"<</Type/Pages/Count 1>>", "has no /Kids"},
        {"<</Type/Pages/Kids[2 0 R]/Count 1>>", "too deep or has a loop"},
        {"<</Type/Pages/Kids[9 0 R]/Count 1>>", "kid 0 of a node"},
        {"<</Type/Pages/Kids[]/Count 0>>", "has no page"},
        {"<</Type/Pages/Kids[3 0 R]>>", "how many pages"},
        {"null", "no page tree"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        page_made(hello);
        make_object(m, 2, "%s", bad[i][0]);
        make_table(m, "/Root 1 0 R");
        expect_error(bad[i][1]);
    }
    page_made(hello);
    make_table(m, "");
    expect_error("no document root");
}

/* ---- limits and damage ---- */

static void limit_hits(struct pdf_limits limits, const char *part)
{
    struct pdf_result result;
    assert_false(pdf_read(m->bytes, m->n, &limits, &result));
    assert_non_null(strstr(result.error, part));
    pdf_result_free(&result);
}

static void limits_hold(void **state)
{
    static uint8_t zeros[100000];
    (void)state;
    page_made("");
    make_flate(m, 4, "", zeros, sizeof zeros);
    make_table(m, "/Root 1 0 R");
    expect_text("");
    limit_hits((struct pdf_limits){1 << 20, 50000, 1 << 20}, "grows beyond 50000 bytes");
    limit_hits((struct pdf_limits){1 << 20, 1 << 20, 1 << 16}, "more work than is allowed");
    limit_hits((struct pdf_limits){1 << 17, 1 << 20, 1 << 20}, "out of memory");
}

/* Whichever allocation fails, the end is an error and nothing leaks. */
static void memory_sweep(void **state)
{
    static const char *const bodies[] = {"<</Type/Font/Subtype/Type1/Encoding/MacRomanEncoding>>", NULL};
    struct pdf_result result;
    bool ok = false;
    (void)state;
    make_start(m, "1.5");
    make_page(m, "/Font<</F 6 0 R>>", "q BT /F 9 Tf [(a) -900 (b\\051)] TJ ET Q");
    make_packed(m, 5, 6, bodies);
    make_xref_stream(m, 7, "/Root 1 0 R");
    for (size_t memory = 0; !ok; memory += 331) {
        struct pdf_limits limits = {memory, 1 << 20, 1 << 24};
        ok = pdf_read(m->bytes, m->n, &limits, &result);
        assert_true(ok || strstr(result.error, "out of memory"));
        assert_true(memory < 1 << 20);
        pdf_result_free(&result);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_versions),
        cmocka_unit_test(header_version_in_root),
        cmocka_unit_test(header_after_other_bytes),
        cmocka_unit_test(header_errors),
        cmocka_unit_test(table_errors),
        cmocka_unit_test(table_incremental),
        cmocka_unit_test(table_loop),
        cmocka_unit_test(hybrid_file),
        cmocka_unit_test(xref_stream_file),
        cmocka_unit_test(xref_stream_errors),
        cmocka_unit_test(packed_errors),
        cmocka_unit_test(encrypted_file),
        cmocka_unit_test(syntax_forms),
        cmocka_unit_test(syntax_errors),
        cmocka_unit_test(syntax_depth),
        cmocka_unit_test(reference_loops),
        cmocka_unit_test(tree_forms),
        cmocka_unit_test(tree_errors),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(memory_sweep),
    };
    return cmocka_run_group_tests_name("pdf", tests, NULL, NULL) + pdf_stream_tests() + pdf_text_tests();
}
