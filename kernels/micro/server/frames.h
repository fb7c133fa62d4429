/* SPDX-License-Identifier: MIT */
/* frames.h: between the network's server and its side of the driver's rings. */
#ifndef TOLL_MICRO_FRAMES_H
#define TOLL_MICRO_FRAMES_H

#include <stdint.h>

/* The driver has told of work (NOTE_NET_WORK). */
void frames_noted(void);

/* The driver is to look which frames were sent, if some were not told of: a segment whose frame is still lent is not
   sent again.  If it has ended, all were. */
void frames_sent_ask(void);

/* Returns when the driver has given the device all that was sent. */
void frames_flush(void);

/* Needed from the server: this note is from now on bound to its thread.  0 or a negative errno. */
int frames_note(uint64_t note);

#endif
