/* SPDX-License-Identifier: MIT */
/*
 * calibrate_apply.c: measured values become a profile.  What was measured takes the place of the base's figure, except
 * a system call and an exception that were measured natively: they include the way through another kernel, so they
 * stand only where the base has none.
 */
#include "calibrate.h"
#include "file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPU_CACHES "/sys/devices/system/cpu/cpu0/cache"

static const char *source_print(struct arena *arena, const struct calibrate_value *value)
{
    return arena_print(arena, "calibrated %s: %s; median of %zu rounds, 95 %% interval %.4g to %.4g",
                       value->native ? "natively" : "under KVM", value->how, value->n, value->lo, value->hi);
}

static const struct calibrate_value *best_find(const struct calibrate *calibrate, const char *name)
{
    const struct calibrate_value *value = calibrate_find(calibrate, name, false);

    return value ? value : calibrate_find(calibrate, name, true);
}

/* Code and data share the next level: where one's penalty was measured, it is the other's too. */
static void penalty_share(struct profile *profile, int from, int to, const char *source)
{
    if (profile->arrays[from].known && profile->arrays[to].known) {
        profile->arrays[to].penalty = profile->arrays[from].penalty;
        profile->arrays[to].penalty_source = source;
    }
}

void calibrate_apply(struct arena *arena, const struct calibrate *calibrate, const struct profile *base,
                     const char *name, struct profile *out)
{
    *out = *base;
    out->name = name;
    for (int i = 0; i < PROFILE_COSTS; i++) {
        const struct calibrate_value *value = best_find(calibrate, profile_cost_names[i]);

        if (value && !(value->native && value->bound && out->costs[i].known))
            out->costs[i] = (struct profile_cost){true, value->cycles, source_print(arena, value)};
    }
    for (int i = 0; i < PROFILE_ARRAYS; i++) {
        struct profile_array *array = &out->arrays[i];
        const struct calibrate_value *value =
            best_find(calibrate, arena_print(arena, "miss.%s", profile_array_names[i]));

        if (!value || !array->known)
            continue;
        array->penalty = value->cycles;
        array->penalty_source = source_print(arena, value);
        if (i == PROFILE_L1D)
            penalty_share(out, PROFILE_L1D, PROFILE_L1I, "as l1d, which has the same next level");
        if (i == PROFILE_DTLB)
            penalty_share(out, PROFILE_DTLB, PROFILE_ITLB, "as dtlb, which has the same second level");
    }
}

/* A number of a file that may end in K; 0 if there is none. */
static uint32_t number_read(struct arena *arena, const char *folder, const char *name)
{
    const char *text = file_read_optional(arena, arena_print(arena, "%s/%s", folder, name), NULL);
    char *end;
    unsigned long value = text ? strtoul(text, &end, 10) : 0;

    return (uint32_t)(text && *end == 'K' ? value * 1024 : value);
}

static int array_of(const char *type, uint32_t level)
{
    if (level == 2)
        return PROFILE_L2;
    if (level != 1)
        return -1;
    return strncmp(type, "Instruction", 11) == 0 ? PROFILE_L1I : strncmp(type, "Data", 4) == 0 ? PROFILE_L1D : -1;
}

/* A geometry that the model of caches cannot hold leaves the base's in place. */
static bool is_regular(uint32_t bytes, uint32_t ways, uint32_t line)
{
    uint32_t sets = ways && line ? bytes / (ways * line) : 0;

    return sets && (sets & (sets - 1)) == 0 && sets * ways * line == bytes && (line & (line - 1)) == 0;
}

void calibrate_sizes(struct arena *arena, struct profile *profile)
{
    for (int index = 0; index < 8; index++) {
        const char *folder = arena_print(arena, CPU_CACHES "/index%d", index);
        const char *type = file_read_optional(arena, arena_print(arena, "%s/type", folder), NULL);
        int i = type ? array_of(type, number_read(arena, folder, "level")) : -1;
        uint32_t bytes = number_read(arena, folder, "size"), ways = number_read(arena, folder, "ways_of_associativity");
        uint32_t line = number_read(arena, folder, "coherency_line_size");

        if (i < 0 || !is_regular(bytes, ways, line))
            continue;
        if (!profile->arrays[i].known)
            profile->arrays[i].penalty_source = "not known yet: nothing is counted for it";
        profile->arrays[i].known = true;
        profile->arrays[i].size = bytes;
        profile->arrays[i].ways = ways;
        profile->arrays[i].line = line;
        profile->arrays[i].source = "CPUID of this host, as Linux tells it";
    }
}
