/* SPDX-License-Identifier: MIT */
/*
 * env.h: what every part needs from its home, whichever domain that is.  Each structure satisfies these symbols
 * in its env.c; kernels/host does so for a Linux process.
 *
 * A *caller address* (uaddr_t) is an address in the memory of whoever made the current request: perhaps this
 * very domain, perhaps another one.  A part must never dereference it; it moves data with the env_copy_*
 * functions, which check the range, survive a fault in it and add to the books' bytes_copied.
 */
#ifndef TOLL_ENV_H
#define TOLL_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t uaddr_t;

/* Copies n bytes from the caller to this domain, or from this domain to the caller, or clears n bytes of the
   caller.  0, or -EFAULT if any byte of the range is not the caller's to use that way; the destination may then
   be written in part.  May take a page fault and so may sleep. */
int env_copy_in(void *dst, uaddr_t src, size_t n);
int env_copy_out(uaddr_t dst, const void *src, size_t n);
int env_clear_out(uaddr_t dst, size_t n);

/* Whether [address, address + n) can be the caller's at all.  Copies check by themselves; this is for addresses that
   are kept rather than used at once.  n = 0 is always good. */
bool env_check_range(uaddr_t address, uint64_t n);

/* Copies a NUL-terminated string of the caller to dst (size bytes).  Its length without the NUL, -EFAULT, or
   -ENAMETOOLONG if no NUL is among the first size bytes. */
int64_t env_copy_in_string(char *dst, uaddr_t src, size_t size);

/* Nanoseconds since boot, never decreasing; and wall-clock time at boot in nanoseconds since 1970. */
uint64_t env_now_ns(void);
uint64_t env_epoch_ns(void);

/* Fills buf with n unpredictable bytes (predictable ones in a run that must repeat exactly). */
void env_random(void *buf, size_t n);

/* A critical section against this domain's own interrupt handlers.  Nests by keeping the returned value. */
uint64_t env_irq_save(void);
void env_irq_restore(uint64_t saved);

/* Calls handler(arg) in interrupt context whenever the device line irq (as virtio.h names it) fires.
   0 or -EBUSY.  The handler may wake threads; it may not sleep. */
int env_irq_bind(uint32_t irq, void (*handler)(void *arg), void *arg);

/* The address by which a device reaches this domain's memory at p.  The memory must come from alloc.h; within
   one page consecutive addresses are consecutive for the device too. */
uint64_t env_dma(const void *p);

/* One more in the books (wire.h: kind is one of enum wire_kind) of what a part itself is the only one to know. */
void env_count(uint32_t kind);

/* One line of console text for people, printf-like (base/format.h); a newline is added. */
void env_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
