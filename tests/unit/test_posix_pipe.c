/* SPDX-License-Identifier: MIT */
/* test_posix_pipe.c: pipes: the ring's wrap, whole writes, ends that close, and copies that sleep. */
#include "posix_fixture.h"

#define PIPE_BYTES 4096u
#define STREAM_BYTES 200000u
#define WRITERS 3
#define RECORDS 40

static int fds[2];
#define READER ((uint64_t)fds[0])
#define WRITER ((uint64_t)fds[1])
static uint64_t random_state;
static uint8_t buffer[3 * PIPE_BYTES];

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static uint8_t stream_byte(uint64_t at)
{
    return pattern_byte(7, at);
}

/* Ends that do not wait, against two counters. */
static void wrap_body(void)
{
    uint64_t put = 0, got = 0;
    must_pipe(fds, O_NONBLOCK);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t n = random_below(random_below(2) ? 40 : 6000), free = PIPE_BYTES - (put - got);
        int64_t done;
        if (random_below(2)) {
            for (uint64_t k = 0; k < n; k++)
                buffer[k] = stream_byte(put + k);
            done = posix_write(0, WRITER, P(buffer), n);
            if (n <= free)
                assert_int_equal(done, n);
            else if (n <= PIPE_BYTES) /* all or nothing */
                assert_int_equal(done, -EAGAIN);
            else
                assert_int_equal(done, free ? (int64_t)free : -EAGAIN);
            put += done > 0 ? (uint64_t)done : 0;
        } else {
            uint64_t have = put - got;
            done = posix_read(0, READER, P(buffer), n);
            assert_int_equal(done, n == 0 ? 0 : have == 0 ? -EAGAIN : (int64_t)(n < have ? n : have));
            for (int64_t k = 0; k < done; k++)
                assert_int_equal(buffer[k], stream_byte(got + (uint64_t)k));
            got += done > 0 ? (uint64_t)done : 0;
        }
    }
    assert_true(got > 10 * PIPE_BYTES);
}

static void test_wrap(void **state)
{
    (void)state;
    random_state = 1;
    assert_int_equal(process_run(wrap_body), 0);
}

/* ---- ends that wait ---- */

static void write_stream(void)
{
    static uint8_t bytes[3 * PIPE_BYTES];
    for (uint64_t at = 0; at < STREAM_BYTES;) {
        uint64_t n = 1 + random_below(sizeof bytes);
        n = n < STREAM_BYTES - at ? n : STREAM_BYTES - at;
        for (uint64_t k = 0; k < n; k++)
            bytes[k] = stream_byte(at + k);
        assert_int_equal(posix_write(0, WRITER, P(bytes), n), n);
        at += n;
    }
    assert_int_equal(posix_close(0, WRITER), 0);
}

static void stream_body(void)
{
    uint64_t at = 0;
    int64_t got;
    must_pipe(fds, 0);
    thread_begin(write_stream);
    while ((got = posix_read(0, READER, P(buffer), 1 + random_below(sizeof buffer))) > 0) {
        for (int64_t k = 0; k < got; k++)
            assert_int_equal(buffer[k], stream_byte(at + (uint64_t)k));
        at += (uint64_t)got;
    }
    assert_int_equal(got, 0);
    assert_int_equal(at, STREAM_BYTES);
}

static void test_stream(void **state)
{
    (void)state;
    random_state = 2;
    assert_int_equal(process_run(stream_body), 0);
}

/* Records of several writers: a mark, a length, and that many bytes of the mark. */
static unsigned writers_begun;

static void write_records(void)
{
    uint8_t *record = malloc(PIPE_BYTES), mark = (uint8_t)('A' + writers_begun++);
    for (unsigned i = 0; i < RECORDS; i++) {
        uint64_t n = i % 5 == 0 ? PIPE_BYTES : 3 + random_below(PIPE_BYTES - 3);
        memset(record, mark, n);
        record[1] = (uint8_t)n;
        record[2] = (uint8_t)(n >> 8);
        assert_int_equal(posix_write(0, WRITER, P(record), n), n);
    }
    free(record);
}

