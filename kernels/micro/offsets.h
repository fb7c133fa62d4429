/* SPDX-License-Identifier: MIT */
/* offsets.h: what assembly knows of structures; call.c holds the two against each other. */
#ifndef TOLL_MICRO_OFFSETS_H
#define TOLL_MICRO_OFFSETS_H

#define THREAD_SP 0
#define THREAD_STACK_TOP 8
#define THREAD_TLS 16
#define THREAD_GS 40
#define THREAD_STATE 56
#define THREAD_KILLED 60
#define THREAD_RUNNING 1

#define TCB_THREAD 16
#define TCB_HANDLES 24
#define TCB_TABLE 32
#define TCB_MESSAGE 40
#define TCB_CALLER 48
#define TCB_HOLDER 56
#define TCB_AT 64
#define TCB_STATE 72
#define TCB_TAG 76
#define TCB_ATTENTION 80
#define TCB_IO_MAP 84
#define TCB_PAGER 88
#define TCB_REGS 112
#define TCB_INFO 120
#define STATE_RUNS 0
#define STATE_RECEIVES 2
#define STATE_REPLY 3
#define STATE_FAULT 5

#define HANDLE_KIND 0
#define HANDLE_OBJECT 8
#define HANDLE_BADGE 16
#define KIND_ENDPOINT 1
#define KIND_RECEIVE 0x10001 /* kind and rights */
#define ENDPOINT_RECEIVER 16
#define ENDPOINT_BUSY_VALUE 1

#define TABLE_CR3 8
#define TSS_STACK 4
#define TSS_IO_MAP 102

#define BOOK_SYSCALL 0
#define BOOK_IPC 4
#define BOOK_AS_SWITCH 5
#define BOOK_AS_SWITCH_KEPT 6
#define BOOK_THREAD_SWITCH 7

/* The kernel stack in a call, from its top down: what survives a call, then its registers. */
#define FRAME_SAVED 72
#define FRAME_SAVED_ONLY 48 /* of these, those that the processor does not need to return */
#define FRAME_REGISTERS 56
#define FLAGS_START 0x202 /* interrupts on */
#define TRAP_BYTES 176    /* struct trap, at the top of the stack in an exception */
/* What switch_stacks takes from a stack: six registers and where to go. */
#define SWITCH_REGISTERS 48

#define HANDLE_SLOTS 256
#define TAG_MASK_VALUE 0x3fffff
#define TAG_OP_BITS 0xffff
#define TAG_WORDS_BITS 0x1f0000
#define TAG_WORDS_SHIFT 16
#define WORDS_IN_MEMORY 12

#endif
