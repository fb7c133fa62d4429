/* SPDX-License-Identifier: MIT */
/*
 * count.c: the counters, and readings of them (see count.h).
 */
#include "count_inner.h"

#include "rep.h"
#include <stdlib.h>
#include <string.h>

const struct map *count_map;
struct count_places count_at;
uint64_t *count_words;

int count_init(uint64_t id, const struct qemu_info *info, const struct map *map, const struct count_hooks *hooks,
               const struct count_options *options)
{
    count_map = map;
    count_at.events = map->part_count * COUNT_PART_WORDS;
    count_at.kinds = count_at.events + COUNT_EVENTS;
    count_at.names = count_at.kinds + MAP_KINDS;
    count_at.end = count_at.names + map->name_count;
    if (qemu_api_init(info, count_at.end))
        return -1;
    count_plant_init(id, hooks, options);
    return 0;
}

uint64_t *count_snapshot_new(void)
{
    return calloc(count_at.end, sizeof(uint64_t));
}

void count_snapshot(uint64_t *out)
{
    if (!count_words)
        return;
    rep_finish();
    memcpy(out, count_words, count_at.end * sizeof(uint64_t));
}

struct count_total count_part_between(const uint64_t *from, const uint64_t *to, unsigned part)
{
    uint64_t d[COUNT_PART_WORDS], plain, halves = 0, half_bytes = 0;

    for (unsigned i = 0; i < COUNT_PART_WORDS; i++)
        d[i] = to[count_part_word(part, i)] - from[count_part_word(part, i)];
    for (unsigned shift = 0; shift < COUNT_REP_STARTS - COUNT_REP_HALVES; shift++) {
        halves += d[COUNT_REP_HALVES + shift];
        half_bytes += d[COUNT_REP_HALVES + shift] << shift;
    }
    plain = d[COUNT_PLAIN] - d[COUNT_FAULTS];
    return (struct count_total){plain + halves / 2 + d[COUNT_REP_EMPTY], plain + d[COUNT_REP_STARTS],
                                d[COUNT_REP_STARTS] - d[COUNT_REP_EMPTY], half_bytes / 2};
}

struct count_total count_all_between(const uint64_t *from, const uint64_t *to)
{
    struct count_total sum = {0};

    for (unsigned i = 0; i < count_map->part_count; i++) {
        struct count_total one = count_part_between(from, to, i);

        sum.instructions += one.instructions;
        sum.instructions_arch += one.instructions_arch;
        sum.rep += one.rep;
        sum.rep_bytes += one.rep_bytes;
    }
    return sum;
}

uint64_t count_miss_between(const uint64_t *from, const uint64_t *to, unsigned part, enum hierarchy_miss miss)
{
    size_t word = count_part_word(part, COUNT_MISS) + miss;

    return to[word] - from[word];
}

uint64_t count_event_between(const uint64_t *from, const uint64_t *to, enum count_event event)
{
    return to[count_at.events + event] - from[count_at.events + event];
}

uint64_t count_name_between(const uint64_t *from, const uint64_t *to, unsigned name)
{
    return to[count_at.names + name] - from[count_at.names + name];
}

uint64_t count_kind_between(const uint64_t *from, const uint64_t *to, enum map_kind kind)
{
    return to[count_at.kinds + kind] - from[count_at.kinds + kind];
}
