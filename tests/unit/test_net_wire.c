/* SPDX-License-Identifier: MIT */
/* test_net_wire.c: the network and somebody else on the wire, frame by frame. */
#include "net_fixture.h"

#define PORT 80u

static uint8_t data[70000], back[70000];

static int64_t receive(int s, uint64_t n)
{
    return net_receive(s, (uaddr_t)back, n, 0, NULL);
}

static int64_t send_all(int s, const void *bytes, uint64_t n)
{
    return net_send(s, (uaddr_t)bytes, n, 0, NULL);
}

static int accepted(int l, struct peer *p, uint16_t from)
{
    int s;
    peer_open(p, from, PORT);
    s = net_accept(l, NULL);
    assert_true(s >= 0);
    wire_none();
    return s;
}

static void finish(int l, int s)
{
    net_option_set(s, NET_OPTION_LINGER, 1);
    net_close(s);
    net_close(l);
}

static uint64_t bad(void)
{
    struct net_books books;
    net_books(&books);
    return books.frames_bad;
}

static void ping(void)
{
    struct packet out = {.protocol = 1, .from_ip = PEER, .to_ip = HOME, .bytes = 64, .data = {8, 0, 0xf7, 0xff}}, in;
    wire_send(&out);
    assert_true(wire_take(&in));
    assert_int_equal(in.protocol, 1);
    assert_int_equal(in.to_ip, PEER);
    wire_none();
}

static void test_arp_and_echo(void **state)
{
    (void)state;
    ping();
    assert_int_equal(wire_arps(), 1); /* lwIP asks whom it answers */
    ping();
    assert_int_equal(wire_arps(), 0);
}

static uint16_t sum_of(const uint8_t *at, unsigned n)
{
    uint32_t all = 0;
    for (unsigned i = 0; i < n; i += 2)
        all += (uint32_t)(at[i] << 8 | at[i + 1]);
    while (all >> 16)
        all = (all & 0xffff) + (all >> 16);
    return (uint16_t)~all;
}

/* The error that d has after the peer said of `lost`, with that code, that it could not be delivered; some bytes of
   what it said, or all of it but a few, may be others. */
static int64_t unreachable(int d, const struct packet *lost, unsigned code, unsigned spoil, uint8_t with, unsigned cut)
{
    struct packet out = {.protocol = 1, .from_ip = PEER, .to_ip = HOME, .bytes = 8 + 28 - cut};
    uint8_t frame[1600];
    wire_make(lost, frame);
    out.data[0] = 3;
    out.data[1] = (uint8_t)code;
    memcpy(out.data + 8, frame + 14, 28);
    if (spoil > 3)
        out.data[spoil] ^= with;
    out.data[2] = (uint8_t)(sum_of(out.data, out.bytes & ~1u) >> 8);
    out.data[3] = (uint8_t)sum_of(out.data, out.bytes & ~1u);
    if (spoil <= 3)
        out.data[spoil] ^= with;
    wire_send(&out);
    return net_option_get(d, NET_OPTION_ERROR);
}

static void test_unreachable(void **state)
{
    static const uint8_t finally[] = {0,
                                      0,
                                      ENOPROTOOPT,
                                      ECONNREFUSED,
                                      0,
                                      0,
                                      ENETUNREACH,
                                      EHOSTDOWN,
                                      ENONET,
                                      ENETUNREACH,
                                      EHOSTUNREACH,
                                      0,
                                      0,
                                      EHOSTUNREACH,
                                      EHOSTUNREACH,
                                      EHOSTUNREACH,
                                      0};
    int d = net_open(NET_DATAGRAM), other = net_open(NET_DATAGRAM);
    struct packet lost;
    (void)state;
    assert_int_equal(net_connect(d, &(struct net_address){PEER, 99}), 0);
    assert_int_equal(net_connect(other, &(struct net_address){PEER, 99}), 0);
    assert_int_equal(send_all(d, "lost", 4), 4);
    net_work();
    assert_true(wire_take(&lost));
    for (unsigned code = 0; code < sizeof finally; code++)
        assert_int_equal(unreachable(d, &lost, code, 4, 0, 0), finally[code]);
    assert_int_equal(unreachable(d, &lost, 255, 4, 0, 0), 0);
    assert_int_equal(net_option_get(other, NET_OPTION_ERROR), 0);
    for (unsigned at = 0; at < 36; at++) { /* any of these bytes makes it another's, or nobody's */
        static const bool looked_at[36] = {
            [0] = 1,  [2] = 1,  [3] = 1,  [8] = 1,  [17] = 1, [20] = 1, [21] = 1, [22] = 1, [23] = 1,
            [24] = 1, [25] = 1, [26] = 1, [27] = 1, [28] = 1, [29] = 1, [30] = 1, [31] = 1};
        int64_t error = unreachable(d, &lost, 3, at, 0x40, 0);
        assert_int_equal(error, looked_at[at] || at == 1 ? 0 : ECONNREFUSED);
    }
    for (unsigned cut = 1; cut <= 36; cut++)
        assert_int_equal(unreachable(d, &lost, 3, 4, 0, cut), 0);
    assert_int_equal(unreachable(d, &lost, 3, 4, 0, 0), ECONNREFUSED);
    net_close(d);
    assert_int_equal(unreachable(other, &lost, 3, 4, 0, 0), 0);
    net_close(other);
    wire_none();
    fixture_run(10 * S);
}

