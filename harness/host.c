/* SPDX-License-Identifier: MIT */
/*
 * host.c: facts from /proc, uname and the tools' own version lines.
 */
#include "host.h"
#include "file.h"
#include "process.h"
#include "qemu.h"
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The first line that a program prints, or NULL. */
static char *tool_line(struct arena *arena, int cancel, const char *const words[])
{
    char *text = process_ask(arena, cancel, words);

    if (text)
        text[strcspn(text, "\n")] = '\0';
    return text;
}

static char *tool_version(struct arena *arena, int cancel, const char *program)
{
    return tool_line(arena, cancel, (const char *const[]){program, "--version", NULL});
}

char *host_commit(struct arena *arena, int cancel)
{
    char *commit = tool_line(arena, cancel, (const char *const[]){"git", "describe", "--always", "--dirty", NULL});

    return commit && *commit && !strchr(commit, '/') ? commit : arena_copy(arena, "nocommit");
}

/* The value of "key : value" in /proc/cpuinfo, of the first processor. */
static char *cpuinfo_value(struct arena *arena, const char *key)
{
    char *text = file_read_optional(arena, "/proc/cpuinfo", NULL), *line;

    while ((line = text ? strsep(&text, "\n") : NULL)) {
        char *colon = strstr(line, ": ");

        if (colon && strncmp(line, key, strlen(key)) == 0)
            return colon + 2;
    }
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = words; at && (at = strstr(at, word)); at += length) {
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

static json_t *features_to_json(struct arena *arena)
{
    static const char *const names[] = {
        "vmx",   "svm",    "hypervisor",         "pcid",         "invpcid",     "smep", "smap", "fsgsbase",
        "xsave", "x2apic", "tsc_deadline_timer", "constant_tsc", "nonstop_tsc", "erms", "fsrm", "la57"};
    const char *flags = cpuinfo_value(arena, "flags");
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (flags && has_word(flags, names[i]))
            json_array_append_new(list, json_string(names[i]));
    }
    return list;
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

const char *host_cpu(struct arena *arena)
{
    const char *name = cpuinfo_value(arena, "model name");

    return name ? name : "an unknown processor";
}

json_t *host_to_json(struct arena *arena, const struct probe *probe, int cancel)
{
    json_t *json = json_object();
    struct utsname system;

    uname(&system);
    json_object_set_new(json, "schema", json_string(SAMPLE_SCHEMA));
    json_object_set_new(json, "cpu", text_or_null(cpuinfo_value(arena, "model name")));
    json_object_set_new(json, "cpu_features", features_to_json(arena));
    json_object_set_new(json, "processors", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    json_object_set_new(json, "memory_mib",
                        json_integer(sysconf(_SC_PHYS_PAGES) / 1024 * (sysconf(_SC_PAGESIZE) / 1024)));
    json_object_set_new(json, "kernel", json_string(arena_print(arena, "%s %s", system.sysname, system.release)));
    json_object_set_new(json, "qemu", text_or_null(tool_version(arena, cancel, qemu_program())));
    json_object_set_new(json, "compiler", text_or_null(tool_version(arena, cancel, "gcc")));
    json_object_set_new(json, "linker", text_or_null(tool_version(arena, cancel, "ld")));
    json_object_set_new(json, "kind", json_integer(probe->kind));
    json_object_set_new(json, "kind_reason", json_string(probe->reason));
    json_object_set_new(json, "accelerators",
                        probe->kind == PROBE_KVM ? json_pack("[ss]", "tcg", "kvm") : json_pack("[s]", "tcg"));
    return json;
}
