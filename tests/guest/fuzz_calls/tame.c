/* SPDX-License-Identifier: MIT */
/*
 * tame.c: which calls would rightly end this program, make it wait for ever or pull the ground from under it, and how
 * they are changed so that they no longer do.  Everything else goes to the system as it was drawn.
 */
#include "fuzz_calls/fuzz.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FUTEX_WAIT 0
#define FUTEX_WAIT_BITSET 9
#define CALL_THREAD_END 501
#define CROSSINGS_MAX 4u
#define ARCH_SET_FS 0x1002
#define USER_LOW 0x10000ull
#define USER_HIGH 0x7ffffff00000ull

static bool is_console(uint64_t fd)
{
    return fd <= 2 || (uint32_t)fd <= 2;
}

/* [address, length) either inside the region that may be changed, or where nothing can be mapped. */
static void tame_range(uint64_t *address, uint64_t *length)
{
    uint64_t start = (uint64_t)fuzz.region, offset = *address - start;

    if (fuzz_below(4) == 0) {
        *address = fuzz_pointer_bad();
        return;
    }
    if (offset >= FUZZ_REGION)
        offset = fuzz_below(FUZZ_REGION / FUZZ_PAGE) * FUZZ_PAGE;
    *address = start + offset;
    if (*length > FUZZ_REGION - offset && *length < USER_HIGH - *address + FUZZ_PAGE)
        *length = FUZZ_REGION - offset;
}

static void tame_mmap(uint64_t args[6])
{
    if (args[1] > FUZZ_REGION / 4)
        args[3] &= ~(uint64_t)MAP_POPULATE; /* would rightly take all memory */
    if (args[3] & MAP_FIXED)
        tame_range(&args[0], &args[1]);
}

static void tame_futex(uint64_t args[6])
{
    uint64_t op = args[1] & 127;

    if (op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET)
        args[3] = fuzz_below(2) ? (uint64_t)fuzz.zeros : fuzz_pointer_bad() | 1;
}

/* A time that is over at once, or none at all that could be read. */
static uint64_t tame_time(void)
{
    return fuzz_below(2) ? (uint64_t)fuzz.zeros : fuzz_pointer_bad() | 1;
}

static void tame_memory(long number, uint64_t args[6])
{
    switch (number) {
    case SYS_mmap:
        tame_mmap(args);
        break;
    case SYS_munmap:
    case SYS_mprotect:
    case SYS_madvise:
    case SYS_msync:
        tame_range(&args[0], &args[1]);
        break;
    case SYS_brk:
        args[0] = fuzz_below(2) ? fuzz_below(USER_LOW) : USER_HIGH + 1 + fuzz_random() / 2;
        break;
    }
}

static void tame_process(long *number, uint64_t args[6])
{
    switch (*number) {
    case SYS_exit:
    case SYS_exit_group:
    case CALL_THREAD_END:
        *number = SYS_getppid;
        break;
    case SYS_clone:
        args[1] = fuzz_pointer_bad();
        break;
    case SYS_kill:
    case SYS_tgkill:
        if ((int)args[0] == getpid())
            args[*number == SYS_kill ? 1 : 2] = 0;
        break;
    case SYS_tkill:
        if ((int)args[0] == (int)syscall(SYS_gettid))
            args[1] = 0;
        break;
    case SYS_rt_sigaction:
        if (args[0] == SIGPIPE)
            args[0] = SIGUSR1;
        break;
    case SYS_arch_prctl:
        if (args[0] == ARCH_SET_FS)
            args[1] = USER_HIGH + 1 + fuzz_random() / 2;
        break;
    }
}

static void tame_wait(long number, uint64_t args[6])
{
    switch (number) {
    case SYS_nanosleep:
        args[0] = tame_time();
        break;
    case SYS_clock_nanosleep:
        args[2] = tame_time();
        break;
    case SYS_ppoll:
        args[2] = tame_time();
        break;
    case SYS_poll:
        args[2] = 0;
        break;
    case SYS_select:
    case SYS_pselect6:
        args[4] = tame_time();
        break;
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
        args[3] = 0;
        break;
    case SYS_futex:
        tame_futex(args);
        break;
    case WIRE_CALL_CROSS:
        args[3] %= CROSSINGS_MAX;
        break;
    }
}

/* The first argument of most calls that take a number is a descriptor; the console's are never touched. */
static void tame_descriptors(long number, uint64_t args[6])
{
    bool clock = number == SYS_clock_gettime || number == SYS_clock_getres || number == SYS_clock_nanosleep;

    if (!clock && is_console(args[0]))
        args[0] = (uint64_t)fuzz.fds[fuzz_below(FUZZ_FDS)];
    if ((number == SYS_dup2 || number == SYS_dup3) && is_console(args[1]))
        args[1] = 40;
    if (number == SYS_fcntl && (int)args[1] == F_SETFL)
        args[2] |= O_NONBLOCK;
    if (number == SYS_ioctl && (uint32_t)args[1] == FIONBIO)
        args[1] = FIONREAD;
    if (number == SYS_epoll_ctl && is_console(args[2]))
        args[2] = (uint64_t)fuzz.fds[fuzz_below(FUZZ_FDS)];
}

/* Half of the numbers drawn for what is no flag are those that have a meaning; a socket that would wait is not made. */
static void tame_sockets(long number, uint64_t args[6])
{
    static const uint64_t names[] = {2, 3, 4, 6, 7, 8, 9, 13, 15, 20, 21, 30, 38, 39};

    switch (number) {
    case SYS_socket:
        args[0] = fuzz_below(8) ? AF_INET : args[0];
        args[1] = (fuzz_below(8) ? 1 + fuzz_below(2) : args[1]) | SOCK_NONBLOCK;
        args[2] = fuzz_below(8) ? 0 : args[2];
        break;
    case SYS_accept4:
        args[3] |= SOCK_NONBLOCK;
        break;
    case SYS_eventfd2:
        args[1] = (args[1] & EFD_SEMAPHORE) | EFD_NONBLOCK;
        break;
    case SYS_epoll_ctl:
        args[1] = fuzz_below(8) ? 1 + fuzz_below(3) : args[1];
        break;
    case SYS_setsockopt:
    case SYS_getsockopt:
        args[1] = fuzz_below(4) ? SOL_SOCKET : IPPROTO_TCP;
        args[2] = args[1] == SOL_SOCKET && fuzz_below(8) ? names[fuzz_below(sizeof names / sizeof *names)] : args[2];
        args[4] = number == SYS_setsockopt ? fuzz_below(20) : args[4];
        break;
    }
}

/* Several threads: none may take another's descriptor before it is made not to wait, or break how threads end. */
static void tame_threads(long *number, uint64_t args[6])
{
    if (*number == SYS_pipe)
        *number = SYS_pipe2;
    if (*number == SYS_pipe2)
        args[1] = (args[1] & O_CLOEXEC) | O_NONBLOCK;
    if (*number == SYS_set_tid_address)
        *number = SYS_gettid;
    if (*number == SYS_tkill)
        args[1] = 0;
}

void fuzz_tame(long *number, uint64_t args[6])
{
    if (*number == SYS_accept)
        *number = SYS_accept4; /* else what it makes would wait */
    tame_descriptors(*number, args);
    tame_sockets(*number, args);
    tame_memory(*number, args);
    tame_wait(*number, args);
    tame_process(number, args);
    if (fuzz.threads > 1)
        tame_threads(number, args);
}
