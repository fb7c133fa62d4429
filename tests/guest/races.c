/* SPDX-License-Identifier: MIT */
/*
 * races: what goes wrong only when the system sleeps, switches or is interrupted in the middle of something: two
 * threads at one pipe, ends of processes, stack pages touched by the system first, turns, pages that are written back.
 * Where there are no processes their cases are left out.  The meetings are brought about by turns, so this program
 * wants a clock that follows the instructions (-icount): on a real one a tick between two calls can undo a meeting, and
 * a reader then waits for ever.
 *
 *   turn_ms=N       how late a thread that is ready may get its turn
 *   only=detached   only threads that nobody waits for
 *   meet=0          a page fault holds up all threads of the program, so none meets another that sleeps over its page
 *   role=NAME       does only what a child of this program does (children.c)
 */
#include "races/races.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 1024u
#define PAGES_APART 16u

char *races_pages(void)
{
    static char *pages;

    if (!pages) {
        int fd = open("/data/cold.bin", O_RDONLY);
        pages = mmap(NULL, PAGES * RACES_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        if (pages == MAP_FAILED)
            toll_skip("/data/cold.bin cannot be mapped");
        close(fd);
    }
    return pages;
}

char *races_cold_page(void)
{
    static unsigned next = PAGES_APART / 2;
    unsigned page = next;

    toll_check(page < PAGES, "the file has no more pages that were never read");
    next += PAGES_APART;
    return races_pages() + page % PAGES * RACES_PAGE;
}

pid_t races_start(const char *role)
{
    char word[64];
    char *const argv[] = {(char *)toll_self(), "peer=1", word, NULL};
    pid_t child = 0;

    snprintf(word, sizeof word, "role=%s", role);
    int error = posix_spawn(&child, toll_self(), NULL, NULL, argv, environ);
    if (error == ENOSYS)
        return 0;
    toll_check(error == 0, "%s cannot be started: error %d", role, error);
    return error ? -1 : child;
}

int races_wait(pid_t child)
{
    int status = -1;
    pid_t got = waitpid(child, &status, 0);

    toll_check(got == child, "waiting for process %d gave %d, errno %d", child, got, errno);
    return got == child ? status : -1;
}

static void all(uint64_t turn_ms)
{
    signal(SIGPIPE, SIG_IGN);
    races_pipes();
    races_lives();
    races_stacks();
    races_mappings();
    races_programs();
    races_files();
    races_clocks();
    races_turn(turn_ms);
}

int main(int argc, char **argv)
{
    toll_main(argc, argv, "races");
    const char *role = toll_arg("role", NULL);

    if (role)
        return races_role(role);
    if (strcmp(toll_arg("only", ""), "detached") == 0)
        races_detached();
    else
        all(toll_arg_number("turn_ms", 100));
    toll_output("ok\n", 3);
    return toll_done();
}
