/* SPDX-License-Identifier: MIT */
/*
 * map.h: what lies where in a guest: which domain and part an address belongs to, and at which addresses the
 * events begin that have no instruction of their own.  The file is text, one record a line, numbers hexadecimal:
 *
 *      toll-map 1
 *      range START END DOMAIN PART     [START, END), no two overlap
 *      entry ADDRESS KIND NAME         executing this instruction is one event of that kind
 *      boot ADDRESS                    the kernel's first instruction
 *      large START END                 addresses in [START, END) are mapped in pages of 2 MiB
 *      books START END                 a domain's own counters, [START, END)
 *      symbol ADDRESS SIZE NAME        for people; ignored here
 *      # comment
 *
 * For an exception to be told from a trap, its entry must be the very address that the processor jumps to.
 */
#ifndef TOLL_MAP_H
#define TOLL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAP_PARTS_MAX 128
#define MAP_NAME_MAX 64
#define MAP_PART_OTHER 0 /* everything outside all ranges: domain "other", part "other" */

enum map_kind { MAP_EXCEPTION, MAP_INTERRUPT, MAP_UPCALL, MAP_IPC, MAP_AS_SWITCH_KEPT, MAP_THREAD_SWITCH, MAP_KINDS };
extern const char *const map_kind_names[MAP_KINDS];

struct map_part {
    char domain[MAP_NAME_MAX], name[MAP_NAME_MAX];
};

struct map_range {
    uint64_t start, end;
    unsigned part;
};

struct map_span {
    uint64_t start, end;
};

struct map_spans {
    struct map_span *items;
    size_t count;
};

struct map_entry {
    uint64_t address;
    enum map_kind kind;
    unsigned name; /* index into names: several entries may share one */
};

struct map {
    struct map_part parts[MAP_PARTS_MAX];
    unsigned part_count;
    struct map_range *ranges; /* sorted */
    size_t range_count;
    struct map_entry *entries; /* sorted */
    size_t entry_count;
    struct map_spans large, books;
    char (*names)[MAP_NAME_MAX];
    unsigned name_count;
    uint64_t boot;
    bool has_boot;
};

/* Reads the file.  0, or -1 after saying on stderr which line is wrong and why. */
int map_read(struct map *map, const char *path);

/* The part of an address. */
unsigned map_find_part(const struct map *map, uint64_t address);

/* The entry at exactly this address, or NULL. */
const struct map_entry *map_find_entry(const struct map *map, uint64_t address);

/* Whether the address lies in one of the spans. */
bool map_is_in(const struct map_spans *spans, uint64_t address);

#endif
