/* SPDX-License-Identifier: MIT */
/*
 * audit.h: compares the two books of a measured window: the plugin's counts and the kernel's own.
 *
 * System calls, exceptions and page faults must agree exactly.  The kernel reads its books a little before the first
 * mark and a little after the last; an interrupt that falls between is in one book and not in the other, and may bring
 * switches of threads and address spaces, messages and upcalls with it.  So:
 *
 *      |interrupts differ|        <= edge_interrupts
 *      |what follows differs|     <= 2 of a kind for each interrupt that differs
 */
#ifndef TOLL_AUDIT_H
#define TOLL_AUDIT_H

#include "sample.h"

#define AUDIT_OK "ok"
#define AUDIT_FAILED "failed"

/* AUDIT_OK or AUDIT_FAILED; *reason says what differs, which may be nothing ("") or what is allowed for above. */
const char *audit_compare(struct arena *arena, const struct metrics *plugin, const struct metrics *books,
                          int64_t edge_interrupts, const char **reason);

#endif
