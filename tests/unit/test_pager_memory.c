/* SPDX-License-Identifier: MIT */
/* test_pager_memory.c: what is in a region's pages: zeros, images, files; copies when written; what goes back to a
   file; faults that sleep; memory that runs out at every possible moment. */
#include "pager_fixture.h"

static uint64_t pages_before;

static void test_zero(void **state)
{
    (void)state;
    assert_int_equal(map(0, 3, RW, &zero), 0);
    uint64_t before = host_alloc_pages_out();
    for (unsigned i = 0; i < 3 * PAGE; i += 97)
        assert_int_equal(peek(AT(0) + i), 0);
    assert_int_equal(host_alloc_pages_out(), before + 3 + 1); /* and the table's */
    assert_int_equal(poke(AT(1), 9), 0);
    assert_int_equal(pager_advise_free(space, AT(1), PAGE), 0);
    assert_int_equal(host_alloc_pages_out(), before + 3);
    assert_int_equal(peek(AT(1)), 0);
}

static void test_image(void **state)
{
    (void)state;
    struct pager_source source = image_at(0, FILE_BYTES);
    assert_int_equal(map(0, 10, RW, &source), 0);
    uint64_t before = host_alloc_pages_out();
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(peek(AT(i) + i), pattern(i * PAGE + i));
    assert_int_equal(host_alloc_pages_out(), before + 1); /* the image's own frames, and one for the table */
    assert_int_equal(poke(AT(1) + 5, 0xdd), 0);
    assert_int_equal(host_alloc_pages_out(), before + 2);
    assert_int_equal(peek(AT(1) + 5), 0xdd);
    assert_int_equal(peek(AT(1) + 6), pattern(PAGE + 6));
    assert_int_equal(image[PAGE + 5], pattern(PAGE + 5));
    assert_int_equal(peek(AT(6) + 99), pattern(6 * PAGE + 99));
    for (unsigned i = 100; i < PAGE; i++) /* not what stands behind the image's end */
        assert_int_equal(peek(AT(6) + i), 0);
    assert_int_equal(peek(AT(9)), 0);
    assert_int_equal(poke(AT(9), 1), 0);
    assert_int_equal(poke(AT(6), 1), 0);
    for (unsigned i = 0; i < FILE_BYTES; i++)
        assert_int_equal(image[i], pattern(i));
}

static void test_image_protect(void **state)
{
    (void)state;
    struct pager_source source = image_at(1, FILE_BYTES - PAGE);
    assert_int_equal(map(0, 4, R, &source), 0);
    assert_int_equal(peek(AT(1)), pattern(2 * PAGE));
    assert_int_equal(poke(AT(1), 1), -EFAULT);
    assert_int_equal(protect(0, 4, RW), 0);
    assert_int_equal(poke(AT(1), 1), 0);
    assert_int_equal(poke(AT(2), 2), 0);
    assert_int_equal(image[2 * PAGE], pattern(2 * PAGE));
    assert_int_equal(protect(1, 1, R), 0);
    assert_int_equal(poke(AT(1), 3), -EFAULT);
    assert_int_equal(peek(AT(1)), 1);
    assert_int_equal(protect(1, 1, RW), 0);
    assert_int_equal(poke(AT(1), 4), 0);
    assert_int_equal(unmap(1, 1), 0); /* what is left still finds its place in the image */
    assert_int_equal(peek(AT(3)), pattern(4 * PAGE));
    assert_int_equal(peek(AT(2)), 2);
}

static void test_file_private(void **state)
{
    (void)state;
    struct pager_source source = file_at(2, FILE_BYTES - 2 * PAGE);
    assert_int_equal(map(0, 6, RW, &source), 0);
    assert_int_equal(fake_fs.files[1].refs, 1);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(peek(AT(i) + 3), pattern((2 + i) * PAGE + 3));
    assert_int_equal(peek(AT(4) + 99), pattern(6 * PAGE + 99));
    assert_int_equal(peek(AT(4) + 100), 0);
    assert_int_equal(peek(AT(5)), 0);
    assert_int_equal(fake_fs.loads, 5); /* behind the file's end nothing is read */
    assert_int_equal(poke(AT(0), 0xdd), 0);
    assert_int_equal(unmap(2, 1), 0);
    assert_int_equal(fake_fs.files[1].refs, 2);
    assert_int_equal(pager_sync(space, AT(0), 10 * PAGE), 0);
    assert_int_equal(unmap(0, 10), 0);
    assert_int_equal(fake_fs.files[1].refs, 0);
    assert_int_equal(fake_fs.writes, 0);
    assert_int_equal(file[2 * PAGE], pattern(2 * PAGE));
}

