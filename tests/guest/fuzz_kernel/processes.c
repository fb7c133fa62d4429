/* SPDX-License-Identifier: MIT */
/*
 * processes.c: where there are processes, children make the calls, with nothing held back: each goes on until it has
 * ended itself, hangs, or has made its share.  Afterwards there must be as much memory as before.
 */
#include "fuzz_kernel/fuzz.h"
#include "os_args.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS_LISTED (sizeof os_args / sizeof *os_args)
#define SHARE 3000u
#define PATIENCE_MS 200
#define MEASURE_BYTES (256ull << 20)
#define QUARTERS 4
#define KEPT_MAX 4

static char paths[8][32];

static uint64_t calls_made(void)
{
    uint64_t books[1] = {0};

    syscall(WIRE_CALL_COUNTERS, books, 1L);
    return books[0];
}

static pid_t child_start(const char *role, uint64_t seed)
{
    char word[32], number[32];
    char *const argv[] = {(char *)toll_self(), "peer=1", word, number, NULL};
    pid_t child = 0;

    snprintf(word, sizeof word, "role=%s", role);
    snprintf(number, sizeof number, "seed=%llu", (unsigned long long)seed);
    int error = posix_spawn(&child, toll_self(), NULL, NULL, argv, environ);
    toll_check(error == 0, "no child can be started: %s", strerror(error));
    return error ? -1 : child;
}

/* Waits for the child to end; who takes too long is ended. */
static void child_wait(pid_t child)
{
    int status;

    for (unsigned ms = 0; waitpid(child, &status, WNOHANG) == 0; ms++) {
        if (ms == PATIENCE_MS)
            kill(child, SIGKILL);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

/* Lets the file cache take all that it may have, so that it has as much each time.  For this the machine has to be
   small. */
static void cache_fill(void)
{
    static char bytes[65536];
    int fd = open("/data/cold.bin", O_RDONLY);

    toll_check(fd >= 0, "no /data/cold.bin");
    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
    close(fd);
}

/* How many pages a child can touch before there are none left: it writes a byte for each. */
static uint64_t memory_measure(void)
{
    uint64_t pages = 0;
    char bytes[512];
    int ends[2];
    ssize_t n;
    pid_t child;

    cache_fill();
    toll_check(pipe(ends) == 0 && dup2(ends[1], 9) == 9, "no pipe can be made");
    close(ends[1]);
    child = child_start("measure", 0);
    close(9);
    while ((n = read(ends[0], bytes, sizeof bytes)) > 0)
        pages += (uint64_t)n;
    close(ends[0]);
    child_wait(child);
    return pages;
}

static void measure(void)
{
    volatile char *memory = mmap(NULL, MEASURE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 9, 0);

    for (uint64_t at = 0; at < MEASURE_BYTES; at += FUZZ_PAGE) {
        memory[at] = 1;
        if (write(9, "", 1) != 1)
            _exit(1);
    }
}

static uint64_t argument_draw(void)
{
    switch (fuzz_below(8)) {
    case 0:
        return fuzz_bad();
    case 1:
        return fuzz_word();
    case 2:
        return fuzz_below(12);
    case 3:
        return (uint64_t)paths[fuzz_below(8)];
    case 4:
        return -fuzz_below(200);
    case 5:
        return (uint64_t)fuzz_random; /* this program's code */
    default:
        return fuzz_memory();
    }
}

/* Only the first process, and whoever waits for this one, are left alone. */
static bool is_forbidden(const struct regs *r)
{
    return r->rdi == SYS_kill || r->rdi == SYS_tkill || r->rdi == SYS_tgkill;
}

static void hostile(void)
{
    struct regs r;

    for (int fd = 0; fd < 3; fd++)
        close(fd); /* the console has better things to say */
    for (unsigned i = 0; i < 8; i++)
        snprintf(paths[i], sizeof paths[i], "tmp/fuzz_kernel/%c", 'a' + (char)i);
    for (unsigned i = 0; i < SHARE; i++) {
        for (uint64_t *w = &r.rdi; w <= &r.r15; w++)
            *w = argument_draw();
        r.rdi = fuzz_chance(3) ? fuzz_word() : os_args[fuzz_below(CALLS_LISTED)].number;
        if (!is_forbidden(&r))
            raw_call(&r);
    }
}

int processes_child(void)
{
    fuzz_seed(toll_arg_number("seed", 1));
    if (strcmp(toll_arg("role", ""), "measure") == 0)
        measure();
    else
        hostile();
    return 0;
}

static void hostile_run(uint64_t calls, uint64_t *seed)
{
    uint64_t start = calls_made();

    while (calls_made() - start < calls)
        child_wait(child_start("hostile", ++*seed));
}

/* What is kept once so many were in use at a time (slabs, records of locks) may go on growing for a while: only memory
   that goes away in each of the last two quarters, or much of it, is lost. */
void processes_run(uint64_t calls, uint64_t seed)
{
    uint64_t pages[QUARTERS];

    mkdir("tmp/fuzz_kernel", 0755);
    for (unsigned i = 0; i < QUARTERS; i++) {
        hostile_run(calls / QUARTERS, &seed);
        pages[i] = memory_measure();
        toll_value("frames_free", "frames", pages[i]);
    }
    toll_check(pages[3] >= pages[2] || pages[2] >= pages[1], "frames go away: %llu, %llu, %llu",
               (unsigned long long)pages[1], (unsigned long long)pages[2], (unsigned long long)pages[3]);
    toll_check(pages[3] + KEPT_MAX >= pages[0], "%llu frames are gone", (unsigned long long)(pages[0] - pages[3]));
}
