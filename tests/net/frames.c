/* SPDX-License-Identifier: MIT */
/*
 * frames.c: a kernel that is nothing but a test of the network driver.  It asks QEMU's user-mode network for the
 * gateway's address (ARP), then sends it echo requests (ICMP) of all sizes, gathered from pieces, a window of them at a
 * time, and looks at what comes back.
 *
 * words: frames=N (that many are answered before it ends)  window=N
 */
#include "alloc.h"
#include "base/panic.h"
#include "base/string.h"
#include "env.h"
#include "machine/boot.h"
#include "machine/home.h"
#include "machine/stop.h"
#include "machine/trap.h"
#include "nic.h"
#include "sched.h"

#define WINDOW_MAX 100u
#define HEADERS_BYTES 42u /* Ethernet, IPv4, ICMP */
#define ADDRESS_HERE 0x0a00020fu
#define ADDRESS_THERE 0x0a000202u

/* A request: headers and data in one page, given away in pieces. */
struct request {
    struct nic_send send;
    uint8_t *page;
    uint16_t number;
    uint16_t bytes; /* of the frame */
    bool out, answered;
};

static struct thread boot_thread;
struct thread *sched_running = &boot_thread;
static struct request requests[WINDOW_MAX];
static struct nic_info info;
static uint8_t gateway[NIC_ADDRESS_BYTES];
static bool called, gateway_known;
static uint64_t random_state = 1, refused, answered, idles;
static uint32_t sum_wrong;

void sched_tick(uint64_t now_ns)
{
    (void)now_ns;
}

void trap_dispatch(struct trap *trap)
{
    if (trap->vector < 32)
        stop_panic("trap", trap);
    home_interrupt(trap);
}

static void ready(void *arg)
{
    *(bool *)arg = true;
}

static unsigned random_below(unsigned n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % n;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static uint16_t internet_sum(const uint8_t *data, unsigned bytes)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < bytes; i++)
        sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void ethernet_make(uint8_t *frame, const uint8_t *to, unsigned type)
{
    memcpy(frame, to, NIC_ADDRESS_BYTES);
    memcpy(frame + 6, info.address, NIC_ADDRESS_BYTES);
    put16(frame + 12, type);
}

/* Sends what stands in a request's page, in one to sixteen pieces. */
static bool request_send(struct request *r)
{
    unsigned done = 0;
    r->send.segment_count = 0;
    while (done < r->bytes) {
        unsigned piece =
            r->send.segment_count + 1 < NIC_SEGMENTS_MAX ? 1 + random_below(r->bytes - done) : r->bytes - done;
        r->send.segments[r->send.segment_count++] = (struct nic_segment){r->page + done, piece};
        done += piece;
    }
    int error = nic_send(&r->send);
    if (error && error != -11)
        panic("nic_send: %d", error);
    r->out = !error;
    refused += error != 0;
    return r->out;
}

static void resolve(void)
{
    static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0, 1};
    struct request *r = &requests[0];
    r->bytes = 42;
    memset(r->page, 0, r->bytes);
    ethernet_make(r->page, (const uint8_t *)"\xff\xff\xff\xff\xff\xff", 0x0806);
    memcpy(r->page + 14, head, sizeof head);
    memcpy(r->page + 22, info.address, NIC_ADDRESS_BYTES);
    put32(r->page + 28, ADDRESS_HERE);
    put32(r->page + 38, ADDRESS_THERE);
    request_send(r);
}

static void request_make(struct request *r, uint16_t number, unsigned data_bytes)
{
    uint8_t *ip = r->page + 14, *icmp = ip + 20;
    r->number = number;
    r->bytes = (uint16_t)(HEADERS_BYTES + data_bytes);
    r->answered = false;
    memset(r->page, 0, HEADERS_BYTES);
    ethernet_make(r->page, gateway, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, 28 + data_bytes);
    ip[8] = 64;
    ip[9] = 1;
    put32(ip + 12, ADDRESS_HERE);
    put32(ip + 16, ADDRESS_THERE);
    put16(ip + 10, internet_sum(ip, 20));
    icmp[0] = 8;
    put16(icmp + 4, 0x7011);
    put16(icmp + 6, number);
    for (unsigned i = 0; i < data_bytes; i++)
        icmp[8 + i] = (uint8_t)(i * 13 + number);
    put16(icmp + 2, internet_sum(icmp, 8 + data_bytes));
}

