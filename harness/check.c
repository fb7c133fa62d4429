/* SPDX-License-Identifier: MIT */
/*
 * check.c: comparing files byte by byte.
 */
#include "check.h"
#include "file.h"
#include "rates.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static void file_compare(struct arena *arena, const char *stored, const char *made, const char *name,
                         struct check *check)
{
    size_t a_bytes = 0, b_bytes = 0, same = 0;
    char *path = arena_print(arena, "%s/%s", stored, name);
    char *a = file_read_optional(arena, path, &a_bytes);
    char *b = file_read_optional(arena, arena_print(arena, "%s/%s", made, name), &b_bytes);

    if (!a || !b) {
        strings_print(arena, &check->differ, "%s: %s", path, a ? "would not be made now" : "is missing");
        return;
    }
    while (same < a_bytes && same < b_bytes && a[same] == b[same])
        same++;
    if (same == a_bytes && same == b_bytes)
        check->same++;
    else
        strings_print(arena, &check->differ, "%s: differs from byte %zu on", path, same + 1);
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_type != DT_DIR;
}

/* The names in a folder that are not in the list yet. */
static int names_add(struct arena *arena, const char *folder, struct strings *names, struct error *error)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_file, alphasort);

    if (count < 0)
        return file_error(error, "read the folder", folder);
    for (int i = 0; i < count; i++) {
        bool known = false;

        for (size_t k = 0; k < names->count && !known; k++)
            known = strcmp(names->items[k], entries[i]->d_name) == 0;
        if (!known)
            strings_add(arena, names, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

int check_folders(struct arena *arena, const char *stored, const char *made, const char *const *names,
                  struct check *check, struct error *error)
{
    struct strings all = {0};

    for (size_t i = 0; names && names[i]; i++)
        strings_add(arena, &all, names[i]);
    if (!names && (names_add(arena, stored, &all, error) || names_add(arena, made, &all, error)))
        return -1;
    for (size_t i = 0; i < all.count; i++)
        file_compare(arena, stored, made, all.items[i], check);
    return 0;
}

int check_derived(struct arena *arena, const char *folder, const char *scratch, const struct results *results,
                  struct check *check, struct error *error)
{
    const char *const names[] = {"results.json", "results.csv", results->rates ? RATES_DERIVED : NULL, NULL};

    if (results_write(arena, scratch, results, error))
        return -1;
    return check_folders(arena, folder, scratch, names, check, error);
}

bool check_is_of(struct arena *arena, const char *pages, const char *run)
{
    char *summary = file_read_optional(arena, arena_print(arena, "%s/summary.md", pages), NULL);

    return summary && strstr(summary, run);
}
