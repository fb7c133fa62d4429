/* SPDX-License-Identifier: MIT */
/*
 * network.c: frames that come.  The tree of claims (filter.h) says whose a frame is; it is copied into the next slot
 * that the owner has offered, an entry of its struct exo_net says so, and if it has asked to be told, EVENT_NET does.
 *
 * The interface's own buffers are never handed out, so that an environment that gives nothing back has nothing of the
 * others'; and to exchange pages instead of copying would take longer for all frames but the largest: two entries of
 * page tables and their translations are gone, where a copy is at most 190 words.
 *
 * Whoever looks by himself is not interrupted: the interface interrupts only if somebody listens.
 */
#include "exo/network.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/panic.h"
#include "base/string.h"
#include "env.h"
#include "exo/call.h"
#include "exo/filter.h"
#include "machine/bus.h"
#include "machine/home.h"

#define FRAMES_AT_ONCE 128u /* taken with interrupts off */
#define CLAIMS_MAX 1024u
#define CLAIMS_MIN 64u
#define CLAIMS_SHARE 2u /* one claim for so many of the kernel's pages */

_Static_assert(ENVIRONMENTS_MAX <= FILTER_OWNERS_MAX, "each is an owner");
_Static_assert(EXO_NET_SLOT_START + NIC_FRAME_MAX <= EXO_NET_SLOT_BYTES, "a frame fits its slot");
_Static_assert(sizeof(struct exo_nic) >= NIC_ADDRESS_BYTES, "an address fits");

uint8_t network_address[NIC_ADDRESS_BYTES];
static bool is_up;
static uint32_t listeners; /* environments, as bits */
static uint64_t unclaimed; /* frames */

/* ---- frames ---- */

static void tell(struct environment *e)
{
    listeners &= ~(1u << e->number);
    e->net->listens = 0;
    environment_tell(e, EVENT_NET);
}

/* Where the next frame for e goes, and the number of that slot; NULL if it offers none. */
static void *slot_take(struct environment *e, unsigned *slot)
{
    uint32_t offered = e->net->offered - e->came;

    *slot = *(const volatile uint8_t *)&e->net->slots[e->came % EXO_NET_SLOTS_MAX];
    if (!offered || offered > EXO_NET_SLOTS_MAX || *slot >= e->ring_slots)
        return NULL;
    return e->ring[*slot / 2] + *slot % 2 * EXO_NET_SLOT_BYTES + EXO_NET_SLOT_START;
}

static void frame_deliver(struct environment *e, const struct nic_frame *frame)
{
    struct exo_net *net = e->net;
    unsigned slot, entry = e->came % EXO_NET_SLOTS_MAX;
    void *memory = slot_take(e, &slot);

    if (!memory) {
        net->dropped++;
        return;
    }
    memcpy(memory, frame->data, frame->bytes);
    BOOK_ADD(books[WIRE_BYTES_COPIED], frame->bytes);
    net->frames[entry].slot = (uint16_t)slot;
    net->frames[entry].bytes = (uint16_t)frame->bytes;
    net->frames[entry].checked = frame->checked;
    net->came = ++e->came;
    if (listeners & 1u << e->number)
        tell(e);
}

/* Brings at most *left frames to their owners; false if that was not enough. */
static bool frames_take(unsigned *left)
{
    struct nic_frame *frame;

    while (*left && (frame = nic_receive())) {
        uint32_t owners = filter_match(frame->data, frame->bytes);
        unclaimed += !owners;
        for (; owners; owners &= owners - 1)
            frame_deliver(&environments[__builtin_ctz(owners)], frame);
        nic_give(frame);
        --*left;
    }
    return *left;
}

/* Brings all frames to their owners; then, if anybody still listens, the interface interrupts for the next one.  In a
   flood listeners are told to look by themselves, in their own time. */
static void frames_bring(void)
{
    unsigned left = FRAMES_AT_ONCE;

    while (frames_take(&left) && listeners && nic_pending())
        ;
    while (!left && listeners)
        tell(&environments[__builtin_ctz(listeners)]);
}

/* In an interrupt, which only ring 3 or the idle kernel lets in. */
static void ready(void *unused)
{
    (void)unused;
    network_room();
    frames_bring();
}

static bool has_frames(const struct environment *e)
{
    return e->came != e->net->taken;
}

