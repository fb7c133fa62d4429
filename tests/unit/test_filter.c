/* SPDX-License-Identifier: MIT */
/*
 * test_filter: the exokernel's claims of frames: the tree against claims looked at one by one, conflicts against frames
 * that both match, answers against conversations, all of them with frames of any length and content.
 */
#include "filter_fixture.h"

#define ROUNDS 200000u

/* ---- claims and frames by hand ---- */

static struct nic_filter arp_claim(uint32_t ip, bool shared)
{
    struct nic_test tests[] = {{NIC_LINK, 2, 12, 0xffff, 0x0806}, {NIC_NETWORK, 4, 24, 0xffffffff, ip}};

    return claim_of(2, tests, shared);
}

static uint32_t match(const struct packet *p)
{
    return filter_match(p->bytes, sizeof p->bytes);
}

static void test_ports(void **state)
{
    struct nic_filter http = port_claim(6, 0x0a00020f, 80), other = port_claim(6, 0x0a000210, 80),
                      any = port_claim(6, 0, 81), udp = port_claim(17, 0x0a00020f, 80);
    struct packet p;

    (void)state;
    assert_true(filter_claim(0, &http) >= 0);
    assert_true(filter_claim(1, &other) >= 0);
    assert_true(filter_claim(2, &udp) >= 0);
    assert_true(filter_claim(3, &any) >= 0);
    for (unsigned words = 5; words <= 15; words++) {
        p = packet_of(6, 1, 5000, 0x0a00020f, 80, words);
        assert_int_equal(match(&p), 1);
        p = packet_of(6, 1, 5000, 0x0a000210, 80, words);
        assert_int_equal(match(&p), 2);
        p = packet_of(17, 1, 5000, 0x0a00020f, 80, words);
        assert_int_equal(match(&p), 4);
        p = packet_of(6, 1, 5000, 77, 81, words);
        assert_int_equal(match(&p), 8);
        p = packet_of(6, 1, 80, 0x0a00020f, 5000, words);
        assert_int_equal(match(&p), 0);
        p = packet_of(6, 1, 5000, 0x0a00020f, 80, words);
        for (uint32_t bytes = 0; bytes < 14 + words * 4 + 4; bytes++) {
            uint8_t *exact = malloc(bytes + !bytes); /* the sanitizer sees what is read behind it */
            memcpy(exact, p.bytes, bytes);
            assert_int_equal(filter_match(exact, bytes), 0);
            free(exact);
        }
    }
    p = packet_of(6, 1, 5000, 0x0a00020f, 80, 5);
    p.bytes[21] = 1; /* a fragment but the first */
    assert_int_equal(match(&p), 0);
    p.bytes[21] = 0;
    p.bytes[20] = 0x20; /* the first */
    assert_int_equal(match(&p), 1);
    p.bytes[14] = 0x44;
    assert_int_equal(match(&p), 0);
    p.bytes[14] = 0x65;
    assert_int_equal(match(&p), 0);
}

static void test_conflicts(void **state)
{
    struct nic_filter http = port_claim(6, 0x0a00020f, 80), any = port_claim(6, 0, 80), arp = arp_claim(1, true),
                      mine = arp_claim(1, false), wide, narrow, half;
    struct nic_test ip = {NIC_LINK, 2, 12, 0xffff, 0x0800}, high = {NIC_TRANSPORT, 1, 2, 0xff, 0},
                    word = {NIC_NETWORK, 4, 20, 0xffff, 80}, options = {NIC_NETWORK, 1, 0, 0x0f, 6};
    struct nic_test with_options[] = {options, word, ip};
    int first;

    (void)state;
    first = filter_claim(0, &http);
    assert_true(first >= 0);
    assert_true(filter_claim(0, &any) >= 0); /* one's own do not conflict */
    assert_int_equal(filter_claim(1, &http), -EADDRINUSE);
    assert_int_equal(filter_claim(1, &any), -EADDRINUSE);
    wide = claim_of(1, &ip, false);
    assert_int_equal(filter_claim(1, &wide), -EADDRINUSE);
    narrow = claim_of(1, &high, false); /* ports below 256 */
    assert_int_equal(filter_claim(1, &narrow), -EADDRINUSE);
    half = claim_of(1, &word, false); /* the port again, if there are no options */
    assert_int_equal(filter_claim(1, &half), -EADDRINUSE);
    word.value = 81; /* there may be options */
    half = claim_of(1, &word, false);
    assert_int_equal(filter_claim(1, &half), -EADDRINUSE);
    options.value = 5; /* but here there are none */
    with_options[0] = options;
    with_options[1] = word;
    half = claim_of(3, with_options, false);
    assert_true(filter_claim(1, &half) >= 0);
    assert_true(filter_claim(0, &arp) >= 0);
    assert_true(filter_claim(1, &arp) >= 0);
    assert_int_equal(filter_claim(2, &mine), -EADDRINUSE);
    assert_int_equal(filter_claim_end(1, (uint64_t)first), -EINVAL);
    assert_int_equal(filter_claim_end(0, CLAIMS), -EINVAL);
    assert_int_equal(filter_claim_end(0, UINT64_MAX), -EINVAL);
    filter_owner_end(0);
    assert_int_equal(filter_claim_end(0, (uint64_t)first), -EINVAL);
    assert_true(filter_claim(2, &http) >= 0);
}

