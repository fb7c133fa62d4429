/* SPDX-License-Identifier: MIT */
/* fuzz_net.h: the fuzz target of the network. */
#ifndef TOLL_FUZZ_NET_H
#define TOLL_FUZZ_NET_H

#include <stddef.h>
#include <stdint.h>

/* What a byte of the input, modulo FUZZ_NET_STEPS, asks for; each takes further bytes, 0 where they have ended:
   TIME exponent            a time passes
   RAW low high bytes...    a frame of any content
   SEGMENT conversation flags sequence acknowledged window bytes   of TCP, as it should be but for small numbers;
                                  128 in window: with options
   DATAGRAM port bytes fragment
   DAMAGED place value, then as SEGMENT                            with bytes changed afterwards
   ARP kind who
   ICMP type bytes
   CALL socket call value   the program does something
   FRAGMENT protocol number offset bytes    of TCP, UDP or ICMP; offset in eights, and 128 if there are more
   DHCP kind options times value            a server's message; the first one of a script makes a client of the machine
   EDGE conversation flags end bytes        a segment that ends up to 128 bytes before or behind the window's end
   ORDER conversation flags start bytes     a segment that starts so many bytes late
   FILL conversation left                   segments in order, until the window has so many bytes left
   CUT first others                         the next packet comes in fragments: so many eights and one more
 */
enum fuzz_net_step {
    STEP_TIME,
    STEP_RAW,
    STEP_SEGMENT,
    STEP_DATAGRAM,
    STEP_DAMAGED,
    STEP_ARP,
    STEP_ICMP,
    STEP_CALL,
    STEP_FRAGMENT,
    STEP_DHCP,
    STEP_EDGE,
    STEP_ORDER,
    STEP_FILL,
    STEP_CUT
};
#define FUZZ_NET_STEPS 14u

/* Makes the process a home with a network; once, first. */
void fuzz_net_init(void);
/* A wire, and a program with sockets, from nothing to the end.  Aborts if the network breaks a promise: it goes on, it
   gives everything back.  Counts connections that came to be open, and bytes received by the program. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
extern unsigned long fuzz_net_opened, fuzz_net_received, fuzz_net_frames;

#endif
