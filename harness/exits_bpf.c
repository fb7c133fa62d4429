/* SPDX-License-Identifier: MIT */
/*
 * exits_bpf.c: loads the program through the skeleton that bpftool generates from it, and reads its map.
 */
#include "exits_bpf.h"
#include "kvm_exits.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <kvm_exits.skel.h>
#include <stdlib.h>
#include <string.h>

struct exits_bpf {
    struct kvm_exits_bpf *program;
};

const char *exits_bpf_missing(void)
{
    return NULL;
}

static int stay_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
    (void)level;
    (void)format;
    (void)args;
    return 0;
}

static struct exits_bpf *open_failed(struct exits_bpf *exits, const char *what, int number, struct error *error)
{
    exits_bpf_close(exits);
    error_set(error, TOLL_HOST, "the BPF program that counts exits cannot be %s: %s%s", what, strerror(number),
              number == EPERM || number == EACCES ? "; it takes root, or CAP_BPF and CAP_PERFMON" : "");
    return NULL;
}

struct exits_bpf *exits_bpf_open(pid_t tid, struct error *error)
{
    struct exits_bpf *exits = calloc(1, sizeof(*exits));
    int failed;

    if (!exits)
        abort();
    libbpf_set_print(stay_quiet);
    exits->program = kvm_exits_bpf__open();
    if (!exits->program)
        return open_failed(exits, "opened", errno, error);
    exits->program->rodata->thread_id = (unsigned)tid;
    failed = kvm_exits_bpf__load(exits->program);
    if (failed)
        return open_failed(exits, "loaded", -failed, error);
    failed = kvm_exits_bpf__attach(exits->program);
    return failed ? open_failed(exits, "attached to KVM's tracepoints", -failed, error) : exits;
}

void exits_bpf_windows(struct arena *arena, const struct exits_bpf *exits, struct exit_windows *windows)
{
    int map = bpf_map__fd(exits->program->maps.exits);
    struct kvm_exits_key key, *last = NULL;
    struct kvm_exits_value value;
    unsigned count = exits->program->bss->windows;
    enum exit_isa isa = (enum exit_isa)exits->program->bss->isa;

    *windows = (struct exit_windows){.timed = true};
    if (exits->program->bss->window)
        windows->problem = "a window was begun and not ended";
    while (windows->count < count)
        exits_next(arena, windows);
    for (; bpf_map_get_next_key(map, last, &key) == 0; last = &key) {
        if (key.window == 0 || key.window > count || bpf_map_lookup_elem(map, &key, &value))
            continue;
        exits_add(arena, &windows->items[key.window - 1], exit_name(arena, isa, key.reason), value.count, value.ns);
    }
}

void exits_bpf_close(struct exits_bpf *exits)
{
    if (exits && exits->program)
        kvm_exits_bpf__destroy(exits->program);
    free(exits);
}
