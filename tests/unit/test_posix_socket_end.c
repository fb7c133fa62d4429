/* SPDX-License-Identifier: MIT */
/* test_posix_socket_end.c: what ends sockets, and the waiting for them. */
#include "socket_fixture.h"

static void sigpipe_body(void)
{
    must_connect();
    posix_close(0, (uint64_t)server);
    recv_(client, big, 1, 0);
    assert_int_equal(send_(client, "x", 1, MSG_NOSIGNAL), -EPIPE);
    send_(client, "x", 1, 0);
    fail_msg("alive");
}

static void test_sigpipe(void **state)
{
    (void)state;
    assert_int_equal(process_run(sigpipe_body), SIGPIPE);
}

static void receive_thread(void)
{
    char byte;
    assert_int_equal(posix_read(0, (uint64_t)server, P(&byte), 1), 1);
    assert_int_equal(posix_read(0, (uint64_t)server, P(&byte), 1), -EBADF);
}

/* The descriptor goes while a thread waits: what it waits for is there until it has it. */
static void close_body(void)
{
    must_connect();
    thread_begin(receive_thread);
    sched_yield();
    assert_int_equal(posix_close(0, (uint64_t)server), 0);
    sched_yield();
    assert_int_equal(send_(client, "x", 1, 0), 1);
    sched_yield();
    sched_yield();
    assert_int_equal(recv_(client, big, 1, 0), 0);
}

static void test_close(void **state)
{
    RUN(close_body);
}

static void shut_thread(void)
{
    char byte;
    assert_int_equal(posix_read(0, (uint64_t)server, P(&byte), 1), 0);
}

static void shutdown_body(void)
{
    must_connect();
    thread_begin(shut_thread);
    sched_yield();
    assert_int_equal(posix_shutdown(0, (uint64_t)server, SHUT_RDWR), 0);
    sched_yield();
}

static void test_shutdown(void **state)
{
    RUN(shutdown_body);
}

static void reset_body(void)
{
    char byte;
    must_connect();
    host_net_reset_connection(1); /* the client's: the second that was made */
    assert_int_equal(posix_read(0, (uint64_t)client, P(&byte), 1), -ECONNRESET);
}

static void test_reset(void **state)
{
    RUN(reset_body);
}

static void killed_receiver(void)
{
    char byte;
    must_connect();
    posix_read(0, (uint64_t)server, P(&byte), 1);
    posix_return();
    fail_msg("read");
}

static struct process *victim;
static void killer_body(void)
{
    sched_yield();
    sched_yield();
    posix_kill(0, (uint64_t)victim->pid, SIGKILL);
}

static void test_kill(void **state)
{
    (void)state;
    victim = process_begin(killed_receiver);
    struct process *killer = process_begin(killer_body);
    assert_int_equal(processes_run(), 0);
    assert_int_equal(process_status(victim), SIGKILL);
    process_status(killer);
}

/* The network always has more to do: waiting ends all the same. */
static void flood_body(void)
{
    char byte;
    int64_t time[2] = {0, 20000};
    struct linux_pollfd p;
    struct linux_epoll_event e = {POLLIN, 1};
    uint64_t start = env_now_ns(), set = (uint64_t)posix_epoll_create1(0, 0);
    must_connect();
    p = (struct linux_pollfd){.fd = server, .events = POLLIN};
    assert_int_equal(posix_epoll_ctl(0, set, EPOLL_CTL_ADD, (uint64_t)server, P(&e)), 0);
    posix_setsockopt(0, (uint64_t)server, SOL_SOCKET, SO_RCVTIMEO, P(time), sizeof time);
    host_net_flood(true);
    assert_int_equal(recv_(server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
    assert_int_equal(recv_(server, &byte, 1, 0), -EAGAIN);
    assert_int_equal(posix_poll(0, P(&p), 1, 20), 0);
    assert_int_equal(posix_epoll_wait(0, set, P(&e), 1, 20), 0);
    assert_true(env_now_ns() - start >= 60 * MS);
    victim = process_current();
    process_kill(victim, SIGKILL);
    assert_int_equal(recv_(client, &byte, 1, 0), -EINTR);
    assert_int_equal(posix_epoll_wait(0, set, P(&e), 1, (uint64_t)-1), -EINTR);
    host_net_flood(false);
}

static void test_flood(void **state)
{
    (void)state;
    assert_int_equal(process_run(flood_body), SIGKILL);
}

/* Without a descriptor, or memory, nothing is accepted and nothing is lost. */
static void full_body(void)
{
    address_t at = address_of(PORT);
    must_listen();
    client = must_socket(SOCK_STREAM);
    assert_int_equal(posix_connect(0, (uint64_t)client, P(&at), sizeof at), 0);
    while (fds_open() < FD_MAX)
        assert_true(posix_dup(0, 0) >= 0);
    assert_int_equal(posix_accept(0, (uint64_t)listener, 0, 0), -EMFILE);
    assert_int_equal(posix_socket(0, AF_INET, SOCK_STREAM, 0), -EMFILE);
    posix_close(0, 1000);
    host_alloc_fail(1);
    assert_int_equal(posix_accept(0, (uint64_t)listener, 0, 0), -ENOMEM);
    host_alloc_fail(0);
    assert_int_equal(posix_accept(0, (uint64_t)listener, 0, 0), 1000);
}

static void test_full(void **state)
{
    RUN(full_body);
}

int tests_socket_end(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sigpipe), TEST(test_close), TEST(test_shutdown), TEST(test_reset),
        TEST(test_kill),    TEST(test_full),  TEST(test_flood),
    };
    return cmocka_run_group_tests_name("posix sockets' ends", tests, posix_open_group, fixture_close);
}
