/* SPDX-License-Identifier: MIT */
/*
 * fuzz_pdf_main.c: fuzz_pdf COUNT SEED FILE...: damages PDF files COUNT times, each time anew, and hands each one to
 * the fuzz target.  Beside the files given, which are mostly compressed, it starts from some of its own that are
 * not, so that the damage reaches objects, fonts and text too.  Prints what to call to see the same again if it is
 * stopped.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz_pdf.h"
#include "tests/unit/pdf_make.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEEDS_MAX 64u
#define BYTES_MAX (1u << 20)
#define SECONDS_EACH 20u

static struct {
    uint8_t *bytes;
    size_t n;
} seeds[SEEDS_MAX];
static unsigned seed_count;
static uint64_t random_state;
static unsigned long current, first_seed;

static uint32_t random_below(size_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % (n > 0 ? n : 1));
}

static void seed_add(const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n + 1);
    if (seed_count == SEEDS_MAX || !copy) {
        free(copy);
        return;
    }
    memcpy(copy, bytes, n);
    seeds[seed_count].bytes = copy;
    seeds[seed_count++].n = n;
}

static int seed_load(const char *path)
{
    static uint8_t bytes[BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    seed_add(bytes, n);
    return 0;
}

static const char content[] =
    "q 1 0 0 1 5 5 cm BT /F 10 Tf 12 TL 50 700 Td (one) Tj [(t) 80 (w\\157) -300 <6f>] TJ T* (x) ' 1 2 (y) \" ET Q\n"
    "/Span<</ActualText<feff00e4>>>BDC BT /G 9 Tf <10119001> Tj ET EMC /X Do BI /W 1 ID abc EI q\n"
    "BT /T 1 Tf 1 0 .2 1 3 4 Tm (ab) Tj 0 -2 TD /S 7 Tf (AB) Tj 90 Tz 2 Tc 1 Tw ( c) Tj ET";
static const char cmap[] = "begincmap 1 begincodespacerange <00> <80> endcodespacerange\n"
                           "1 begincodespacerange <8100> <ffff> endcodespacerange\n"
                           "1 beginbfchar <01> <006600660069> endbfchar\n"
                           "2 beginbfrange <10> <12> <0041> <9000> <9002> [<0078> <0079> <d83dde00>] endbfrange\n"
                           "endcmap";
static const char type1[] = "%!\n/Encoding 256 array\ndup 65 /fi put dup 66 /uni20AC put\nreadonly def";

/* Everything that a page can lead to, uncompressed. */
static void objects_add(struct make *m)
{
    make_page(m, "/Font<</F 5 0 R/G 6 0 R/T 9 0 R/S 10 0 R>>/XObject<</X 13 0 R>>/Properties<</P<</ActualText(q)>>>>",
              content);
    make_object(m, 5, "<</Subtype/Type1/BaseFont/Times/Encoding<</Differences[111/f_i.x/Scaron]>>>>");
    make_object(m, 6, "<</Subtype/Type0/Encoding/Other-H/DescendantFonts[8 0 R]/ToUnicode 7 0 R>>");
    make_stream(m, 7, "", cmap, sizeof cmap - 1);
    make_object(m, 8, "<</DW 300/W[36864[500 500] 36866 36870 700]>>");
    make_object(m, 9, "<</Subtype/Type3/FontMatrix[.01 0 0 .01 0 0]/FirstChar 97/Widths[50 60]>>");
    make_object(m, 10, "<</Subtype/Type1/FontDescriptor 11 0 R>>");
    make_object(m, 11, "<</FontFile 12 0 R/MissingWidth 250>>");
    make_stream(m, 12, "/Length1 400", type1, sizeof type1 - 1);
    make_stream(m, 13, "/Subtype/Form/Matrix[1 0 0 1 0 9]/Filter[/ASCIIHexDecode/RunLengthDecode]",
                "0b4254202f4620392054662028810004612954 6a80>", 44);
}

static void seeds_make(void)
{
    static const char *const bodies[] = {"<</Type/Catalog/Pages 15 0 R>>", "<</Kids[3 0 R]/Count 1>>", NULL};
    static const char twice[] = "4254202F46203120546620287829 2720455420>";
    static struct make m;
    make_start(&m, "1.4");
    objects_add(&m);
    make_table(&m, "/Root 1 0 R");
    seed_add(m.bytes, m.n);
    make_start(&m, "1.5");
    objects_add(&m);
    make_packed(&m, 16, 14, bodies);
    make_xref_stream(&m, 17, "/Root 14 0 R");
    seed_add(m.bytes, m.n);
    make_start(&m, "1.4");
    make_page(&m, "", "");
    make_stream(&m, 4, "/Filter[/ASCIIHexDecode]", twice, sizeof twice - 1);
    size_t first = make_table_only(&m, "/Root 1 0 R");
    make_stream(&m, 4, "/Filter/ASCII85Decode", "6<#'\\7PQ#@1a#b0+>GW", 19);
    char trailer[64];
    snprintf(trailer, sizeof trailer, "/Root 1 0 R/Prev %zu", first);
    make_table(&m, trailer);
    seed_add(m.bytes, m.n);
}

