/* SPDX-License-Identifier: MIT */
/*
 * cmd_load.c: `toll load`: clients of a server that runs somewhere, with the requests of bench.toml.
 */
#include "command.h"
#include "config.h"
#include "layout.h"
#include "load.h"
#include "load_guest.h"
#include "process.h"
#include <arpa/inet.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_DEFAULT 10
#define WORKLOAD_DEFAULT "kv_get"

static const char usage[] =
    "usage: toll load HOST:PORT|STRUCTURE[:VARIANT]/WORKLOAD [OPTION...]\n"
    "\n"
    "Sends the requests of a stanza's load table to a server, checks each answer, and tells how many were answered a\n"
    "second and how long they took.  HOST is an IPv4 address; or toll boots that server in a guest.\n"
    "\n"
    "      --workload NAME   the stanza (kv_get, or the guest's)\n"
    "      --connections N   instead of the stanza's\n"
    "      --pipeline N      instead of the stanza's\n"
    "      --rate N          N requests a second, whether the server keeps up or not: latencies are from when a\n"
    "                        request was due.  Without it each client waits for its answers\n"
    "      --seconds S       for so long (10)\n"
    "      --requests N      or for so many\n"
    "      --ramp MS         between the opening of two connections (1)\n"
    "      --network WAY     of a guest: user, tap or auto, instead of bench.toml's\n"
    "      --accel tcg       of a guest: emulate it even where KVM works\n"
    "      --json            as JSON\n"
    "      --config FILE     read FILE instead of bench.toml\n"
    "  -h, --help            show this\n";

struct request {
    const char *config_path, *workload, *network;
    double connections, pipeline, rate, seconds, requests, ramp; /* below 0: not given */
    bool json, emulated;
};

enum { OPT_WORKLOAD = 256, OPT_JSON, OPT_CONFIG, OPT_NETWORK, OPT_ACCEL, OPT_NUMBERS };

static const struct {
    const char *name;
    size_t offset;
    double low, high;
    bool whole;
} numbers[] = {
    {"connections", offsetof(struct request, connections), 1, 60000, true},
    {"pipeline", offsetof(struct request, pipeline), 1, CLIENT_PIPELINE_MAX, true},
    {"rate", offsetof(struct request, rate), 0.001, 1e8, false},
    {"seconds", offsetof(struct request, seconds), 0.001, 1e7, false},
    {"requests", offsetof(struct request, requests), 1, 1e12, true},
    {"ramp", offsetof(struct request, ramp), 0, 60000, true},
};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))
#define FIXED 6 /* further options */

static int number_take(struct request *request, unsigned index, struct error *error)
{
    char *end;
    double value = strtod(optarg, &end);

    if (end == optarg || *end || !(value >= numbers[index].low && value <= numbers[index].high) ||
        (numbers[index].whole && value != floor(value)))
        return error_set(error, TOLL_USAGE, "--%s %s: expected a %snumber from %g to %g", numbers[index].name, optarg,
                         numbers[index].whole ? "whole " : "", numbers[index].low, numbers[index].high);
    *(double *)((char *)request + numbers[index].offset) = value;
    return 0;
}

static int option_take(struct command *command, struct request *request, int option, struct error *error)
{
    switch (option) {
    case OPT_WORKLOAD:
        request->workload = optarg;
        return 0;
    case OPT_JSON:
        request->json = true;
        return 0;
    case OPT_CONFIG:
        request->config_path = command_path(command, optarg);
        return 0;
    case OPT_NETWORK:
        request->network = optarg;
        return 0;
    case OPT_ACCEL:
        request->emulated = strcmp(optarg, "tcg") == 0;
        return request->emulated || strcmp(optarg, "kvm") == 0
                   ? 0
                   : error_set(error, TOLL_USAGE, "--accel %s: expected kvm or tcg", optarg);
    default:
        return number_take(request, (unsigned)option - OPT_NUMBERS, error);
    }
}

/* 0 to go on, 1 if the help was shown, -1 with an error, whose text is empty if getopt named the mistake. */
static int request_parse(struct command *command, struct request *request, struct error *error)
{
    struct option options[NUMBERS + FIXED + 1] = {
        {"workload", required_argument, NULL, OPT_WORKLOAD}, {"json", no_argument, NULL, OPT_JSON},
        {"config", required_argument, NULL, OPT_CONFIG},     {"network", required_argument, NULL, OPT_NETWORK},
        {"accel", required_argument, NULL, OPT_ACCEL},       {"help", no_argument, NULL, 'h'}};
    int option;

    for (size_t i = 0; i < NUMBERS; i++)
        options[FIXED + i] = (struct option){numbers[i].name, required_argument, NULL, OPT_NUMBERS + (int)i};
    error->text[0] = '\0';
    while ((option = getopt_long(command->argc, command->argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 1;
        }
        if (option == '?' || option_take(command, request, option, error))
            return -1;
    }
    return 0;
}

static int address_parse(const char *text, struct sockaddr_in *out, struct error *error)
{
    const char *colon = strrchr(text, ':');
    char host[64], *end = NULL;
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;

    snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - text) : 0, text);
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (!colon || *end || port < 1 || port > 65535 ||
        inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &out->sin_addr) != 1)
        return error_set(error, TOLL_USAGE, "%s: expected an IPv4 address and a port, as in 127.0.0.1:6379", text);
    return 0;
}

static int clients_find(const struct request *request, const struct config *config, struct config_clients *out,
                        struct error *error)
{
    const struct config_workload *workload = config_workload_find(config, request->workload);

