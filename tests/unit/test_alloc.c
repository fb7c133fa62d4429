/* SPDX-License-Identifier: MIT */
/* test_alloc.c: page frames: orders, alignment, exhaustion, joining of buddies, references, the stack of single frames,
   and a long random run against a model that knows the owner of every frame. */
#include "alloc_fixture.h"

#include "parts/alloc/pages.c"

#include <stdlib.h>
#include <sys/mman.h>

#define ALIGN_BYTES (4u << 20)
#define ARENA_BYTES (16u << 20)
#define LARGEST (ORDERS - 1)
#define HELD_MAX 600
#define BLOCKS_MAX 3000

static char *arenas[RANGES + 1];
static unsigned arena_count;
static uint64_t random_state;

void panic(const char *format, ...)
{
    mock_assert(0, format, __FILE__, __LINE__);
    abort();
}

void random_seed(uint64_t seed)
{
    random_state = seed;
}

uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

void pages_reset(void)
{
    memset(ranges, 0, sizeof ranges);
    range_count = stack_used = 0;
    free_frames = total_frames = 0;
    while (arena_count)
        munmap(arenas[--arena_count], ARENA_BYTES);
}

char *range_make(unsigned skew, unsigned frames)
{
    char *arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(arena != MAP_FAILED);
    arenas[arena_count++] = arena;
    uintptr_t start = ((uintptr_t)arena + ALIGN_BYTES - 1) & ~((uintptr_t)ALIGN_BYTES - 1);
    start += (uintptr_t)skew * PAGE_BYTES;
    assert_true(start + (uintptr_t)frames * PAGE_BYTES <= (uintptr_t)arena + ARENA_BYTES);
    alloc_add_range((char *)start, (char *)start + (uintptr_t)frames * PAGE_BYTES);
    return (char *)start;
}

static int reset(void **state)
{
    (void)state;
    pages_reset();
    return 0;
}

static void test_empty(void **state)
{
    (void)state;
    assert_int_equal(alloc_total_pages(), 0);
    assert_null(alloc_page());
    assert_null(alloc_page_zeroed());
    for (unsigned order = 0; order < ORDERS + 2; order++)
        assert_null(alloc_pages(order));
    assert_null(alloc_pages(UINT32_MAX));
    range_make(0, MIN_FRAMES); /* too small to be worth its books */
    assert_int_equal(alloc_total_pages(), 0);
}

static void test_orders(void **state)
{
    (void)state;
    for (unsigned skew = 0; skew < 9; skew++) {
        pages_reset();
        char *start = range_make(skew, 3 * 512);
        uint64_t total = alloc_total_pages();
        assert_in_range(total, 3 * 512 - 3, 3 * 512 - 1);
        for (unsigned order = 0; order < ORDERS; order++) {
            size_t bytes = (size_t)PAGE_BYTES << order;
            char *pages = alloc_pages(order);
            assert_non_null(pages);
            assert_int_equal((uintptr_t)pages % bytes, 0); /* "naturally aligned" */
            assert_true(pages > start && pages + bytes <= start + 3 * 512 * PAGE_BYTES);
            memset(pages, 0x5a, bytes);
            assert_int_equal(alloc_free_pages(), total - (1u << order));
            alloc_pages_free(pages, order);
            assert_int_equal(alloc_free_pages(), total);
        }
    }
}

/* All memory as blocks of one order; how many there are. */
static unsigned take_all(unsigned order, void **out)
{
    unsigned n = 0;
    while ((out[n] = alloc_pages(order)))
        n++;
    return n;
}

static void test_exhaustion(void **state)
{
    (void)state;
    static void *blocks[BLOCKS_MAX];
    range_make(0, 1024);
    uint64_t total = alloc_total_pages();
    assert_int_equal(take_all(0, blocks), total);
    assert_int_equal(alloc_free_pages(), 0);
    assert_null(alloc_page());
    assert_null(alloc_pages(3));
    alloc_pages_free(blocks[7], 0);
    assert_null(alloc_pages(1));
    assert_ptr_equal(alloc_pages(0), blocks[7]);
    for (unsigned i = 0; i < total; i++) /* the frames are all different */
        *(uint64_t *)blocks[i] = i;
    for (unsigned i = 0; i < total; i++) {
        assert_int_equal(*(uint64_t *)blocks[i], i);
        alloc_pages_free(blocks[i], 0);
    }
    assert_int_equal(alloc_free_pages(), total);
}

