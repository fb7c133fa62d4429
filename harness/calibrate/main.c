/* SPDX-License-Identifier: MIT */
/*
 * main.c: measures what crossings cost this processor, and what leaving to the hypervisor costs, by the TSC.
 *
 * Each way is done many times between two readings of the TSC, ROUNDS times over, after rounds that do not count.
 * What was read goes to the first serial port as it is, a line a way, for the harness to judge:
 *
 *      CAL NAME TIMES CYCLES...            the cycles of each round, of so many times
 *      CAL NAME none REASON...             it cannot be done here
 *
 * `empty` is the loop with nothing in it.  Ways of ring 3 run with interrupts off; nothing else happens in the guest.
 */
#include "guest.h"
#include <stdbool.h>

#define OFTEN 100 /* what stays in the guest */
#define SELDOM 20 /* what leaves to the hypervisor, where an emulated one takes long */
#define ROUNDS 31
#define WARM 3

#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084
#define MSR_TSC_DEADLINE 0x6e0
#define CR4_PCIDE (1ul << 17)
#define CR3_KEEP (1ul << 63)
#define FEATURE_PCID (1u << 17)
#define FEATURE_TSC_DEADLINE (1u << 24)
#define FEATURE_HYPERVISOR (1u << 31)

#define APIC_SPURIOUS 0xf0
#define APIC_COMMAND 0x300
#define APIC_TIMER 0x320
#define APIC_TIMER_START 0x380
#define APIC_TIMER_DIVIDE 0x3e0
#define APIC_ON 0x1ff
#define APIC_TO_SELF 0x40000
#define DIVIDE_BY_1 0xb
#define TIMER_TICKS 20000 /* of a nanosecond under QEMU and KVM: 20 us */

#define SERIAL 0x3f8
#define SERIAL_STATUS (SERIAL + 5)
#define SERIAL_EMPTY 0x20
#define NOWHERE (8ul << 30) /* beyond what is mapped */
#define PORT_NOBODYS 0x80
#define DEVICE 0xfeb00000ul /* microvm: the first virtio-mmio slot; elsewhere nothing, which QEMU answers too */

