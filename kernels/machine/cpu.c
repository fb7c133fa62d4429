/* SPDX-License-Identifier: MIT */
/* cpu.c: CPUID and the control registers that follow from it (SDM 2A CPUID, 3A 2.5, 1 13.x for XSAVE). */
#include "machine/cpu.h"
#include "base/format.h"
#include "machine/x86.h"

#define FXSAVE_BYTES 512
#define XSAVE_WANTED 7u /* x87, SSE, AVX */

struct cpu cpu;

static bool bit(uint32_t word, unsigned n)
{
    return word >> n & 1;
}

static void cpu_detect(void)
{
    struct x86_cpuid one = x86_cpuid(1, 0), seven = {0}, extended = x86_cpuid(0x80000001, 0);

    if (x86_cpuid(0, 0).a >= 7)
        seven = x86_cpuid(7, 0);
    cpu.nx = bit(extended.d, 20);
    cpu.smep = bit(seven.b, 7);
    cpu.smap = bit(seven.b, 20);
    cpu.umip = bit(seven.c, 2);
    cpu.fsgsbase = bit(seven.b, 0);
    cpu.invpcid = bit(seven.b, 10);
    cpu.pcid = bit(one.c, 17);
    cpu.x2apic = bit(one.c, 21);
    cpu.tsc_deadline = bit(one.c, 24);
    cpu.xsave = bit(one.c, 26);
    cpu.rdrand = bit(one.c, 30);
    cpu.hypervisor = bit(one.c, 31);
}

static void fpu_enable(void)
{
    x86_cr0_set((x86_cr0() & ~(uint64_t)(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE);
    x86_cr4_set(x86_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
    cpu.fpu_bytes = FXSAVE_BYTES;
    if (!cpu.xsave)
        return;
    x86_cr4_set(x86_cr4() | CR4_OSXSAVE);
    cpu.fpu_mask = x86_cpuid(0xd, 0).a & XSAVE_WANTED;
    x86_xsetbv(0, cpu.fpu_mask);
    cpu.fpu_bytes = x86_cpuid(0xd, 0).b;
    cpu.xsaveopt = bit(x86_cpuid(0xd, 1).a, 0);
}

void cpu_init(void)
{
    uint64_t cr4 = x86_cr4();

    cpu_detect();
    if (cpu.nx)
        x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | EFER_NXE);
    cr4 |= cpu.smep ? CR4_SMEP : 0;
    cr4 |= cpu.smap ? CR4_SMAP : 0;
    cr4 |= cpu.umip ? CR4_UMIP : 0;
    cr4 |= cpu.fsgsbase ? CR4_FSGSBASE : 0;
    x86_cr4_set(cr4);
    x86_cr0_set(x86_cr0() | CR0_WP);
    fpu_enable();
}

void cpu_describe(char *out, uint64_t size)
{
    const struct {
        bool have;
        const char *name;
    } features[] = {{cpu.nx, "nx"},           {cpu.smep, "smep"},         {cpu.smap, "smap"},
                    {cpu.umip, "umip"},       {cpu.fsgsbase, "fsgsbase"}, {cpu.pcid, "pcid"},
                    {cpu.invpcid, "invpcid"}, {cpu.x2apic, "x2apic"},     {cpu.tsc_deadline, "tsc_deadline"},
                    {cpu.xsave, "xsave"},     {cpu.xsaveopt, "xsaveopt"}, {cpu.rdrand, "rdrand"}};
    int used = 0;

    *out = '\0';
    for (unsigned i = 0; i < sizeof features / sizeof *features; i++)
        if (features[i].have && (uint64_t)used < size)
            used += format_text(out + used, size - (uint64_t)used, used ? " %s" : "%s", features[i].name);
}
