/* SPDX-License-Identifier: MIT */
/*
 * link.c: lwIP's network interface over nic.h.  No byte is copied on the way:
 *
 *   out   a chain of pbufs becomes the segments of one frame and is held until the interface has sent it
 *   in    a frame that was lent is the memory of a pbuf, and given back when the pbuf is freed
 *
 * Frames that wait in sockets are the interface's buffers.  When half of these are out, further frames are copied, so
 * that sockets that nobody reads cannot stop the others.  Without memory for copies, small frames are still taken out
 * of the other half: an acknowledgement gives memory back.
 */
#include "alloc.h"
#include "base/string.h"
#include "lwip/etharp.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "lwip/stats.h"
#include "net_part.h"
#include "netif/ethernet.h"

#define SPARE_FIRST 8u   /* frames under way before it is asked which were sent */
#define SMALL_BYTES 128u /* no data to speak of */
#define WAITING_MAX 256u /* frames that wait for a busy interface; more are lost, as on a wire */
#define SUMS_OF_TRANSPORT (NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP)

struct sending {
    struct nic_send frame;
    struct pbuf *p;
    struct sending *next; /* spare, or waiting */
};

struct receiving {
    struct pbuf_custom custom;
    struct nic_frame *frame;
    struct receiving *next;
};

struct netif link_netif;
bool link_up;
static struct nic_info info;
static struct sending *spare, *waiting, **waiting_end = &waiting;
static struct receiving *receiving_spare;
static unsigned sending_made, waiting_count, room_low;
static uint64_t bad, dropped;

/* ---- out ---- */

static void sending_free(struct sending *s)
{
    pbuf_free(s->p);
    s->next = spare;
    spare = s;
}

void link_reclaim(void)
{
    struct nic_send *frame;

    if (!link_up)
        return;
    while ((frame = nic_sent()))
        sending_free(LIST_ENTRY(frame, struct sending, frame));
}

static struct sending *sending_get(void)
{
    struct sending *s;

    if (!spare && sending_made >= SPARE_FIRST)
        link_reclaim();
    s = spare;
    if (s) {
        spare = s->next;
    } else if ((s = net_memory_get(sizeof *s))) {
        sending_made++;
        s->frame.checksum_start = s->frame.checksum_offset = 0;
    }
    return s;
}

/* The data of a chain as segments, none of which crosses a page; false if these are too many. */
static bool segments_make(struct nic_send *frame, const struct pbuf *p)
{
    struct nic_segment *segment = frame->segments, *end = segment + NIC_SEGMENTS_MAX;

    for (; p; p = p->next) {
        const char *at = p->payload;
        for (uint32_t left = p->len, n; left; left -= n, at += n) {
            uint32_t page = (uint32_t)(PAGE_BYTES - (uintptr_t)at % PAGE_BYTES);
            n = left < page ? left : page;
            if (segment == end)
                return false;
            *segment++ = (struct nic_segment){at, n};
        }
    }
    frame->segment_count = (uint32_t)(segment - frame->segments);
    return true;
}

/* Leaves the checksum of TCP or UDP to the interface, which completes the sum of the pseudo header. */
static void sum_prepare(struct nic_send *frame, const struct pbuf *p)
{
    const struct eth_hdr *link = p->payload;
    const struct ip_hdr *ip = (const struct ip_hdr *)(link + 1);
    unsigned start = SIZEOF_ETH_HDR + IP_HLEN, at;
    uint16_t *field;
    uint32_t sum;

    frame->checksum_offset = 0;
    if (link->type != PP_HTONS(ETHTYPE_IP) || IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF))
        return;
    at = IPH_PROTO(ip) == IP_PROTO_TCP   ? offsetof(struct tcp_hdr, chksum)
         : IPH_PROTO(ip) == IP_PROTO_UDP ? offsetof(struct udp_hdr, chksum)
                                         : 0;
    if (!at || p->len < start + at + sizeof *field)
        return;
    field = (uint16_t *)((char *)p->payload + start + at);
    sum = net_sum(&ip->src, 8) + (uint32_t)PP_HTONS(IPH_PROTO(ip)) + lwip_htons((u16_t)(p->tot_len - start));
    sum = (sum & 0xffff) + (sum >> 16);
    *field = (uint16_t)((sum & 0xffff) + (sum >> 16));
    frame->checksum_start = (uint16_t)start;
    frame->checksum_offset = (uint16_t)at;
}

static void wait_add(struct sending *s)
{
    s->next = NULL;
    *waiting_end = s;
    waiting_end = &s->next;
    waiting_count++;
}

static err_t link_output(struct netif *netif, struct pbuf *p)
{
    struct sending *s = sending_get();
    int error;

    (void)netif;
    if (!s)
        return ERR_MEM;
    pbuf_ref(p);
    s->p = p;
    if (!segments_make(&s->frame, p)) {
        s->p = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
        pbuf_free(p);
        if (!s->p || !segments_make(&s->frame, s->p)) {
            s->next = spare;
            spare = s;
            return ERR_MEM;
        }
    }
    if (info.sums_sent)
        sum_prepare(&s->frame, s->p);
    if (((const struct eth_hdr *)s->p->payload)->type == PP_HTONS(ETHTYPE_ARP))
        timer_arp_sent();
    error = waiting ? -EAGAIN : nic_send(&s->frame);
    if (error == -EAGAIN && waiting_count < WAITING_MAX)
        wait_add(s);
    else if (error)
        sending_free(s); /* lost: whoever wants it delivered sends it again */
    return ERR_OK;
}

