/* SPDX-License-Identifier: MIT */
/*
 * exit_busy: the program ends while its threads write, sync and remove files.  The machine must end, and leave a clean
 * disk, whatever they are in the middle of.  Threads whose calls fail because of the end end
 * the program once more.
 *
 *   ms=N        when to end       threads=N   how many threads work
 */
#include "toll.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FILES 50
#define FILE_BYTES 50000

static volatile bool over;

static void *work(void *name)
{
    static const char bytes[FILE_BYTES];
    char path[32];

    for (unsigned i = 0;; i++) {
        snprintf(path, sizeof path, "tmp/%c%u", *(const char *)name, i % FILES);
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
        if (fd < 0 || write(fd, bytes, sizeof bytes) < 0)
            break;
        fsync(fd);
        close(fd);
        if (i % 3 == 0)
            unlink(path);
    }
    _exit(over ? 0 : 7);
}

int main(int argc, char **argv)
{
    static const char names[] = "abcdefgh";
    pthread_t thread;

    toll_main(argc, argv, "exit_busy");
    uint64_t ms = toll_arg_number("ms", 30), threads = toll_arg_number("threads", 3);
    for (unsigned i = 0; i < threads && names[i]; i++)
        toll_check(pthread_create(&thread, NULL, work, (void *)&names[i]) == 0, "no thread can be made");
    nanosleep(&(struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
    toll_output("ok\n", 3);
    int status = toll_done();
    over = true;
    _exit(status);
}
