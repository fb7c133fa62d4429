/* SPDX-License-Identifier: MIT */
/* test_posix_epoll.c: sets of files: level- and edge-triggered, one-shot, their ends; who is woken; eventfd; select. */
#include "net.h"
#include "posix_fixture.h"

#define MS 1000000u
#define PIPES 40

static int set, fds[2], pairs[PIPES][2];
static struct linux_epoll_event events[64];

static int64_t control(int op, int fd, uint32_t wanted, uint64_t data)
{
    struct linux_epoll_event e = {wanted, data};
    return posix_epoll_ctl(0, (uint64_t)set, (uint64_t)op, (uint64_t)fd, P(&e));
}

static int64_t wait_(unsigned max, int timeout)
{
    memset(events, 0xee, sizeof events);
    return posix_epoll_wait(0, (uint64_t)set, P(events), max, (uint64_t)(int64_t)timeout);
}

static void must_set(void)
{
    set = (int)posix_epoll_create1(0, 0);
    assert_in_range(set, 0, FD_MAX - 1);
}

static void put(int fd)
{
    assert_int_equal(posix_write(0, (uint64_t)fd, P("x"), 1), 1);
}

static void get(int fd)
{
    char byte;
    assert_int_equal(posix_read(0, (uint64_t)fd, P(&byte), 1), 1);
}

/* The only event, of that fd (its data). */
static void must_find(uint32_t bits, uint64_t data)
{
    assert_int_equal(wait_(10, 0), 1);
    assert_int_equal(events[0].events, bits);
    assert_int_equal(events[0].data, data);
}

#define RUN(body)                                                                                                      \
    do {                                                                                                               \
        (void)state;                                                                                                   \
        assert_int_equal(process_run(body), 0);                                                                        \
    } while (0)

static void wrong_body(void)
{
    int other = (int)posix_epoll_create(0, 1), file = must_fd("/hello.txt", O_RDONLY);
    must_set();
    must_pipe(fds, 0);
    assert_int_equal(posix_epoll_create(0, 0), -EINVAL);
    assert_int_equal(posix_epoll_create1(0, 1), -EINVAL);
    assert_int_equal(control(EPOLL_CTL_ADD, fds[0], POLLIN, 1), 0);
    assert_int_equal(control(EPOLL_CTL_ADD, fds[0], POLLIN, 1), -EEXIST);
    assert_int_equal(control(EPOLL_CTL_MOD, fds[1], POLLIN, 1), -ENOENT);
    assert_int_equal(control(EPOLL_CTL_DEL, fds[1], POLLIN, 1), -ENOENT);
    assert_int_equal(control(EPOLL_CTL_ADD, file, POLLIN, 1), -EPERM);
    assert_int_equal(control(EPOLL_CTL_ADD, 99, POLLIN, 1), -EBADF);
    assert_int_equal(control(EPOLL_CTL_ADD, other, POLLIN, 1), -EINVAL);
    assert_int_equal(control(EPOLL_CTL_ADD, set, POLLIN, 1), -EINVAL);
    assert_int_equal(control(4, fds[0], POLLIN, 1), -EINVAL);
    assert_int_equal(posix_epoll_ctl(0, (uint64_t)set, EPOLL_CTL_ADD, (uint64_t)fds[1], BAD), -EFAULT);
    assert_int_equal(posix_epoll_ctl(0, 0, EPOLL_CTL_ADD, (uint64_t)fds[1], P(events)), -EINVAL);
    assert_int_equal(posix_epoll_ctl(0, 77, EPOLL_CTL_ADD, (uint64_t)fds[1], P(events)), -EBADF);
    assert_int_equal(wait_(0, 0), -EINVAL);
    assert_int_equal(wait_((unsigned)-1, 0), -EINVAL);
    assert_int_equal(posix_epoll_wait(0, 0, P(events), 1, 0), -EINVAL);
    assert_int_equal(posix_epoll_wait(0, 55, P(events), 1, 0), -EBADF);
    assert_int_equal(posix_epoll_pwait(0, (uint64_t)set, P(events), 1, 0, P(events), 4), -EINVAL);
    assert_int_equal(posix_read(0, (uint64_t)set, P(events), 8), -EINVAL);
    put(fds[1]);
    assert_int_equal(posix_epoll_wait(0, (uint64_t)set, BAD, 10, 0), -EFAULT);
    must_find(POLLIN, 1); /* nothing was lost */
    assert_int_equal(control(EPOLL_CTL_DEL, fds[0], 0, 0), 0);
    assert_int_equal(wait_(10, 0), 0);
}

