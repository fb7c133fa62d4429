/* SPDX-License-Identifier: MIT */
/*
 * test_rings: frames between the microkernel's net and nic (micro/protocol.h): the driver's server and its client's
 * side as they are, with the driver and the kernel in between made here.  Neither may believe the other: one writes
 * anything to the rings, and the other must not touch what it should not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "micro/client/message.h"
#include "micro/protocol.h"
#include "micro/server/frames.h"
#include "micro/server/server.h"
#include "nic.h"
#include "sched.h"

#define RAM_BYTES (1u << 20)
#define ROUNDS 30000
#define DEVICE_MAX 40 /* frames that the device has before it has no room */

static char *ram; /* net's memory: all that is shared */
static uint64_t ram_used;
struct domain_info user_info;
static unsigned nic_told, net_told;
static bool nic_ended;

static bool serve(struct message *m);

/* ---- the kernel ---- */

int64_t user_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    (void)c, (void)d, (void)e, (void)f;
    if (number == MICRO_HANDLE_GIVE)
        return (int64_t)b; /* the same number there */
    assert_int_equal(number, MICRO_NOTE_SIGNAL);
    if (a != 20)
        net_told++;
    else if (nic_ended)
        return -9; /* EBADF */
    else
        nic_told += b == NOTE_NIC_WORK;
    return 0;
}

static int64_t test_call(uint64_t handle, struct message *m)
{
    assert_int_equal(handle, HANDLE_NIC);
    m->from = DOMAIN_NET;
    assert_true(serve(m));
    return 0;
}

void server_init(void)
{
}
void server_after_interrupt(void (*after)(void))
{
    (void)after;
}
void server_noted(uint64_t bits)
{
    (void)bits;
}
int64_t server_note(uint64_t note, void (*noted)(uint64_t bits))
{
    (void)noted;
    return (int64_t)note;
}
void sched_init(struct thread *boot_thread, void *stack_top, void *fpu)
{
    (void)boot_thread, (void)stack_top, (void)fpu;
}
void *alloc_pages(unsigned order)
{
    char *at = ram + ram_used;

    ram_used += (uint64_t)4096 << order;
    return ram_used <= RAM_BYTES ? at : NULL;
}
int frames_note(uint64_t note)
{
    return note == 21 ? 0 : -1;
}

/* ---- the driver ---- */

static struct nic_send *in_device[DEVICE_MAX];
static unsigned in_device_count, sent_count;
static struct nic_frame coming;
static char coming_data[NIC_FRAME_MAX];
static unsigned coming_count;

static int driver_init(void (*ready)(void *arg), void *arg)
{
    (void)ready, (void)arg;
    return 0;
}

static void driver_info(struct nic_info *out)
{
    *out = (struct nic_info){.address = {2, 1, 2, 3, 4, 5}, .sums_sent = true};
}

static int driver_send(struct nic_send *frame)
{
    uint32_t bytes = 0;

    assert_true(frame->segment_count <= NIC_SEGMENTS_MAX);
    for (uint32_t i = 0; i < frame->segment_count; i++) {
        const char *data = frame->segments[i].data;
        assert_true(data >= ram && data <= ram + RAM_BYTES);
        assert_true(frame->segments[i].bytes <= (size_t)(ram + RAM_BYTES - data));
        bytes += frame->segments[i].bytes;
    }
    for (unsigned i = 0; i < in_device_count; i++)
        assert_ptr_not_equal(in_device[i], frame);
    if (bytes < NIC_FRAME_MIN || bytes > NIC_FRAME_MAX)
        return -22;
    if (in_device_count == DEVICE_MAX)
        return -11;
    in_device[in_device_count++] = frame;
    sent_count++;
    return 0;
}

static struct nic_send *driver_sent(void)
{
    return in_device_count ? in_device[--in_device_count] : NULL;
}

static struct nic_frame *driver_receive(void)
{
    if (!coming_count)
        return NULL;
    coming_count--;
    coming = (struct nic_frame){.data = coming_data, .bytes = sizeof coming_data, .checked = true};
    return &coming;
}

static bool driver_pending(void)
{
    return coming_count;
}

static void driver_give(struct nic_frame *frame)
{
    assert_ptr_equal(frame, &coming);
}

/* ---- both servers ---- */

