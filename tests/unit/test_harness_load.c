/* SPDX-License-Identifier: MIT */
/*
 * test_harness_load.c: the clients: what they say, which answers they take, how bench.toml describes them; the peer's
 * TCP with the other side played by hand; the buckets of latencies.
 */
#include "config_fixture.h"

#include "harness/client.h"
#include "harness/config.h"
#include "harness/histogram.h"
#include "harness/peer_net.h"
#include "wire.h"
#include <stdio.h>
#include <unistd.h>

/* ---- bench.toml ---- */

#define SERVER "[structure.uni]\n[workload.kv]\nops = 5\nwarm = 3\n"

static void test_config(void **state)
{
    const struct config_clients *clients;

    (void)state;
    assert_int_equal(load(SERVER "sync = \"commit\"\n[workload.kv.load]\nprotocol = \"resp\"\nconnections = 4\n"
                                 "requests = [\"PING\", { text = \"GET key:%d\", weight = 9 }]\n"),
                     0);
    clients = config.workloads[0].load;
    assert_non_null(clients);
    assert_int_equal(clients->protocol, CONFIG_RESP);
    assert_int_equal(clients->connections, 4);
    assert_int_equal(clients->pipeline, 1);
    assert_false(clients->at_once);
    assert_int_equal(clients->request_count, 2);
    assert_int_equal(clients->requests[0].weight, 1);
    assert_int_equal(clients->requests[1].weight, 9);
    assert_string_equal(clients->requests[1].text, "GET key:%d");
    assert_string_equal(config.workloads[0].args.items[0], "sync=commit");
    assert_int_equal(load(SERVER), 0);
    assert_null(config.workloads[0].load);
}

static void test_config_mistakes(void **state)
{
    (void)state;
    fails(SERVER "[workload.kv.load]\nprotocol = \"ftp\"\n", ":6:12: workload.kv.load.protocol: expected one of",
          "\"ftp\"");
    fails(SERVER "[workload.kv.load]\nconection = 2\n", ":6:1: workload.kv.load.conection: unknown key",
          "did you mean connections?");
    fails(SERVER "[workload.kv.load]\nprotocol = \"resp\"\n", "workload.kv.load.requests: expected a list",
          "requests = [");
    fails(SERVER "[workload.kv.load]\nprotocol = \"http\"\nrequests = [\"POST /\"]\n", ":7:13:", "GET /PATH");
    fails(SERVER "[workload.kv.load]\nrequests = [\"GET /\"]\n", ":6:12:", "one request only");
    fails(SERVER "[workload.kv.load]\nprotocol = \"resp\"\ntransport = \"udp\"\nrequests = [\"PING\"]\n",
          ":7:13:", "only echo");
    fails(SERVER "[workload.kv.load]\nprotocol = \"resp\"\nrequests = [\"PING\"]\nkeys = 4\nvalue_bytes = 8\n",
          ":5:1:", "`warm` must not be less");
    fails(SERVER "[workload.kv.load]\nprotocol = \"resp\"\nrequests = [{ text = \"PING\", weight = 0 }]\n", "weight",
          "expected a whole number from 1");
    fails(SERVER "sync = \"always\"\n", ":5:8: workload.kv.sync", "expected one of");
}

/* ---- protocols ---- */

static long resp(const char *text)
{
    return client_resp_length((const unsigned char *)text, strlen(text), 0);
}

static void test_resp_length(void **state)
{
    (void)state;
    assert_int_equal(resp(""), 0);
    assert_int_equal(resp("+OK\r"), 0);
    assert_int_equal(resp("+OK\r\n+OK"), 5);
    assert_int_equal(resp(":12\r\n"), 5);
    assert_int_equal(resp("$-1\r\n"), 5);
    assert_int_equal(resp("$3\r\nabc\r"), 0);
    assert_int_equal(resp("$3\r\nabc\r\n"), 9);
    assert_int_equal(resp("*2\r\n$1\r\na\r\n:"), 0);
    assert_int_equal(resp("*2\r\n$1\r\na\r\n:1\r\n+"), 15);
    assert_int_equal(resp("HTTP/1.1"), -1);
    assert_int_equal(resp("$-7\r\n"), -1);
    assert_int_equal(resp("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"), -1);
}

