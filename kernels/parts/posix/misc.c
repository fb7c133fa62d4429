/* SPDX-License-Identifier: MIT */
/* misc.c: calls about the system and about nothing else. */
#include "base/format.h"
#include "base/string.h"
#include "console.h"
#include "linux.h"
#include "process.h"
#include "wire.h"

#define UTS_BYTES 65
#define RANDOM_CHUNK 256

/* The answer for every number that os.list does not have. */
int64_t posix_unsupported(uint64_t number)
{
    static uint64_t told[OS_CALLS / 64];
    char line[WIRE_LINE_MAX];
    int n;

    if (number >= OS_CALLS)
        number = OS_CALLS - 1; /* one line for all of them */
    if (told[number / 64] >> (number % 64) & 1)
        return -ENOSYS;
    told[number / 64] |= 1ull << (number % 64);
    n = format_text(line, sizeof line, WIRE_PREFIX "enosys %lu %s\n", (unsigned long)number,
                    os_names[number] ? os_names[number] : "unknown");
    console_write(line, (uint64_t)n);
    return -ENOSYS;
}

int64_t posix_uname(OS_N, uint64_t buf)
{
    const char *const words[] = {"toll", "toll", "1", "1", "x86_64", "(none)"};
    char out[sizeof words / sizeof *words * UTS_BYTES];

    memset(out, 0, sizeof out);
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        memcpy(out + (uint64_t)i * UTS_BYTES, words[i], strlen(words[i]));
    return env_copy_out(buf, out, sizeof out);
}

int64_t posix_getrandom(OS_N, uint64_t buf, uint64_t size, uint64_t flags)
{
    char bytes[RANDOM_CHUNK];
    uint64_t done = 0;
    int error = 0;

    (void)flags;
    while (done < size && !error) {
        uint64_t n = size - done < sizeof bytes ? size - done : sizeof bytes;
        env_random(bytes, n);
        error = env_copy_out(buf + done, bytes, n);
        done += error ? 0 : n;
    }
    return done ? (int64_t)done : error;
}

static int limit_put(uint64_t resource, uaddr_t at)
{
    uint64_t limit[2] = {RLIM_INFINITY, RLIM_INFINITY};

    if (resource == RLIMIT_NOFILE)
        limit[0] = limit[1] = FD_MAX;
    if (resource == RLIMIT_STACK)
        limit[0] = limit[1] = 1u << 20;
    return env_copy_out(at, limit, sizeof limit);
}

int64_t posix_getrlimit(OS_N, uint64_t resource, uint64_t limit)
{
    return limit_put(resource, limit);
}

int64_t posix_prlimit64(OS_N, uint64_t pid, uint64_t resource, uint64_t new, uint64_t old)
{
    (void)pid;
    if (new)
        return -EPERM;
    return old ? limit_put(resource, old) : 0;
}

/* Handlers are not run: a signal ends the process or is ignored. */
int64_t posix_rt_sigaction(OS_N, uint64_t sig, uint64_t act, uint64_t old, uint64_t setsize)
{
    struct process *p = process_current();
    uint64_t action[4] = {0};
    int error = 0;

    (void)setsize;
    if (sig == 0 || sig >= SIGNALS || (act && (sig == SIGKILL || sig == SIGSTOP)))
        return -EINVAL;
    if (old) {
        action[0] = p->actions_ignored >> sig & 1;
        error = env_copy_out(old, action, sizeof action);
    }
    if (!error && act)
        error = env_copy_in(action, act, sizeof action);
    if (!error && act) {
        p->actions_ignored &= ~(1ull << sig);
        p->actions_ignored |= (uint64_t)(action[0] == 1) << sig;
    }
    return error;
}

int64_t posix_rt_sigprocmask(OS_N, uint64_t how, uint64_t set, uint64_t old, uint64_t setsize)
{
    (void)how, (void)set, (void)setsize;
    return old ? env_clear_out(old, 8) : 0;
}

int64_t posix_arch_prctl(OS_N, uint64_t code, uint64_t addr)
{
    if (code != ARCH_SET_FS)
        return -EINVAL;
    if (!env_check_range(addr, 1))
        return -EPERM;
    sched_current()->tls = addr;
    env_tls_set(addr);
    return 0;
}

int64_t posix_umask(OS_N, uint64_t mode)
{
    struct process *p = process_current();
    uint32_t old = p->umask;

    p->umask = mode & 0777;
    return old;
}

int64_t posix_getuid(OS_N)
{
    return 0;
}

int64_t posix_getgid(OS_N)
{
    return 0;
}

int64_t posix_geteuid(OS_N)
{
    return 0;
}

int64_t posix_getegid(OS_N)
{
    return 0;
}

int64_t posix_toll_counters(OS_N, uint64_t counts, uint64_t n)
{
    uint64_t books[WIRE_KINDS];
    unsigned have = env_books(books, WIRE_KINDS);

    if (n > have)
        n = have;
    return env_copy_out(counts, books, n * sizeof *books) ?: (int64_t)n;
}

int64_t posix_toll_cross(OS_N, uint64_t kind, uint64_t words, uint64_t bytes, uint64_t count)
{
    return env_cross(kind, words, bytes, count);
}
