/* SPDX-License-Identifier: MIT */
/*
 * fuzz_calls: random system calls with random arguments.  Four of five are calls of os.list with arguments of the
 * kinds that it names; the fifth is any number with anything.  The system must stay up, this program must stay what
 * it was, and the disk must be clean afterwards (which tests/boot/run.sh looks at).
 *
 *   threads=N        as many threads share descriptors and memory, and do calls / N each
 *   calls=N seed=N   trace=FIRST prints every call from that one on, to see which one did it
 */
#include "fuzz_calls/fuzz.h"
#include "os_args.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS_LISTED (sizeof os_args / sizeof *os_args)
#define NUMBER_MAX 701
#define CANARY_BYTES 4096
#define CHECK_EVERY 1000
#define THREADS_MAX 16
#define ERRORS_MAX 4095

static unsigned char canary[CANARY_BYTES], canary_file[CANARY_BYTES];
static pid_t self;
static uint64_t good, refused, errors_distinct;
static bool errors_seen[ERRORS_MAX + 1];

static uint64_t value_of(unsigned kind)
{
    switch (kind) {
    case OS_INT:
        return fuzz_int();
    case OS_SIZE:
        return fuzz_size();
    case OS_OFFSET:
        return fuzz_below(2) ? fuzz_size() : fuzz_below(100000);
    case OS_ADDRESS:
    case OS_RANGE:
        return fuzz_pointer();
    case OS_PATH:
        return fuzz_path();
    case OS_NONE:
        return 0;
    }
    return fuzz_below(4) ? 1ull << fuzz_below(26) | fuzz_below(8) : fuzz_word();
}

static long call_draw(uint64_t args[6])
{
    if (fuzz_below(5) == 0) {
        for (unsigned i = 0; i < 6; i++)
            args[i] = fuzz_below(2) ? fuzz_pointer() : fuzz_word();
        return (long)fuzz_below(NUMBER_MAX);
    }
    const struct os_args *call = &os_args[fuzz_below(CALLS_LISTED)];
    for (unsigned i = 0; i < 6; i++)
        args[i] = value_of(call->kinds[i]);
    return call->number;
}

/* What a call has left behind that would not let the next thousand work. */
static void call_clean_up(long number, const uint64_t args[6], long result)
{
    switch (number) {
    case SYS_mmap:
        if (!(args[3] & MAP_FIXED))
            munmap((void *)result, args[1]);
        break;
    case SYS_dup2:
    case SYS_dup3:
    case SYS_fcntl:
        if (result >= FUZZ_FD_LIMIT)
            close((int)result);
        fuzz_files_close_others();
        break;
    case SYS_open:
    case SYS_creat:
    case SYS_openat:
    case SYS_dup:
    case SYS_socket:
    case SYS_accept4:
    case SYS_epoll_create:
    case SYS_epoll_create1:
    case SYS_eventfd2:
        fuzz_files_close_others();
        break;
    case SYS_pipe:
    case SYS_pipe2: /* it may have got the number of a descriptor that was closed */
        fuzz_files_close_others();
        fuzz_files_no_wait();
        break;
    }
}

static void call_make(uint64_t index, uint64_t trace)
{
    uint64_t args[6];
    long number = call_draw(args);

    fuzz_tame(&number, args);
    if (index >= trace) {
        char line[160];
        int n = snprintf(line, sizeof line, "%llu: %ld(%#llx, %#llx, %#llx, %#llx, %#llx, %#llx)\n",
                         (unsigned long long)index, number, (unsigned long long)args[0], (unsigned long long)args[1],
                         (unsigned long long)args[2], (unsigned long long)args[3], (unsigned long long)args[4],
                         (unsigned long long)args[5]);
        if (write(1, line, (size_t)n) != n)
            return;
    }
    errno = 0;
    long result = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
    if (result == -1 && errno > 0) {
        refused++;
        toll_check(errno <= ERRORS_MAX, "call %ld answered with errno %d", number, errno);
        errors_distinct += errno <= ERRORS_MAX && !errors_seen[errno];
        errors_seen[errno <= ERRORS_MAX ? errno : 0] = true;
        return;
    }
    good++;
    call_clean_up(number, args, result);
}

