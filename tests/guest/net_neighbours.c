/* SPDX-License-Identifier: MIT */
/*
 * net_neighbours: two applications on one network interface, each with an address of its own, where the kernel shares
 * it out by claims (kernels/exo).  Each tries to claim what is the other's, to send as the other, and to have frames
 * sent from or put into memory that is not its own; and gets the answers to what it sends itself, and nothing else.
 *
 *   me=N       which of the two this is: its address is 10.0.2.(15 + N)
 *   intrude=1  the second harms whom it can; the first must not notice
 *   leased=1   both got the same one by DHCP, as the interface is one client
 */
#include "exo/exo.h"
#include "machine/domain.h"
#include "net_neighbours/intrude.h"
#include "nic.h"
#include "pager.h"
#include "raw.h"
#include "toll.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ull
#define PLACE 0x100000000000ull
#define ADDRESS(n) (0x0a00020fu + (uint32_t)(n))
#define PORT(n) (7000u + (unsigned)(n))
#define HOST 0x0a000202u
#define TABLES 64u
#define PINGS(n) (10u + 40u * (n))
#define STRAY 4u /* frames that QEMU sends by itself: address resolution */
#define UDP_BYTES INTRUDE_HEAD
#define CLOSED 1u    /* a port of the host where nobody listens */
#define COMMON 7100u /* ports that both have */

static const struct domain_info *const info = (const struct domain_info *)(DOMAIN_BASE(0) + DOMAIN_INFO);
static const struct exo_net *const net = (const struct exo_net *)(DOMAIN_BASE(0) + DOMAIN_NET);
static uint8_t *const page = (uint8_t *)PLACE;
static struct exo_nic nic;
static uint64_t frame;
static unsigned me, other;

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return raw(number, a, b, c, d, 0, 0);
}

static void expect(int64_t wanted, int64_t got, const char *what)
{
    toll_check(got == wanted, "%s: %lld instead of %lld", what, (long long)got, (long long)wanted);
}

static void pause_ms(unsigned ms)
{
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&time, NULL);
}

/* ---- claims ---- */

static int64_t claim(unsigned count, const struct nic_test *tests, bool shared, bool rest)
{
    struct nic_filter f;

    memset(&f, 0, sizeof f);
    f.test_count = count;
    f.shared = shared;
    f.rest = rest;
    memcpy(f.tests, tests, count * sizeof *tests);
    return call(EXO_NIC_CLAIM, (uint64_t)&f, 0, 0, 0);
}

static int64_t claim_udp(uint32_t address, unsigned port)
{
    struct nic_test tests[] = {{NIC_LINK, 2, 12, 0xffff, 0x0800},
                               {NIC_NETWORK, 1, 9, 0xff, 17},
                               {NIC_NETWORK, 4, 16, 0xffffffff, address},
                               {NIC_TRANSPORT, 2, 2, 0xffff, port}};

    return claim(4, tests, false, false);
}

static int64_t claim_port(unsigned n)
{
    return claim_udp(ADDRESS(n), PORT(n));
}

static void claims_try(void)
{
    struct nic_test ip = {NIC_LINK, 2, 12, 0xffff, 0x0800}, any = {NIC_LINK, 1, 0, 1, 0},
                    address = {NIC_NETWORK, 4, 16, 0xffffffff, ADDRESS(other)},
                    high = {NIC_NETWORK, 1, 22, 0xff, PORT(other) >> 8}, /* the port, where there are no options */
        arp[] = {{NIC_LINK, 2, 12, 0xffff, 0x0806}, {NIC_NETWORK, 4, 24, 0xffffffff, ADDRESS(other)}};

    expect(-EADDRINUSE, claim(1, &ip, false, false), "claiming all of IPv4");
    expect(-EADDRINUSE, claim(1, &ip, true, false), "claiming all of IPv4, shared");
    expect(-EADDRINUSE, claim(1, &any, false, false), "claiming all frames");
    expect(-EADDRINUSE, claim(1, &address, false, false), "claiming the other's address");
    expect(-EADDRINUSE, claim(1, &address, false, true), "claiming the rest of the other's address");
    expect(-EADDRINUSE, claim(1, &ip, false, true), "claiming the rest of IPv4");
    expect(-EADDRINUSE, claim(1, &high, false, false), "claiming the port's bytes");
    expect(-EADDRINUSE, claim_port(other), "claiming the other's port");
    expect(-EADDRINUSE, claim_udp(ADDRESS(other), 9999), "claiming what the other left free");
    expect(-EADDRINUSE, claim(2, arp, true, false), "claiming the other's address resolution");
    expect(-EINVAL, call(EXO_NIC_CLAIM_END, 100000, 0, 0, 0), "ending no claim");
}

