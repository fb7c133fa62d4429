/* SPDX-License-Identifier: MIT */
/*
 * exits_bpf.h: exits by reason, with the time until the guest goes on, counted by a BPF program in the kernel.
 *
 * Two files satisfy it, of which the build links one: exits_bpf.c where libbpf, bpftool and a clang for BPF are there,
 * exits_bpf_none.c where they are not.
 */
#ifndef TOLL_EXITS_BPF_H
#define TOLL_EXITS_BPF_H

#include "error.h"
#include "exits.h"
#include <sys/types.h>

struct exits_bpf;

/* Why this toll has no BPF, or NULL if it has. */
const char *exits_bpf_missing(void);

/* Loads the program for the vCPU's thread and attaches it.  NULL with an error in plain words: not built in, not
   allowed, a kernel without the types (BTF) of its KVM. */
struct exits_bpf *exits_bpf_open(pid_t tid, struct error *error);

/* What it counted so far, window by window. */
void exits_bpf_windows(struct arena *arena, const struct exits_bpf *exits, struct exit_windows *windows);

/* Takes the program out of the kernel; NULL is allowed. */
void exits_bpf_close(struct exits_bpf *exits);

#endif
