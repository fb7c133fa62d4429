/* SPDX-License-Identifier: MIT */
/*
 * test_harness_rates.c: requests a second: what load generators print, what is derived from rounds, a subnet for a tap;
 * and that toll's own clients do not spare a server that stalls.
 */
#include "test_harness.h"

#include "harness/backend.h"
#include "harness/file.h"
#include "harness/load.h"
#include "harness/load_tool.h"
#include "harness/rates.h"
#include "harness/tap.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* ---- a tap's subnet ---- */

#define ROUTE_HEAD "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
#define FIRST 0xc6120000u

static void test_subnet(void **state)
{
    (void)state;
    assert_int_equal(tap_subnet_find(ROUTE_HEAD, NULL, 0), FIRST);
    assert_int_equal(tap_subnet_find(ROUTE_HEAD, NULL, 5), FIRST + 20);
    assert_int_equal(tap_subnet_find(ROUTE_HEAD, NULL, 32768 + 1), FIRST + 4);
    /* the default route leads everywhere, and does not count; one to 198.18.0.0/30 does, unless it is our own */
    assert_int_equal(tap_subnet_find(ROUTE_HEAD "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
                                                "toll0\t000012C6\t00000000\t0001\t0\t0\t0\tFCFFFFFF\t0\t0\t0\n",
                                     NULL, 0),
                     FIRST + 4);
    assert_int_equal(
        tap_subnet_find(ROUTE_HEAD "toll0\t000012C6\t00000000\t0001\t0\t0\t0\tFCFFFFFF\t0\t0\t0\n", "toll0", 0), FIRST);
    /* a wider route takes all that it holds, a narrower one what it lies in */
    assert_int_equal(tap_subnet_find(ROUTE_HEAD "x\t000012C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", NULL, 3),
                     FIRST + 256);
    assert_int_equal(tap_subnet_find(ROUTE_HEAD "x\t020012C6\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n", NULL, 0),
                     FIRST + 4);
    assert_int_equal(tap_subnet_find(ROUTE_HEAD "x\t000012C6\t00000000\t0001\t0\t0\t0\t0000FEFF\t0\t0\t0\n", NULL, 0),
                     0);
}

static void test_network_names(void **state)
{
    enum config_network kind;

    (void)state;
    assert_int_equal(backend_parse("--network", "tap", &kind, &error), 0);
    assert_int_equal(kind, CONFIG_NETWORK_TAP);
    assert_int_equal(backend_parse("--network", "bridge", &kind, &error), -1);
    assert_contains(error.text, "expected user, tap or auto");
    assert_int_equal(backend_choose(CONFIG_NETWORK_USER), CONFIG_NETWORK_USER);
}

/* ---- what programs print ---- */

static void test_outputs(void **state)
{
    struct load_tool_result r;

    (void)state;
    assert_true(load_tool_parse(LOAD_TOOL_REDIS,
                                "WARNING: no config\n\"test\",\"rps\",\"avg\"\n\"GET\",\"64337.58\",\"0.4\"\n", &r));
    assert_int_equal(r.per_second * 100, 6433758);
    assert_false(load_tool_parse(LOAD_TOOL_REDIS, "\"test\",\"rps\"\n", &r));
    assert_false(load_tool_parse(LOAD_TOOL_REDIS, "Could not connect, 12\n", &r));
    assert_false(load_tool_parse(LOAD_TOOL_REDIS, "", &r));
    assert_false(load_tool_parse(LOAD_TOOL_REDIS, "\"GET\",\"inf\",\"0.0\"\n", &r)); /* of a run that took no time */
    assert_true(load_tool_parse(LOAD_TOOL_WRK,
                                "  Thread Stats\n  72231 requests in 2.00s, 57.2MB read\n"
                                "  Socket errors: connect 1, read 2, write 0, timeout 4\n"
                                "  Non-2xx or 3xx responses: 8\nRequests/sec:  36029.50\nTransfer/sec: 1MB\n",
                                &r));
    assert_int_equal(r.per_second * 2, 72059);
    assert_int_equal(r.requests, 72231);
    assert_int_equal(r.errors, 15);
    assert_true(load_tool_parse(LOAD_TOOL_AB,
                                "Complete requests:      4000\nFailed requests:        3\n"
                                "Non-2xx responses:      4\nRequests per second:    123.50 [#/sec] (mean)\n",
                                &r));
    assert_int_equal(r.per_second * 2, 247);
    assert_int_equal(r.requests, 4000);
    assert_int_equal(r.errors, 7);
    assert_false(load_tool_parse(LOAD_TOOL_AB, "apr_socket_recv: Connection reset\n", &r));
}

/* ---- rounds ---- */

