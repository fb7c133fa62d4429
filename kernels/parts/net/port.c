/* SPDX-License-Identifier: MIT */
/*
 * port.c: the ports in use.  A port has one claim of the interface, made by its first user and ended with its last: a
 * socket of datagrams, a listener, or a connection, also one that only waits for the other side to be gone.  That is
 * why a connection's use belongs to its pcb: lwIP tells when it frees one.
 */
#include "net_part.h"

#define BUCKETS 64u
#define DYNAMIC_FIRST 49152u /* RFC 6335, section 6 */
#define DYNAMIC_COUNT 16384u
#define TRIES 1024u

static struct port *buckets[BUCKETS];
unsigned port_pcbs;

static struct port **bucket_of(uint16_t number)
{
    return &buckets[number % BUCKETS];
}

static struct port *port_find(uint8_t protocol, uint32_t ip, uint16_t number)
{
    struct port *p = *bucket_of(number);

    while (p && (p->number != number || p->protocol != protocol || p->ip != ip))
        p = p->next;
    return p;
}

static bool port_is_used(uint8_t protocol, uint16_t number)
{
    struct port *p = *bucket_of(number);

    while (p && (p->number != number || p->protocol != protocol))
        p = p->next;
    return p;
}

static int port_make(uint8_t protocol, uint32_t ip, uint16_t number, struct port **out)
{
    struct port *p = net_memory_get(sizeof *p);
    int error;

    if (!p)
        return -ENOMEM;
    *p = (struct port){.next = *bucket_of(number), .ip = ip, .number = number, .protocol = protocol, .users = 1};
    error = claim_port(p);
    if (error) {
        net_memory_put(p);
        return error == -ENOSPC ? -ENOMEM : -EADDRINUSE;
    }
    *bucket_of(number) = p;
    *out = p;
    return 0;
}

/* A number that nobody else is likely to guess (RFC 6056). */
static int port_choose(uint8_t protocol, uint32_t ip, struct port **out)
{
    uint32_t at = net_random();

    for (unsigned i = 0, tried = 0; i < DYNAMIC_COUNT && tried < TRIES; i++) {
        uint16_t number = (uint16_t)(DYNAMIC_FIRST + (at + i) % DYNAMIC_COUNT);
        int error;
        if (port_is_used(protocol, number))
            continue;
        tried++;
        error = port_make(protocol, ip, number, out);
        if (error != -EADDRINUSE)
            return error;
    }
    return -EADDRNOTAVAIL;
}

int port_get(uint8_t protocol, uint32_t ip, uint16_t number, struct port **out)
{
    struct port *p;

    if (!number)
        return port_choose(protocol, ip, out);
    p = port_find(protocol, ip, number);
    if (!p)
        return port_make(protocol, ip, number, out);
    p->users++;
    *out = p;
    return 0;
}

void port_put(struct port *port)
{
    struct port **at = bucket_of(port->number);

    if (--port->users)
        return;
    claim_port_end(port);
    while (*at != port)
        at = &(*at)->next;
    *at = port->next;
    net_memory_put(port);
}

void port_address_changed(void)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        for (struct port *p = buckets[i]; p; p = p->next) {
            if (p->ip)
                continue;
            claim_port_end(p);
            if (claim_port(p))
                env_log("port %u of the interface's new address is another's: nothing comes there", p->number);
        }
}

static void pcb_gone(u8_t id, void *port)
{
    (void)id;
    if (port) {
        port_pcbs--;
        port_put(port);
    }
}

/* A connection that comes uses its listener's port. */
static err_t pcb_comes(u8_t id, struct tcp_pcb_listen *listener, struct tcp_pcb *pcb)
{
    struct port *port = tcp_ext_arg_get((struct tcp_pcb *)listener, id);

    port->users++;
    port_attach(pcb, port);
    return ERR_OK;
}

static const struct tcp_ext_arg_callbacks callbacks = {pcb_gone, pcb_comes};
static u8_t port_id;

void port_double(struct tcp_pcb *pcb)
{
    struct port *port = tcp_ext_arg_get(pcb, port_id);

    port->users++;
    port_pcbs++;
}

void port_single(struct tcp_pcb *pcb)
{
    struct port *port = tcp_ext_arg_get(pcb, port_id);

    port->users--;
    port_pcbs--;
}

void port_init(void)
{
    port_id = tcp_ext_arg_alloc_id();
}

void port_attach(struct tcp_pcb *pcb, struct port *port)
{
    port_pcbs++;
    tcp_ext_arg_set(pcb, port_id, port);
    tcp_ext_arg_set_callbacks(pcb, port_id, &callbacks);
}
