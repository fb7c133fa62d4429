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

static bool leased; /* the address */
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
    if (ip)
        test_add(&f, NIC_NETWORK, 4, IP_DESTINATION, ip);
    return f;
}

/* Whoever shares the interface may have the same port at another address.  Datagrams to any address may be broadcast,
   and an address that is leased may change. */
int claim_port(uint8_t protocol, uint32_t ip, uint16_t number)
{
    bool is_own = !ip && protocol == IP_PROTO_TCP && link_up && !leased;
    struct nic_filter f = filter_ip(protocol, is_own ? address_ip(&link_netif.ip_addr) : ip);

    if (!link_up || ip == IPADDR_LOOPBACK)
        return -1;
    test_add(&f, NIC_TRANSPORT, 2, PORT_DESTINATION, number);
    return nic_claim(&f);
}

void claim_end(int claim)
{
    if (claim >= 0)
        nic_claim_end(claim);
}

void claim_address(uint32_t ip)
{
    struct nic_filter arp = {.shared = true}, rest = {.rest = true}, echo = filter_ip(IP_PROTO_ICMP, ip);

    claim_end(arp_claim);
    claim_end(echo_claim);
    claim_end(rest_claim);
    arp_claim = echo_claim = rest_claim = -1;
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

/* For as long as the network is there: leases are renewed. */
void claim_dhcp(void)
{
    leased = true;
    claim_port(IP_PROTO_UDP, 0, DHCP_CLIENT);
}