#define message_call test_call
#define user_ram() ram
#define rings net_rings
#define frames net_frames
#include "micro/server/frames.c"
#undef rings
#undef frames
#define nic_init driver_init
#define nic_info(out) driver_info(out)
#define nic_send(frame) driver_send(frame)
#define nic_sent driver_sent
#define nic_receive driver_receive
#define nic_pending driver_pending
#define nic_give driver_give
#include "micro/server/nic.c"
#undef nic_init
#undef nic_info
#undef nic_send
#undef nic_sent
#undef nic_receive
#undef nic_pending
#undef nic_give

static unsigned readied;

static void is_ready(void *unused)
{
    (void)unused;
    readied++;
}

static int start(void **state)
{
    (void)state;
    free(ram);
    ram = malloc(RAM_BYTES);
    memset(ram, 0x5a, RAM_BYTES);
    ram_used = 0;
    user_info.window_address = (uint64_t)ram;
    user_info.window_whole = RAM_BYTES;
    net_rings = rings = NULL;
    memset(sending, 0, sizeof sending);
    memset(lent, 0, sizeof lent);
    memset(busy, 0, sizeof busy);
    place_count = lent_count = 0;
    send_put = give_put = sent_taken = came_taken = send_taken = give_taken = sent_put = came_put = 0;
    in_device_count = sent_count = coming_count = nic_told = net_told = readied = 0;
    nic_ended = false;
    note = 20;
    client_note = 21;
    return nic_init(is_ready, NULL);
}

static struct nic_send frame_of(void *data, uint32_t bytes)
{
    return (struct nic_send){.segment_count = 1, .segments = {{data, bytes}}};
}

/* Frames go out, in order, and their places are used again; a full interface says when there is room. */
static void test_frames_go(void **state)
{
    static struct nic_send out[2 * NIC_PLACES];
    unsigned count = 0, back = 0;

    (void)state;
    while (count < 2 * NIC_PLACES) {
        out[count] = frame_of(ram + RAM_BYTES - 4096, 60);
        if (nic_send(&out[count]))
            break;
        count++;
    }
    assert_int_equal(count, NIC_PLACES);
    assert_int_equal(nic_told, 1); /* it slept, and was told once */
    assert_int_equal(nic_send(&out[count]), -EAGAIN);
    for (unsigned i = 0; i < 10; i++)
        work();
    assert_true(sent_count > NIC_PLACES / 2);
    assert_int_equal(net_told, 1); /* there is room */
    while (nic_sent())
        back++;
    assert_true(back >= sent_count - DEVICE_MAX);
    assert_int_equal(nic_send(&out[count]), 0);
}

/* Of a driver that has ended all frames come back, once each, whatever it had told; and so do those that are sent
 * later. */
static void test_driver_ended(void **state)
{
    static struct nic_send out[NIC_PLACES];
    unsigned back = 0;

    (void)state;
    for (unsigned i = 0; i < NIC_PLACES; i++) {
        out[i] = frame_of(ram + RAM_BYTES - 4096, 60);
        assert_int_equal(nic_send(&out[i]), 0);
    }
    work();
    work();
    assert_true(sent_put > 0);
    frames_sent_ask(); /* it lives */
    nic_ended = true;
    frames_sent_ask();
    while (nic_sent())
        back++;
    assert_int_equal(back, NIC_PLACES);
    for (unsigned i = 0; i < NIC_PLACES; i++)
        assert_int_equal(nic_send(&out[i]), 0);
    assert_int_equal(nic_send(&out[0]), -EAGAIN);
    for (back = 0; nic_sent();)
        back++;
    assert_int_equal(back, 0);
    frames_sent_ask();
    while (nic_sent())
        back++;
    assert_int_equal(back, NIC_PLACES);
}

/* Frames come, each to a place that is free; when none is, the others wait until one is given back. */
static void test_frames_come(void **state)
{
    struct nic_frame *got[NIC_FRAMES + 1];
    unsigned count = 0;

    (void)state;
    assert_false(nic_pending());
    coming_count = NIC_FRAMES + 5;
    work();
    assert_int_equal(net_told, 1);
    assert_int_equal(coming_count, 5);
    while ((got[count] = nic_receive())) {
        assert_int_equal(got[count]->bytes, NIC_FRAME_MAX);
        assert_true(got[count]->checked);
        count++;
    }
    assert_int_equal(count, NIC_FRAMES);
    assert_int_equal(nic_room(), 0);
    nic_give(got[0]);
    assert_int_equal(nic_told, 1);
    work();
    assert_int_equal(coming_count, 4);
}