/* No claim but one's own can be ended. */
static void claim_ends_try(int64_t own)
{
    expect(0, call(EXO_NIC_CLAIM_END, (uint64_t)own, 0, 0, 0), "ending one's claim");
    expect(-EINVAL, call(EXO_NIC_CLAIM_END, (uint64_t)own, 0, 0, 0), "ending it again");
}

/* ---- frames ---- */

static void put(unsigned at, unsigned bytes, uint32_t value)
{
    while (bytes--) {
        page[at + bytes] = (uint8_t)value;
        value >>= 8;
    }
}

static void sum_put(unsigned from, unsigned end, unsigned at)
{
    uint32_t sum = 0;

    put(at, 2, 0);
    for (unsigned i = from; i < end; i += 2)
        sum += (uint32_t)(page[i] << 8 | page[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    put(at, 2, ~(sum + (sum >> 16)) & 0xffff);
}

/* To QEMU's own address, whose hardware address follows from it. */
static void ip_put(uint8_t protocol, uint32_t source)
{
    memset(page, 0, UDP_BYTES);
    put(0, 2, 0x5255);
    put(2, 4, HOST);
    memcpy(page + 6, nic.address, sizeof nic.address);
    put(12, 2, 0x0800);
    put(14, 2, 0x4500);
    put(16, 2, UDP_BYTES - 14);
    put(22, 2, 0x4000u | protocol);
    put(26, 4, source);
    put(30, 4, HOST);
    sum_put(14, 34, 24);
}

static void udp_put(uint32_t source, unsigned port)
{
    ip_put(17, source);
    put(34, 2, port);
    put(36, 2, 9);
    put(38, 2, UDP_BYTES - 34);
}

static void arp_put(uint32_t sender)
{
    memset(page, 0, UDP_BYTES);
    memset(page, 0xff, 6);
    memcpy(page + 6, nic.address, sizeof nic.address);
    put(12, 2, 0x0806);
    put(14, 4, 0x00010800);
    put(18, 4, 0x06040001);
    memcpy(page + 22, nic.address, sizeof nic.address);
    put(28, 4, sender);
    put(38, 4, HOST);
}

static int64_t send_from(uint64_t number, uint32_t offset, uint32_t bytes, uint64_t sum)
{
    struct exo_segment segment = {number, offset, bytes};

    return call(EXO_NIC_SEND, (uint64_t)&segment, 1, sum, 0);
}

static int64_t frame_send(void)
{
    return send_from(frame, 0, UDP_BYTES, 0);
}

static void sends_try(void)
{
    uint32_t refused = net->refused;

    udp_put(ADDRESS(me), PORT(me));
    expect(1, frame_send(), "sending");
    udp_put(ADDRESS(other), PORT(other));
    expect(-EPERM, frame_send(), "sending as the other");
    udp_put(ADDRESS(other), PORT(me));
    expect(-EPERM, frame_send(), "sending from the other's address");
    udp_put(0, PORT(me));
    expect(-EPERM, frame_send(), "sending from no address");
    udp_put(ADDRESS(me), PORT(me));
    page[11] ^= 1;
    expect(-EPERM, frame_send(), "sending from another interface");
    udp_put(0xffffffff, 68);
    expect(-EPERM, frame_send(), "sending from everybody");
    arp_put(ADDRESS(other));
    expect(-EPERM, frame_send(), "saying to have the other's address");
    arp_put(ADDRESS(me));
    page[27] ^= 1;
    expect(-EPERM, frame_send(), "saying that another interface has this address");
    toll_check(net->refused - refused == 7, "%u refusals are counted instead of 7", net->refused - refused);
    arp_put(ADDRESS(me));
    expect(1, frame_send(), "asking for an address");
}

static void shapes_try(void)
{
    udp_put(ADDRESS(me), PORT(me));
    expect(-EINVAL, send_from(frame, 0, UDP_BYTES, 26 | 4 << 16), "a checksum over the address");
    expect(-EPERM, send_from(frame, 0, 13, 0), "less than a header");
    expect(-EINVAL, send_from(frame, 0, 4096, 0), "more than a frame");
    expect(-EINVAL, send_from(frame, 4000, 97, 0), "more than a page");
    expect(-EINVAL, send_from(frame, UINT32_MAX, 2, 0), "far behind a page");
    expect(-EINVAL, send_from(frame, 0, 0, 0), "nothing");
    expect(-EPERM, send_from(info->program_physical / PAGE, 0, UDP_BYTES, 0), "the program's memory");
    expect(-EPERM, send_from(0x100, 0, UDP_BYTES, 0), "the kernel's memory");
    expect(-EPERM, send_from(UINT64_MAX, 0, UDP_BYTES, 0), "no memory");
}

/* Each answer comes here, none of the other's. */
static void pings_try(void)
{
    uint32_t before = net->came, came;

    for (unsigned i = 0; i < PINGS(me); i++) {
        ip_put(1, ADDRESS(me));
        put(34, 2, 0x0800);
        put(38, 4, me << 16 | i);
        sum_put(34, UDP_BYTES, 36);
        expect(1, frame_send(), "sending a request for an echo");
        pause_ms(2);
    }
    for (unsigned i = 0; i < 100 && net->came - before < PINGS(me); i++)
        pause_ms(10);
    pause_ms(500);
    came = net->came - before;
    toll_check(came >= PINGS(me) && came <= PINGS(me) + STRAY, "%u frames came for %u requests", came, PINGS(me));
    toll_check(net->dropped == 0, "%u frames were lost", net->dropped);
}

/* Of the network the library has nothing afterwards. */
static void ring_try(void)
{
    uint64_t wrong[] = {frame, 0x100};

    expect(-EBUSY, call(EXO_NIC_RING, (uint64_t)&frame, 1, 0, 0), "a second ring");
    expect(0, call(EXO_NIC_RING, 0, 0, 0, 0), "no ring");
    expect(-EINVAL, call(EXO_NIC_LISTEN, 0, 0, 0, 0), "listening without a ring");
    expect(-EPERM, call(EXO_NIC_RING, (uint64_t)wrong, 2, 0, 0), "a ring in the kernel's memory");
    expect(-EINVAL, call(EXO_NIC_RING, (uint64_t)wrong, 65, 0, 0), "a ring that is too large");
    expect(0, call(EXO_NIC_RING, (uint64_t)&frame, 1, 0, 0), "a ring");
    expect(-EBUSY, call(EXO_FRAME_PUT, frame, 0, 0, 0), "giving back what frames are put into");
    expect(0, call(EXO_NIC_RING, 0, 0, 0, 0), "no ring again");
}

/* ---- sockets ---- */

/* A socket that is bound to that port of any address, or a negative errno. */
static int64_t bound(int kind, unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int s = socket(AF_INET, kind, 0);

    toll_check(s >= 0, "no socket: errno %d", errno);
    if (bind(s, (const struct sockaddr *)&at, sizeof at) == 0)
        return s;
    close(s);
    return -errno;
}

/* Any address means those that one has. */
static void sockets_try(void)
{
    int64_t tcp = bound(SOCK_STREAM, COMMON), udp = bound(SOCK_DGRAM, COMMON);

    toll_check(tcp >= 0 && udp >= 0, "ports at any address: %lld, %lld", (long long)tcp, (long long)udp);
    toll_check(listen((int)tcp, 1) == 0, "listening: errno %d", errno);
    pause_ms(500); /* while the other has them too */
    close((int)tcp);
    close((int)udp);
}

/* The host's refusal came back. */
static bool reach(void)
{
    struct sockaddr_in host = {.sin_family = AF_INET, .sin_port = htons(CLOSED), .sin_addr.s_addr = htonl(HOST)};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    bool refused = connect(s, (const struct sockaddr *)&host, sizeof host) < 0 && errno == ECONNREFUSED;

    close(s);
    return refused;
}

/* One address: connections of both come back to each, and a port is whose it was first. */
static int leased(void)
{
    int64_t own;
    unsigned tries = 0;

    for (; tries < 100 && !reach(); tries++)
        pause_ms(100);
    toll_check(tries < 100, "no connection came back");
    own = bound(SOCK_STREAM, COMMON + me);
    toll_check(own >= 0, "one's port: %lld", (long long)own);
    pause_ms(3000); /* until the other has come so far */
    expect(-EADDRINUSE, bound(SOCK_STREAM, COMMON + other), "the other's port");
    for (unsigned i = 0; i < 20; i++)
        toll_check(reach(), "connection %u did not come back", i);
    pause_ms(3000);
    close((int)own);
    toll_output("ok\n", 3);
    return toll_done();
}

static uint64_t own_table(void)
{
    for (uint64_t table = 0; table < TABLES; table++) {
        uint64_t entry = (uint64_t)call(EXO_ENTRY, table, (uint64_t)&nic, 0, 0);
        if (entry & 1 && entry < -4096ull)
            return table;
    }
    toll_check(false, "no table has this program");
    return 0;
}

/* The second has said that all is well before nothing of its library works any more. */
static int intruded(void)
{
    int status;

    pause_ms(1000);
    if (me == 0) {
        pings_try();
        sockets_try();
        toll_output("ok\n", 3);
        return toll_done();
    }
    udp_put(ADDRESS(me), PORT(me));
    expect(1, frame_send(), "sending");
    intrude_give_back(frame);
    toll_output("ok\n", 3);
    status = toll_done();
    if (status)
        return status;
    intrude(frame);
}

int main(int argc, char **argv)
{
    uint64_t table;
    int64_t own;

    toll_main(argc, argv, "net_neighbours");
    me = (unsigned)toll_arg_number("me", 0);
    other = 1 - me;
    if (call(EXO_NIC_INFO, (uint64_t)&nic, 0, 0, 0) != 0)
        toll_skip("no network");
    if (toll_arg_number("leased", 0))
        return leased();
    table = own_table();
    frame = (uint64_t)call(EXO_FRAME_GET, 0, 0, 0, 0);
    expect(0, call(EXO_MAP, table, PLACE, frame, PAGER_READ | PAGER_WRITE), "mapping");
    own = claim_port(me);
    toll_check(own >= 0, "claiming one's port: %lld", (long long)own);
    if (toll_arg_number("intrude", 0))
        return intruded();
    pause_ms(1000); /* until the other has come so far */
    claims_try();
    sends_try();
    shapes_try();
    pings_try();
    sockets_try();
    pause_ms(2000);
    claim_ends_try(own);
    toll_check(call(EXO_UNMAP, table, PLACE, 0, 0) != 0, "nothing is mapped");
    ring_try();
    expect(0, call(EXO_FRAME_PUT, frame, 0, 0, 0), "giving back a frame");
    toll_output("ok\n", 3);
    return toll_done();
}