static void test_wrong(void **state)
{
    RUN(wrong_body);
}

static void level_body(void)
{
    must_set();
    must_pipe(fds, 0);
    assert_int_equal(control(EPOLL_CTL_ADD, fds[0], POLLIN, 5), 0);
    assert_int_equal(wait_(10, 0), 0);
    put(fds[1]);
    put(fds[1]);
    must_find(POLLIN, 5);
    must_find(POLLIN, 5);
    get(fds[0]);
    must_find(POLLIN, 5);
    get(fds[0]);
    assert_int_equal(wait_(10, 0), 0);
    assert_int_equal(control(EPOLL_CTL_MOD, fds[0], POLLIN | POLLRDNORM, 6), 0);
    put(fds[1]);
    must_find(POLLIN | POLLRDNORM, 6);
    assert_int_equal(control(EPOLL_CTL_MOD, fds[0], 0, 6), 0);
    assert_int_equal(wait_(10, 0), 0);
    assert_int_equal(control(EPOLL_CTL_MOD, fds[0], POLLIN, 7), 0); /* ready already */
    must_find(POLLIN, 7);
    posix_close(0, (uint64_t)fds[1]);
    must_find(POLLIN | POLLHUP, 7);
}

static void test_level(void **state)
{
    RUN(level_body);
}

static void edge_body(void)
{
    must_set();
    must_pipe(fds, 0);
    put(fds[1]);
    assert_int_equal(control(EPOLL_CTL_ADD, fds[0], POLLIN | EPOLLET, 5), 0);
    must_find(POLLIN, 5); /* it was ready when it was added */
    assert_int_equal(wait_(10, 0), 0);
    put(fds[1]);
    must_find(POLLIN, 5);
    assert_int_equal(wait_(10, 0), 0);
    put(fds[1]);
    get(fds[0]);
    get(fds[0]);
    get(fds[0]);
    assert_int_equal(wait_(10, 0), 0); /* what there was is gone */
    assert_int_equal(control(EPOLL_CTL_MOD, fds[0], POLLIN | EPOLLONESHOT, 6), 0);
    put(fds[1]);
    must_find(POLLIN, 6);
    put(fds[1]);
    assert_int_equal(wait_(10, 0), 0);
    assert_int_equal(control(EPOLL_CTL_MOD, fds[0], POLLIN | EPOLLONESHOT, 7), 0);
    must_find(POLLIN, 7);
    posix_close(0, (uint64_t)fds[1]);
    assert_int_equal(wait_(10, 0), 0); /* not even the end is told */
}

static void test_edge(void **state)
{
    RUN(edge_body);
}

/* More than are copied at a time, and fewer than there are: each once, and in turn. */
static void many_body(void)
{
    uint64_t seen = 0;
    must_set();
    for (unsigned i = 0; i < PIPES; i++) {
        must_pipe(pairs[i], 0);
        assert_int_equal(control(EPOLL_CTL_ADD, pairs[i][0], POLLIN, i), 0);
        put(pairs[i][1]);
    }
    assert_int_equal(wait_(64, 0), PIPES);
    for (unsigned i = 0; i < PIPES; i++)
        seen |= 1ull << events[i].data;
    assert_int_equal(seen, (1ull << PIPES) - 1);
    seen = 0;
    for (unsigned k = 0; k < PIPES / 8; k++) {
        assert_int_equal(wait_(8, 0), 8);
        for (unsigned i = 0; i < 8; i++)
            seen |= 1ull << events[i].data;
    }
    assert_int_equal(seen, (1ull << PIPES) - 1); /* nobody is passed over */
    for (unsigned i = 0; i < PIPES; i++)
        get(pairs[i][0]);
    assert_int_equal(wait_(64, 0), 0);
}