/* What the client of a driver may say at its start is its own memory, once. */
static void test_start_checked(void **state)
{
    static const uint64_t bad[][2] = {{RAM_BYTES, 0}, {RAM_BYTES - 8, 0}, {0, RAM_BYTES - 8}, {-8ull, 0}, {0, -4096ull},
                                      {4, 0},         {0, RAM_BYTES},     {1ull << 63, 0}};
    struct message m;

    (void)state;
    m = (struct message){.from = DOMAIN_NET, .tag = ASK_NIC_INIT};
    serve(&m);
    assert_int_equal(m.word[0], -EBUSY);
    m = (struct message){.from = DOMAIN_FS, .tag = ASK_NIC_FLUSH};
    serve(&m);
    assert_int_equal(m.word[0], -EPERM);
    rings = NULL;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        m = (struct message){.from = DOMAIN_NET, .tag = ASK_NIC_INIT, .word = {bad[i][0], bad[i][1]}};
        serve(&m);
        assert_int_equal(m.word[0], -EINVAL);
    }
}

static uint32_t any(void)
{
    static const uint32_t edges[] = {
        0,         1,   16,  17,       60,         1514,           4096, RAM_BYTES - 60, RAM_BYTES - 1,
        RAM_BYTES, 127, 128, 1u << 31, UINT32_MAX, UINT32_MAX - 59};

    return rand() % 2 ? edges[(unsigned)rand() % (sizeof edges / sizeof *edges)] : (uint32_t)rand();
}

static void scribble(void *at, uint64_t bytes)
{
    for (unsigned n = (unsigned)rand() % 8; n; n--) {
        uint32_t value = any();
        memcpy((char *)at + (unsigned)rand() % (bytes - sizeof value), &value, sizeof value);
    }
}

/* A client writes anything to the rings: no frame but one of its own memory reaches the device (driver_send looks), and
   nothing but rings and frames is written to. */
static void test_hostile_client(void **state)
{
    (void)state;
    srand(1);
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned place = (unsigned)rand() % NIC_PLACES;
        scribble(rings, sizeof *rings);
        rings->places[place].count = (uint16_t)((unsigned)rand() % 20);
        for (unsigned s = 0; s < NIC_SEGMENTS_MAX; s++) {
            rings->places[place].segments[s].offset = rand() % 8 ? (uint32_t)rand() % (RAM_BYTES - 4096) : any();
            rings->places[place].segments[s].bytes = rand() % 8 ? 20 : any() % 8192;
        }
        rings->send[send_taken % NIC_PLACES] = (uint16_t)place;
        if (rand() % 4)
            rings->send_put = send_taken + 1 + (unsigned)rand() % 4;
        coming_count = (unsigned)rand() % 4;
        work();
    }
    assert_true(sent_count > 100);
    for (uint64_t at = ram_used; at < RAM_BYTES; at++)
        assert_int_equal(ram[at], 0x5a);
}

/* A driver writes anything: a frame comes back only if it was sent, and once; what comes is where it should be. */
static void test_hostile_driver(void **state)
{
    static struct nic_send out[NIC_PLACES];
    static bool under_way[NIC_PLACES];
    struct nic_send *back;
    struct nic_frame *in, *kept = NULL;
    unsigned backs = 0, ins = 0;

    (void)state;
    srand(2);
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned n = (unsigned)rand() % NIC_PLACES;
        out[n] = under_way[n] ? out[n] : frame_of(ram + RAM_BYTES - 4096, 60);
        if (!under_way[n])
            under_way[n] = nic_send(&out[n]) == 0;
        if (rand() % 2)
            work();
        scribble(net_rings, offsetof(struct nic_rings, places));
        while ((back = nic_sent())) {
            assert_true(back >= out && back < out + NIC_PLACES && under_way[back - out]);
            under_way[back - out] = false;
            backs++;
        }
        for (unsigned tries = 0; tries < 10 && (in = nic_receive()); tries++, ins++) {
            assert_ptr_not_equal(in, kept);
            assert_true((char *)in->data >= memory && in->bytes >= NIC_FRAME_MIN && in->bytes <= NIC_FRAME_MAX);
            assert_true((char *)in->data + in->bytes <= memory + NIC_FRAMES * NIC_FRAME_BYTES);
            if (kept)
                nic_give(kept);
            kept = in;
        }
    }
    assert_true(backs > 100 && ins > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_frames_go, start),      cmocka_unit_test_setup(test_frames_come, start),
        cmocka_unit_test_setup(test_start_checked, start),  cmocka_unit_test_setup(test_hostile_client, start),
        cmocka_unit_test_setup(test_hostile_driver, start), cmocka_unit_test_setup(test_driver_ended, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