/* A question and its answer are two frames, and an idle connection wants nothing. */
static void test_piggyback(void **state)
{
    int l = socket_listening(PORT, 4), s;
    struct peer p;
    (void)state;
    s = accepted(l, &p, 2000);
    for (unsigned i = 0; i < 100; i++) {
        peer_segment(&p, PSH | ACK, "question", 8);
        wire_none();
        assert_int_equal(receive(s, 100), 8);
        assert_int_equal(send_all(s, "answer", 6), 6);
        assert_true(peer_take(&p));
        assert_int_equal(p.last.acknowledged, p.next);
        assert_int_equal(p.last.bytes, 6);
        assert_int_equal(p.last.flags, PSH | ACK);
        wire_none();
    }
    peer_segment(&p, ACK, "", 0);
    wire_none();
    assert_int_equal(net_work(), SCHED_FOREVER);
    fixture_clock(100000 * S);
    assert_int_equal(net_work(), SCHED_FOREVER);
    peer_segment(&p, PSH | ACK, "question", 8); /* and is there all the same */
    assert_int_equal(receive(s, 100), 8);
    finish(l, s);
}

/* Without an answer the acknowledgement comes a little later, and at once for every second segment. */
static void test_delayed_acknowledgement(void **state)
{
    int l = socket_listening(PORT, 4), s;
    struct peer p;
    (void)state;
    s = accepted(l, &p, 2000);
    peer_segment(&p, PSH | ACK, "question", 8);
    wire_none();
    fixture_run(60 * MS);
    assert_true(peer_take(&p));
    assert_int_equal(p.last.acknowledged, p.next);
    assert_int_equal(p.last.bytes, 0);
    fixture_run(10 * S);
    wire_none();
    peer_segment(&p, ACK, data, 1400);
    wire_none();
    peer_segment(&p, ACK, data, 1400);
    assert_true(peer_take(&p));
    assert_int_equal(p.last.acknowledged, p.next);
    wire_none();
    assert_int_equal(receive(s, 5000), 2808);
    finish(l, s);
}

static void test_sent_again(void **state)
{
    int l = socket_listening(PORT, 4), s;
    struct net_books before, after;
    struct peer p;
    uint32_t first;
    (void)state;
    s = accepted(l, &p, 2000);
    net_books(&before);
    assert_int_equal(send_all(s, data, 100), 100);
    assert_true(peer_take(&p));
    first = p.last.sequence;
    for (unsigned i = 0; i < 3; i++) { /* nothing comes back */
        fixture_run(60 * S);
        assert_true(wire_take(&p.last));
        assert_int_equal(p.last.sequence, first);
        assert_int_equal(p.last.bytes, 100);
        while (wire_take(&p.last))
            assert_int_equal(p.last.sequence, first);
    }
    net_books(&after);
    assert_true(after.segments_resent > before.segments_resent + 2);
    peer_segment(&p, ACK, "", 0);
    assert_int_equal(net_work(), SCHED_FOREVER);
    /* the first of four is lost: three acknowledgements of what is there already */
    peer_segment(&p, ACK, "", 0);
    assert_int_equal(send_all(s, data, 3 * 1460), 3 * 1460);
    while (wire_take(&p.last)) {
    }
    for (unsigned i = 0; i < 3; i++)
        peer_segment(&p, ACK, "", 0);
    assert_true(wire_take(&p.last));
    assert_int_equal(p.last.sequence, p.came);
    finish(l, s);
}

