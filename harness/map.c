/* SPDX-License-Identifier: MIT */
/*
 * map.c: looks addresses up.  Only panics ask, so the file is read anew each time instead of being kept sorted.
 */
#include "map.h"
#include "file.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

char *map_name_address(struct arena *arena, const char *map_path, uint64_t address)
{
    char *text = file_read_optional(arena, map_path, NULL), *line;

    while ((line = text ? strsep(&text, "\n") : NULL)) {
        uint64_t start, size;
        int name = 0;

        if (sscanf(line, "symbol %" SCNx64 " %" SCNx64 " %n", &start, &size, &name) == 2 && name > 0 &&
            address >= start && address - start < size)
            return arena_print(arena, "%s+0x%" PRIx64, line + name, address - start);
    }
    return arena_print(arena, "0x%" PRIx64, address);
}
