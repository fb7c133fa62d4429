/* SPDX-License-Identifier: MIT */
/*
 * error.c: what ICMP tells of datagrams that did not reach their destination (RFC 792; RFC 1122, section 4.1.3.3),
 * which lwIP does not look at.  Only the socket that is connected to whom the datagram was for is told, and only what
 * is final, as on Linux: a network that is unreachable now may not be in a moment.
 */
#include "lwip/inet_chksum.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/udp.h"
#include "net_hooks.h"
#include "net_part.h"

#define UNREACHABLE_HEAD 8u /* then the datagram's IP header and the first 8 bytes behind */

/* By code (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1); 0: not final. */
static int error_of(unsigned code)
{
    static const uint8_t errors[] = {
        [2] = ENOPROTOOPT, [3] = ECONNREFUSED,  [6] = ENETUNREACH,   [7] = EHOSTDOWN,     [8] = ENONET,
        [9] = ENETUNREACH, [10] = EHOSTUNREACH, [13] = EHOSTUNREACH, [14] = EHOSTUNREACH, [15] = EHOSTUNREACH};

    return code < sizeof errors ? errors[code] : 0;
}

static bool is_whole(const struct ip_hdr *ip)
{
    return !(IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF));
}

/* The socket that sent the datagram which begins at ip.  The client of DHCP is none. */
static struct socket *sender(const struct ip_hdr *ip, unsigned bytes)
{
    const struct udp_hdr *udp = (const struct udp_hdr *)((const char *)ip + IPH_HL_BYTES(ip));
    struct udp_pcb *pcb = udp_pcbs;

    if (IPH_V(ip) != 4 || IPH_HL_BYTES(ip) < IP_HLEN || IPH_HL_BYTES(ip) + sizeof *udp > bytes ||
        IPH_PROTO(ip) != IP_PROTO_UDP)
        return NULL;
    for (; pcb; pcb = pcb->next)
        if (pcb->flags & UDP_FLAGS_CONNECTED && pcb->local_port == lwip_ntohs(udp->src) &&
            pcb->remote_port == lwip_ntohs(udp->dest) && ip4_addr_cmp(&pcb->remote_ip, &ip->dest) && pcb->recv_arg &&
            ((struct socket *)pcb->recv_arg)->local.ip == lwip_ntohl(ip->src.addr))
            return pcb->recv_arg;
    return NULL;
}

/* Before lwIP has looked at it. */
void net_error_came(const struct pbuf *p, const struct netif *netif)
{
    const struct ip_hdr *ip = p->payload;
    unsigned head = IPH_HL_BYTES(ip), all = lwip_ntohs(IPH_LEN(ip));
    const struct icmp_echo_hdr *icmp = (const struct icmp_echo_hdr *)((const char *)ip + head);
    struct socket *s;
    int error;

    if (head < IP_HLEN || all > p->len || all < head + UNREACHABLE_HEAD + IP_HLEN || !is_whole(ip) ||
        ICMPH_TYPE(icmp) != ICMP_DUR || !address_is_ours(lwip_ntohl(ip->dest.addr)))
        return;
    error = error_of(ICMPH_CODE(icmp));
    if (!error || (netif->chksum_flags & NETIF_CHECKSUM_CHECK_ICMP &&
                   (inet_chksum(ip, (u16_t)head) || inet_chksum(icmp, (u16_t)(all - head)))))
        return; /* to itself the machine makes no checksums */
    s = sender((const struct ip_hdr *)((const char *)icmp + UNREACHABLE_HEAD), all - head - UNREACHABLE_HEAD);
    if (!s)
        return;
    s->error = error;
    socket_event(s);
}
