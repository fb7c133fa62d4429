/* SPDX-License-Identifier: MIT */
/* fpu.c: see fpu.h. */
#include "micro/fpu.h"
#include "machine/cpu.h"
#include "machine/x86.h"
#include "sched.h"

struct thread *fpu_owner;
bool fpu_off;
uint64_t fpu_off_cr0;

void fpu_init(void)
{
    fpu_off_cr0 = x86_cr0() | CR0_TS;
    x86_cr0_set(fpu_off_cr0);
    fpu_off = true;
}

void fpu_take(struct thread *self)
{
    x86_clts();
    fpu_off = false;
    if (fpu_owner)
        cpu_fpu_switch(fpu_owner->fpu, self->fpu);
    else
        cpu_fpu_load(self->fpu);
    fpu_owner = self;
}

void fpu_forget(const struct thread *t)
{
    if (fpu_owner == t)
        fpu_owner = NULL;
}
