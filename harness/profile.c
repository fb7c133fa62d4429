/* SPDX-License-Identifier: MIT */
/*
 * profile.c: finds profiles and writes them; profile.cpp reads them.
 */
#include "profile.h"
#include "file.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const profile_array_names[PROFILE_ARRAYS] = {"l1i", "l1d", "l2", "itlb", "dtlb", "stlb"};
const char *const profile_cost_names[PROFILE_COSTS] = {"cpi",
                                                       "rep",
                                                       "rep_bytes",
                                                       "syscall",
                                                       "exception",
                                                       "interrupt",
                                                       "upcall",
                                                       "ipc",
                                                       "as_switch",
                                                       "as_switch_kept",
                                                       "as_switch_refill",
                                                       "thread_switch",
                                                       "vm_exit",
                                                       "invlpg",
                                                       "wrmsr",
                                                       "port_io",
                                                       "mmio",
                                                       "hlt"};

static const char *const folders[] = {PROFILE_FOLDER, PROFILE_HOST_FOLDER};
#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

static bool has_suffix(const char *name)
{
    size_t length = strlen(name);

    return length > 5 && strcmp(name + length - 5, ".toml") == 0;
}

static void names_add(struct arena *arena, const char *folder, struct strings *names)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        if (has_suffix(entries[i]->d_name))
            strings_print(arena, names, "%.*s", (int)strlen(entries[i]->d_name) - 5, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

const char *profile_find(struct arena *arena, const char *name, struct error *error)
{
    struct strings names = {0};

    if (strchr(name, '/') || has_suffix(name))
        return name;
    for (size_t i = 0; i < FOLDERS; i++) {
        const char *path = arena_print(arena, "%s/%s.toml", folders[i], name);

        if (file_exists(path))
            return path;
    }
    for (size_t i = 0; i < FOLDERS; i++)
        names_add(arena, folders[i], &names);
    error_set(error, TOLL_USAGE,
              "there is no profile %s; there are: %s; `toll calibrate` makes one of this host, and a path ending in "
              ".toml names any other",
              name, strings_join(arena, &names, ", "));
    return NULL;
}

/* A basic string of TOML. */
static void text_print(FILE *out, const char *key, const char *text)
{
    fprintf(out, "%s = \"", key);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        if ((unsigned char)*text < ' ')
            fprintf(out, "\\u%04x", (unsigned char)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

static void array_print(FILE *out, int index, const struct profile_array *array)
{
    bool is_tlb = index >= PROFILE_ITLB;

    fprintf(out, "\n[%s.%s]\n%s = %u\nways = %u\n", is_tlb ? "tlb" : "cache", profile_array_names[index],
            is_tlb ? "entries" : "bytes", array->size, array->ways);
    if (!is_tlb)
        fprintf(out, "line = %u\n", array->line);
    text_print(out, "source", array->source);
    fprintf(out, "\npenalty = %.10g\n", array->penalty);
    text_print(out, "penalty_source", array->penalty_source);
    fputc('\n', out);
}

static void profile_print(FILE *out, const struct profile *profile)
{
    fputs("# SPDX-License-Identifier: MIT\n# Written by `toll calibrate`.\n", out);
    text_print(out, "name", profile->name);
    fputc('\n', out);
    text_print(out, "what", profile->what);
    fputc('\n', out);
    for (int i = 0; i < PROFILE_ARRAYS; i++) {
        if (profile->arrays[i].known)
            array_print(out, i, &profile->arrays[i]);
    }
    fputs("\n[cost]\n", out);
    for (int i = 0; i < PROFILE_COSTS; i++) {
        if (!profile->costs[i].known)
            continue;
        fprintf(out, "%s = { cycles = %.10g, ", profile_cost_names[i], profile->costs[i].cycles);
        text_print(out, "source", profile->costs[i].source);
        fputs(" }\n", out);
    }
}

int profile_save(struct arena *arena, const char *path, const struct profile *profile, struct error *error)
{
    const char *slash = strrchr(path, '/');
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    int result;

    if (!out)
        return file_error(error, "write", path);
    profile_print(out, profile);
    fclose(out);
    if (slash && slash > path && file_make_folders(arena_copy_n(arena, path, (size_t)(slash - path)), error))
        result = -1;
    else
        result = file_write_atomic(path, text, bytes, error);
    free(text);
    return result;
}
