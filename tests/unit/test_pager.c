/* SPDX-License-Identifier: MIT */
/* test_pager.c: regions of a space: made, split, replaced, found room for; the break.  What is in their pages is tested
   by test_pager_memory.c, all of it at random by test_pager_stress.c. */
#include "pager_fixture.h"

static void test_map(void **state)
{
    (void)state;
    uint64_t at = AT(0);
    assert_int_equal(map(0, 4, RW, &zero), 0);
    assert_int_equal(map(8, 1, R, &zero), 0);
    assert_int_equal(map(6, 2, X, &zero), 0);
    assert_int_equal(map(20, 1, 0, &zero), 0);
    assert_regions("0+4:rw 6+2:x 8+1:r 20+1:");
    at = AT(30);
    assert_int_equal(pager_map(space, &at, 1, RW, true, &zero), 0); /* rounded up */
    assert_int_equal(pager_map(space, &at, 0, RW, true, &zero), -EINVAL);
    at = AT(40) + 8;
    assert_int_equal(pager_map(space, &at, PAGE, RW, true, &zero), -EINVAL);
    assert_regions("0+4:rw 6+2:x 8+1:r 20+1: 30+1:rw");
}

static void test_bounds(void **state)
{
    (void)state;
    static const uint64_t starts[] = {
        0, HOST_SPACE_LOW - PAGE, HOST_SPACE_HIGH, HOST_SPACE_HIGH - PAGE, UINT64_MAX & ~(PAGE - 1), (uint64_t)1 << 63};
    static const uint64_t sizes[] = {2 * PAGE, HOST_SPACE_HIGH, UINT64_MAX, UINT64_MAX - PAGE, (uint64_t)1 << 63};
    for (unsigned i = 0; i < sizeof starts / sizeof *starts; i++)
        for (unsigned k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            uint64_t at = starts[i];
            assert_int_equal(pager_map(space, &at, sizes[k], RW, true, &zero), -EINVAL);
            assert_int_equal(at, starts[i]);
            assert_int_equal(pager_unmap(space, at, sizes[k]), -EINVAL);
            assert_int_equal(pager_protect(space, at, sizes[k], R), -EINVAL);
            assert_int_equal(pager_advise_free(space, at, sizes[k]), -EINVAL);
            pager_sync(space, at, sizes[k]);
        }
    assert_int_equal(pager_unmap(space, AT(0), 0), -EINVAL);
    assert_int_equal(pager_unmap(space, AT(0) + 1, PAGE), -EINVAL);
    assert_int_equal(map_anywhere(UINT64_MAX, RW), 0);
    assert_int_equal(map_anywhere(HOST_SPACE_HIGH, RW), 0);
    assert_regions("");
    uint64_t low = HOST_SPACE_LOW, top = HOST_SPACE_HIGH - PAGE;
    assert_int_equal(pager_map(space, &low, PAGE, RW, true, &zero), 0);
    assert_int_equal(pager_map(space, &top, PAGE, RW, true, &zero), 0);
    assert_int_equal(poke(HOST_SPACE_LOW, 1), 0);
    assert_int_equal(poke(HOST_SPACE_HIGH - 1, 1), 0);
    assert_int_equal(pager_unmap(space, HOST_SPACE_LOW, HOST_SPACE_HIGH - HOST_SPACE_LOW), 0);
    assert_regions("");
}

static void test_unmap_splits(void **state)
{
    (void)state;
    assert_int_equal(map(0, 10, RW, &zero), 0);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(poke(AT(i), (uint8_t)(i + 1)), 0);
    assert_int_equal(unmap(4, 2), 0);
    assert_regions("0+4:rw 6+4:rw");
    assert_int_equal(host_table_pages(space->table), 8);
    assert_int_equal(unmap(0, 1), 0);
    assert_int_equal(unmap(9, 5), 0);
    assert_regions("1+3:rw 6+3:rw");
    assert_int_equal(peek(AT(1)), 2);
    assert_int_equal(peek(AT(8)), 9);
    assert_int_equal(peek(AT(4)), -EFAULT);
    assert_int_equal(peek(AT(9)), -EFAULT);
    assert_int_equal(unmap(2, 5), 0); /* the end of one, the start of the other */
    assert_regions("1+1:rw 7+2:rw");
    assert_int_equal(unmap(30, 5), 0); /* nothing there is no error */
    assert_int_equal(unmap(0, 100), 0);
    assert_regions("");
}

