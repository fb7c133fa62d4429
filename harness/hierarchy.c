/* SPDX-License-Identifier: MIT */
/*
 * hierarchy.c: checks what the model of caches and TLBs takes for granted, and writes the sizes down.
 */
#include "hierarchy.h"
#include "profile.h"
#include <string.h>

#define LINE_BYTES 64
#define PAGE_BYTES 4096
#define WAYS_MAX 4096 /* of the plugin's arrays */

static bool is_power(uint32_t n)
{
    return n && !(n & (n - 1));
}

/* What cannot be modelled of an array, or NULL. */
static const char *array_problem(const struct profile_array *array, enum profile_array_index index)
{
    bool is_cache = index <= PROFILE_L2;
    uint32_t entries = is_cache ? array->size / LINE_BYTES : array->size;

    if (!array->known)
        return "expected its size and ways, found nothing; add them or choose another profile";
    if (is_cache && array->line != LINE_BYTES)
        return "line: expected 64 bytes: the model knows no other";
    if (array->ways == 0 || array->ways > WAYS_MAX || entries % array->ways || !is_power(entries / array->ways))
        return "ways: expected a number of sets that is a power of 2 (entries or lines / ways)";
    if (is_cache && index != PROFILE_L2 && array->size / array->ways > PAGE_BYTES)
        return "ways: expected ways of at most 4096 bytes in the first level";
    return NULL;
}

const char *hierarchy_options(struct arena *arena, const char *name, struct error *error)
{
    const char *path = profile_find(arena, name, error);
    struct strings options = {0};
    struct profile profile;

    if (!path || profile_load(arena, path, &profile, error))
        return NULL;
    for (int i = 0; i < PROFILE_ARRAYS; i++) {
        const char *problem = array_problem(&profile.arrays[i], (enum profile_array_index)i);

        if (problem) {
            error_set(error, TOLL_USAGE, "%s: %s.%s: %s", path, i <= PROFILE_L2 ? "cache" : "tlb",
                      profile_array_names[i], problem);
            return NULL;
        }
        strings_print(arena, &options, "%s=%u/%u", profile_array_names[i], profile.arrays[i].size,
                      profile.arrays[i].ways);
    }
    return strings_join(arena, &options, ",");
}
