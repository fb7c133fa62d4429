/* SPDX-License-Identifier: MIT */
/*
 * results.c: cells become numbers: the median over repetitions, per operation where the table below says so.
 */
#include "results.h"
#include "cautions.h"
#include "file.h"
#include "model.h"
#include "rates.h"
#include "stats.h"
#include "warnings.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX 0x1p63 /* below it a number with a whole value is one of 64 bits */

struct metric_kind {
    const char *prefix;
    const char *unit;
    bool per_operation;
    const char *evidence; /* NULL: the lane's */
    bool zero;            /* a sample without it counted none */
};

/* The first prefix that fits decides; a number that a workload reported brings its own unit instead. */
static const struct metric_kind kinds[] = {
    {"boot_instructions", "instructions/boot", false, NULL, false},
    {"image_bytes", "bytes", false, "exact", false},
    {"instructions", "instructions/op", true, NULL, false},
    {"bytes_copied", "bytes/op", true, NULL, false},
    {"rep_bytes", "bytes/op", true, NULL, false},
    {"counting", "instructions/op", true, NULL, false},
    {"window_instructions", "instructions/op", true, NULL, false},
    {"miss.", "misses/op", true, "modelled", false},
    {"cycles_cold", "cycles/op", false, NULL, false}, /* of one operation already */
    {"cycles_timer", "cycles/run", false, NULL, false},
    {"cycles", "cycles/op", true, NULL, false},
    {"pmu.enabled_ns", "ns/run", false, NULL, false},
    {"pmu.running_ns", "ns/run", false, NULL, false},
    {"pmu.cycles", "cycles/op", true, NULL, false},
    {"pmu.instructions", "instructions/op", true, NULL, false},
    {"pmu.", "misses/op", true, NULL, false},
    {"pmu_run.", "events/run", false, NULL, false},
    {"vm_exit_ns", "ns/op", true, NULL, true},
    {"vm_exit", "events/op", true, NULL, true},
    {"entry.", "events/op", true, NULL, true},
    {"", "events/op", true, NULL, false},
};

static const struct metric_kind *kind_of(const char *metric)
{
    const struct metric_kind *kind = kinds;

    while (strncmp(metric, kind->prefix, strlen(kind->prefix)) != 0)
        kind++;
    return kind;
}

static const char *lane_evidence(const struct cell *cell)
{
    return strcmp(cell->lane, "exact") == 0 ? "exact" : "measured";
}

static struct result *result_add(struct arena *arena, struct results *results, const struct cell *cell)
{
    struct result *result;

    results->items = arena_grow(arena, results->items, results->count, &results->room, sizeof(*results->items));
    result = &results->items[results->count++];
    *result = (struct result){.cell = cell, .better = "lower", .evidence = lane_evidence(cell)};
    return result;
}

size_t results_values(const struct cell *cell, const struct metric *metric, double *values)
{
    const struct metric_kind *kind = kind_of(metric->name);
    size_t n = 0;

    for (size_t i = 0; i < cell->sample_count; i++) {
        const struct metric *each = metrics_find(&cell->samples[i]->metrics, metric->name);
        bool divide = kind->per_operation && !metric->unit;

        if (each && (!divide || cell->samples[i]->ops > 0))
            values[n++] = (double)each->value / (divide ? (double)cell->samples[i]->ops : 1.0);
        else if (!each && kind->zero)
            values[n++] = 0;
    }
    return n;
}

/* In the order of measuring: the sorting of stats_of comes later. */
static unsigned warnings_of(const struct result *result, const double *in_order)
{
    if (strcmp(result->evidence, "measured") != 0 || strchr(result->metric, '.') || result->n < 2)
        return 0;
    return warnings_find(in_order, result->n, result->middle);
}

static void metric_add(struct arena *arena, struct results *results, const struct cell *cell,
                       const struct metric *metric)
{
    double *values = arena_alloc(arena, 2 * cell->sample_count * sizeof(*values));
    const struct metric_kind *kind = kind_of(metric->name);
    size_t n = results_values(cell, metric, values);
    struct result *result;
    struct stats stats;

    if (n == 0)
        return;
    memcpy(values + n, values, n * sizeof(*values));
    stats = stats_of(values + n, n);
    result = result_add(arena, results, cell);
    result->metric = metric->name;
    result->unit = metric->unit ? arena_print(arena, "%s/run", metric->unit) : kind->unit;
    if (kind->evidence)
        result->evidence = kind->evidence;
    result->value = stats.median;
    result->lo = stats.lo;
    result->hi = stats.hi;
    result->middle = stats.middle;
    result->n = n;
    result->warnings = warnings_of(result, values);
    if (results->stop.most && strcmp(cell->lane, "time") == 0 && strcmp(metric->name, "cycles") == 0)
        result->ended = stop_judge(&results->stop, values, n, true);
}

