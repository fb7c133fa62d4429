/* SPDX-License-Identifier: MIT */
/*
 * frames.c: nic.h for the network's server: through rings in this domain's memory, which the driver in another domain
 * sees (protocol.h).  What the driver says of frames is checked; it could anyway change them as its device can.
 *
 * A driver that has ended sends nothing: its frames come back as if they were lost on the wire, so that connections end
 * after their time.
 */
#include "micro/server/frames.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "micro/client/message.h"
#include "micro/protocol.h"
#include "nic.h"

#define RINGS_ORDER 3
#define FRAMES_ORDER 5
_Static_assert(sizeof(struct nic_rings) <= PAGE_BYTES << RINGS_ORDER, "rings");
_Static_assert(NIC_FRAMES *NIC_FRAME_BYTES == PAGE_BYTES << FRAMES_ORDER, "frames");
_Static_assert(NIC_FRAME_START + NIC_FRAME_MAX <= NIC_FRAME_BYTES && NIC_FRAMES <= NIC_LENT_MAX, "a frame fits");

static struct nic_rings *rings;
static char *memory;      /* of frames that come */
static uint64_t nic_note; /* the driver's */
static struct nic_info info;
static struct nic_send *sending[NIC_PLACES]; /* by place */
static uint16_t places[NIC_PLACES];          /* free ones */
static unsigned place_count;
static struct nic_frame frames[NIC_FRAMES];
static bool lent[NIC_FRAMES];
static unsigned lent_count;
static uint32_t send_put, give_put, sent_taken, came_taken;
static void (*ready_fn)(void *arg);
static void *ready_arg;
static struct nic_books counted;

static uint64_t offset_of(const void *p)
{
    return (uint64_t)((const char *)p - user_ram());
}

static void give(unsigned frame)
{
    rings->give[give_put % NIC_FRAMES] = (uint16_t)frame;
    rings->give_put = ++give_put;
}

static void driver_tell(volatile uint32_t *waits)
{
    if (!*waits)
        return;
    *waits = 0;
    user_call(MICRO_NOTE_SIGNAL, nic_note, NOTE_NIC_WORK, 0, 0, 0, 0);
}

static int driver_call(uint64_t op, struct message *m)
{
    int64_t error;

    m->tag = op;
    error = message_call(HANDLE_NIC, m);
    return error == -EBADF ? -ENODEV : error ? -EIO : (int)(int64_t)m->word[0];
}

int nic_init(void (*ready)(void *arg), void *arg)
{
    struct message m = {0};
    int error;

    rings = alloc_pages(RINGS_ORDER);
    memory = alloc_pages(FRAMES_ORDER);
    if (!rings || !memory)
        return -ENOMEM;
    memset(rings, 0, sizeof *rings);
    for (unsigned i = 0; i < NIC_PLACES; i++)
        places[place_count++] = (uint16_t)i;
    for (unsigned i = 0; i < NIC_FRAMES; i++)
        give(i);
    ready_fn = ready;
    ready_arg = arg;
    m.word[0] = offset_of(rings);
    m.word[1] = offset_of(memory);
    error = driver_call(ASK_NIC_INIT, &m);
    if (error)
        return error == -ENODEV || error == -ENOMEM ? error : -EIO;
    memcpy(info.address, &m.word[1], NIC_ADDRESS_BYTES);
    info.sums_sent = m.word[1] & NIC_SUMS_SENT;
    info.sums_received = m.word[1] & NIC_SUMS_RECEIVED;
    nic_note = m.word[2];
    return frames_note(m.word[3]);
}

void frames_noted(void)
{
    ready_fn(ready_arg);
}

/* All that is under way is told as sent, in the driver's place. */
static void driver_gone(void)
{
    for (unsigned place = 0; place < NIC_PLACES; place++)
        if (sending[place]) {
            rings->sent[rings->sent_put % NIC_PLACES] = (uint16_t)place;
            rings->sent_put++;
        }
}

void frames_sent_ask(void)
{
    uint64_t bits;

    if (!rings || place_count == NIC_PLACES)
        return;
    bits = rings->nic_waits ? NOTE_NIC_WORK : 0; /* of 0 a driver that is busy hears nothing */
    rings->nic_waits = 0;
    if (user_call(MICRO_NOTE_SIGNAL, nic_note, bits, 0, 0, 0, 0) == -EBADF)
        driver_gone();
}

