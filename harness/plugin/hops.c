/* SPDX-License-Identifier: MIT */
/*
 * hops.c: a snapshot of all counters at each change of domain (see hops.h).
 */
#include "hops.h"

#include "count.h"
#include <string.h>

#define OPS_BEFORE 2

uint32_t hops_domain = HOPS_OFF;

static const struct map *map;
static uint32_t domain_of_part[MAP_PARTS_MAX]; /* the domain's first part stands for it */
static uint64_t *snapshots[HOPS_MAX + 1];
static uint32_t domains[HOPS_MAX];
static unsigned count, ops;
static bool complete;

int hops_init(const struct map *the_map)
{
    map = the_map;
    for (unsigned i = 0; i < map->part_count; i++)
        for (unsigned k = i + 1; k-- > 0;)
            if (!strcmp(map->parts[k].domain, map->parts[i].domain))
                domain_of_part[i] = k;
    for (unsigned i = 0; i <= HOPS_MAX; i++) {
        snapshots[i] = count_snapshot_new();
        if (!snapshots[i])
            return -1;
    }
    return 0;
}

void hops_begin(void)
{
    hops_domain = HOPS_OFF;
    count = ops = 0;
    complete = false;
}

static void enter(uint32_t domain)
{
    count_snapshot(snapshots[count]);
    domains[count++] = hops_domain = domain;
}

void hops_op(unsigned part)
{
    ops++;
    if (ops == OPS_BEFORE) {
        enter(domain_of_part[part]);
    } else if (hops_domain != HOPS_OFF) {
        count_snapshot(snapshots[count]);
        hops_domain = HOPS_OFF;
        complete = true;
    }
}

void hops_block(unsigned part)
{
    if (domain_of_part[part] == hops_domain)
        return;
    if (count == HOPS_MAX)
        hops_domain = HOPS_OFF;
    else
        enter(domain_of_part[part]);
}

unsigned hops_count(void)
{
    return complete ? count : 0;
}

struct hop hops_get(unsigned index)
{
    return (struct hop){map->parts[domains[index]].domain, snapshots[index], snapshots[index + 1]};
}