void link_flush(void)
{
    while (waiting) {
        struct sending *s = waiting;
        int error = nic_send(&s->frame);
        if (error == -EAGAIN)
            return;
        waiting = s->next;
        if (!waiting)
            waiting_end = &waiting;
        waiting_count--;
        if (error)
            sending_free(s);
    }
}

/* ---- in ---- */

static void receiving_free(struct pbuf *p)
{
    struct receiving *r = (struct receiving *)p;

    nic_give(r->frame);
    r->next = receiving_spare;
    receiving_spare = r;
}

static struct pbuf *frame_lent(struct nic_frame *frame)
{
    struct receiving *r = receiving_spare;

    if (r)
        receiving_spare = r->next;
    else if (!(r = net_memory_get(sizeof *r)))
        return NULL;
    r->frame = frame;
    r->custom.custom_free_function = receiving_free;
    return pbuf_alloced_custom(PBUF_RAW, (u16_t)frame->bytes, PBUF_REF, &r->custom, frame->data, (u16_t)frame->bytes);
}

static struct pbuf *frame_copied(struct nic_frame *frame)
{
    struct pbuf *p = memory_is_plenty() ? pbuf_alloc(PBUF_RAW, (u16_t)frame->bytes, PBUF_RAM) : NULL;

    if (p) {
        memcpy(p->payload, frame->data, frame->bytes);
        nic_give(frame);
    }
    return p;
}

static bool frame_is_fragment(const struct nic_frame *frame)
{
    const struct eth_hdr *link = frame->data;
    const struct ip_hdr *ip = (const struct ip_hdr *)(link + 1);

    return frame->bytes >= SIZEOF_ETH_HDR + IP_HLEN && IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF) &&
           link->type == PP_HTONS(ETHTYPE_IP);
}

/* lwIP reads the headers of IP and ARP before it knows that they are there. */
static bool frame_is_short(const struct nic_frame *frame)
{
    const struct eth_hdr *link = frame->data;

    return frame->bytes < SIZEOF_ETH_HDR + (link->type == PP_HTONS(ETHTYPE_ARP) ? SIZEOF_ETHARP_HDR : IP_HLEN);
}

static void frame_take(struct nic_frame *frame)
{
    bool fragment = frame_is_fragment(frame), is_short = frame_is_short(frame), checked = frame->checked;
    struct pbuf *p = is_short ? NULL : nic_room() < room_low ? frame_copied(frame) : frame_lent(frame);

    if (!p && !is_short && frame->bytes <= SMALL_BYTES && nic_room() > room_low / 2)
        p = frame_lent(frame);
    if (!p) {
        bad += is_short;
        dropped += !is_short;
        nic_give(frame);
        return;
    }
    if (fragment)
        timer_fragment_came();
    if (checked && !fragment)
        link_netif.chksum_flags &= (u16_t)~SUMS_OF_TRANSPORT;
    else
        link_netif.chksum_flags |= SUMS_OF_TRANSPORT;
    timer_touched++;
    ethernet_input(p, &link_netif);
}

bool link_pending(void)
{
    return link_up && nic_pending();
}

bool link_receive(unsigned frames_max)
{
    struct nic_frame *frame;

    if (!link_up)
        return false;
    while (frames_max--) {
        frame = nic_receive();
        if (!frame)
            return false;
        frame_take(frame);
    }
    return true;
}

uint64_t link_bad(void)
{
    return bad + lwip_stats.ip.chkerr + lwip_stats.ip.lenerr + lwip_stats.ip.err + lwip_stats.tcp.chkerr +
           lwip_stats.tcp.lenerr + lwip_stats.udp.chkerr + lwip_stats.udp.lenerr + lwip_stats.icmp.chkerr +
           lwip_stats.icmp.lenerr;
}

/* Also by the interface, which counts others' frames with them. */
uint64_t link_dropped(void)
{
    struct nic_books books = {0};

    if (link_up)
        nic_books(&books);
    return dropped + books.dropped;
}

/* ---- both ---- */

static void address_changed(struct netif *netif)
{
    claim_address(address_ip(&netif->ip_addr));
}

static err_t link_start(struct netif *netif)
{
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->hwaddr_len = NIC_ADDRESS_BYTES;
    memcpy(netif->hwaddr, info.address, NIC_ADDRESS_BYTES);
    netif->mtu = NIC_FRAME_MAX - NIC_FRAME_MIN;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->linkoutput = link_output;
    if (info.sums_sent)
        netif->chksum_flags &= (u16_t) ~(NETIF_CHECKSUM_GEN_TCP | NETIF_CHECKSUM_GEN_UDP);
    return ERR_OK;
}

int link_init(void (*ready)(void *arg))
{
    int error = nic_init(ready, NULL);

    if (error)
        return error;
    nic_info(&info);
    room_low = nic_room() / 2;
    if (!netif_add(&link_netif, NULL, NULL, NULL, NULL, link_start, ethernet_input))
        return -EIO;
    netif_set_status_callback(&link_netif, address_changed);
    netif_set_default(&link_netif);
    link_up = true;
    return 0;
}
