/* SPDX-License-Identifier: MIT */
/* test_net_window.c: segments at and over the edge of the window that was offered, in and out of order. */
#include "net_fixture.h"

#define PORT 80u
#define WINDOW 65535u /* offered to a peer that does not scale */
#define FULL 1400u

static uint8_t data[WINDOW + 200], back[sizeof data];

struct stream {
    int listener, socket;
    struct peer peer;
    uint32_t first; /* sequence number of data[0] */
};

static struct stream stream_open(void)
{
    struct stream s = {.listener = socket_listening(PORT, 4)};
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    peer_open(&s.peer, 2000, PORT);
    s.socket = net_accept(s.listener, NULL);
    assert_true(s.socket >= 0);
    s.first = s.peer.next;
    wire_none();
    return s;
}

static void stream_close(struct stream *s)
{
    net_option_set(s->socket, NET_OPTION_LINGER, 1);
    net_close(s->socket);
    net_close(s->listener);
    while (peer_take(&s->peer)) {
    }
}

/* Bytes from to to of the data, with an end of the stream behind if flags say so. */
static void come(struct stream *s, uint32_t from, uint32_t to, unsigned flags)
{
    s->peer.next = s->first + from;
    peer_segment(&s->peer, flags | ACK, data + from, to - from);
}

static void come_all(struct stream *s, uint32_t to)
{
    for (uint32_t at = 0, n; at < to; at += n) {
        n = to - at < FULL ? to - at : FULL;
        come(s, at, at + n, 0);
    }
}

/* The last thing said is that everything up to there is there; the window that was offered with it. */
static uint16_t acknowledged(struct stream *s, uint32_t to)
{
    struct packet last = {0};
    fixture_run(60 * MS);
    while (peer_take(&s->peer))
        last = s->peer.last;
    assert_int_equal(last.protocol, 6);
    assert_int_equal(last.acknowledged, s->first + to);
    return last.window;
}

/* That many bytes can be received, then the end or nothing yet. */
static void received(struct stream *s, uint32_t n, bool ended)
{
    assert_int_equal(net_receive(s->socket, (uaddr_t)back, sizeof back, 0, NULL), n);
    assert_memory_equal(back, data, n);
    assert_int_equal(net_receive(s->socket, (uaddr_t)back, 1, 0, NULL), ended ? 0 : -EAGAIN);
}

/* A segment from before the window's end to behind it, with others that wait or without, is not taken. */
static void test_over_the_edge(void **state)
{
    static const struct {
        uint32_t from, to;
        unsigned flags;
        bool after; /* another one waits */
    } cases[] = {
        {WINDOW - 50, WINDOW + 50, 0, false},  {WINDOW - 50, WINDOW + 1, 0, false},
        {WINDOW - 50, WINDOW, FIN, false},     {WINDOW - 50, WINDOW + 50, 0, true},
        {WINDOW - 50, WINDOW + 50, FIN, true}, {WINDOW - 100, WINDOW + 1, 0, true},
        {WINDOW - 100, WINDOW, FIN, true},     {WINDOW - 300, WINDOW + 1, 0, true},
        {WINDOW - 300, WINDOW, FIN, true},     {WINDOW - 1, WINDOW, FIN, true},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stream s = stream_open();
        if (cases[i].after) {
            come(&s, WINDOW - 100, WINDOW - 60, 0);
            acknowledged(&s, 0);
        }
        come(&s, cases[i].from, cases[i].to, cases[i].flags);
        acknowledged(&s, 0);
        come_all(&s, WINDOW - 300);
        come(&s, WINDOW - 300, WINDOW - 100, 0);
        acknowledged(&s, cases[i].after ? WINDOW - 60 : WINDOW - 100);
        come(&s, WINDOW - 100, WINDOW, 0);
        acknowledged(&s, WINDOW);
        received(&s, WINDOW, false);
        stream_close(&s);
    }
}

/* What ends where the window does is. */
static void test_up_to_the_edge(void **state)
{
    (void)state;
    for (unsigned end = 0; end <= 1; end++) {
        struct stream s = stream_open();
        come(&s, WINDOW - 100, WINDOW - end, end ? FIN : 0);
        acknowledged(&s, 0);
        come_all(&s, WINDOW - 100);
        acknowledged(&s, WINDOW);
        received(&s, WINDOW - end, end);
        stream_close(&s);
    }
}

/* In order, what fits is taken of it, and its end is not. */
static void test_in_order_over_the_edge(void **state)
{
    struct stream s = stream_open();
    (void)state;
    come_all(&s, WINDOW - 50);
    come(&s, WINDOW - 50, WINDOW + 50, FIN);
    acknowledged(&s, WINDOW);
    come(&s, WINDOW, WINDOW + 1, 0); /* the window is closed: so it is probed */
    assert_int_equal(acknowledged(&s, WINDOW), 0);
    received(&s, WINDOW, false);
    stream_close(&s);
}

/* An end before others' last byte contradicts them; it does not move to behind that, where no room may be. */
static void test_end_is_covered(void **state)
{
    static const uint32_t starts[] = {WINDOW - 20, WINDOW - 11};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned again = 0; again <= 1; again++) {
            struct stream s = stream_open();
            come(&s, WINDOW - 11, WINDOW - 1, FIN);
            if (again)
                come(&s, WINDOW - 200, WINDOW - 100, 0);
            come(&s, starts[i], WINDOW, 0);
            come_all(&s, WINDOW - 20);
            come(&s, WINDOW - 20, WINDOW, 0);
            acknowledged(&s, WINDOW);
            received(&s, WINDOW, false);
            stream_close(&s);
        }
    }
}

/* The end of a segment that another one covers exactly stays. */
static void test_end_is_kept(void **state)
{
    struct stream s = stream_open();
    (void)state;
    come(&s, 100, 200, FIN);
    come(&s, 50, 200, 0);
    come(&s, 0, 50, 0);
    acknowledged(&s, 201);
    received(&s, 200, true);
    stream_close(&s);
}

/* With data that waits for a small window, a segment says that only smaller ones than that may be sent. */
static void test_late_mss(void **state)
{
    struct packet late = {.protocol = 6, .flags = ACK, .from_ip = PEER, .to_ip = HOME, .mss = 10, .window = 500};
    struct stream s = stream_open();
    (void)state;
    s.peer.window = 500;
    come(&s, 0, 1, 0);
    come(&s, 1, 2, 0);
    received(&s, 2, false);
    while (peer_take(&s.peer)) {
    }
    assert_int_equal(net_send(s.socket, (uaddr_t)data, 1000, 0, NULL), 1000);
    late.from_port = s.peer.port;
    late.to_port = s.peer.to;
    late.sequence = s.peer.next;
    late.acknowledged = s.peer.came;
    wire_send(&late);
    fixture_run(10 * S);
    assert_true(peer_take(&s.peer));
    assert_int_equal(s.peer.last.bytes, 500);
    while (peer_take(&s.peer)) {
    }
    stream_close(&s);
}

int test_net_window(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_over_the_edge, fixture_cleanup),
        cmocka_unit_test_teardown(test_up_to_the_edge, fixture_cleanup),
        cmocka_unit_test_teardown(test_in_order_over_the_edge, fixture_cleanup),
        cmocka_unit_test_teardown(test_end_is_covered, fixture_cleanup),
        cmocka_unit_test_teardown(test_end_is_kept, fixture_cleanup),
        cmocka_unit_test_teardown(test_late_mss, fixture_cleanup),
    };
    return cmocka_run_group_tests_name("net at the window's edge", tests, NULL, NULL);
}
