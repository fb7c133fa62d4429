/* SPDX-License-Identifier: MIT */
/*
 * way.c: takes the lines of a sample's hops (sample.h) apart and puts each way on a line of its own.
 */
#include "way.h"
#include "wire.h"
#include <string.h>

#define WORKLOAD "read_hot"
#define COUNTED "instructions_arch="

static bool is_crossing(const char *word)
{
    static const char *const names[] = WIRE_KIND_NAMES;

    for (size_t i = 0; i < WIRE_KINDS; i++) {
        if (strncmp(word, names[i], strlen(names[i])) == 0 && word[strlen(names[i])] == '=')
            return true;
    }
    return false;
}

/* "kernel instructions=40 instructions_arch=33 syscall=1" becomes "kernel 33 (syscall)". */
static char *hop_text(struct arena *arena, const char *hop)
{
    char *rest = arena_copy(arena, hop), *word;
    const char *domain = strsep(&rest, " "), *count = "?";
    struct strings crossings = {0};

    while ((word = strsep(&rest, " "))) {
        char *value = strchr(word, '=');

        if (strncmp(word, COUNTED, strlen(COUNTED)) == 0)
            count = value + 1;
        if (!value || !is_crossing(word))
            continue;
        *value++ = '\0';
        if (strcmp(value, "1") == 0)
            strings_add(arena, &crossings, word);
        else
            strings_print(arena, &crossings, "%s %s", value, word);
    }
    return arena_print(arena, crossings.count ? "%s %s (%s)" : "%s %s", domain, count,
                       strings_join(arena, &crossings, ", "));
}

static void cell_print(struct arena *arena, FILE *out, const struct cell *cell)
{
    const struct strings *hops = &cell->samples[0]->hops;
    struct strings way = {0};

    for (size_t i = 0; i < hops->count; i++)
        strings_add(arena, &way, hop_text(arena, hops->items[i]));
    fprintf(out, "  %-22s %s\n", config_system_name(arena, cell->structure, cell->variant, ' '),
            strings_join(arena, &way, " > "));
}

void way_print(struct arena *arena, FILE *out, const struct results *results)
{
    bool started = false;

    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];

        if (strcmp(cell->workload, WORKLOAD) != 0 || strcmp(cell->lane, "exact") != 0 ||
            strcmp(cell->status, CELL_OK) != 0 || cell->samples[0]->hops.count == 0)
            continue;
        if (!started)
            fputs("\none " WORKLOAD " from domain to domain: instructions there, a repeated one once (and crossings)\n",
                  out);
        started = true;
        cell_print(arena, out, cell);
    }
}
