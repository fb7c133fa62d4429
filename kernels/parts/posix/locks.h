/* SPDX-License-Identifier: MIT */
/* locks.h: locks on the bytes of files (locks.c). */
#ifndef TOLL_POSIX_LOCKS_H
#define TOLL_POSIX_LOCKS_H

#include "process.h"

extern unsigned locks_held; /* by everybody */

/* fcntl's F_GETLK, F_SETLK, F_SETLKW on the file of descriptor fd, with the flock at that address of the caller: 0,
   -EAGAIN (somebody else has it) -EDEADLK -EINTR -ENOLCK -EBADF (not open that way) -EINVAL -EOVERFLOW -EFAULT */
int64_t locks_fcntl(struct file *f, uint64_t fd, int command, uaddr_t at);

/* A process closes a descriptor of a file: it holds nothing of that any more. */
void locks_drop(struct process *p, int node);
static inline void locks_close(struct process *p, const struct file *f)
{
    if (__builtin_expect(locks_held != 0, 0) && f->ops == &file_ops_fs)
        locks_drop(p, f->node);
}

#endif