static void test_many(void **state)
{
    RUN(many_body);
}

/* An item goes with the last descriptor of its file, however that goes. */
static void ends_body(void)
{
    int copy;
    must_set();
    must_pipe(fds, 0);
    copy = (int)posix_dup(0, (uint64_t)fds[0]);
    assert_int_equal(control(EPOLL_CTL_ADD, fds[0], POLLIN, 1), 0);
    assert_int_equal(control(EPOLL_CTL_ADD, copy, POLLIN, 2), 0);
    put(fds[1]);
    assert_int_equal(wait_(10, 0), 2);
    posix_close(0, (uint64_t)fds[0]);
    assert_int_equal(wait_(10, 0), 2); /* as in Linux */
    posix_close(0, (uint64_t)copy);
    assert_int_equal(wait_(10, 0), 0);
    must_pipe(fds, 0);
    assert_int_equal(control(EPOLL_CTL_ADD, fds[0], POLLIN, 3), 0);
    put(fds[1]);
    posix_close(0, (uint64_t)set); /* the set first */
    put(fds[1]);
    must_set();
    assert_int_equal(control(EPOLL_CTL_ADD, fds[0], POLLIN, 3), 0);
}

static void test_ends(void **state)
{
    RUN(ends_body);
}

/* ---- waiting ---- */

static void put_later(void)
{
    struct linux_timespec t = {0, 5 * MS};
    assert_int_equal(posix_nanosleep(0, P(&t), 0), 0);
    put(fds[1]);
}

static void wait_body(void)
{
    uint64_t start = env_now_ns();
    must_set();
    must_pipe(fds, 0);
    assert_int_equal(control(EPOLL_CTL_ADD, fds[0], POLLIN, 1), 0);
    assert_int_equal(wait_(10, 10), 0);
    assert_in_range(env_now_ns() - start, 10 * MS, 12 * MS);
    thread_begin(put_later);
    assert_int_equal(wait_(10, -1), 1);
    assert_in_range(env_now_ns() - start, 15 * MS, 18 * MS);
    get(fds[0]);
    thread_begin(put_later);
    struct linux_pollfd p = {.fd = set, .events = POLLIN}; /* the set itself */
    assert_int_equal(posix_poll(0, P(&p), 1, 0), 0);
    assert_int_equal(posix_poll(0, P(&p), 1, (uint64_t)-1), 1);
    assert_int_equal(p.revents, POLLIN);
    assert_int_equal(wait_(10, 0), 1);
}

static void test_wait(void **state)
{
    RUN(wait_body);
}

static unsigned awake;

static void waiting_thread(void)
{
    struct linux_epoll_event e;
    if (posix_epoll_wait(0, (uint64_t)set, P(&e), 1, (uint64_t)-1) == 1)
        awake++;
}

/* Each event wakes one thread. */
static void one_each_body(void)
{
    must_set();
    awake = 0;
    for (unsigned i = 0; i < 3; i++) {
        must_pipe(pairs[i], 0);
        assert_int_equal(control(EPOLL_CTL_ADD, pairs[i][0], POLLIN, i), 0);
        thread_begin(waiting_thread);
    }
    sched_yield();
    for (unsigned i = 0; i < 3; i++) {
        put(pairs[i][1]);
        sched_yield();
        sched_yield();
        assert_int_equal(awake, i + 1);
        get(pairs[i][0]);
    }
}

static void test_one_each(void **state)
{
    RUN(one_each_body);
}

