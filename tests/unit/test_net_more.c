/* SPDX-License-Identifier: MIT */
/* test_net_more.c: datagrams, and what goes wrong: copies that sleep, faults, no memory. */
#include "test_net.h"

static void test_datagrams(void **state)
{
    static const unsigned sizes[] = {0, 1, 1472, 1473, 9000, 65507};
    struct net_address here = {LOCAL, PORT}, from, name;
    int a = net_open(NET_DATAGRAM), b = net_open(NET_DATAGRAM);
    (void)state;
    assert_int_equal(net_bind(b, &here), 0);
    assert_int_equal(send_all(a, "x", 1), -EDESTADDRREQ);
    assert_int_equal(net_send(a, (uaddr_t)bytes, 65508, 0, &here), -EMSGSIZE);
    assert_int_equal(receive(b, back, 1), -EAGAIN);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(net_send(a, (uaddr_t)bytes, sizes[i], 0, &here), sizes[i]);
        work();
        assert_true(net_ready(b) & NET_READABLE);
        assert_true(events_of(b));
        assert_int_equal(net_receive(b, (uaddr_t)back, sizeof back, NET_PEEK, &from), sizes[i]);
        assert_int_equal(net_receive(b, (uaddr_t)back, sizeof back, 0, &from), sizes[i]);
        assert_memory_equal(back, bytes, sizes[i]);
        assert_int_equal(net_name(a, false, &name), 0);
        assert_int_equal(from.port, name.port);
    }
    assert_int_equal(net_send(b, (uaddr_t) "answer", 6, 0, &from), 6);
    work();
    assert_int_equal(receive(a, back, 3), 3);
    assert_int_equal(receive(a, back, 3), -EAGAIN);
    assert_int_equal(net_connect(a, &here), 0);
    assert_int_equal(send_all(a, "connected", 9), 9);
    work();
    assert_int_equal(receive(b, back, 100), 9);
    assert_int_equal(net_connect(a, &(struct net_address){0}), 0);
    assert_int_equal(send_all(a, "x", 1), -EDESTADDRREQ);
    net_close(a);
    net_close(b);
}

static void test_datagrams_bounded(void **state)
{
    struct net_address here = {LOCAL, PORT};
    int a = net_open(NET_DATAGRAM), b = net_open(NET_DATAGRAM), n = 0;
    (void)state;
    assert_int_equal(net_bind(b, &here), 0);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(net_send(a, (uaddr_t)bytes, 10, 0, &here), 10);
        work();
    }
    while (receive(b, back, 100) == 10)
        n++;
    assert_int_equal(n, 256);
    net_close(a);
    net_close(b);
}

/* While a call copies, and so may sleep, others go on with the same socket. */
static int copied_socket, copies;
static enum { CLOSES, TAKES, SENDS } copy_does;

static void during_copy(void)
{
    host_env_on_copy(NULL);
    copies++;
    if (copy_does == CLOSES)
        net_close(copied_socket);
    else if (copy_does == TAKES)
        assert_int_equal(receive(copied_socket, back + 1000, 3), 3);
    else
        assert_int_equal(send_all(copied_socket, "second", 6), 6);
}

static void test_copies_sleep(void **state)
{
    struct pair p = pair_make();
    (void)state;
    assert_int_equal(send_all(p.client, "abcdef", 6), 6);
    work();
    copied_socket = p.server;
    copy_does = TAKES;
    host_env_on_copy(during_copy);
    assert_int_equal(receive(p.server, back, 6), 3);
    assert_memory_equal(back, "def", 3);
    assert_memory_equal(back + 1000, "abc", 3);
    copied_socket = p.client;
    copy_does = SENDS;
    host_env_on_copy(during_copy);
    assert_int_equal(send_all(p.client, "first", 5), 5);
    work();
    fixture_run(S);
    assert_int_equal(receive(p.server, back, 100), 11);
    assert_memory_equal(back, "secondfirst", 11);
    assert_int_equal(send_all(p.client, "abcdef", 6), 6);
    work();
    copied_socket = p.server;
    copy_does = CLOSES;
    host_env_on_copy(during_copy);
    assert_in_range(receive(p.server, back, 6) + 1000, 1000 - EAGAIN, 1000);
    copied_socket = p.client;
    host_env_on_copy(during_copy);
    send_all(p.client, bytes, 3000);
    assert_int_equal(copies, 4);
    net_close(p.listener);
    work();
}

