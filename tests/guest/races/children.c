/* SPDX-License-Identifier: MIT */
/* children.c: what this program does when it is started as a child of itself. */
#include "races/races.h"
#include <cpuid.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define CPUID_FSGSBASE 1u /* leaf 7, ebx */
#define VICTIM_NS 2000000

static int role_nothing(void)
{
    return 0;
}

static int role_yielder(void)
{
    while (sched_yield() == 0)
        ;
    return 1;
}

static int role_reader(void)
{
    int fd = open("/data/cold.bin", O_RDONLY);
    char byte;

    for (unsigned page = 0; fd >= 0; page += 17)
        if (pread(fd, &byte, 1, page % 1024 * RACES_PAGE) != 1)
            return 1;
    return 1;
}

/* Sleeps on the disk most of the time. */
static int role_writer(void)
{
    int fd = open("tmp/races_writer", O_RDWR | O_CREAT, 0644);
    static char block[8 * RACES_PAGE];

    while (fd >= 0 && pwrite(fd, block, sizeof block, 0) == sizeof block && fsync(fd) == 0)
        ;
    return 1;
}

static int kill_and_end(const char *victim)
{
    pid_t child = races_start(victim);

    nanosleep(&(struct timespec){.tv_nsec = VICTIM_NS}, NULL);
    return child > 0 && kill(child, SIGKILL) == 0 ? 0 : 1;
}

static int role_kill_reader(void)
{
    return kill_and_end("reader");
}

static int role_kill_writer(void)
{
    return kill_and_end("writer");
}

static int role_kill_yielder(void)
{
    return kill_and_end("yielder");
}

static char *shared_page(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT, 0644);
    char *page = MAP_FAILED;

    if (fd >= 0 && ftruncate(fd, RACES_PAGE) == 0)
        page = mmap(NULL, RACES_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return page == MAP_FAILED ? NULL : page;
}

/* Has much to put in order when it ends: a page to write back, and a file that nobody can find any more. */
static int role_leaver(void)
{
    char *page = shared_page("tmp/races_leaver");

    if (!page || unlink("tmp/races_leaver") != 0)
        return 1;
    memset(page, 'x', RACES_PAGE);
    return 3;
}

static void role_start(const char *role)
{
    char word[64] = "role=";
    char *const argv[] = {(char *)toll_self(), "peer=1", strncat(word, role, sizeof word - 6), NULL};

    execve(toll_self(), argv, environ);
}

static int role_keeper(void)
{
    char *page = shared_page("tmp/races_keeper");

    if (page) {
        memcpy(page, "kept", 4);
        role_start("nothing");
    }
    return 1;
}

static bool gs_is_open(void)
{
    unsigned a, b = 0, c, d;

    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & CPUID_FSGSBASE;
}

/* What the program before this one, or the one that started it, left in the processor. */
static int role_fresh(void)
{
    uint64_t gs = 0, vector;

    __asm__ volatile("movq %%xmm15, %0" : "=r"(vector));
    if (gs_is_open())
        __asm__ volatile("rdgsbase %0" : "=r"(gs));
    return (gs ? 1 : 0) | (vector ? 2 : 0);
}

static void mark(void)
{
    uint64_t value = 0x123456789000;

    if (gs_is_open())
        __asm__ volatile("wrgsbase %0" ::"r"(value));
    __asm__ volatile("movq %0, %%xmm15" ::"r"(value) : "xmm15");
}

static int role_mark_exec(void)
{
    mark();
    role_start("fresh");
    return 4;
}

static int role_mark_spawn(void)
{
    mark();
    pid_t child = races_start("fresh");
    return child > 0 ? races_wait(child) >> 8 : 4;
}

static int role_trap(void)
{
    __asm__ volatile("int3");
    return 1;
}

static int role_null(void)
{
    void (*volatile nowhere)(void) = NULL;

    nowhere();
    return 1;
}

int races_role(const char *role)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } roles[] = {{"nothing", role_nothing},
                 {"yielder", role_yielder},
                 {"reader", role_reader},
                 {"writer", role_writer},
                 {"kill_reader", role_kill_reader},
                 {"kill_writer", role_kill_writer},
                 {"kill_yielder", role_kill_yielder},
                 {"leaver", role_leaver},
                 {"keeper", role_keeper},
                 {"fresh", role_fresh},
                 {"mark_exec", role_mark_exec},
                 {"mark_spawn", role_mark_spawn},
                 {"trap", role_trap},
                 {"null", role_null}};

    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(roles[i].name, role) == 0)
            return roles[i].run();
    return 127;
}
