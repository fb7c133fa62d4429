/* SPDX-License-Identifier: MIT */
/* fuzz.h: what the files of fuzz_kernel share: calls with all registers as wished, random values, one table a kernel.
 */
#ifndef TOLL_FUZZ_KERNEL_H
#define TOLL_FUZZ_KERNEL_H

#include "raw.h"
#include "toll.h"

#define FUZZ_PAGE 4096ull

/* Registers before and after a SYSCALL instruction.  The order is raw.c's. */
struct regs {
    uint64_t rdi, rsi, rdx, r10, r8, r9, rax; /* number, six arguments */
    uint64_t rcx, r11;
    uint64_t rbx, rbp, r12, r13, r14, r15;
};
void raw_call(struct regs *regs);

/* A kernel's calls. */
struct kernel {
    const char *name;
    void (*begin)(void);
    void (*draw)(struct regs *regs);                                     /* a random call */
    void (*seen)(const struct regs *asked, const struct regs *answered); /* what it came to */
    void (*finish)(void);                                                /* gives back what calls have got */
    void (*end)(void);                                                   /* ends the machine by a call */
    void (*say)(const char *text, uint64_t n);                           /* by a call, without any library */
};
extern const struct kernel kernel_exo, kernel_micro;

/* Calls may ruin this process: it will make no others afterwards. */
extern bool fuzz_wild;

/* Servers may be asked for what they then keep for this process; there is one of the network. */
extern bool fuzz_servers, fuzz_network;

/* The kernel that has processes: hostile children do it. */
void processes_run(uint64_t calls, uint64_t seed);
int processes_child(void);

/* Brings in all of the program's memory and some stack, so that nobody is asked for any of it later. */
void fuzz_touch(void);

/* A reproducible sequence. */
void fuzz_seed(uint64_t seed);
uint64_t fuzz_random(void);
uint64_t fuzz_below(uint64_t n);
bool fuzz_chance(unsigned one_in);

/* Any word below the kernel's addresses; an address at which nothing can be; one of this process's memory. */
uint64_t fuzz_word(void);
uint64_t fuzz_bad(void);
uint64_t fuzz_memory(void);
extern char fuzz_arena[];
#define FUZZ_ARENA_BYTES (16 * FUZZ_PAGE)

#endif
