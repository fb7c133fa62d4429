/* SPDX-License-Identifier: MIT */
/* test_net.c: sockets of this machine with each other: what net.h promises, whatever the other end is. */
#include "test_net.h"

uint8_t bytes[1 << 20], back[1 << 20];

void work(void)
{
    while (net_pending())
        net_work();
}

int64_t send_all(int s, const void *data, uint64_t n)
{
    return net_send(s, (uaddr_t)data, n, 0, NULL);
}

int64_t receive(int s, void *data, uint64_t n)
{
    return net_receive(s, (uaddr_t)data, n, 0, NULL);
}

struct pair pair_make(void)
{
    struct net_address here = {LOCAL, PORT}, peer, name;
    struct pair p = {.listener = socket_listening(PORT, 5), .client = net_open(NET_STREAM)};
    assert_true(p.client >= 0);
    assert_int_equal(net_accept(p.listener, NULL), -EAGAIN);
    assert_int_equal(net_connect(p.client, &here), -EINPROGRESS);
    assert_int_equal(net_connect(p.client, &here), -EALREADY);
    assert_int_equal(net_ready(p.client), 0);
    events_of(p.listener);
    work();
    assert_int_equal(net_ready(p.client), NET_WRITABLE);
    assert_int_equal(net_ready(p.listener), NET_READABLE);
    assert_true(events_of(p.listener));
    assert_true(events_of(p.client));
    p.server = net_accept(p.listener, &peer);
    assert_true(p.server >= 0);
    assert_int_equal(net_accept(p.listener, NULL), -EAGAIN);
    assert_int_equal(net_name(p.client, false, &name), 0);
    assert_memory_equal(&name, &peer, sizeof name);
    assert_int_equal(peer.ip, LOCAL);
    assert_int_equal(net_name(p.server, true, &name), 0);
    assert_int_equal(name.port, peer.port);
    assert_int_equal(net_name(p.server, false, &name), 0);
    assert_int_equal(name.port, PORT);
    assert_int_equal(net_connect(p.client, &here), -EISCONN);
    return p;
}

void pair_close(struct pair p)
{
    net_close(p.server);
    net_close(p.client);
    net_close(p.listener);
    work();
}

static void test_numbers(void **state)
{
    struct net_address at = {0};
    (void)state;
    for (int s = -1; s < 10; s += 10) {
        assert_int_equal(net_bind(s, &at), -EBADF);
        assert_int_equal(net_listen(s, 1), -EBADF);
        assert_int_equal(net_accept(s, NULL), -EBADF);
        assert_int_equal(net_connect(s, &at), -EBADF);
        assert_int_equal(send_all(s, bytes, 1), -EBADF);
        assert_int_equal(receive(s, bytes, 1), -EBADF);
        assert_int_equal(net_shutdown(s, true, true), -EBADF);
        assert_int_equal(net_name(s, false, &at), -EBADF);
        assert_int_equal(net_option_set(s, NET_OPTION_REUSE, 1), -EBADF);
        assert_int_equal(net_option_get(s, NET_OPTION_REUSE), -EBADF);
        assert_int_equal(net_ready(s), NET_ERROR | NET_HANGUP);
        net_close(s);
    }
    for (unsigned i = 0; i < NET_SOCKETS_MAX; i++)
        assert_in_range(net_open(NET_DATAGRAM), 0, NET_SOCKETS_MAX - 1);
    assert_int_equal(net_open(NET_STREAM), -ENFILE);
    net_close(77);
    assert_int_equal(net_open(NET_STREAM), 77);
    for (unsigned i = 0; i < NET_SOCKETS_MAX; i++)
        net_close((int)i);
}

static void test_not_connected(void **state)
{
    int s = net_open(NET_STREAM), l;
    struct net_address name;
    (void)state;
    assert_int_equal(send_all(s, "x", 1), -ENOTCONN);
    assert_int_equal(receive(s, back, 1), -ENOTCONN);
    assert_int_equal(net_shutdown(s, true, true), -ENOTCONN);
    assert_int_equal(net_accept(s, NULL), -EINVAL);
    assert_int_equal(net_name(s, true, &name), -ENOTCONN);
    assert_int_equal(net_name(s, false, &name), 0);
    assert_int_equal(name.port, 0);
    assert_int_equal(net_ready(s), NET_HANGUP | NET_WRITABLE);
    assert_int_equal(net_bind(s, &(struct net_address){0x01020304, 1}), -EADDRNOTAVAIL);
    assert_int_equal(net_bind(s, &(struct net_address){LOCAL, 0}), 0);
    assert_int_equal(net_bind(s, &(struct net_address){LOCAL, 0}), -EINVAL);
    assert_int_equal(net_name(s, false, &name), 0);
    assert_in_range(name.port, 49152, 65535);
    l = net_open(NET_STREAM);
    assert_int_equal(net_bind(l, &name), -EADDRINUSE);
    assert_int_equal(net_listen(l, 1), 0);
    assert_int_equal(net_listen(l, 2), 0);
    assert_int_equal(net_connect(l, &name), -EISCONN);
    assert_int_equal(send_all(l, "x", 1), -ENOTCONN);
    net_close(s);
    net_close(l);
}

