/* SPDX-License-Identifier: MIT */
/*
 * apic.c: interrupt controllers and the clock.  The timer runs in TSC-deadline mode where there is one, else as a
 * one-shot counter of the APIC's bus clock, which is 1 GHz in QEMU and in KVM (KVM_CAP_X86_APIC_BUS_CYCLES_NS
 * documents 1 ns as the default).
 */
#include "machine/apic.h"
#include "machine/bus.h"
#include "machine/cpu.h"
#include "machine/trap.h"
#include "machine/x86.h"

#define LOCAL_PHYSICAL 0xfee00000u
#define IO_PHYSICAL 0xfec00000u
#define LOCAL_EOI 0x0b
#define LOCAL_SPURIOUS 0x0f
#define LOCAL_TIMER 0x32
#define LOCAL_LINT1 0x36 /* where a PC has its NMI */
#define LOCAL_TIMER_START 0x38
#define LOCAL_TIMER_NOW 0x39
#define LOCAL_TIMER_DIVIDE 0x3e
#define X2APIC_MSR 0x800
#define BASE_ENABLE (1u << 11)
#define BASE_X2APIC (1u << 10)
#define SPURIOUS_ENABLE 0x100
#define LVT_MASKED (1u << 16)
#define LVT_NMI 0x400
#define LVT_DEADLINE (2u << 17)
#define DIVIDE_BY_1 0xb
#define IO_MASKED (1u << 16)
#define OLD_PIC_MASK 0x21 /* and 0xa1: the two 8259s of a PC, which must stay silent */
#define BUS_HZ 1000000000ull
#define CALIBRATE_TICKS 20000u /* at least */
#define CALIBRATE_TICKS_MAX (1u << 31)
#define CALIBRATE_PARTS 256u /* of the time that is measured, one may be unknown */
#define CALIBRATE_TRIES 8u
#define TIMER_STEP_NS 3600000000000ull
#define LEAF_TSC 0x15
#define LEAF_HYPERVISOR 0x40000000u
#define LEAF_TIMING 0x40000010u

static volatile uint32_t *local, *io;
static uint64_t tsc_hz, tsc_start, ns_scale, tsc_scale;

static void local_write(unsigned reg, uint32_t v)
{
    if (cpu.x2apic)
        x86_wrmsr(X2APIC_MSR + reg, v);
    else
        local[reg * 4] = v;
}

static uint32_t local_read(unsigned reg)
{
    return cpu.x2apic ? (uint32_t)x86_rdmsr(X2APIC_MSR + reg) : local[reg * 4];
}

static void io_write(unsigned reg, uint32_t v)
{
    io[0] = reg;
    io[4] = v;
}

void apic_line_enable(unsigned gsi, unsigned vector)
{
    io_write(0x11 + 2 * gsi, 0);
    io_write(0x10 + 2 * gsi, vector);
}

void apic_line_disable(unsigned gsi)
{
    io_write(0x10 + 2 * gsi, IO_MASKED);
}

void apic_end_of_interrupt(void)
{
    local_write(LOCAL_EOI, 0);
}

void apic_init(void)
{
    uint64_t base = x86_rdmsr(MSR_APIC_BASE) | BASE_ENABLE;

    x86_out8(OLD_PIC_MASK, 0xff);
    x86_out8(OLD_PIC_MASK + 0x80, 0xff);
    x86_wrmsr(MSR_APIC_BASE, base);
    if (cpu.x2apic)
        x86_wrmsr(MSR_APIC_BASE, base | BASE_X2APIC);
    else
        local = bus_map(LOCAL_PHYSICAL, 4096);
    io = bus_map(IO_PHYSICAL, 4096);
    for (unsigned gsi = 0; gsi < TRAP_GSI_MAX; gsi++)
        apic_line_disable(gsi);
    local_write(LOCAL_SPURIOUS, SPURIOUS_ENABLE | TRAP_SPURIOUS);
    local_write(LOCAL_LINT1, LVT_NMI); /* so that a guest that hangs can be asked where: it panics */
    local_write(LOCAL_TIMER_DIVIDE, DIVIDE_BY_1);
    local_write(LOCAL_TIMER, LVT_MASKED | TRAP_TIMER);
}