static struct rate rate_of(uint32_t round, const char *structure, const char *variant, double per_second)
{
    return (struct rate){.structure = structure,
                         .variant = variant,
                         .workload = "kv_get",
                         .measure = "get_p16",
                         .program = "kv_server",
                         .client = "redis-benchmark",
                         .accel = "tcg",
                         .cpu = "max",
                         .network = "tap",
                         .image_sha256 = "",
                         .status = per_second > 0 ? "ok" : "fail",
                         .reason = per_second > 0 ? "" : "it rained",
                         .round = round,
                         .connections = 30,
                         .pipeline = 16,
                         .seconds = 2,
                         .memory_mib = 64,
                         .requests = 1000,
                         .wall_s = 2,
                         .guest_s = 1,
                         .per_second = per_second};
}

static char folder[] = "build/tests/rates-XXXXXX";

static void append(const struct rate *rate)
{
    int fd = open(arena_print(&arena, "%s/" RATES_FILE, folder), O_WRONLY | O_CREAT | O_APPEND, 0666);

    assert_true(fd >= 0);
    assert_int_equal(rates_append(fd, "r", rate, &error), 0);
    close(fd);
}

static void folder_make(void)
{
    strcpy(folder, "build/tests/rates-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

/* Rounds in which the host is four times as slow do not change a ratio; Linux without defences is the harder one. */
static void test_rounds(void **state)
{
    static const double speed[] = {100, 25, 100, 50, 100};
    const struct rates_row *row;
    struct rates_table table;
    struct rates rates;
    const char *text;

    (void)state;
    folder_make();
    assert_int_equal(rates_load(&arena, folder, &rates, &error), 0);
    assert_int_equal(rates.count, 0);
    for (uint32_t i = 0; i < 5; i++) {
        struct rate lines[] = {rate_of(i, "uni", "default", i == 3 ? 0 : 8 * speed[i]),
                               rate_of(i, "linux", "default", speed[i]),
                               rate_of(i, "linux", "mitigations=off", 2 * speed[i])};

        for (unsigned k = 0; k < 3; k++)
            append(&lines[k]);
    }
    assert_int_equal(rates_load(&arena, folder, &rates, &error), 0);
    assert_int_equal(rates.count, 15);
    rates_derive(&arena, &rates, &table);
    assert_int_equal(table.count, 3);
    assert_string_equal(table.rows[0].first->structure, "uni");
    assert_string_equal(table.rows[2].first->variant, "mitigations=off");
    row = rates_find(&table, "uni", "default", "get_p16");
    assert_int_equal(row->n, 4);
    assert_int_equal(row->failed, 1);
    assert_string_equal(row->reason, "it rained");
    assert_int_equal(row->stats.median, 800);
    assert_int_equal(row->pairs[RATES_DEFENDED], 4);
    assert_true(row->ratio[RATES_DEFENDED].median == 8 && row->ratio[RATES_DEFENDED].lo == 8);
    assert_true(row->ratio[RATES_UNDEFENDED].median == 4);
    assert_true(row->cost_us.median == 1000 && row->busy.median == 0.5);
    assert_null(rates_find(&table, "uni", "default", "page"));
    assert_int_equal(rates_write(&arena, folder, "r", &rates, &error), 0);
    text = file_read(&arena, arena_print(&arena, "%s/" RATES_DERIVED, folder), NULL, &error);
    assert_contains(text, "\"id\": \"KV-01\"");
    assert_contains(text, "\"against\": \"mitigations=off\"");
    assert_null(strstr(text, "WEB-02"));
    file_remove_tree(folder);
}

static void test_lines_refused(void **state)
{
    struct rate rate = rate_of(0, "uni", "default", 10);
    struct rates rates;
    const char *path;

    (void)state;
    folder_make();
    append(&rate);
    rate.network = "user";
    append(&rate);
    assert_int_equal(rates_load(&arena, folder, &rates, &error), -1);
    assert_int_equal(error.code, TOLL_USAGE);
    assert_contains(error.text, RATES_FILE ":2: network: expected");
    path = arena_print(&arena, "%s/" RATES_FILE, folder);
    assert_int_equal(file_write_atomic(path, "{\"torn", 6, &error), 0);
    assert_int_equal(rates_load(&arena, folder, &rates, &error), 0);
    assert_int_equal(rates.count, 0);
    assert_int_equal(file_write_atomic(path, "{\"schema\":1}\n", 13, &error), 0);
    assert_int_equal(rates_load(&arena, folder, &rates, &error), -1);
    assert_contains(error.text, RATES_FILE ":1: structure: expected");
    file_remove_tree(folder);
}

/* A line after a good one, which must be refused for that key. */
static void line_fails(struct rate line, const char *key)
{
    struct rate first = rate_of(0, "uni", "default", 10);
    struct rates rates;

    folder_make();
    append(&first);
    append(&line);
    assert_int_equal(rates_load(&arena, folder, &rates, &error), -1);
    assert_contains(error.text, arena_print(&arena, RATES_FILE ":2: %s: expected", key));
    file_remove_tree(folder);
}

static void test_lines_beyond_reason(void **state)
{
    struct rate rate = rate_of(1, "uni", "default", 10);

    (void)state;
    line_fails(rate_of(0, "uni", "default", 11), "round"); /* the same measure of the same guest */
    line_fails(rate_of(1, "uni", "default", 1e308), "per_second");
    line_fails(rate_of(1, "uni", "default", 1e-320), "per_second");
    rate.status = "maybe";
    line_fails(rate, "status");
    rate = rate_of(1u << 31, "uni", "default", 10);
    line_fails(rate, "round");
    rate = rate_of(1, "uni", "default", 10);
    rate.requests = UINT64_MAX;
    line_fails(rate, "requests");
    rate.requests = 1;
    rate.wall_s = 1e-320;
    line_fails(rate, "wall_s");
}

/* What follows a zero byte is not hidden. */
static void test_zero_byte(void **state)
{
    struct rate rate = rate_of(0, "uni", "default", 10);
    struct rates rates;
    int fd;

    (void)state;
    folder_make();
    append(&rate);
    fd = open(arena_print(&arena, "%s/" RATES_FILE, folder), O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "\0\n", 2), 2);
    close(fd);
    assert_int_equal(rates_load(&arena, folder, &rates, &error), -1);
    assert_contains(error.text, RATES_FILE ":2: an object of JSON: expected");
    file_remove_tree(folder);
}

/* ---- a server that stalls ---- */

#define STALL_MS 300
#define STALL_AT 100 /* messages before it */
#define MESSAGE 8

struct stalling {
    int listener;
    struct sockaddr_in at;
};

static void *stalling_serve(void *context)
{
    const struct stalling *server = context;
    const struct timespec stall = {.tv_nsec = STALL_MS * 1000000L};
    int s = accept(server->listener, NULL, NULL);
    char bytes[MESSAGE];

    for (unsigned i = 0; recv(s, bytes, MESSAGE, MSG_WAITALL) == MESSAGE; i++) {
        if (i == STALL_AT)
            nanosleep(&stall, NULL);
        assert_int_equal(send(s, bytes, MESSAGE, MSG_NOSIGNAL), MESSAGE);
    }
    close(s);
    return NULL;
}

/* 500 requests of one connection to an echo server that once stands still. */
static void stalled_load(double rate, struct load_result *result)
{
    static const struct config_clients echo = {
        .protocol = CONFIG_ECHO, .connections = 1, .pipeline = 1, .bytes = MESSAGE};
    struct stalling server = {.at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    struct load_options options = {.load = &echo, .requests = 500, .rate = rate, .seed = 1, .cancel = -1};
    socklen_t size = sizeof(server.at);
    pthread_t thread;

    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server.listener, (struct sockaddr *)&server.at, size), 0);
    assert_int_equal(listen(server.listener, 1), 0);
    assert_int_equal(getsockname(server.listener, (struct sockaddr *)&server.at, &size), 0);
    options.to = server.at;
    assert_int_equal(pthread_create(&thread, NULL, stalling_serve, &server), 0);
    assert_int_equal(load_run(&options, result, &error), 0);
    pthread_join(thread, NULL);
    close(server.listener);
    assert_int_equal(result->requests, 500);
    assert_int_equal(result->errors, 0);
    assert_int_equal(result->latency.count, 500);
}

/* At 1,000 a second, 150 requests fall due in the first half of the stall, and wait for at least its other half: 30 %
   of all.  A client that measured from sending would tell of one.  A host that is slow only makes them more. */
static void test_stall_open(void **state)
{
    struct load_result *result = calloc(1, sizeof(*result));

    (void)state;
    stalled_load(1000, result);
    assert_true(histogram_quantile(&result->latency, 0.71) >= STALL_MS / 2 * 1000000ull);
    assert_true(result->latency.max >= STALL_MS * 1000000ull);
    free(result);
}

/* In a closed loop the client waits too, and one request sees all of the stall. */
static void test_stall_closed(void **state)
{
    struct load_result *result = calloc(1, sizeof(*result));

    (void)state;
    stalled_load(0, result);
    assert_true(result->latency.max >= STALL_MS * 1000000ull);
    assert_true(result->seconds * 1000 >= STALL_MS);
    free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_subnet),    TEST(test_network_names), TEST(test_outputs),
        TEST(test_rounds),    TEST(test_lines_refused), TEST(test_lines_beyond_reason),
        TEST(test_zero_byte), TEST(test_stall_open),    TEST(test_stall_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