static void test_given_up(void **state)
{
    int l = socket_listening(PORT, 4), s;
    struct peer p;
    (void)state;
    s = accepted(l, &p, 2000);
    assert_int_equal(send_all(s, data, 100), 100);
    fixture_run(6000 * S);
    assert_true(net_ready(s) & NET_ERROR);
    assert_int_equal(receive(s, 10), -ETIMEDOUT);
    while (wire_take(&p.last)) {
    }
    finish(l, s);
}

/* A window of a hundred bytes, then none, then one again; the end comes after the last byte and not before. */
static void test_small_windows(void **state)
{
    int l = socket_listening(PORT, 4), s;
    struct peer p;
    uint32_t came = 0;
    bool ended = false;
    (void)state;
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    s = accepted(l, &p, 2000);
    p.window = 100;
    peer_segment(&p, ACK, "x", 1); /* a window that shrinks is believed with new numbers only */
    peer_segment(&p, ACK, "y", 1);
    assert_int_equal(receive(s, 2), 2);
    while (wire_take(&p.last)) {
    }
    assert_int_equal(send_all(s, data, 1000), 1000);
    net_close(s);
    for (unsigned i = 0; i < 200 && !ended; i++) {
        fixture_run(13 * S);
        for (uint32_t before = p.came; peer_take(&p); before = p.came) {
            assert_in_range(p.last.bytes, 0, 100);
            if (before - p.last.sequence < p.last.bytes) { /* else it was sent again; after a probe its byte is, too */
                uint32_t old = before - p.last.sequence;
                assert_memory_equal(p.last.data + old, data + came, p.last.bytes - old);
                came += p.last.bytes - old;
            }
            ended |= (p.last.flags & FIN) != 0;
            assert_true(!ended || came == 1000);
            assert_false(p.last.flags & RST);
            p.window = i % 3 == 1 ? 0 : 100;
            peer_segment(&p, ACK, "", 0);
        }
    }
    assert_int_equal(came, 1000);
    assert_true(ended);
    peer_segment(&p, FIN | ACK, "", 0);
    while (wire_take(&p.last)) {
    }
    net_close(l);
}

static void test_damaged(void **state)
{
    struct packet syn = {.protocol = 6,
                         .flags = SYN,
                         .from_ip = PEER,
                         .to_ip = HOME,
                         .from_port = 2000,
                         .to_port = PORT,
                         .sequence = 7,
                         .window = 1000,
                         .mss = 1460};
    uint8_t frame[1600];
    size_t bytes = wire_make(&syn, frame);
    int l = socket_listening(PORT, 4);
    uint64_t before = bad();
    (void)state;
    for (size_t i = 14; i < bytes; i++) {
        frame[i] ^= 4;
        wire_frame(frame, bytes);
        frame[i] ^= 4;
        if (i != 14 + 9 && (i < 14 + 16 || i >= 34)) /* those are for somebody else */
            wire_none();
    }
    assert_true(bad() > before + 20);
    for (size_t n = 14; n < bytes; n++)
        wire_frame(frame, n);
    wire_none();
    wire_frame(frame, bytes);
    assert_int_equal(wire_count(), 1);
    net_close(l);
    fixture_run(60 * S);
}

static void test_resets(void **state)
{
    int l = socket_listening(PORT, 4), s;
    struct peer p;
    uint32_t right;
    (void)state;
    s = accepted(l, &p, 2000);
    right = p.next;
    p.next = right - 1; /* neither before the window */
    peer_segment(&p, RST, "", 0);
    p.next = right + 5000; /* nor in it, but not where it is expected (RFC 5961) */
    peer_segment(&p, RST, "", 0);
    assert_true(peer_take(&p));
    assert_int_equal(p.last.flags, ACK);
    p.next = right + 7; /* nor does a SYN */
    peer_segment(&p, SYN, "", 0);
    assert_true(peer_take(&p));
    assert_int_equal(p.last.flags, ACK);
    p.next = right;
    peer_segment(&p, PSH | ACK, "here", 4);
    assert_int_equal(receive(s, 10), 4);
    peer_segment(&p, RST, "", 0);
    assert_int_equal(receive(s, 10), -ECONNRESET);
    wire_none();
    net_close(s);
    net_close(l);
    p.next = 5; /* nobody listens any more */
    peer_segment(&p, SYN, "", 0);
    assert_true(wire_take(&p.last));
    assert_int_equal(p.last.flags, RST | ACK);
}

