/* SPDX-License-Identifier: MIT */
/*
 * load_tool.c: their arguments, and what they print.
 */
#include "load_tool.h"
#include "clock.h"
#include "file.h"
#include "load.h"
#include "process.h"
#include "sample.h"
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLACK_S 60           /* that a program may take beyond its time */
#define REDIS_FIRST 2000     /* requests of the run that tells how many a second there will be, at once each */
#define AB_REQUESTS "500000" /* at most; it keeps a record of each */
#define RAMP_MS 2

static const char *const programs[] = {[LOAD_TOOL_OWN] = "toll load",
                                       [LOAD_TOOL_REDIS] = "redis-benchmark",
                                       [LOAD_TOOL_WRK] = "wrk",
                                       [LOAD_TOOL_AB] = "ab"};

const char *load_tool_name(enum load_tool tool)
{
    return programs[tool];
}

enum load_tool load_tool_installed(enum load_tool tool)
{
    const char *path = getenv("PATH");
    struct arena arena = {0};
    char *folders = arena_copy(&arena, path ? path : ""), *folder;
    bool found = tool == LOAD_TOOL_OWN;

    while (!found && (folder = strsep(&folders, ":")))
        found = access(arena_print(&arena, "%s/%s", folder, programs[tool]), X_OK) == 0;
    arena_free(&arena);
    return found ? tool : LOAD_TOOL_OWN;
}

/* The number behind a label at the beginning of a line, as in "Requests/sec:  12345.67"; -1: there is none. */
static double number_after(const char *text, const char *label)
{
    for (const char *at = text; (at = strstr(at, label)); at++) {
        if (at == text || at[-1] == '\n' || at[-1] == ' ')
            return strtod(at + strlen(label), NULL);
    }
    return -1;
}

/* redis-benchmark --csv: the last line is "GET","12345.67",... */
static double redis_rate(const char *text)
{
    const char *line = text, *end = text + strlen(text), *comma;

    while (end > text && end[-1] == '\n')
        end--;
    for (const char *at = text; at < end; at++) {
        if (*at == '\n')
            line = at + 1;
    }
    comma = strchr(line, ',');
    return comma && comma < end && comma[1] == '"' ? strtod(comma + 2, NULL) : -1;
}

static uint64_t count_or_0(double number)
{
    return number > 0 ? (uint64_t)number : 0;
}

