/* SPDX-License-Identifier: MIT */
/*
 * domain.h: what a kernel and a domain in ring 3 agree on: where a domain lies, the page that they share, and upcalls.
 *
 * Domain number n (a server, or the library of an application) is linked at DOMAIN_BASE(n), so that an address alone
 * tells whose it is.  All of them lie in one entry of the top-level page table; the application's own program lies
 * below APP_END.
 *
 *      DOMAIN_BASE(n) + DOMAIN_IMAGE     code and data of the domain
 *                     + DOMAIN_INFO      struct domain_info
 *                     + DOMAIN_RAM       its memory: ram_bytes in one piece, physically too (ram_physical)
 *                     + DOMAIN_WINDOW    memory of others that it shares
 *                     + DOMAIN_DEVICE    registers of its device
 *      PROGRAM_BASE                      the file of the program to start, read-only; above the last domain
 *      TABLE_WINDOW                      page tables, read-only, where a structure shows them
 *
 * An upcall makes a domain go on at info->upcall_entry with rsp pointing to a struct upcall that the kernel has put on
 * the domain's stack: below rsp if rsp lies in the upcall stack already, else at its top.  It returns by itself: it
 * loads the registers of the frame (user_resume).  Exceptions are told at once.  Events are bits that gather in
 * info->pending; an upcall tells of them only while the domain runs outside [text_start, text_end), for inside it
 * looks at them on its way out.
 */
#ifndef TOLL_DOMAIN_H
#define TOLL_DOMAIN_H

#define DOMAIN_SLOT_BASE 0x7f0000000000
#define DOMAIN_STRIDE 0x1000000000
#define DOMAIN_BASE(n) (DOMAIN_SLOT_BASE + (n)*DOMAIN_STRIDE)
#define DOMAIN_IMAGE 0x1000
#define DOMAIN_INFO 0x40000000
#define DOMAIN_RAM 0x100000000
#define DOMAIN_WINDOW 0x800000000
#define DOMAIN_DEVICE 0xc00000000
#define DOMAIN_DEVICE_STRIDE 0x1000000
#define DOMAIN_DEVICES_MAX 6
#define DOMAIN_GIVEN_MAX 2 /* virtio devices of one domain */
#define PROGRAM_BASE (DOMAIN_BASE(7) + 0xe00000000)
#define PROGRAM_BYTES_MAX 0x200000000
#define TABLE_WINDOW 0x7f8000000000
#define APP_END 0x7e0000000000
#define DOMAIN_STACK_BYTES 16384 /* of the stack that a domain starts on, in its image */

/* Bits of pending. */
#define EVENT_ALARM 1
#define EVENT_DISK 2
#define EVENT_INPUT 4
#define EVENT_NET 16 /* frames have come, or sockets have changed */

/* Offsets for assembly. */
#define INFO_PENDING 0
#define INFO_UPCALL_STACK 8

#ifndef __ASSEMBLER__
#include "machine/cpu.h"
#include "machine/trap.h"
#include "wire.h"
#include <stdbool.h>
#include <stdint.h>

#define DOMAIN_WORDS_BYTES 1024
#define DOMAIN_DONE_MAX 128 /* a power of two */
#define MESSAGE_THREADS 8
#define MESSAGE_WORDS_MAX 16
#define MESSAGE_REGISTERS 4

struct domain_done {
    uint64_t tag;
    int64_t status;
};

/* Words of a message beyond those in registers, and what else a thread's call needs.  One for each kernel thread of the
   domain; used only where a kernel has messages. */
struct domain_message {
    uint64_t words[MESSAGE_WORDS_MAX - MESSAGE_REGISTERS];
    uint64_t payload, payload_bytes; /* memory that the callee may have copied, in both directions */
    uint64_t deadline_ns;
    uint64_t reserved;
};

