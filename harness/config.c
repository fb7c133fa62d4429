/* SPDX-License-Identifier: MIT */
/*
 * config.c: questions about a configuration that was read.
 */
#include "config.h"
#include <fnmatch.h>
#include <string.h>

#define NAME_MAX_LENGTH 63

const struct config_structure *config_structure_find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->structure_count; i++) {
        if (strcmp(config->structures[i].name, name) == 0)
            return &config->structures[i];
    }
    return NULL;
}

const struct config_workload *config_workload_find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->workload_count; i++) {
        if (strcmp(config->workloads[i].name, name) == 0)
            return &config->workloads[i];
    }
    return NULL;
}

char *config_system_name(struct arena *arena, const char *structure, const char *variant, char between)
{
    if (strcmp(variant, "default") == 0)
        return arena_copy(arena, structure);
    return arena_print(arena, "%s%c%s", structure, between, variant);
}

bool config_variant_is_word(const char *name)
{
    return strcmp(name, "default") != 0 && strcmp(name, CONFIG_TWIN) != 0 && strcmp(name, CONFIG_BOOKLESS) != 0;
}

const struct config_variant *config_variant_find(const struct config_structure *structure, const char *name)
{
    for (size_t i = 0; i < structure->variant_count; i++) {
        if (strcmp(structure->variants[i].name, name) == 0)
            return &structure->variants[i];
    }
    return NULL;
}

const char *config_server_find(const struct config_variant *variant, const struct config_workload *workload)
{
    for (size_t i = 0; variant && i < variant->server_count; i++) {
        if (strcmp(variant->servers[i].program, workload->program) == 0)
            return variant->servers[i].server;
    }
    return NULL;
}

bool config_variant_runs(const struct config_variant *variant, const struct config_workload *workload)
{
    bool runs = variant->on.count == 0;

    if (variant->server_count && (!workload->load || !config_server_find(variant, workload)))
        return false;
    for (size_t i = 0; i < variant->on.count; i++)
        runs |= fnmatch(variant->on.items[i], workload->name, 0) == 0;
    return runs;
}

const char *config_refusal_find(const struct config_workload *workload, const char *structure)
{
    for (size_t i = 0; i < workload->refusal_count; i++) {
        if (strcmp(workload->refusals[i].structure, structure) == 0)
            return workload->refusals[i].reason;
    }
    return NULL;
}

/* Levenshtein's distance, one row of the table at a time. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LENGTH + 1], length = strlen(b);

    if (length > NAME_MAX_LENGTH)
        return SIZE_MAX;
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0]++;

        for (size_t j = 1; j <= length; j++) {
            size_t best = diagonal + (a[i] != b[j - 1]);

            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[length];
}

const char *config_suggest(const char *typed, const char *const *names, size_t count)
{
    size_t nearest = strlen(typed) / 3 + 2;
    const char *found = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(typed, names[i]);

        if (distance < nearest) {
            nearest = distance;
            found = names[i];
        }
    }
    return found;
}