static long http(const char *text, bool of_head, unsigned *status)
{
    size_t body;

    return client_http_length((const unsigned char *)text, strlen(text), of_head, status, &body);
}

static void test_http_length(void **state)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nServer: x\r\nCONTENT-LENGTH: 3\r\n\r\n";
    unsigned status = 0;

    (void)state;
    assert_int_equal(http("HTTP/1.1 200 OK\r\n", false, &status), 0);
    assert_int_equal(http(answer, false, &status), 0);
    assert_int_equal(http(answer, true, &status), sizeof(answer) - 1);
    assert_int_equal(http("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nab+", false, &status), 40);
    assert_int_equal(status, 404);
    assert_int_equal(http("HTTP/1.1 200 OK\r\n\r\nabc", false, &status), -1);
    assert_int_equal(http("+OK\r\nabc", false, &status), -1);
    assert_int_equal(http("HTTP/\r\n\r\n", false, &status), -1); /* nothing is read beyond its end */
}

static struct config_request mix[] = {{(char *)"GET key:%d", 1}};
static const struct config_clients get = {.protocol = CONFIG_RESP,
                                          .connections = 1,
                                          .pipeline = 2,
                                          .keys = 1,
                                          .value_bytes = 4,
                                          .requests = mix,
                                          .request_count = 1};

static void requests_are(struct client_bytes *out, const char *expected)
{
    assert_int_equal(out->count, strlen(expected));
    assert_memory_equal(out->at, expected, out->count);
    client_bytes_drop(out, out->count);
}

/* The key is set before it is asked for; answers come in pieces; a wrong one is counted, nonsense is refused. */
static void test_conversation(void **state)
{
    struct client client;
    struct client_flow flow = {0};
    struct client_bytes out = {0};
    char value[5] = "";

    (void)state;
    client_init(&client, &get, 4, 1);
    client_request(&client, &flow, &out);
    assert_memory_equal(out.at, "*3\r\n$3\r\nSET\r\n$5\r\nkey:0\r\n$4\r\n", 27);
    memcpy(value, out.at + 28, 4);
    client_bytes_drop(&out, out.count);
    client_request(&client, &flow, &out);
    requests_are(&out, "*2\r\n$3\r\nGET\r\n$5\r\nkey:0\r\n");
    assert_int_equal(client_answer(&client, &flow, "+OK\r\n$4\r", 8), 1);
    assert_int_equal(client_answer(&client, &flow, "\n", 1), 0);
    assert_int_equal(client_answer(&client, &flow, value, 4), 0);
    assert_int_equal(client_answer(&client, &flow, "\r\n", 2), 1);
    assert_int_equal(client.errors, 0);
    assert_int_not_equal(client.answers, 0);
    client_request(&client, &flow, &out);
    assert_int_equal(client_answer(&client, &flow, "$4\r\n????\r\n", 10), 1);
    assert_int_equal(client.errors, 1);
    assert_contains(client.error, "GET key:0 was not answered with its value");
    client_request(&client, &flow, &out);
    assert_false(client_has_more(&client));
    assert_int_equal(client_answer(&client, &flow, "-ERR no\r\n", 9), 1);
    assert_int_equal(client.errors, 2);
    assert_int_equal(client_answer(&client, &flow, "+OK\r\n", 5), -1);
    free(out.at);
    client_flow_free(&flow);
    client_free(&client);
}

static struct config_request page = {(char *)"GET /", 1};
static const struct config_clients pages = {
    .protocol = CONFIG_HTTP, .connections = 2, .pipeline = 1, .requests = &page, .request_count = 1};

