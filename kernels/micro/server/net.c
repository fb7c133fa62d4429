/* SPDX-License-Identifier: MIT */
/*
 * net.c: the network's server: part net behind messages.  A client can use those sockets only that it has opened or
 * accepted itself.
 *
 *   the driver's note --> net_work --> net_event --> what clients see (struct net_shown) --> EVENT_NET, if one wants it
 *
 * What sockets are ready is shown before a request is replied to, and after work that came by itself.  Time is told by
 * a thread of its own, for a wait with a deadline would not be the kernel's fast path.
 */
#include "net.h"
#include "base/errno.h"
#include "base/panic.h"
#include "base/string.h"
#include "micro/client/client.h"
#include "micro/server/frames.h"
#include "micro/server/server.h"

#define NOTE_ALARM 0x200
#define ROUNDS_MAX 8 /* of work, before others have their turn */
#define ALARM_SLOT 1 /* of the thread that tells of time */
#define WORDS (NET_SOCKETS_MAX / 64)
_Static_assert(sizeof(struct net_books) <= 8 * (MESSAGE_WORDS_MAX - MESSAGE_REGISTERS), "fits a reply");

static int started; /* what net_init has answered */
static uint64_t note, alarm_ns = SCHED_FOREVER;
static uint8_t owner[NET_SOCKETS_MAX]; /* domain + 1 of who opened it; 0: nobody */
static uint64_t changed[WORDS];        /* not shown yet */
static uint32_t changed_any;

static struct net_shown *shown_to(uint64_t client)
{
    return (struct net_shown *)(WINDOW_OF(client) + NET_SHOWN);
}

/* ---- what clients see ---- */

/* From part net, in the middle of something. */
void net_event(int s)
{
    changed[s / 64] |= UINT64_C(1) << s % 64;
    changed_any |= 1u << s / 64;
}

bool net_user_wake(void)
{
    return false;
}

bool net_user_sleeps(void)
{
    return true;
}

static void socket_show(unsigned s, struct net_shown *shown)
{
    shown->bits[s] = (uint16_t)net_ready((int)s);
}

/* The one application is the one client (compose.c). */
static __attribute__((noinline)) void changes_show(void)
{
    struct net_shown *shown = shown_to(DOMAIN_LIBRARY);

    for (uint32_t any = changed_any; any; any &= any - 1) {
        unsigned i = (unsigned)__builtin_ctz(any);
        uint64_t word = changed[i], theirs = 0;
        changed[i] = 0;
        for (uint64_t left = word; left; left &= left - 1) {
            unsigned s = i * 64 + (unsigned)__builtin_ctzll(left);
            if (!owner[s])
                continue;
            socket_show(s, shown);
            theirs |= left & -left;
        }
        __atomic_fetch_or(&shown->changed[i], theirs, __ATOMIC_RELAXED);
    }
    __atomic_fetch_or(&shown->changed_any, changed_any, __ATOMIC_RELAXED);
    changed_any = 0;
    if (shown->wants) {
        shown->wants = 0;
        user_call(MICRO_EVENT, HANDLE_APP, EVENT_NET, 0, 0, 0, 0);
    }
}

/* ---- work and time ---- */

static void work(void)
{
    uint64_t due = net_work();

    for (unsigned i = 0; due == 0 && i < ROUNDS_MAX; i++)
        due = net_work();
    if (due == 0) {
        user_call(MICRO_NOTE_SIGNAL, note, NOTE_ALARM, 0, 0, 0, 0);
    } else if (due < alarm_ns) {
        alarm_ns = due;
        user_call(MICRO_ALARM, due, 0, 0, 0, 0, 0);
    }
    if (changed_any)
        changes_show();
}

static void noted(uint64_t bits)
{
    if (bits & NOTE_ALARM) {
        alarm_ns = SCHED_FOREVER;
        frames_sent_ask();
    }
    if (bits & NOTE_NET_WORK)
        frames_noted();
    work();
}

/* The thread that tells of time. */
static void alarm_run(void)
{
    for (;;) {
        user_call(MICRO_SLEEP, SCHED_FOREVER, 0, 0, 0, 0, 0);
        if (__atomic_exchange_n(&user_info.pending, 0, __ATOMIC_RELAXED) & EVENT_ALARM)
            user_call(MICRO_NOTE_SIGNAL, note, NOTE_ALARM, 0, 0, 0, 0);
    }
}

int frames_note(uint64_t from_driver)
{
    int64_t bound = server_note(from_driver, noted);

    note = (uint64_t)bound;
    return bound < 0 ? (int)bound : 0;
}

static void alarm_start(void)
{
    static char stack[DOMAIN_STACK_BYTES / 4] __attribute__((aligned(16)));
    int64_t error = note ? 0 : frames_note(0);

    if (!error)
        error = user_call(MICRO_THREAD_MAKE, HANDLE_SPACE, (uint64_t)alarm_run, (uint64_t)stack + sizeof stack - 8,
                          ALARM_SLOT, 0, 0);
    if (error < 0)
        panic("the kernel gives no note and no thread: %ld", (long)error);
}

/* ---- requests ---- */

static struct net_address address_of(uint64_t word)
{
    return (struct net_address){(uint32_t)(word >> 16), (uint16_t)word};
}