static void test_refused(void **state)
{
    int s = net_open(NET_STREAM);
    struct net_address nowhere = {LOCAL, 9};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(net_connect(s, &nowhere), -EINPROGRESS);
        work();
        assert_true(net_ready(s) & NET_ERROR);
        assert_true(net_ready(s) & NET_HANGUP);
        if (i == 0)
            assert_int_equal(net_option_get(s, NET_OPTION_ERROR), ECONNREFUSED);
        else
            assert_int_equal(send_all(s, "x", 1), -ECONNREFUSED);
        assert_int_equal(net_option_get(s, NET_OPTION_ERROR), 0);
    }
    net_close(s);
}

static void test_exchange(void **state)
{
    struct pair p = pair_make();
    (void)state;
    assert_int_equal(receive(p.server, back, 10), -EAGAIN);
    assert_int_equal(send_all(p.client, "hello world", 11), 11);
    assert_int_equal(net_ready(p.server) & NET_READABLE, 0);
    work();
    assert_true(net_ready(p.server) & NET_READABLE);
    assert_true(events_of(p.server));
    assert_int_equal(net_receive(p.server, (uaddr_t)back, 5, NET_PEEK, NULL), 5);
    assert_memory_equal(back, "hello", 5);
    assert_int_equal(receive(p.server, back, 6), 6);
    assert_memory_equal(back, "hello ", 6);
    assert_int_equal(net_receive(p.server, (uaddr_t)back, 100, NET_PEEK, NULL), 5);
    assert_int_equal(receive(p.server, back, 100), 5);
    assert_memory_equal(back, "world", 5);
    assert_int_equal(receive(p.server, back, 100), -EAGAIN);
    assert_int_equal(send_all(p.server, "x", 0), 0);
    pair_close(p);
}

/* All of it comes, in order, whatever the pieces are in which it is sent and received. */
static void bulk(unsigned out_max, unsigned in_max, unsigned flags)
{
    struct pair p = pair_make();
    uint64_t sent = 0, came = 0, seed = out_max * 31 + in_max, all = out_max < 100 ? 50000 : sizeof bytes;
    bool was_full = false;
    for (uint64_t i = 0; i < all; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (uint8_t)(seed >> 40);
    }
    memset(back, 0, sizeof back);
    net_option_set(p.client, NET_OPTION_NODELAY, flags & 1);
    while (came < all) {
        uint64_t n = 1 + (seed >> 33) % out_max;
        int64_t r;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        if (sent < all) {
            n = n < all - sent ? n : all - sent;
            r = net_send(p.client, (uaddr_t)(bytes + sent), n, flags & NET_MORE, NULL);
            if (r == -EAGAIN)
                was_full = true;
            else
                assert_in_range(r, 1, n);
            sent += r > 0 ? (uint64_t)r : 0;
            if (r != -EAGAIN && seed >> 63)
                continue;
        }
        fixture_run(was_full || sent == all ? 300 * MS : 0);
        n = 1 + (seed >> 35) % in_max;
        r = receive(p.server, back + came, n);
        if (r > 0)
            came += (uint64_t)r;
        else
            assert_int_equal(r, -EAGAIN);
    }
    assert_int_equal(came, all);
    assert_memory_equal(bytes, back, all);
    assert_int_equal(receive(p.server, back, 1), -EAGAIN);
    pair_close(p);
    fixture_run(100 * S);
}

static void test_bulk(void **state)
{
    (void)state;
    bulk(100000, 100000, 0);
    bulk(100000, 3000, 0);
    bulk(700, 100000, 1);
    bulk(5000, 5000, NET_MORE);
    bulk(20, 100000, 0);
    bulk(20, 100000, 1);
    bulk(3, 7, NET_MORE);
}