/* Two events at once, and a thread that takes one at a time: the other one's is woken for the second. */
static void one_left_body(void)
{
    must_set();
    awake = 0;
    for (unsigned i = 0; i < 2; i++) {
        must_pipe(pairs[i], 0);
        thread_begin(waiting_thread);
    }
    sched_yield();
    put(pairs[0][1]);
    put(pairs[1][1]);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(control(EPOLL_CTL_ADD, pairs[i][0], POLLIN, i), 0);
    for (unsigned i = 0; i < 4; i++)
        sched_yield();
    assert_int_equal(awake, 2);
}

static void test_one_left(void **state)
{
    RUN(one_left_body);
}

/* A thread that found something ready and is busy with it: what comes meanwhile is another's. */
static void busy_body(void)
{
    must_set();
    awake = 0;
    must_pipe(fds, 0);
    assert_int_equal(control(EPOLL_CTL_ADD, fds[0], POLLIN, 1), 0);
    thread_begin(waiting_thread);
    sched_yield();
    put(fds[1]);
    assert_int_equal(wait_(10, 0), 1); /* before the other thread runs; the item goes back to the list */
    get(fds[0]);
    sched_yield();
    assert_int_equal(awake, 0);
    put(fds[1]);
    sched_yield();
    sched_yield();
    assert_int_equal(awake, 1);
}

static void test_busy(void **state)
{
    RUN(busy_body);
}

/* The set is closed while a thread waits for it: it waits on, and what comes is still told. */
static void closed_body(void)
{
    must_set();
    awake = 0;
    must_pipe(fds, 0);
    assert_int_equal(control(EPOLL_CTL_ADD, fds[0], POLLIN, 1), 0);
    thread_begin(waiting_thread);
    sched_yield();
    posix_close(0, (uint64_t)set);
    put(fds[1]);
    sched_yield();
    sched_yield();
    assert_int_equal(awake, 1);
}

static void test_closed(void **state)
{
    RUN(closed_body);
}

static void killed_body(void)
{
    must_set();
    must_pipe(fds, 0);
    assert_int_equal(control(EPOLL_CTL_ADD, fds[0], POLLIN, 1), 0);
    thread_begin(waiting_thread);
    sched_yield();
    posix_exit_group(0, 3);
}

static void test_killed(void **state)
{
    (void)state;
    assert_int_equal(process_run(killed_body), 3 << 8);
}

/* ---- sockets: the waiting thread itself does the network's work ---- */

static int client, server;

static void answer_thread(void)
{
    struct linux_epoll_event e;
    char byte;
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(posix_epoll_wait(0, (uint64_t)set, P(&e), 1, (uint64_t)-1), 1);
        assert_int_equal(e.events, POLLIN);
        assert_int_equal(posix_read(0, (uint64_t)server, P(&byte), 1), 1);
        put(server);
    }
}

static void socket_body(void)
{
    struct linux_sockaddr_in at = {AF_INET, 0x5a1b, 0x0100007f, {0}};
    uint64_t users, nobody;
    int listener = (int)posix_socket(0, AF_INET, SOCK_STREAM, 0);
    must_set();
    posix_bind(0, (uint64_t)listener, P(&at), sizeof at);
    posix_listen(0, (uint64_t)listener, 5);
    assert_int_equal(control(EPOLL_CTL_ADD, listener, POLLIN, 1), 0);
    client = (int)posix_socket(0, AF_INET, SOCK_STREAM, O_NONBLOCK);
    client = (int)posix_socket(0, AF_INET, SOCK_STREAM, 0);
    assert_int_equal(posix_connect(0, (uint64_t)client, P(&at), sizeof at), 0);
    must_find(POLLIN, 1);
    server = (int)posix_accept4(0, (uint64_t)listener, 0, 0, O_NONBLOCK);
    assert_int_equal(control(EPOLL_CTL_ADD, server, POLLIN | 0x2000, 2), 0);
    thread_begin(answer_thread);
    sched_yield();
    for (unsigned i = 0; i < 10; i++) {
        put(client);
        get(client);
    }
    host_net_wakes(&users, &nobody);
    assert_true(users >= 20); /* never had net_thread to run for it */
    posix_shutdown(0, (uint64_t)client, SHUT_WR);
    assert_int_equal(wait_(10, -1), 1);
    assert_int_equal(events[0].events, POLLIN | 0x2000);
    assert_int_equal(control(EPOLL_CTL_MOD, server, POLLOUT, 2), 0);
    assert_int_equal(wait_(10, -1), 1);
    assert_int_equal(events[0].events, POLLOUT);
}

