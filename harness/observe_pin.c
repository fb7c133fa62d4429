/* SPDX-License-Identifier: MIT */
/*
 * observe_pin.c: which processor runs the guest, and which the rest of QEMU.
 */
#include "file.h"
#include "observe.h"
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Adds "0-3,8" to a set. */
static void list_parse(const char *text, cpu_set_t *set)
{
    char *end;

    for (; *text; text = *end == ',' ? end + 1 : end) {
        long first = strtol(text, &end, 10), last = first;

        if (end == text)
            return;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        for (long i = first; i <= last && i >= 0 && i < CPU_SETSIZE; i++)
            CPU_SET((int)i, set);
    }
}

static void list_read(struct arena *arena, const char *path, cpu_set_t *set)
{
    const char *text = file_read_optional(arena, path, NULL);

    CPU_ZERO(set);
    if (text)
        list_parse(text, set);
}

int observe_processor(struct arena *arena)
{
    cpu_set_t allowed, fast;
    int chosen = -1;

    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return -1;
    list_read(arena, "/sys/devices/cpu_core/cpus", &fast); /* only where there are cores of two kinds */
    if (CPU_COUNT(&fast) > 0)
        CPU_AND(&fast, &fast, &allowed);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, CPU_COUNT(&fast) > 0 ? &fast : &allowed))
            chosen = i;
    }
    return chosen;
}

/* The processors for QEMU's other threads: none of the guest's core if there are any left. */
static cpu_set_t others_of(struct arena *arena, int processor)
{
    cpu_set_t allowed, siblings, others;

    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        CPU_ZERO(&allowed);
    list_read(arena, arena_print(arena, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", processor),
              &siblings);
    CPU_SET(processor, &siblings);
    CPU_AND(&siblings, &siblings, &allowed);
    CPU_XOR(&others, &allowed, &siblings);
    if (CPU_COUNT(&others) == 0) {
        others = allowed;
        if (CPU_COUNT(&allowed) > 1)
            CPU_CLR(processor, &others);
    }
    return others;
}

static void threads_move(struct arena *arena, pid_t pid, pid_t except, const cpu_set_t *set)
{
    DIR *folder = opendir(arena_print(arena, "/proc/%d/task", (int)pid));
    struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        pid_t tid = (pid_t)atoi(entry->d_name);

        if (tid > 0 && tid != except)
            sched_setaffinity(tid, sizeof(*set), set);
    }
    if (folder)
        closedir(folder);
}

const char *observe_pin(struct arena *arena, pid_t pid, pid_t tid, int processor)
{
    cpu_set_t one, others;

    if (processor < 0 || tid <= 0)
        return "not pinned";
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    if (sched_setaffinity(tid, sizeof(one), &one))
        return arena_print(arena, "not pinned: %s", strerror(errno));
    others = others_of(arena, processor);
    threads_move(arena, pid, tid, &others);
    return arena_print(arena, "pinned to processor %d", processor);
}
