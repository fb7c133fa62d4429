/* SPDX-License-Identifier: MIT */
/*
 * sample.c: samples to JSON and back.  Both directions use one table of the fields, so that they cannot differ.
 */
#include "sample.h"
#include <stddef.h>
#include <string.h>

struct field {
    const char *name;
    size_t offset;
    enum { TEXT, NUMBER, LINES } type;
    int required;
};

#define FIELD(type, name, required)                                                                                    \
    {                                                                                                                  \
#name, offsetof(struct sample, name), type, required                                                           \
    }

static const struct field fields[] = {
    FIELD(TEXT, run, 1),
    FIELD(TEXT, structure, 1),
    FIELD(TEXT, workload, 1),
    FIELD(TEXT, variant, 1),
    FIELD(TEXT, lane, 1),
    FIELD(NUMBER, rep, 1),
    FIELD(NUMBER, ops, 1),
    FIELD(TEXT, status, 1),
    FIELD(TEXT, reason, 1),
    FIELD(TEXT, audit, 1),
    FIELD(TEXT, audit_reason, 0),
    FIELD(TEXT, output_sha256, 1),
    FIELD(TEXT, workload_sha256, 1),
    FIELD(TEXT, image_sha256, 1),
    FIELD(NUMBER, image_bytes, 1),
    FIELD(TEXT, words, 0),
    FIELD(TEXT, server, 0),
    FIELD(TEXT, answers, 0),
    FIELD(TEXT, options, 0),
    FIELD(TEXT, cpu_features, 0),
    FIELD(TEXT, model, 0),
    FIELD(TEXT, observers, 0),
    FIELD(TEXT, serial, 0),
    FIELD(TEXT, disk, 0),
    FIELD(NUMBER, wall_ms, 0),
    FIELD(LINES, console, 0),
    FIELD(LINES, backtrace, 0),
    FIELD(LINES, hops, 0),
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

void metrics_set(struct arena *arena, struct metrics *metrics, const char *name, const char *unit, int64_t value)
{
    for (size_t i = 0; i < metrics->count; i++) {
        if (strcmp(metrics->items[i].name, name) == 0) {
            metrics->items[i].value = value;
            return;
        }
    }
    metrics->items = arena_grow(arena, metrics->items, metrics->count, &metrics->room, sizeof(*metrics->items));
    metrics->items[metrics->count++] = (struct metric){name, unit, value};
}

const struct metric *metrics_find(const struct metrics *metrics, const char *name)
{
    for (size_t i = 0; i < metrics->count; i++) {
        if (strcmp(metrics->items[i].name, name) == 0)
            return &metrics->items[i];
    }
    return NULL;
}

char *sample_text(struct arena *arena, const char *text)
{
    char *copy = arena_alloc(arena, strlen(text) + 1);
    size_t length = 0;

    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        copy[length++] = byte >= 32 && byte < 127 ? (char)byte : '?';
    }
    return copy;
}

static json_t *lines_to_json(const struct strings *lines)
{
    json_t *array = json_array();

    for (size_t i = 0; i < lines->count; i++)
        json_array_append_new(array, json_string(lines->items[i]));
    return array;
}

static json_t *field_to_json(const struct sample *sample, const struct field *field)
{
    const char *place = (const char *)sample + field->offset;

    if (field->type == NUMBER)
        return json_integer(*(const int64_t *)(const void *)place);
    if (field->type == LINES)
        return lines_to_json((const struct strings *)(const void *)place);
    return json_string(*(const char *const *)(const void *)place ? *(const char *const *)(const void *)place : "");
}

json_t *sample_to_json(const struct sample *sample)
{
    json_t *json = json_object(), *metrics = json_object(), *units = json_object();

    json_object_set_new(json, "schema", json_string(SAMPLE_SCHEMA));
    for (size_t i = 0; i < FIELD_COUNT; i++)
        json_object_set_new(json, fields[i].name, field_to_json(sample, &fields[i]));
    for (size_t i = 0; i < sample->metrics.count; i++) {
        const struct metric *metric = &sample->metrics.items[i];

        json_object_set_new(metrics, metric->name, json_integer(metric->value));
        if (metric->unit)
            json_object_set_new(units, metric->name, json_string(metric->unit));
    }
    json_object_set_new(json, "metrics", metrics);
    json_object_set_new(json, "units", units);
    return json;
}

/* NULL, or what was expected. */
static const char *field_from_json(struct arena *arena, const json_t *json, const struct field *field,
                                   struct sample *sample)
{
    static const char *const expected[] = {[TEXT] = "a text", [NUMBER] = "a whole number", [LINES] = "a list of texts"};
    void *place = (char *)sample + field->offset;
    const json_t *value = json_object_get(json, field->name), *line;
    size_t i;

    if (!value && !field->required)
        return NULL;
    if (field->type == NUMBER && json_is_integer(value))
        *(int64_t *)place = json_integer_value(value);
    else if (field->type == TEXT && json_is_string(value))
        *(const char **)place = arena_copy(arena, json_string_value(value));
    else if (field->type != LINES || !json_is_array(value))
        return expected[field->type];
    json_array_foreach(field->type == LINES ? value : NULL, i, line)
    {
        if (!json_is_string(line))
            return expected[LINES];
        strings_add(arena, place, json_string_value(line));
    }
    return NULL;
}

static int metrics_from_json(struct arena *arena, const json_t *json, struct sample *sample, const char **problem)
{
    json_t *metrics = json_object_get(json, "metrics"), *units = json_object_get(json, "units"), *value;
    const char *name;

    if (!json_is_object(metrics) || (units && !json_is_object(units))) {
        *problem = json_is_object(metrics) ? "units: expected names and units" : "metrics: expected names and numbers";
        return -1;
    }
    json_object_foreach(metrics, name, value)
    {
        const json_t *unit = json_object_get(units, name);

        if (!json_is_integer(value) || (unit && !json_is_string(unit))) {
            *problem = arena_print(arena, "%s.%s: expected %s", json_is_integer(value) ? "units" : "metrics", name,
                                   json_is_integer(value) ? "a text" : "a whole number");
            return -1;
        }
        metrics_set(arena, &sample->metrics, arena_copy(arena, name),
                    unit ? arena_copy(arena, json_string_value(unit)) : NULL, json_integer_value(value));
    }
    return 0;
}

int sample_from_json(struct arena *arena, const json_t *json, struct sample *sample, const char **problem)
{
    const char *schema = json_string_value(json_object_get(json, "schema"));

    *sample = (struct sample){.audit_reason = "",
                              .words = "",
                              .server = "",
                              .answers = "",
                              .options = "",
                              .cpu_features = "",
                              .model = "",
                              .observers = "",
                              .serial = "",
                              .disk = ""};
    if (!schema || strcmp(schema, SAMPLE_SCHEMA) != 0) {
        *problem = arena_print(arena, "schema: expected " SAMPLE_SCHEMA ", found %s", schema ? schema : "none");
        return -1;
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const char *expected = field_from_json(arena, json, &fields[i], sample);

        if (expected) {
            *problem = arena_print(arena, "%s: expected %s", fields[i].name, expected);
            return -1;
        }
    }
    return metrics_from_json(arena, json, sample, problem);
}
