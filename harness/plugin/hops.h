/* SPDX-License-Identifier: MIT */
/*
 * hops.h: follows one operation of a window, the third, from domain to domain: where it was, one after the other, and
 * what was counted there.  An event that belongs to an instruction is counted where that instruction stands, so a
 * SYSCALL in the domain that is left by it, the entry of an exception in the one that is entered.
 */
#ifndef TOLL_HOPS_H
#define TOLL_HOPS_H

#include "map.h"

#define HOPS_MAX 64
#define HOPS_OFF UINT32_MAX

/* A stay in one domain. */
struct hop {
    const char *domain;
    const uint64_t *from, *to; /* snapshots of count.h */
};

/* The number of the domain where the operation is now; HOPS_OFF while none is followed. */
extern uint32_t hops_domain;

/* Once, when counters exist.  0 or -1. */
int hops_init(const struct map *map);

void hops_begin(void);          /* a window begins */
void hops_op(unsigned part);    /* an operation has ended; that part says so */
void hops_block(unsigned part); /* a block of that part begins; only while hops_domain is not HOPS_OFF */

/* How many stays the operation had; 0 if none was followed to its end, or there were more than HOPS_MAX. */
unsigned hops_count(void);
struct hop hops_get(unsigned index);

#endif
