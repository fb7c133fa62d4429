/* SPDX-License-Identifier: MIT */
/* test_alloc_heap.c: the heap: every size, alignment, clearing, large blocks, slabs that go back, and a long random
   run against a model. */
#include "alloc_fixture.h"

#include "parts/alloc/heap.c"

#define HEAP_MAX (128u << 10)
#define OBJECTS_MAX 3000

void heap_reset(void)
{
    memset(partial, 0, sizeof partial);
}

static int fresh(void **state)
{
    (void)state;
    pages_reset();
    heap_reset();
    range_make(1, 1900);
    return 0;
}

static int stale(void **state)
{
    (void)state;
    pages_reset();
    heap_reset();
    return 0;
}

static bool is_clear(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

static void test_sizes(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes <= HEAP_MAX; bytes += bytes < 4200 ? 1 : 997)
        for (unsigned again = 0; again < 2; again++) { /* dirty memory is handed out again */
            uint8_t *object = alloc_get(bytes);
            assert_non_null(object);
            assert_int_equal((uintptr_t)object % 16, 0);
            assert_true(is_clear(object, bytes));
            memset(object, 0xff, bytes);
            alloc_put(object);
        }
    uint8_t *largest = alloc_get(HEAP_MAX);
    assert_non_null(largest);
    memset(largest, 0xff, HEAP_MAX);
    alloc_put(largest);
    alloc_put(NULL);
}

static void test_too_large(void **state)
{
    (void)state;
    uint64_t before = alloc_free_pages();
    assert_null(alloc_get(HEAP_MAX + 1));
    assert_null(alloc_get((size_t)1 << 30));
    assert_null(alloc_get(SIZE_MAX - HEADER_BYTES));
    assert_null(alloc_get(SIZE_MAX));
    assert_null(alloc_get(SIZE_MAX / 2 + 2));
    assert_int_equal(alloc_free_pages(), before);
}

/* Objects of one size share frames as far as they fit; all frames but one go back. */
static void test_slabs(void **state)
{
    (void)state;
    static void *objects[OBJECTS_MAX];
    for (unsigned i = 0; i < SIZES; i++) {
        fresh(state);
        uint64_t before = alloc_free_pages(), per = (PAGE_BYTES - HEADER_BYTES) / sizes[i];
        for (unsigned n = 0; n < OBJECTS_MAX; n++) {
            objects[n] = alloc_get(sizes[i]);
            assert_non_null(objects[n]);
            assert_int_equal(before - alloc_free_pages(), n / per + 1);
        }
        for (unsigned n = 0; n < OBJECTS_MAX; n++)
            alloc_put(objects[n * 7 % OBJECTS_MAX]);
        assert_int_equal(before - alloc_free_pages(), 1);
        for (unsigned n = 0; n < per; n++) /* the one that stayed is whole */
            objects[n] = alloc_get(sizes[i]);
        assert_int_equal(before - alloc_free_pages(), 1);
    }
}

static void test_blocks(void **state)
{
    (void)state;
    for (size_t bytes = OBJECT_MAX + 1; bytes <= HEAP_MAX; bytes = bytes * 3 / 2) {
        uint64_t before = alloc_free_pages();
        void *a = alloc_get(bytes), *b = alloc_get(bytes);
        assert_non_null(a);
        assert_non_null(b);
        assert_true(before - alloc_free_pages() >= 2 * (bytes / PAGE_BYTES));
        alloc_put(a);
        alloc_put(b);
        assert_int_equal(alloc_free_pages(), before);
    }
}

static void test_no_memory(void **state)
{
    static void *objects[OBJECTS_MAX];
    unsigned n = 0;
    stale(state);
    assert_null(alloc_get(1));
    assert_null(alloc_get(5000));
    range_make(0, 16);
    uint64_t before = alloc_free_pages();
    while (n < OBJECTS_MAX && (objects[n] = alloc_get(1000)))
        n++;
    assert_int_equal(n, before * 4);
    assert_null(alloc_get(5000));
    assert_null(alloc_get(16));
    while (n)
        alloc_put(objects[--n]);
    assert_int_equal(alloc_free_pages(), before - 1);
    assert_non_null(alloc_get(5000));
}

static void test_foreign(void **state)
{
    (void)state;
    char *page = alloc_page_zeroed();
    expect_assert_failure(alloc_put(page + 64));
}

struct object {
    uint8_t *at;
    size_t bytes;
    uint8_t mark;
};

static size_t some_size(void)
{
    switch (random_below(8)) {
    case 0:
        return random_below(HEAP_MAX) + 1;
    case 1:
        return random_below(3 * PAGE_BYTES);
    case 2:
        return sizes[random_below(SIZES)] + random_below(2);
    default:
        return random_below(300);
    }
}

static void object_put(struct object *o)
{
    for (size_t i = 0; i < o->bytes; i += o->bytes < 4096 ? 1 : 61)
        assert_int_equal(o->at[i], o->mark);
    alloc_put(o->at);
}

static void stress(uint64_t seed)
{
    static struct object objects[OBJECTS_MAX];
    unsigned count = 0, refused = 0, most = 50 + (unsigned)seed * 211 % (OBJECTS_MAX - 50);
    random_seed(seed);
    uint64_t before = alloc_free_pages();
    for (unsigned step = 0; step < 20000; step++) {
        if (count < most && random_below(5) < 3) {
            struct object *o = &objects[count];
            *o = (struct object){.bytes = some_size(), .mark = (uint8_t)(step + 1)};
            o->at = alloc_get(o->bytes);
            refused += !o->at;
            if (!o->at)
                continue;
            assert_int_equal((uintptr_t)o->at % 16, 0);
            assert_true(is_clear(o->at, o->bytes));
            memset(o->at, o->mark, o->bytes);
            count++;
        } else if (count) {
            unsigned at = random_below(count);
            object_put(&objects[at]);
            objects[at] = objects[--count];
        }
    }
    while (count)
        object_put(&objects[--count]);
    assert_true(refused < 20000);
    assert_true(before - alloc_free_pages() <= SIZES); /* one slab a size may stay */
}

static void test_stress(void **state)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        fresh(state);
        stress(seed);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, stale)

int tests_heap(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sizes),     TEST(test_too_large), TEST(test_slabs),  TEST(test_blocks),
        TEST(test_no_memory), TEST(test_foreign),   TEST(test_stress),
    };
    return cmocka_run_group_tests_name("alloc heap", tests, NULL, NULL);
}
