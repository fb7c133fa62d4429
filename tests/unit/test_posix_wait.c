/* SPDX-License-Identifier: MIT */
/* test_posix_wait.c: what waits: poll, futexes, sleeping, children; and what ends waiting: time, wakes, kill. */
#include "posix_fixture.h"

#define MS 1000000u

static int fds[2];
static uint32_t word, order[8];
static unsigned order_count;

static uint32_t poll_bits(int fd, uint32_t events)
{
    struct linux_pollfd p = {.fd = fd, .events = (uint16_t)events, .revents = 0xffff};
    int64_t n = posix_poll(0, P(&p), 1, 0);
    assert_int_equal(n, p.revents != 0);
    return p.revents;
}

static void bits_body(void)
{
    static char full[4096];
    must_pipe(fds, 0);
    uint32_t both = POLLIN | POLLOUT;
    assert_int_equal(poll_bits(fds[0], both), 0);
    assert_int_equal(poll_bits(fds[1], both), POLLOUT);
    assert_int_equal(poll_bits(fds[1], POLLIN), 0);
    assert_int_equal(posix_write(0, (uint64_t)fds[1], P(full), 4095), 4095);
    assert_int_equal(poll_bits(fds[0], both), POLLIN);
    assert_int_equal(poll_bits(fds[1], both), 0); /* not every write of PIPE_BUF bytes would go through */
    assert_int_equal(posix_write(0, (uint64_t)fds[1], P(full), 1), 1);
    assert_int_equal(poll_bits(fds[1], both), 0);
    posix_close(0, (uint64_t)fds[1]);
    assert_int_equal(poll_bits(fds[0], both), POLLIN | POLLHUP);
    assert_int_equal(posix_read(0, (uint64_t)fds[0], P(full), 4096), 4096);
    assert_int_equal(poll_bits(fds[0], 0), POLLHUP);
    posix_close(0, (uint64_t)fds[0]);
    assert_int_equal(poll_bits(fds[0], both), POLLNVAL);
    assert_int_equal(poll_bits(1000, both), POLLNVAL);
    assert_int_equal(poll_bits(-1, both), 0);
    must_pipe(fds, 0);
    posix_close(0, (uint64_t)fds[0]);
    assert_int_equal(poll_bits(fds[1], 0), POLLERR);
    assert_int_equal(poll_bits(0, both), POLLOUT);
    host_console_input("x");
    assert_int_equal(poll_bits(0, both), both);
    assert_int_equal(poll_bits(must_fd("/hello.txt", O_RDONLY), both), both);
    assert_int_equal(posix_poll(0, BAD, 1, 0), -EFAULT);
    assert_int_equal(posix_poll(0, BAD, 0, 0), 0);
    assert_int_equal(posix_poll(0, BAD, FD_MAX + 1, 0), -EINVAL);
    assert_int_equal(posix_poll(0, BAD, UINT64_MAX, 0), -EINVAL);
}

static void test_poll_bits(void **state)
{
    (void)state;
    assert_int_equal(process_run(bits_body), 0);
}

static void write_later(void)
{
    struct linux_timespec t = {0, 5 * MS};
    assert_int_equal(posix_nanosleep(0, P(&t), 0), 0);
    assert_int_equal(posix_write(0, (uint64_t)fds[1], P("x"), 1), 1);
}