/* Many look at the same bytes at once, and the last one to come takes them while the others sleep. */
static unsigned sleepers, refused;

static void during_crowd(void)
{
    char there[6];
    int64_t n;
    if (sleepers == 0)
        return;
    n = net_receive(copied_socket, (uaddr_t)there, 6, --sleepers ? NET_PEEK : 0, NULL);
    refused += n == -ENOBUFS;
    assert_true(n == 6 || n == -ENOBUFS || n == -EAGAIN);
}

static void test_copies_at_once(void **state)
{
    static const unsigned crowds[] = {1, 100, 253, 254, 255, 256, 257, 300, 600};
    (void)state;
    for (unsigned i = 0; i < sizeof crowds / sizeof *crowds; i++) {
        struct pair p = pair_make();
        assert_int_equal(send_all(p.client, "abcdef", 6), 6);
        work();
        copied_socket = p.server;
        sleepers = crowds[i];
        refused = 0;
        host_env_on_copy(during_crowd);
        net_receive(p.server, (uaddr_t)back, 6, NET_PEEK, NULL);
        assert_int_equal(refused != 0, crowds[i] > 253);
        sleepers = 0;
        host_env_on_copy(NULL);
        if (refused) {
            assert_int_equal(receive(p.server, back, 100), 6);
            assert_memory_equal(back, "abcdef", 6);
        }
        assert_int_equal(receive(p.server, back, 100), -EAGAIN);
        pair_close(p);
    }
}

static void test_faults(void **state)
{
    struct pair p = pair_make();
    struct net_address here = {LOCAL, PORT};
    int d = net_open(NET_DATAGRAM);
    (void)state;
    assert_int_equal(send_all(p.client, "abcdef", 6), 6);
    assert_int_equal(net_bind(d, &here), 0);
    assert_int_equal(net_send(d, (uaddr_t) "xyz", 3, 0, &here), 3);
    work();
    host_env_range(back, 100);
    assert_int_equal(receive(p.server, bytes, 6), -EFAULT);
    assert_int_equal(receive(d, bytes, 6), -EFAULT);
    assert_int_equal(send_all(p.client, bytes, 6), -EFAULT);
    assert_int_equal(net_send(d, (uaddr_t)bytes, 3, 0, &here), -EFAULT);
    assert_int_equal(net_send(d, (uaddr_t)back, 3000, 0, &here), -EFAULT);
    assert_int_equal(send_all(p.client, back, 100), 100);
    host_env_range(NULL, 0);
    work();
    assert_int_equal(receive(p.server, back, 6), 6);
    assert_memory_equal(back, "abcdef", 6);
    fixture_run(S);
    assert_int_equal(receive(p.server, back, 1000), 100);
    assert_int_equal(receive(d, back, 6), 3);
    assert_int_equal(receive(d, back, 6), -EAGAIN);
    net_close(d);
    pair_close(p);
}

/* A datagram to a port that nobody has comes back as an error, if there is a peer. */
static void test_datagram_refused(void **state)
{
    struct net_address to = {LOCAL, 1234};
    int d = net_open(NET_DATAGRAM);
    (void)state;
    assert_int_equal(net_send(d, (uaddr_t)bytes, 5, 0, &to), 5);
    work();
    assert_int_equal(receive(d, back, 6), -EAGAIN);
    assert_int_equal(net_connect(d, &to), 0);
    events_of(d);
    assert_int_equal(send_all(d, bytes, 5), 5);
    work();
    assert_true(events_of(d));
    assert_true(net_ready(d) & NET_ERROR);
    assert_int_equal(receive(d, back, 6), -ECONNREFUSED);
    assert_int_equal(receive(d, back, 6), -EAGAIN);
    assert_int_equal(send_all(d, bytes, 5), 5);
    work();
    assert_int_equal(net_option_get(d, NET_OPTION_ERROR), ECONNREFUSED);
    net_close(d);
}