/* Whatever was taken before, in whatever order it comes back: then the largest blocks are there again. */
static void test_coalescing(void **state)
{
    (void)state;
    static void *blocks[BLOCKS_MAX];
    for (unsigned order = 0; order < ORDERS; order++)
        for (unsigned way = 0; way < 3; way++) {
            pages_reset();
            range_make(3, 5 * 512);
            unsigned n = take_all(order, blocks), largest = 0;
            for (unsigned i = 0; i < n; i++) {
                unsigned at = way == 0 ? i : way == 1 ? n - 1 - i : i * 2 < n ? i * 2 : (i - (n + 1) / 2) * 2 + 1;
                alloc_pages_free(blocks[at], order);
            }
            assert_int_equal(alloc_free_pages(), alloc_total_pages());
            largest = take_all(LARGEST, blocks);
            assert_in_range(largest, 4, 5);
            pages_reset();
            range_make(3, 5 * 512);
            assert_int_equal(take_all(LARGEST, blocks), largest); /* as many as fresh memory has */
        }
}

/* Frames that a large block's alignment skips join those that were freed beside them before. */
static void test_coalescing_skipped(void **state)
{
    (void)state;
    static void *blocks[16];
    for (unsigned taken = 1; taken < 9; taken++) {
        pages_reset();
        range_make(0, 4 * 512);
        for (unsigned i = 0; i < taken; i++)
            blocks[i] = alloc_pages(0);
        for (unsigned i = 0; i < taken; i++)
            alloc_pages_free(blocks[i], 0);
        unsigned after = take_all(LARGEST, blocks);
        pages_reset();
        range_make(0, 4 * 512);
        assert_int_equal(after, take_all(LARGEST, blocks));
    }
}

static void test_references(void **state)
{
    (void)state;
    range_make(0, 64);
    uint64_t total = alloc_total_pages();
    char *page = alloc_page(), *other = alloc_page();
    assert_int_equal(alloc_page_refs(page), 1);
    for (unsigned i = 2; i < 300; i++) {
        alloc_page_get(page);
        assert_int_equal(alloc_page_refs(page), i);
    }
    assert_int_equal(alloc_page_refs(other), 1);
    for (unsigned i = 299; i > 1; i--) {
        alloc_page_free(page);
        assert_int_equal(alloc_page_refs(page), i - 1);
        assert_int_equal(alloc_free_pages(), total - 2);
    }
    alloc_page_free(page);
    assert_int_equal(alloc_free_pages(), total - 1);
    assert_ptr_equal(alloc_page(), page); /* the last one freed is the first one taken */
    assert_int_equal(alloc_page_refs(page), 1);
    alloc_page_free(page);
    expect_assert_failure(alloc_page_free(page));
    expect_assert_failure(alloc_page_refs(&total));
}

static void test_zeroed(void **state)
{
    (void)state;
    static const char zero[PAGE_BYTES];
    range_make(0, 64);
    char *page = alloc_page();
    memset(page, 0xff, PAGE_BYTES);
    alloc_page_free(page);
    assert_ptr_equal(alloc_page_zeroed(), page);
    assert_memory_equal(page, zero, PAGE_BYTES);
}

/* What lies on the stack of single frames counts as free, and is there for large blocks. */
static void test_stack(void **state)
{
    (void)state;
    static void *pages[BLOCKS_MAX];
    range_make(0, 1024);
    uint64_t total = alloc_total_pages();
    unsigned n = 0;
    while ((pages[n] = alloc_page()))
        n++;
    assert_int_equal(n, total);
    for (unsigned i = 0; i < n; i++) {
        alloc_page_free(pages[i]);
        assert_int_equal(alloc_free_pages(), i + 1);
        assert_true(stack_used <= STACK_FRAMES);
    }
    void *large = alloc_pages(LARGEST);
    assert_non_null(large);
    assert_int_equal(alloc_free_pages(), total - (1u << LARGEST));
    alloc_pages_free(large, LARGEST);
    for (unsigned i = 0; i < STACK_FRAMES; i++) /* nothing but the stack has any */
        pages[i] = alloc_page();
    static void *rest[BLOCKS_MAX];
    take_all(0, rest);
    for (unsigned i = 0; i < STACK_FRAMES; i++)
        alloc_page_free(pages[i]);
    assert_int_equal(alloc_free_pages(), STACK_FRAMES);
    unsigned largest = 0;
    while (alloc_pages(0))
        largest++;
    assert_int_equal(largest, STACK_FRAMES);
    assert_int_equal(stack_used, 0);
}

