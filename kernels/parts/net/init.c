/* SPDX-License-Identifier: MIT */
/* init.c: the network's configuration and its start, and the books. */
#include "lwip/init.h"
#include "alloc.h"
#include "lwip/dhcp.h"
#include "net_hooks.h"
#include "net_part.h"

struct configuration {
    bool dhcp;
    uint32_t address, mask, gateway; /* in the host's byte order; 0: no gateway */
};

u32_t net_segments_resent;

/* A number of at most max at *text, which is moved behind it. */
static int number_parse(const char **text, uint32_t max, uint32_t *out)
{
    const char *at = *text;
    uint32_t n = 0;

    for (; *at >= '0' && *at <= '9'; at++)
        if ((n = n * 10 + (uint32_t)(*at - '0')) > max)
            return -EINVAL;
    if (at == *text)
        return -EINVAL;
    *text = at;
    *out = n;
    return 0;
}

static int address_parse(const char **text, uint32_t *out)
{
    uint32_t address = 0, byte;

    for (unsigned i = 0; i < 4; i++) {
        if (i && *(*text)++ != '.')
            return -EINVAL;
        if (number_parse(text, 255, &byte))
            return -EINVAL;
        address = address << 8 | byte;
    }
    *out = address;
    return 0;
}

static int configuration_parse(const char *text, struct configuration *out)
{
    uint32_t prefix;

    *out = (struct configuration){0};
    if (text[0] == 'd' && text[1] == 'h' && text[2] == 'c' && text[3] == 'p' && !text[4]) {
        out->dhcp = true;
        return 0;
    }
    if (address_parse(&text, &out->address) || *text++ != '/' || number_parse(&text, 32, &prefix))
        return -EINVAL;
    out->mask = prefix ? UINT32_MAX << (32 - prefix) : 0;
    if (*text == ',') {
        text++;
        if (address_parse(&text, &out->gateway))
            return -EINVAL;
    }
    return *text || !out->address ? -EINVAL : 0;
}

static int interface_configure(const struct configuration *c)
{
    ip_addr_t address = address_lwip(c->address), mask = address_lwip(c->mask), gateway = address_lwip(c->gateway);

    netif_set_up(&link_netif);
    if (!c->dhcp) {
        netif_set_addr(&link_netif, &address, &mask, &gateway);
        return 0;
    }
    claim_dhcp();
    return dhcp_start(&link_netif) == ERR_OK ? 0 : -ENOMEM;
}

int net_init(const char *config)
{
    struct configuration c;
    int error = config ? configuration_parse(config, &c) : 0;

    if (error)
        return error;
    memory_init();
    random_init();
    lwip_init();
    port_init();
    stream_init();
    timer_init();
    error = work_init(config != NULL);
    if (!error && config)
        error = interface_configure(&c);
    return error;
}

void net_books(struct net_books *out)
{
    link_reclaim();
    *out = (struct net_books){socket_count(),      port_pcbs,  memory_used(),
                              net_segments_resent, link_bad(), alloc_total_pages() - alloc_free_pages(),
                              link_dropped()};
}
