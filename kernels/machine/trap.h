/* SPDX-License-Identifier: MIT */
/*
 * trap.h: exceptions and interrupts, from the processor's table to one C function of the structure.
 *
 * Every vector has its own stub (entry_exception_N, entry_interrupt_N: the places at which the counting plugin
 * counts) which makes one struct trap on the stack and calls trap_dispatch.  Which stack that is, the image's
 * composition decides: trap_stay.S keeps the one that the processor chose; trap_move.S, for domains whose
 * application runs in ring 0 on stacks of its own, moves the frame to the running thread's stack in the domain.
 */
#ifndef TOLL_TRAP_H
#define TOLL_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#define TRAP_VECTORS 128
#define TRAP_TIMER 32
#define TRAP_GSI(n) (48 + (n))
#define TRAP_GSI_MAX 24
#define TRAP_MSI(n) (80 + (n))
#define TRAP_SPURIOUS 127

struct trap {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, flags, rsp, ss; /* as the processor leaves them */
};

/* Loads GDT, TSS and IDT.  own_stacks: exceptions and interrupts arrive on stacks of the interrupt stack table
   (for trap_move.S). */
void trap_init(bool own_stacks);

#define TRAP_PORTS 1024 /* of those below this, some can be open to ring 3 */

/* The task-state segment (SDM 3A 8.7).  io_map: where its map of ports begins; sizeof: none is open to ring 3. */
struct trap_tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* ist[0] is number 1 */
    uint64_t reserved2;
    uint16_t reserved3, io_map;
    uint8_t
        ports[TRAP_PORTS / 8 + 1]; /* trap_ports_allow; a set bit shuts a port, and so does the end of the segment */
} __attribute__((packed));
extern struct trap_tss trap_tss;
extern uint64_t trap_stack_top;

/* Lets ring 3 use these ports, and no others, while io_map is offsetof(struct trap_tss, ports). */
void trap_ports_allow(uint16_t first, uint16_t count);

/* The stack on which traps from ring 3 start (trap_stay.S), or to which frames are moved (trap_move.S). */
static inline void trap_stack_set(uint64_t top)
{
    trap_tss.rsp[0] = top;
    trap_stack_top = top;
}

/* The structure's: vectors below 32 are exceptions, with cr2 read for page faults. */
void trap_dispatch(struct trap *trap);

/* Copies n bytes between two ranges of which one may fault: 0, or the number of bytes not copied.  A page fault
   whose rip lies inside (trap_in_copy) may be ended by trap_copy_fault, which makes the copy return at once. */
uint64_t trap_copy(void *dst, const void *src, uint64_t n);
uint64_t trap_clear(void *dst, uint64_t n);

/* Copies a string with its NUL: its length, -ENAMETOOLONG if size bytes have none, -EFAULT.  dst may be written behind
   the NUL, within size. */
int64_t trap_copy_string(char *dst, const char *src, uint64_t size);

/* An exception that no instruction of the program caused: NMI, double fault, machine check. */
bool trap_is_machine(const struct trap *trap);

/* The signal that an exception is to a process. */
int trap_signal(const struct trap *trap);

bool trap_in_copy(const struct trap *trap);
bool trap_copy_fault(struct trap *trap);

#endif