static uint64_t clock_read(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static void msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static void port_write(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static void apic_write(unsigned offset, uint32_t value)
{
    *(volatile uint32_t *)((uintptr_t)APIC + offset) = value;
}

static uint32_t features(void)
{
    uint32_t a = 1, b, c = 0, d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return c;
}

/* "KVMKVMKVM" (Documentation/virt/kvm/x86/cpuid.rst). */
static bool is_on_kvm(void)
{
    uint32_t a = 0x40000000, b, c = 0, d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return (features() & FEATURE_HYPERVISOR) && b == 0x4b4d564b && c == 0x564b4d56;
}

static bool is_amd(void)
{
    uint32_t a = 0, b, c = 0, d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return b == 0x68747541; /* "Auth" */
}

/* Serial output. */
static void text_print(const char *text)
{
    for (; *text; text++) {
        uint8_t status;

        do
            __asm__ volatile("inb %1, %0" : "=a"(status) : "Nd"((uint16_t)SERIAL_STATUS) : "memory");
        while (!(status & SERIAL_EMPTY));
        port_write(SERIAL, (uint8_t)*text);
    }
}

static void number_print(uint64_t value)
{
    char digits[24], *at = digits + sizeof(digits) - 1;

    *at = '\0';
    do
        *--at = (char)('0' + value % 10);
    while (value /= 10);
    text_print(at);
}

/* A function that does STATEMENT so many times and gives back the cycles. */
#define WAY(name, times, statement)                                                                                    \
    static uint64_t name(void)                                                                                         \
    {                                                                                                                  \
        uint64_t start = clock_read();                                                                                 \
                                                                                                                       \
        for (int i = 0; i < (times); i++)                                                                              \
            statement;                                                                                                 \
        return clock_read() - start;                                                                                   \
    }

static uint64_t page_table;

static void interrupt_wait(uint64_t before)
{
    while (guest_interrupts == before)
        __asm__ volatile("pause" ::: "memory");
}

static void ipi_take(void)
{
    uint64_t before = guest_interrupts;

    apic_write(APIC_COMMAND, APIC_TO_SELF | VECTOR_IPI);
    interrupt_wait(before);
}

static void timer_take(void)
{
    uint64_t before = guest_interrupts;

    apic_write(APIC_TIMER_START, TIMER_TICKS);
    interrupt_wait(before);
}

/* STI takes effect after HLT has begun, so the interrupt cannot come between them. */
static void timer_sleep(void)
{
    uint64_t before = guest_interrupts;

    __asm__ volatile("cli" ::: "memory");
    apic_write(APIC_TIMER_START, TIMER_TICKS);
    while (guest_interrupts == before)
        __asm__ volatile("sti; hlt; cli" ::: "memory");
    __asm__ volatile("sti" ::: "memory");
}

WAY(empty, OFTEN, __asm__ volatile("" ::: "memory"))
WAY(syscall, OFTEN, __asm__ volatile("syscall" ::: "rcx", "r11", "memory"))
WAY(exception, OFTEN, __asm__ volatile(".byte 0x8a, 0x08" ::"a"(NOWHERE) : "cl", "memory")) /* movb (%rax), %cl */
WAY(cr3_drop, OFTEN, __asm__ volatile("mov %0, %%cr3" ::"r"(page_table) : "memory"))
WAY(cr3_keep, OFTEN, __asm__ volatile("mov %0, %%cr3" ::"r"(page_table | CR3_KEEP) : "memory"))
WAY(invlpg, OFTEN, __asm__ volatile("invlpg (%0)" ::"r"(SERIAL + (1ul << 30)) : "memory"))
WAY(wrmsr, SELDOM, msr_write(MSR_TSC_DEADLINE, 0))
WAY(port_out, SELDOM, port_write(PORT_NOBODYS, 0))
WAY(mmio_read, SELDOM, (void)*(volatile uint32_t *)DEVICE)
WAY(apic_eoi, SELDOM, apic_write(APIC_EOI, 0))
WAY(ipi, SELDOM, ipi_take())
WAY(timer_spin, SELDOM, timer_take())
WAY(timer_halt, SELDOM, timer_sleep())

static uint64_t hypercall(void)
{
    bool amd = is_amd();
    uint64_t start = clock_read();

    for (int i = 0; i < SELDOM; i++) {
        uint64_t number = ~0ul;

        if (amd)
            __asm__ volatile("vmmcall" : "+a"(number)::"rbx", "memory");
        else
            __asm__ volatile("vmcall" : "+a"(number)::"rbx", "memory");
    }
    return clock_read() - start;
}

enum ring { RING_0, RING_3 };

static uint64_t round_run(uint64_t (*way)(void), enum ring ring)
{
    return ring == RING_3 ? guest_user_run(way) : way();
}

static void measure(const char *name, uint64_t (*way)(void), enum ring ring, int times)
{
    uint64_t cycles[ROUNDS];

    for (int i = 0; i < WARM; i++)
        round_run(way, ring);
    for (int i = 0; i < ROUNDS; i++)
        cycles[i] = round_run(way, ring);
    text_print("CAL ");
    text_print(name);
    text_print(" ");
    number_print((uint64_t)times);
    for (int i = 0; i < ROUNDS; i++) {
        text_print(" ");
        number_print(cycles[i]);
    }
    text_print("\n");
}

static void refuse(const char *name, const char *reason)
{
    text_print("CAL ");
    text_print(name);
    text_print(" none ");
    text_print(reason);
    text_print("\n");
}

static void gate_set(unsigned vector, void (*handler)(void))
{
    uint64_t address = (uint64_t)handler;
    uint16_t *gate = guest_idt[vector];

    gate[0] = (uint16_t)address;
    gate[1] = KERNEL_CODE;
    gate[2] = 0xee00; /* an interrupt gate that ring 3 may use */
    gate[3] = (uint16_t)(address >> 16);
}

static void machine_prepare(void)
{
    for (unsigned vector = 0; vector < 256; vector++)
        gate_set(vector, guest_unexpected);
    gate_set(VECTOR_PAGE_FAULT, guest_page_fault);
    gate_set(VECTOR_IPI, guest_ipi);
    gate_set(VECTOR_TIMER, guest_timer);
    gate_set(VECTOR_LEAVE, guest_leave);
    msr_write(MSR_STAR, (uint64_t)KERNEL_CODE << 32 | (uint64_t)KERNEL_DATA << 48 | 3ul << 48);
    msr_write(MSR_LSTAR, (uint64_t)guest_syscall_entry);
    msr_write(MSR_FMASK, 0);
    __asm__ volatile("mov %%cr3, %0" : "=r"(page_table));
    apic_write(APIC_SPURIOUS, APIC_ON);
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
    apic_write(APIC_TIMER, VECTOR_TIMER);
}

static void page_tables_measure(void)
{
    uint64_t cr4;

    measure("as_switch", cr3_drop, RING_0, OFTEN);
    if (!(features() & FEATURE_PCID)) {
        refuse("as_switch_kept", "the processor has no PCID");
        return;
    }
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4 | CR4_PCIDE) : "memory");
    measure("as_switch_kept", cr3_keep, RING_0, OFTEN);
    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4) : "memory");
}

void guest_main(void)
{
    machine_prepare();
    measure("empty", empty, RING_0, OFTEN);
    measure("syscall", syscall, RING_3, OFTEN);
    measure("exception", exception, RING_3, OFTEN);
    page_tables_measure();
    measure("invlpg", invlpg, RING_0, OFTEN);
    if (is_on_kvm())
        measure("hypercall", hypercall, RING_0, SELDOM);
    else
        refuse("hypercall", "there is no KVM underneath");
    if (features() & FEATURE_TSC_DEADLINE)
        measure("wrmsr", wrmsr, RING_0, SELDOM);
    else
        refuse("wrmsr", "the processor has no TSC-deadline timer");
    measure("port_io", port_out, RING_0, SELDOM);
    measure("mmio", mmio_read, RING_0, SELDOM);
    measure("apic_eoi", apic_eoi, RING_0, SELDOM);
    __asm__ volatile("sti" ::: "memory");
    measure("ipi", ipi, RING_0, SELDOM);
    measure("timer_spin", timer_spin, RING_0, SELDOM);
    measure("timer_halt", timer_halt, RING_0, SELDOM);
    __asm__ volatile("cli" ::: "memory");
    text_print("CAL end\n");
}
