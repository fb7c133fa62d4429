/* SPDX-License-Identifier: MIT */
/*
 * fault.c: exceptions of ring 3.  A page fault of the program is a message to the thread's pager, which replies when
 * the access may be tried again.  Any other exception, and what the pager does not mend, is told to the process itself
 * by an upcall.  A process that takes none has its pager told of all exceptions; with neither it ends.
 */
#include "micro/fault.h"
#include "env.h"
#include "machine/home.h"
#include "machine/x86.h"
#include "micro/fpu.h"
#include "micro/ipc.h"
#include "micro/process.h"
#include "micro/space.h"

#define VECTOR_NM 7

/* The processor, not the program, touched a present page of ring 3 from there (SDM 3A 4.6.1: implicit supervisor
   access), and SMAP forbade it: trying again would fault again.  QEMU 7.2 does so for LRET and IRET in ring 3. */
static bool is_implicit(const struct trap *trap)
{
    return trap->vector == VECTOR_PF && trap->error & PF_PRESENT && !(trap->error & PF_USER);
}

/* Whether the pager says that the thread may try again. */
static bool pager_ask(struct tcb *self, const struct trap *trap, uint64_t address)
{
    struct registers message = {.rdx = MICRO_TAG(trap->vector, 0) | MICRO_TAG_FAULT,
                                .r10 = address,
                                .r8 = trap->vector == VECTOR_PF && !is_implicit(trap) ? home_fault_access(trap) : 0,
                                .r9 = trap->rip,
                                .rax = self->space->label};

    return ipc_send_fault(self, &message) == 0 && MICRO_TAG_OP(message.rdx) == 0;
}

void fault_end(const struct trap *trap, uint64_t address)
{
    struct process *p = tcb_running->process;

    if (tcb_running->thread->killed)
        return;
    env_log("process %s is ended by exception %lu, error %lx, at %lx, address %lx", p->name,
            (unsigned long)trap->vector, (unsigned long)trap->error, (unsigned long)trap->rip, (unsigned long)address);
    if (p->common)
        tcb_kill(tcb_running);
    else
        process_end(p);
}

void fault_user(struct trap *trap, uint64_t address)
{
    struct tcb *self = tcb_running;
    const struct domain_info *info = self->info;
    bool paged = trap->vector == VECTOR_PF && address < APP_END && !is_implicit(trap);

    if (trap->vector == VECTOR_NM) {
        fpu_take(self->thread);
        return;
    }
    if (self->pager.kind && (paged || !info->upcall_entry) && pager_ask(self, trap, address))
        return;
    if (!self->thread->killed && !upcall_exception(trap, info, address))
        fault_end(trap, address);
}
