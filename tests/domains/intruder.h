/* SPDX-License-Identifier: MIT */
/* intruder.h: what intruder.S does for intruder.c: things that end in an exception, and go on behind it. */
#ifndef TOLL_INTRUDER_H
#define TOLL_INTRUDER_H

#include <stdbool.h>
#include <stdint.h>

enum { PROBE_READ, PROBE_WRITE, PROBE_JUMP };

/* Whether it went through. */
bool intruder_probe(uint64_t address, int way);
bool intruder_port(unsigned port, bool out);
bool intruder_do(void (*instruction)(void));

/* Instructions that ring 3 must not execute; NULL ends the list. */
extern void (*const intruder_instructions[])(void);

/* Calls of the kernel: the result in rax; and messages, with what comes back. */
int64_t intruder_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
struct intruder_reply {
    int64_t rdi;
    uint64_t tag;
};
struct intruder_reply intruder_message(uint64_t number, uint64_t handle, uint64_t tag);

/* This domain's page, whichever domain this is. */
void *intruder_info(void);

void intruder_upcall(void);
extern char user_stack_top[];

#endif
