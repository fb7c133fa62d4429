/* SPDX-License-Identifier: MIT */
/*
 * test_pdf_text.c: fonts and text of PDF files, and the committed files of real producers.
 */
#include "test_pdf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct make *const m = &pdf_made;

/* A page whose font F is object 5; more objects may follow before end_made. */
static void font_made(const char *font, const char *content)
{
    make_start(m, "1.4");
    make_page(m, "/Font<</F 5 0 R>>", content);
    make_object(m, 5, "%s", font);
}

static void expect_shown(const char *text)
{
    make_table(m, "/Root 1 0 R");
    expect_text(text);
}

static void shown(const char *font, const char *content, const char *text)
{
    font_made(font, content);
    expect_shown(text);
}

#define SIMPLE "<</Type/Font/Subtype/Type1/BaseFont/Helvetica"
#define SHOW(string) "BT /F 10 Tf " string " Tj ET"

static void simple_encodings(void **state)
{
    (void)state;
    shown(SIMPLE "/Encoding/WinAnsiEncoding>>", SHOW("(\x80\x93\xe9\xdf)"), "€“éß\n");
    shown(SIMPLE "/Encoding/MacRomanEncoding>>", SHOW("(\x8e\xde\xa5)"), "éﬁ•\n");
    shown(SIMPLE "/Encoding/StandardEncoding>>", SHOW("(`a'\xae\xfb)"), "‘a’ﬁß\n");
    shown(SIMPLE ">>", SHOW("(\xfa)"), "œ\n");
    shown(SIMPLE "/Encoding<</BaseEncoding/WinAnsiEncoding/Differences[65/eacute/ffi 90/Euro]>>>>", SHOW("(ABCZ\xe4)"),
          "éﬃC€ä\n");
    shown("null", SHOW("(no font)"), "no font\n");
}

static void glyph_names(void **state)
{
    (void)state;
    shown(SIMPLE "/Encoding<</Differences[65/uni20AC/u1F600/f_f_i/a.sc/one.oldstyle/alpha/nosuchname/.notdef/B]>>>>",
          SHOW("(ABCDEFGI)"),
          "€\xf0\x9f\x98\x80"
          "ffia1α\xef\xbf\xbd"
          "B\n");
    shown(SIMPLE "/Encoding<</Differences[65/uniD800/u110000/uniXYZW/Scaron/lslash/hungarumlaut]>>>>", SHOW("(ABCDEF)"),
          "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdŠł˝\n");
}

static void type1_builtin(void **state)
{
    static const char program[] = "%!FontType1\n/Encoding 256 array\n0 1 255 {1 index exch /.notdef put} for\n"
                                  "dup 12 /fi put\ndup 65 /Omega put\ndup 999 /x put\nreadonly def\ndup 66 /y put";
    (void)state;
    font_made(SIMPLE "/FontDescriptor 6 0 R>>", SHOW("(\\014AB)"));
    make_object(m, 6, "<</FontFile 7 0 R>>");
    make_stream(m, 7, "/Length1 500", program, sizeof program - 1);
    expect_shown("ﬁΩB\n");
}

static const char cmap[] = "/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n"
                           "1 begincodespacerange <00> <80> endcodespacerange\n"
                           "1 begincodespacerange <8100> <ffff> endcodespacerange\n"
                           "2 beginbfchar <01> <0066 0066 0069> <8101> <d83dde00> endbfchar\n"
                           "2 beginbfrange <10> <12> <0041> <9000> <9002> [<0078> <0079> <007a>] endbfrange\n"
                           "endcmap end end";

static void to_unicode(void **state)
{
    (void)state;
    font_made(SIMPLE "/ToUnicode 6 0 R>>", SHOW("<01 10 11 12 20 42>"));
    make_stream(m, 6, "", cmap, sizeof cmap - 1);
    expect_shown("ffiABC B\n");
    font_made(SIMPLE "/ToUnicode 6 0 R>>", SHOW("<01>"));
    make_stream(m, 6, "", "1 beginbfchar [1] <0041> endbfchar", 34);
    make_table(m, "/Root 1 0 R");
    expect_error("no code where one should be");
}

