/* SPDX-License-Identifier: MIT */
/*
 * test_filter_flow: flows whose owners are kept: that nothing but speed comes from it.  A frame's owners, and who may
 * send it, are those that the claims looked at one by one say, whatever was asked before.
 */
#include "exo/filter_flow.h"
#include "filter_fixture.h"

#define ROUNDS 400000u
#define IP_A 0x0a00020fu
#define IP_B 0x0a000210u
#define HOST 0x0a000202u

static bool may_send(unsigned owner, const struct packet *p, uint32_t bytes)
{
    uint8_t head[FILTER_HEAD_MAX];

    memset(head, 0xa5, sizeof head);
    memcpy(head, p->bytes, bytes < sizeof head ? bytes : sizeof head);
    return filter_may_send(owner, head, bytes, own);
}

static bool is_kept(const struct packet *p)
{
    struct flow flow;

    return flow_of(&flow, p->bytes, sizeof p->bytes) && flow_find(&flow);
}

static uint32_t match(const struct packet *p)
{
    return filter_match(p->bytes, sizeof p->bytes);
}

/* One entry serves both directions, and goes with any change of claims. */
static void test_kept(void **state)
{
    struct nic_filter http = port_claim(6, IP_A, 80), other = port_claim(6, IP_B, 80);
    struct packet in = packet_of(6, HOST, 5000, IP_A, 80, 5), out = packet_of(6, IP_A, 80, HOST, 5000, 5);
    int claim = filter_claim(0, &http);

    (void)state;
    assert_true(claim >= 0);
    assert_false(is_kept(&in));
    assert_int_equal(match(&in), 1);
    assert_true(is_kept(&in));
    assert_true(may_send(0, &out, FRAME));
    assert_false(may_send(1, &out, FRAME));
    out.bytes[6] ^= 4;
    assert_false(may_send(0, &out, FRAME)); /* from another interface */
    out.bytes[6] ^= 4;
    assert_int_equal(filter_claim_end(0, (uint64_t)claim), 0);
    assert_false(is_kept(&in));
    assert_int_equal(match(&in), 0);
    assert_false(is_kept(&in)); /* that nobody has it is not kept */
    assert_false(may_send(0, &out, FRAME));
    assert_true(filter_claim(1, &http) >= 0);
    assert_true(may_send(1, &out, FRAME));
    assert_true(is_kept(&in)); /* asked for by who sends */
    assert_false(may_send(0, &out, FRAME));
    assert_true(filter_claim(2, &other) >= 0);
    assert_false(is_kept(&in));
    assert_int_equal(match(&in), 2);
    filter_owner_end(1);
    assert_int_equal(match(&in), 0);
}

/* What was decided by bytes that differ within a flow holds for one frame only. */
static void test_not_kept(void **state)
{
    struct nic_test life[] = {{NIC_LINK, 2, 12, 0xffff, 0x0800}, {NIC_NETWORK, 1, 8, 0xff, 7}},
                    wide[] = {{NIC_LINK, 2, 12, 0xffff, 0x0800}, {NIC_TRANSPORT, 4, 2, 0xffff0000, 90u << 16}};
    struct nic_filter by_life = claim_of(2, life, false), by_port = claim_of(2, wide, false);
    struct packet p = packet_of(6, HOST, 5000, IP_A, 80, 5);

    (void)state;
    assert_true(filter_claim(0, &by_life) >= 0);
    p.bytes[22] = 7;
    assert_int_equal(match(&p), 1);
    assert_false(is_kept(&p));
    p.bytes[22] = 8;
    assert_int_equal(match(&p), 0);
    filter_owner_end(0);
    assert_true(filter_claim(1, &by_port) >= 0);
    p = packet_of(6, HOST, 5000, IP_A, 90, 5);
    assert_int_equal(match(&p), 2);
    assert_int_equal(filter_match(p.bytes, 39), 0); /* it ends within the comparison */
    assert_false(is_kept(&p));
    p = packet_of(6, IP_A, 90, HOST, 5000, 5);
    assert_false(may_send(1, &p, FRAME)); /* of answers less is known */
}

static void test_not_flows(void **state)
{
    struct nic_filter http = port_claim(6, IP_A, 80), echo = port_claim(1, IP_A, 0);
    struct packet p = packet_of(6, HOST, 5000, IP_A, 80, 6);

    (void)state;
    assert_true(filter_claim(0, &http) >= 0);
    assert_true(filter_claim(1, &echo) >= 0);
    assert_int_equal(match(&p), 1); /* with options */
    assert_false(is_kept(&p));
    p = packet_of(1, HOST, 0x0800, IP_A, 0, 5); /* a protocol without ports */
    assert_int_equal(match(&p), 2);
    assert_false(is_kept(&p));
    p = packet_of(6, HOST, 5000, IP_A, 80, 5);
    assert_int_equal(match(&p), 1);
    p.bytes[21] = 1; /* a later fragment of the same flow */
    assert_int_equal(match(&p), 0);
}

