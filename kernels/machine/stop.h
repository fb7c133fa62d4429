/* SPDX-License-Identifier: MIT */
/* stop.h: ends of the machine. */
#ifndef TOLL_STOP_H
#define TOLL_STOP_H

#include <stdint.h>

/* Leaves QEMU with WIRE_QEMU_STATUS(code); halts for ever where there is no debug-exit port. */
_Noreturn void stop_machine(uint8_t code);

/* The lowest address at which this kernel's own stacks may lie, for the backtrace. */
extern uint64_t stop_frames_from;

/* env_panic of every kernel: the panic record, a backtrace from here or, in a trap, from where it came. */
struct trap;
_Noreturn void stop_panic(const char *message, const struct trap *trap);

#endif
