/* SPDX-License-Identifier: MIT */
/*
 * posix_suite: what the calls of os.list do, rightly and wrongly used.  It judges nothing: it writes a transcript,
 * which is its output, and Linux is the reference: the same program built for this machine must write the same
 * (tests/boot/run.sh compares).
 *
 *   dir=PATH      an empty directory to work in       show=1   the transcript in plain text as well
 *   processes=0   leaves out what needs a second process
 *   sockets=1     and sockets over loopback, nothing else
 *   inherited=1   sockets that processes have together, nothing else
 */
#include "posix_suite/suite.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 400

static bool show;
void *volatile suite_nowhere = (void *)8;

void suite_line(const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    if (n > (int)sizeof line - 2)
        n = sizeof line - 2;
    line[n++] = '\n';
    toll_output(line, (size_t)n);
    if (show && write(STDOUT_FILENO, line, (size_t)n) != n)
        show = false;
}

void suite_error(const char *text, int error)
{
    suite_line("%s = %s%d", text, error ? "-" : "", error);
}

void suite_result(const char *text, long result)
{
    if (result == -1)
        suite_error(text, errno);
    else
        suite_line("%s = %ld", text, result);
}

int main(int argc, char **argv)
{
    toll_main(argc, argv, "posix_suite");
    const char *role = toll_arg("role", NULL), *directory = toll_arg("dir", "/tmp");

    if (role) {
        int status = suite_child_socket(role);
        return status < 0 ? suite_child(role) : status;
    }
    show = toll_arg_number("show", 0);
    umask(022);
    if (chdir(directory) != 0)
        toll_skip("the directory %s is not there: %s", directory, strerror(errno));
    if (toll_arg_number("inherited", 0)) {
        suite_inherited();
        return toll_done();
    }
    if (toll_arg_number("sockets", 0)) {
        suite_sockets();
        suite_socket_edges();
        return toll_done();
    }
    suite_files();
    suite_directories();
    suite_pipes();
    suite_epoll();
    suite_memory();
    suite_time();
    suite_threads();
    suite_system();
    if (toll_arg_number("processes", 1))
        suite_processes();
    return toll_done();
}
