/* SPDX-License-Identifier: MIT */
/*
 * exo.h: the exokernel's calls.  They secure bindings and do nothing else: what a frame, an extent, a slice is used
 * for is the application's business; that it is the application's own is checked on every call.
 *
 * SYSCALL with the number in rdi and arguments in rsi rdx r10 r8 r9 rax; the result in rax, a negative errno for an
 * error.  A call is a C call: callee-saved registers survive, the others come back cleared.
 *
 * An environment is one protection domain of an application: a library at DOMAIN_BASE(n) with its struct domain_info,
 * page tables that all contain the library, frames, extents, one flow of control with a share of the processor's time.
 * Its page tables can be read at TABLE_WINDOW (the loaded one) and change only by these calls.
 */
#ifndef TOLL_EXO_H
#define TOLL_EXO_H

/* Frames.  An environment starts with its memory (ram_physical in struct domain_info), which it owns, mapped at
   DOMAIN_RAM.  frame: a physical page number.  -EPERM: not the environment's frame.  Frames of its program
   (program_physical) can be mapped too, without PAGER_WRITE. */
#define EXO_FRAME_GET 0  /* (): one more frame, not mapped; -ENOMEM */
#define EXO_FRAME_PUT 1  /* (frame): gives it back; -EBUSY while any table maps it */
#define EXO_MAP 2        /* (table, address, frame, access): PAGER_* of pager.h; -EINVAL -EPERM -ENOMEM */
#define EXO_UNMAP 3      /* (table, address): the entry that was there, as the processor reads it, 0 if none */
#define EXO_PROTECT 4    /* (table, address, access): -EINVAL -EPERM; nothing where there is no entry */
#define EXO_ENTRY 5      /* (table, address): the entry for address, 0 if none: for tables that are not loaded */
#define EXO_ENTRY_NEXT 6 /* (table, address, end): first address from there on with an entry, or end */

/* Tables: an address space that contains the library.  table: a small number; 0 is the one at the start. */
#define EXO_TABLE_MAKE 7 /* (): number; -ENOMEM -EMFILE */
#define EXO_TABLE_FREE 8 /* (table): -EBUSY while loaded; -EPERM for table 0; unmaps what it maps */
#define EXO_TABLE_LOAD 9 /* (table): an as_switch, if another one was loaded */

/* The disk.  An extent is a range of sectors that belongs to one environment. */
#define EXO_EXTENT_BIND                                                                                                \
    10                     /* (first, sectors): number; -EBUSY: part of it may be another's; -EINVAL -ENODEV -EMFILE   \
                            */
#define EXO_EXTENT_FREE 11 /* (extent): -EBUSY while requests are in flight */
#define EXO_DISK 12        /* (op, extent, sector in it, segments, count, tag): starts a request, as said below */

/* EXO_DISK: op as in blk.h; segments: array of struct exo_segment, at most BLK_SEGMENTS_MAX, whose frames cannot be
   given back before the end of the request, which EVENT_DISK and an entry in struct domain_dones tell.  -EPERM: a
   frame; -EINVAL -EROFS -EFAULT; -EAGAIN: too many in flight (DOMAIN_DONE_MAX of one environment, or what the disk
   takes): wait for EVENT_DISK. */

/* Time. */
#define EXO_WAIT                                                                                                       \
    13               /* (deadline_ns, listen): sleeps until an event is pending or that time; returns pending.  listen \
                        not 0: does EXO_NIC_LISTEN before, whose 1 is EVENT_NET */
#define EXO_ALARM 14 /* (deadline_ns): EVENT_ALARM then; UINT64_MAX: none.  One alarm an environment. */
#define EXO_YIELD 15 /* (): the rest of the slice goes to the next environment */

/* Console: one, shared; input goes to the environment that asked first. */
#define EXO_CONSOLE_WRITE                                                                                              \
    16 /* (address, n): bytes sent, at most 64 KiB, not mixed with others'; -EFAULT.  The next write, if it is not     \
          late, is not parted from a line that this one has begun */
#define EXO_CONSOLE_READ 17   /* (address, n): bytes, 0 if none; -EPERM -EFAULT */
#define EXO_CONSOLE_LISTEN 18 /* (): 1: EVENT_INPUT from now on; 0: no input will ever come; -EPERM: another's */

