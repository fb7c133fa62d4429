/* SPDX-License-Identifier: MIT */
/* plan.h: which process gets which memory of the machine. */
#ifndef TOLL_MICRO_PLAN_H
#define TOLL_MICRO_PLAN_H

#include "micro/compose.h"
#include "micro/process.h"

struct plan_range {
    uint64_t physical, bytes;
};

/* Of a process, by domain; of the fresh windows of its list. */
extern struct plan_range plan_ram[PROCESSES_MAX];
extern struct plan_range plan_window[PROCESSES_MAX][MICRO_WINDOWS];

/* Between home_start and home_memory. */
void plan_memory(void);

/* Whether on this command line there is a network; that process; that window of m's list, which is no end of it. */
bool plan_has_network(void);
bool plan_has(const struct micro_process *m);
bool plan_has_window(const struct micro_process *m, const struct micro_window *w);

#endif