static void test_out_of_order(void **state)
{
    int l = socket_listening(PORT, 4), s;
    struct peer p;
    uint32_t right, acknowledged = 0;
    (void)state;
    s = accepted(l, &p, 2000);
    right = p.next;
    for (int i = 9; i >= 0; i--) {
        p.next = right + 100u * (unsigned)i;
        peer_segment(&p, PSH | ACK, data + 100 * i, 100);
        assert_int_equal(receive(s, 10000), i ? -EAGAIN : 1000);
    }
    assert_memory_equal(back, data, 1000);
    fixture_run(60 * MS);
    while (wire_take(&p.last))
        acknowledged = p.last.acknowledged;
    assert_int_equal(acknowledged, right + 1000);
    finish(l, s);
}

/* SYNs from nobody; who is in stays in, and when the flood is over others come in. */
static void test_flood(void **state)
{
    struct packet syn = {.protocol = 6, .flags = SYN, .to_ip = HOME, .to_port = PORT, .window = 1000, .mss = 1460};
    int l = socket_listening(PORT, 1000), s, other;
    struct net_books books;
    struct peer p, q;
    (void)state;
    s = accepted(l, &p, 2000);
    for (unsigned i = 0; i < 3000; i++) {
        syn.from_ip = 0x14000000u + i;
        syn.from_port = (uint16_t)(1000 + i);
        syn.sequence = i * 77;
        wire_send(&syn);
        if (i % 100 == 0) {
            fixture_run(S);
            while (wire_count())
                wire_take(&q.last);
            peer_segment(&p, PSH | ACK, "still", 5);
            assert_int_equal(receive(s, 10), 5);
            assert_int_equal(send_all(s, "here", 4), 4);
            assert_true(peer_take(&p));
            assert_int_equal(p.last.bytes, 4);
            peer_segment(&p, ACK, "", 0);
        }
        net_books(&books);
        assert_in_range(books.connections, 2, 131);
    }
    fixture_run(30 * S);
    while (wire_count())
        wire_take(&q.last);
    other = accepted(l, &q, 3000);
    net_option_set(other, NET_OPTION_LINGER, 1);
    net_close(other);
    finish(l, s);
}

/* Sockets that nobody reads do not keep the interface's buffers. */
static void test_unread(void **state)
{
    int l = socket_listening(PORT, 4), s[4], d = net_open(NET_DATAGRAM);
    struct packet datagram = {
        .protocol = 17, .from_ip = PEER, .to_ip = HOME, .from_port = 5, .to_port = 99, .bytes = 500};
    struct peer p[4];
    (void)state;
    assert_int_equal(net_bind(d, &(struct net_address){0, 99}), 0);
    for (unsigned i = 0; i < 4; i++) {
        s[i] = accepted(l, &p[i], (uint16_t)(2000 + i));
        for (unsigned n = 0; n < 43; n++)
            peer_segment(&p[i], PSH | ACK, data + 1400 * n, 1400);
        wire_send(&datagram);
        assert_in_range(host_nic_lent(), 1, 33);
        while (wire_take(&p[i].last)) {
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(receive(s[i], sizeof back), 43 * 1400);
        assert_memory_equal(back, data, 43 * 1400);
        assert_int_equal(receive(d, 1000), 500);
        net_option_set(s[i], NET_OPTION_LINGER, 1);
        net_close(s[i]);
    }
    while (wire_take(&p[0].last)) {
    }
    net_close(d);
    net_close(l);
}

/* Datagrams to any address are those to ours and to everybody; nothing else is claimed, for it may be others'. */
static void test_claims_of_any(void **state)
{
    static const uint32_t all[] = {HOME, 0xffffffff, HOME | 0xff};
    struct packet p = {.protocol = 17, .from_ip = PEER, .to_ip = HOME + 1, .from_port = 5, .to_port = 99, .bytes = 5};
    int d = net_open(NET_DATAGRAM);
    unsigned before = host_nic_claims(), dropped;
    struct nic_books books;
    (void)state;
    host_nic_claims_check(true);
    ping();
    assert_int_equal(net_bind(d, &(struct net_address){0, 99}), 0);
    assert_int_equal(host_nic_claims(), before + 3);
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        p.to_ip = all[i];
        wire_send(&p);
        assert_int_equal(receive(d, 10), 5);
    }
    nic_books(&books);
    dropped = (unsigned)books.dropped;
    p.to_ip = HOME + 1;
    wire_send(&p);
    nic_books(&books);
    assert_int_equal(books.dropped, dropped + 1);
    net_close(d);
    assert_int_equal(host_nic_claims(), before);
}