static void test_shared(void **state)
{
    struct nic_filter arp = arp_claim(5, true);
    struct packet p = {0};
    int claims[OWNERS];

    (void)state;
    put(p.bytes + 12, 2, 0x0806);
    put(p.bytes + 38, 4, 5);
    for (unsigned i = 0; i < OWNERS; i++)
        claims[i] = filter_claim(i, &arp);
    assert_int_equal(match(&p), 15);
    assert_int_equal(filter_claim_end(2, (uint64_t)claims[2]), 0);
    assert_int_equal(match(&p), 11);
    filter_owner_end(0);
    assert_int_equal(match(&p), 10);
    filter_owner_end(1);
    filter_owner_end(3);
    assert_int_equal(match(&p), 0);
}

/* What nobody claims: only one can have it, and only while nobody does. */
static void test_rest(void **state)
{
    struct nic_test ip[] = {{NIC_LINK, 2, 12, 0xffff, 0x0800}, {NIC_NETWORK, 4, 16, 0xffffffff, 7}};
    struct nic_filter rest = claim_of(2, ip, false), http = port_claim(6, 7, 80);
    struct packet p = packet_of(6, 1, 5000, 7, 80, 5);
    int claim;

    (void)state;
    rest.rest = true;
    assert_true(filter_claim(0, &rest) >= 0);
    assert_int_equal(filter_claim(1, &rest), -EADDRINUSE);
    assert_int_equal(match(&p), 1);
    claim = filter_claim(1, &http);
    assert_int_equal(match(&p), 2);
    filter_claim_end(1, (uint64_t)claim);
    assert_int_equal(match(&p), 1);
    filter_owner_end(0);
    assert_true(filter_claim(1, &rest) >= 0);
    assert_int_equal(match(&p), 2);
}

static void test_malformed(void **state)
{
    struct nic_test bad[] = {{3, 2, 12, 0xffff, 0},          {NIC_LINK, 3, 12, 0xffff, 0},
                             {NIC_LINK, 0, 12, 0, 0},        {NIC_LINK, 2, 12, 0, 0},
                             {NIC_LINK, 2, 12, 0x10000, 0},  {NIC_LINK, 1, 12, 0x100, 0},
                             {NIC_LINK, 2, 12, 0xff, 0x100}, {NIC_TRANSPORT, 4, FILTER_END_MAX - 3, 1, 1},
                             {NIC_LINK, 1, UINT16_MAX, 1, 1}};
    struct nic_filter f = {0};

    (void)state;
    assert_int_equal(filter_claim(0, &f), -EINVAL);
    f.test_count = NIC_TESTS_MAX + 1;
    assert_int_equal(filter_claim(0, &f), -EINVAL);
    f.test_count = UINT32_MAX;
    assert_int_equal(filter_claim(0, &f), -EINVAL);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        f = claim_of(1, &bad[i], false);
        assert_int_equal(filter_claim(0, &f), -EINVAL);
    }
}

