/* SPDX-License-Identifier: MIT */
/*
 * test_servers: the microkernel's server of the network before a client that asks for anything, and the loop that all
 * servers have in common before a neighbour that signals any bits of their notes.  Kernel and part net are made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "base/errno.h"
#include "base/panic.h"
#include "micro/client/client.h"
#include "micro/protocol.h"
#include "micro/server/server.h"
#include "net.h"

#define NOTE 17
#define ROUNDS 100000
#define SOCKETS 64 /* that part net has, here */

struct domain_info user_info;
bool client_copies, server_fault_seen;
static struct {
    unsigned made, bound, acknowledged, events, ended;
} calls;

int64_t user_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    (void)b, (void)c, (void)d, (void)e, (void)f;
    switch (number) {
    case MICRO_NOTE_MAKE:
        calls.made++;
        return NOTE;
    case MICRO_NOTE_BIND:
        calls.bound++;
        assert_int_equal(a, NOTE);
        return 0;
    case MICRO_IRQ_ACK:
        calls.acknowledged++;
        return 0;
    case MICRO_EVENT:
        assert_int_equal(a, HANDLE_APP);
        calls.events++;
        return 0;
    }
    return 0;
}

/* ---- part net ---- */

static bool open_sockets[SOCKETS];
static unsigned used;

/* Nothing but what is open may come here. */
static int64_t use(int s)
{
    assert_in_range(s, 0, SOCKETS - 1);
    assert_true(open_sockets[s]);
    used++;
    return rand() % 4 ? rand() % 3 : -EAGAIN;
}

static int socket_make(void)
{
    int s = rand() % SOCKETS;

    if (open_sockets[s])
        return -ENFILE;
    open_sockets[s] = true;
    if (rand() % 2)
        net_event(s);
    return s;
}

int net_init(const char *config)
{
    (void)config;
    return 0;
}

uint64_t net_work(void)
{
    net_event(rand() % SOCKETS); /* also of those that are being opened or closed */
    return rand() % 4 ? SCHED_FOREVER : 0;
}

int net_open(enum net_kind kind)
{
    assert_true(kind == NET_STREAM || kind == NET_DATAGRAM);
    return socket_make();
}

void net_close(int s)
{
    use(s);
    open_sockets[s] = false;
}

int net_bind(int s, const struct net_address *at)
{
    assert_non_null(at);
    return (int)use(s);
}

int net_listen(int s, unsigned backlog)
{
    assert_true(backlog <= NET_BACKLOG_MAX);
    return (int)use(s);
}

int net_accept(int s, struct net_address *peer)
{
    *peer = (struct net_address){1, 2};
    return use(s) < 0 ? -EAGAIN : socket_make();
}

int net_connect(int s, const struct net_address *to)
{
    assert_non_null(to);
    return (int)use(s);
}

int64_t net_receive(int s, uaddr_t buffer, uint64_t n, uint32_t flags, struct net_address *from)
{
    (void)n, (void)flags;
    assert_int_equal(buffer, 4096);
    assert_non_null(from);
    return use(s);
}

int64_t net_send(int s, uaddr_t buffer, uint64_t n, uint32_t flags, const struct net_address *to)
{
    (void)n, (void)flags, (void)to;
    assert_int_equal(buffer, 4096);
    return use(s);
}

int net_shutdown(int s, bool receiving, bool sending)
{
    (void)receiving, (void)sending;
    return (int)use(s);
}

int net_name(int s, bool peer, struct net_address *out)
{
    (void)peer;
    *out = (struct net_address){3, 4};
    return (int)use(s);
}

int net_option_set(int s, enum net_option option, uint64_t value)
{
    (void)value;
    assert_true(option < NET_OPTIONS);
    return (int)use(s);
}

int64_t net_option_get(int s, enum net_option option)
{
    assert_true(option < NET_OPTIONS);
    return use(s);
}

uint32_t net_ready(int s)
{
    return s < SOCKETS && open_sockets[s] ? NET_WRITABLE : NET_ERROR | NET_HANGUP;
}

void net_books(struct net_books *out)
{
    memset(out, 0, sizeof *out);
}

/* ---- the rest of its home ---- */

static char window[NET_SHOWN + NET_SHOWN_BYTES] __attribute__((aligned(4096))); /* shared with the client */

uaddr_t server_buffer(uint64_t client, uint64_t bytes)
{
    assert_int_equal(client, DOMAIN_LIBRARY);
    assert_int_equal(bytes, BUFFER_NET_BYTES);
    return 4096;
}
bool client_network(char config[CLIENT_NETWORK_BYTES])
{
    (void)config;
    return true;
}
void frames_noted(void)
{
}
void frames_sent_ask(void)
{
}