/* Whichever allocation fails: an error, or another try, and nothing leaks. */
static void test_no_memory(void **state)
{
    uint64_t pages;
    bool failed = true;
    (void)state;
    fixture_cleanup(NULL);
    pages = host_alloc_pages_out();
    for (uint64_t n = 1; failed && n < 400; n++) {
        int l, s, c = -1, d;
        host_alloc_fail(n);
        l = net_open(NET_STREAM);
        s = net_open(NET_STREAM);
        d = net_open(NET_DATAGRAM);
        if (l >= 0 && s >= 0 && net_bind(l, &(struct net_address){0, PORT}) == 0 && net_listen(l, 3) == 0 &&
            net_connect(s, &(struct net_address){LOCAL, PORT}) == -EINPROGRESS) {
            fixture_run(S);
            c = net_accept(l, NULL);
            for (unsigned i = 0; i < 10; i++)
                send_all(s, bytes, 60000);
            net_send(d, (uaddr_t)bytes, 20000, 0, &(struct net_address){LOCAL, 9});
            fixture_run(S);
            receive(c, back, sizeof back);
        }
        failed = host_alloc_failed();
        host_alloc_fail(0);
        net_close(l);
        net_close(s);
        net_close(c);
        net_close(d);
        fixture_run(300 * S);
    }
    assert_false(failed);
    assert_in_range(host_alloc_pages_out(), 0, pages + 16); /* one of each size may be kept */
}

void *net_memory_get(size_t bytes);
void net_memory_put(void *object);

/* A sender without memory waits while data is under way; where none is, nothing will come back. */
static void test_no_memory_waits(void **state)
{
    struct pair p = pair_make(), q;
    int64_t r, sent = 0;
    unsigned n = 0;
    void *taken[8];
    (void)state;
    host_alloc_fail(1);
    while (n < 8 && (taken[n] = net_memory_get(2000)))
        n++;
    assert_int_equal(send_all(p.client, bytes, 1400), -ENOBUFS);
    assert_true(net_ready(p.client) & NET_WRITABLE);
    while (n > 0)
        net_memory_put(taken[--n]);
    while ((r = send_all(p.client, bytes, 1400)) > 0)
        sent += r;
    assert_int_equal(r, -EAGAIN);
    assert_in_range(sent, 1, 65535);
    assert_int_equal(net_ready(p.client) & NET_WRITABLE, 0);
    events_of(p.client);
    net_work(); /* what is told too early would be tried in vain */
    host_alloc_fail(0);
    fixture_run(10 * S);
    assert_true(net_ready(p.client) & NET_WRITABLE);
    assert_true(events_of(p.client));
    while ((r = receive(p.server, back, sizeof back)) > 0)
        sent -= r;
    assert_int_equal(sent, 0);
    assert_int_equal(send_all(p.client, bytes, 1400), 1400);
    work();
    assert_int_equal(receive(p.server, back, sizeof back), 1400);

    /* Who else has data under way is reset: then there is nothing to wait for, and who waits hears it. */
    net_close(p.listener);
    q = pair_make();
    host_alloc_fail(1);
    while (send_all(q.client, bytes, 1400) > 0)
        ;
    assert_int_equal(send_all(p.client, bytes, 1400), -EAGAIN);
    events_of(p.client);
    net_option_set(q.client, NET_OPTION_LINGER, 1);
    net_close(q.client);
    assert_true(events_of(p.client));
    host_alloc_fail(0);
    net_close(q.server);
    net_close(p.server);
    net_close(p.client);
    net_close(q.listener);
    work();
    fixture_run(300 * S);
}

int test_net_more(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_datagrams, fixture_cleanup),
        cmocka_unit_test_teardown(test_datagrams_bounded, fixture_cleanup),
        cmocka_unit_test_teardown(test_copies_sleep, fixture_cleanup),
        cmocka_unit_test_teardown(test_copies_at_once, fixture_cleanup),
        cmocka_unit_test_teardown(test_faults, fixture_cleanup),
        cmocka_unit_test_teardown(test_datagram_refused, fixture_cleanup),
        cmocka_unit_test_teardown(test_no_memory, fixture_cleanup),
        cmocka_unit_test_teardown(test_no_memory_waits, fixture_cleanup),
    };
    return cmocka_run_group_tests_name("net, more", tests, NULL, NULL);
}