/* The digest of two requests on two connections that are answered in this order, with this head and these contents. */
static uint64_t answers_of(bool swapped, const char *head, const char *first, const char *second)
{
    const char *contents[] = {first, second};
    struct client_flow flows[2] = {0};
    struct client_bytes out = {0};
    struct client client;
    char text[200];
    uint64_t answers;

    client_init(&client, &pages, 2, 1);
    for (unsigned i = 0; i < 2; i++)
        client_request(&client, &flows[i], &out);
    for (unsigned i = 0; i < 2; i++) {
        unsigned at = swapped ? 1 - i : i;
        int n = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%sContent-Length: 1\r\n\r\n%s", head, contents[at]);

        assert_int_equal(client_answer(&client, &flows[at], text, (size_t)n), 1);
    }
    answers = client.answers;
    free(out.at);
    client_flow_free(&flows[0]);
    client_flow_free(&flows[1]);
    client_free(&client);
    return answers;
}

/* What must be equal between systems is what was answered to which request, not when, nor the head of it. */
static void test_answers(void **state)
{
    uint64_t answers = answers_of(false, "", "a", "b");

    (void)state;
    assert_int_equal(answers_of(true, "", "a", "b"), answers);
    assert_int_equal(answers_of(false, "Server: other\r\n", "a", "b"), answers);
    assert_int_not_equal(answers_of(false, "", "b", "a"), answers);
    assert_int_not_equal(answers_of(false, "", "a", "c"), answers);
}

/* ---- the peer ---- */

/* Takes the first frame that the peer sends; its bytes without the length before it. */
static unsigned frame_next(struct peer_net *net, unsigned char *frame)
{
    unsigned n;

    assert_true(net->to_guest.count > 4);
    n = (unsigned)net->to_guest.at[2] << 8 | net->to_guest.at[3];
    memcpy(frame, net->to_guest.at + 4, n);
    client_bytes_drop(&net->to_guest, 4 + n);
    return n;
}

