/* SPDX-License-Identifier: MIT */
/*
 * exit_names.h: why a guest left to KVM, in one vocabulary for both makers' processors.  Numbers: Intel SDM volume 3,
 * appendix C; AMD APM volume 2, appendix C.
 */
#ifndef TOLL_EXIT_NAMES_H
#define TOLL_EXIT_NAMES_H

#include "arena.h"
#include <stddef.h>
#include <stdint.h>

/* As the tracepoint kvm_exit calls them. */
enum exit_isa { EXIT_VMX = 1, EXIT_SVM = 2 };

struct exit_name {
    enum exit_isa isa;
    uint32_t code;
    const char *name;
};

extern const struct exit_name exit_names[];
extern const size_t exit_name_count;

/* The name, or "reason_0x2a" for one that has none. */
const char *exit_name(struct arena *arena, enum exit_isa isa, uint32_t code);

#endif
