/* SPDX-License-Identifier: MIT */
/*
 * user.h: what parts get from a home in ring 3.  Two kinds of home:
 *
 *   a library   is linked at its own base and mapped with every program of its application; the program calls
 *               os_syscall, which is a call into it (entry.S).  It has threads (sched.h) of its own and gets upcalls.
 *               Parts run on the thread's stack in the library and are not preempted (domain.h).
 *   a server    answers messages, one after the other.
 *
 * For both: start.S (first instructions, user_call) and env.c (env.h, but for copies and interrupts).  For libraries
 * only: copy.c (env.h's copies), thread.c and switch.S (sched.h's and posix.h's home functions), upcall.c and entry.S
 * (what the kernel and the program call).  Needed of the machine: trap_copy.S, trap_kind.c, cpu_fpu.c.  The rest comes
 * from the structure, below.
 */
#ifndef TOLL_USER_H
#define TOLL_USER_H

#include "machine/books.h"
#include "machine/domain.h"
#include <stdint.h>

/* The linker script's: where this domain lies, its page shared with the kernel, and the code during which it is not
   told of events. */
extern char domain_base[];
extern struct domain_info user_info;
extern char user_text_start[], user_text_end[];
#define user_books user_info.books

/* This domain's memory, user_info.ram_bytes of it. */
static inline char *user_ram(void)
{
    return domain_base + DOMAIN_RAM;
}

/* First of all: processor's features, clock; all of ram to alloc.h. */
void user_init(void);

/* What follows "--" on the command line, or "". */
const char *user_program_words(void);

/* The record `panic` with a backtrace from that instruction and frame pointer on, and the end. */
_Noreturn void user_stop(const char *message, uint64_t rip, uint64_t frame);

/* Library only: the running flow of control becomes the first thread; upcalls from now on. */
void user_library_init(void);

/* Goes back to code of the library's own that an upcall interrupted, with all its registers. */
_Noreturn void user_resume(struct upcall *frame);

/* Takes the pending events and does what they ask for.  On the way out of the library, and when it idles. */
void user_events(void);

/* SYSCALL by the convention of exo.h, and of micro.h's second shape. */
int64_t user_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

/* Needed from the structure.
   home_entry:    the domain's C entry.
   home_sleep:    until an event is pending or that time.
   home_alarm:    EVENT_ALARM at that time, SCHED_FOREVER: none.
   home_tls:      sets FS base, where ring 3 cannot.
   home_space:    makes table (NULL: any) the loaded one.
   home_fault:    a page fault that the kernel told of by upcall: 0 if it may be tried again.
   home_event:    bits other than EVENT_ALARM.
   home_text:     console text.
   home_books:    as env_books.
   home_usage:    as env_usage.
   home_end:      ends the machine, or what of it is this application's; the kernel says so (wire.h: exit). */
_Noreturn void home_entry(void);
void home_sleep(uint64_t deadline_ns);
void home_alarm(uint64_t deadline_ns);
void home_tls(uint64_t base);
void home_space(struct table *table);
int home_fault(uint64_t address, uint32_t access);
void home_event(uint32_t events);
void home_text(const char *text, uint64_t n);
unsigned home_books(uint64_t *out, unsigned n);
void home_usage(uint64_t *out);
_Noreturn void home_end(int status);

#endif