/* Whether one of the first samples of the cell has the metric. */
static bool was_told(const struct cell *cell, size_t samples, const char *metric)
{
    for (size_t i = 0; i < samples; i++) {
        if (metrics_find(&cell->samples[i]->metrics, metric))
            return true;
    }
    return false;
}

static void cell_add(struct arena *arena, struct results *results, const struct cell *cell)
{
    if (strcmp(cell->status, CELL_OK) == 0) {
        for (size_t s = 0; s < cell->sample_count; s++) {
            const struct metrics *metrics = &cell->samples[s]->metrics;

            for (size_t i = 0; i < metrics->count; i++) {
                if (!was_told(cell, s, metrics->items[i].name))
                    metric_add(arena, results, cell, &metrics->items[i]);
            }
        }
    } else {
        struct result *result = result_add(arena, results, cell);

        result->metric = strcmp(cell->lane, "exact") == 0 ? "instructions" : "cycles";
        result->unit = kind_of(result->metric)->unit;
    }
}

void results_fill(struct arena *arena, struct results *results)
{
    for (size_t i = 0; i < results->cells.count; i++)
        cell_add(arena, results, &results->cells.items[i]);
}

static int stop_load(const char *folder, const json_t *plan, struct stop_rule *stop, struct error *error)
{
    const char *wrong = stop_from_json(json_object_get(plan, "stop"), stop);

    if (!wrong)
        return 0;
    return error_set(error, TOLL_USAGE,
                     "%s/plan.json: %s: expected the rule as results/schema/plan.schema.json has it: least, most, "
                     "precision, budget_ms; make the run again",
                     folder, wrong);
}

static int rates_add(struct arena *arena, const char *folder, struct results *results, struct error *error)
{
    struct rates *rates = arena_alloc(arena, sizeof(*rates));

    if (rates_load(arena, folder, rates, error))
        return -1;
    results->rates = rates->count ? rates : NULL;
    return 0;
}

int results_load(struct arena *arena, const char *folder, struct results *results, struct error *error)
{
    struct samples *samples = arena_alloc(arena, sizeof(*samples));
    json_t *plan = store_load_json(arena, folder, "plan.json", error);
    int failed;

    *results = (struct results){0};
    if (!plan)
        return -1;
    results->run = arena_copy(arena, json_string_value(json_object_get(plan, "run")) ?: "");
    failed = stop_load(folder, plan, &results->stop, error) || store_load(arena, folder, samples, error) ||
             admit_cells(arena, plan, samples, &results->cells, error);
    json_decref(plan);
    if (failed || !(results->host = store_load_json(arena, folder, "host.json", error)))
        return -1;
    results_fill(arena, results);
    return rates_add(arena, folder, results, error) || model_results_add(arena, folder, results, error) ? -1 : 0;
}

void results_close(struct results *results)
{
    json_decref(results->host);
    results->host = NULL;
}

const struct result *results_find(const struct results *results, const struct cell *cell, const char *metric)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct result *result = &results->items[i];

        if (result->cell == cell && result->n > 0 && strcmp(result->metric, metric) == 0)
            return result;
    }
    return NULL;
}

/* A number with a whole value is written as one. */
static json_t *number_to_json(const struct result *result, double value)
{
    if (result->n == 0)
        return json_null();
    if (fabs(value) < WHOLE_MAX && value == (double)(int64_t)value)
        return json_integer((int64_t)value);
    return json_real(value);
}

static json_t *warnings_to_json(unsigned warnings)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < WARNINGS_COUNT; i++) {
        if (warnings & (1U << i))
            json_array_append_new(list, json_string(warnings_get(i)->name));
    }
    return list;
}

static json_t *result_to_json(const struct result *result)
{
    const struct cell *cell = result->cell;
    const char *server = cell->sample_count ? cell->samples[0]->server : NULL;
    json_t *json = json_pack("{ss ss ss ss ss ss ss ss}", "structure", cell->structure, "workload", cell->workload,
                             "variant", cell->variant, "lane", cell->lane, "metric", result->metric, "unit",
                             result->unit, "better", result->better, "evidence", result->evidence);

    json_object_set_new(json, "value", number_to_json(result, result->value));
    json_object_set_new(json, "n", json_integer((json_int_t)result->n));
    json_object_set_new(json, "lo", number_to_json(result, result->lo));
    json_object_set_new(json, "hi", number_to_json(result, result->hi));
    json_object_set_new(json, "median_lo", number_to_json(result, result->middle.lo));
    json_object_set_new(json, "median_hi", number_to_json(result, result->middle.hi));
    json_object_set_new(json, "warnings", warnings_to_json(result->warnings));
    if (cell->repeats_within > 0)
        json_object_set_new(json, "repeats_within", json_real(cell->repeats_within));
    if (result->ended)
        json_object_set_new(json, "ended", json_string(stop_cause_name(result->ended)));
    if (server && *server)
        json_object_set_new(json, "server", json_string(server));
    json_object_set_new(json, "status", json_string(cell->status));
    json_object_set_new(json, "reason", json_string(cell->reason));
    json_object_set_new(json, "audit", json_string(cell->audit));
    return json;
}