/* Whatever one owner takes, the others have their share; and all comes back. */
static void test_bounds(void **state)
{
    unsigned had[2][OWNERS] = {0}, wild[2] = {0};

    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < CLAIMS; i++) { /* as many edges and places as possible */
            struct nic_test tests[NIC_TESTS_MAX];
            for (unsigned t = 0; t < NIC_TESTS_MAX; t++)
                tests[t] = (struct nic_test){NIC_LINK, 2, (uint16_t)(100 + t * 2 + i % 3), 0xffff, i * 8 + t};
            struct nic_filter f = claim_of(NIC_TESTS_MAX, tests, false);
            int result = filter_claim(0, &f);
            assert_true(result >= 0 || result == -ENOSPC);
            wild[round] += result >= 0;
        }
        filter_owner_end(0);
        for (unsigned owner = 0; owner < OWNERS; owner++)
            for (unsigned i = 0; i < CLAIMS; i++) {
                struct nic_filter f = port_claim(6, 1 + owner, (uint16_t)i);
                had[round][owner] += filter_claim(owner, &f) >= 0;
            }
        for (unsigned owner = 0; owner < OWNERS; owner++)
            filter_owner_end(owner);
    }
    assert_true(wild[0] > 0 && wild[0] < CLAIMS && wild[0] == wild[1]);
    for (unsigned owner = 0; owner < OWNERS; owner++) {
        assert_int_equal(had[0][owner], CLAIMS / OWNERS);
        assert_int_equal(had[1][owner], CLAIMS / OWNERS);
    }
}

/* ---- anything ---- */

/* Few values and places, so that claims meet. */
static struct nic_filter random_claim(void)
{
    static const uint8_t sizes[] = {1, 2, 4};
    struct nic_filter f = {.test_count = 1 + below(3), .shared = below(3) == 0, .rest = below(6) == 0};

    for (unsigned i = 0; i < f.test_count; i++) {
        struct nic_test *t = &f.tests[i];
        *t = (struct nic_test){(uint8_t)below(3), sizes[below(3)], (uint16_t)(below(12)), 0, 0};
        t->offset = (uint16_t)(t->offset + (t->base == NIC_LINK ? 10 : 0));
        t->mask = (uint32_t)rand() & (t->bytes == 4 ? 0xffffffff : t->bytes == 2 ? 0xffff : 0xff) & 0x0f0f0f0f;
        t->mask |= 1;
        t->value = (below(2) ? 0x04050008 : (uint32_t)rand() & 0x01010101) & t->mask;
    }
    return f;
}

static void random_frame(uint8_t *frame)
{
    for (unsigned i = 0; i < FRAME; i++)
        frame[i] = (uint8_t)(rand() & 0x0d);
    if (below(4)) {
        put(frame + 12, 2, 0x0800);
        frame[14] = (uint8_t)(0x40 | below(16));
        put(frame + 20, 2, below(4) ? 0 : below(3));
    }
}

/* Makes a frame match f where that is possible one comparison after the other. */
static void frame_fit(uint8_t *frame, const struct nic_filter *f)
{
    for (unsigned i = 0; i < f->test_count; i++) {
        const struct nic_test *t = &f->tests[i];
        uint32_t transport = filter_transport(frame, FRAME), start[] = {0, 14, transport};
        for (unsigned b = 0; b < t->bytes; b++) {
            uint8_t *at = &frame[start[t->base] + t->offset + b], mask = (uint8_t)(t->mask >> 8 * (t->bytes - 1 - b));
            *at = (uint8_t)((*at & ~mask) | (t->value >> 8 * (t->bytes - 1 - b) & mask));
        }
    }
}

