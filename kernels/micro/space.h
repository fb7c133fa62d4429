/* SPDX-License-Identifier: MIT */
/* space.h: address spaces: page tables of a process, all of which contain its domain. */
#ifndef TOLL_MICRO_SPACE_H
#define TOLL_MICRO_SPACE_H

#include "micro/object.h"

struct table;

struct micro_space {
    struct object object;
    struct process *process;
    struct table *table;
    uint64_t label; /* by which a pager knows it */
    int64_t pages;  /* that the process is charged with for it */
};

/* The table that is loaded. */
extern struct table *space_loaded;

/* Makes table the loaded one; counted, if it is not. */
void space_load(struct table *table);

/* An empty space of a process, but for its domain if it has one already. */
struct micro_space *space_make(struct process *p, uint64_t label);

/* The last reference is gone. */
void space_release(struct micro_space *s);

int64_t space_call_make(uint64_t process, uint64_t label);
int64_t space_call_enter(uint64_t space);

#endif