/* wrk: "Socket errors: connect 0, read 3, write 0, timeout 2" */
static uint64_t wrk_errors(const char *text)
{
    static const char *const kinds[] = {"connect ", "read ", "write ", "timeout "};
    const char *line = strstr(text, "Socket errors:");
    uint64_t errors = count_or_0(number_after(text, "Non-2xx or 3xx responses:"));

    for (size_t i = 0; line && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        errors += count_or_0(number_after(line, kinds[i]));
    return errors;
}

bool load_tool_parse(enum load_tool tool, const char *text, struct load_tool_result *result)
{
    const char *in;

    *result = (struct load_tool_result){.client = programs[tool], .per_second = -1};
    if (tool == LOAD_TOOL_REDIS) {
        result->per_second = redis_rate(text);
    } else if (tool == LOAD_TOOL_WRK) {
        result->per_second = number_after(text, "Requests/sec:");
        in = strstr(text, " requests in ");
        while (in && in > text && in[-1] >= '0' && in[-1] <= '9')
            in--;
        result->requests = in ? strtoull(in, NULL, 10) : 0;
        result->errors = wrk_errors(text);
    } else if (tool == LOAD_TOOL_AB) {
        result->per_second = number_after(text, "Requests per second:");
        result->requests = count_or_0(number_after(text, "Complete requests:"));
        result->errors =
            count_or_0(number_after(text, "Failed requests:")) + count_or_0(number_after(text, "Non-2xx responses:"));
    }
    return result->per_second > 0 && isfinite(result->per_second);
}

/* User and system time of a process (proc(5), stat: fields 14 and 15) in seconds; 0 if it is not told. */
static double process_seconds(pid_t pid)
{
    struct arena arena = {0};
    const char *text = pid ? file_read_optional(&arena, arena_print(&arena, "/proc/%d/stat", (int)pid), NULL) : NULL;
    unsigned long long user = 0, system = 0;
    double seconds = 0;

    text = text ? strrchr(text, ')') : NULL; /* a program's name may hold blanks */
    if (text && sscanf(text, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) == 2)
        seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    arena_free(&arena);
    return seconds;
}

static char *program_run(struct arena *arena, const struct load_tool_job *job, const struct strings *argv,
                         struct error *error)
{
    struct process_options options = {.cancel = job->cancel, .timeout_ms = (int64_t)(job->seconds + SLACK_S) * 1000};
    struct process_end end;
    char *text = process_capture(arena, argv->items, &options, &end, error);

    if (!text)
        return NULL;
    if (end.outcome == PROCESS_INTERRUPTED) {
        error_set(error, TOLL_INTERRUPTED, "interrupted");
        return NULL;
    }
    if (end.outcome == PROCESS_EXITED && end.value == 0)
        return text;
    error_set(error, TOLL_GUEST, "%s: %s: %.300s", argv->items[0], process_explain(arena, &end),
              sample_text(arena, text));
    return NULL;
}

static int program_rate(struct arena *arena, const struct load_tool_job *job, const struct strings *argv,
                        struct load_tool_result *result, struct error *error)
{
    int64_t start = clock_now_ms();
    double before = process_seconds(job->guest);
    const char *text = program_run(arena, job, argv, error);
    double wall_s = (double)(clock_now_ms() - start) / 1e3, guest_s = process_seconds(job->guest) - before;
    bool told = text && load_tool_parse(job->tool, text, result);

    if (!text)
        return -1;
    result->wall_s = wall_s;
    result->guest_s = guest_s;
    if (!told)
        return error_set(error, TOLL_GUEST, "%s told no rate: %.300s", argv->items[0], sample_text(arena, text));
    if (result->errors)
        return error_set(error, TOLL_GUEST, "%s counted %llu errors in %llu requests", argv->items[0],
                         (unsigned long long)result->errors, (unsigned long long)result->requests);
    return 0;
}

static const char *host_of(struct arena *arena, const struct load_tool_job *job)
{
    char text[INET_ADDRSTRLEN] = "";

    inet_ntop(AF_INET, &job->to.sin_addr, text, sizeof(text));
    return arena_copy(arena, text);
}

static void option_add(struct arena *arena, struct strings *argv, const char *name, uint64_t value)
{
    strings_add(arena, argv, name);
    strings_print(arena, argv, "%llu", (unsigned long long)value);
}

static int redis_once(struct arena *arena, const struct load_tool_job *job, const char *test, uint64_t requests,
                      struct load_tool_result *result, struct error *error)
{
    struct strings argv = {0};

    strings_add(arena, &argv, programs[LOAD_TOOL_REDIS]);
    strings_add(arena, &argv, "--csv");
    strings_add(arena, &argv, "-h");
    strings_add(arena, &argv, host_of(arena, job));
    option_add(arena, &argv, "-p", ntohs(job->to.sin_port));
    option_add(arena, &argv, "-c", job->connections);
    option_add(arena, &argv, "-P", job->pipeline);
    option_add(arena, &argv, "-n", requests);
    strings_add(arena, &argv, "-t");
    strings_add(arena, &argv, test);
    if (program_rate(arena, job, &argv, result, error))
        return -1;
    result->requests = requests;
    return 0;
}

/* It takes a number of requests, not a time: a short run before tells how many those are.  The first sets the key. */
static int redis_run(struct arena *arena, const struct load_tool_job *job, struct load_tool_result *result,
                     struct error *error)
{
    uint64_t first = (uint64_t)REDIS_FIRST * job->pipeline;

    if (redis_once(arena, job, "set", first, result, error) || redis_once(arena, job, "get", first, result, error))
        return -1;
    first = (uint64_t)(result->per_second * job->seconds);
    return redis_once(arena, job, "get", first > job->connections ? first : job->connections, result, error);
}

static int web_run(struct arena *arena, const struct load_tool_job *job, struct load_tool_result *result,
                   struct error *error)
{
    const char *path = strchr(job->load->requests[0].text, '/');
    struct strings argv = {0};

    strings_add(arena, &argv, programs[job->tool]);
    strings_print(arena, &argv, "-c%u", (unsigned)job->connections);
    if (job->tool == LOAD_TOOL_WRK) {
        strings_add(arena, &argv, "-t1");
        strings_print(arena, &argv, "-d%us", job->seconds);
    } else {
        strings_add(arena, &argv, "-kq");
        strings_print(arena, &argv, "-t%u", job->seconds);
        strings_add(arena, &argv, "-n" AB_REQUESTS);
    }
    strings_print(arena, &argv, "http://%s:%u%s", host_of(arena, job), ntohs(job->to.sin_port), path ? path : "/");
    return program_rate(arena, job, &argv, result, error);
}

static int own_run(struct arena *arena, const struct load_tool_job *job, uint64_t requests,
                   struct load_tool_result *result, struct error *error)
{
    struct config_clients clients = *job->load;
    struct load_options options = {.to = job->to,
                                   .load = &clients,
                                   .seconds = requests ? 0 : job->seconds,
                                   .requests = requests,
                                   .ramp_ms = RAMP_MS,
                                   .seed = job->seed,
                                   .cancel = job->cancel};
    struct load_result *told = arena_alloc(arena, sizeof(*told));
    double before = process_seconds(job->guest);

    clients.connections = job->connections;
    clients.pipeline = job->pipeline;
    if (load_run(&options, told, error))
        return -1;
    if (told->errors)
        return error_set(error, TOLL_GUEST, "%llu answers were wrong; the first: %s", (unsigned long long)told->errors,
                         told->problem);
    *result = (struct load_tool_result){.client = programs[LOAD_TOOL_OWN], .requests = told->requests};
    result->wall_s = told->seconds;
    result->guest_s = process_seconds(job->guest) - before;
    result->per_second = told->seconds > 0 ? (double)told->requests / told->seconds : 0;
    return 0;
}

int load_tool_check(struct arena *arena, const struct load_tool_job *job, uint64_t requests, struct error *error)
{
    struct load_tool_result result;

    return own_run(arena, job, requests, &result, error);
}

int load_tool_run(struct arena *arena, const struct load_tool_job *job, struct load_tool_result *result,
                  struct error *error)
{
    if (job->tool == LOAD_TOOL_OWN)
        return own_run(arena, job, 0, result, error);
    return (job->tool == LOAD_TOOL_REDIS ? redis_run : web_run)(arena, job, result, error);
}
