/* SPDX-License-Identifier: MIT */
/* usage.c: what is in use now, for whoever looks for what was not given back, and what the network lost. */
#include "alloc.h"
#include "base/string.h"
#include "net.h"
#include "process.h"
#include "wire.h"

static void processes_count(uint64_t *counts)
{
    for (unsigned i = 0; i < PROCESS_MAX; i++) {
        const struct process *p = process_table[i];
        if (!p)
            continue;
        counts[WIRE_USAGE_PROCESSES]++;
        counts[WIRE_USAGE_THREADS] += p->task_count;
        for (uint64_t fd = 0; fd < FD_MAX; fd++)
            counts[WIRE_USAGE_DESCRIPTORS] += p->fds_used[fd / 64] >> fd % 64 & 1;
    }
}

static void others_count(uint64_t *counts)
{
    struct fs_books fs;
    struct net_books net;

    fs_books(&fs);
    net_books(&net);
    counts[WIRE_USAGE_SOCKETS] = net.sockets;
    counts[WIRE_USAGE_CONNECTIONS] = net.connections;
    counts[WIRE_USAGE_NET_BYTES] = net.memory_bytes;
    counts[WIRE_USAGE_FRAMES_NET] = net.frames;
    counts[WIRE_USAGE_NET_RESENT] = net.segments_resent;
    counts[WIRE_USAGE_NET_BAD] = net.frames_bad;
    counts[WIRE_USAGE_NET_DROPPED] = net.frames_dropped;
    counts[WIRE_USAGE_FRAMES_FS] = fs.frames;
    counts[WIRE_USAGE_FRAMES_POSIX] = alloc_total_pages() - alloc_free_pages();
}

int64_t posix_toll_usage(OS_N, uint64_t counts, uint64_t n)
{
    uint64_t all[WIRE_USAGES];

    memset(all, 0, sizeof all);
    processes_count(all);
    others_count(all);
    env_usage(all);
    if (n > WIRE_USAGES)
        n = WIRE_USAGES;
    return env_copy_out(counts, all, n * sizeof *all) ?: (int64_t)n;
}