static int socket_setup(void **state)
{
    host_net_reset(true);
    return posix_setup(state);
}

static int socket_teardown(void **state)
{
    host_net_reset(true);
    return posix_teardown(state);
}

static void test_sockets(void **state)
{
    RUN(socket_body);
}

/* ---- eventfd and select ---- */

static void event_body(void)
{
    uint64_t value = 3, fd = (uint64_t)posix_eventfd2(0, 2, O_NONBLOCK), full = UINT64_MAX - 1;
    must_set();
    assert_int_equal(posix_eventfd2(0, 0, 2), -EINVAL);
    assert_int_equal(posix_write(0, fd, P(&value), 8), 8);
    assert_int_equal(posix_read(0, fd, P(&value), 8), 8);
    assert_int_equal(value, 5);
    assert_int_equal(posix_read(0, fd, P(&value), 8), -EAGAIN);
    assert_int_equal(posix_read(0, fd, P(&value), 7), -EINVAL);
    assert_int_equal(posix_write(0, fd, BAD, 8), -EFAULT);
    assert_int_equal(control(EPOLL_CTL_ADD, (int)fd, POLLIN, 9), 0);
    assert_int_equal(wait_(1, 0), 0);
    assert_int_equal(posix_write(0, fd, P(&full), 8), 8);
    must_find(POLLIN, 9);
    assert_int_equal(posix_write(0, fd, P(&value), 8), -EAGAIN);
    full = UINT64_MAX;
    assert_int_equal(posix_write(0, fd, P(&full), 8), -EINVAL);
    fd = (uint64_t)posix_eventfd2(0, 2, EFD_SEMAPHORE | O_NONBLOCK);
    assert_int_equal(posix_read(0, fd, P(&value), 8), 8);
    assert_int_equal(value, 1);
    assert_int_equal(posix_read(0, fd, P(&value), 8), 8);
    assert_int_equal(posix_read(0, fd, P(&value), 8), -EAGAIN);
}

static void test_event(void **state)
{
    RUN(event_body);
}

static void select_body(void)
{
    uint64_t in[32] = {0}, out[32] = {0};
    int64_t tv[2] = {0, 10000};
    must_pipe(fds, 0);
    in[0] = out[0] = 1ull << fds[0] | 1ull << fds[1];
    assert_int_equal(posix_select(0, 64, P(in), P(out), 0, P(tv)), 1);
    assert_int_equal(in[0], 0);
    assert_int_equal(out[0], 1ull << fds[1]);
    assert_int_equal(tv[1], 10000 - 1); /* what is left, in whole microseconds */
    in[0] = 1ull << fds[0];
    assert_int_equal(posix_select(0, 64, P(in), 0, 0, P(tv)), 0);
    assert_int_equal(in[0], 0);
    in[0] = 1ull << fds[0];
    thread_begin(put_later);
    assert_int_equal(posix_pselect6(0, 64, P(in), 0, 0, 0, 0), 1);
    assert_int_equal(in[0], 1ull << fds[0]);
    in[0] = 1ull << 50;
    assert_int_equal(posix_select(0, 64, P(in), 0, 0, P(tv)), -EBADF);
    in[0] = 1ull << 50 | 1ull << fds[0];
    assert_int_equal(posix_select(0, 50, P(in), 0, 0, P(tv)), 1); /* bits from 50 on do not count */
    assert_int_equal(posix_select(0, (uint64_t)-1, P(in), 0, 0, P(tv)), -EINVAL);
    assert_int_equal(posix_select(0, 64, BAD, 0, 0, P(tv)), -EFAULT);
    tv[0] = -1;
    assert_int_equal(posix_select(0, 64, P(in), 0, 0, P(tv)), -EINVAL);
}