static void test_fixed_replaces(void **state)
{
    (void)state;
    struct pager_source source = image_at(0, FILE_BYTES);
    assert_int_equal(map(0, 10, RW, &zero), 0);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(poke(AT(i), 0xaa), 0);
    assert_int_equal(map(3, 4, R, &source), 0);
    assert_regions("0+3:rw 3+4:r 7+3:rw");
    assert_int_equal(peek(AT(2)), 0xaa);
    assert_int_equal(peek(AT(3)), pattern(0));
    assert_int_equal(peek(AT(7)), 0xaa);
    assert_int_equal(map(0, 10, RW, &zero), 0);
    assert_regions("0+10:rw");
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(peek(AT(i)), 0);
}

static void test_protect(void **state)
{
    (void)state;
    assert_int_equal(map(0, 10, RW, &zero), 0);
    assert_int_equal(poke(AT(2), 5), 0);
    assert_int_equal(protect(2, 3, R), 0);
    assert_regions("0+2:rw 2+3:r 5+5:rw");
    assert_int_equal(poke(AT(2), 6), -EFAULT);
    assert_int_equal(peek(AT(2)), 5);
    assert_int_equal(protect(1, 2, 0), 0);
    assert_regions("0+1:rw 1+1: 2+1: 3+2:r 5+5:rw");
    assert_int_equal(peek(AT(2)), -EFAULT);
    assert_int_equal(protect(0, 10, RW), 0);
    assert_int_equal(peek(AT(2)), 5);
    assert_int_equal(poke(AT(2), 6), 0);
    assert_int_equal(protect(8, 3, R), -ENOMEM); /* reaches into a hole: nothing changes */
    assert_int_equal(poke(AT(9), 6), 0);
    assert_int_equal(unmap(4, 1), 0);
    assert_int_equal(protect(3, 3, R), -ENOMEM);
    assert_int_equal(poke(AT(3), 6), 0);
    assert_int_equal(protect(4, 1, R), -ENOMEM);
    assert_int_equal(pager_protect(space, AT(0), 0, R), -EINVAL);
}

static void test_access(void **state)
{
    (void)state;
    static const uint32_t all[] = {0, R, W, RW, X, R | X, W | X, RW | X};
    for (unsigned i = 0; i < 8; i++) {
        uint32_t flags = all[i];
        for (unsigned present = 0; present < 2; present++) {
            assert_int_equal(map(0, 1, flags | (present ? PAGER_POPULATE : 0), &zero), 0);
            assert_int_equal(host_table_pages(space->table), present && flags);
            assert_int_equal(pager_fault(space, AT(0) + 5, R), flags ? 0 : -EFAULT);
            assert_int_equal(pager_fault(space, AT(0) + 5, W), flags & W ? 0 : -EFAULT);
            assert_int_equal(pager_fault(space, AT(0) + 5, X), flags & X ? 0 : -EFAULT);
            assert_int_equal(pager_fault(space, AT(1), R), -EFAULT);
            assert_int_equal(pager_fault(space, AT(0) - 1, R), -EFAULT);
        }
    }
    assert_int_equal(pager_fault(space, 0, R), -EFAULT);
    assert_int_equal(pager_fault(space, UINT64_MAX, W), -EFAULT);
}

static void test_room(void **state)
{
    (void)state;
    uint64_t high = HOST_SPACE_HIGH;
    assert_int_equal(map_anywhere(1, RW), high - PAGE);
    assert_int_equal(map_anywhere(3 * PAGE, RW), high - 4 * PAGE);
    assert_int_equal(map_anywhere(PAGE, RW), high - 5 * PAGE);
    assert_int_equal(pager_unmap(space, high - 4 * PAGE, 3 * PAGE), 0);
    assert_int_equal(map_anywhere(4 * PAGE, RW), high - 9 * PAGE); /* the gap is too small */
    assert_int_equal(map_anywhere(2 * PAGE, RW), high - 3 * PAGE);
    assert_int_equal(map_anywhere(PAGE, RW), high - 4 * PAGE);
    uint64_t left = high - 9 * PAGE - HOST_SPACE_LOW;
    assert_int_equal(map_anywhere(left + 1, RW), 0);
    assert_int_equal(map_anywhere(left, RW), HOST_SPACE_LOW);
    assert_int_equal(map_anywhere(PAGE, RW), 0);
    assert_int_equal(pager_unmap(space, AT(3), PAGE), 0);
    assert_int_equal(map_anywhere(PAGE, RW), AT(3));
}

