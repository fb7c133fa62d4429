/* SPDX-License-Identifier: MIT */
/* system.c: calls about the system and about this process. */
#include "posix_suite/suite.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static void random_bytes(void)
{
    unsigned char a[600] = {0}, b[600] = {0};
    unsigned zeros = 0;

    CALL(getrandom(a, 100, 0));
    CALL(getrandom(b, 100, 0));
    TRUTH(memcmp(a, b, 100) != 0);
    CALL(getrandom(a, 0, 0));
    CALL(getrandom(NOWHERE, 10, 0));
    CALL(syscall(SYS_getrandom, a, sizeof a, 0));
    for (unsigned i = 0; i < sizeof a; i++)
        zeros += a[i] == 0;
    TRUTH(zeros < 30);
}

void suite_system(void)
{
    struct utsname name;
    struct rlimit limit;

    suite_line("# system");
    CALL(uname(&name));
    TRUTH(name.sysname[0] && strcmp(name.machine, "x86_64") == 0);
    CALL(syscall(SYS_uname, NOWHERE));
    random_bytes();
    TRUTH(getpid() > 0 && getpid() == (int)syscall(SYS_gettid));
    CALL(umask(027));
    CALL(umask(022));
    CALL(getrlimit(RLIMIT_NOFILE, &limit));
    TRUTH(limit.rlim_cur >= 64);
    CALL(kill(getpid(), 0));
    CALL(kill(0x3ffffff, 0));
    CALL(kill(getpid(), 1000));
    TRUTH(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
    TRUTH(signal(SIGUSR1, SIG_IGN) == SIG_IGN);
    CALL(kill(getpid(), SIGUSR1));
    CALL(raise(SIGUSR1));
    CALL(kill(getpid(), SIGCHLD));
    TRUTH(signal(SIGKILL, SIG_IGN) == SIG_ERR && errno == EINVAL);
    CALL(syscall(SYS_arch_prctl, 0x4711, 0));
    CALL(syscall(499));
}
