/* SPDX-License-Identifier: MIT */
/* intrude.h: the neighbour that breaks every rule. */
#ifndef TOLL_GUEST_INTRUDE_H
#define TOLL_GUEST_INTRUDE_H

#include <stdint.h>

#define INTRUDE_HEAD 60u /* bytes at the start of the frame, which a datagram of one's own fills */

/* What the interface needs cannot be taken away meanwhile.  The library must not have anything to send. */
void intrude_give_back(uint64_t frame);

/* Lies in what is shared with the kernel, and calls it with anything; then ends with frames on their way.  The library
   cannot be used any more from the start. */
_Noreturn void intrude(uint64_t frame);

#endif