static void test_tree(void **state)
{
    static struct {
        struct nic_filter filter;
        unsigned owner;
        bool there;
    } claims[CLAIMS];
    unsigned matched = 0, refused = 0;

    (void)state;
    srand(1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint8_t frame[FRAME];
        uint32_t bytes = below(4) ? FRAME : below(FRAME), owners = 0, rest = 0;
        if (below(4) == 0) {
            unsigned owner = below(OWNERS), victim = below(CLAIMS);
            struct nic_filter f = random_claim();
            int number = filter_claim(owner, &f);
            refused += number == -EADDRINUSE;
            if (number >= 0) {
                assert_false(claims[number].there);
                claims[number].filter = f;
                claims[number].owner = owner;
                claims[number].there = true;
            }
            if (claims[victim].there && below(2))
                assert_int_equal(filter_claim_end(claims[victim].owner, victim), 0);
            else
                continue;
            claims[victim].there = false;
        }
        random_frame(frame);
        if (below(2) && claims[round % CLAIMS].there)
            frame_fit(frame, &claims[round % CLAIMS].filter);
        for (unsigned i = 0; i < CLAIMS; i++)
            if (claims[i].there && claim_holds(&claims[i].filter, frame, bytes))
                *(claims[i].filter.rest ? &rest : &owners) |= 1u << claims[i].owner;
        owners = owners ? owners : rest;
        assert_int_equal(filter_match(frame, bytes), owners);
        matched += owners != 0;
    }
    assert_true(matched > ROUNDS / 20 && refused > 100);
}

/* Two claims overlap if and only if there is such a frame; frames are searched where one could be. */
static void test_overlap(void **state)
{
    unsigned overlapping = 0, apart = 0, found = 0;

    (void)state;
    srand(2);
    for (unsigned round = 0; round < ROUNDS / 4; round++) {
        struct nic_filter a = random_claim(), b = random_claim();
        bool overlap = filter_overlap(&a, &b), is_found = false;
        assert_int_equal(overlap, filter_overlap(&b, &a));
        for (unsigned i = 0; i < 33 && !is_found; i++) {
            uint8_t frame[FRAME];
            random_frame(frame);
            if (i % 3) {
                put(frame + 12, 2, 0x0800);
                put(frame + 20, 2, 0);
                frame[14] = (uint8_t)(0x40 | (5 + i % 11));
            }
            frame_fit(frame, &a);
            frame_fit(frame, &b);
            is_found = claim_holds(&a, frame, FRAME) && claim_holds(&b, frame, FRAME);
        }
        if (is_found)
            assert_true(overlap);
        found += is_found;
        overlapping += overlap;
        apart += !overlap;
    }
    assert_true(found > 1000 && apart > 1000);
    assert_true(overlapping - found <= overlapping / 100); /* what the search did not find */
}

/* ---- answers ---- */

static uint32_t answer_owner(const uint8_t *frame, uint32_t bytes)
{
    uint8_t answer[FILTER_HEAD_MAX], head[FILTER_HEAD_MAX];
    uint32_t n;

    memset(head, 0xa5, sizeof head); /* what stands behind the frame does not count */
    memcpy(head, frame, bytes < sizeof head ? bytes : sizeof head);
    n = filter_answer(head, bytes, own, answer);
    assert_true(n <= bytes && n <= sizeof answer);
    return n ? filter_match(answer, n) : 0;
}

static void test_answers(void **state)
{
    struct nic_filter http = port_claim(6, 0x0a00020f, 80), dhcp = port_claim(17, 0, 68), arp = arp_claim(9, true);
    struct nic_test ping[] = {
        {NIC_LINK, 2, 12, 0xffff, 0x0800}, {NIC_NETWORK, 1, 9, 0xff, 1}, {NIC_TRANSPORT, 1, 0, 0xff, 8}};
    struct nic_filter echo = claim_of(3, ping, false);
    struct packet p;

    (void)state;
    filter_claim(0, &http);
    filter_claim(1, &dhcp);
    filter_claim(2, &arp);
    filter_claim(3, &echo);
    for (unsigned words = 5; words <= 15; words++) {
        p = packet_of(6, 0x0a00020f, 80, 1, 5000, words);
        assert_int_equal(answer_owner(p.bytes, FRAME), 1);
        assert_int_equal(answer_owner(p.bytes, 14 + words * 4 + 3), 0);
        p = packet_of(6, 0x0a00020f, 81, 1, 80, words); /* not from that port, */
        assert_int_equal(answer_owner(p.bytes, FRAME), 0);
        p = packet_of(6, 0x0a000210, 80, 0x0a00020f, 80, words); /* that address, */
        assert_int_equal(answer_owner(p.bytes, FRAME), 0);
        p = packet_of(6, 0x0a00020f, 80, 1, 5000, words); /* that interface */
        p.bytes[6] ^= 4;
        assert_int_equal(answer_owner(p.bytes, FRAME), 0);
    }
    p = packet_of(17, 0, 68, 0xffffffff, 67, 5);
    assert_int_equal(answer_owner(p.bytes, FRAME), 2);
    p = packet_of(1, 3, 0, 4, 0, 5); /* an echo's reply, */
    assert_int_equal(answer_owner(p.bytes, FRAME), 8);
    p.bytes[34] = 8; /* its request, */
    assert_int_equal(answer_owner(p.bytes, FRAME), 0);
    p.bytes[34] = 5; /* a redirection */
    assert_int_equal(answer_owner(p.bytes, FRAME), 0);
}