static void composite_fonts(void **state)
{
    (void)state;
    font_made("<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[7 0 R]/ToUnicode 6 0 R>>",
              "BT /F 10 Tf <9000 9001> Tj 10 0 Td <9002 7777> Tj ET");
    make_stream(m, 6, "", cmap, sizeof cmap - 1);
    make_object(m, 7, "<</Subtype/CIDFontType2/DW 300/W[36864[500 500] 36866 36870 700]>>");
    expect_shown("xyz\xef\xbf\xbd\n");
    font_made("<</Type/Font/Subtype/Type0/Encoding/Other-H/DescendantFonts[<<>>]/ToUnicode 6 0 R>>",
              SHOW("<10 9001 8101 11>"));
    make_stream(m, 6, "", cmap, sizeof cmap - 1);
    expect_shown("Ay\xf0\x9f\x98\x80"
                 "B\n");
    font_made("<</Type/Font/Subtype/Type0/Encoding 6 0 R/DescendantFonts[<<>>]/ToUnicode 6 0 R>>", SHOW("<01 8101>"));
    make_stream(m, 6, "", cmap, sizeof cmap - 1);
    expect_shown("ffi\xf0\x9f\x98\x80\n");
    font_made("<</Type/Font/Subtype/Type0/Encoding/Identity-H>>", SHOW("<0001>"));
    make_table(m, "/Root 1 0 R");
    expect_error("composite font has no descendant");
}

static void type3_font(void **state)
{
    (void)state;
    shown("<</Type/Font/Subtype/Type3/FontMatrix[.01 0 0 .01 0 0]/FirstChar 97/LastChar 98/Widths[50 50]"
          "/Encoding<</Differences[97/A/agrave]>>/CharProcs<<>>>>",
          "BT /F 10 Tf (a) Tj 5 0 Td (b) Tj 10 0 Td (a) Tj ET", "Aà A\n");
}

#define FONT SIMPLE "/FirstChar 0/Widths[" W16 W16 W16 W16 W16 W16 W16 W16 "]>>"
#define W16 "500 500 500 500 500 500 500 500 500 500 500 500 500 500 500 500 "

static void text_operators(void **state)
{
    (void)state;
    shown(FONT, "BT /F 10 Tf 12 TL (one) Tj (two) ' 1 2 (three) \" T* (four) Tj ET", "one\ntwo\nthree\nfour\n");
    shown(FONT, "BT /F 10 Tf 50 700 Td (a) Tj 0 -12 TD (b) Tj T* (c) Tj ET", "a\nb\nc\n");
    shown(FONT, "BT /F 10 Tf [(w) 80 (o) -20 (rd) -300 (next)] TJ ET", "word next\n");
    shown(FONT, "BT /F 10 Tf 1 0 0 1 10 10 Tm (a) Tj 1 0 0 1 15 10 Tm (b) Tj 1 0 0 1 25 10 Tm (c) Tj ET", "ab c\n");
    shown(FONT, "BT /F 10 Tf 3 Tc (wide) Tj 0 Tc 200 Tz (x) Tj ( ) Tj (y) Tj ET", "widex y\n");
    shown(FONT, "BT /F 10 Tf (x) Tj /F 7 Tf 5 3 Td (2) Tj ET", "x2\n");
    shown(FONT, "BT /F 10 Tf (flat) Tj 0 1 -1 0 20 0 Tm (up) Tj ET", "flat\nup\n");
    shown(FONT, "q .5 0 0 .5 0 0 cm BT /F 20 Tf (a) Tj ET Q BT /F 10 Tf 5 0 Td (b) Tj ET Q Q", "ab\n");
    shown(FONT, "BT /F 10 Tf (a) Tj nonsense 1 2 3 scn /X Do (b) Tj 7 Tj ET", "ab\n");
}

static void inline_pictures(void **state)
{
    (void)state;
    shown(FONT, "BI /W 2/H 2/BPC 8 ID a EI\1 EIEI xEI EI BT /F 9 Tf (t) Tj ET", "t\n");
    font_made(FONT, "BI /W 2 ID abcdef");
    make_table(m, "/Root 1 0 R");
    expect_error("picture within the content has no end");
    font_made(FONT, "BI /W 2");
    make_table(m, "/Root 1 0 R");
    expect_error("picture within the content has no data");
}