/* This program is still what it was. */
static void self_check(uint64_t index)
{
    static unsigned char now[CANARY_BYTES];
    int fd;

    for (unsigned i = 0; i < CANARY_BYTES; i++)
        toll_check(canary[i] == (unsigned char)(i * 7 + 1), "own memory was changed before call %llu",
                   (unsigned long long)index);
    toll_check(getpid() == self, "getpid is another before call %llu", (unsigned long long)index);
    fuzz_files_close_others();
    fd = open("/data/read.bin", O_RDONLY);
    toll_check(fd >= 0 && read(fd, now, CANARY_BYTES) == CANARY_BYTES, "a file cannot be read before call %llu: %s",
               (unsigned long long)index, strerror(errno));
    toll_check(memcmp(now, canary_file, CANARY_BYTES) == 0, "a file reads as another before call %llu",
               (unsigned long long)index);
    if (fd >= 0)
        close(fd);
}

static void scratch_empty(void)
{
    char line[96];
    static const char *const names[] = {"a", "b", "log", "dir/a", "dir/b", "link", "loop", "dir/link", "mapped"};

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(line, sizeof line, "%s/%s", fuzz.directory, names[i]);
        if (i < sizeof names / sizeof *names - 1)
            unlink(line);
        else if (truncate(line, (off_t)FUZZ_FILE_MAP) != 0)
            continue; /* it was renamed away: its mapping goes on */
    }
}

static void ground_make(const char *directory)
{
    int fd = open("/data/read.bin", O_RDONLY);

    toll_check(fd >= 0 && read(fd, canary_file, CANARY_BYTES) == CANARY_BYTES, "no /data/read.bin on the disk");
    close(fd);
    for (unsigned i = 0; i < CANARY_BYTES; i++)
        canary[i] = (unsigned char)(i * 7 + 1);
    snprintf(fuzz.directory, sizeof fuzz.directory, "%s", directory);
    for (unsigned i = 0; i < FUZZ_FDS; i++)
        fuzz.fds[i] = -1;
    self = getpid();
    signal(SIGPIPE, SIG_IGN);
    fuzz_memory_init();
    fuzz_files_renew();
}

/* One flow of random calls. */
static void *calls_make(void *first)
{
    uint64_t calls = toll_arg_number("calls", 100000) / fuzz.threads, trace = toll_arg_number("trace", UINT64_MAX);

    for (uint64_t i = 0; i < calls; i++) {
        if (i % CHECK_EVERY == 0) {
            if (fuzz.threads == 1)
                self_check(i);
            scratch_empty();
            if (chdir(fuzz.directory) != 0 && chdir("/") != 0)
                toll_check(false, "not even the root is a directory");
        }
        if (i % 50 == 0)
            fuzz_files_renew();
        call_make(i, trace);
    }
    return first;
}

/* Held until all threads are there: a call of the first might unmap a range in which the stack of the next then lay. */
static pthread_mutex_t start = PTHREAD_MUTEX_INITIALIZER;

static void *thread_run(void *nothing)
{
    pthread_mutex_lock(&start);
    pthread_mutex_unlock(&start);
    return calls_make(nothing);
}

static void threads_run(void)
{
    pthread_t threads[THREADS_MAX];
    unsigned made = 1;

    pthread_mutex_lock(&start);
    for (; made < fuzz.threads; made++)
        if (pthread_create(&threads[made], NULL, thread_run, NULL) != 0)
            break;
    pthread_mutex_unlock(&start);
    toll_check(made == fuzz.threads, "only %u of %u threads could be made", made, fuzz.threads);
    calls_make(NULL);
    while (made-- > 1)
        pthread_join(threads[made], NULL);
}

int main(int argc, char **argv)
{
    toll_main(argc, argv, "fuzz_calls");
    uint64_t calls = toll_arg_number("calls", 100000), threads = toll_arg_number("threads", 1);

    fuzz.threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : (unsigned)threads;
    fuzz_seed(toll_arg_number("seed", 1));
    ground_make(toll_arg("dir", "tmp/fuzz"));
    threads_run();
    self_check(calls);
    toll_value("calls_good", "calls", good);
    toll_value("calls_refused", "calls", refused);
    toll_value("errors_distinct", "errors", errors_distinct);
    toll_output(&calls, sizeof calls);
    return toll_done();
}
