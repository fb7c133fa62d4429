/* SPDX-License-Identifier: MIT */
/*
 * micro.h: the microkernel's calls (models: L4, Liedtke, SOSP'95; seL4, Klein et al., SOSP'09).
 *
 * Objects: a *process* has a table of handles and memory of its own (struct domain_info); a *space* is a page table of
 * a process, all of which contain the process's domain (domain.h); a *thread* runs in a process, in one of its spaces;
 * an *endpoint* is where callers meet receivers; a *note* is a word of bits that wakes who waits for it.  A process can
 * name only what its handles name; handles come with the process, from calls that make objects, and from others
 * (MICRO_HANDLE_GIVE).
 *
 * SYSCALL with the number in rdi.  Two shapes:
 *
 * 1. Messages (MICRO_CALL to MICRO_REPLY_WAIT):
 *      in   rsi handle, rdx tag, r10 r8 r9 rax words 0 to 3
 *      out  rdi what came: for a receiver the badge of the handle that was called through (with MICRO_NOTE in tag: bits
 *           of a note); for a caller 0; or a negative errno
 *           rdx tag, r10 r8 r9 rax words 0 to 3
 *    Words 4 and on lie in the thread's struct domain_message; the tag says how many.  The other registers: rbx rbp
 *    r12-r15 survive, rcx r11 rsi are lost.
 *
 * 2. All others: arguments in rsi rdx r10 r8 r9 rax, result in rax (negative errno for an error), a C call.
 */
#ifndef TOLL_MICRO_H
#define TOLL_MICRO_H

/* tag: bits 0-15 the operation (the protocol's), 16-20 words in memory (0 to 12), 21 the caller offers its payload. */
#define MICRO_TAG(op, words) ((op) | (words) << 16)
#define MICRO_TAG_OP(tag) ((tag)&0xffff)
#define MICRO_TAG_WORDS(tag) ((tag) >> 16 & 31)
#define MICRO_TAG_PAYLOAD (1 << 21)
#define MICRO_TAG_NOTE (1 << 22) /* from the kernel: rdi holds the bits of the thread's bound note, now cleared */
/* From the kernel: an exception, whose vector is the operation; words: address, access (PAGER_*; 0: no pager
   could help), rip, space's label.  Of processes that take upcalls only page faults below APP_END.
   A reply with operation 0 lets the thread try again; any other is an exception to it. */
#define MICRO_TAG_FAULT (1 << 23)

/* Messages. */
/* CALL sends to an endpoint and waits for the reply: -EBADF, -EINTR (the callee is gone).  Handle 0 is the thread's
   pager, with the badge that its faults have.  The UNTIL forms end with -ETIMEDOUT at deadline_ns in struct
   domain_message.  A caller that is neither replied to nor kept before its receiver waits again gets -EINTR. */
#define MICRO_CALL 0
#define MICRO_WAIT 1       /* waits at an endpoint (receive right), or for the bound note: -EBADF, -EPERM */
#define MICRO_REPLY_WAIT 2 /* replies to the caller that was received last, if any waits still; then as MICRO_WAIT */
#define MICRO_CALL_UNTIL 3
#define MICRO_WAIT_UNTIL 4
/* rsi: a reply handle (MICRO_REPLY_KEEP), used up; or 0: the caller received last.  -EBADF -ENOENT */
#define MICRO_REPLY 5
#define MICRO_MESSAGES 6

#define MICRO_REPLY_KEEP 6 /* (): a handle for the caller received last, to reply to later; -ENOENT -EMFILE */
/* Neither brings in pages, on either side: who offers memory touches it first.  n is at most MICRO_PAYLOAD_MAX. */
#define MICRO_PAYLOAD_MAX (1 << 20)
#define MICRO_PAYLOAD_READ 7  /* (reply handle or 0, own address, offset, n): from the caller's payload to here */
#define MICRO_PAYLOAD_WRITE 8 /* (reply handle or 0, offset, own address, n): to it; -EFAULT -EINVAL -ENOENT */

/* Notes. */
#define MICRO_NOTE_MAKE 9    /* (): handle with the right to wait for its bits */
#define MICRO_NOTE_SIGNAL 10 /* (note, bits) */
/* Both with the right to wait: -EPERM. */
#define MICRO_NOTE_WAIT 11 /* (note, deadline_ns): the bits, now cleared; -ETIMEDOUT; -EBADF: the note is gone */
/* (note): its bits also end this thread's waits at endpoints; it does not go with the process that made it; -EBUSY */
#define MICRO_NOTE_BIND 12

/* Interrupts and ports: only those that the handle is for. */
#define MICRO_IRQ_BIND 13 /* (irq, note, bits): signals the note when the line fires, then not until MICRO_IRQ_ACK */
#define MICRO_IRQ_ACK 14  /* (irq): the next one; at once, if the line has fired meanwhile */
#define MICRO_PORT_IN 15  /* (port, bytes): for processes without the ports in their I/O permission bitmap; -EPERM */
#define MICRO_PORT_OUT 16 /* (port, bytes, value): bytes is 1 or 4 */
/* + offset, as a port, 4 bytes: configuration space of the process's own device on PCI, its second one's after that;
   what is written there can move the device nowhere else. */