void bus_msi_target(unsigned n, uint64_t *address, uint32_t *data)
{
    *address = LOCAL_PHYSICAL;
    *data = TRAP_MSI(n);
}

static uint64_t tsc_hz_told(void)
{
    struct x86_cpuid r;

    if (cpu.hypervisor && x86_cpuid(LEAF_HYPERVISOR, 0).a >= LEAF_TIMING)
        return x86_cpuid(LEAF_TIMING, 0).a * 1000ull;
    if (x86_cpuid(0, 0).a < LEAF_TSC)
        return 0;
    r = x86_cpuid(LEAF_TSC, 0);
    return r.a && r.b && r.c ? (uint64_t)r.c * r.b / r.a : 0;
}

/* Both clocks at one moment. */
struct moment {
    uint64_t tsc, error; /* the moment lies between tsc and tsc + error */
    uint32_t timer;      /* counts down */
};

/* The best of a few: a virtual processor may stand still between any two instructions, for many milliseconds. */
static struct moment moment_read(void)
{
    struct moment best = {.error = UINT64_MAX};

    for (unsigned i = 0; i < CALIBRATE_TRIES; i++) {
        uint64_t tsc = x86_rdtsc();
        uint32_t timer = local_read(LOCAL_TIMER_NOW);
        uint64_t error = x86_rdtsc() - tsc;
        if (error < best.error)
            best = (struct moment){tsc, error, timer};
    }
    return best;
}

/* Goes on until what is not known of the two moments is a small part of the time between them. */
static uint64_t tsc_hz_measured(void)
{
    struct moment first, now;
    uint32_t ticks;

    local_write(LOCAL_TIMER_START, UINT32_MAX);
    first = moment_read();
    do {
        now = moment_read();
        ticks = first.timer - now.timer;
    } while (ticks < CALIBRATE_TICKS ||
             (ticks < CALIBRATE_TICKS_MAX && (first.error + now.error) * CALIBRATE_PARTS > now.tsc - first.tsc));
    local_write(LOCAL_TIMER_START, 0);
    return (now.tsc - first.tsc) * BUS_HZ / ticks;
}

void apic_clock_init(void)
{
    tsc_hz = tsc_hz_told();
    if (!tsc_hz)
        tsc_hz = tsc_hz_measured();
    ns_scale = (1000000000ull << 32) / tsc_hz;
    tsc_scale = (tsc_hz / 1000000000u << 32) + (tsc_hz % 1000000000u << 32) / 1000000000u;
    tsc_start = x86_rdtsc();
    local_write(LOCAL_TIMER, (cpu.tsc_deadline ? LVT_DEADLINE : 0) | TRAP_TIMER);
}

uint64_t apic_now_ns(void)
{
    return (uint64_t)((unsigned __int128)(x86_rdtsc() - tsc_start) * ns_scale >> 32);
}

void apic_clock_tell(uint64_t *start, uint64_t *scale)
{
    *start = tsc_start;
    *scale = ns_scale;
}

/* A far deadline comes in steps: the tick finds nothing to do and asks again. */
static void timer_set_deadline(uint64_t deadline_ns)
{
    uint64_t latest = apic_now_ns() + TIMER_STEP_NS;

    if (deadline_ns != UINT64_MAX && deadline_ns > latest)
        deadline_ns = latest;
    if (deadline_ns == UINT64_MAX)
        x86_wrmsr(MSR_TSC_DEADLINE, 0);
    else
        x86_wrmsr(MSR_TSC_DEADLINE, tsc_start + (uint64_t)((unsigned __int128)deadline_ns * tsc_scale >> 32) + 1);
}

static void timer_set_count(uint64_t deadline_ns)
{
    uint64_t now = apic_now_ns(), wait = deadline_ns > now ? deadline_ns - now : 1;

    if (deadline_ns == UINT64_MAX)
        wait = 0;
    local_write(LOCAL_TIMER_START, wait > UINT32_MAX ? UINT32_MAX : (uint32_t)wait);
}

void apic_timer_set(uint64_t deadline_ns)
{
    if (cpu.tsc_deadline)
        timer_set_deadline(deadline_ns);
    else
        timer_set_count(deadline_ns);
}