void frames_flush(void)
{
    struct message m = {0};

    if (rings)
        driver_call(ASK_NIC_FLUSH, &m);
}

void nic_info(struct nic_info *out)
{
    *out = info;
}

static int sizes_check(const struct nic_send *frame)
{
    uint32_t bytes = 0;

    if (frame->segment_count == 0 || frame->segment_count > NIC_SEGMENTS_MAX)
        return -EINVAL;
    for (uint32_t i = 0; i < frame->segment_count; i++)
        bytes += frame->segments[i].bytes;
    return bytes < NIC_FRAME_MIN || bytes > NIC_FRAME_MAX ? -EINVAL : (int)bytes;
}

/* No place is free: the driver tells when one is. */
static int full(void)
{
    rings->net_full = 1;
    if (rings->sent_put != sent_taken) {
        rings->net_full = 0; /* nic_sent has some */
        ready_fn(ready_arg);
    }
    driver_tell(&rings->nic_waits);
    return -EAGAIN;
}

int nic_send(struct nic_send *frame)
{
    int bytes = sizes_check(frame);
    unsigned place;

    if (bytes < 0)
        return bytes;
    if (!place_count)
        return full();
    place = places[--place_count];
    sending[place] = frame;
    rings->places[place].count = (uint16_t)frame->segment_count;
    rings->places[place].checksum_start = frame->checksum_start;
    rings->places[place].checksum_offset = frame->checksum_offset;
    for (uint32_t i = 0; i < frame->segment_count; i++) {
        rings->places[place].segments[i].offset = (uint32_t)offset_of(frame->segments[i].data);
        rings->places[place].segments[i].bytes = frame->segments[i].bytes;
    }
    rings->send[send_put % NIC_PLACES] = (uint16_t)place;
    __atomic_signal_fence(__ATOMIC_RELEASE);
    rings->send_put = ++send_put;
    counted.frames_sent++;
    counted.bytes_sent += (uint32_t)bytes;
    driver_tell(&rings->nic_waits);
    return 0;
}

/* Whether there is more in a ring of that size; no more than fits it. */
static inline bool is_more(uint32_t put, uint32_t *taken, uint32_t size)
{
    if (__builtin_expect(put - *taken > size, 0))
        *taken = put - size;
    return put != *taken;
}

struct nic_send *nic_sent(void)
{
    while (is_more(rings->sent_put, &sent_taken, NIC_PLACES)) {
        unsigned place = rings->sent[sent_taken++ % NIC_PLACES] % NIC_PLACES;
        struct nic_send *frame = sending[place];
        if (!frame)
            continue;
        sending[place] = NULL;
        places[place_count++] = (uint16_t)place;
        return frame;
    }
    return NULL;
}

/* The next one that is what it should be. */
static struct nic_frame *frame_take(void)
{
    while (is_more(rings->came_put, &came_taken, NIC_FRAMES)) {
        unsigned at = came_taken++ % NIC_FRAMES, n = rings->came[at].frame % NIC_FRAMES;
        struct nic_frame *frame = &frames[n];
        if (lent[n])
            continue;
        frame->bytes = rings->came[at].bytes;
        frame->checked = rings->came[at].checked;
        frame->data = memory + n * NIC_FRAME_BYTES + NIC_FRAME_START;
        if (frame->bytes >= NIC_FRAME_MIN && frame->bytes <= NIC_FRAME_MAX) {
            lent[n] = true;
            lent_count++;
            return frame;
        }
        counted.dropped++;
        give(n);
    }
    return NULL;
}

struct nic_frame *nic_receive(void)
{
    struct nic_frame *frame = frame_take();

    if (frame) {
        counted.frames_received++;
        counted.bytes_received += frame->bytes;
    }
    return frame;
}

bool nic_pending(void)
{
    rings->net_waits = 0;
    if (rings->came_put == came_taken)
        rings->net_waits = 1;
    return rings->came_put != came_taken;
}

void nic_give(struct nic_frame *frame)
{
    lent[frame - frames] = false;
    lent_count--;
    give((unsigned)(frame - frames));
    driver_tell(&rings->nic_full);
}

unsigned nic_room(void)
{
    return NIC_FRAMES - lent_count;
}

/* The driver has no other client. */
int nic_claim(const struct nic_filter *filter)
{
    (void)filter;
    return 0;
}

void nic_claim_end(int claim)
{
    (void)claim;
}

void nic_books(struct nic_books *out)
{
    *out = counted;
}
