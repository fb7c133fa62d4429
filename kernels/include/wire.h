/* SPDX-License-Identifier: MIT */
/*
 * wire.h: everything that a guest and the harness have to agree on.  It is the only file that both sides
 * include, so it depends on nothing and holds constants only, and how a mark is executed.
 *
 * Two channels, and a third for programs that know of neither:
 *
 * 1. Marks.  A mark is an eight-byte NOP (0f 1f 84 00 disp32: nopl disp32(%rax,%rax,1)) whose displacement
 *    is WIRE_MARK_BASE + one of the WIRE_MARK_* numbers.  Real hardware and KVM execute it as nothing; the
 *    counting plugin sees it.  Marks are not counted as instructions.
 *
 * 2. Lines on the first serial port.  A line that begins with WIRE_PREFIX is a record; every other line is
 *    console text.  Records, fields separated by one blank, numbers decimal:
 *
 *      TOLL1 cpu FEATURE...                     at boot: what the system looked for in the processor and found
 *      TOLL1 main WORKLOAD                      the program's main() was reached
 *      TOLL1 window OPS KIND=N ...              after a measured window: operations in it, and what the
 *                                               kernel's own books say was crossed in it (names of
 *                                               enum wire_kind; absent where the system keeps no books)
 *      TOLL1 disk READS WRITES FLUSHES          the same for a system that keeps no books: what it says that its disk
 *                                               was asked in the window just reported (Linux: /proc/diskstats)
 *      TOLL1 value NAME UNIT N                  a further number that the workload reports
 *      TOLL1 listen PROTOCOL PORT               a server: clients may come to this port, tcp or udp
 *      TOLL1 o HEX                              the next bytes of the output that is hashed
 *      TOLL1 done WORKLOAD STATUS REASON...     the end of one workload: STATUS ok, fail or skip
 *      TOLL1 panic REASON...                    the kernel gave up; console text with a backtrace follows
 *      TOLL1 bt HEXADDRESS                      one frame of that backtrace, innermost first
 *      TOLL1 enosys NUMBER NAME                 a system call that is not supported was tried (once each)
 *      TOLL1 sym KIND HEXADDRESS NAME           (Linux baseline) where an entry stub lies
 *      TOLL1 exit CODE                          the system is about to power off
 *
 * 3. Steps.  A server that is not written for toll has no marks.  A program beside it (kernels/linux/serve.c) executes
 *    them when the clients say so, by a datagram of one byte to WIRE_STEP_PORT: the number of the next step.  It is
 *    answered by the same byte once the step is done; a step that was done before is only answered.
 *
 * Exit codes of the machine: the guest writes V to the debug-exit port and QEMU leaves with (V << 1) | 1.
 */
#ifndef TOLL_WIRE_H
#define TOLL_WIRE_H

#define WIRE_PREFIX "TOLL1 "
#define WIRE_LINE_MAX 512    /* longest record, with its newline */
#define WIRE_OUTPUT_CHUNK 64 /* bytes in one "o" record */

#define WIRE_MARK_BASE 0x746f6c00u   /* "tol" and the mark's number */
#define WIRE_MARK_BEGIN 1            /* a measured window starts */
#define WIRE_MARK_END 2              /* it ends */
#define WIRE_MARK_OP 3               /* one operation of the workload was finished */
#define WIRE_MARK_MAIN 4             /* main() of the workload was reached */
#define WIRE_MARK_SITE(n) (16 + (n)) /* n < 200: named places for finer windows, a debugging aid */

/* At both ends of a window, outside of what is counted, the program executes CPUID with one of these leaves, which no
   processor has.  Under KVM that leaves to the host, where observers of the time lane see it. */
#define WIRE_LEAF_BEGIN 0x746f6c11u
#define WIRE_LEAF_END 0x746f6c12u

#define WIRE_STEP_PORT 7077
#define WIRE_STEP_TRY_BEGIN 1 /* a window for which nothing is warm */
#define WIRE_STEP_TRY_END 2
#define WIRE_STEP_EMPTY_BEGIN 3 /* one in which nothing is asked: what the steps themselves cost */
#define WIRE_STEP_EMPTY_END 4
#define WIRE_STEP_BEGIN 5 /* the measured one */
#define WIRE_STEP_END 6
#define WIRE_STEP_LEAVE 7 /* the server is ended */
#define WIRE_STEP_WINDOWS 3

#define WIRE_EXIT_PORT 0xf4
#define WIRE_EXIT_OK 0x10    /* QEMU exits with 33 */
#define WIRE_EXIT_FAIL 0x11  /* 35: the workload failed */
#define WIRE_EXIT_PANIC 0x12 /* 37: the kernel panicked */
#define WIRE_QEMU_STATUS(v) (((v) << 1) | 1)

