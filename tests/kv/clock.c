/* SPDX-License-Identifier: MIT */
/*
 * clock.c: made a shared object and preloaded, moves the time of day, and nothing else, by as many seconds as stand in
 * the file that CLOCK_SECONDS names; as somebody would who sets a machine's clock.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long seconds_read(void)
{
    const char *path = getenv("CLOCK_SECONDS");
    char text[32] = "";
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        if (read(fd, text, sizeof text - 1) < 0)
            text[0] = 0;
        close(fd);
    }
    return strtol(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int (*real)(clockid_t, struct timespec *) =
        (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, out);

    if (result == 0 && clock == CLOCK_REALTIME)
        out->tv_sec += seconds_read();
    return result;
}
