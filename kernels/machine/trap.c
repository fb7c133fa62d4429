/* SPDX-License-Identifier: MIT */
/* trap.c: descriptor tables (SDM 3A chapters 3, 6 and 7). */
#include "machine/trap.h"
#include "base/string.h"
#include "machine/x86.h"

#define STACK_BYTES 8192
#define GATE_INTERRUPT 0x8e00ull
#define GATE_RING3 0x6000ull
#define IST_EXCEPTION 1
#define IST_FAULT 2
#define IST_INTERRUPT 3
#define IST_DOUBLE 4

struct pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

extern const uint64_t trap_stubs[TRAP_VECTORS];

static uint64_t gdt[8] = {
    0,
    0x00af9b000000ffff, /* kernel code */
    0x00cf93000000ffff, /* kernel data */
    0,                  /* SEL_USER_BASE: 32-bit code, not offered */
    0x00cff3000000ffff, /* user data */
    0x00affb000000ffff, /* user code */
};
static uint64_t idt[TRAP_VECTORS][2];
struct trap_tss trap_tss;
static char stacks[4][STACK_BYTES] __attribute__((aligned(16)));
uint64_t trap_stack_top;

static void gate_set(unsigned vector, unsigned ist)
{
    uint64_t target = trap_stubs[vector], ring = vector == VECTOR_BP ? GATE_RING3 : 0;
    idt[vector][0] = (target & 0xffff) | (uint64_t)SEL_KERNEL_CODE << 16 | (uint64_t)ist << 32 | ring << 32 |
                     GATE_INTERRUPT << 32 | (target >> 16 & 0xffff) << 48;
    idt[vector][1] = target >> 32;
}

static unsigned vector_ist(unsigned vector, bool own_stacks)
{
    if (vector == VECTOR_DF || vector == VECTOR_NMI || vector == VECTOR_MC)
        return IST_DOUBLE;
    if (!own_stacks)
        return 0;
    return vector == VECTOR_PF ? IST_FAULT : vector < 32 ? IST_EXCEPTION : IST_INTERRUPT;
}

static void tables_load(void)
{
    struct pointer g = {sizeof gdt - 1, (uint64_t)gdt}, i = {sizeof idt - 1, (uint64_t)idt};

    __asm__ volatile("lgdt %0; lidt %1; ltr %w2" ::"m"(g), "m"(i), "r"(SEL_TSS) : "memory");
}

void trap_init(bool own_stacks)
{
    uint64_t base = (uint64_t)&trap_tss;

    for (unsigned i = 0; i < 4; i++)
        trap_tss.ist[i] = (uint64_t)stacks[i] + STACK_BYTES;
    trap_tss.io_map = sizeof trap_tss;
    gdt[6] = (sizeof trap_tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    gdt[7] = base >> 32;
    for (unsigned v = 0; v < TRAP_VECTORS; v++)
        gate_set(v, vector_ist(v, own_stacks));
    tables_load();
}

void trap_ports_allow(uint16_t first, uint16_t count)
{
    memset(trap_tss.ports, 0xff, sizeof trap_tss.ports);
    for (unsigned port = first; port < (unsigned)first + count && port < TRAP_PORTS; port++)
        trap_tss.ports[port / 8] &= (uint8_t) ~(1u << port % 8);
}