/* One page.  The domain may write all of it: a kernel believes nothing in here. */
struct domain_info {
    /* The domain's and the kernel's. */
    volatile uint32_t pending; /* set by the kernel, taken by the domain with an atomic exchange */
    uint32_t leave;            /* the domain's own, after pending so that one instruction looks at both */
    uint64_t upcall_stack;     /* top of the running thread's stack in the domain, of DOMAIN_STACK_BYTES */
    uint64_t upcall_entry;     /* 0: exceptions end the domain */
    uint64_t text_start, text_end;
    uint64_t books[WIRE_KINDS]; /* what the domain itself counts */
    /* From the kernel, before the domain starts. */
    uint64_t tsc_start, ns_scale; /* now = (tsc - tsc_start) * ns_scale >> 32 */
    uint64_t epoch_ns, seed;
    uint32_t seed_repeats, domain;
    uint64_t ram_physical, ram_bytes;
    uint64_t window_bytes;                    /* of memory shared with others, at DOMAIN_WINDOW; 0: none */
    uint64_t window_address, window_physical; /* of the window that is all of another domain's memory, and its bytes: */
    uint64_t window_whole;                    /* for drivers, whose devices reach it too; 0: none */
    struct {
        uint64_t physical, bytes;
    } device[DOMAIN_DEVICES_MAX];             /* registers, mapped at DOMAIN_DEVICE + index * DOMAIN_DEVICE_STRIDE */
    uint32_t device_irq[DOMAIN_GIVEN_MAX];    /* as bus.h numbers lines */
    uint32_t device_handle[DOMAIN_GIVEN_MAX]; /* what each line is named by */
    struct {
        uint64_t address; /* what a message of it is */
        uint32_t data, reserved;
    } msi[DOMAIN_GIVEN_MAX];               /* of those on PCI */
    uint32_t device_pci;                   /* how many are on PCI */
    uint32_t environment;                  /* this one's number, where there are several with the same domains */
    uint64_t program_bytes;                /* at PROGRAM_BASE; 0: no program */
    uint64_t program_physical;             /* its first frame; the others follow */
    uint64_t extent_first, extent_sectors; /* of the disk, where the kernel shares it out */
    struct cpu cpu;
    char command_line[DOMAIN_WORDS_BYTES]; /* options, "--", words of the program */
    /* Disk requests that have finished, where the kernel drives the disk: [taken, done), free-running. */
    volatile uint32_t done;
    uint32_t taken;
    struct domain_message messages[MESSAGE_THREADS];
};
_Static_assert(sizeof(struct domain_info) <= 4096, "one page");

/* A second page after the first: completions of the disk. */
#define DOMAIN_DONE (DOMAIN_INFO + 4096)
struct domain_dones {
    struct domain_done done[DOMAIN_DONE_MAX];
};

/* What an upcall finds at rsp. */
struct upcall {
    struct trap trap; /* of the interrupted code; vector 255: no exception, only events */
    uint64_t address; /* cr2 of a page fault */
};
#define UPCALL_EVENTS 255

/* For kernels (domain.c, upcall.c). ------------------------------------------------------------------------------ */

struct table;

/* Fills what the kernel tells: clock, processor, randomness, command line; the rest is zero. */
void domain_info_fill(struct domain_info *info, unsigned domain);

/* Maps the ELF image of a domain (page-aligned, in this image) into table: code and constants where they lie, data in
   frames of its own from alloc.h.  Stores its entry.  -ENOEXEC, -ENOMEM. */
int domain_load(struct table *table, const void *elf, uint64_t bytes, uint64_t *entry);

/* Maps [physical, physical + bytes) at address with access (PAGER_*), in large pages where both are aligned to them. */
int domain_map_range(struct table *table, uint64_t address, uint64_t physical, uint64_t bytes, uint32_t access);

/* Sends an upcall for trap, which is about to return to ring 3: changes it so that it returns to the domain's entry.
   address: cr2.  False if the domain has no entry or its stack cannot take the frame.  Counted in books. */
bool upcall_exception(struct trap *trap, const struct domain_info *info, uint64_t address);

/* The same for pending events, if there are any and the domain is where it can be told; true if one was sent or none
   had to be. */
bool upcall_events(struct trap *trap, const struct domain_info *info);

/* Takes bytes (rounded up to pages; 2 MiB-aligned if at least that large and possible) of the machine's memory away
   before the kernel's allocator gets the rest: physical address, 0 if there is not so much in one piece.  Between
   boot_read and home_memory. */
uint64_t memory_carve(uint64_t bytes);
#endif
#endif
