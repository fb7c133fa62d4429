/* SPDX-License-Identifier: MIT */
/*
 * exits_bpf_none.c: for builds on machines without what BPF takes.
 */
#include "exits_bpf.h"

static const char missing[] = "this toll was built without BPF: libbpf, bpftool or clang was missing";

const char *exits_bpf_missing(void)
{
    return missing;
}

struct exits_bpf *exits_bpf_open(pid_t tid, struct error *error)
{
    (void)tid;
    error_set(error, TOLL_HOST, "%s", missing);
    return NULL;
}

void exits_bpf_windows(struct arena *arena, const struct exits_bpf *exits, struct exit_windows *windows)
{
    (void)arena;
    (void)exits;
    *windows = (struct exit_windows){0};
}

void exits_bpf_close(struct exits_bpf *exits)
{
    (void)exits;
}