static void test_buffers_end(void **state)
{
    struct pair p = pair_make();
    int64_t r, all = 0;
    (void)state;
    while ((r = net_send(p.client, (uaddr_t)bytes, 10000, 0, NULL)) > 0) {
        all += r;
        work();
    }
    assert_int_equal(r, -EAGAIN);
    fixture_run(S);
    while ((r = net_send(p.client, (uaddr_t)bytes, 10000, 0, NULL)) > 0) {
        all += r;
        fixture_run(S);
    }
    assert_int_equal(r, -EAGAIN);
    assert_in_range(all, 65536, 4 * 65536);
    assert_int_equal(net_ready(p.client) & NET_WRITABLE, 0);
    events_of(p.client);
    while ((r = receive(p.server, back, sizeof back)) > 0 || all) {
        all -= r > 0 ? r : 0;
        fixture_run(20 * S);
    }
    assert_int_equal(r, -EAGAIN);
    assert_true(net_ready(p.client) & NET_WRITABLE);
    assert_true(events_of(p.client));
    pair_close(p);
}

/* Each side ends its direction; the other one goes on as long as it likes. */
static void test_ends(void **state)
{
    struct pair p = pair_make();
    (void)state;
    assert_int_equal(send_all(p.client, "last", 4), 4);
    assert_int_equal(net_shutdown(p.client, false, true), 0);
    assert_int_equal(net_shutdown(p.client, false, true), 0);
    assert_int_equal(send_all(p.client, "x", 1), -EPIPE);
    work();
    assert_int_equal(net_ready(p.server), NET_READABLE | NET_WRITABLE | NET_ENDED);
    assert_int_equal(receive(p.server, back, 10), 4);
    assert_int_equal(receive(p.server, back, 10), 0);
    assert_int_equal(receive(p.server, back, 10), 0);
    assert_int_equal(send_all(p.server, "answer", 6), 6);
    work();
    assert_int_equal(receive(p.client, back, 10), 6);
    assert_int_equal(receive(p.client, back, 10), -EAGAIN);
    assert_int_equal(net_shutdown(p.server, false, true), 0);
    work();
    assert_int_equal(receive(p.client, back, 10), 0);
    assert_true(net_ready(p.client) & NET_HANGUP);
    assert_true(net_ready(p.server) & NET_HANGUP);
    fixture_run(100 * S);
    assert_int_equal(receive(p.client, back, 10), 0);
    assert_int_equal(send_all(p.server, "x", 1), -EPIPE);
    pair_close(p);
}

static void test_shut_receive(void **state)
{
    struct pair p = pair_make();
    (void)state;
    assert_int_equal(send_all(p.client, "unread", 6), 6);
    work();
    assert_int_equal(net_shutdown(p.server, true, false), 0);
    assert_int_equal(receive(p.server, back, 10), 0);
    assert_true(net_ready(p.server) & NET_READABLE);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(send_all(p.client, bytes, 10000), 10000);
        work();
    }
    assert_int_equal(receive(p.server, back, 10), 0);
    assert_int_equal(send_all(p.server, "still", 5), 5);
    work();
    assert_int_equal(receive(p.client, back, 10), 5);
    pair_close(p);
}

static void test_close_with_unread_resets(void **state)
{
    struct pair p = pair_make();
    (void)state;
    assert_int_equal(send_all(p.client, "unread", 6), 6);
    work();
    net_close(p.server);
    work();
    assert_true(net_ready(p.client) & NET_ERROR);
    assert_int_equal(receive(p.client, back, 10), -ECONNRESET);
    assert_int_equal(receive(p.client, back, 10), 0);
    assert_int_equal(send_all(p.client, "x", 1), -EPIPE);
    net_close(p.client);
    net_close(p.listener);
}

static void test_linger_resets(void **state)
{
    struct pair p = pair_make();
    (void)state;
    assert_int_equal(net_option_set(p.server, NET_OPTION_LINGER, 1), 0);
    net_close(p.server);
    work();
    assert_int_equal(net_option_get(p.client, NET_OPTION_ERROR), ECONNRESET);
    net_close(p.client);
    net_close(p.listener);
}

/* What was sent before net_close is delivered, and then the end. */
static void test_close_delivers(void **state)
{
    struct pair p = pair_make();
    int64_t all = net_send(p.server, (uaddr_t)bytes, 60000, 0, NULL), came = 0, r;
    (void)state;
    assert_int_equal(all, 60000);
    net_close(p.server);
    do {
        fixture_run(S);
        r = receive(p.client, back, 5000);
        came += r > 0 ? r : 0;
    } while (r > 0 || r == -EAGAIN);
    assert_int_equal(r, 0);
    assert_int_equal(came, all);
    net_close(p.client);
    net_close(p.listener);
}

