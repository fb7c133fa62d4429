/* SPDX-License-Identifier: MIT */
/*
 * timer.c: the clocks of TCP, address resolution, reassembly and DHCP.  They tick only while they have something to do,
 * so that a machine without traffic sleeps, whatever connections are open.
 *
 * TCP has a fast clock (delayed acknowledgements) and a slow one (all else), and its state counts slow ticks.  A
 * connection wants a tick soon, after a number of ticks, or never (pcb_wants).  At each tick all are looked at; between
 * ticks the first few of lwIP's list, where those are of which a frame came, and that is all of them when there are
 * few. Slow ticks that nobody wanted are skipped and counted afterwards; while nobody wants any, none are counted.
 */
#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/ip4_frag.h"
#include "lwip/priv/tcp_priv.h"
#include "net_part.h"

#define MS UINT64_C(1000000)
#define FAST_NS (TCP_FAST_INTERVAL * MS)
#define SLOW_NS (TCP_SLOW_INTERVAL * MS)
#define SECOND_NS (1000 * MS)
#define ARP_BUSY_NS (6 * SECOND_NS) /* an address that is asked for is asked for again so long */
#define FRAGMENTS_BUSY_NS ((IP_REASS_MAXAGE + 1) * SECOND_NS)
#define DHCP_FINE_NS (DHCP_FINE_TIMER_MSECS * MS)
#define DHCP_COARSE_NS (DHCP_COARSE_TIMER_SECS * SECOND_NS)
#define TIME_WAIT_TICKS (2 * TCP_MSL / TCP_SLOW_INTERVAL)
#define LOOK_MAX 16u
#define NEVER UINT32_MAX

unsigned timer_touched;                 /* at least so many connections were used since all were looked at */
static uint64_t tcp_ns = SCHED_FOREVER; /* the next tick */
static bool soon;                       /* that is the next of either clock: none may be skipped */
static uint64_t fast_ns, slow_ns;       /* the last ones */
static uint64_t rest_ns = SCHED_FOREVER, time_wait_ns = SCHED_FOREVER; /* those not looked at now want one then */
static uint64_t second_ns, second_until_ns; /* ticks of ARP and reassembly: the last; until when they are wanted */
static uint64_t dhcp_fine_ns, dhcp_coarse_ns;

/* lwIP's own way to start a timer: not needed, for connections are looked at. */
void tcp_timer_needed(void)
{
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- TCP ---- */

/* Until more than that many ticks have passed since a frame of pcb came. */
static uint32_t ticks_left(const struct tcp_pcb *pcb, uint32_t ticks)
{
    uint32_t gone = tcp_ticks - pcb->tmr;

    return gone > ticks ? 0 : ticks - gone + 1;
}

/* After how many slow ticks a connection wants one: 0 is soon. */
static uint32_t pcb_wants(const struct tcp_pcb *pcb)
{
    if (pcb->unacked || pcb->unsent || pcb->ooseq || pcb->refused_data ||
        pcb->flags & (TF_ACK_DELAY | TF_ACK_NOW | TF_CLOSEPEND))
        return 0;
    if (pcb->state == FIN_WAIT_2)
        return pcb->flags & TF_RXCLOSED ? ticks_left(pcb, TCP_FIN_WAIT_TIMEOUT / TCP_SLOW_INTERVAL) : NEVER;
    if (pcb->state != ESTABLISHED && pcb->state != CLOSE_WAIT)
        return 0;
    if (!ip_get_option(pcb, SOF_KEEPALIVE))
        return NEVER;
    return ticks_left(pcb, (pcb->keep_idle + pcb->keep_cnt_sent * TCP_KEEPINTVL_DEFAULT) / TCP_SLOW_INTERVAL);
}

/* The earliest wish of up to count pcbs from *at on, which is moved on. */
static uint32_t look(struct tcp_pcb **at, unsigned count)
{
    uint32_t wants = NEVER;

    for (; *at && count && wants; *at = (*at)->next, count--) {
        uint32_t w = pcb_wants(*at);
        wants = w < wants ? w : wants;
    }
    return wants;
}

static uint64_t ticks_until(uint32_t ticks)
{
    return ticks == NEVER ? SCHED_FOREVER : ticks ? slow_ns + ticks * SLOW_NS : fast_ns + FAST_NS;
}

static void look_at_all(void)
{
    struct tcp_pcb *active = tcp_active_pcbs;
    uint32_t wants = NEVER;

    rest_ns = ticks_until(look(&active, UINT32_MAX));
    for (const struct tcp_pcb *pcb = tcp_tw_pcbs; pcb; pcb = pcb->next) {
        uint32_t w = ticks_left(pcb, TIME_WAIT_TICKS);
        wants = w < wants ? w : wants;
    }
    time_wait_ns = ticks_until(wants);
    timer_touched = 0;
}

/* Slow ticks up to now that nobody wanted. */
static void ticks_skip(uint64_t now)
{
    uint64_t ticks = now > slow_ns ? (now - slow_ns) / SLOW_NS : 0;

    tcp_ticks += (uint32_t)ticks;
    slow_ns += ticks * SLOW_NS;
}

static void tcp_next_set(uint32_t wants)
{
    tcp_ns = earlier(earlier(rest_ns, time_wait_ns), ticks_until(wants));
    soon = tcp_ns <= fast_ns + FAST_NS;
}

/* Two things that lwIP does not notice by itself: a probe of a closed window may have been the last that there was to
   send; and who waits for the acknowledgement of its end alone may be given up after a time, but not while there is
   data to be sent again (which has an end of its own, TCP_MAXRTX). */
static void states_mend(void)
{
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next) {
        if (!pcb->unsent)
            pcb->persist_backoff = 0;
        if (pcb->state == LAST_ACK && ((pcb->unsent && pcb->unsent->len) || (pcb->unacked && pcb->unacked->len)))
            pcb->tmr = tcp_ticks;
    }
}

