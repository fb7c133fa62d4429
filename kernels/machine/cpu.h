/* SPDX-License-Identifier: MIT */
/* cpu.h: what this processor has, and switching it on. */
#ifndef TOLL_CPU_H
#define TOLL_CPU_H

#include "machine/x86.h"
#include <stdbool.h>
#include <stdint.h>

struct cpu {
    bool nx, smep, smap, umip, fsgsbase, pcid, invpcid, x2apic, tsc_deadline, xsave, xsaveopt, rdrand, hypervisor;
    uint32_t fpu_bytes; /* of a state save area, 64-byte aligned */
    uint64_t fpu_mask;  /* XCR0 */
};
extern struct cpu cpu;

/* Detects and switches on NX, SMEP, SMAP, UMIP, FSGSBASE, SSE and XSAVE.  Call before paging_init. */
void cpu_init(void);

/* The features as one line of text, for the console. */
void cpu_describe(char *out, uint64_t size);

/* Saves and loads the floating-point state; area: cpu.fpu_bytes, 64-byte aligned, cleared once and prepared by
   cpu_fpu_init before the first load. */
void cpu_fpu_init(void *area);

static inline void cpu_fpu_load(const void *area)
{
    if (cpu.xsave)
        __asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"((uint32_t)cpu.fpu_mask), "d"(0) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}

/* Saves to one area and loads another. */
static inline void cpu_fpu_switch(void *from, const void *to)
{
    uint32_t mask = (uint32_t)cpu.fpu_mask;

    if (cpu.xsaveopt)
        __asm__ volatile("xsaveopt64 (%0); xrstor64 (%1)" ::"r"(from), "r"(to), "a"(mask), "d"(0) : "memory");
    else if (cpu.xsave)
        __asm__ volatile("xsave64 (%0); xrstor64 (%1)" ::"r"(from), "r"(to), "a"(mask), "d"(0) : "memory");
    else
        __asm__ volatile("fxsave64 (%0); fxrstor64 (%1)" ::"r"(from), "r"(to) : "memory");
}

/* The running thread's FS base; with FSGSBASE the application can change it by itself. */
static inline uint64_t cpu_fs_base(void)
{
    uint64_t base;

    if (!cpu.fsgsbase)
        return x86_rdmsr(MSR_FS_BASE);
    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

/* The same of GS, with FSGSBASE only. */
static inline uint64_t cpu_gs_base(void)
{
    uint64_t base;

    __asm__ volatile("rdgsbase %0" : "=r"(base));
    return base;
}

static inline void cpu_gs_base_set(uint64_t base)
{
    __asm__ volatile("wrgsbase %0" ::"r"(base));
}

static inline void cpu_fs_base_set(uint64_t base)
{
    if (cpu.fsgsbase)
        __asm__ volatile("wrfsbase %0" ::"r"(base));
    else
        x86_wrmsr(MSR_FS_BASE, base);
}

/* Between these, this domain may touch pages of ring 3 (SMAP). */
static inline void cpu_user_begin(void)
{
    if (cpu.smap)
        __asm__ volatile("stac" ::: "memory");
}
static inline void cpu_user_end(void)
{
    if (cpu.smap)
        __asm__ volatile("clac" ::: "memory");
}

#endif
