/* SPDX-License-Identifier: MIT */
/*
 * rates.c: what is measured, and the lines of rates.jsonl.
 */
#include "rates.h"
#include "file.h"
#include "sample.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Beyond these no clock tells, and quotients could not be expressed. */
#define REAL_MIN 1e-9
#define REAL_MAX 1e15

const struct rates_measure rates_measures[] = {
    {"get", "kv_get", LOAD_TOOL_REDIS, 1, "GET of a key, one at a time on each connection"},
    {"get_p16", "kv_get", LOAD_TOOL_REDIS, 16, "GET of a key, 16 at a time on each connection"},
    {"page", "web_612", LOAD_TOOL_WRK, 1, "page of 612 bytes, connections kept"},
    {"page_ab", "web_612", LOAD_TOOL_AB, 1, "the same page"},
};
const size_t rates_measure_count = sizeof(rates_measures) / sizeof(rates_measures[0]);

const struct rates_claim rates_claims[] = {
    {"KV-01", "get_p16", 1.74,
     "Redis on Unikraft against Redis on Linux, both in QEMU with KVM on an i7-9700K; 30 connections, 16 at a time",
     "Kuenzer et al., EuroSys 2021, figure 12 and the authors' data"},
    {"WEB-02", "page", 2.79,
     "nginx on Unikraft against nginx on Linux, both in QEMU with KVM on an i7-9700K; wrk, 30 connections, 612 bytes",
     "Kuenzer et al., EuroSys 2021, figure 13 and the authors' data"},
};
const size_t rates_claim_count = sizeof(rates_claims) / sizeof(rates_claims[0]);

static json_t *rate_to_json(const char *run, const struct rate *r)
{
    json_t *json = json_pack("{ss ss si ss ss ss ss ss si si si ss ss ss si ss ss ss}", "schema", SAMPLE_SCHEMA, "run",
                             run, "round", (int)r->round, "structure", r->structure, "variant", r->variant, "workload",
                             r->workload, "measure", r->measure, "client", r->client, "connections",
                             (int)r->connections, "pipeline", (int)r->pipeline, "seconds", (int)r->seconds, "accel",
                             r->accel, "cpu", r->cpu, "network", r->network, "memory_mib", (int)r->memory_mib,
                             "image_sha256", r->image_sha256, "status", r->status, "reason", r->reason);

    json_object_set_new(json, "program", json_string(r->program));
    json_object_set_new(json, "requests", json_integer((json_int_t)r->requests));
    json_object_set_new(json, "per_second", json_real(r->per_second));
    json_object_set_new(json, "wall_s", json_real(r->wall_s));
    json_object_set_new(json, "guest_s", json_real(r->guest_s));
    return json;
}

int rates_append(int fd, const char *run, const struct rate *rate, struct error *error)
{
    json_t *json = rate_to_json(run, rate);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL, *line = NULL;
    int failed;

    json_decref(json);
    if (!text || asprintf(&line, "%s\n", text) < 0)
        abort();
    failed = file_write_all(fd, line, strlen(line)) || (fsync(fd) && errno != EINVAL);
    free(text);
    free(line);
    return failed ? file_error(error, "store what was measured in", RATES_FILE) : 0;
}

/* The texts and numbers of a line, by name. */
static const struct {
    const char *name;
    size_t offset;
    bool number;
} fields[] = {
    {"structure", offsetof(struct rate, structure), false},
    {"variant", offsetof(struct rate, variant), false},
    {"workload", offsetof(struct rate, workload), false},
    {"measure", offsetof(struct rate, measure), false},
    {"program", offsetof(struct rate, program), false},
    {"client", offsetof(struct rate, client), false},
    {"accel", offsetof(struct rate, accel), false},
    {"cpu", offsetof(struct rate, cpu), false},
    {"network", offsetof(struct rate, network), false},
    {"image_sha256", offsetof(struct rate, image_sha256), false},
    {"status", offsetof(struct rate, status), false},
    {"reason", offsetof(struct rate, reason), false},
    {"round", offsetof(struct rate, round), true},
    {"connections", offsetof(struct rate, connections), true},
    {"pipeline", offsetof(struct rate, pipeline), true},
    {"seconds", offsetof(struct rate, seconds), true},
    {"memory_mib", offsetof(struct rate, memory_mib), true},
};

