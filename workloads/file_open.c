/* SPDX-License-Identifier: MIT */
/*
 * file_open: from a path to a descriptor and back.  The operation is open and close of one file two directories
 * deep, all of which is in memory after the first time.
 */
#include "toll.h"
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char text[256];

    toll_main(argc, argv, "file_open");
    const char *path = toll_arg("file", "data/dir/file");
    uint64_t ops = toll_arg_number("ops", 500), warm = toll_arg_number("warm", 8);

    int wrong = 0;
    TOLL_WINDOW(ops, warm)
    {
        int fd = open(path, O_RDONLY);
        wrong |= fd | close(fd); /* negative once, negative for good */
    }
    toll_check(wrong >= 0, "%s: cannot be opened and closed", path);

    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, text, sizeof text);
    toll_check(n > 0, "%s: cannot be read", path);
    toll_output(text, n > 0 ? (size_t)n : 0);
    close(fd);
    return toll_done();
}
