/* SPDX-License-Identifier: MIT */
/* apic.h: the local and the I/O APIC, and time (SDM 3A chapter 11). */
#ifndef TOLL_APIC_H
#define TOLL_APIC_H

#include <stdint.h>

/* Local APIC on (x2APIC where present), timer masked; every I/O APIC line masked. */
void apic_init(void);

/* Lets the I/O APIC's line gsi raise vector. */
void apic_line_enable(unsigned gsi, unsigned vector);
void apic_line_disable(unsigned gsi);

void apic_end_of_interrupt(void);

/* Learns the frequency of the time-stamp counter, from the processor where it tells, else against the APIC timer,
   which counts nanoseconds in QEMU and KVM. */
void apic_clock_init(void);
uint64_t apic_now_ns(void);

/* For clocks elsewhere: now = (tsc - *start) * *scale >> 32. */
void apic_clock_tell(uint64_t *start, uint64_t *scale);

/* One interrupt at TRAP_TIMER when apic_now_ns reaches deadline_ns (at once if it is past); UINT64_MAX: none. */
void apic_timer_set(uint64_t deadline_ns);

#endif
