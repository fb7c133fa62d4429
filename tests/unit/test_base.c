/* SPDX-License-Identifier: MIT */
/*
 * test_base.c: kernels/base against plain models of the same functions.  string.c is compiled into this file under
 * other names, because the C library has the standard ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define memcpy base_memcpy
#define memmove base_memmove
#define memset base_memset
#define memcmp base_memcmp
#define strlen base_strlen
#define strnlen base_strnlen
#define strcmp base_strcmp
#define strncmp base_strncmp
#define strchr base_strchr
#define strstr base_strstr
#include "../../kernels/base/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strstr

#include "base/format.h"
#include "base/list.h"
#include "base/panic.h"

#define ARENA 512

static jmp_buf panic_return;
static char panic_message[256];

void env_panic(const char *message)
{
    snprintf(panic_message, sizeof panic_message, "%s", message);
    longjmp(panic_return, 1);
}

static void fill(unsigned char *p)
{
    for (unsigned i = 0; i < ARENA; i++)
        p[i] = (unsigned char)(i * 7 + i / 256 + 1);
}

/* Every size around the limits between the ways of copying, at every distance that overlaps or nearly does. */
static void test_memmove(void **state)
{
    (void)state;
    unsigned char got[ARENA], want[ARENA], copy[ARENA];
    for (size_t n = 0; n <= 150; n++) {
        for (int distance = -160; distance <= 160; distance++) {
            unsigned from = 180, to = (unsigned)(180 + distance);
            fill(got);
            fill(want);
            fill(copy);
            for (size_t i = 0; i < n; i++)
                want[to + i] = copy[from + i];
            assert_ptr_equal(base_memmove(got + to, got + from, n), got + to);
            assert_int_equal(memcmp(got, want, ARENA), 0);
        }
    }
}

static void test_memcpy_memset(void **state)
{
    (void)state;
    unsigned char got[ARENA], want[ARENA], source[ARENA];
    fill(source);
    for (size_t n = 0; n <= 300; n++) {
        for (unsigned at = 32; at < 48; at++) {
            memset(got, 0xee, ARENA);
            memset(want, 0xee, ARENA);
            memcpy(want + at, source + 64 - at, n);
            assert_ptr_equal(base_memcpy(got + at, source + 64 - at, n), got + at);
            assert_int_equal(memcmp(got, want, ARENA), 0);
            memset(want + at, 0x1a5, n);
            assert_ptr_equal(base_memset(got + at, 0x1a5, n), got + at);
            assert_int_equal(memcmp(got, want, ARENA), 0);
        }
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void test_memcmp(void **state)
{
    (void)state;
    unsigned char a[ARENA], b[ARENA];
    fill(a);
    for (size_t n = 0; n < 70; n++) {
        for (size_t wrong = 0; wrong <= n; wrong++) {
            fill(b);
            b[3 + wrong] ^= 0x81;
            assert_int_equal(sign(base_memcmp(a + 3, b + 3, n)), sign(memcmp(a + 3, b + 3, n)));
        }
    }
}

static void test_strings(void **state)
{
    (void)state;
    static const char *const words[] = {"", "a", "ab", "abc", "b", "aab", "\x80", "\xff", "abababc", "ababc"};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(base_strlen(words[i]), strlen(words[i]));
        assert_int_equal(base_strnlen(words[i], 2), strnlen(words[i], 2));
        for (int c = 0; c < 256; c++)
            assert_ptr_equal(base_strchr(words[i], c), strchr(words[i], c));
        for (unsigned j = 0; j < sizeof words / sizeof *words; j++) {
            assert_int_equal(sign(base_strcmp(words[i], words[j])), sign(strcmp(words[i], words[j])));
            assert_ptr_equal(base_strstr(words[i], words[j]), strstr(words[i], words[j]));
            for (size_t n = 0; n < 4; n++)
                assert_int_equal(sign(base_strncmp(words[i], words[j], n)), sign(strncmp(words[i], words[j], n)));
        }
    }
}

#define ASSERT_FORMAT(...)                                                                                             \
    do {                                                                                                               \
        char got[128], want[128], cut[8];                                                                              \
        int length = snprintf(want, sizeof want, __VA_ARGS__);                                                         \
        assert_int_equal(format_text(got, sizeof got, __VA_ARGS__), length);                                           \
        assert_string_equal(got, want);                                                                                \
        assert_int_equal(format_text(cut, sizeof cut, __VA_ARGS__), length);                                           \
        assert_int_equal(strncmp(cut, want, sizeof cut - 1), 0);                                                       \
        assert_true(strlen(cut) < sizeof cut);                                                                         \
    } while (0)

static void test_format(void **state)
{
    (void)state;
    const char *volatile null = NULL;
    ASSERT_FORMAT("plain %% %c|%5c|%-5c|", 'x', 'y', 'z');
    ASSERT_FORMAT("%d %i %u %x", -1, INT32_MIN, UINT32_MAX, 0xdeadbeef);
    ASSERT_FORMAT("%ld %lu %llx %zu", INT64_MIN, UINT64_MAX, 0x123456789abcdefll, sizeof(int));
    ASSERT_FORMAT("%hd %hu %hhd %hhx", (short)-2, (unsigned short)65535, (signed char)-3, (unsigned char)254);
    ASSERT_FORMAT("[%6d][%-6d][%06d][%2d]", -42, -42, -42, 12345);
    ASSERT_FORMAT("[%08x][%-8x][%8lx]", 0xabcu, 0xabcu, 0xabcul);
    ASSERT_FORMAT("[%s][%8s][%-8s][%.3s][%8.2s]", "text", "text", "text", "text", "text");
    ASSERT_FORMAT("%s", null);
    ASSERT_FORMAT("%p", (void *)0x1000);
    ASSERT_FORMAT("%d", 0);
    char one[1] = {'x'};
    assert_int_equal(format_text(one, 1, "%s", "abc"), 3);
    assert_int_equal(one[0], 0);
    assert_int_equal(format_text(NULL, 0, "%s", "abc"), 3);
}

static void test_panic(void **state)
{
    (void)state;
    if (!setjmp(panic_return)) {
        ASSERT(1 + 1 == 2);
        panic("%s %d", "reason", 7);
    }
    assert_string_equal(panic_message, "reason 7");
    if (!setjmp(panic_return))
        ASSERT(1 + 1 == 3);
    assert_non_null(strstr(panic_message, "1 + 1 == 3 does not hold"));
}

struct item {
    int value;
    struct list link;
};

static void test_list(void **state)
{
    (void)state;
    struct list head = LIST_INIT(head);
    struct item items[4];
    for (int i = 0; i < 4; i++) {
        items[i].value = i;
        list_add(&head, &items[i].link);
    }
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    list_add_first(&head, &items[1].link);
    int seen = 0;
    LIST_FOR(link, &head)
    {
        seen = seen * 10 + LIST_ENTRY(link, struct item, link)->value;
    }
    assert_int_equal(seen, 1023);
    assert_false(list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memmove), cmocka_unit_test(test_memcpy_memset), cmocka_unit_test(test_memcmp),
        cmocka_unit_test(test_strings), cmocka_unit_test(test_format),        cmocka_unit_test(test_panic),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
