/* SPDX-License-Identifier: MIT */
/* network.h: what network.c, who takes frames in, and network_send.c share. */
#ifndef TOLL_EXO_NETWORK_H
#define TOLL_EXO_NETWORK_H

#include "exo/environment.h"

extern uint8_t network_address[]; /* the interface's */

int network_send_init(unsigned environments);      /* that have a network.  -ENOMEM */
void network_sent(void);                           /* takes note of what has been sent, */
void network_sent_of(const struct environment *e); /* until none of its memory is needed or no more has been sent */
void network_room(void);                           /* who was refused may try again */
void network_send_wait(struct environment *e);     /* until none of its memory is needed */

/* The address at the beginning of a word `ip=` is that environment's; other words give none. */
void network_address_give(unsigned number, const char *word);

#endif