static void test_answers_arp(void **state)
{
    static const uint8_t kind[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
    struct nic_filter arp = arp_claim(9, true);
    struct packet p = {0};

    (void)state;
    filter_claim(2, &arp);
    memcpy(p.bytes + 6, own, 6);
    memcpy(p.bytes + 12, kind, sizeof kind);
    memcpy(p.bytes + 22, own, 6);
    put(p.bytes + 28, 4, 9);
    assert_int_equal(answer_owner(p.bytes, 42), 4);
    assert_int_equal(answer_owner(p.bytes, 41), 0);
    p.bytes[21] = 2;
    assert_int_equal(answer_owner(p.bytes, 60), 4);
    p.bytes[21] = 3;
    assert_int_equal(answer_owner(p.bytes, 60), 0);
    p.bytes[21] = 1;
    p.bytes[27] ^= 1; /* says that another interface has the address */
    assert_int_equal(answer_owner(p.bytes, 60), 0);
    p.bytes[27] ^= 1;
    p.bytes[31] ^= 1; /* that it has another's */
    assert_int_equal(answer_owner(p.bytes, 60), 0);
}

static void test_sums(void **state)
{
    uint32_t offset;
    struct packet p = packet_of(6, 1, 2, 3, 4, 7);

    (void)state;
    assert_int_equal(filter_sum(p.bytes, FRAME, &offset), 14 + 28);
    assert_int_equal(offset, 16);
    p.bytes[23] = 17;
    assert_int_equal(filter_sum(p.bytes, FRAME, &offset), 14 + 28);
    assert_int_equal(offset, 6);
    p.bytes[23] = 1;
    assert_int_equal(filter_sum(p.bytes, FRAME, &offset), 0);
    p.bytes[23] = 6;
    p.bytes[21] = 1;
    assert_int_equal(filter_sum(p.bytes, FRAME, &offset), 0);
}

/* Nothing is read behind a frame of any length. */
static void test_hostile(void **state)
{
    struct nic_filter f[4] = {port_claim(6, 0, 0), arp_claim(0, true), random_claim(), random_claim()};

    (void)state;
    srand(3);
    for (unsigned i = 0; i < 4; i++)
        filter_claim(i, &f[i]);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t bytes = below(FRAME), offset;
        uint8_t *frame = malloc(bytes + !bytes), whole[FRAME];
        random_frame(whole);
        if (below(2))
            memcpy(whole + 6, own, 6);
        if (below(4) == 0)
            put(whole + 12, 2, 0x0806);
        memcpy(frame, whole, bytes);
        filter_match(frame, bytes);
        answer_owner(frame, bytes);
        filter_sum(frame, bytes, &offset);
        free(frame);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ports, begin, end),
        cmocka_unit_test_setup_teardown(test_conflicts, begin, end),
        cmocka_unit_test_setup_teardown(test_shared, begin, end),
        cmocka_unit_test_setup_teardown(test_malformed, begin, end),
        cmocka_unit_test_setup_teardown(test_bounds, begin, end),
        cmocka_unit_test_setup_teardown(test_tree, begin, end),
        cmocka_unit_test_setup_teardown(test_overlap, begin, end),
        cmocka_unit_test_setup_teardown(test_answers, begin, end),
        cmocka_unit_test_setup_teardown(test_answers_arp, begin, end),
        cmocka_unit_test_setup_teardown(test_sums, begin, end),
        cmocka_unit_test_setup_teardown(test_hostile, begin, end),
        cmocka_unit_test_setup_teardown(test_rest, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
