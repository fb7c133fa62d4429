/* SPDX-License-Identifier: MIT */
/* x86.h: the processor's instructions and constants that C has no words for (Intel SDM volumes 2 and 3). */
#ifndef TOLL_X86_H
#define TOLL_X86_H

/* Selectors; the order is what SYSCALL and SYSRET expect (SDM 3A 5.8.8). */
#define SEL_KERNEL_CODE 0x08
#define SEL_KERNEL_DATA 0x10
#define SEL_USER_BASE 0x18
#define SEL_USER_DATA 0x23
#define SEL_USER_CODE 0x2b
#define SEL_TSS 0x30

#define CR0_PE 0x1
#define CR0_MP 0x2
#define CR0_EM 0x4
#define CR0_TS 0x8
#define CR0_NE 0x20
#define CR0_WP 0x10000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define CR4_PGE 0x80
#define CR4_OSFXSR 0x200
#define CR4_OSXMMEXCPT 0x400
#define CR4_UMIP 0x800
#define CR4_FSGSBASE 0x10000
#define CR4_PCIDE 0x20000
#define CR4_OSXSAVE 0x40000
#define CR4_SMEP 0x100000
#define CR4_SMAP 0x200000
#define CR3_KEEP_BIT 63 /* of a load with CR4.PCIDE: keeps the number's cached translations */
#define INVPCID_ADDRESS 0
#define INVPCID_ASID 1
#define INVPCID_ALL 3 /* but those of global pages */

#define MSR_APIC_BASE 0x1b
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define EFER_SCE 0x1
#define EFER_LME 0x100
#define EFER_NXE 0x800

#define FLAGS_IF 0x200

#define VECTOR_NMI 2
#define VECTOR_BP 3
#define VECTOR_DF 8
#define VECTOR_PF 14
#define VECTOR_MC 18
#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_USER 4u
#define PF_FETCH 16u

#ifndef __ASSEMBLER__
#include <stdint.h>

#define CR3_KEEP (1ull << CR3_KEEP_BIT)

static inline void x86_out8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port));
}
static inline void x86_out32(uint16_t port, uint32_t v)
{
    __asm__ volatile("outl %0, %1" ::"a"(v), "Nd"(port));
}
static inline uint8_t x86_in8(uint16_t port)
{
    uint8_t v;
    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline uint32_t x86_in32(uint16_t port)
{
    uint32_t v;
    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline uint64_t x86_rdmsr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}
static inline void x86_wrmsr(uint32_t msr, uint64_t v)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

static inline uint64_t x86_rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* A random number, or what was there before if the generator has none at the moment. */
static inline uint64_t x86_rdrand(void)
{
    uint64_t v = 0;

    __asm__ volatile("rdrand %0" : "+r"(v)::"cc");
    return v;
}

struct x86_cpuid {
    uint32_t a, b, c, d;
};
static inline struct x86_cpuid x86_cpuid(uint32_t leaf, uint32_t sub)
{
    struct x86_cpuid r;
    __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(sub));
    return r;
}

#define X86_CR(n)                                                                                                      \
    static inline uint64_t x86_cr##n(void)                                                                             \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        __asm__ volatile("mov %%cr" #n ", %0" : "=r"(v));                                                              \
        return v;                                                                                                      \
    }                                                                                                                  \
    static inline void x86_cr##n##_set(uint64_t v)                                                                     \
    {                                                                                                                  \
        __asm__ volatile("mov %0, %%cr" #n ::"r"(v) : "memory");                                                       \
    }
X86_CR(0)
X86_CR(2)
X86_CR(3)
X86_CR(4)

static inline void x86_xsetbv(uint32_t index, uint64_t v)
{
    __asm__ volatile("xsetbv" ::"c"(index), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}
static inline void x86_invlpg(uint64_t address)
{
    __asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}
static inline void x86_invpcid(uint64_t type, uint64_t asid, uint64_t address)
{
    const uint64_t descriptor[2] = {asid, address};
    __asm__ volatile("invpcid %0, %1" ::"m"(descriptor), "r"(type) : "memory");
}
static inline void x86_clts(void)
{
    __asm__ volatile("clts" ::: "memory");
}
static inline void x86_cli(void)
{
    __asm__ volatile("cli" ::: "memory");
}
static inline void x86_sti(void)
{
    __asm__ volatile("sti" ::: "memory");
}
/* Interrupts on and wait for one; nothing can come between the two (SDM: STI's shadow). */
static inline void x86_sti_hlt_cli(void)
{
    __asm__ volatile("sti; hlt; cli" ::: "memory");
}
static inline uint64_t x86_flags(void)
{
    uint64_t f;
    __asm__ volatile("pushfq; popq %0" : "=r"(f)::"memory");
    return f;
}
#endif
#endif