static void tcp_run(uint64_t now)
{
    if (now < tcp_ns) {
        if (!soon)
            ticks_skip(now); /* what comes now finds the right tick */
        return;
    }
    if (now - fast_ns >= FAST_NS) {
        fast_ns = now;
        tcp_fasttmr();
    }
    if (now - slow_ns >= SLOW_NS) {
        ticks_skip(now - SLOW_NS);
        slow_ns += SLOW_NS;
        states_mend();
        tcp_slowtmr();
    }
    look_at_all();
    tcp_next_set(NEVER);
}

/* When the next tick is, from what was found at the last one and has changed since. */
static void tcp_next_find(void)
{
    struct tcp_pcb *at = tcp_active_pcbs;
    uint32_t wants = look(&at, LOOK_MAX);

    if (!at && wants)
        rest_ns = SCHED_FOREVER; /* there are no others */
    else if (timer_touched > LOOK_MAX)
        wants = 0;
    if (wants == NEVER && rest_ns == SCHED_FOREVER && !tcp_tw_pcbs) {
        tcp_ns = SCHED_FOREVER;
        return;
    }
    if (tcp_ns == SCHED_FOREVER)
        fast_ns = slow_ns = env_now_ns();
    time_wait_ns = tcp_tw_pcbs ? earlier(time_wait_ns, slow_ns + (TIME_WAIT_TICKS + 1) * SLOW_NS) : SCHED_FOREVER;
    tcp_next_set(wants);
}

void timer_touch(struct tcp_pcb *pcb)
{
    timer_touched += pcb == tcp_active_pcbs ? 1 : LOOK_MAX + 1;
}

void timer_catch_up(void)
{
    if (tcp_ns != SCHED_FOREVER && !soon)
        ticks_skip(env_now_ns());
}

/* ---- ARP and reassembly: once a second while one of them waits for something, or TCP ticks ---- */

static void second_want(uint64_t for_ns)
{
    uint64_t now = env_now_ns();

    if (second_ns >= second_until_ns)
        second_ns = now;
    second_until_ns = now + for_ns > second_until_ns ? now + for_ns : second_until_ns;
}

void timer_arp_sent(void)
{
    second_want(ARP_BUSY_NS);
}

void timer_fragment_came(void)
{
    second_want(FRAGMENTS_BUSY_NS);
}

/* What is known of neighbours grows old only in seconds in which there was something to do. */
static void second_run(uint64_t now)
{
    if (now - second_ns < SECOND_NS)
        return;
    second_ns = now;
    ip_reass_tmr();
    etharp_tmr();
}

static uint64_t second_next(void)
{
    return second_ns < second_until_ns ? second_ns + SECOND_NS : SCHED_FOREVER;
}

/* ---- DHCP ---- */

static uint64_t dhcp_next(void)
{
    const struct dhcp *dhcp = netif_dhcp_data(&link_netif);
    uint64_t minutes = UINT32_MAX, next;

    if (!dhcp)
        return SCHED_FOREVER;
    if (dhcp->t1_renew_time)
        minutes = dhcp->t1_renew_time;
    if (dhcp->t2_rebind_time)
        minutes = earlier(minutes, dhcp->t2_rebind_time);
    if (dhcp->t0_timeout)
        minutes =
            earlier(minutes, dhcp->t0_timeout > dhcp->lease_used ? (uint64_t)(dhcp->t0_timeout - dhcp->lease_used) : 1);
    next = minutes == UINT32_MAX ? SCHED_FOREVER : dhcp_coarse_ns + minutes * DHCP_COARSE_NS;
    return dhcp->request_timeout ? earlier(next, dhcp_fine_ns + DHCP_FINE_NS) : next;
}

static void dhcp_run(uint64_t now)
{
    if (!netif_dhcp_data(&link_netif)) {
        dhcp_fine_ns = dhcp_coarse_ns = now;
        return;
    }
    for (; now - dhcp_coarse_ns >= DHCP_COARSE_NS; dhcp_coarse_ns += DHCP_COARSE_NS)
        dhcp_coarse_tmr();
    if (now - dhcp_fine_ns >= DHCP_FINE_NS) {
        dhcp_fine_ns = now;
        dhcp_fine_tmr();
    }
}

/* ---- all ---- */

void timer_init(void)
{
    second_ns = dhcp_fine_ns = dhcp_coarse_ns = env_now_ns();
}

static inline uint64_t others_next(void)
{
    return earlier(second_next(), dhcp_next());
}

/* Nothing but TCP is due while nobody asks for addresses and no lease ends. */
void timer_run(void)
{
    uint64_t others = others_next(), now;

    if (tcp_ns == SCHED_FOREVER && others == SCHED_FOREVER)
        return;
    now = env_now_ns();
    if (tcp_ns != SCHED_FOREVER)
        tcp_run(now);
    second_run(now);
    dhcp_run(now);
}

uint64_t timer_deadline(void)
{
    tcp_next_find();
    return earlier(tcp_ns, others_next());
}