#ifndef __ASSEMBLER__
/* Kinds of crossings and other things that kernels count in their own books.  The names are also the metric
   names of results.  A kernel's books are an array of 64-bit counts indexed by these. */
enum wire_kind {
    WIRE_SYSCALL,
    WIRE_EXCEPTION,
    WIRE_INTERRUPT,
    WIRE_UPCALL,
    WIRE_IPC,
    WIRE_AS_SWITCH,      /* page-table loads, all of them */
    WIRE_AS_SWITCH_KEPT, /* of these, the loads that keep what the TLB holds */
    WIRE_THREAD_SWITCH,
    WIRE_PAGE_FAULT,
    WIRE_BYTES_COPIED,
    WIRE_DISK_READ, /* requests that the disk was given, by the part that drives it */
    WIRE_DISK_WRITE,
    WIRE_DISK_FLUSH,
    WIRE_KINDS
};
#define WIRE_KIND_NAMES                                                                                                \
    {                                                                                                                  \
        "syscall", "exception", "interrupt", "upcall", "ipc", "as_switch", "as_switch_kept", "thread_switch",          \
            "page_fault", "bytes_copied", "disk_read", "disk_write", "disk_flush"                                      \
    }

/* What is in use now, and what the network lost, as WIRE_CALL_USAGE stores it. */
enum wire_usage {
    WIRE_USAGE_PROCESSES,
    WIRE_USAGE_THREADS,     /* of processes */
    WIRE_USAGE_DESCRIPTORS, /* open, of all processes */
    WIRE_USAGE_SOCKETS,
    WIRE_USAGE_CONNECTIONS,  /* of TCP that the network knows, those that linger after close among them */
    WIRE_USAGE_NET_BYTES,    /* of packets and connections */
    WIRE_USAGE_FRAMES_POSIX, /* page frames in use in the domain of that part: one number where they share a domain */
    WIRE_USAGE_FRAMES_FS,
    WIRE_USAGE_FRAMES_NET,
    WIRE_USAGE_FRAMES_PAGER,
    WIRE_USAGE_FRAMES_KERNEL,
    WIRE_USAGE_HANDLES, /* of the kernel's objects, and these objects; 0 where it has none */
    WIRE_USAGE_OBJECTS,
    WIRE_USAGE_NET_RESENT,  /* since boot: segments that were sent once more, */
    WIRE_USAGE_NET_BAD,     /* frames that were malformed or had a bad checksum, */
    WIRE_USAGE_NET_DROPPED, /* and those for which there was no room, or which were nobody's */
    WIRE_USAGES
};
#define WIRE_USAGE_NAMES                                                                                               \
    {                                                                                                                  \
        "processes", "threads", "descriptors", "sockets", "connections", "net_bytes", "frames_posix", "frames_fs",     \
            "frames_net", "frames_pager", "frames_kernel", "handles", "objects", "net_resent", "net_bad",              \
            "net_dropped"                                                                                              \
    }
#endif

/* System calls that Linux does not have.

   os_syscall(WIRE_CALL_COUNTERS, uint64_t *counts, n) stores the first n books and returns the number stored;
   -ENOSYS where none are kept.

   os_syscall(WIRE_CALL_CROSS, kind, words, bytes, count) makes count protected calls of a kind, one after the other,
   each followed by the mark WIRE_MARK_OP, and returns 0; -ENOSYS where the system has no such crossing.  words: those
   of the message besides its tag; bytes: of memory that goes along, in both cases there and back.

   os_syscall(WIRE_CALL_USAGE, uint64_t *counts, n) stores the first n of enum wire_usage and returns the number stored.
 */
#define WIRE_CALL_COUNTERS 500
#define WIRE_CALL_CROSS 502
#define WIRE_CALL_USAGE 503

#define WIRE_CROSS_CALL 0        /* a message to another address space, and its answer */
#define WIRE_CROSS_CALL_WITHIN 1 /* the same within one address space */
#define WIRE_CROSS_CALL_SLOW 2   /* CALL by the way that takes every kind of message */
#define WIRE_CROSS_NOTIFY 3      /* a notification to another flow of control, and one back */
#define WIRE_CROSS_FAULT 4       /* a page fault that a pager answers, until the access goes on */
#define WIRE_CROSS_KERNEL 5      /* the cheapest call of the kernel */
#define WIRE_CROSS_UPCALL 6      /* the kernel calls the application, which goes on where it was */

#ifndef __ASSEMBLER__
/* Executes mark number n, a constant. */
#define WIRE_MARK(n) __asm__ volatile(".byte 0x0f,0x1f,0x84,0x00; .long %c0" ::"i"(WIRE_MARK_BASE + (n)) : "memory")
#endif

#endif