    if (!workload || !workload->load)
        return error_set(error, TOLL_USAGE, "--workload %s: %s in %s", request->workload,
                         workload ? "it has no table `load`" : "there is no such stanza", request->config_path);
    *out = *workload->load;
    if (out->udp)
        return error_set(error, TOLL_USAGE, "--workload %s: only tcp is spoken here", request->workload);
    if (request->connections > 0)
        out->connections = (uint32_t)request->connections;
    if (request->pipeline > 0)
        out->pipeline = (uint32_t)request->pipeline;
    return 0;
}

static const struct {
    const char *name;
    double share;
} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}, {"max", 1}};
#define QUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

static double rate_of(const struct load_result *result)
{
    return result->seconds > 0 ? (double)result->requests / result->seconds : 0;
}

static void print_text(const struct request *request, const struct load_options *options,
                       const struct load_result *result)
{
    printf("%s: %llu requests in %.2f s, %.0f a second; %llu wrong answers%s%s\n", request->workload,
           (unsigned long long)result->requests, result->seconds, rate_of(result), (unsigned long long)result->errors,
           result->errors ? "; the first: " : "", result->problem);
    printf("latency in us, %s:", options->rate > 0 ? "from when a request was due" : "from sending");
    for (size_t i = 0; i < QUANTILES; i++)
        printf("  %s %.1f", quantiles[i].name, (double)histogram_quantile(&result->latency, quantiles[i].share) / 1e3);
    putchar('\n');
}

static void print_json(const struct request *request, const struct load_options *options,
                       const struct load_result *result)
{
    json_t *latency = json_object(), *json;

    for (size_t i = 0; i < QUANTILES; i++)
        json_object_set_new(latency, quantiles[i].name,
                            json_integer((json_int_t)histogram_quantile(&result->latency, quantiles[i].share)));
    json = json_pack("{ss si si sf sI sI sf sf so}", "workload", request->workload, "connections",
                     (int)options->load->connections, "pipeline", (int)options->load->pipeline, "rate", options->rate,
                     "requests", (json_int_t)result->requests, "errors", (json_int_t)result->errors, "seconds",
                     result->seconds, "per_second", rate_of(result), "latency_ns", latency);
    json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(json);
}

/* What a visit needs: the clients come to a server at an address. */
struct visit {
    struct command *command;
    const struct request *request;
    const struct config *config;
    struct load_options options;
};

static int visit_run(void *context, pid_t qemu, const struct sockaddr_in *server, struct error *error)
{
    struct visit *visit = context;
    struct load_result *result = arena_alloc(&visit->command->arena, sizeof(*result));
    struct config_clients clients;

    (void)qemu;
    visit->options.to = *server;
    visit->options.load = &clients;
    if (clients_find(visit->request, visit->config, &clients, error) || load_run(&visit->options, result, error))
        return -1;
    (visit->request->json ? print_json : print_text)(visit->request, &visit->options, result);
    return result->errors ? error_set(error, TOLL_GUEST, "%llu answers were wrong", (unsigned long long)result->errors)
                          : 0;
}

static int guest_run(struct visit *visit, struct config *config, struct request *request, const char *name,
                     struct error *error)
{
    struct load_guest guest = {.name = name,
                               .network = request->network,
                               .emulated = request->emulated,
                               .cancel = visit->options.cancel,
                               .visit = visit_run,
                               .context = visit};

    if (!request->workload)
        request->workload = strchr(name, '/') + 1;
    return load_guest_run(&visit->command->arena, config, &guest, error);
}

static int run(struct command *command, struct request *request, struct error *error)
{
    const char *name = command->argv[optind];
    struct config config;
    struct visit visit = {.command = command, .request = request, .config = &config};
    struct sockaddr_in server;

    visit.options = (struct load_options){.rate = request->rate > 0 ? request->rate : 0,
                                          .requests = request->requests > 0 ? (uint64_t)request->requests : 0,
                                          .ramp_ms = request->ramp >= 0 ? (unsigned)request->ramp : 1};
    visit.options.seconds = request->seconds > 0 ? request->seconds : visit.options.requests ? 0 : SECONDS_DEFAULT;
    if ((!load_guest_is(name) && address_parse(name, &server, error)) ||
        config_load(&command->arena, request->config_path, &config, error))
        return -1;
    visit.options.seed = config.seed;
    visit.options.cancel = process_catch_signals();
    if (load_guest_is(name))
        return guest_run(&visit, &config, request, name, error);
    if (!request->workload)
        request->workload = WORKLOAD_DEFAULT;
    return visit_run(&visit, 0, &server, error);
}

int cmd_load(struct command *command)
{
    struct request request = {.config_path = LAYOUT_CONFIG,
                              .connections = -1,
                              .pipeline = -1,
                              .rate = -1,
                              .seconds = -1,
                              .requests = -1,
                              .ramp = -1};
    struct error error;
    int result = request_parse(command, &request, &error);

    if (result > 0)
        return TOLL_OK;
    if (result < 0)
        return *error.text ? command_fail(command, &error) : command_usage(command);
    if (optind + 1 != command->argc) {
        if (optind < command->argc) {
            optind++;
            return command_surplus(command);
        }
        error_set(&error, TOLL_USAGE, "expected a server, as in 127.0.0.1:6379");
        return command_fail(command, &error);
    }
    return run(command, &request, &error) ? command_fail(command, &error) : TOLL_OK;
}
