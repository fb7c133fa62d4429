/* SPDX-License-Identifier: MIT */
/*
 * init.c: the first program of the Linux baseline: brings a minimal system up, runs workloads, says how they ended
 * (wire.h) and leaves through the debug-exit port.
 *
 * A word ip=ADDRESS/PREFIX[,GATEWAY] before them brings the network up (network.c).
 *
 * What to run are the words after "--" on the kernel's command line: programs with their arguments, separated by
 * "+".  They are read from /proc/cmdline, because the kernel hands a program no more than 32 words; more must
 * stand in one pair of double quotes.
 *
 *      -- null ops=10 + read_hot ops=1000 warm=8
 *      -- "null ops=10 + ..."
 *      -- symbols          tells where the kernel's entries lie instead (symbols.c)
 *
 * A disk's answers take a time that is the host's, so a run with a disk repeats exactly only where this file sees to
 * it: a workload starts in the root of the disk, with everything written back, the whole disk in the page cache (or
 * nothing of it, if its name ends in "_cold"), and at a round time of the guest's clock, so that the timer's ticks fall
 * at the same places.
 */
#include "init.h"

#include "../include/wire.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 64
#define DISK "/disk"
#define DISK_WAIT_MS 2000
#define ROUND_S 64               /* idle time costs nothing: the clock jumps */
#define WORD_AT_ONCE "round=off" /* a word of the command line: time is real, do not wait for a round one */
#define NFTW_OPEN_MAX 8

void init_print(const char *format, ...)
{
    char line[WIRE_LINE_MAX];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (n > (int)sizeof(line) - 1)
        n = sizeof(line) - 1;
    if (write(STDOUT_FILENO, line, (size_t)n) < 0)
        return; /* nowhere left to complain to */
}

/* The last thing that happens; status is one of WIRE_EXIT_*. */
static _Noreturn void leave(unsigned status)
{
    chdir("/");
    umount(DISK);
    sync();
    init_print(WIRE_PREFIX "exit %u\n", status);
    tcdrain(STDOUT_FILENO);
    if (!ioperm(WIRE_EXIT_PORT, 4, 1))
        outl(status, WIRE_EXIT_PORT);
    for (;;)
        pause();
}

static void open_console(void)
{
    struct termios t;
    int fd = open("/dev/ttyS0", O_RDWR | O_NOCTTY);

    if (fd < 0)
        return;
    if (!tcgetattr(fd, &t)) {
        cfmakeraw(&t);
        tcsetattr(fd, TCSANOW, &t);
    }
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

void init_load_modules(const char *folder)
{
    struct dirent **files;
    int n = scandir(folder, &files, NULL, alphasort);
    char path[320];

    for (int i = 0; i < n; i++) {
        int fd;

        if (files[i]->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]->d_name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
            init_print("init: %s: %s\n", path, strerror(errno));
        close(fd);
    }
}

static void mount_disk(void)
{
    struct stat s;

    for (int i = 0; i < DISK_WAIT_MS && stat("/dev/vda", &s); i++)
        usleep(1000);
    if (mount("/dev/vda", DISK, "ext2", 0, NULL))
        init_print("init: no disk: %s\n", strerror(errno));
    if (chdir(DISK))
        init_print("init: %s: %s\n", DISK, strerror(errno));
}

static void mount_kernel(void)
{
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sys", "/sys", "sysfs", 0, NULL);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
}

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, text, strlen(text)) < 0)
        init_print("init: %s: %s\n", path, strerror(errno));
    close(fd);
}

/* nftw's: reads one file. */
static int read_whole(const char *path, const struct stat *s, int type, struct FTW *where)
{
    static char buffer[65536];
    int fd;

    (void)s;
    (void)where;
    fd = type == FTW_F ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    while (read(fd, buffer, sizeof(buffer)) > 0)
        ;
    close(fd);
    return 0;
}

/* Brings the caches into the state that a workload of this name starts from. */
static void set_caches(const char *name)
{
    static bool warm;
    size_t n = strlen(name), suffix = strlen("_cold");

    sync();
    if (n > suffix && !strcmp(name + n - suffix, "_cold")) {
        write_text("/proc/sys/vm/drop_caches", "3\n");
        warm = false;
    } else if (!warm) {
        nftw(DISK, read_whole, NFTW_OPEN_MAX, FTW_PHYS);
        warm = true;
    }
}

static char *command_line(void)
{
    static char line[4096];
    int fd = line[0] ? -1 : open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && read(fd, line, sizeof(line) - 1) < 0)
        line[0] = '\0';
    close(fd);
    return line;
}

static void wait_for_round_time(void)
{
    struct timespec t;

    if (strstr(command_line(), " " WORD_AT_ONCE " "))
        return;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ROUND_S - t.tv_sec % ROUND_S;
    t.tv_nsec = 0;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* Runs one workload, argv[0] being its path, and waits for it.  True if all is well; one that cannot say itself
   how it ended is spoken for. */
static bool run(char **argv)
{
    const char *name = strrchr(argv[0], '/') + 1;
    int status;
    pid_t child;

    set_caches(name);
    wait_for_round_time();
    child = fork();
    if (child == 0) {
        execve(argv[0], argv, (char *[]){"PATH=/bin", NULL});
        init_print(WIRE_PREFIX "done %s fail cannot be started: %s\n", name, strerror(errno));
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        init_print(WIRE_PREFIX "done %s fail cannot be started: %s\n", name, strerror(errno));
        return false;
    }
    if (WIFSIGNALED(status))
        init_print(WIRE_PREFIX "done %s fail killed by signal %d\n", name, WTERMSIG(status));
    tcdrain(STDOUT_FILENO);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The words after "--", without the quotes around them all. */
static char *read_words(void)
{
    char *words = strstr(command_line(), " -- ");

    if (!words)
        return command_line() + strlen(command_line());
    for (char *c = words; *c; c++)
        if (*c == '"' || *c == '\n')
            *c = ' ';
    return words + 4;
}

/* Runs what words say; true if all of it went well. */
static bool run_all(char *words)
{
    char *argv[WORDS_MAX + 1], path[64];
    bool ok = true;
    int argc = 0;

    for (char *word = strtok(words, " ");; word = strtok(NULL, " ")) {
        if (word && strcmp(word, "+") != 0) {
            if (argc < WORDS_MAX)
                argv[argc++] = word;
            continue;
        }
        argv[argc] = NULL;
        if (argc) {
            snprintf(path, sizeof(path), "/bin/%s", argv[0]);
            argv[0] = path;
            ok &= run(argv);
        }
        argc = 0;
        if (!word)
            return ok;
    }
}

int main(void)
{
    char *words;
    bool ok;

    mount_kernel();
    open_console();
    words = read_words();
    if (!strncmp(words, "symbols", strlen("symbols"))) {
        ok = symbols_print();
    } else {
        init_load_modules("/modules");
        network_start(command_line());
        mount_disk();
        ok = run_all(words);
    }
    leave(ok ? WIRE_EXIT_OK : WIRE_EXIT_FAIL);
}
