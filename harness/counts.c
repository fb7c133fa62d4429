/* SPDX-License-Identifier: MIT */
/*
 * counts.c: flattens the plugin's windows into metrics: a number keeps its name; a domain becomes
 * instructions_<domain> (the application's is called user); a part instructions.<part>, summed over domains, and where
 * several domains have it also instructions_<domain>.<part>; an entry entry.<name>.  Misses are miss.<array>, then
 * spelled as instructions are.
 */
#include "counts.h"
#include <string.h>

#define MISS "miss" /* of the model of caches and TLBs: an object in a window, a domain and a part */

static void add_to(struct arena *arena, struct metrics *metrics, const char *name, int64_t value)
{
    const struct metric *old = metrics_find(metrics, name);

    metrics_set(arena, metrics, name, NULL, value + (old ? old->value : 0));
}

static const char *domain_shown(const char *domain)
{
    return strcmp(domain, "app") == 0 ? "user" : domain;
}

static size_t domains_with(const json_t *domains, const char *part)
{
    const char *domain;
    const json_t *counts;
    size_t n = 0;

    json_object_foreach((json_t *)domains, domain, counts)
    {
        const json_t *its = json_object_get(json_object_get(counts, "parts"), part);

        n += json_integer_value(json_object_get(its, "instructions")) > 0;
    }
    return n;
}

/* domain: NULL if no other has the part. */
static void part_add(struct arena *arena, const char *domain, const char *part, const char *name, const json_t *value,
                     struct metrics *metrics)
{
    if (!json_is_integer(value))
        return;
    add_to(arena, metrics, arena_print(arena, "%s.%s", name, part), json_integer_value(value));
    if (domain && json_integer_value(value) > 0)
        add_to(arena, metrics, arena_print(arena, "%s_%s.%s", name, domain, part), json_integer_value(value));
}

static void parts_flatten(struct arena *arena, const json_t *domains, const char *domain, const json_t *parts,
                          struct metrics *metrics)
{
    const char *part, *name;
    json_t *counts, *value;

    json_object_foreach((json_t *)parts, part, counts)
    {
        const char *shown = domains_with(domains, part) > 1 ? domain_shown(domain) : NULL;

        json_object_foreach(counts, name, value) part_add(arena, shown, part, name, value, metrics);
        json_object_foreach(json_object_get(counts, MISS), name, value)
            part_add(arena, shown, part, arena_print(arena, MISS ".%s", name), value, metrics);
    }
}

static void domains_flatten(struct arena *arena, const json_t *domains, struct metrics *metrics)
{
    const char *domain, *name;
    json_t *counts, *value;

    json_object_foreach((json_t *)domains, domain, counts)
    {
        const char *shown = domain_shown(domain);

        json_object_foreach(counts, name, value)
        {
            if (json_is_integer(value))
                add_to(arena, metrics, arena_print(arena, "%s_%s", name, shown), json_integer_value(value));
        }
        json_object_foreach(json_object_get(counts, MISS), name, value)
            add_to(arena, metrics, arena_print(arena, MISS ".%s_%s", name, shown), json_integer_value(value));
        parts_flatten(arena, domains, domain, json_object_get(counts, "parts"), metrics);
    }
}

static void hops_flatten(struct arena *arena, const json_t *list, struct strings *hops)
{
    const json_t *hop;
    size_t i;

    json_array_foreach(list, i, hop)
    {
        const char *domain = json_string_value(json_object_get(hop, "domain")), *name;
        struct strings words = {0};
        json_t *value;

        strings_add(arena, &words, domain_shown(domain ? domain : "?"));
        json_object_foreach((json_t *)hop, name, value)
        {
            if (json_is_integer(value))
                strings_print(arena, &words, "%s=%lld", name, (long long)json_integer_value(value));
        }
        strings_add(arena, hops, strings_join(arena, &words, " "));
    }
}

static void window_flatten(struct arena *arena, const json_t *window, struct metrics *metrics)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)window, name, value)
    {
        if (json_is_integer(value) && strcmp(name, "index") != 0 && strcmp(name, "ops") != 0)
            metrics_set(arena, metrics, arena_copy(arena, name), NULL, json_integer_value(value));
    }
    json_object_foreach(json_object_get(window, MISS), name, value)
        metrics_set(arena, metrics, arena_print(arena, MISS ".%s", name), NULL, json_integer_value(value));
    domains_flatten(arena, json_object_get(window, "domains"), metrics);
    json_object_foreach(json_object_get(window, "entry"), name, value)
    {
        if (json_is_integer(value))
            metrics_set(arena, metrics, arena_print(arena, "entry.%s", name), NULL, json_integer_value(value));
    }
}

static void event_main(struct arena *arena, const json_t *event, struct counts *counts)
{
    const json_t *boot = json_object_get(event, "since_boot");
    struct counts_run *run;

    counts->runs = arena_grow(arena, counts->runs, counts->run_count, &counts->run_room, sizeof(*counts->runs));
    run = &counts->runs[counts->run_count++];
    *run = (struct counts_run){.has_boot = json_is_integer(boot)};
    run->boot = json_integer_value(boot);
    run->boot_arch = json_integer_value(json_object_get(event, "since_boot_arch"));
}

static void event_window(struct arena *arena, const json_t *event, struct counts *counts)
{
    struct counts_run *run = counts->run_count ? &counts->runs[counts->run_count - 1] : NULL;

    if (!run) {
        counts->problem = "the plugin saw a window before any main()";
        return;
    }
    run->windows++;
    run->ops = json_integer_value(json_object_get(event, "ops"));
    run->before = run->metrics;
    run->metrics = (struct metrics){0};
    window_flatten(arena, event, &run->metrics);
    run->hops = (struct strings){0};
    hops_flatten(arena, json_object_get(event, "hops"), &run->hops);
}

static void line_parse(struct arena *arena, const char *line, size_t length, struct counts *counts)
{
    json_t *json = json_loadb(line, length, 0, NULL);
    const char *event = json_string_value(json_object_get(json, "event"));

    if (!event)
        counts->problem = "a line of the plugin's output is not understood";
    else if (strcmp(event, "main") == 0)
        event_main(arena, json, counts);
    else if (strcmp(event, "window") == 0)
        event_window(arena, json, counts);
    else if (strcmp(event, "exit") == 0)
        counts->complete = true;
    json_decref(json);
}

void counts_parse(struct arena *arena, const char *text, size_t bytes, struct counts *counts)
{
    const char *end;

    *counts = (struct counts){0};
    for (const char *line = text; (end = memchr(line, '\n', bytes - (size_t)(line - text))); line = end + 1) {
        if (end > line)
            line_parse(arena, line, (size_t)(end - line), counts);
    }
}