static const struct {
    const char *name;
    size_t offset;
} reals[] = {
    {"per_second", offsetof(struct rate, per_second)},
    {"wall_s", offsetof(struct rate, wall_s)},
    {"guest_s", offsetof(struct rate, guest_s)},
};

static bool is_count(const json_t *json, int64_t most)
{
    return json_is_integer(json) && json_integer_value(json) >= 0 && json_integer_value(json) <= most;
}

/* NULL, or the key that is wrong. */
static const char *rate_from_json(struct arena *arena, const json_t *json, struct rate *rate)
{
    const json_t *value;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        char *at = (char *)rate + fields[i].offset;

        value = json_object_get(json, fields[i].name);
        if (fields[i].number ? !is_count(value, INT32_MAX) : !json_is_string(value))
            return fields[i].name;
        if (fields[i].number)
            *(uint32_t *)at = (uint32_t)json_integer_value(value);
        else
            *(const char **)at = sample_text(arena, json_string_value(value));
    }
    if (!is_count(value = json_object_get(json, "requests"), INT64_MAX))
        return "requests";
    rate->requests = (uint64_t)json_integer_value(value);
    for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
        value = json_object_get(json, reals[i].name);
        if (!json_is_number(value) || !(json_number_value(value) >= 0 && json_number_value(value) <= REAL_MAX))
            return reals[i].name;
        *(double *)((char *)rate + reals[i].offset) = json_number_value(value);
    }
    if (strcmp(rate->status, "ok") != 0 && strcmp(rate->status, "fail") != 0)
        return "status";
    if (strcmp(rate->status, "ok") == 0 && rate->per_second < REAL_MIN)
        return "per_second";
    return rate->wall_s > 0 && rate->wall_s < REAL_MIN ? "wall_s" : NULL;
}

/* What all lines of a file must have alike, for their numbers to be compared, and what two must not; NULL, or the key.
 */
static const char *settings_differ(const struct rate *a, const struct rate *b)
{
    if (strcmp(a->accel, b->accel) != 0)
        return "accel";
    if (strcmp(a->cpu, b->cpu) != 0)
        return "cpu";
    if (strcmp(a->network, b->network) != 0)
        return "network";
    if (a->connections != b->connections)
        return "connections";
    if (strcmp(a->measure, b->measure) != 0)
        return NULL;
    if (strcmp(a->client, b->client) != 0)
        return "client";
    return a->round == b->round && strcmp(a->structure, b->structure) == 0 && strcmp(a->variant, b->variant) == 0
               ? "round"
               : NULL;
}

static const char *line_take(struct arena *arena, const char *line, size_t length, struct rates *rates)
{
    json_t *json = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
    struct rate rate = {0};
    const char *wrong = json_is_object(json) ? rate_from_json(arena, json, &rate) : "an object of JSON";

    json_decref(json);
    for (size_t i = 0; i < rates->count && !wrong; i++)
        wrong = settings_differ(&rates->items[i], &rate);
    if (wrong)
        return wrong;
    rates->items = arena_grow(arena, rates->items, rates->count, &rates->room, sizeof(*rates->items));
    rates->items[rates->count++] = rate;
    return NULL;
}

int rates_load(struct arena *arena, const char *folder, struct rates *rates, struct error *error)
{
    const char *path = arena_print(arena, "%s/" RATES_FILE, folder), *text, *line, *end, *wrong;
    size_t bytes = 0, number = 1;

    *rates = (struct rates){0};
    text = file_read_optional(arena, path, &bytes);
    for (line = text; text && (end = memchr(line, '\n', bytes - (size_t)(line - text))); line = end + 1, number++) {
        if ((wrong = line_take(arena, line, (size_t)(end - line), rates)))
            return error_set(error, TOLL_USAGE,
                             "%s:%zu: %s: expected what results/schema/rate.schema.json says, the same settings in all "
                             "lines, and each measure once a round; remove the line, or measure again",
                             path, number, wrong);
    }
    return 0; /* a last line without an end was cut short, and is left out */
}
