/* SPDX-License-Identifier: MIT */
/*
 * upcalls: events at every instruction.  The program is an environment with its library: it sets the environment's
 * alarm by itself, some instructions ahead, and then goes on, so that the upcall finds it anywhere: in its own code, on
 * the way into the library or out of it, in the library, going on after an earlier upcall.  Whatever it finds, all
 * registers must be as they were, and no event may be lost.
 *
 *   kernel=exo   which kernel that is; skipped elsewhere
 *   rounds=N     threads=N
 */
#include "exo/exo.h"
#include "machine/domain.h"
#include "raw.h"
#include "toll.h"
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define AHEAD_NS 700u
#define THREADS_MAX 8

static struct domain_info *const info = (struct domain_info *)(DOMAIN_BASE(0) + DOMAIN_INFO);
static unsigned rounds;
static uint64_t state = 1;

static uint64_t draw(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u; /* splitmix64 */

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t now(void)
{
    return (uint64_t)((unsigned __int128)(__builtin_ia32_rdtsc() - info->tsc_start) * info->ns_scale >> 32);
}

static void alarm_set(uint64_t deadline)
{
    raw(EXO_ALARM, deadline, 0, 0, 0, 0, 0);
}

static uint64_t upcalls(void)
{
    uint64_t books[WIRE_KINDS];

    return raw(EXO_BOOKS, (uint64_t)books, WIRE_KINDS, 0, 0, 0, 0) == WIRE_KINDS ? books[WIRE_UPCALL] : 0;
}

/* Loads all registers, lets time pass, and looks at them: the number of the first that has changed, or 0. */
uint64_t registers_keep(uint64_t seed);
__asm__(".text\n"
        ".hidden registers_keep\n"
        "registers_keep:\n"
        "   push %rbx\n   push %rbp\n   push %r12\n   push %r13\n   push %r14\n   push %r15\n   push %rdi\n"
        "   mov %rdi, %rax\n"
        "   .set i, 1\n"
        "   .irp r, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15\n"
        "   lea i(%rax), %\\r\n"
        "   .set i, i + 1\n"
        "   .endr\n"
        "   .irp x, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
        "   movq %rbx, %xmm\\x\n"
        "   .endr\n"
        "   std\n   stc\n"
        "   .rept 150\n"
        "   nop\n   lea (%rax), %rax\n   lea -8(%rsp), %rsp\n   lea 8(%rsp), %rsp\n"
        "   .endr\n"
        "   pushfq\n   cld\n"
        "   xor %rax, 8(%rsp)\n" /* the seed, if rax and rsp are right */
        "   sub %rax, %rbx\n"
        "   .set i, 2\n"
        "   .irp r, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15\n"
        "   sub %rax, %\\r\n   sub $i, %\\r\n   or %\\r, 8(%rsp)\n"
        "   .set i, i + 1\n"
        "   .endr\n"
        "   add %rbx, %rax\n"
        "   .irp x, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
        "   movq %xmm\\x, %rcx\n   sub %rax, %rcx\n   or %rcx, 8(%rsp)\n"
        "   .endr\n"
        "   dec %rbx\n   or %rbx, 8(%rsp)\n"
        "   pop %rax\n   and $0x401, %eax\n   xor $0x401, %eax\n   or %rax, (%rsp)\n" /* DF and CF as they were set */
        "   pop %rax\n"
        "   pop %r15\n   pop %r14\n   pop %r13\n   pop %r12\n   pop %rbp\n   pop %rbx\n"
        "   ret\n");

/* A call that answers at once, two that copy, one that switches threads, a page that is brought in. */
static void work(unsigned kind, const int ends[2], volatile char *page, pid_t self)
{
    char bytes[64] = {0};

    switch (kind) {
    case 0:
        toll_check(getpid() == self, "another process answers");
        break;
    case 1:
        toll_check(write(ends[1], bytes, sizeof bytes) == (ssize_t)sizeof bytes, "a pipe cannot be written");
        toll_check(read(ends[0], bytes, sizeof bytes) == (ssize_t)sizeof bytes, "a pipe cannot be read");
        break;
    case 2:
        sched_yield();
        break;
    case 3:
        madvise((void *)page, PAGE, MADV_DONTNEED);
        toll_check(page[17] == 0, "a new page is not empty");
        page[17] = 1;
        break;
    }
}

static void *storm(void *arg)
{
    volatile char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int ends[2];
    pid_t self = getpid();
    uint64_t changed;

    toll_check(pipe(ends) == 0 && page != MAP_FAILED, "no pipe or no page");
    for (unsigned i = 0; i < rounds; i++) {
        uint64_t r = draw();
        alarm_set(now() + r % AHEAD_NS);
        if (r >> 32 & 1) {
            changed = registers_keep(r >> 20);
            toll_check(changed == 0, "round %u: registers have changed: %#llx", i, (unsigned long long)changed);
        } else {
            work(r >> 40 & 3, ends, page, self);
        }
    }
    close(ends[0]);
    close(ends[1]);
    return arg;
}

/* The library still gets its own alarms. */
static void sleep_check(void)
{
    uint64_t before = now();

    alarm_set(now());
    for (unsigned i = 0; i < 3; i++)
        toll_check(usleep(1000) == 0, "sleeping failed");
    toll_check(now() - before < 1000000000, "sleeping took %llu ns", (unsigned long long)(now() - before));
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    unsigned count;

    toll_main(argc, argv, "upcalls");
    if (strcmp(toll_arg("kernel", ""), "exo") != 0)
        toll_skip("no upcalls here");
    rounds = (unsigned)toll_arg_number("rounds", 5000);
    count = (unsigned)toll_arg_number("threads", 3) % (THREADS_MAX + 1);
    state = toll_arg_number("seed", 1);
    uint64_t before = upcalls();
    for (unsigned i = 0; i < count; i++)
        toll_check(pthread_create(&threads[i], NULL, storm, NULL) == 0, "thread %u cannot be made", i);
    storm(NULL);
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    toll_check(upcalls() - before > rounds / 4, "only %llu upcalls", (unsigned long long)(upcalls() - before));
    sleep_check();
    toll_output(&count, sizeof count);
    return toll_done();
}
