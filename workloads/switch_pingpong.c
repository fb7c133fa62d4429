/* SPDX-License-Identifier: MIT */
/*
 * switch_pingpong: two flows of control that wait for each other.  The operation is one byte to the peer through
 * a pipe and its answer through another: two writes, two reads, two switches.  The peer answers with the byte
 * plus one and stops at STOP.
 */
#include "toll.h"
#include <string.h>
#include <unistd.h>

#define STOP 0xff

static void pong(int in, int out)
{
    unsigned char byte;
    while (read(in, &byte, 1) == 1 && byte != STOP) {
        byte++;
        if (write(out, &byte, 1) != 1)
            return;
    }
}

int main(int argc, char **argv)
{
    struct toll_peer_handle peer;
    int to[2], from[2];

    toll_main(argc, argv, "switch_pingpong");
    toll_peer_main(pong);
    uint64_t ops = toll_arg_number("ops", 500), warm = toll_arg_number("warm", 16);

    if (pipe(to) != 0 || pipe(from) != 0)
        toll_skip("no pipes here");
    int error = toll_peer_start(pong, to[0], from[1], &peer);
    if (error != 0)
        toll_skip("no second process and no thread here: %s", strerror(-error));

    unsigned char byte = 0, expected = 0;
    unsigned wrong = 0;
    TOLL_WINDOW(ops, warm)
    {
        wrong |= write(to[1], &byte, 1) != 1;
        wrong |= read(from[0], &byte, 1) != 1;
        wrong |= byte != ++expected;
        byte = expected &= 0x7f;
    }
    toll_check(!wrong, "an answer was wrong or did not come");

    byte = STOP;
    toll_check(write(to[1], &byte, 1) == 1, "the peer could not be told to stop");
    toll_check(toll_peer_wait(&peer) == 0, "the peer did not end well");
    toll_output(&expected, 1);
    return toll_done();
}
