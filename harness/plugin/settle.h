/* SPDX-License-Identifier: MIT */
/*
 * settle.h: makes disks answer at once, as the guest sees it, so that runs with a disk repeat.
 *
 * With icount the guest's clock follows its instructions, but a disk's answer takes the time that it takes the host:
 * it would fall at another instruction in every run.  So when the guest has told a virtio device that there is work,
 * the vCPU is held, its clock standing still, until QEMU's other threads have done the work and sleep again.  The
 * interrupt is then taken at the very next instruction that may be interrupted.
 *
 * A guest with a network has the harness's peer (harness/peer.h) at the other end of its link: a thread of another
 * process, whose answers are held for in the same way.  When such a guest halts, and nothing is under way any more, the
 * peer is told, by one byte, that the guest is idle; what it then sends comes before the guest's clock jumps.
 *
 * Finding those writes costs nothing while the guest runs.  With icount QEMU stops at an access to a device in the
 * middle of a block, and runs the instruction again as a block of its own; so only such blocks are watched.  Without
 * icount there are none, and nothing is held.
 */
#ifndef TOLL_SETTLE_H
#define TOLL_SETTLE_H

#include "qemu_api.h"

/* Finds the threads of this process.  Without /proc nothing is ever held.  peer: "PROCESS/THREAD" of the peer's thread,
   idle: the FIFO at which it listens; both NULL: there is none.  0, or -1 after saying on stderr what is wrong. */
int settle_init(const char *peer, const char *idle);

/* Watches insn, a store that is a block of its own. */
void settle_plant(struct qemu_plugin_insn *insn);

/* Watches insn, a HLT. */
void settle_plant_halt(struct qemu_plugin_insn *insn);

#endif