#define MICRO_PORT_CONFIG 0x10000
#define MICRO_PORT_CONFIG_BYTES 256

/* Handles. */
/* (process, handle, badge): a copy for that process: its number there; -EBADF -EMFILE; -EPERM: this handle of the
   process is not for that.  Rights are not given; who may receive chooses the badge, others pass on their own.  Of a
   note, who may wait for it gives that right with the badge MICRO_NOTE_WAITS. */
#define MICRO_NOTE_WAITS 1
#define MICRO_HANDLE_GIVE 17
#define MICRO_HANDLE_CLOSE 18  /* (handle) */
#define MICRO_ENDPOINT_MAKE 19 /* (): handle with the receive right */

/* Spaces and memory.  space: handle; address: a whole page below APP_END.  Mapped can be only what the caller has for
   good and may access itself (execution counts as reading): its memory (DOMAIN_RAM), windows, the program's file.  What
   others have mapped to it it cannot pass on, so that unmapping a page takes it away for certain. */
#define MICRO_SPACE_MAKE 20  /* (process, label): a new space of that process: handle; -EPERM as above */
#define MICRO_SPACE_ENTER 21 /* (space): the running thread goes on in that space of its own process */
#define MICRO_MAP 22         /* (space, address, own address, access): -EINVAL -EPERM -ENOMEM */
#define MICRO_GRANT 23       /* the same of its own memory, and the caller's own mapping ends */
#define MICRO_UNMAP 24       /* (space, address): 1 if there was a page, 3 if it was written to, 0 */
/* (space, address, access): takes access away (more is mapped again: -EPERM); says what MICRO_UNMAP does; from then on
   the page was not written to. */
#define MICRO_PROTECT 25

/* Threads. */
#define MICRO_THREAD_MAKE 26  /* (space, rip, rsp, message slot, pager endpoint or 0): handle; it runs */
#define MICRO_THREAD_START 27 /* (thread, rip, rsp): one that waits in a call goes on so, other registers 0; -EBUSY */
#define MICRO_THREAD_END 28   /* (thread or 0: the running one); with its last one a process ends */
#define MICRO_YIELD 29

/* For a process with an application: events and time. */
#define MICRO_SLEEP 30 /* (deadline_ns): until an event is pending (domain.h) or that time; returns pending */
#define MICRO_ALARM 31 /* (deadline_ns): EVENT_ALARM to the running thread's process then */
#define MICRO_EVENT 32 /* (process, bits): makes events pending there */
#define MICRO_TLS 33   /* (base) */

#define MICRO_BOOKS 34 /* (address, n): the kernel's books, with those of every process added; how many */
#define MICRO_LOG 35   /* (address, n): console text before the console's server runs, and from it; n <= 4096 */
#define MICRO_END 36   /* (status): ends the machine; only with a handle of kind machine in slot HANDLE_MACHINE */
#define MICRO_NULL 37
/* (note, bits): before the machine ends, whoever wants that, the bits are signalled to the note, and the thread to
   which it is bound makes the end, by MICRO_END.  One thread may, of a server with the handle for that: -EPERM -EBADF
   -EBUSY */
#define MICRO_LAST 38
#define MICRO_USAGE 39 /* (which): so many of the kernel's are in use; another which: -EINVAL */
#define MICRO_CALLS 40

/* MICRO_USAGE. */
#define MICRO_USAGE_FRAMES 0 /* pages of the kernel's memory */
#define MICRO_USAGE_HANDLES 1
#define MICRO_USAGE_OBJECTS 2

/* Handles that processes are started with (0: none). */
#define HANDLE_SELF 1    /* own endpoint, with the receive right */
#define HANDLE_PROCESS 2 /* oneself, as a process */
#define HANDLE_SPACE 3   /* the first space */
#define HANDLE_MACHINE 4
#define HANDLE_IRQ 5
#define HANDLE_FS 6 /* endpoints of servers */
#define HANDLE_BLK 7
#define HANDLE_CONSOLE 8
#define HANDLE_MEM 9
#define HANDLE_ECHO 10
#define HANDLE_APP 11        /* the application's process; of nic: that of net */
#define HANDLE_IRQ_SECOND 12 /* of a process with several devices */
#define HANDLE_NET 13
#define HANDLE_NIC 14
#define HANDLE_IRQ_THIRD 15
#define HANDLE_FIRST_FREE 16
#define HANDLES_MAX 256

/* Domains (domain.h's numbers). */
#define DOMAIN_LIBRARY 0
#define DOMAIN_FS 1
#define DOMAIN_BLK 2
#define DOMAIN_CONSOLE 3
#define DOMAIN_MEM 4
#define DOMAIN_ECHO 5
#define DOMAIN_SYSTEM 6
#define DOMAIN_NET 6 /* where there is no system */
#define DOMAIN_NIC 7

#endif
