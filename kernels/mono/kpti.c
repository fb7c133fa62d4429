/* SPDX-License-Identifier: MIT */
/* kpti.c: the page that both tables hold: descriptor tables and stacks for the ways in and out of kpti.S. */
#include "mono/kpti.h"
#include "alloc.h"
#include "base/string.h"
#include "env.h"
#include "machine/cpu.h"
#include "machine/home.h"
#include "machine/paging.h"
#include "machine/tlb.h"
#include "machine/trap.h"
#include "machine/x86.h"
#include "mono/call.h"
#include <stddef.h>

#define GDT_ENTRIES 8
#define TSS_AVAILABLE 0x89ull
#define GATE_TARGET 0xffff00000000ffffull
#define MACHINE_STACK_BYTES 8192
#define MACHINE_IST 3 /* of the stack that trap_init gives to NMI, double fault and machine check */

struct kpti {
    uint64_t user_sp, rax; /* kpti.S's, for a few instructions */
    void (*trap)(void);
    void (*leave)(void);
    uint64_t gdt[GDT_ENTRIES];
    uint64_t idt[TRAP_VECTORS][2];
    struct trap_tss tss;
    char stack[KPTI_STACK_TOP - 32 - 8 * GDT_ENTRIES - 16 * TRAP_VECTORS - sizeof(struct trap_tss)];
    char machine_stack[MACHINE_STACK_BYTES];
} __attribute__((aligned(PAGE_BYTES)));
_Static_assert(offsetof(struct kpti, user_sp) == KPTI_USER_SP && offsetof(struct kpti, rax) == KPTI_RAX, "kpti.S");
_Static_assert(offsetof(struct kpti, trap) == KPTI_TRAP && offsetof(struct kpti, leave) == KPTI_LEAVE, "kpti.S");
_Static_assert(offsetof(struct kpti, machine_stack) == KPTI_STACK_TOP, "kpti.S");
_Static_assert(KPTI_BOOK_AS_SWITCH == WIRE_AS_SWITCH && KPTI_BOOK_AS_SWITCH_KEPT == WIRE_AS_SWITCH_KEPT, "kpti.S");
_Static_assert(KPTI_PAGE_BIT == PAGE_BYTES && KPTI_ASID_BIT == ASID_SECOND, "kpti.S");

struct pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

extern const char kpti_text[], kpti_text_end[];
extern const uint64_t kpti_stubs[TRAP_VECTORS];
void kpti_call(void), kpti_call_keep(void), kpti_trap(void), kpti_trap_keep(void), kpti_leave(void),
    kpti_leave_keep(void);

struct kpti kpti;

/* As those in use, but stacks and stubs are these. */
static void tables_make(void)
{
    struct pointer gdt, idt;
    uint64_t base = (uint64_t)&kpti.tss;

    __asm__ volatile("sgdt %0; sidt %1" : "=m"(gdt), "=m"(idt));
    memcpy(kpti.gdt, (const void *)gdt.base, sizeof kpti.gdt);
    memcpy(kpti.idt, (const void *)idt.base, sizeof kpti.idt);
    kpti.tss.rsp[0] = (uint64_t)kpti.machine_stack; /* the end of kpti.stack */
    kpti.tss.ist[MACHINE_IST] = (uint64_t)(kpti.machine_stack + MACHINE_STACK_BYTES);
    kpti.tss.io_map = sizeof kpti.tss;
    kpti.gdt[SEL_TSS / 8] =
        (sizeof kpti.tss - 1) | (base & 0xffffff) << 16 | TSS_AVAILABLE << 40 | (base >> 24 & 0xff) << 56;
    kpti.gdt[SEL_TSS / 8 + 1] = base >> 32;
    for (unsigned v = 0; v < TRAP_VECTORS; v++) {
        kpti.idt[v][0] =
            (kpti.idt[v][0] & ~GATE_TARGET) | (kpti_stubs[v] & 0xffff) | (kpti_stubs[v] >> 16 & 0xffff) << 48;
        kpti.idt[v][1] = kpti_stubs[v] >> 32;
    }
}

static void tables_load(void)
{
    struct pointer gdt = {sizeof kpti.gdt - 1, (uint64_t)kpti.gdt}, idt = {sizeof kpti.idt - 1, (uint64_t)kpti.idt};

    __asm__ volatile("lgdt %0; lidt %1; ltr %w2" ::"m"(gdt), "m"(idt), "r"(SEL_TSS) : "memory");
}

void kpti_init(void)
{
    bool tagged = tlb_tagged;

    paging_split();
    if (tagged && !tlb_tagged)
        env_log("PCID is not used: with two tables a space it needs INVPCID");
    paging_split_show(kpti_text, kpti_text_end);
    paging_split_show(&kpti, &kpti + 1);
    kpti.trap = tlb_tagged ? kpti_trap_keep : kpti_trap;
    kpti.leave = tlb_tagged ? kpti_leave_keep : kpti_leave;
    tables_make();
    tables_load();
    x86_wrmsr(MSR_LSTAR, (uint64_t)(tlb_tagged ? kpti_call_keep : kpti_call));
    call_enter_user = kpti_enter_user;
}
