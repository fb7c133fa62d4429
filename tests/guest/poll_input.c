/* SPDX-License-Identifier: MIT */
/*
 * poll_input: who waits in poll for the console wakes when input comes, and not before.  The byte x must be sent on
 * the serial line once "waiting for input" was written there.
 */
#include "toll.h"
#include <poll.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 240000 /* a host can be slow */

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    static const char said[] = "waiting for input\n";
    char byte = 0;
    int ends[2];

    toll_main(argc, argv, "poll_input");
    toll_check(pipe(ends) == 0, "no pipe can be made");
    struct pollfd files[2] = {{.fd = ends[0], .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    toll_check(poll(files, 2, 0) == 0, "there is input before any was sent");
    toll_check(write(STDOUT_FILENO, said, sizeof said - 1) == sizeof said - 1, "nothing can be written");
    uint64_t start = now_ms();
    int ready = poll(files, 2, WAIT_MS);
    toll_check(now_ms() - start < WAIT_MS / 2, "input does not wake who waits for it in poll");
    toll_check(ready == 1 && files[0].revents == 0 && files[1].revents == POLLIN, "poll gave %d, %#x and %#x", ready,
               (unsigned)files[0].revents, (unsigned)files[1].revents);
    toll_check(poll(files, 2, 0) == 1, "input that was not read is gone");
    toll_check(read(STDIN_FILENO, &byte, 1) == 1 && byte == 'x', "the byte read is %#x", (unsigned)byte);
    toll_check(poll(files, 2, 0) == 0, "there is input after all was read");
    toll_output("ok\n", 3);
    return toll_done();
}
