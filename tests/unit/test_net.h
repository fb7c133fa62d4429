/* SPDX-License-Identifier: MIT */
/* test_net.h: what the tests of sockets of this machine with each other share. */
#ifndef TOLL_TEST_NET_H
#define TOLL_TEST_NET_H

#include "net_fixture.h"

#define PORT 7000u

extern uint8_t bytes[1 << 20], back[1 << 20];

/* A listener, and a connection to it from both sides. */
struct pair {
    int listener, client, server;
};
struct pair pair_make(void);
void pair_close(struct pair p);
void work(void); /* all that there is */
int64_t send_all(int s, const void *data, uint64_t n);
int64_t receive(int s, void *data, uint64_t n);
int test_net_more(void);
int test_net_wire(void);
int test_net_window(void);

#endif