/* Digits at a random place become another number of the same length. */
static void damage_number(uint8_t *bytes, size_t n)
{
    size_t at = random_below(n);
    for (size_t i = 0; i < n && (bytes[at] < '0' || bytes[at] > '9'); i++)
        at = (at + 1) % n;
    unsigned kind = random_below(4);
    for (; at < n && bytes[at] >= '0' && bytes[at] <= '9'; at++)
        bytes[at] = (uint8_t)(kind == 0 ? '9' : kind == 1 ? '0' : '0' + random_below(10));
}

static void damage_word(uint8_t *bytes, size_t n)
{
    static const char *const words[] = {
        "<<",   ">>",    "[",   "]",      "(",     ")",     "endobj", "stream",  "obj",     "xref",     "R",     "/",
        "null", "-1",    "1e9", "BT",     "ET",    "q",     "Do",     "TJ",      "Tf",      "/Kids",    "/Prev", "/W",
        "/N",   "/Size", "<",   "/First", "1 0 R", "3 0 R", "/Index", "/Filter", "/Length", "endstream"};
    const char *word = words[random_below(sizeof words / sizeof words[0])];
    size_t length = strlen(word);
    if (n > length)
        memcpy(bytes + random_below(n - length), word, length);
}

static void damage_copy(uint8_t *bytes, size_t n)
{
    size_t length = 1 + random_below(n < 64 ? n : 64), from = random_below(n - length + 1);
    memmove(bytes + random_below(n - length + 1), bytes + from, length);
}

/* One change; the new length. */
static size_t damage(uint8_t *bytes, size_t n)
{
    size_t at = random_below(n);
    switch (random_below(12)) {
    case 0:
        return random_below(8) == 0 ? 1 + random_below(n) : n; /* cut short, now and then */
    case 1:
        memmove(bytes + at, bytes + at + 1, n - at - 1); /* everything behind it moves */
        return n > 1 ? n - 1 : n;
    case 2:
    case 3:
    case 4:
        damage_number(bytes, n);
        return n;
    case 5:
    case 6:
        damage_word(bytes, n);
        return n;
    case 7:
    case 8:
        damage_copy(bytes, n);
        return n;
    case 9:
        bytes[at] ^= (uint8_t)(1u << random_below(8));
        return n;
    default:
        bytes[at] = (uint8_t)random_below(256);
        return n;
    }
}

static void stopped(int signal)
{
    fprintf(stderr, "fuzz_pdf: stopped by signal %d; to repeat: COUNT 1 SEED %lu\n", signal, first_seed + current);
    _exit(1);
}

static void input_run(unsigned long seed)
{
    random_state = seed * 0x9e3779b97f4a7c15u + 1;
    random_below(2);
    unsigned which = random_below(seed_count);
    size_t n = seeds[which].n;
    uint8_t *bytes = malloc(n + 1); /* a block of its own, so that a sanitizer sees the edge */
    if (!bytes || n == 0)
        exit(1);
    memcpy(bytes, seeds[which].bytes, n);
    for (unsigned i = 1u << random_below(5); i > 0; i--)
        n = damage(bytes, n);
    uint8_t *exact = realloc(bytes, n);
    alarm(SECONDS_EACH);
    LLVMFuzzerTestOneInput(exact ? exact : bytes, n);
    free(exact ? exact : bytes);
}

int main(int argc, char **argv)
{
    unsigned long count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, readable = 0;
    if (count == 0) {
        fprintf(stderr, "usage: fuzz_pdf COUNT SEED FILE...\n");
        return 2;
    }
    first_seed = strtoul(argv[2], NULL, 10);
    seeds_make();
    for (int i = 3; i < argc; i++)
        if (seed_load(argv[i]) != 0) {
            fprintf(stderr, "fuzz_pdf: %s cannot be read\n", argv[i]);
            return 2;
        }
    signal(SIGABRT, stopped);
    signal(SIGALRM, stopped);
    for (current = 0; current < count; current++) {
        input_run(first_seed + current);
        readable += fuzz_pdf_was_read;
    }
    printf("fuzz_pdf: %lu damaged files: %lu could still be read, %lu were refused\n", count, readable,
           count - readable);
    return 0;
}
