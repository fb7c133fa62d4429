/* SPDX-License-Identifier: MIT */
/*
 * map.h: names for addresses, from the symbol lines of a map file (toll-map 1).
 */
#ifndef TOLL_MAP_H
#define TOLL_MAP_H

#include "arena.h"
#include <stdint.h>

/* "fs_read+0x12" for an address, or its hexadecimal form where the map knows no function. */
char *map_name_address(struct arena *arena, const char *map_path, uint64_t address);

#endif