/* The way of one operation through the domains, of each admitted cell that knows it. */
static json_t *hops_to_json(const struct results *results)
{
    json_t *list = json_array();

    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];
        const struct strings *hops = cell->sample_count ? &cell->samples[0]->hops : NULL;
        json_t *lines;

        if (strcmp(cell->status, CELL_OK) != 0 || !hops || hops->count == 0)
            continue;
        lines = json_array();
        for (size_t h = 0; h < hops->count; h++)
            json_array_append_new(lines, json_string(hops->items[h]));
        json_array_append_new(list,
                              json_pack("{ss ss ss ss so}", "structure", cell->structure, "workload", cell->workload,
                                        "variant", cell->variant, "lane", cell->lane, "hops", lines));
    }
    return list;
}

static json_t *cautions_to_json(struct arena *arena, const struct results *results)
{
    struct strings cautions = cautions_of(arena, results);
    json_t *list = json_array();

    for (size_t i = 0; i < cautions.count; i++)
        json_array_append_new(list, json_string(cautions.items[i]));
    return list;
}

static int json_write(struct arena *arena, const char *path, const struct results *results, struct error *error)
{
    json_t *json = json_pack("{ss ss sO}", "schema", SAMPLE_SCHEMA, "run", results->run, "host", results->host);
    json_t *cells = json_array(), *alarms;
    char *text;
    int result;

    for (size_t i = 0; i < results->count; i++)
        json_array_append_new(cells, result_to_json(&results->items[i]));
    json_object_set_new(json, "cells", cells);
    json_object_set_new(json, "hops", hops_to_json(results));
    json_object_set_new(json, "cautions", cautions_to_json(arena, results));
    json_object_set_new(json, "warnings", cautions_warnings_to_json(results));
    if ((alarms = cautions_alarms_to_json(arena, results)))
        json_object_set_new(json, "alarms", alarms);
    if (results->profile)
        json_object_set_new(json, "model", model_to_json(results));
    text = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    json_decref(json);
    if (!text)
        return error_set(error, TOLL_HOST, "cannot express %s as JSON", path);
    result = file_write_atomic(path, text, strlen(text), error);
    free(text);
    return result;
}

/* RFC 4180: quotes around everything that could need them. */
static void csv_text(FILE *out, const char *text, const char *end)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fprintf(out, "\"%s", end);
}

/* Their names, with blanks between. */
static void csv_warnings(FILE *out, unsigned warnings)
{
    const char *separator = "\"";

    for (unsigned i = 0; i < WARNINGS_COUNT; i++) {
        if (!(warnings & (1U << i)))
            continue;
        fprintf(out, "%s%s", separator, warnings_get(i)->name);
        separator = " ";
    }
    fputs(*separator == ' ' ? "\"\n" : "\"\"\n", out);
}

static void csv_row(FILE *out, const struct result *r)
{
    const char *const texts[] = {r->cell->structure, r->cell->variant, r->cell->workload, r->cell->lane,
                                 r->metric,          r->unit,          r->better,         r->evidence};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        csv_text(out, texts[i], ",");
    if (r->n > 0)
        fprintf(out, "%.12g,%zu,%.12g,%.12g,", r->value, r->n, r->lo, r->hi);
    else
        fputs(",0,,,", out);
    csv_text(out, r->cell->status, ",");
    csv_text(out, r->cell->reason, ",");
    csv_text(out, r->cell->audit, ",");
    if (r->n > 0)
        fprintf(out, "%.12g,%.12g,", r->middle.lo, r->middle.hi);
    else
        fputs(",,", out);
    csv_warnings(out, r->warnings);
}

static int csv_write(const char *path, const struct results *results, struct error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    int result;

    if (!out)
        return file_error(error, "write", path);
    fputs("structure,variant,workload,lane,metric,unit,better,evidence,value,n,lo,hi,status,reason,audit,"
          "median_lo,median_hi,warnings\n",
          out);
    for (size_t i = 0; i < results->count; i++)
        csv_row(out, &results->items[i]);
    fclose(out);
    result = file_write_atomic(path, text, bytes, error);
    free(text);
    return result;
}

int results_write(struct arena *arena, const char *folder, const struct results *results, struct error *error)
{
    if (json_write(arena, arena_print(arena, "%s/results.json", folder), results, error))
        return -1;
    if (csv_write(arena_print(arena, "%s/results.csv", folder), results, error))
        return -1;
    return results->rates ? rates_write(arena, folder, results->run, results->rates, error) : 0;
}