static uint64_t address_word(const struct net_address *a)
{
    return (uint64_t)a->ip << 16 | a->port;
}

static inline bool has(const struct message *m)
{
    return m->word[0] < NET_SOCKETS_MAX && owner[m->word[0]] == m->from + 1;
}

/* A socket is there that the client has from now on. */
static int64_t given(const struct message *m, int s)
{
    if (s >= 0) {
        owner[s] = (uint8_t)(m->from + 1);
        socket_show((unsigned)s, shown_to(m->from));
    }
    return s;
}

static int64_t accept(struct message *m)
{
    struct net_address peer = {0};
    int s = net_accept((int)m->word[0], &peer);

    m->word[1] = address_word(&peer);
    return given(m, s);
}

static int64_t send(struct message *m, uaddr_t buffer)
{
    struct net_address to = address_of(m->word[3] & ~NET_NOWHERE);

    return net_send((int)m->word[0], buffer, m->word[1], (uint32_t)m->word[2], m->word[3] & NET_NOWHERE ? NULL : &to);
}

static int64_t receive(struct message *m, uaddr_t buffer)
{
    struct net_address from = {0};
    int64_t n = net_receive((int)m->word[0], buffer, m->word[1], (uint32_t)m->word[2], &from);

    m->word[2] = address_word(&from);
    return n;
}

static int64_t name(struct message *m)
{
    struct net_address at = {0};
    int error = net_name((int)m->word[0], m->word[1], &at);

    m->word[1] = address_word(&at);
    return error;
}

static int64_t close(const struct message *m)
{
    owner[m->word[0]] = 0;
    net_close((int)m->word[0]);
    return 0;
}

/* What the client asks of a socket of its own. */
static int64_t serve_socket(uint64_t op, struct message *m)
{
    int s = (int)m->word[0];
    struct net_address at = address_of(m->word[1]);

    switch (op) {
    case ASK_NET_ACCEPT:
        return accept(m);
    case ASK_NET_CLOSE:
        return close(m);
    case ASK_NET_BIND:
        return net_bind(s, &at);
    case ASK_NET_LISTEN:
        return net_listen(s, m->word[1] < NET_BACKLOG_MAX ? (unsigned)m->word[1] : NET_BACKLOG_MAX);
    case ASK_NET_CONNECT:
        return net_connect(s, &at);
    case ASK_NET_SHUTDOWN:
        return net_shutdown(s, m->word[1], m->word[2]);
    case ASK_NET_NAME:
        return name(m);
    case ASK_NET_SET:
        return m->word[1] < NET_OPTIONS ? net_option_set(s, (enum net_option)m->word[1], m->word[2]) : -ENOPROTOOPT;
    case ASK_NET_GET:
        return m->word[1] < NET_OPTIONS ? net_option_get(s, (enum net_option)m->word[1]) : -ENOPROTOOPT;
    }
    return -ENOSYS;
}

static int64_t tell_books(struct message *m)
{
    struct net_books all;

    net_books(&all);
    m->tag = MICRO_TAG(0, sizeof all / 8);
    memcpy(MESSAGE_MORE, &all, sizeof all);
    return 0;
}

static int64_t serve_other(uint64_t op, struct message *m)
{
    int64_t result;

    m->tag = 0;
    if (op == ASK_NET_INIT || started < 0)
        return started;
    if (op == ASK_NET_OPEN)
        return given(m, net_open(m->word[0] == NET_DATAGRAM ? NET_DATAGRAM : NET_STREAM));
    if (op == ASK_NET_BOOKS)
        return tell_books(m);
    if (op != ASK_NET_FLUSH && !has(m))
        return -EBADF;
    result = op == ASK_NET_FLUSH ? 0 : serve_socket(op, m);
    work();
    if (op == ASK_NET_FLUSH)
        frames_flush();
    return result;
}

static bool serve(struct message *m)
{
    uint64_t op = MICRO_TAG_OP(m->tag), s = m->word[0];
    int64_t result;

    if (__builtin_expect(m->from != DOMAIN_LIBRARY, 0)) {
        m->tag = 0;
        m->word[0] = (uint64_t)-EPERM;
        return true;
    }
    if ((op == ASK_NET_SEND || op == ASK_NET_RECEIVE) && has(m)) {
        uaddr_t buffer = server_buffer(m->from, BUFFER_NET_BYTES);
        m->tag = 0;
        result = op == ASK_NET_SEND ? send(m, buffer) : receive(m, buffer);
        m->word[1] = server_fault_seen ? FAULT_SEEN : 0;
        if (op == ASK_NET_SEND)
            work();
    } else {
        result = serve_other(op, m);
    }
    if (s < NET_SOCKETS_MAX && owner[s] && op != ASK_NET_OPEN)
        socket_show((unsigned)s, shown_to(m->from));
    m->word[0] = (uint64_t)result;
    return true;
}

_Noreturn void home_entry(void)
{
    static struct thread thread;
    static char config[CLIENT_NETWORK_BYTES];

    server_init();
    sched_init(&thread, NULL, NULL);
    started = client_network(config) ? net_init(config[0] ? config : NULL) : -ENODEV;
    if (started)
        env_log("there is no network: error %d", -started);
    alarm_start();
    if (!started)
        work();
    server_run(serve);
}
