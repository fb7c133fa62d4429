/* SPDX-License-Identifier: MIT */
/*
 * throughput.c: one guest after the other; in each, first some checked requests, then its measures.
 */
#include "throughput.h"
#include "sample.h"
#include "serve.h"
#include <string.h>

#define CHECKED 1000 /* requests before the first measure, whose answers are looked at */

struct visitor {
    struct arena *arena;
    struct throughput *throughput;
    const struct plan_guest *guest;
    pid_t qemu;
};

void throughput_reduce(struct config *config)
{
    size_t kept = 0;

    for (size_t i = 0; i < config->workload_count; i++) {
        bool wanted = false;

        for (size_t m = 0; m < rates_measure_count; m++)
            wanted |= strcmp(rates_measures[m].workload, config->workloads[i].name) == 0;
        if (wanted && config->workloads[i].load)
            config->workloads[kept++] = config->workloads[i];
    }
    config->workload_count = kept;
    serve_endless(config);
}

static bool is_of(const struct rates_measure *measure, const struct plan_guest *guest)
{
    return strcmp(measure->workload, guest->cells[0].workload->name) == 0;
}

static struct load_tool_job job_of(const struct visitor *visitor, const struct rates_measure *measure,
                                   const struct sockaddr_in *server)
{
    const struct throughput *throughput = visitor->throughput;

    return (struct load_tool_job){.tool = load_tool_installed(measure->tool),
                                  .to = *server,
                                  .load = visitor->guest->cells[0].workload->load,
                                  .connections = throughput->connections,
                                  .pipeline = measure->pipeline,
                                  .seconds = throughput->seconds,
                                  .seed = throughput->config->seed,
                                  .guest = visitor->qemu,
                                  .cancel = throughput->cancel};
}

/* One line; result is NULL if it failed, for the error's reason. */
static int rate_record(const struct visitor *visitor, const struct rates_measure *measure,
                       const struct load_tool_result *result, const struct error *reason, struct error *error)
{
    struct throughput *throughput = visitor->throughput;
    const struct plan_guest *guest = visitor->guest;
    struct rate rate = {.round = guest->rep,
                        .structure = guest->structure->name,
                        .variant = guest->variant,
                        .workload = measure->workload,
                        .measure = measure->name,
                        .program = *guest->cells[0].server ? guest->cells[0].server : guest->cells[0].program,
                        .client = load_tool_name(load_tool_installed(measure->tool)),
                        .connections = throughput->connections,
                        .pipeline = measure->pipeline,
                        .seconds = throughput->seconds,
                        .accel = throughput->kvm_cpu ? "kvm" : "tcg",
                        .cpu = throughput->kvm_cpu ? throughput->kvm_cpu : throughput->config->cpu,
                        .network = backend_name(throughput->network),
                        .memory_mib = guest->structure->memory_mib,
                        .image_sha256 = guest->cells[0].image_sha256,
                        .status = result ? "ok" : "fail",
                        .reason = result ? "" : sample_text(visitor->arena, reason->text),
                        .requests = result ? result->requests : 0,
                        .wall_s = result ? result->wall_s : 0,
                        .guest_s = result ? result->guest_s : 0,
                        .per_second = result ? result->per_second : 0};

    throughput->failed += result == NULL;
    return rates_append(throughput->out, throughput->run, &rate, error);
}

/* Whether an error ends all: it would meet every guest. */
static bool is_final(const struct error *error)
{
    return error->code == TOLL_INTERRUPTED || error->code == TOLL_HOST;
}

static int measure_all(const struct visitor *visitor, const struct sockaddr_in *server, struct error *error)
{
    for (size_t m = 0; m < rates_measure_count; m++) {
        const struct rates_measure *measure = &rates_measures[m];
        struct load_tool_job job = job_of(visitor, measure, server);
        struct load_tool_result result;
        struct error reason;
        bool failed;

        if (!is_of(measure, visitor->guest))
            continue;
        failed = load_tool_run(visitor->arena, &job, &result, &reason) != 0;
        if (failed && is_final(&reason)) {
            *error = reason;
            return -1;
        }
        if (rate_record(visitor, measure, failed ? NULL : &result, &reason, error))
            return -1;
    }
    return 0;
}

static const struct rates_measure *measure_first(const struct plan_guest *guest)
{
    size_t m = 0;

    while (!is_of(&rates_measures[m], guest))
        m++;
    return &rates_measures[m];
}

/* 1 if the server answered wrongly: then nothing is measured. */
static int guest_visit(void *context, pid_t qemu, const struct sockaddr_in *server, struct error *error)
{
    struct visitor *visitor = context;
    struct load_tool_job job;

    visitor->qemu = qemu;
    job = job_of(visitor, measure_first(visitor->guest), server);

    if (load_tool_check(visitor->arena, &job, CHECKED, error))
        return error->code == TOLL_INTERRUPTED ? -1 : 1;
    return measure_all(visitor, server, error);
}

/* A guest that did not serve has failed in each of its measures. */
static int failures_record(const struct visitor *visitor, const struct error *reason, struct error *error)
{
    for (size_t m = 0; m < rates_measure_count; m++) {
        if (is_of(&rates_measures[m], visitor->guest) && rate_record(visitor, &rates_measures[m], NULL, reason, error))
            return -1;
    }
    return 0;
}

static int guest_run(struct throughput *throughput, const struct plan_guest *guest, struct error *error)
{
    struct arena arena = {0};
    struct visitor visitor = {.arena = &arena, .throughput = throughput, .guest = guest};
    struct serve serve = {.config = throughput->config,
                          .guest = guest,
                          .network = throughput->network,
                          .folder = throughput->temporary,
                          .kvm_cpu = throughput->kvm_cpu,
                          .cancel = throughput->cancel,
                          .visit = guest_visit,
                          .context = &visitor};
    struct error reason = {0};
    int result = serve_run(&arena, &serve, &reason);

    if (result > 0 || (result < 0 && !is_final(&reason)))
        result = failures_record(&visitor, &reason, error);
    else if (result < 0)
        *error = reason;
    arena_free(&arena);
    return result;
}

int throughput_run(struct arena *arena, struct throughput *throughput, struct error *error)
{
    const struct plan *plan = throughput->plan;

    for (size_t i = 0; i < plan->guest_count; i++) {
        size_t failed = throughput->failed;
        const char *name = plan_guest_name(arena, &plan->guests[i]);

        fprintf(stderr, "[%zu/%zu] %s\n", i + 1, plan->guest_count, name);
        if (guest_run(throughput, &plan->guests[i], error))
            return -1;
        if (throughput->failed > failed)
            fprintf(stderr, "%s: failed; its reason is in " RATES_FILE "\n", name);
    }
    return 0;
}