/* Exactly n bytes, in reads of any size. */
static void read_all(uint8_t *to, uint64_t n)
{
    while (n) {
        int64_t got = posix_read(0, READER, P(to), 1 + random_below((uint32_t)n));
        assert_in_range(got, 1, n);
        to += got;
        n -= (uint64_t)got;
    }
}

static void records_body(void)
{
    unsigned seen[WRITERS] = {0};
    must_pipe(fds, 0);
    writers_begun = 0;
    for (unsigned i = 0; i < WRITERS; i++)
        thread_begin(write_records);
    for (unsigned i = 0; i < WRITERS * RECORDS; i++) {
        read_all(buffer, 3);
        uint64_t n = buffer[1] | (uint64_t)buffer[2] << 8;
        uint8_t mark = buffer[0];
        assert_in_range(mark, 'A', 'A' + WRITERS - 1);
        assert_in_range(n, 3, PIPE_BYTES);
        read_all(buffer, n - 3);
        for (uint64_t k = 0; k < n - 3; k++)
            assert_int_equal(buffer[k], mark);
        seen[mark - 'A']++;
    }
    for (unsigned i = 0; i < WRITERS; i++)
        assert_int_equal(seen[i], RECORDS);
}

static void test_whole_writes(void **state)
{
    (void)state;
    for (random_state = 3; random_state < 9; random_state++)
        assert_int_equal(process_run(records_body), 0);
}

/* Each copy may be a page fault that waits for the disk meanwhile. */
static void sometimes_pause(void)
{
    static unsigned n;
    if (++n % 3)
        host_sched_pause();
}

static void test_copies_sleep(void **state)
{
    (void)state;
    host_env_on_copy(sometimes_pause);
    random_state = 11;
    assert_int_equal(process_run(records_body), 0);
    host_env_on_copy(NULL);
}

static unsigned readers_left;
static uint64_t read_sum, write_sum;

static void read_some(void)
{
    uint8_t *bytes = malloc(300);
    int64_t got;
    while ((got = posix_read(0, READER, P(bytes), 1 + random_below(300))) > 0)
        for (int64_t i = 0; i < got; i++)
            read_sum += bytes[i];
    assert_int_equal(got, 0);
    free(bytes);
    readers_left--;
}

/* Several readers share a stream: each byte goes to one of them. */
static void readers_body(void)
{
    must_pipe(fds, 0);
    read_sum = write_sum = 0;
    readers_left = 3;
    for (unsigned i = 0; i < 3; i++)
        thread_begin(read_some);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t n = 1 + random_below(700);
        for (uint64_t k = 0; k < n; k++)
            write_sum += buffer[k] = (uint8_t)random_below(256);
        assert_int_equal(posix_write(0, WRITER, P(buffer), n), n);
    }
    posix_close(0, WRITER);
    while (readers_left)
        posix_sched_yield(0);
    assert_int_equal(read_sum, write_sum);
}

static void test_readers(void **state)
{
    (void)state;
    random_state = 12;
    assert_int_equal(process_run(readers_body), 0);
}

static void test_readers_sleep(void **state)
{
    (void)state;
    host_env_on_copy(sometimes_pause);
    random_state = 13;
    assert_int_equal(process_run(readers_body), 0);
    host_env_on_copy(NULL);
}

/* ---- ends that close ---- */

static void ignore_sigpipe(void)
{
    uint64_t action[4] = {1};
    assert_int_equal(posix_rt_sigaction(0, SIGPIPE, P(action), 0, 8), 0);
}

static void ends_body(void)
{
    must_pipe(fds, 0);
    assert_int_equal(posix_write(0, WRITER, P("rest"), 4), 4);
    assert_int_equal(posix_write(0, READER, P("x"), 1), -EBADF);
    assert_int_equal(posix_read(0, WRITER, P(buffer), 1), -EBADF);
    assert_int_equal(posix_lseek(0, READER, 0, 0), -ESPIPE);
    assert_int_equal(posix_pread64(0, READER, P(buffer), 1, 0), -ESPIPE);
    assert_int_equal(posix_dup2(0, WRITER, 20), 20);
    assert_int_equal(posix_close(0, WRITER), 0);
    assert_int_equal(posix_write(0, 20, P("!"), 1), 1); /* a duplicate keeps the end */
    assert_int_equal(posix_close(0, 20), 0);
    assert_int_equal(posix_read(0, READER, P(buffer), 100), 5);
    assert_int_equal(posix_read(0, READER, P(buffer), 100), 0);
    assert_int_equal(posix_read(0, READER, P(buffer), 100), 0);
    posix_close(0, READER);
    must_pipe(fds, 0);
    ignore_sigpipe();
    posix_close(0, READER);
    assert_int_equal(posix_write(0, WRITER, P("x"), 1), -EPIPE);
    assert_int_equal(posix_write(0, WRITER, P(buffer), 10000), -EPIPE);
    assert_int_equal(posix_pipe2(0, P(fds), 1), -EINVAL);
}

