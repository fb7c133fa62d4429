/* SPDX-License-Identifier: MIT */
/*
 * posix.h: processes, files, sockets and system calls as a POSIX program knows them, over fs.h, net.h, pager.h,
 * sched.h, console.h. The calls themselves are listed in os.list, which makes os_calls.h.
 */
#ifndef TOLL_POSIX_H
#define TOLL_POSIX_H

#include "env.h"
#include "pager.h"
#include "sched.h"

/* The program that the machine was started for: an ELF executable in this domain's memory, or, where it is linked
   with this very domain (image == NULL), its entry and its program headers. */
struct posix_program {
    const void *image; /* page-aligned memory as alloc.h's pages are addressed */
    uint64_t bytes;
    uint64_t entry, phdr, phdr_count;
};

#define POSIX_PROGRAM_PATH "/init"

/* Makes the first process: words (separated by blanks) follow argv[0] = POSIX_PROGRAM_PATH.  With a program that is
   linked in, space is the domain's own; otherwise NULL, and one is made.  When the process ends, env_shutdown is
   called with its wait status.  0 or a negative errno. */
int posix_start(const struct posix_program *program, const char *words, struct space *space);

/* A fault in the application that pager_fault did not mend: the process ends by that signal.  Does not return if it
   is the running thread's own. */
void posix_fault(int signal, uint64_t rip, uint64_t address);

/* Before control goes back to the application: ends the thread if it was killed meanwhile. */
void posix_return(void);

/* Needed from the home.
   env_enter:     goes to the application at entry with that stack pointer, all other registers zero.
   env_leave_stack: goes on with fn(a, b), which must not return, on the thread's own stack (stack_top in sched.h):
                  the stack of the call, which may be the application's, can then be given back.
   env_tls_set:   the running thread's FS base.
   env_thread_reset: the running thread begins another program: FS and GS base, floating-point state as at first.
   env_space_load: the running thread's space (sched_current()->space) was replaced: make it current.
   env_books:     copies up to n books (wire.h) to out; how many there are.
   env_usage:     stores those of enum wire_usage (wire.h) that only the home knows: frames of pager and kernel,
                  handles, objects; out has room for all of them.
   env_cross:     makes count protected calls of a kind (WIRE_CROSS_* of wire.h), each followed by
                  WIRE_MARK(WIRE_MARK_OP): 0, or -ENOSYS where this home has no such crossing, -EINVAL where it has
                  none of that size.
   env_shutdown:  the first process has ended with this wait status: end the machine. */
_Noreturn void env_enter(uint64_t entry, uint64_t sp);
_Noreturn void env_leave_stack(void (*fn)(uint64_t a, uint64_t b), uint64_t a, uint64_t b);
void env_tls_set(uint64_t base);
void env_thread_reset(void);
void env_space_load(void);
unsigned env_books(uint64_t *out, unsigned n);
void env_usage(uint64_t *out);
int env_cross(uint64_t kind, uint64_t words, uint64_t bytes, uint64_t count);
_Noreturn void env_shutdown(int status);

#endif