static void test_brk(void **state)
{
    (void)state;
    space->brk_start = space->brk = AT(0);
    assert_int_equal(pager_brk(space, 0), AT(0));
    assert_int_equal(pager_brk(space, AT(0) - 1), AT(0));
    assert_int_equal(pager_brk(space, UINT64_MAX), AT(0));
    assert_int_equal(pager_brk(space, HOST_SPACE_HIGH + PAGE), AT(0));
    assert_int_equal(pager_brk(space, AT(0) + 1), AT(0) + 1);
    assert_regions("0+1:rw");
    assert_int_equal(poke(AT(0) + 4000, 7), 0);
    assert_int_equal(pager_brk(space, AT(1)), AT(1));
    assert_regions("0+1:rw");
    assert_int_equal(pager_brk(space, AT(4) + 5), AT(4) + 5);
    assert_int_equal(poke(AT(4), 8), 0);
    assert_int_equal(peek(AT(0) + 4000), 7);
    assert_int_equal(pager_brk(space, AT(2)), AT(2));
    assert_int_equal(peek(AT(2)), -EFAULT);
    assert_int_equal(peek(AT(1)), 0);
    assert_int_equal(pager_brk(space, AT(5)), AT(5));
    assert_int_equal(peek(AT(4)), 0); /* memory that comes back is clear */
    assert_int_equal(map(8, 1, R, &zero), 0);
    assert_int_equal(pager_brk(space, AT(8) + 1), AT(5)); /* something is in the way */
    assert_int_equal(pager_brk(space, AT(8)), AT(8));
    assert_int_equal(pager_brk(space, AT(0)), AT(0));
    assert_regions("8+1:r");
}

/* The time that a range takes depends on what is in it, not on its size. */
static void test_huge(void **state)
{
    (void)state;
    const uint64_t low = 0x10000, high = 0x7ffffff00000;
    struct space *huge;
    host_table_bounds(low, high);
    assert_int_equal(pager_space_create(&huge), 0);
    for (unsigned i = 0; i < 300; i++) {
        uint64_t at = low;
        assert_int_equal(pager_map(huge, &at, high - low, RW, true, &zero), 0);
        for (uint64_t k = 1; k < 6; k++)
            assert_int_equal(pager_fault(huge, k << 44, W), 0);
        assert_int_equal(huge->pages, 5);
        assert_int_equal(pager_protect(huge, low, high - low, R), 0);
        assert_int_equal(pager_advise_free(huge, low, high - low), 0);
        assert_int_equal(huge->pages, 0);
        assert_int_equal(pager_fault(huge, (uint64_t)3 << 44, R), 0);
        assert_int_equal(pager_unmap(huge, low, high - low), 0);
    }
    pager_space_put(huge);
}

static void test_spaces(void **state)
{
    (void)state;
    struct space *other;
    assert_int_equal(pager_space_create(&other), 0);
    pager_space_get(other);
    uint64_t at = AT(0);
    assert_int_equal(pager_map(other, &at, 3 * PAGE, RW | PAGER_POPULATE, true, &zero), 0);
    assert_int_equal(host_table_pages(other->table), 3);
    assert_int_equal(host_table_pages(space->table), 0);
    pager_space_put(other);
    assert_int_equal(host_table_pages(other->table), 3);
    pager_space_put(other);
    host_table_only(true);
    assert_int_equal(pager_space_create(&other), -ENOSYS);
    host_table_only(false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pager_fixture_open, pager_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_map),    TEST(test_bounds), TEST(test_unmap_splits), TEST(test_fixed_replaces), TEST(test_protect),
        TEST(test_access), TEST(test_room),   TEST(test_brk),          TEST(test_huge),           TEST(test_spaces),
    };
    host_threads_init();
    return cmocka_run_group_tests_name("pager regions", tests, NULL, NULL) + tests_pager_memory() +
           tests_pager_stress();
}