/* A segment of a program ends before its file does: what follows in the file is not seen. */
static void test_file_segment(void **state)
{
    (void)state;
    struct pager_source source = file_at(0, 10);
    assert_int_equal(map(0, 1, RW, &source), 0);
    assert_int_equal(peek(AT(0) + 9), pattern(9));
    assert_int_equal(peek(AT(0) + 10), 0);
}

static void test_file_shared(void **state)
{
    (void)state;
    struct pager_source source = file_at(1, 0);
    assert_int_equal(map(0, 8, RW | PAGER_SHARED, &source), 0);
    assert_int_equal(peek(AT(0)), pattern(PAGE));
    assert_int_equal(poke(AT(2) + 1, 0xaa), 0);
    assert_int_equal(poke(AT(5) + 99, 0xbb), 0);
    assert_int_equal(poke(AT(5) + 100, 0xcc), 0); /* behind the end: goes nowhere */
    assert_int_equal(poke(AT(6), 0xcc), 0);
    assert_int_equal(pager_sync(space, AT(2), 1), 0);
    assert_int_equal(fake_fs.writes, 1);
    assert_int_equal(file[3 * PAGE + 1], 0xaa);
    assert_int_equal(file[6 * PAGE + 99], pattern(6 * PAGE + 99));
    assert_int_equal(pager_sync(space, AT(0), 3 * PAGE), 0);
    assert_int_equal(fake_fs.writes, 1); /* one was only read, the other is written already */
    assert_int_equal(poke(AT(2) + 1, 0xab), 0);
    assert_int_equal(unmap(2, 1), 0);
    assert_int_equal(file[3 * PAGE + 1], 0xab);
    assert_int_equal(unmap(0, 8), 0);
    assert_int_equal(file[6 * PAGE + 99], 0xbb);
    assert_int_equal(file[FILE_BYTES], 0);
    assert_int_equal(fake_fs.files[1].size, FILE_BYTES);
    assert_int_equal(fake_fs.files[1].refs, 0);
}

/* What was written while it was allowed still reaches the file. */
static void test_file_shared_protected(void **state)
{
    (void)state;
    struct pager_source source = file_at(0, 0);
    static const uint32_t then[] = {R, 0, RW, RW | X};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(map(0, 2, RW | PAGER_SHARED, &source), 0);
        assert_int_equal(poke(AT(1), (uint8_t)(0xa0 + i)), 0);
        assert_int_equal(protect(0, 2, then[i]), 0);
        assert_int_equal(unmap(0, 2), 0);
        assert_int_equal(file[PAGE], 0xa0 + i);
    }
}

static void test_file_errors(void **state)
{
    (void)state;
    struct pager_source source = file_at(0, FILE_BYTES);
    assert_int_equal(map(0, 4, RW | PAGER_SHARED, &source), 0);
    fake_fs.load_error = -EIO;
    assert_int_equal(pager_fault(space, AT(1), R), -EIO);
    assert_int_equal(map(10, 4, R | PAGER_POPULATE, &source), -EIO);
    assert_regions("0+4:rws");
    fake_fs.load_error = 0;
    assert_int_equal(poke(AT(1), 1), 0);
    fake_fs.write_error = -EIO;
    assert_int_equal(pager_sync(space, AT(0), 4 * PAGE), -EIO);
    fake_fs.write_error = 0;
    assert_int_equal(poke(AT(1), 1), 0);
    assert_int_equal(pager_sync(space, AT(0), 4 * PAGE), 0);
    assert_int_equal(file[PAGE], 1);
}

static void test_unmap_files(void **state)
{
    (void)state;
    struct pager_source file_source = file_at(0, FILE_BYTES), image_source = image_at(0, FILE_BYTES);
    assert_int_equal(map(0, 2, RW | PAGER_SHARED, &file_source), 0);
    assert_int_equal(map(2, 2, RW, &image_source), 0);
    assert_int_equal(map(4, 2, RW, &file_source), 0);
    assert_int_equal(map(8, 2, RW, &zero), 0);
    assert_int_equal(poke(AT(1), 0xaa), 0);
    assert_int_equal(pager_unmap_files(space), 0);
    assert_regions("2+2:rw 8+2:rw");
    assert_int_equal(file[PAGE], 0xaa);
    assert_int_equal(fake_fs_refs(), 0);
}