static void actual_text(void **state)
{
    (void)state;
    shown(FONT, "BT /F 10 Tf (a) Tj /Span<</ActualText(xyz)>>BDC /P BMC (b) Tj (c) Tj EMC EMC (d) Tj EMC ET",
          "axyzd\n");
    shown(FONT, "BT /F 10 Tf /Span<</ActualText<feff00e4>>>BDC (ae) Tj EMC ET", "ä\n");
    shown(FONT, "BT /F 10 Tf (a) Tj /Span<</ActualText()>>BDC (-) Tj EMC (b) Tj ET", "ab\n");
}

static void forms_made(const char *resources, const char *form)
{
    make_start(m, "1.4");
    make_page(m, "/XObject<</X 6 0 R>>", "BT /F 10 Tf (a) Tj ET /X Do BT /F 10 Tf 10 0 Td (c) Tj ET");
    make_stream(m, 6, resources, form, strlen(form));
    make_table(m, "/Root 1 0 R");
}

static void forms(void **state)
{
    (void)state;
    forms_made("/Subtype/Form/Matrix[1 0 0 1 0 -20]", "q q q BT /F 10 Tf (b) Tj ET");
    expect_text("a\nb\nc\n");
    forms_made("/Subtype/Form/Resources<</XObject<</X 6 0 R>>>>", "/X Do");
    expect_error("forms are nested more than 12 deep");
    forms_made("/Subtype/Image", "never seen");
    expect_text("a c\n");
    char deep[600];
    for (unsigned i = 0; i < sizeof deep; i++)
        deep[i] = i % 2 ? ' ' : 'q';
    deep[sizeof deep - 1] = 0;
    forms_made("/Subtype/Form", deep);
    expect_error("saved more than 256 times");
}

/* ---- real files ---- */

static size_t file_load(const char *directory, const char *name, const char *kind, uint8_t *bytes, size_t room)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s.%s", directory, name, kind);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, room - 1, file);
    fclose(file);
    bytes[n] = 0;
    return n;
}

static const struct {
    const char *name;
    unsigned minor, pages;
} producers[] = {{"matplotlib", 4, 1}, {"cairo", 5, 1}, {"pdftex", 5, 2}, {"ghostscript", 4, 1}, {"libreoffice", 6, 1}};

static const char *inputs(void)
{
    const char *directory = getenv("PDF_INPUTS");
    return directory ? directory : "workloads/pdf/inputs";
}

static void real_files(void **state)
{
    static uint8_t bytes[1 << 17], expected[1 << 14];
    static const struct pdf_limits limits = PDF_LIMITS_DEFAULT;
    (void)state;
    for (unsigned i = 0; i < sizeof producers / sizeof producers[0]; i++) {
        struct pdf_result result;
        size_t n = file_load(inputs(), producers[i].name, "pdf", bytes, sizeof bytes);
        file_load(inputs(), producers[i].name, "txt", expected, sizeof expected);
        assert_true(pdf_read(bytes, n, &limits, &result));
        assert_int_equal(result.version_minor, producers[i].minor);
        assert_int_equal(result.pages, producers[i].pages);
        assert_string_equal(result.text, (char *)expected);
        pdf_result_free(&result);
    }
}

/* Every file cut short is an error: the cross-reference stands at the end. */
static void real_files_cut(void **state)
{
    static uint8_t bytes[1 << 17];
    static const struct pdf_limits limits = PDF_LIMITS_DEFAULT;
    (void)state;
    for (unsigned i = 0; i < sizeof producers / sizeof producers[0]; i++) {
        size_t n = file_load(inputs(), producers[i].name, "pdf", bytes, sizeof bytes);
        for (size_t cut = 0; cut + 40 < n; cut += 1009) {
            struct pdf_result result;
            assert_false(pdf_read(bytes, cut, &limits, &result));
            assert_true(strlen(result.error) > 0);
            pdf_result_free(&result);
        }
    }
}

int pdf_text_tests(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_encodings), cmocka_unit_test(glyph_names),
        cmocka_unit_test(type1_builtin),    cmocka_unit_test(to_unicode),
        cmocka_unit_test(composite_fonts),  cmocka_unit_test(type3_font),
        cmocka_unit_test(text_operators),   cmocka_unit_test(inline_pictures),
        cmocka_unit_test(actual_text),      cmocka_unit_test(forms),
        cmocka_unit_test(real_files),       cmocka_unit_test(real_files_cut),
    };
    return cmocka_run_group_tests_name("pdf text", tests, NULL, NULL);
}