void frames_flush(void)
{
}
void user_init(void)
{
}
void client_init(void)
{
}
void env_log(const char *format, ...)
{
    (void)format;
}
void panic(const char *format, ...)
{
    fail_msg("panic: %s", format);
    abort();
}
void sched_init(struct thread *boot_thread, void *stack_top, void *fpu)
{
    (void)boot_thread, (void)stack_top, (void)fpu;
}

#undef WINDOW_OF
#define WINDOW_OF(n) ((n) == DOMAIN_LIBRARY ? window : NULL)
#define note net_note
#include "micro/server/net.c"
#undef note
#include "micro/server/server.c"

/* ---- the tests ---- */

static void scribble(void)
{
    for (unsigned n = (unsigned)rand() % 4; n; n--)
        window[NET_SHOWN + rand() % NET_SHOWN_BYTES] = (char)rand();
}

static uint64_t word_draw(void)
{
    static const uint64_t edges[] = {SOCKETS - 1, SOCKETS,    NET_SOCKETS_MAX - 1,    NET_SOCKETS_MAX,
                                     UINT32_MAX,  UINT64_MAX, UINT64_C(1) << 32 | 5u, NET_NOWHERE};

    return rand() % 8 ? (unsigned)rand() % (SOCKETS + 8u) : edges[(unsigned)rand() % (sizeof edges / sizeof *edges)];
}

static struct message request_draw(void)
{
    struct message m = {.from = rand() % 16 ? DOMAIN_LIBRARY : (unsigned)rand() % 10};

    m.tag = (unsigned)rand() % (ASK_NET_OPERATIONS + 4u) | (rand() % 4 ? 0 : (uint64_t)rand() << 16);
    for (unsigned i = 0; i < MESSAGE_REGISTERS; i++)
        m.word[i] = word_draw();
    return m;
}

/* Any requests, while the client writes anything to what it is shown: only sockets that it has are touched, nobody else
   gets anything, and what part net has open is what the client owns. */
static void test_net_hostile_client(void **state)
{
    unsigned before;

    (void)state;
    srand(1);
    net_note = NOTE;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct message m = request_draw();
        bool stranger = m.from != DOMAIN_LIBRARY;
        scribble();
        before = used;
        assert_true(serve(&m));
        if (stranger) {
            assert_int_equal(m.word[0], -EPERM);
            assert_int_equal(used, before);
        }
        assert_true(MICRO_TAG_WORDS(m.tag) <= MESSAGE_WORDS_MAX - MESSAGE_REGISTERS);
        for (unsigned s = 0; s < NET_SOCKETS_MAX; s++)
            assert_int_equal(owner[s] != 0, s < SOCKETS && open_sockets[s]);
    }
    assert_true(used > ROUNDS / 8);
    assert_true(calls.events > 0);
}

static unsigned handled, afterwards, told;
static uint64_t told_bits;

static void handle(void *arg)
{
    assert_ptr_equal(arg, &handled);
    handled++;
}
static void after(void)
{
    afterwards++;
}
static void tell(uint64_t bits)
{
    told++;
    told_bits = bits;
}

/* Bits that nobody has asked for do nothing. */
static void test_notes_not_asked_for(void **state)
{
    (void)state;
    server_noted(UINT64_MAX);
    assert_int_equal(calls.acknowledged, 0);
}

/* One note for all: an interrupt's is its handler, its acknowledgement and what is to be done then, in this order. */
static void test_notes(void **state)
{
    (void)state;
    assert_int_equal(server_note(0, tell), NOTE);
    assert_int_equal(server_note(NOTE + 1, tell), -EBUSY);
    server_after_interrupt(after);
    assert_int_equal(env_irq_bind(5, handle, &handled), 0);
    assert_int_equal(env_irq_bind(5, handle, &handled), -EBUSY);
    assert_int_equal(calls.made, 1);
    assert_int_equal(calls.bound, 1);
    server_noted(NOTE_INTERRUPT);
    assert_int_equal(handled, 1);
    assert_int_equal(calls.acknowledged, 1);
    assert_int_equal(afterwards, 1);
    assert_int_equal(told, 0);
    server_noted(NOTE_NIC_WORK | NOTE_END);
    assert_int_equal(handled, 1);
    assert_int_equal(told, 1);
    assert_int_equal(told_bits, NOTE_NIC_WORK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net_hostile_client),
        cmocka_unit_test(test_notes_not_asked_for),
        cmocka_unit_test(test_notes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