#define EXO_TLS 19   /* (base): FS base, for processors on which ring 3 cannot set it; -EINVAL */
#define EXO_BOOKS 20 /* (address, n): the kernel's books, with those of the environment added; how many */
#define EXO_END 21   /* (status): the environment ends; with the last one the machine does */
#define EXO_NULL 22  /* (): 0; for measuring */

/* The network interface, for environments with a word `ip=`; for others all of these are -ENODEV.  Frames that come are
   copied once, into memory that the environment has offered for them; struct exo_net says which.  A frame that nobody
   claims, or for which its owner has no room, is lost and counted.  Claims are as nic.h says; those of a fragment but
   the first never match what compares the transport header.  Frames to the address that a word `ip=` gives to another
   environment cannot be claimed (-EADDRINUSE), nor can its address resolution. */
#define EXO_NIC_INFO 23      /* (address): a struct exo_nic is put there; -EFAULT */
#define EXO_NIC_CLAIM 24     /* (address of a struct nic_filter): its number; errors of nic_claim, -EFAULT */
#define EXO_NIC_CLAIM_END 25 /* (claim): -EINVAL */
#define EXO_NIC_RING                                                                                                   \
    26 /* (address, n): n numbers of frames, two slots in each, which cannot be given back meanwhile; n = 0 ends that. \
          -EBUSY: there are some; -EPERM: a frame; -EINVAL -EFAULT */
#define EXO_NIC_SEND                                                                                                   \
    27 /* (segments, count, sum, tag): sends a frame of struct exo_segment, here without alignment.  sum: 0 or         \
          checksum_start | checksum_offset << 16 of nic.h, only of TCP's or UDP's.  1: all of it was copied; 0: its    \
          memory is needed until tag is in struct exo_net, and cannot be given back.  -EPERM: a frame of memory, or    \
          the answer would not be the environment's; -EAGAIN: EVENT_NET will tell; -EINVAL -EFAULT */
#define EXO_NIC_LISTEN                                                                                                 \
    28 /* (): 1: there may be frames in the ring now; 0: there are none, and EVENT_NET will tell of the next.  Before, \
          frames may wait where only this call looks for them.  -EINVAL: no ring */
#define EXO_USAGE 29 /* (): page frames that the kernel uses, and those beyond their memory that environments own */
#define EXO_CALLS 30

/* struct exo_net of environments with a network, in the pages that they share with the kernel. */
#define DOMAIN_NET (DOMAIN_DONE + 4096)

#ifndef __ASSEMBLER__
#include <stdint.h>
struct exo_segment {
    uint64_t frame;
    uint32_t offset, bytes; /* in the frame; for disks multiples of BLK_SECTOR_BYTES */
};

struct exo_nic {
    uint8_t address[6];
    uint8_t sums_sent, sums_received; /* as in nic.h */
    uint64_t unclaimed;               /* frames that came and were nobody's */
};

#define EXO_NET_SLOTS_MAX 128 /* a power of two; so many, too, may be sent and not told of yet */
#define EXO_NET_SLOT_BYTES 2048
#define EXO_NET_SLOT_START 2 /* where a frame begins in its slot */

/* All counts run freely; entry number n is n % EXO_NET_SLOTS_MAX.  Slot s is half s % 2 of frame s / 2 of the ring. */
struct exo_net {
    /* From the kernel. */
    volatile uint32_t came;    /* entries of frames */
    volatile uint32_t sent;    /* entries of tags */
    volatile uint32_t listens; /* EVENT_NET will tell of the next frame */
    volatile uint32_t dropped; /* came when no slot was offered */
    volatile uint32_t refused; /* EXO_NIC_SEND's -EPERM for the answer's sake */
    uint32_t reserved[11];
    /* From the environment. */
    volatile uint32_t offered; /* entries of slots */
    volatile uint32_t taken;   /* of frames */
    volatile uint32_t told;    /* of tags */
    uint32_t reserved2[13];
    struct {
        uint16_t slot, bytes;
        uint32_t checked; /* as in nic.h */
    } frames[EXO_NET_SLOTS_MAX];
    uint64_t tags[EXO_NET_SLOTS_MAX];
    uint8_t slots[EXO_NET_SLOTS_MAX];
};
_Static_assert(sizeof(struct exo_net) <= 4096, "one page");
#endif
#endif
