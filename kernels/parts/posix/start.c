/* SPDX-License-Identifier: MIT */
/* start.c: the first process. */
#include "base/panic.h"
#include "base/string.h"
#include "console.h"
#include "fs.h"
#include "linux.h"
#include "watch.h"

static struct space *first_space;
static struct exec_args first_args;

static int args_from_words(struct exec_args *args, const char *words)
{
    int error = exec_args_add(args, POSIX_PROGRAM_PATH, strlen(POSIX_PROGRAM_PATH));

    args->argc = 1;
    while (*words && !error) {
        const char *end = words;
        while (*end && *end != ' ')
            end++;
        if (end > words) {
            error = exec_args_add(args, words, (uint64_t)(end - words));
            args->argc++;
        }
        words = *end ? end + 1 : end;
    }
    return error;
}

static void first_run(void *arg)
{
    struct task *t = arg;
    uint64_t entry, sp;
    int error;

    if (exec_program.image)
        error = exec_load(NODE_PROGRAM, first_space, &first_args, &entry, &sp);
    else
        error = exec_linked(first_space, &first_args, &entry, &sp);
    if (error)
        panic("the program cannot be started: error %d", -error);
    exec_args_free(&first_args);
    env_tls_set(t->thread->tls);
    env_enter(entry, sp);
}

int posix_start(const struct posix_program *program, const char *words, struct space *space)
{
    struct process *p = process_make(NULL);
    int error = p ? exec_args_init(&first_args) : -ENOMEM;

    exec_program = *program;
    console_on_input(watch_console_fired);
    if (!error)
        error = args_from_words(&first_args, words);
    if (!error && !space)
        error = pager_space_create(&space);
    if (error)
        return error;
    first_space = p->space = space;
    p->cwd = FS_ROOT;
    fs_get(FS_ROOT);
    error = fd_set_standard(p);
    if (!error && !task_make(p, first_run))
        error = -ENOMEM;
    return error;
}