static void test_select(void **state)
{
    RUN(select_body);
}

/* ---- many descriptors ---- */

static void table_body(void)
{
    int pipe[2];
    for (int fd = 3; fd < FD_MAX; fd++)
        assert_int_equal(posix_dup(0, 0), fd);
    assert_int_equal(posix_dup(0, 0), -EMFILE);
    posix_close(0, 1999);
    posix_close(0, 700);
    assert_int_equal(posix_fcntl(0, 0, F_DUPFD, 701), 1999);
    assert_int_equal(posix_dup(0, 0), 700);
    for (int fd = 100; fd < FD_MAX; fd++)
        assert_int_equal(posix_close(0, (uint64_t)fd), 0);
    must_pipe(pipe, O_CLOEXEC);
    assert_int_equal(pipe[0], 100);
    assert_int_equal(posix_dup2(0, 100, 1500), 1500);
    assert_int_equal(posix_fcntl(0, 1500, F_GETFD, 0), 0);
    assert_int_equal(posix_fcntl(0, 101, F_GETFD, 0), 1);
    assert_int_equal(posix_close(0, 5), 0);
    assert_int_equal(posix_dup(0, 0), 5);
    assert_int_equal(posix_fcntl(0, 0, F_DUPFD, 1500), 1501);
}

static void test_table(void **state)
{
    RUN(table_body);
}

static void no_table_body(void)
{
    while (fds_open() < 64)
        posix_dup(0, 0);
    host_alloc_fail(1);
    assert_int_equal(posix_dup(0, 0), -ENOMEM);
    assert_int_equal(posix_dup2(0, 0, 100), -ENOMEM);
    host_alloc_fail(0);
    assert_int_equal(posix_dup(0, 0), 64);
}

static void test_no_table(void **state)
{
    RUN(no_table_body);
}

#define TEST POSIX_TEST

static struct process *sleeping;
static void sleeping_body(void)
{
    must_set();
    wait_(1, -1);
    posix_return();
    fail_msg("epoll_wait");
}

static void interrupting_body(void)
{
    sched_yield();
    for (unsigned i = 0; i < 3; i++) {
        assert_true(net_user_sleeps());
        assert_true(net_user_wake());
        assert_false(net_user_sleeps());
        sched_yield();
        sched_yield();
    }
    posix_kill(0, (uint64_t)sleeping->pid, SIGKILL);
}

/* Frames come for a thread that sleeps, and another one has done the work before it looks: it sleeps on, and the next
   frames wake it again. */
static void test_woken_in_vain(void **state)
{
    (void)state;
    sleeping = process_begin(sleeping_body);
    struct process *interrupter = process_begin(interrupting_body);
    assert_int_equal(processes_run(), 0);
    assert_int_equal(process_status(sleeping), SIGKILL);
    process_status(interrupter);
}

int tests_epoll(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wrong),         TEST(test_level),
        TEST(test_edge),          TEST(test_many),
        TEST(test_ends),          TEST(test_wait),
        TEST(test_one_each),      TEST(test_one_left),
        TEST(test_busy),          TEST(test_closed),
        TEST(test_killed),        {"test_sockets", test_sockets, socket_setup, socket_teardown, NULL},
        TEST(test_event),         TEST(test_select),
        TEST(test_table),         TEST(test_no_table),
        TEST(test_woken_in_vain),
    };
    return cmocka_run_group_tests_name("posix epoll", tests, posix_open_group, fixture_close);
}