static uint32_t word(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

static void expect_segment(struct peer_net *net, unsigned flags, uint32_t seq, uint32_t ack, unsigned bytes)
{
    unsigned char frame[PEER_FRAME_MAX];
    unsigned n = frame_next(net, frame), head = 14 + 20 + (frame[46] >> 4) * 4u;

    assert_int_equal(frame[47], flags);
    assert_int_equal(word(frame + 38), seq);
    if (flags & ACK)
        assert_int_equal(word(frame + 42), ack);
    assert_int_equal(n - head, bytes);
}

static void segment(struct peer_net *net, unsigned flags, uint32_t seq, uint32_t ack, const char *data)
{
    struct peer_segment s = {.from = 7,
                             .to = net->port_first,
                             .seq = seq,
                             .ack = ack,
                             .flags = flags,
                             .window = 10,
                             .mss = flags & SYN ? 8 : 0,
                             .data = (const unsigned char *)data,
                             .bytes = (unsigned)strlen(data)};

    peer_tcp_take(net, &s);
}

static const struct config_clients echo = {.protocol = CONFIG_ECHO, .connections = 1, .pipeline = 1, .bytes = 12};

static void net_begin(struct peer_net *net, uint64_t total)
{
    unsigned char frame[PEER_FRAME_MAX];

    *net = (struct peer_net){.load = &echo, .port_first = 1000};
    client_init(&net->client, &echo, total, 1);
    peer_begin(net, 7);
    assert_int_equal(frame_next(net, frame), 42);
    assert_int_equal(frame[12] << 8 | frame[13], 0x0806);
    peer_resolved(net);
}

static void net_end(struct peer_net *net)
{
    peer_flows_free(net);
    client_free(&net->client);
    free(net->to_guest.at);
}

/* A connection from its first segment to its last: the other side's maximum segment and window are respected, an answer
   is acknowledged by the next request, a gap is told. */
static void test_connection(void **state)
{
    uint32_t iss = 1000u * 0x10001u + 1;
    struct peer_net net;
    char message[13] = "";

    (void)state;
    net_begin(&net, 2);
    expect_segment(&net, SYN, iss - 1, 0, 0);
    segment(&net, SYN | ACK, 500, iss, "");
    expect_segment(&net, ACK, iss, 501, 0);
    expect_segment(&net, ACK, iss, 501, 8);     /* 12 bytes: one segment of the maximum, */
    expect_segment(&net, ACK, iss + 8, 501, 2); /* what the window still takes, */
    segment(&net, ACK, 501, iss + 10, "");      /* and the rest afterwards */
    expect_segment(&net, ACK | PSH, iss + 10, 501, 2);
    for (unsigned i = 0; i < 12; i++)
        message[i] = (char)('a' + i * 11 % 26);
    segment(&net, ACK, 506, iss + 12, "late"); /* a gap */
    expect_segment(&net, ACK, iss + 12, 501, 0);
    segment(&net, ACK | PSH, 501, iss + 12, message); /* the answer: the next request acknowledges it */
    expect_segment(&net, ACK, iss + 12, 513, 8);
    expect_segment(&net, ACK, iss + 20, 513, 2);
    assert_int_equal(net.to_guest.count, 0);
    assert_int_equal(net.client.answered, 1);
    assert_int_equal(net.client.errors, 0);
    peer_again(&net); /* lost: all of it once more */
    expect_segment(&net, ACK, iss + 12, 513, 8);
    expect_segment(&net, ACK, iss + 20, 513, 2);
    segment(&net, ACK, 513, iss + 22, "");
    expect_segment(&net, ACK | PSH, iss + 22, 513, 2);
    segment(&net, ACK | PSH, 513, iss + 24, "????????????");
    assert_int_equal(net.client.errors, 1); /* came back changed */
    assert_false(peer_is_done(&net));
    expect_segment(&net, FIN | ACK, iss + 24, 525, 0);
    segment(&net, FIN | ACK, 525, iss + 25, "");
    expect_segment(&net, ACK, iss + 25, 526, 0);
    assert_true(peer_is_done(&net));
    assert_int_equal(net.state, PEER_RUNNING);
    net_end(&net);
}

/* The datagram of one byte that tells a step. */
static void expect_step(struct peer_net *net, unsigned step)
{
    unsigned char frame[PEER_FRAME_MAX];

    assert_int_equal(net->state, PEER_STEPPING);
    assert_int_equal(net->to_guest.count, 0); /* not before the guest is idle, */
    peer_step_idle(net);
    assert_int_equal(frame_next(net, frame), 14 + 20 + 8 + 1);
    assert_int_equal(frame[36] << 8 | frame[37], WIRE_STEP_PORT);
    assert_int_equal(frame[42], step);
    peer_step_idle(net);
    assert_int_equal(net->to_guest.count, 0); /* and once */
}

/* The server's answer to the request that is under way, which the client acknowledges. */
static void answer(struct peer_net *net, uint32_t seq, uint32_t ack)
{
    char message[13] = "";

    for (unsigned i = 0; i < 12; i++)
        message[i] = (char)('a' + (net->client.answered * 7 + i * 11) % 26);
    segment(net, ACK | PSH, seq, ack, message);
}

/* A server without marks: windows begin and end when it is told, nothing is asked meanwhile, and connections stay until
   the last window is over. */
static void test_steps(void **state)
{
    uint32_t iss = 1000u * 0x10001u + 1;
    struct peer_net net;

    (void)state;
    net_begin(&net, 2);
    net.steps = true;
    net.warm = 1;
    net.total = 2;
    expect_segment(&net, SYN, iss - 1, 0, 0);
    segment(&net, SYN | ACK, 500, iss, "");
    expect_segment(&net, ACK, iss, 501, 0);
    expect_step(&net, WIRE_STEP_TRY_BEGIN);
    peer_step_take(&net, WIRE_STEP_TRY_END); /* not the step that was told */
    assert_int_equal(net.step, WIRE_STEP_TRY_BEGIN);
    peer_step_take(&net, WIRE_STEP_TRY_BEGIN);
    expect_step(&net, WIRE_STEP_TRY_END);
    peer_step_take(&net, WIRE_STEP_TRY_END);
    assert_int_equal(net.state, PEER_RUNNING); /* the request before the window */
    net.flows[0].snd_wnd = 100;
    client_bytes_drop(&net.to_guest, net.to_guest.count);
    segment(&net, ACK, 501, iss + 10, "");
    client_bytes_drop(&net.to_guest, net.to_guest.count);
    answer(&net, 501, iss + 12);
    assert_int_equal(net.client.errors, 0);
    expect_segment(&net, ACK, iss + 12, 513, 0); /* no FIN */
    assert_false(peer_is_done(&net));
    for (unsigned step = WIRE_STEP_EMPTY_BEGIN; step <= WIRE_STEP_BEGIN; step++) {
        expect_step(&net, step);
        peer_step_take(&net, step);
    }
    assert_int_equal(net.state, PEER_RUNNING); /* the request of the window */
    client_bytes_drop(&net.to_guest, net.to_guest.count);
    segment(&net, ACK, 513, iss + 22, "");
    client_bytes_drop(&net.to_guest, net.to_guest.count);
    answer(&net, 513, iss + 24);
    assert_int_equal(net.client.answered, 2);
    expect_segment(&net, ACK, iss + 24, 525, 0);
    expect_step(&net, WIRE_STEP_END);
    peer_step_take(&net, WIRE_STEP_END);
    expect_step(&net, WIRE_STEP_LEAVE);
    assert_false(peer_is_done(&net));
    peer_step_take(&net, WIRE_STEP_LEAVE);
    expect_segment(&net, FIN | ACK, iss + 24, 525, 0);
    segment(&net, FIN | ACK, 525, iss + 25, "");
    assert_true(peer_is_done(&net));
    net_end(&net);
}

static void test_reset(void **state)
{
    uint32_t iss = 1000u * 0x10001u + 1;
    struct peer_net net;

    (void)state;
    net_begin(&net, 1);
    segment(&net, SYN | ACK, 500, iss, "");
    segment(&net, RST, 501, 0, "");
    assert_int_equal(net.state, PEER_OVER);
    assert_contains(net.problem, "reset a connection with 1 requests unanswered");
    net_end(&net);
}

/* What a guest sends is looked at before it is believed. */
static void test_frames(void **state)
{
    unsigned char frame[PEER_FRAME_MAX] = {0};
    struct peer_net net;
    unsigned n;

    (void)state;
    net_begin(&net, 1);
    n = frame_next(&net, frame);
    for (unsigned length = 0; length <= n; length++)
        peer_frame_take(&net, frame, length); /* from the wrong address */
    assert_int_equal(net.state, PEER_OPENING);
    memcpy(frame + 26, (unsigned char[]){10, 0, 2, 15, 10, 0, 2, 2}, 8); /* the sum of the header stays */
    peer_frame_take(&net, frame, n);
    assert_int_equal(net.state, PEER_OPENING); /* nobody's port */
    frame[50] ^= 1;
    peer_frame_take(&net, frame, n);
    assert_int_equal(net.state, PEER_OVER);
    assert_contains(net.problem, "wrong length or checksum");
    net_end(&net);
}

/* ---- latencies ---- */

static void test_histogram(void **state)
{
    struct histogram *h = calloc(1, sizeof(*h));

    (void)state;
    assert_int_equal(histogram_quantile(h, 0.5), 0);
    for (uint64_t i = 1; i <= 100000; i++)
        histogram_add(h, i * 1000);
    for (unsigned percent = 1; percent <= 100; percent++) {
        uint64_t exact = percent * 1000000ull, told = histogram_quantile(h, percent / 100.0);

        assert_in_range(told, exact, exact + exact / 128 + 1000);
    }
    assert_int_equal(histogram_quantile(h, 1), 100000000);
    histogram_add(h, UINT64_MAX);
    histogram_add(h, 0);
    assert_int_equal(histogram_quantile(h, 1), UINT64_MAX);
    assert_int_equal(histogram_quantile(h, 0), 0);
    free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_config),       TEST(test_config_mistakes), TEST(test_resp_length), TEST(test_http_length),
        TEST(test_conversation), TEST(test_connection),      TEST(test_reset),       TEST(test_frames),
        TEST(test_histogram),    TEST(test_answers),         TEST(test_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