static void test_ranges(void **state)
{
    (void)state;
    static void *blocks[RANGES * 128];
    unsigned n;
    for (unsigned i = 0; i < RANGES; i++)
        range_make(i, 64 + i);
    uint64_t total = alloc_total_pages();
    assert_in_range(total, RANGES * 63, RANGES * 71);
    range_make(0, 64); /* one too many is left alone */
    assert_int_equal(alloc_total_pages(), total);
    n = take_all(0, blocks);
    assert_int_equal(n, total);
    for (unsigned i = 0; i < n; i++)
        alloc_pages_free(blocks[i * 9973 % n], 0); /* a prime above n: each one once */
    assert_int_equal(alloc_free_pages(), total);
    for (unsigned i = 0; i < RANGES; i++)
        assert_non_null(alloc_pages(5));
}

/* ---- random runs ---- */

struct held {
    uint8_t *pages;
    unsigned order, refs; /* refs: 0 for a block */
    uint8_t mark;
};

static void held_fill(struct held *h)
{
    static uint8_t mark;
    h->mark = ++mark;
    for (size_t at = 0; at < (size_t)PAGE_BYTES << h->order; at += PAGE_BYTES) {
        memset(h->pages + at, h->mark, 16);
        memset(h->pages + at + PAGE_BYTES - 16, h->mark, 16);
    }
}

/* Whoever else was given a part of it would have overwritten the marks. */
static void held_check(const struct held *h)
{
    for (size_t at = 0; at < (size_t)PAGE_BYTES << h->order; at += PAGE_BYTES)
        for (unsigned i = 0; i < 16; i++) {
            assert_int_equal(h->pages[at + i], h->mark);
            assert_int_equal(h->pages[at + PAGE_BYTES - 16 + i], h->mark);
        }
}

static void held_free(struct held *h)
{
    held_check(h);
    if (!h->refs)
        alloc_pages_free(h->pages, h->order);
    while (h->refs) {
        assert_int_equal(alloc_page_refs(h->pages), h->refs);
        alloc_page_free(h->pages);
        h->refs--;
    }
}

static bool held_take(struct held *h)
{
    bool single = random_below(3) == 0;
    *h = (struct held){.order = single ? 0 : random_below(random_below(ORDERS) + 1)};
    h->pages = single ? alloc_page() : alloc_pages(h->order);
    if (!h->pages)
        return false;
    assert_int_equal((uintptr_t)h->pages % ((uintptr_t)PAGE_BYTES << h->order), 0);
    for (h->refs = single; single && random_below(4) == 0; h->refs++)
        alloc_page_get(h->pages);
    held_fill(h);
    return true;
}

static void stress(uint64_t seed)
{
    static struct held held[HELD_MAX];
    unsigned count = 0, most = 1 + (unsigned)seed * 97 % HELD_MAX;
    uint64_t out = 0, total;
    pages_reset();
    random_seed(seed);
    for (unsigned i = 0; i <= seed % 3; i++)
        range_make(random_below(600), 100 + random_below(1500));
    total = alloc_total_pages();
    for (unsigned step = 0; step < 20000; step++) {
        if (count < most && random_below(2)) {
            uint64_t before = alloc_free_pages();
            if (held_take(&held[count]))
                out += 1u << held[count++].order;
            else
                assert_int_equal(alloc_free_pages(), before);
        } else if (count) {
            struct held *h = &held[random_below(count)];
            out -= 1u << h->order;
            held_free(h);
            *h = held[--count];
        }
        assert_int_equal(alloc_free_pages(), total - out);
    }
    while (count)
        held_free(&held[--count]);
    assert_int_equal(alloc_free_pages(), total);
}

static void test_stress(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++)
        stress(seed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_empty),
        TEST(test_orders),
        TEST(test_exhaustion),
        TEST(test_coalescing),
        TEST(test_coalescing_skipped),
        TEST(test_references),
        TEST(test_zeroed),
        TEST(test_stack),
        TEST(test_ranges),
        TEST(test_stress),
    };
    return cmocka_run_group_tests_name("alloc pages", tests, NULL, NULL) + tests_heap();
}