static void test_ends(void **state)
{
    (void)state;
    assert_int_equal(process_run(ends_body), 0);
}

static void sigpipe_body(void)
{
    must_pipe(fds, 0);
    posix_close(0, READER);
    posix_write(0, WRITER, P("x"), 1);
    fail_msg("came back");
}

static void test_sigpipe(void **state)
{
    (void)state;
    assert_int_equal(process_run(sigpipe_body), SIGPIPE);
}

static void close_reader(void)
{
    posix_sched_yield(0);
    posix_close(0, READER);
}

static void close_writer(void)
{
    posix_sched_yield(0);
    posix_close(0, WRITER);
}

static void close_body(void)
{
    ignore_sigpipe();
    must_pipe(fds, 0);
    thread_begin(close_writer);
    assert_int_equal(posix_read(0, READER, P(buffer), 1), 0); /* waits until the other end is gone */
    posix_close(0, READER);
    must_pipe(fds, 0);
    thread_begin(close_reader);
    assert_int_equal(posix_write(0, WRITER, P(buffer), sizeof buffer), PIPE_BYTES); /* what went in before */
    assert_int_equal(posix_write(0, WRITER, P(buffer), 1), -EPIPE);
    posix_close(0, WRITER);
}

static void test_close_wakes(void **state)
{
    (void)state;
    assert_int_equal(process_run(close_body), 0);
}

static void fault_body(void)
{
    must_pipe(fds, O_NONBLOCK);
    assert_int_equal(posix_write(0, WRITER, BAD, 10), -EFAULT);
    assert_int_equal(posix_read(0, READER, P(buffer), 10), -EAGAIN);
    assert_int_equal(posix_write(0, WRITER, P("0123456789"), 10), 10);
    assert_int_equal(posix_read(0, READER, BAD, 10), -EFAULT);
    assert_int_equal(posix_read(0, READER, P(buffer), 20), 10); /* nothing was lost */
    assert_memory_equal(buffer, "0123456789", 10);
    assert_int_equal(posix_pipe2(0, BAD, 0), -EFAULT);
    assert_int_equal(fds_open(), 5);
}

static void test_faults(void **state)
{
    (void)state;
    assert_int_equal(process_run(fault_body), 0);
}

static void no_memory_body(void)
{
    unsigned n = 1;
    for (int64_t error = -ENOMEM; error; n++) {
        host_alloc_fail(n);
        error = posix_pipe2(0, P(fds), 0);
        host_alloc_fail(0);
        assert_int_equal(error, error ? -ENOMEM : 0);
        assert_int_equal(fds_open(), error ? 3 : 5);
    }
    assert_true(n > 4);
}

static void test_no_memory(void **state)
{
    (void)state;
    assert_int_equal(process_run(no_memory_body), 0);
}

int tests_pipe(void)
{
    const struct CMUnitTest tests[] = {
        POSIX_TEST(test_wrap),          POSIX_TEST(test_stream),       POSIX_TEST(test_whole_writes),
        POSIX_TEST(test_readers),       POSIX_TEST(test_ends),         POSIX_TEST(test_sigpipe),
        POSIX_TEST(test_close_wakes),   POSIX_TEST(test_faults),       POSIX_TEST(test_no_memory),
        POSIX_TEST(test_readers_sleep), POSIX_TEST(test_copies_sleep),
    };
    return cmocka_run_group_tests_name("posix pipe", tests, posix_open_group, fixture_close);
}
