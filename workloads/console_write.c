/* SPDX-License-Identifier: MIT */
/*
 * console_write: text for people.  The operation writes one line of 64 bytes to the console, whose device takes a byte
 * at a time through its ports.
 */
#include "toll.h"
#include <unistd.h>

#define LINE "0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXY\n"
#define LINE_BYTES (sizeof LINE - 1)
_Static_assert(LINE_BYTES == 64, "one line");

int main(int argc, char **argv)
{
    toll_main(argc, argv, "console_write");
    unsigned wrong = 0;
    TOLL_WINDOW(toll_arg_number("ops", 50), toll_arg_number("warm", 4))
    {
        wrong |= write(STDOUT_FILENO, LINE, LINE_BYTES) != LINE_BYTES;
    }
    toll_check(!wrong, "a line could not be written");
    toll_output("lines\n", 6);
    return toll_done();
}
