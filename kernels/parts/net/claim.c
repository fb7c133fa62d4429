/* SPDX-License-Identifier: MIT */
/*
 * claim.c: what the interface is asked for (nic.h): address resolution for our address, which others may have too,
 * echo requests to it, and the ports in use.  Where nobody shares the interface all of it is granted.
 */
#include "lwip/prot/ethernet.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/ip4.h"
#include "net_part.h"

enum { LINK_TYPE = 12 };                       /* offsets in the Ethernet header, */
enum { ARP_TARGET = 24 };                      /* a request or an answer of ARP, */
enum { IP_PROTOCOL = 9, IP_DESTINATION = 16 }; /* the IPv4 header, */
enum { PORT_DESTINATION = 2, ICMP_TYPE = 0 };  /* and those of TCP, UDP and ICMP */
enum { DHCP_CLIENT = 68 };

static struct port dhcp; /* no number: there is no DHCP */
static int arp_claim = -1, echo_claim = -1, rest_claim = -1;

static void test_add(struct nic_filter *f, enum nic_base base, unsigned bytes, unsigned offset, uint32_t value)
{
    uint32_t mask = bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1;

    f->tests[f->test_count++] = (struct nic_test){(uint8_t)base, (uint8_t)bytes, (uint16_t)offset, mask, value};
}

static struct nic_filter filter_ip(uint8_t protocol, uint32_t ip)
{
    struct nic_filter f = {0};

    test_add(&f, NIC_LINK, 2, LINK_TYPE, ETHTYPE_IP);
    test_add(&f, NIC_NETWORK, 1, IP_PROTOCOL, protocol);
    test_add(&f, NIC_NETWORK, 4, IP_DESTINATION, ip);
    return f;
}

static uint32_t own_address(void)
{
    return address_ip(&link_netif.ip_addr);
}

/* That of everybody in our network, which it has if there is room for more than two; or 0. */
static uint32_t broadcast_address(void)
{
    uint32_t mask = address_ip(&link_netif.netmask);

    return own_address() && mask && ~mask > 1 ? own_address() | ~mask : 0;
}

static bool is_everybodys(uint32_t ip)
{
    return ip == IPADDR_BROADCAST || (ip && ip == broadcast_address());
}

static int claim_at(const struct port *p, uint32_t ip, bool shared)
{
    struct nic_filter f = filter_ip(p->protocol, ip);

    test_add(&f, NIC_TRANSPORT, 2, PORT_DESTINATION, p->number);
    f.shared = shared;
    return nic_claim(&f);
}

/* Whoever shares the interface may have the same port at another address, so a port of any address is claimed for those
   that there are: ours, and for datagrams those of everybody, which others may have too.  That one of these is refused
   is no error: who can get at the others' datagrams to everybody by the wire has them anyway. */
int claim_port(struct port *p)
{
    uint32_t ip = p->ip ? p->ip : own_address(), all = broadcast_address();
    int error;

    p->claims[0] = p->claims[1] = p->claims[2] = -1;
    if (!link_up || p->ip == IPADDR_LOOPBACK)
        return 0;
    if (ip) {
        error = claim_at(p, ip, is_everybodys(ip));
        if (error < 0)
            return error;
        p->claims[0] = error;
    }
    if (!p->ip && p->protocol == IP_PROTO_UDP) {
        p->claims[1] = claim_at(p, IPADDR_BROADCAST, true);
        p->claims[2] = all ? claim_at(p, all, true) : -1;
    }
    return 0;
}

static void claim_end(int *claim)
{
    if (*claim >= 0)
        nic_claim_end(*claim);
    *claim = -1;
}

void claim_port_end(struct port *p)
{
    for (unsigned i = 0; i < PORT_CLAIMS; i++)
        claim_end(&p->claims[i]);
}

/* The interface has one address of Ethernet, so it is one client, with one lease for all who share it: each sees all
   answers, and takes those to its own requests.  They come to everybody (net_hooks.h), for before there is an address
   none can be claimed; requests go from none. */
static void claim_dhcp_port(void)
{
    if (!dhcp.number)
        return;
    claim_port_end(&dhcp);
    dhcp.claims[0] = claim_at(&dhcp, IPADDR_ANY, true);
    dhcp.claims[1] = claim_at(&dhcp, IPADDR_BROADCAST, true);
    if (own_address())
        dhcp.claims[2] = claim_at(&dhcp, own_address(), true);
}

void claim_dhcp(void)
{
    dhcp = (struct port){.protocol = IP_PROTO_UDP, .number = DHCP_CLIENT, .claims = {-1, -1, -1}};
    claim_dhcp_port();
}

void claim_address(uint32_t ip)
{
    struct nic_filter arp = {.shared = true}, rest = {.rest = true}, echo = filter_ip(IP_PROTO_ICMP, ip);

    claim_end(&arp_claim);
    claim_end(&echo_claim);
    claim_end(&rest_claim);
    claim_dhcp_port();
    port_address_changed();
    if (!ip)
        return;
    test_add(&arp, NIC_LINK, 2, LINK_TYPE, ETHTYPE_ARP);
    test_add(&arp, NIC_NETWORK, 4, ARP_TARGET, ip);
    arp_claim = nic_claim(&arp);
    test_add(&echo, NIC_TRANSPORT, 1, ICMP_TYPE, ICMP_ECHO);
    echo_claim = nic_claim(&echo); /* refused: somebody else with this address answers */
    test_add(&rest, NIC_LINK, 2, LINK_TYPE, ETHTYPE_IP);
    test_add(&rest, NIC_NETWORK, 4, IP_DESTINATION, ip);
    rest_claim = nic_claim(&rest); /* connections to ports that nobody has are refused, fragments, errors */
}