/* Frames wait: for e, or for others, or nobody. */
static __attribute__((noinline)) int frames_look(struct environment *e)
{
    unsigned left = FRAMES_AT_ONCE;

    listeners &= ~(1u << e->number);
    e->net->listens = 0;
    for (; left && !has_frames(e); frames_take(&left))
        if (!nic_pending())
            return 0;
    if (listeners)
        frames_bring();
    return 1;
}

int network_listen(struct environment *e)
{
    if (!e->net)
        return -ENODEV;
    if (!e->ring_slots)
        return -EINVAL;
    if (e->held)
        network_sent_of(e);
    if ((has_frames(e) || nic_pending()) && frames_look(e))
        return 1;
    listeners |= 1u << e->number;
    e->net->listens = 1;
    return 0;
}

int64_t call_nic_listen(CALL_N)
{
    return network_listen(environment_current());
}

/* ---- what an environment has of the interface ---- */

static void ring_drop(struct environment *e)
{
    for (; e->ring_slots; e->ring_slots -= 2)
        frame_busy_drop(paging_physical(e->ring[e->ring_slots / 2 - 1]) / PAGE_BYTES);
}

int64_t call_nic_ring(CALL_N, uint64_t address, uint64_t n)
{
    struct environment *e = environment_current();
    uint64_t frames[RING_FRAMES_MAX];

    if (!e->net)
        return -ENODEV;
    if (n > RING_FRAMES_MAX)
        return -EINVAL;
    if (n && e->ring_slots)
        return -EBUSY;
    if (env_copy_in(frames, address, n * sizeof *frames))
        return -EFAULT;
    for (uint64_t i = 0; i < n; i++)
        if (!frame_is_own(e, frames[i]))
            return -EPERM;
    ring_drop(e);
    for (uint64_t i = 0; i < n; i++) {
        frame_busy_add(frames[i]);
        e->ring[i] = paging_direct(frames[i] * PAGE_BYTES);
    }
    e->ring_slots = (unsigned)n * 2;
    return 0;
}

int64_t call_nic_info(CALL_N, uint64_t address)
{
    struct exo_nic out = {.unclaimed = unclaimed};
    struct nic_info info;

    if (!environment_current()->net)
        return -ENODEV;
    nic_info(&info);
    memcpy(out.address, info.address, sizeof out.address);
    out.sums_sent = info.sums_sent;
    out.sums_received = info.sums_received;
    return env_copy_out(address, &out, sizeof out);
}

void network_release_all(struct environment *e)
{
    if (!e->net)
        return;
    filter_owner_end(e->number);
    listeners &= ~(1u << e->number);
    ring_drop(e);
    network_send_wait(e);
    e->net = NULL;
}

/* ---- the start ---- */

/* Word number n "ip=..." of the options. */
static const char *word_of(unsigned n)
{
    const char *word = bus_command_line("ip=", n), *programs = bus_command_line("-- ", 0);

    return word && !(programs && programs < word) ? word + strlen("ip=") : NULL;
}

static bool is_wanted(unsigned number)
{
    static const char loopback[] = "loopback";
    const char *word = word_of(number);
    size_t n = sizeof loopback - 1;

    return word && (strncmp(word, loopback, n) != 0 || (word[n] && word[n] != ' '));
}

bool network_is_of(unsigned number)
{
    return is_up && is_wanted(number);
}

int network_open(struct environment *e)
{
    return environment_page_share(e, DOMAIN_NET, (void **)&e->net);
}

static unsigned claims_wanted(void)
{
    uint64_t n = alloc_total_pages() / CLAIMS_SHARE;

    return n < CLAIMS_MIN ? CLAIMS_MIN : n < CLAIMS_MAX ? (unsigned)n : CLAIMS_MAX;
}

void network_init(void)
{
    unsigned count = 0;
    struct nic_info info;
    int error;

    for (unsigned i = 0; i < ENVIRONMENTS_MAX; i++) {
        count += is_wanted(i);
        network_address_give(i, is_wanted(i) ? word_of(i) : "");
    }
    if (!count)
        return;
    error = filter_init(claims_wanted(), count);
    if (!error)
        error = network_send_init(count);
    if (error)
        panic("no memory for the network");
    error = nic_init(ready, NULL);
    if (error) {
        env_log("there is no network interface: error %d", -error);
        return;
    }
    nic_info(&info);
    memcpy(network_address, info.address, sizeof network_address);
    is_up = true;
}
