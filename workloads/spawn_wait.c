/* SPDX-License-Identifier: MIT */
/*
 * spawn_wait: the life of a process.  The operation starts this same program as a child that exits at once with
 * a status of its own, and waits for it.
 */
#include "toll.h"
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_STATUS 7

/* What waitpid says of one child, or a negative error. */
static int child_run(void)
{
    char *argv[] = {(char *)toll_self(), "child=1", NULL};
    pid_t child;
    int status;
    int error = posix_spawn(&child, argv[0], NULL, NULL, argv, environ);
    if (error != 0)
        return -error;
    return waitpid(child, &status, 0) == child ? status : -errno;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "child=1") == 0)
        _exit(CHILD_STATUS);
    toll_main(argc, argv, "spawn_wait");
    uint64_t ops = toll_arg_number("ops", 20), warm = toll_arg_number("warm", 2);

    int status = child_run();
    if (status == -ENOSYS)
        toll_skip("this system has no processes");
    toll_check(status >= 0, "a child cannot be started: %s", strerror(-status));
    toll_check(WIFEXITED(status) && WEXITSTATUS(status) == CHILD_STATUS, "the child ended with status %#x", status);

    int others = 0;
    TOLL_WINDOW(ops, warm)
    {
        others |= child_run() ^ status;
    }
    toll_check(others == 0, "not all children ended like the first");
    unsigned char code = (unsigned char)WEXITSTATUS(status);
    toll_output(&code, 1);
    return toll_done();
}