/* Nobody sends from an address that is no single machine's, whoever else has it too, and whatever has come there. */
static void test_everybody(void **state)
{
    struct nic_filter all = port_claim(17, 0xffffffff, 68), group = port_claim(17, 0xe0000001, 68);
    struct packet p = packet_of(17, HOST, 67, 0xffffffff, 68, 5);

    (void)state;
    all.shared = group.shared = true;
    assert_true(filter_claim(0, &all) >= 0);
    assert_true(filter_claim(1, &all) >= 0);
    assert_true(filter_claim(0, &group) >= 0);
    assert_int_equal(match(&p), 3);
    assert_int_equal(match(&p), 3);
    p = packet_of(17, 0xffffffff, 68, HOST, 67, 5);
    assert_false(may_send(0, &p, FRAME));
    p = packet_of(17, 0xe0000001, 68, HOST, 67, 5);
    assert_false(may_send(0, &p, FRAME));
}

/* ---- anything, of few flows ---- */

static const uint32_t addresses[] = {IP_A, IP_B, HOST, 0xffffffff};
static const uint16_t ports[] = {80, 68, 5000};

static struct nic_filter random_claim(void)
{
    struct nic_filter f = port_claim(below(2) ? 6 : 17, below(3) ? addresses[below(4)] : 0, ports[below(3)]);

    f.shared = below(3) == 0;
    f.rest = below(5) == 0;
    if (below(24) == 0) /* what frames of one flow do not have alike */
        f.tests[f.test_count++] = (struct nic_test){NIC_NETWORK, 1, 8, 0x01, below(2)};
    else if (below(6) == 0)
        f.tests[f.test_count++] = (struct nic_test){NIC_TRANSPORT, 2, 3, 0xff00, below(2) ? 80 << 8 : 0};
    return f;
}

static struct packet random_packet(void)
{
    struct packet p = packet_of(below(2) ? 6 : 17, addresses[below(4)], ports[below(3)], addresses[below(4)],
                                ports[below(3)], below(8) ? 5 : 6);

    p.bytes[22] = (uint8_t)below(2);
    p.bytes[21] = below(16) == 0;
    p.bytes[20] = (uint8_t)(below(8) ? 0x40 : 0x20);
    return p;
}

struct known {
    struct nic_filter filter;
    unsigned owner;
    bool there;
};
static struct known claims[CLAIMS];

static uint32_t owners_of(const uint8_t *frame, uint32_t bytes)
{
    uint32_t owners = 0, rest = 0;

    for (const struct known *c = claims; c < claims + CLAIMS; c++)
        if (c->there && claim_holds(&c->filter, frame, bytes))
            *(c->filter.rest ? &rest : &owners) |= 1u << c->owner;
    return owners ? owners : rest;
}

static void claims_change(void)
{
    unsigned owner = below(OWNERS), victim = below(8);
    struct nic_filter f = random_claim();
    int number = filter_claim(owner, &f);

    if (number >= 0)
        claims[number] = (struct known){f, owner, true};
    if (claims[victim].there)
        assert_int_equal(filter_claim_end(claims[victim].owner, victim), 0);
    claims[victim].there = false;
}

static void test_any(void **state)
{
    unsigned kept = 0, allowed = 0;

    (void)state;
    srand(4);
    memset(claims, 0, sizeof claims);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct packet p = random_packet();
        uint32_t bytes = below(4) ? FRAME : 34 + below(12), n;
        uint8_t answer[FILTER_HEAD_MAX];
        unsigned owner = below(OWNERS);
        if (below(200) == 0)
            claims_change();
        kept += is_kept(&p);
        assert_int_equal(filter_match(p.bytes, bytes), owners_of(p.bytes, bytes));
        p = random_packet();
        n = filter_answer(p.bytes, bytes, own, answer);
        assert_int_equal(may_send(owner, &p, bytes), n && owners_of(answer, n) >> owner & 1);
        allowed += may_send(owner, &p, bytes);
    }
    assert_true(kept > ROUNDS / 20 && allowed > ROUNDS / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, begin, end),
        cmocka_unit_test_setup_teardown(test_not_kept, begin, end),
        cmocka_unit_test_setup_teardown(test_not_flows, begin, end),
        cmocka_unit_test_setup_teardown(test_everybody, begin, end),
        cmocka_unit_test_setup_teardown(test_any, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
