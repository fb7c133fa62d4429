/* SPDX-License-Identifier: MIT */
/* net_fixture.c: see net_fixture.h. */
#include "net_fixture.h"

#define SENT_MAX 4096u
#define FRAME_MAX 1600u

static struct {
    uint8_t frame[FRAME_MAX];
    size_t bytes;
} * sent;
static unsigned sent_first, sent_end, arps, claims; /* claims: those of the beginning */
static bool answers = true;
static uint64_t events[NET_SOCKETS_MAX];
static const uint8_t peer_address[] = {0x52, 0x55, 10, 0, 2, 2}, home_address[] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

void net_event(int s)
{
    assert_in_range(s, 0, NET_SOCKETS_MAX - 1);
    events[s]++;
}

bool net_user_wake(void)
{
    return false;
}

bool net_user_sleeps(void)
{
    return true;
}

void env_idle(void)
{
    fail();
}

uint64_t events_of(int s)
{
    uint64_t n = events[s];
    events[s] = 0;
    return n;
}

static void put(uint8_t *at, uint32_t value, unsigned bytes)
{
    while (bytes--)
        *at++ = (uint8_t)(value >> 8 * bytes);
}

static uint32_t get(const uint8_t *at, unsigned bytes)
{
    uint32_t value = 0;
    while (bytes--)
        value = value << 8 | *at++;
    return value;
}

static uint16_t sum(const uint8_t *data, size_t bytes, uint32_t start)
{
    uint32_t s = start;
    for (size_t i = 0; i < bytes; i += 2)
        s += (uint32_t)data[i] << 8 | (i + 1 < bytes ? data[i + 1] : 0);
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

static uint32_t pseudo(const uint8_t *ip, size_t bytes)
{
    return get(ip + 12, 2) + get(ip + 14, 2) + get(ip + 16, 2) + get(ip + 18, 2) + ip[9] + (uint32_t)bytes;
}

static void arp_answer(const uint8_t *request)
{
    uint8_t frame[42];
    if (get(request + 20, 2) != 1 || !answers || get(request + 38, 4) == HOME)
        return;
    memcpy(frame, request, sizeof frame);
    memcpy(frame, request + 6, 6);
    memcpy(frame + 6, peer_address, 6);
    frame[21] = 2;
    memcpy(frame + 22, peer_address, 6);
    memcpy(frame + 28, request + 38, 4);
    memcpy(frame + 32, request + 22, 10);
    host_nic_deliver(frame, sizeof frame);
}

static void on_sent(const void *frame, size_t bytes)
{
    assert_in_range(bytes, 14, FRAME_MAX);
    if (get((const uint8_t *)frame + 12, 2) == 0x0806) {
        arps++;
        arp_answer(frame);
        return;
    }
    if (sent_end == SENT_MAX) {
        memmove(sent, sent + sent_first, (sent_end - sent_first) * sizeof *sent);
        sent_end -= sent_first;
        sent_first = 0;
    }
    assert_true(sent_end < SENT_MAX);
    memcpy(sent[sent_end].frame, frame, bytes);
    sent[sent_end++].bytes = bytes;
}

void wire_answers(bool yes)
{
    answers = yes;
}

unsigned wire_arps(void)
{
    unsigned n = arps;
    arps = 0;
    return n;
}

unsigned wire_count(void)
{
    return sent_end - sent_first;
}

static void options_read(struct packet *p, const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at) {
        if (*at == 1) {
            at++;
            continue;
        }
        if (*at == 2)
            p->mss = get(at + 2, 2);
        if (*at == 3)
            p->scale = at[2] + 1u;
        at += at[1];
    }
}

bool wire_take(struct packet *out)
{
    const uint8_t *ip, *t;
    size_t all, header;
    memset(out, 0, sizeof *out);
    if (sent_first == sent_end)
        return false;
    ip = sent[sent_first].frame + 14;
    all = get(ip + 2, 2);
    assert_int_equal(get(ip - 2, 2), 0x0800);
    assert_memory_equal(ip - 14, peer_address, 6);
    assert_memory_equal(ip - 8, home_address, 6);
    assert_int_equal(ip[0], 0x45);
    assert_int_equal(sum(ip, 20, 0), 0);
    assert_int_equal(all + 14, sent[sent_first].bytes);
    t = ip + 20;
    out->protocol = ip[9];
    out->from_ip = get(ip + 12, 4);
    out->to_ip = get(ip + 16, 4);
    out->from_port = (uint16_t)get(t, 2);
    out->to_port = (uint16_t)get(t + 2, 2);
    header = out->protocol == 6 ? 4u * (t[12] >> 4) : 8;
    if (!(get(ip + 6, 2) & 0x3fff) && out->protocol != 1)
        assert_int_equal(sum(t, all - 20, pseudo(ip, all - 20)), 0);
    if (out->protocol == 6) {
        out->sequence = get(t + 4, 4);
        out->acknowledged = get(t + 8, 4);
        out->flags = t[13];
        out->window = (uint16_t)get(t + 14, 2);
        options_read(out, t + 20, t + header);
    }
    out->bytes = (uint32_t)(all - 20 - header);
    memcpy(out->data, t + header, out->bytes);
    sent_first++;
    return true;
}

void wire_none(void)
{
    assert_int_equal(wire_count(), 0);
}

