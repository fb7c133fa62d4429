/* SPDX-License-Identifier: MIT */
/*
 * guest.h: what the pieces of the measuring guest share.  All of memory is mapped one to one, for ring 0 and ring 3.
 */
#ifndef TOLL_CALIBRATE_GUEST_H
#define TOLL_CALIBRATE_GUEST_H

#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_DATA 0x1b /* SYSRET takes it as the selector before USER_CODE */
#define USER_CODE 0x23
#define TASK 0x28

#define VECTOR_PAGE_FAULT 14 /* goes on after an instruction of two bytes; hypervisors leave this one to the guest */
#define VECTOR_IPI 0x40
#define VECTOR_TIMER 0x41
#define VECTOR_LEAVE 0x81 /* from ring 3 back to whom called guest_user_run */

#define APIC 0xfee00000
#define APIC_EOI 0xb0

#ifndef __ASSEMBLER__
#include <stdint.h>

/* start.S */
uint64_t guest_user_run(uint64_t (*function)(void)); /* runs it in ring 3, gives back what it returned */
void guest_syscall_entry(void);                      /* nothing but SYSRET */
void guest_page_fault(void), guest_ipi(void), guest_timer(void), guest_leave(void), guest_unexpected(void);
extern volatile uint64_t guest_interrupts; /* that guest_ipi and guest_timer took */
extern uint16_t guest_idt[256][8];

/* main.c: called in ring 0 with interrupts off. */
void guest_main(void);
#endif

#endif