/* With a shared interface only what was claimed comes: all of this does. */
static void test_claims(void **state)
{
    struct packet datagram = {
        .protocol = 17, .from_ip = PEER, .to_ip = HOME, .from_port = 5, .to_port = 99, .bytes = 5};
    int l, s, d = net_open(NET_DATAGRAM), c = net_open(NET_STREAM);
    unsigned before = host_nic_claims();
    struct packet syn;
    struct peer p;
    (void)state;
    host_nic_claims_check(true);
    ping();
    l = socket_listening(PORT, 4);
    assert_int_equal(host_nic_claims(), before + 1);
    s = accepted(l, &p, 2000);
    assert_int_equal(host_nic_claims(), before + 1);
    net_close(l);
    peer_segment(&p, PSH | ACK, "still", 5);
    assert_int_equal(receive(s, 10), 5);
    assert_int_equal(net_bind(d, &(struct net_address){HOME, 99}), 0);
    wire_send(&datagram);
    assert_int_equal(receive(d, 10), 5);
    datagram.to_port = 98; /* nobody's: we are asked to say so */
    wire_send(&datagram);
    assert_true(wire_take(&syn));
    assert_int_equal(syn.protocol, 1);
    assert_int_equal(net_connect(c, &(struct net_address){PEER, 7}), -EINPROGRESS);
    assert_int_equal(host_nic_claims(), before + 3);
    assert_true(wire_take(&syn));
    assert_int_equal(syn.flags, SYN);
    p = (struct peer){.port = 7, .to = syn.from_port, .came = syn.sequence + 1, .window = 1000, .next = 5};
    peer_segment(&p, SYN | ACK, "", 0);
    assert_int_equal(net_ready(c), NET_WRITABLE);
    net_close(c);
    net_close(d);
    net_close(s);
    assert_int_equal(host_nic_claims(), before + 2); /* connections that linger */
    fixture_run(5000 * S);
    while (wire_take(&p.last)) {
    }
    assert_int_equal(host_nic_claims(), before);
    host_nic_claims_check(false);
}

/* The same ends again: the new connection begins above the old one. */
static void test_first_numbers(void **state)
{
    int l = socket_listening(PORT, 4), s;
    uint32_t last = 0;
    struct peer p;
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        s = accepted(l, &p, 2000);
        assert_true(i == 0 || (int32_t)(p.came - last) > 0);
        last = p.came;
        net_option_set(s, NET_OPTION_LINGER, 1);
        net_close(s);
        assert_true(wire_take(&p.last));
        fixture_clock(S);
    }
    net_close(l);
}

int test_net_wire(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_arp_and_echo, fixture_cleanup),
        cmocka_unit_test_teardown(test_unreachable, fixture_cleanup),
        cmocka_unit_test_teardown(test_piggyback, fixture_cleanup),
        cmocka_unit_test_teardown(test_delayed_acknowledgement, fixture_cleanup),
        cmocka_unit_test_teardown(test_sent_again, fixture_cleanup),
        cmocka_unit_test_teardown(test_given_up, fixture_cleanup),
        cmocka_unit_test_teardown(test_small_windows, fixture_cleanup),
        cmocka_unit_test_teardown(test_damaged, fixture_cleanup),
        cmocka_unit_test_teardown(test_resets, fixture_cleanup),
        cmocka_unit_test_teardown(test_out_of_order, fixture_cleanup),
        cmocka_unit_test_teardown(test_flood, fixture_cleanup),
        cmocka_unit_test_teardown(test_unread, fixture_cleanup),
        cmocka_unit_test_teardown(test_claims_of_any, fixture_cleanup),
        cmocka_unit_test_teardown(test_claims, fixture_cleanup),
        cmocka_unit_test_teardown(test_first_numbers, fixture_cleanup),
    };
    return cmocka_run_group_tests_name("net on the wire", tests, NULL, NULL);
}