size_t wire_make(const struct packet *p, uint8_t *frame)
{
    static uint16_t id;
    uint8_t *ip = frame + 14, *t = ip + 20;
    size_t header = p->protocol == 6 ? 20 : p->protocol == 17 ? 8 : 0, options = 0, all;
    memset(frame, 0, 14 + 60);
    memcpy(frame, home_address, 6);
    memcpy(frame + 6, peer_address, 6);
    put(frame + 12, 0x0800, 2);
    if (p->mss) {
        put(t + 20, 0x0204, 2);
        put(t + 22, p->mss, 2);
        options += 4;
    }
    if (p->scale) {
        put(t + 20 + options, 0x01030300 | (p->scale - 1), 4);
        options += 4;
    }
    all = 20 + header + options + p->bytes;
    memcpy(t + header + options, p->data, p->bytes);
    put(t, p->from_port, 2);
    put(t + 2, p->to_port, 2);
    if (p->protocol == 6) {
        put(t + 4, p->sequence, 4);
        put(t + 8, p->acknowledged, 4);
        t[12] = (uint8_t)((header + options) / 4 << 4);
        t[13] = p->flags;
        put(t + 14, p->window, 2);
    } else if (p->protocol == 17) {
        put(t + 4, 8 + p->bytes, 2);
    } else {
        memcpy(t, p->data, p->bytes);
    }
    ip[0] = 0x45;
    put(ip + 2, (uint32_t)all, 2);
    put(ip + 4, ++id, 2);
    ip[8] = 64;
    ip[9] = p->protocol;
    put(ip + 12, p->from_ip, 4);
    put(ip + 16, p->to_ip, 4);
    put(ip + 10, sum(ip, 20, 0), 2);
    if (p->protocol == 6)
        put(t + 16, sum(t, all - 20, pseudo(ip, all - 20)), 2);
    if (p->protocol == 17)
        put(t + 6, sum(t, all - 20, pseudo(ip, all - 20)), 2);
    return all + 14;
}

void wire_frame(const void *frame, size_t bytes)
{
    host_nic_deliver(frame, bytes);
    while (net_pending())
        net_work();
}

void wire_send(const struct packet *p)
{
    uint8_t frame[FRAME_MAX];
    wire_frame(frame, wire_make(p, frame));
}

void fixture_clock(uint64_t ns)
{
    host_env_clock_set(env_now_ns() + ns);
}

void fixture_run(uint64_t for_ns)
{
    uint64_t end = env_now_ns() + for_ns, due;
    while ((due = net_work()) < end)
        if (due > env_now_ns())
            host_env_clock_set(due);
    host_env_clock_set(end);
}

void peer_segment(struct peer *p, unsigned flags, const void *data, uint32_t bytes)
{
    struct packet out = {.protocol = 6,
                         .flags = (uint8_t)flags,
                         .from_ip = PEER,
                         .to_ip = HOME,
                         .from_port = p->port,
                         .to_port = p->to,
                         .sequence = p->next,
                         .acknowledged = p->came,
                         .window = p->window,
                         .bytes = bytes};
    if (flags & SYN)
        out.mss = 1460;
    memcpy(out.data, data, bytes);
    p->next += bytes + ((flags & (SYN | FIN)) != 0);
    wire_send(&out);
}

bool peer_take(struct peer *p)
{
    if (!wire_take(&p->last))
        return false;
    assert_int_equal(p->last.protocol, 6);
    assert_int_equal(p->last.to_port, p->port);
    assert_int_equal(p->last.from_port, p->to);
    if (p->came - p->last.sequence <= p->last.bytes) /* perhaps with a part that was there already */
        p->came = p->last.sequence + p->last.bytes + ((p->last.flags & (SYN | FIN)) != 0);
    return true;
}

void peer_open(struct peer *p, uint16_t from, uint16_t to)
{
    *p = (struct peer){.port = from, .to = to, .next = 1000, .window = 65535};
    peer_segment(p, SYN, "", 0);
    assert_true(wire_take(&p->last));
    assert_int_equal(p->last.flags, SYN | ACK);
    assert_int_equal(p->last.acknowledged, p->next);
    p->came = p->last.sequence + 1;
    peer_segment(p, ACK, "", 0);
}

int socket_listening(uint16_t port, unsigned backlog)
{
    int s = net_open(NET_STREAM);
    assert_true(s >= 0);
    assert_int_equal(net_option_set(s, NET_OPTION_REUSE, 1), 0);
    assert_int_equal(net_bind(s, &(struct net_address){0, port}), 0);
    assert_int_equal(net_listen(s, backlog), 0);
    return s;
}

int fixture_setup(void **state)
{
    (void)state;
    sent = calloc(SENT_MAX, sizeof *sent);
    assert_non_null(sent);
    host_nic_connect(on_sent);
    assert_int_equal(net_init("10.0.2.15"), -EINVAL);
    assert_int_equal(net_init("10.0.2.256/24"), -EINVAL);
    assert_int_equal(net_init("10.0.2.15/33"), -EINVAL);
    assert_int_equal(net_init("10.0.2.15/24,"), -EINVAL);
    assert_int_equal(net_init("10.0.2.15/24,10.0.2.2 "), -EINVAL);
    assert_int_equal(net_init("10.0.2.15/24,10.0.2.2"), 0);
    claims = host_nic_claims();
    return 0;
}

/* Sockets are closed, what lingered is gone, and with it all memory and claims but those of the beginning. */
int fixture_cleanup(void **state)
{
    struct net_books books;
    (void)state;
    fixture_run(200 * S);
    net_books(&books);
    assert_int_equal(books.sockets, 0);
    assert_int_equal(books.connections, 0);
    assert_int_equal(host_nic_lent(), 0);
    assert_int_equal(host_nic_claims(), claims);
    assert_int_equal(net_work(), SCHED_FOREVER);
    sent_first = sent_end = arps = 0;
    wire_answers(true);
    memset(events, 0, sizeof events);
    return 0;
}