static void test_backlog(void **state)
{
    int l = socket_listening(PORT, 3), s[8];
    struct net_address here = {LOCAL, PORT};
    unsigned accepted = 0;
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        s[i] = net_open(NET_STREAM);
        assert_int_equal(net_connect(s[i], &here), -EINPROGRESS);
    }
    work();
    for (int c; (c = net_accept(l, NULL)) >= 0; accepted++)
        net_close(c);
    assert_int_equal(accepted, 4);
    fixture_run(10 * S); /* the others try again */
    for (int c; (c = net_accept(l, NULL)) >= 0; accepted++)
        net_close(c);
    assert_int_equal(accepted, 8);
    for (unsigned i = 0; i < 8; i++)
        net_close(s[i]);
    net_close(l);
}

static void test_listener_closes(void **state)
{
    int l = socket_listening(PORT, 3), s = net_open(NET_STREAM);
    (void)state;
    assert_int_equal(net_connect(s, &(struct net_address){0, PORT}), -EINPROGRESS);
    work();
    net_close(l);
    work();
    assert_int_equal(net_option_get(s, NET_OPTION_ERROR), ECONNRESET);
    net_close(s);
    l = socket_listening(PORT, 3);
    net_close(l);
}

static void test_reuse(void **state)
{
    struct pair p = pair_make();
    struct net_address here = {0, PORT};
    int l = net_open(NET_STREAM);
    (void)state;
    assert_int_equal(net_bind(l, &here), -EADDRINUSE);
    net_option_set(l, NET_OPTION_REUSE, 1);
    assert_int_equal(net_bind(l, &here), -EADDRINUSE);
    net_close(p.listener);
    net_close(p.server);
    work();
    net_close(p.client);
    work();
    net_option_set(l, NET_OPTION_REUSE, 0);
    assert_int_equal(net_bind(l, &here), -EADDRINUSE);
    net_option_set(l, NET_OPTION_REUSE, 1);
    assert_int_equal(net_bind(l, &here), 0);
    assert_int_equal(net_listen(l, 1), 0);
    net_close(l);
}

static void test_options(void **state)
{
    int s = net_open(NET_STREAM), d = net_open(NET_DATAGRAM);
    (void)state;
    assert_int_equal(net_option_get(s, NET_OPTION_KIND), NET_STREAM);
    assert_int_equal(net_option_get(d, NET_OPTION_KIND), NET_DATAGRAM);
    assert_int_equal(net_option_get(s, NET_OPTION_NODELAY), 0);
    assert_int_equal(net_option_set(s, NET_OPTION_NODELAY, 7), 0);
    assert_int_equal(net_option_get(s, NET_OPTION_NODELAY), 1);
    assert_int_equal(net_option_set(d, NET_OPTION_NODELAY, 1), -ENOPROTOOPT);
    assert_int_equal(net_option_set(s, NET_OPTION_LINGER, 11), 0);
    assert_int_equal(net_option_get(s, NET_OPTION_LINGER), 11);
    assert_int_equal(net_option_get(s, NET_OPTION_SEND_BYTES), 65536);
    assert_int_equal(net_option_set(s, NET_OPTION_SEND_BYTES, 1), -ENOPROTOOPT);
    assert_int_equal(net_option_get(s, NET_OPTIONS), -ENOPROTOOPT);
    assert_int_equal(net_option_get(s, NET_OPTION_LISTENS), 0);
    assert_int_equal(net_listen(d, 1), -EOPNOTSUPP);
    assert_int_equal(net_accept(d, NULL), -EOPNOTSUPP);
    assert_int_equal(net_listen(s, 1), 0);
    assert_int_equal(net_option_get(s, NET_OPTION_LISTENS), 1);
    net_close(s);
    net_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_numbers, fixture_cleanup),
        cmocka_unit_test_teardown(test_not_connected, fixture_cleanup),
        cmocka_unit_test_teardown(test_refused, fixture_cleanup),
        cmocka_unit_test_teardown(test_exchange, fixture_cleanup),
        cmocka_unit_test_teardown(test_bulk, fixture_cleanup),
        cmocka_unit_test_teardown(test_buffers_end, fixture_cleanup),
        cmocka_unit_test_teardown(test_ends, fixture_cleanup),
        cmocka_unit_test_teardown(test_shut_receive, fixture_cleanup),
        cmocka_unit_test_teardown(test_close_with_unread_resets, fixture_cleanup),
        cmocka_unit_test_teardown(test_linger_resets, fixture_cleanup),
        cmocka_unit_test_teardown(test_close_delivers, fixture_cleanup),
        cmocka_unit_test_teardown(test_backlog, fixture_cleanup),
        cmocka_unit_test_teardown(test_listener_closes, fixture_cleanup),
        cmocka_unit_test_teardown(test_reuse, fixture_cleanup),
        cmocka_unit_test_teardown(test_options, fixture_cleanup),
    };
    int failed = cmocka_run_group_tests_name("net", tests, fixture_setup, NULL);
    return failed + test_net_more() + test_net_wire() + test_net_window();
}
