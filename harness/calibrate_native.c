/* SPDX-License-Identifier: MIT */
/*
 * calibrate_native.c: what a process in ring 3 can measure.  A system call and a page fault include the way through the
 * host's kernel, so they are upper bounds of what the processor takes; the guest measures them bare.
 */
#include "calibrate.h"
#include "calibrate_cycles.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define ROUNDS 101
#define WARM 5
#define TIMES 200
#define PAGE 4096

struct way {
    const char *name, *how;
    void (*run)(void); /* TIMES times */
    void (*prepare)(void);
    double times;
    bool bound;
};

static char *fault_pages;

static void empty_run(void)
{
    for (int i = 0; i < TIMES; i++)
        __asm__ volatile("" ::: "memory");
}

static void syscall_run(void)
{
    for (int i = 0; i < TIMES; i++) {
        long number = -1;

        __asm__ volatile("syscall" : "+a"(number)::"rcx", "r11", "memory");
    }
}

/* The pages stay in the file, so that a fault only maps one. */
static void fault_prepare(void)
{
    madvise(fault_pages, TIMES * PAGE, MADV_DONTNEED);
}

static void fault_run(void)
{
    for (int i = 0; i < TIMES; i++)
        *(volatile char *)(fault_pages + (size_t)i * PAGE) = 1;
}

/* Goes on after UD2, which has two bytes. */
static void undefined_take(int signal, siginfo_t *info, void *context)
{
    ucontext_t *state = context;

    (void)signal;
    (void)info;
    state->uc_mcontext.gregs[REG_RIP] += 2;
}

static void signal_run(void)
{
    for (int i = 0; i < TIMES; i++)
        __asm__ volatile("ud2" ::: "memory");
}

/* What kernels do most: loads, one of them of a pointer, stores, additions, comparisons, a call.  20 instructions. */
#define MIX_INSTRUCTIONS 20
static void mix_run(void)
{
    static struct {
        void *self;
        uint64_t words[7];
    } node = {.self = &node};
    void *at = &node;
    long left = TIMES;

    __asm__ volatile("1: mov (%0), %0\n"
                     "   mov 8(%0), %%rax\n"
                     "   add $1, %%rax\n"
                     "   mov %%rax, 8(%0)\n"
                     "   mov 16(%0), %%rdx\n"
                     "   lea 4(%%rdx), %%rcx\n"
                     "   cmp %%rcx, %%rdx\n"
                     "   je 2f\n"
                     "   mov %%rcx, 24(%0)\n"
                     "   and $63, %%rcx\n"
                     "   test %0, %0\n"
                     "   je 2f\n"
                     "   movzbl 32(%0), %%esi\n"
                     "   shl $3, %%rsi\n"
                     "   add %%rsi, %%rcx\n"
                     "   xor %%edx, %%edx\n"
                     "   mov %%rdx, 40(%0)\n"
                     "   mov 48(%0), %%rax\n"
                     "   dec %1\n"
                     "   jnz 1b\n"
                     "2:\n"
                     : "+r"(at), "+r"(left)::"rax", "rcx", "rdx", "rsi", "cc", "memory");
}

static double way_measure(struct arena *arena, struct calibrate *calibrate, const struct way *way, double empty)
{
    double cycles[ROUNDS];

    for (int i = -WARM; i < ROUNDS; i++) {
        uint64_t start;

        if (way->prepare)
            way->prepare();
        start = calibrate_cycles();
        way->run();
        cycles[i < 0 ? 0 : i] = (double)(calibrate_cycles() - start);
    }
    calibrate_add(arena, calibrate,
                  (struct calibrate_value){.name = way->name, .how = way->how, .native = true, .bound = way->bound},
                  cycles, ROUNDS, way->times, empty);
    return calibrate->values[calibrate->count - 1].cycles;
}

static void fault_measure(struct arena *arena, struct calibrate *calibrate, double empty)
{
    static const struct way way = {"exception",
                                   "a page fault whose page is in the page cache; includes the way through the host's "
                                   "kernel, which maps the page",
                                   fault_run,
                                   fault_prepare,
                                   TIMES,
                                   true};
    int fd = memfd_create("toll-calibrate", MFD_CLOEXEC);

    fault_pages = fd >= 0 && ftruncate(fd, TIMES * PAGE) == 0
                      ? mmap(NULL, TIMES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                      : MAP_FAILED;
    if (fault_pages == MAP_FAILED) {
        calibrate_refuse(arena, calibrate, (struct calibrate_value){.name = way.name, .how = way.how, .native = true},
                         strerror(errno));
    } else {
        madvise(fault_pages, TIMES * PAGE, MADV_RANDOM);
        fault_run();
        way_measure(arena, calibrate, &way, empty);
        munmap(fault_pages, TIMES * PAGE);
    }
    if (fd >= 0)
        close(fd);
}

static void signal_measure(struct arena *arena, struct calibrate *calibrate, double empty)
{
    static const struct way way = {
        "signal", "UD2 to a signal handler and back: an exception and the kernel's delivery", signal_run, NULL, TIMES,
        true};
    struct sigaction take = {.sa_sigaction = undefined_take, .sa_flags = SA_SIGINFO}, before;

    sigaction(SIGILL, &take, &before);
    way_measure(arena, calibrate, &way, empty);
    sigaction(SIGILL, &before, NULL);
}

/* Stays on the processor it is on; false if that cannot be. */
static bool affinity_bind(cpu_set_t *before)
{
    cpu_set_t one;
    int cpu = sched_getcpu();

    if (cpu < 0 || sched_getaffinity(0, sizeof(*before), before))
        return false;
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    return sched_setaffinity(0, sizeof(one), &one) == 0;
}

void calibrate_native(struct arena *arena, const struct profile *base, struct calibrate *calibrate)
{
    static const struct way empty = {
        "timer", "the timer and a loop that does nothing, once around", empty_run, NULL, TIMES, false};
    static const struct way call = {"syscall",
                                    "a system call that does not exist; includes the host kernel's entry and exit with "
                                    "its mitigations",
                                    syscall_run,
                                    NULL,
                                    TIMES,
                                    true};
    static const struct way mix = {
        "mix",
        "an instruction of a loop of loads, stores, arithmetic and branches in L1: a floor of cpi",
        mix_run,
        NULL,
        (double)TIMES * MIX_INSTRUCTIONS,
        false};
    cpu_set_t before;
    bool bound = affinity_bind(&before);
    double nothing = way_measure(arena, calibrate, &empty, 0);

    way_measure(arena, calibrate, &call, nothing);
    fault_measure(arena, calibrate, nothing);
    signal_measure(arena, calibrate, nothing);
    way_measure(arena, calibrate, &mix, 0);
    calibrate_chase(arena, base, calibrate);
    if (bound)
        sched_setaffinity(0, sizeof(before), &before);
}