static void poll_wait_body(void)
{
    must_pipe(fds, 0);
    struct linux_pollfd p[2] = {{.fd = fds[0], .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    struct linux_timespec t = {0, 20 * MS}, bad = {0, 1000000000};
    uint64_t start = env_now_ns();
    assert_int_equal(posix_poll(0, P(p), 2, 10), 0);
    assert_in_range(env_now_ns() - start, 10 * MS, 12 * MS);
    start = env_now_ns();
    assert_int_equal(posix_ppoll(0, P(p), 2, P(&t), 0, 8), 0);
    assert_in_range(env_now_ns() - start, 20 * MS, 22 * MS);
    assert_int_equal(posix_ppoll(0, P(p), 2, P(&bad), 0, 8), -EINVAL);
    thread_begin(write_later);
    start = env_now_ns();
    assert_int_equal(posix_poll(0, P(p), 2, (uint64_t)-1), 1);
    assert_in_range(env_now_ns() - start, 4 * MS, 8 * MS);
    assert_int_equal(p[0].revents, POLLIN);
    assert_int_equal(p[1].revents, 0);
}

static void test_poll_wait(void **state)
{
    (void)state;
    assert_int_equal(process_run(poll_wait_body), 0);
}

/* ---- futexes ---- */

static int64_t futex(uint64_t op, uint64_t value, const void *timeout)
{
    return posix_futex(0, P(&word), op, value, P(timeout), 0, 0);
}

static void futex_errors_body(void)
{
    struct linux_timespec bad = {-1, 0}, past = {0, 1};
    word = 5;
    assert_int_equal(futex(FUTEX_WAIT, 4, NULL), -EAGAIN);
    assert_int_equal(futex(FUTEX_WAIT | FUTEX_PRIVATE, 4, NULL), -EAGAIN);
    assert_int_equal(futex(FUTEX_WAIT, 5, &bad), -EINVAL);
    assert_int_equal(futex(FUTEX_WAIT_BITSET, 5, &past), -ETIMEDOUT);
    assert_int_equal(futex(FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &past), -ETIMEDOUT);
    assert_int_equal(posix_futex(0, P(&word), FUTEX_WAIT, 5, BAD, 0, 0), -EFAULT);
    assert_int_equal(posix_futex(0, BAD, FUTEX_WAIT, 5, 0, 0, 0), -EFAULT);
    assert_int_equal(posix_futex(0, P(&word) + 1, FUTEX_WAIT, 5, 0, 0, 0), -EINVAL);
    assert_int_equal(futex(77, 5, NULL), -ENOSYS);
    assert_int_equal(futex(FUTEX_WAKE, 100, NULL), 0);
    struct linux_timespec t = {0, 7 * MS};
    uint64_t start = env_now_ns();
    assert_int_equal(futex(FUTEX_WAIT, 5, &t), -ETIMEDOUT);
    assert_in_range(env_now_ns() - start, 7 * MS, 9 * MS);
    assert_int_equal(futex(FUTEX_WAKE, 100, NULL), 0); /* who was timed out waits no more */
}

static void test_futex_errors(void **state)
{
    (void)state;
    assert_int_equal(process_run(futex_errors_body), 0);
}

static void futex_waiter(void)
{
    static unsigned begun;
    unsigned number = begun++ % 5;
    assert_int_equal(futex(FUTEX_WAIT, 1, NULL), 0);
    order[order_count++] = number;
}

static void yield(unsigned n)
{
    while (n--)
        posix_sched_yield(0);
}

static void futex_body(void)
{
    static uint32_t others[64]; /* some of them in the same bucket */
    word = 1;
    order_count = 0;
    for (unsigned i = 0; i < 5; i++)
        thread_begin(futex_waiter);
    yield(3);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(posix_futex(0, P(&others[i]), FUTEX_WAKE, 10, 0, 0, 0), 0);
    assert_int_equal(futex(FUTEX_WAKE, 0, NULL), 0);
    assert_int_equal(futex(FUTEX_WAKE, 2, NULL), 2);
    yield(3);
    assert_int_equal(order_count, 2);
    assert_int_equal(futex(FUTEX_WAKE, 1, NULL), 1);
    assert_int_equal(futex(FUTEX_REQUEUE, 1, NULL), 2);
    yield(3);
    assert_int_equal(order_count, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(order[i], i);
}

static void test_futex_wake(void **state)
{
    (void)state;
    assert_int_equal(process_run(futex_body), 0);
}

/* The same address in another process is another word. */
static void other_space_body(void)
{
    assert_int_equal(futex(FUTEX_WAKE, 10, NULL), 0);
}

static void lonely_body(void)
{
    word = 1;
    futex(FUTEX_WAIT, 1, NULL);
    posix_return();
    fail_msg("woken");
}

static void test_futex_spaces(void **state)
{
    (void)state;
    struct process *a = process_begin(lonely_body), *b = process_begin(other_space_body);
    assert_int_equal(processes_run(), 1);
    assert_int_equal(process_status(b), 0);
    process_kill(a, SIGKILL);
    assert_int_equal(processes_run(), 0);
    assert_int_equal(process_status(a), SIGKILL);
}

/* ---- the ends of threads and processes ---- */

static void end_thread(void)
{
    task_exit(0);
}

static void join_body(void)
{
    word = 1;
    struct task *t = thread_begin(end_thread);
    t->clear_tid = P(&word);
    assert_int_equal(futex(FUTEX_WAIT, 1, NULL), 0); /* the thread's end clears the word and wakes */
    assert_int_equal(word, 0);
}

static void test_join(void **state)
{
    (void)state;
    assert_int_equal(process_run(join_body), 0);
}

static void sleep_forever(void)
{
    struct linux_timespec t = {1 << 30, 0};
    posix_nanosleep(0, P(&t), 0);
    posix_return();
    fail_msg("slept");
}

static void exit_body(void)
{
    thread_begin(sleep_forever);
    thread_begin(lonely_body);
    must_pipe(fds, 0);
    yield(2);
    posix_exit_group(0, 3);
}

static void killed_waiter(void)
{
    char byte;
    posix_read(0, (uint64_t)fds[0], P(&byte), 1);
    posix_return();
    fail_msg("read");
}

static void test_exit_group(void **state)
{
    (void)state;
    assert_int_equal(process_run(exit_body), 3 << 8);
}

static struct process *victim;

static void killer_body(void)
{
    assert_int_equal(posix_kill(0, (uint64_t)victim->pid, 64), -EINVAL);
    assert_int_equal(posix_kill(0, (uint64_t)-1, 9), -ESRCH);
    assert_int_equal(posix_kill(0, 123456, 9), -ESRCH);
    assert_int_equal(posix_kill(0, (uint64_t)victim->pid, 0), 0);
    assert_int_equal(posix_kill(0, (uint64_t)victim->pid, SIGCHLD), 0);
    yield(2);
    assert_int_equal(victim->status, STATUS_RUNNING);
    assert_int_equal(posix_kill(0, (uint64_t)victim->pid, SIGKILL), 0);
}

static void victim_body(void)
{
    must_pipe(fds, 0);
    killed_waiter();
}

static void test_kill(void **state)
{
    (void)state;
    victim = process_begin(victim_body);
    struct process *killer = process_begin(killer_body);
    assert_int_equal(processes_run(), 0);
    assert_int_equal(process_status(victim), SIGKILL);
    assert_int_equal(process_status(killer), 0);
}

static void self_kill_body(void)
{
    uint64_t action[4] = {1};
    assert_int_equal(posix_rt_sigaction(0, 15, P(action), 0, 8), 0);
    assert_int_equal(posix_kill(0, (uint64_t)posix_getpid(0), 15), 0);
    assert_int_equal(posix_tkill(0, 99999, 10), -ESRCH);
    posix_tkill(0, (uint64_t)posix_gettid(0), 10);
    fail_msg("alive");
}

static void test_self_kill(void **state)
{
    (void)state;
    assert_int_equal(process_run(self_kill_body), 10);
}

static void fault_body(void)
{
    posix_fault(SIGSEGV, 1, 2);
    fail_msg("alive");
}

static void test_fault(void **state)
{
    (void)state;
    assert_int_equal(process_run(fault_body), SIGSEGV);
}

#define TEST POSIX_TEST

int tests_wait(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_poll_bits),    TEST(test_poll_wait), TEST(test_futex_errors), TEST(test_futex_wake),
        TEST(test_futex_spaces), TEST(test_join),      TEST(test_exit_group),   TEST(test_kill),
        TEST(test_self_kill),    TEST(test_fault),
    };
    return cmocka_run_group_tests_name("posix wait", tests, posix_open_group, fixture_close);
}
