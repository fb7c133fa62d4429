/* SPDX-License-Identifier: MIT */
/*
 * stacks.c: calls made near the end of a stack page below which nothing was touched yet.  Where the system runs on its
 * caller's stack, its own pushes are then the first touch: in the middle of a thread switch, of a change of the
 * address space, of the allocator.  The stack pointer takes every place in the page that calls can have.
 */
#include "races/races.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STACK_PAGES 8
#define TOUCHED_PAGE 4
#define STEP 16
#define AREA_PAGES 64
#define DETACHED 20u

/* os_syscall with these seven words, on the stack that ends at sp. */
long stacks_call(void *sp, const long words[7]);
__asm__(".text\n"
        "stacks_call:\n"
        "    push %rbp\n"
        "    mov %rsp, %rbp\n"
        "    mov %rdi, %rsp\n"
        "    mov %rsi, %rax\n"
        "    sub $8, %rsp\n"
        "    pushq 48(%rax)\n"
        "    mov (%rax), %rdi\n"
        "    mov 8(%rax), %rsi\n"
        "    mov 16(%rax), %rdx\n"
        "    mov 24(%rax), %rcx\n"
        "    mov 32(%rax), %r8\n"
        "    mov 40(%rax), %r9\n"
        "    call os_syscall\n"
        "    mov %rbp, %rsp\n"
        "    pop %rbp\n"
        "    ret\n");

#define CALL(sp, ...) stacks_call(sp, (const long[7]){__VA_ARGS__})

static void *nothing(void *unused)
{
    return unused;
}

/* The yield runs a thread that has never run. */
static void try_switch(void *sp)
{
    pthread_t thread;

    toll_check(pthread_create(&thread, NULL, nothing, NULL) == 0, "no thread can be made");
    toll_check(CALL(sp, SYS_sched_yield) == 0, "a yield fails");
    pthread_join(thread, NULL);
}

static void try_map(void *sp)
{
    long at = CALL(sp, SYS_mmap, 0, AREA_PAGES * RACES_PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
    char *area = (char *)at;
    unsigned used = 0;

    toll_check(at > 0, "a mapping fails: %ld", at);
    for (unsigned i = 0; at > 0 && i < AREA_PAGES; i++)
        used += area[i * RACES_PAGE]++ != 0;
    toll_check(used == 0, "%u pages of a new mapping are in use", used);
    at = CALL((char *)sp - RACES_PAGE, SYS_munmap, at, AREA_PAGES * RACES_PAGE);
    toll_check(at == 0, "an unmapping fails: %ld", at);
}

static void try_pipe(void *sp)
{
    static int ends[2];

    toll_check(CALL(sp, SYS_pipe, (long)ends) == 0, "no pipe can be made");
    close(ends[0]);
    close(ends[1]);
}

static void try_file(void *sp)
{
    static const char path[] = "tmp/races_stack";
    static char bytes[5 * RACES_PAGE];
    long fd = CALL(sp, SYS_openat, AT_FDCWD, (long)path, O_RDWR | O_CREAT, 0644);

    toll_check(fd >= 0, "a file cannot be made: %ld", fd);
    long put = CALL((char *)sp - RACES_PAGE, SYS_write, fd, (long)bytes, sizeof bytes);
    toll_check(put == sizeof bytes, "a write put %ld bytes", put);
    close((int)fd);
    toll_check(CALL((char *)sp - 2 * RACES_PAGE, SYS_unlink, (long)path) == 0, "a file cannot be removed");
}

static void try_sleep(void *sp)
{
    static struct timespec moment = {.tv_nsec = 1000};

    toll_check(CALL(sp, SYS_nanosleep, (long)&moment) == 0, "a sleep fails");
}

/* A thread that nobody waits for gives back the stack that it runs on. */
static void *detached(void *count)
{
    pthread_detach(pthread_self());
    ++*(volatile unsigned *)count;
    return NULL;
}

void races_detached(void)
{
    unsigned count = 0;
    pthread_t thread;

    for (unsigned i = 0; i < DETACHED; i++) {
        toll_check(pthread_create(&thread, NULL, detached, &count) == 0, "no thread can be made");
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    toll_check(count == DETACHED, "%u of %u detached threads ran", count, DETACHED);
}

void races_stacks(void)
{
    static void (*const tries[])(void *sp) = {try_switch, try_map, try_pipe, try_file, try_sleep};

    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        for (unsigned offset = 0; offset < RACES_PAGE; offset += STEP) {
            char *stack =
                mmap(NULL, STACK_PAGES * RACES_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (stack == MAP_FAILED) {
                toll_check(false, "no memory for a stack");
                return;
            }
            stack[TOUCHED_PAGE * RACES_PAGE] = 1;
            tries[i](stack + TOUCHED_PAGE * RACES_PAGE + offset);
            munmap(stack, STACK_PAGES * RACES_PAGE);
        }
}