static void test_populate(void **state)
{
    (void)state;
    struct pager_source sources[] = {zero, image_at(0, FILE_BYTES), file_at(0, FILE_BYTES)};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(map(i * 10, 8, RW | PAGER_POPULATE, &sources[i]), 0);
        assert_int_equal(host_table_pages(space->table), 8 * (i + 1));
    }
    assert_int_equal(poke(AT(11), 1), 0);
    assert_int_equal(image[PAGE], pattern(PAGE));
    assert_int_equal(map(40, 8, PAGER_POPULATE, &zero), 0);
    assert_int_equal(host_table_pages(space->table), 24);
}

/* A file that is open for reading only. */
static void test_no_write(void **state)
{
    (void)state;
    struct pager_source source = file_at(0, 0);
    assert_int_equal(map(0, 4, R | PAGER_SHARED | PAGER_NO_WRITE, &source), 0);
    assert_int_equal(protect(1, 1, 0), 0);
    assert_int_equal(protect(0, 2, RW), -EACCES);
    assert_int_equal(protect(1, 1, R | X), 0);
    assert_int_equal(peek(AT(1)), pattern(PAGE));
    assert_int_equal(poke(AT(1), 1), -EFAULT);
}

/* ---- faults that sleep ---- */

static unsigned faults_done;

static void touch(void *arg)
{
    sched_current()->space = space;
    assert_int_equal(peek((uint64_t)arg), pattern((uint64_t)arg - AT(0)));
    faults_done++;
    sched_exit();
}

static void test_fault_twice(void **state)
{
    (void)state;
    struct pager_source source = file_at(0, FILE_BYTES);
    assert_int_equal(map(0, 6, RW, &source), 0);
    fake_fs.sleeps = true;
    faults_done = 0;
    for (unsigned i = 0; i < 8; i++)
        assert_non_null(sched_create(touch, (void *)AT(i % 3)));
    assert_int_equal(host_threads_run(), 0);
    assert_int_equal(faults_done, 8);
    assert_int_equal(fake_fs.loads, 8);
    assert_int_equal(space->pages, 3);
    assert_regions("0+6:rw");
}

static void unmapper(void *arg)
{
    (void)arg;
    sched_current()->space = space;
    assert_int_equal(unmap(1, 1), 0);
    faults_done++;
    sched_exit();
}

static void protector(void *arg)
{
    (void)arg;
    sched_current()->space = space;
    assert_int_equal(protect(2, 3, R), 0);
    faults_done++;
    sched_exit();
}

/* A region changes or goes only when nobody who sleeps will look at it again. */
static void test_fault_unmapped(void **state)
{
    (void)state;
    struct pager_source source = file_at(0, FILE_BYTES);
    assert_int_equal(map(0, 6, RW, &source), 0);
    fake_fs.sleeps = true;
    faults_done = 0;
    assert_non_null(sched_create(touch, (void *)AT(0)));
    assert_non_null(sched_create(touch, (void *)AT(1)));
    assert_non_null(sched_create(unmapper, NULL));
    assert_non_null(sched_create(protector, NULL));
    assert_int_equal(host_threads_run(), 0);
    assert_int_equal(faults_done, 4);
    assert_int_equal(peek(AT(1)), -EFAULT);
    assert_int_equal(host_table_pages(space->table), space->pages);
}

/* ---- memory that runs out ---- */

static void scenario_zero(void)
{
    map(0, 8, RW, &zero);
    for (unsigned i = 0; i < 8; i++)
        poke(AT(i), 1);
    protect(2, 2, R);
    unmap(5, 1);
    map(1, 3, RW | PAGER_POPULATE, &zero);
    space->brk_start = space->brk = AT(1000);
    pager_brk(space, AT(1004));
    poke(AT(1002), 1);
    pager_brk(space, AT(1001));
    map_anywhere(PAGE, RW | PAGER_POPULATE);
    pager_advise_free(space, AT(0), 8 * PAGE);
}

