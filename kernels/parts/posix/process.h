/* SPDX-License-Identifier: MIT */
/*
 * process.h: what posix knows of processes, threads and open files.  Private to the part.
 *
 *   process: space, descriptors, working directory, children        one or more tasks
 *   task:    one thread of sched.h, with its thread id              thread->owner
 *   file:    an open file description, shared by descriptors        files.c
 *
 * A process whose last task ends is a zombie until its parent waits; children of a dead parent are reaped at once.
 */
#ifndef TOLL_POSIX_PROCESS_H
#define TOLL_POSIX_PROCESS_H

#include "base/errno.h"
#include "fs.h"
#include "os_calls.h"
#include "posix.h"

#define FD_MAX 2048
#define FD_FIRST 64 /* so many need no table of their own */
#define FD_WORDS (FD_MAX / 64)
#define PROCESS_MAX 64
#define STATUS_RUNNING (-1)

struct file;
struct watch;

/* What a kind of file can do; a missing function answers -EINVAL (-ESPIPE for positions).  position is NULL for read
   and write on files without one.  poll returns POLL* bits that hold now. */
struct file_ops {
    int64_t (*read)(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset);
    int64_t (*write)(struct file *f, uaddr_t buffer, uint64_t n, uint64_t offset);
    uint32_t (*poll)(struct file *f);
    int (*stat)(struct file *f, struct fs_stat *out);
    void (*close)(struct file *f);
    bool seeks;                         /* has a position */
    uint64_t (*unread)(struct file *f); /* bytes that read would give at once */
};

struct file {
    const struct file_ops *ops;
    unsigned refs;
    uint32_t flags; /* O_* */
    int node;       /* of fs.h, where ops are the file system's */
    uint64_t offset;
    struct pipe *pipe;
    struct watch **watchers; /* the list of who waits for it (watch.h); NULL: it is always ready */
};

struct process {
    int pid;
    int status;  /* wait status, or STATUS_RUNNING */
    bool ending; /* its last task, or with process 1 the one that ends it, is on its way out */
    bool ended;  /* nothing of it runs any more: it may be freed */
    struct process *parent;
    struct space *space;
    struct list tasks;
    unsigned task_count;
    int cwd; /* node */
    uint32_t umask;
    struct file **files; /* file_room of them, FD_MAX at most: first_files, or memory of its own */
    uint64_t file_room;
    uint64_t fd_word; /* no word of fds_used before it has a free descriptor */
    struct file *first_files[FD_FIRST];
    uint64_t fds_used[FD_WORDS], close_on_exec[FD_WORDS]; /* bit a descriptor */
    struct waitq child_ended;                             /* the parent's wait4 sleeps here */
    struct waitq vfork_done;                              /* a parent whose space this borrows sleeps here */
    bool borrows_space;
    uint64_t actions_ignored; /* bit a signal: SIG_IGN */
};

struct task {
    int tid;
    struct process *process;
    struct thread *thread;
    struct list link; /* in process->tasks */
    uaddr_t clear_tid;
    /* how a new thread enters the application */
    uint64_t entry, sp;
};

static inline struct task *task_current(void)
{
    return sched_current()->owner;
}
static inline struct process *process_current(void)
{
    return task_current()->process;
}

/* process.c */
extern struct process *process_table[PROCESS_MAX];
struct process *process_make(struct process *parent);
struct process *process_find(int pid);
void process_free(struct process *p);
struct task *task_make(struct process *p, void (*start)(void *task));
_Noreturn void task_exit(int code);
_Noreturn void process_exit(int status);
void process_kill(struct process *p, int status);
void process_space_leave(struct process *p);

/* exec.c: replaces the running process's program; arguments are in args.  On success goes to it. */
struct exec_args {
    char *text; /* strings, each with its NUL, argv's first */
    uint64_t used, argc, envc;
};
#define EXEC_ARGS_BYTES 65536
int exec_args_init(struct exec_args *args);
void exec_args_free(struct exec_args *args);
int exec_args_add(struct exec_args *args, const char *word, uint64_t length);
int exec_linked(struct space *space, const struct exec_args *args, uint64_t *entry, uint64_t *sp);
int exec_load(int node, struct space *space, const struct exec_args *args, uint64_t *entry, uint64_t *sp);
extern struct posix_program exec_program;

/* files.c */
struct file *file_make(const struct file_ops *ops, uint32_t flags);
void file_init(struct file *f, const struct file_ops *ops, uint32_t flags); /* of cleared memory of alloc_get */
void file_free(struct file *f);                                             /* the last reference is gone */
static inline void file_put(struct file *f)
{
    if (--f->refs == 0)
        file_free(f);
}
/* The same at the end of a call, which answers result. */
int64_t file_free_after(struct file *f, int64_t result);
static inline int64_t file_put_after(struct file *f, int64_t result)
{
    return --f->refs == 0 ? file_free_after(f, result) : result;
}
/* The file of a descriptor, or NULL. */
static inline struct file *fd_file(uint64_t fd)
{
    struct process *p = process_current();

    return fd < p->file_room ? p->files[fd] : NULL;
}
/* For calls that must change nothing when fd_install would fail: -EMFILE, -ENOMEM, else not negative.  Then it does not
   fail until somebody sleeps. */
int fd_reserve(void);
/* The lowest descriptor that is free becomes f's: that, -EMFILE or -ENOMEM.  Takes over the caller's reference, and
   drops it with an error. */
int fd_install(struct file *f, bool close_on_exec);
void fd_close_all(struct process *p, bool only_on_exec);
int fd_copy_all(struct process *from, struct process *to); /* 0 or -ENOMEM */
void fd_table_init(struct process *p);
void fd_table_free(struct process *p);
int fd_set_standard(struct process *p);

/* kinds of files */
extern const struct file_ops file_ops_fs, file_ops_console, file_ops_pipe_read, file_ops_pipe_write;
#define NODE_PROGRAM (-4096) /* the program that was started: has no node, and is no error either */

/* pipe.c: nobody reads what is written: ends the process by SIGPIPE, unless it ignores that; then -EPIPE.  The call
   holds the file. */
int64_t file_broken(struct file *f);

/* epoll.c: a file is closed that sets may know. */
void epoll_forget(struct file *f);

/* paths.c */
int path_get(uaddr_t path, char *out);
int path_dir(int dirfd, const char *path, int *node);

/* time.c */
int time_read(uaddr_t at, uint64_t *ns);

#endif
