/* SPDX-License-Identifier: MIT */
/*
 * skeleton: the template.  To add a workload, copy this file to AREA_ACTION.c, put that name into toll_main, and
 * add a stanza of the same name to bench.toml; nothing else has to know.  As it stands it sends one byte through
 * a pipe and takes it out again.
 */
#include "toll.h"
#include <unistd.h>

int main(int argc, char **argv)
{
    int ends[2];

    /* First of all: it says on the console that the program was reached, which is also when booting ends. */
    toll_main(argc, argv, "skeleton");

    /* Arguments are words key=value.  ops and warm are the two that every workload should have. */
    uint64_t ops = toll_arg_number("ops", 100), warm = toll_arg_number("warm", 4);

    /* Setting up is not measured.  If the system lacks something that the workload is about, skip with the reason;
       use toll_check instead for what should have worked. */
    if (pipe(ends) != 0)
        toll_skip("no pipes here");

    /* The window.  warm operations go first and are not counted.  Touch buffers beforehand, keep the body down to
       the operation, and gather what goes wrong in a variable: checks and output belong after the window. */
    unsigned char byte = 0;
    unsigned wrong = 0;
    TOLL_WINDOW(ops, warm)
    {
        wrong |= write(ends[1], &byte, 1) != 1;
        wrong |= read(ends[0], &byte, 1) != 1;
        byte++;
    }

    /* A result that nobody checked is not a result. */
    toll_check(!wrong, "a byte could not be written or read");
    toll_check(byte == (unsigned char)(ops + warm), "the byte came out as %u", byte);

    /* Whatever must be the same in every structure: no addresses, times or process ids. */
    toll_output(&byte, 1);
    return toll_done();
}
