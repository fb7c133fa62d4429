/* SPDX-License-Identifier: MIT */
/*
 * map.c: reads a guest's map file and answers questions about addresses (see map.h).
 */
#include "map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const map_kind_names[MAP_KINDS] = {"exception", "interrupt",      "upcall",
                                               "ipc",       "as_switch_kept", "thread_switch"};

static const char out_of_memory[] = "out of memory";

/* Makes room for one more element at the end of an array that grows by doubling. */
static bool grow(void *array, size_t count, size_t size)
{
    void **pointer = array;
    void *larger;

    if (count & (count - 1))
        return true;
    larger = realloc(*pointer, (count ? count * 2 : 1) * size);
    if (larger)
        *pointer = larger;
    return larger != NULL;
}

static int find_part(struct map *map, const char *domain, const char *name)
{
    struct map_part *part;

    for (unsigned i = 0; i < map->part_count; i++)
        if (!strcmp(map->parts[i].domain, domain) && !strcmp(map->parts[i].name, name))
            return (int)i;
    if (map->part_count == MAP_PARTS_MAX)
        return -1;
    part = &map->parts[map->part_count];
    snprintf(part->domain, sizeof(part->domain), "%s", domain);
    snprintf(part->name, sizeof(part->name), "%s", name);
    return (int)map->part_count++;
}

static int find_name(struct map *map, const char *name)
{
    for (unsigned i = 0; i < map->name_count; i++)
        if (!strcmp(map->names[i], name))
            return (int)i;
    if (!grow(&map->names, map->name_count, sizeof(*map->names)))
        return -1;
    snprintf(map->names[map->name_count], MAP_NAME_MAX, "%s", name);
    return (int)map->name_count++;
}

/* Each of these takes the rest of a line and returns NULL, or what is wrong with it. */
static const char *read_range(struct map *map, const char *text)
{
    char domain[MAP_NAME_MAX], name[MAP_NAME_MAX];
    struct map_range range;
    int part;

    if (sscanf(text, "%" SCNx64 " %" SCNx64 " %63s %63s", &range.start, &range.end, domain, name) != 4)
        return "expected: range START END DOMAIN PART";
    if (range.start >= range.end)
        return "the range is empty";
    part = find_part(map, domain, name);
    if (part < 0)
        return "too many parts";
    range.part = (unsigned)part;
    if (!grow(&map->ranges, map->range_count, sizeof(range)))
        return out_of_memory;
    map->ranges[map->range_count++] = range;
    return NULL;
}

static const char *read_entry(struct map *map, const char *text)
{
    char kind[MAP_NAME_MAX], name[MAP_NAME_MAX];
    struct map_entry entry = {.kind = MAP_EXCEPTION};
    int index;

    if (sscanf(text, "%" SCNx64 " %63s %63s", &entry.address, kind, name) != 3)
        return "expected: entry ADDRESS KIND NAME";
    while (entry.kind < MAP_KINDS && strcmp(kind, map_kind_names[entry.kind]))
        entry.kind++;
    if (entry.kind == MAP_KINDS)
        return "expected the kind exception, interrupt, upcall, ipc, as_switch_kept or thread_switch";
    index = find_name(map, name);
    if (index < 0 || !grow(&map->entries, map->entry_count, sizeof(entry)))
        return out_of_memory;
    entry.name = (unsigned)index;
    map->entries[map->entry_count++] = entry;
    return NULL;
}

static const char *read_span(struct map_spans *spans, const char *text)
{
    struct map_span span;

    if (sscanf(text, "%" SCNx64 " %" SCNx64, &span.start, &span.end) != 2 || span.start >= span.end)
        return "expected: large START END, or books START END";
    if (!grow(&spans->items, spans->count, sizeof(span)))
        return out_of_memory;
    spans->items[spans->count++] = span;
    return NULL;
}

static const char *read_line(struct map *map, const char *line)
{
    char word[16];
    int length;

    if (sscanf(line, "%15s%n", word, &length) != 1 || word[0] == '#' || !strcmp(word, "symbol"))
        return NULL;
    if (!strcmp(word, "range"))
        return read_range(map, line + length);
    if (!strcmp(word, "entry"))
        return read_entry(map, line + length);
    if (!strcmp(word, "large"))
        return read_span(&map->large, line + length);
    if (!strcmp(word, "books"))
        return read_span(&map->books, line + length);
    if (strcmp(word, "boot"))
        return "expected range, entry, boot, large, books or symbol";
    map->has_boot = sscanf(line + length, "%" SCNx64, &map->boot) == 1;
    return map->has_boot ? NULL : "expected: boot ADDRESS";
}

static int compare_ranges(const void *a, const void *b)
{
    const struct map_range *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

static int compare_entries(const void *a, const void *b)
{
    const struct map_entry *x = a, *y = b;

    return (x->address > y->address) - (x->address < y->address);
}

/* Sorts what was read; -1 if two records contradict each other. */
static int finish(struct map *map, const char *path)
{
    if (map->range_count)
        qsort(map->ranges, map->range_count, sizeof(*map->ranges), compare_ranges);
    if (map->entry_count)
        qsort(map->entries, map->entry_count, sizeof(*map->entries), compare_entries);
    for (size_t i = 1; i < map->range_count; i++)
        if (map->ranges[i].start < map->ranges[i - 1].end) {
            fprintf(stderr, "%s: the ranges that start at %" PRIx64 " and %" PRIx64 " overlap\n", path,
                    map->ranges[i - 1].start, map->ranges[i].start);
            return -1;
        }
    for (size_t i = 1; i < map->entry_count; i++)
        if (map->entries[i].address == map->entries[i - 1].address) {
            fprintf(stderr, "%s: two entries at %" PRIx64 "\n", path, map->entries[i].address);
            return -1;
        }
    return 0;
}

static int read_lines(struct map *map, const char *path, FILE *file)
{
    const char *wrong = NULL;
    char *line = NULL;
    size_t size = 0;
    unsigned number = 0;

    while (!wrong && getline(&line, &size, file) >= 0) {
        if (++number == 1)
            wrong = strcmp(line, "toll-map 1\n") ? "expected: toll-map 1" : NULL;
        else
            wrong = read_line(map, line);
    }
    free(line);
    if (!number)
        wrong = "the file is empty";
    if (wrong)
        fprintf(stderr, "%s:%u: %s\n", path, number, wrong);
    return wrong ? -1 : 0;
}

int map_read(struct map *map, const char *path)
{
    FILE *file = fopen(path, "re");
    int result;

    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    memset(map, 0, sizeof(*map));
    find_part(map, "other", "other");
    result = read_lines(map, path, file);
    fclose(file);
    return result ? result : finish(map, path);
}

unsigned map_find_part(const struct map *map, uint64_t address)
{
    size_t low = 0, high = map->range_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (address < map->ranges[middle].start)
            high = middle;
        else if (address >= map->ranges[middle].end)
            low = middle + 1;
        else
            return map->ranges[middle].part;
    }
    return MAP_PART_OTHER;
}

const struct map_entry *map_find_entry(const struct map *map, uint64_t address)
{
    struct map_entry key = {.address = address};

    return map->entry_count ? bsearch(&key, map->entries, map->entry_count, sizeof(key), compare_entries) : NULL;
}

bool map_is_in(const struct map_spans *spans, uint64_t address)
{
    for (size_t i = 0; i < spans->count; i++)
        if (address >= spans->items[i].start && address < spans->items[i].end)
            return true;
    return false;
}