static void scenario_image(void)
{
    struct pager_source source = image_at(0, FILE_BYTES);
    map(0, 8, RW, &source);
    for (unsigned i = 0; i < 8; i++) {
        peek(AT(i));
        poke(AT(i), 1);
    }
    protect(2, 2, R);
    unmap(5, 1);
    map(600, 8, RW | PAGER_POPULATE, &source);
}

static void scenario_file(void)
{
    struct pager_source source = file_at(0, FILE_BYTES);
    map(0, 8, RW, &source);
    map(8, 8, RW | PAGER_SHARED, &source);
    for (unsigned i = 0; i < 16; i++)
        poke(AT(i), (uint8_t)i);
    protect(9, 2, R);
    unmap(3, 9);
    map(14, 4, R | PAGER_POPULATE, &source);
    pager_unmap_files(space);
}

static void scenario_space(void)
{
    struct space *other;
    uint64_t at = AT(0);
    if (pager_space_create(&other))
        return;
    pager_map(other, &at, 3 * PAGE, RW | PAGER_POPULATE, true, &zero);
    pager_space_put(other);
}

static void test_no_memory(void **state)
{
    (void)state;
    static void (*const scenarios[])(void) = {scenario_zero, scenario_image, scenario_file, scenario_space};
    for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        bool failed = true;
        unsigned n = 1;
        for (; failed; n++) {
            pager_fixture_restart();
            host_alloc_fail(n);
            scenarios[i]();
            failed = host_alloc_failed();
            host_alloc_fail(0);
            assert_int_equal(space->pages, host_table_pages(space->table));
        }
        assert_true(n > 4);
    }
}

/* A fault that found no memory changes nothing: once there is some, it succeeds. */
static void test_no_memory_then(void **state)
{
    (void)state;
    struct pager_source source = image_at(0, FILE_BYTES);
    assert_int_equal(map(0, 1, RW, &zero), 0);
    assert_int_equal(map(1, 2, RW, &source), 0);
    assert_int_equal(peek(AT(1)), pattern(0));
    pages_before = host_alloc_pages_out();
    host_alloc_fail(1);
    assert_int_equal(pager_fault(space, AT(0), W), -ENOMEM);
    assert_int_equal(pager_fault(space, AT(1), W), -ENOMEM);
    assert_int_equal(unmap(0, 1), 0);       /* whole regions go without memory */
    assert_int_equal(unmap(1, 1), -ENOMEM); /* half of one cannot */
    assert_int_equal(protect(2, 1, R), -ENOMEM);
    host_alloc_fail(0);
    assert_int_equal(host_alloc_pages_out(), pages_before);
    assert_int_equal(poke(AT(1), 1), 0);
    assert_regions("1+2:rw");
}

/* A home that cannot give more access to a page that is there: nothing is lost, and nobody is told to try again. */
static void test_no_more_access(void **state)
{
    (void)state;
    struct pager_source source = image_at(0, FILE_BYTES);
    assert_int_equal(map(0, 1, R, &zero), 0);
    assert_int_equal(map(1, 1, RW, &source), 0);
    assert_int_equal(peek(AT(0)), 0);
    assert_int_equal(peek(AT(1)), pattern(0));
    pages_before = host_alloc_pages_out();
    host_table_refuse(true);
    assert_int_equal(protect(0, 1, RW), 0);
    assert_int_equal(pager_fault(space, AT(0), W), -ENOMEM);
    assert_int_equal(pager_fault(space, AT(1), W), -ENOMEM);
    host_table_refuse(false);
    assert_int_equal(host_alloc_pages_out(), pages_before);
    assert_int_equal(poke(AT(0), 1), 0);
    assert_int_equal(poke(AT(1), 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pager_fixture_open, pager_fixture_close)

int tests_pager_memory(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_zero),
        TEST(test_image),
        TEST(test_image_protect),
        TEST(test_file_private),
        TEST(test_file_segment),
        TEST(test_file_shared),
        TEST(test_file_shared_protected),
        TEST(test_file_errors),
        TEST(test_unmap_files),
        TEST(test_no_write),
        TEST(test_populate),
        TEST(test_fault_twice),
        TEST(test_fault_unmapped),
        TEST(test_no_memory),
        TEST(test_no_memory_then),
        TEST(test_no_more_access),
    };
    return cmocka_run_group_tests_name("pager memory", tests, NULL, NULL);
}
