/* SPDX-License-Identifier: MIT */
/* net_hooks.h: where lwIP asks the part net in the middle of its work. */
#ifndef TOLL_NET_HOOKS_H
#define TOLL_NET_HOOKS_H

#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ip4.h"
#include "lwip/tcp.h"
#include <stdbool.h>

/* A packet of IPv4 came, whose header is all there (error.c). */
void net_error_came(const struct pbuf *p, const struct netif *netif);
static inline bool net_packet_look(const struct pbuf *p, const struct netif *netif)
{
    if (IPH_PROTO((const struct ip_hdr *)p->payload) == IP_PROTO_ICMP)
        net_error_came(p, netif);
    return false;
}
#define LWIP_HOOK_IP4_INPUT(p, netif) net_packet_look(p, netif)

/* The first sequence number of a connection (RFC 6528): random.c. */
u32_t net_sequence_first(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote, u16_t remote_port);
#define LWIP_HOOK_TCP_ISN net_sequence_first

/* Whether a listener takes a segment (listen.c), and whether its options are sound (stream.c): lwIP reads beyond their
   end if not. */
err_t net_listen_check(struct tcp_pcb_listen *listener, const struct tcp_hdr *header);
err_t net_options_check(const struct tcp_hdr *header, unsigned bytes, bool split);
/* Half of all numbers away is both before and behind, which lwIP does not expect. */
static inline bool net_opposite(const struct tcp_pcb *pcb, const struct tcp_hdr *header)
{
    return header->seqno - pcb->rcv_nxt == 0x80000000u;
}
/* Before a connection is open.  A second SYN is only ever sent again as the first was: with the acknowledgement that
   completes the connection lwIP would take it for data's, and count it. */
static inline err_t net_early_check(struct tcp_pcb *pcb, const struct tcp_hdr *header)
{
    if (pcb->state == LISTEN)
        return net_listen_check((struct tcp_pcb_listen *)pcb, header);
    if (pcb->state != SYN_RCVD)
        return ERR_OK;
    return !(~TCPH_FLAGS(header) & (TCP_SYN | TCP_ACK)) || net_opposite(pcb, header) ? ERR_VAL : ERR_OK;
}
static inline err_t net_segment_check(struct tcp_pcb *pcb, const struct tcp_hdr *header, unsigned bytes, bool split)
{
    if (bytes && net_options_check(header, bytes, split) != ERR_OK)
        return ERR_VAL;
    if (pcb->state < ESTABLISHED)
        return net_early_check(pcb, header);
    return net_opposite(pcb, header) ? ERR_VAL : ERR_OK;
}
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, length, length1, options2, p)                                          \
    net_segment_check((struct tcp_pcb *)(pcb), header, length, (options2) != NULL)

/* DHCP answers to everybody (RFC 2131, section 4.1): not yet to an address that could not be claimed (claim.c). */
#define LWIP_HOOK_DHCP_APPEND_OPTIONS(netif, dhcp, state, msg, msg_type, options_len_ptr)                              \
    ((msg)->flags = PP_HTONS(0x8000))

/* Each segment as it goes out; before snd_nxt moves on, so what lies below it goes once more.  A listener, which may
   send a reset, has no such thing. */
extern u32_t net_segments_resent;
#define LWIP_HOOK_TCP_OUT_TCPOPT_LENGTH(pcb, length) (length)
#define LWIP_HOOK_TCP_OUT_ADD_TCPOPTS(p, header, pcb, options)                                                         \
    (net_segments_resent += (pcb) && (pcb)->state > LISTEN && TCP_SEQ_LT(lwip_ntohl((header)->seqno), (pcb)->snd_nxt), \
     (options))

#endif
