/* SPDX-License-Identifier: MIT */
/* net_hooks.h: where lwIP asks the part net in the middle of its work. */
#ifndef TOLL_NET_HOOKS_H
#define TOLL_NET_HOOKS_H

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include <stdbool.h>

/* The first sequence number of a connection (RFC 6528): random.c. */
u32_t net_sequence_first(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote, u16_t remote_port);
#define LWIP_HOOK_TCP_ISN net_sequence_first

/* Whether a listener takes a segment (listen.c), and whether its options are sound (stream.c): lwIP reads beyond their
   end if not. */
err_t net_listen_check(struct tcp_pcb_listen *listener, const struct tcp_hdr *header);
err_t net_options_check(const struct tcp_hdr *header, unsigned bytes, bool split);
static inline err_t net_segment_check(struct tcp_pcb *pcb, const struct tcp_hdr *header, unsigned bytes, bool split)
{
    if (bytes && net_options_check(header, bytes, split) != ERR_OK)
        return ERR_VAL;
    if (pcb->state == LISTEN)
        return net_listen_check((struct tcp_pcb_listen *)pcb, header);
    /* half the numbers away is both before and behind, which lwIP does not expect */
    return header->seqno - pcb->rcv_nxt == 0x80000000u ? ERR_VAL : ERR_OK;
}
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, length, length1, options2, p)                                          \
    net_segment_check((struct tcp_pcb *)(pcb), header, length, (options2) != NULL)

/* Each segment as it goes out; before snd_nxt moves on, so what lies below it goes once more.  A listener, which may
   send a reset, has no such thing. */
extern u32_t net_segments_resent;
#define LWIP_HOOK_TCP_OUT_TCPOPT_LENGTH(pcb, length) (length)
#define LWIP_HOOK_TCP_OUT_ADD_TCPOPTS(p, header, pcb, options)                                                         \
    (net_segments_resent += (pcb) && (pcb)->state > LISTEN && TCP_SEQ_LT(lwip_ntohl((header)->seqno), (pcb)->snd_nxt), \
     (options))

#endif