/* An answer is its request but for type, checksum and addresses. */
static void echo_look(const uint8_t *frame, unsigned bytes, unsigned window)
{
    const uint8_t *icmp = frame + 34;
    unsigned number = (unsigned)icmp[6] << 8 | icmp[7];
    struct request *r = &requests[number % window];
    if (icmp[0] != 0 || r->number != number || r->answered)
        panic("an answer to nothing: type %u, number %u", icmp[0], number);
    if (bytes < r->bytes || memcmp(icmp + 8, r->page + HEADERS_BYTES, r->bytes - HEADERS_BYTES) != 0)
        panic("answer %u of %u bytes is not what was sent, %u bytes", number, bytes, r->bytes);
    sum_wrong += internet_sum(icmp, r->bytes - 34u) != 0;
    r->answered = true;
    answered++;
}

static void frame_look(const uint8_t *frame, unsigned bytes, unsigned window)
{
    unsigned type = (unsigned)frame[12] << 8 | frame[13];
    if (memcmp(frame, info.address, NIC_ADDRESS_BYTES) != 0)
        return;
    if (type == 0x0806 && bytes >= 42 && frame[21] == 2) {
        memcpy(gateway, frame + 22, NIC_ADDRESS_BYTES);
        gateway_known = true;
    } else if (type == 0x0800 && bytes >= HEADERS_BYTES && frame[23] == 1) {
        echo_look(frame, bytes, window);
    }
}

/* Everything that has come and was sent.  Sleeps if that was nothing and an answer is missing: only that interrupts. */
static void work(unsigned window, bool missing)
{
    struct nic_frame *frame;
    struct nic_send *sent;
    bool any = false;
    called = false;
    while ((sent = nic_sent())) {
        ((struct request *)sent)->out = false;
        any = true;
    }
    while ((frame = nic_receive())) {
        frame_look(frame->data, frame->bytes, window);
        nic_give(frame);
        any = true;
    }
    if (!any && !called && missing && !nic_pending()) {
        env_idle();
        idles++;
    }
}

_Noreturn void kernel_main(void)
{
    struct nic_books books_now;
    unsigned window, total, next = 0;

    home_init(false, true);
    window = (unsigned)boot_number("window=", 32);
    total = (unsigned)boot_number("frames=", 2000);
    if (window == 0 || window > WINDOW_MAX || nic_init(ready, &called))
        panic("no interface");
    nic_info(&info);
    for (unsigned i = 0; i < window; i++)
        requests[i] = (struct request){.page = alloc_page(), .answered = true};
    resolve();
    while (!gateway_known || requests[0].out)
        work(window, !gateway_known);
    WIRE_MARK(WIRE_MARK_BEGIN);
    while (answered < total) {
        struct request *r = &requests[next % window];
        if (next < total && r->answered && !r->out) {
            request_make(r, (uint16_t)next, next % (NIC_FRAME_MAX - HEADERS_BYTES + 1));
            while (!request_send(r))
                work(window, true); /* that there is room again is told */
            next++;
        } else {
            work(window, answered < next);
        }
    }
    WIRE_MARK(WIRE_MARK_END);
    nic_books(&books_now);
    env_log("TOLL1 value answered frames %lu", answered);
    env_log("TOLL1 value interrupts count %lu", books_now.interrupts);
    env_log("TOLL1 value idles count %lu", idles);
    env_log("TOLL1 value refused sends %lu", refused);
    env_log("TOLL1 value dropped frames %lu", books_now.dropped);
    if (sum_wrong || nic_room() < 32)
        panic("%u checksums are wrong, there is room for %u frames", sum_wrong, nic_room());
    env_log("TOLL1 done frames ok");
    stop_machine(WIRE_EXIT_OK);
}
