/* SPDX-License-Identifier: MIT */
/*
 * net.c: net.h as messages to the server of that name.  Which sockets are ready is read in memory that it shows; it
 * tells of changes once, by EVENT_NET, until they have been looked at.
 *
 * Data passes through the buffer that is shared with the server.  What was received there and cannot be given to the
 * program, because its memory is not there, is kept here for the next time.  With path=copy the kernel copies straight
 * from and to the program's memory, which must be present then: what is not is touched, and the rest asked for again.
 *
 * The server is trusted with sockets, not with this domain's memory: how much it says that it has moved is believed
 * only up to what it was asked for.
 */
#include "net.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "micro/client/client.h"
#include "micro/library/library.h"

#define BUFFER WINDOW_OF(DOMAIN_NET)

/* Received, and not taken. */
struct kept {
    struct kept *next;
    int socket;
    uint32_t at, bytes;
    char data[];
};

static struct net_shown *shown; /* NULL: there is no network */
static struct kept *kept_first;

static int64_t call(uint64_t op, uint64_t a, uint64_t b, uint64_t c)
{
    struct message m = {.tag = op, .word = {a, b, c}};
    int64_t error = message_call(HANDLE_NET, &m);

    return error ? error : (int64_t)m.word[0];
}

/* The same where word 1 of the reply is an address. */
static int64_t call_address(uint64_t op, uint64_t a, uint64_t b, struct net_address *out)
{
    struct message m = {.tag = op, .word = {a, b}};
    int64_t error = message_call(HANDLE_NET, &m);

    if (error || (int64_t)m.word[0] < 0)
        return error ? error : (int64_t)m.word[0];
    if (out)
        *out = (struct net_address){(uint32_t)(m.word[1] >> 16), (uint16_t)m.word[1]};
    return (int64_t)m.word[0];
}

static uint64_t address_word(const struct net_address *a)
{
    return a ? (uint64_t)a->ip << 16 | a->port : NET_NOWHERE;
}

/* The server has its configuration from the same command line. */
int net_init(const char *config)
{
    int64_t error = call(ASK_NET_INIT, 0, 0, 0);

    (void)config;
    if (error)
        return error == -EBADF ? -ENODEV : (int)error;
    shown = (struct net_shown *)(BUFFER + NET_SHOWN);
    shown->wants = 1;
    return 0;
}

void library_network_flush(void)
{
    if (shown)
        call(ASK_NET_FLUSH, 0, 0, 0);
}

/* Tells posix of what has changed. */
uint64_t net_work(void)
{
    uint32_t any;

    if (!shown)
        return SCHED_FOREVER;
    shown->wants = 1;
    any = __atomic_exchange_n(&shown->changed_any, 0, __ATOMIC_RELAXED);
    for (; any; any &= any - 1) {
        unsigned i = (unsigned)__builtin_ctz(any);
        uint64_t word = __atomic_exchange_n(&shown->changed[i], 0, __ATOMIC_RELAXED);
        for (; word; word &= word - 1)
            net_event((int)(i * 64 + (unsigned)__builtin_ctzll(word)));
    }
    return SCHED_FOREVER;
}

bool net_pending(void)
{
    return shown && shown->changed_any;
}

/* ---- what could not be given to the program ---- */

static struct kept **kept_find(int s)
{
    struct kept **at = &kept_first;

    while (*at && (*at)->socket != s)
        at = &(*at)->next;
    return at;
}

static void kept_free(struct kept **at)
{
    struct kept *k = *at;

    if (!k)
        return;
    *at = k->next;
    alloc_put(k);
}

/* Bytes of [0, n) that go to the program: all, or those before the first page that is not there. */
static uint64_t out_pieces(uaddr_t to, const char *from, uint64_t n)
{
    for (uint64_t done = 0, piece; done < n; done += piece) {
        piece = PAGE_BYTES - (to + done) % PAGE_BYTES;
        if (piece > n - done)
            piece = n - done;
        if (env_copy_out(to + done, from + done, piece))
            return done;
    }
    return n;
}

static int64_t kept_take(struct kept **at, uaddr_t to, uint64_t n, uint32_t flags)
{
    struct kept *k = *at;
    uint64_t moved = out_pieces(to, k->data + k->at, n < k->bytes - k->at ? n : k->bytes - k->at);

    if (!moved && n)
        return -EFAULT;
    if (!(flags & NET_PEEK)) {
        k->at += (uint32_t)moved;
        if (k->at == k->bytes)
            kept_free(at);
    }
    return (int64_t)moved;
}

/* Not all of n bytes in the buffer could be given.  Of a datagram the rest is lost. */
static __attribute__((noinline)) int64_t keep(int s, uaddr_t to, uint64_t n, uint32_t flags)
{
    uint64_t moved = out_pieces(to, BUFFER, n), left = n - moved;
    bool lost = !left || flags & NET_PEEK || net_option_get(s, NET_OPTION_KIND) == NET_DATAGRAM;
    struct kept *k = lost ? NULL : alloc_get(sizeof *k + left);

    if (k) {
        *k = (struct kept){.next = kept_first, .socket = s, .bytes = (uint32_t)left};
        memcpy(k->data, BUFFER + moved, left);
        kept_first = k;
    }
    return moved ? (int64_t)moved : -EFAULT;
}

/* ---- data ---- */

static struct message message_of(uint64_t op, int s, uint64_t n, uint32_t flags, const struct net_address *to)
{
    return (struct message){.tag = op, .word = {(uint64_t)(uint32_t)s, n, flags, address_word(to)}};
}

/* Sends the message, whose reply says how many bytes, at most n, have moved. */
static int64_t move(struct message *m, uint64_t n)
{
    int64_t error = message_call(HANDLE_NET, m), moved = (int64_t)m->word[0];

    if (error)
        return error;
    return moved > 0 && (uint64_t)moved > n ? -EIO : moved;
}

/* By copies of the kernel.  Nothing was moved if some of the memory is not there: it is brought in, all of it or the
   first page. */
static int64_t move_copied(uint64_t op, int s, uaddr_t data, uint64_t n, uint32_t flags, const struct net_address *to,
                           struct message *m)
{
    const void *here = client_reach(data, &n);
    uint64_t first = PAGE_BYTES - data % PAGE_BYTES;
    int64_t moved;

    if (!here)
        return -EFAULT;
    for (unsigned tries = 0;; tries++) {
        *m = message_of(op | MICRO_TAG_PAYLOAD, s, n, flags, to);
        message_payload(here, n);
        moved = move(m, n);
        if (moved != -EFAULT || m->word[1] != FAULT_SEEN || tries)
            return moved;
        if (client_touch(data, n, op == ASK_NET_RECEIVE)) {
            n = first < n ? first : n;
            if (client_touch(data, n, op == ASK_NET_RECEIVE))
                return -EFAULT;
        }
    }
}

static int64_t receive_shared(int s, uaddr_t buffer, uint64_t n, uint32_t flags, struct message *m)
{
    int64_t got;

    *m = message_of(ASK_NET_RECEIVE, s, n, flags, NULL);
    got = move(m, n);
    if (got <= 0 || env_copy_out(buffer, BUFFER, (uint64_t)got) == 0)
        return got;
    return keep(s, buffer, (uint64_t)got, flags);
}

/* A stream that is neither readable nor over has nothing: the server need not be asked. */
static inline bool has_nothing(int s)
{
    return (uint32_t)s < NET_SOCKETS_MAX && shown->bits[s] == NET_WRITABLE;
}

int64_t net_receive(int s, uaddr_t buffer, uint64_t n, uint32_t flags, struct net_address *from)
{
    struct kept **k = kept_first ? kept_find(s) : &kept_first;
    struct message m;
    int64_t got;

    if (__builtin_expect(*k != NULL, 0)) {
        if (from)
            net_name(s, true, from);
        return kept_take(k, buffer, n, flags);
    }
    if (has_nothing(s))
        return -EAGAIN;
    if (n > BUFFER_NET_BYTES)
        n = BUFFER_NET_BYTES;
    got = client_copies ? move_copied(ASK_NET_RECEIVE, s, buffer, n, flags, NULL, &m)
                        : receive_shared(s, buffer, n, flags, &m);
    if (got >= 0 && from)
        *from = (struct net_address){(uint32_t)(m.word[2] >> 16), (uint16_t)m.word[2]};
    return got;
}

static int64_t send_shared(int s, uaddr_t data, uint64_t n, uint32_t flags, const struct net_address *to)
{
    struct message m;

    if (__builtin_expect(env_copy_in(BUFFER, data, n), 0)) {
        uint64_t first = PAGE_BYTES - data % PAGE_BYTES; /* what was there before it is as good as all */
        n = first < n ? first : n;
        if (env_copy_in(BUFFER, data, n))
            return -EFAULT;
    }
    m = message_of(ASK_NET_SEND, s, n, flags, to);
    return move(&m, n);
}

/* At most a buffer. */
static int64_t send_piece(int s, uaddr_t data, uint64_t n, uint32_t flags, const struct net_address *to)
{
    struct message m;

    return client_copies ? move_copied(ASK_NET_SEND, s, data, n, flags, to, &m) : send_shared(s, data, n, flags, to);
}

int64_t net_send(int s, uaddr_t buffer, uint64_t n, uint32_t flags, const struct net_address *to)
{
    uint64_t done = 0, piece;
    int64_t one;

    do {
        piece = n - done < BUFFER_NET_BYTES ? n - done : BUFFER_NET_BYTES;
        one = send_piece(s, buffer + done, piece, done + piece < n ? flags | NET_MORE : flags, to);
        if (one > 0)
            done += (uint64_t)one;
    } while (one > 0 && (uint64_t)one == piece && done < n);
    return done ? (int64_t)done : one;
}

/* ---- the others ---- */

int net_open(enum net_kind kind)
{
    return shown ? (int)call(ASK_NET_OPEN, kind, 0, 0) : -ENODEV;
}

void net_close(int s)
{
    if (kept_first)
        kept_free(kept_find(s));
    call(ASK_NET_CLOSE, (uint64_t)s, 0, 0);
}

int net_bind(int s, const struct net_address *at)
{
    return (int)call(ASK_NET_BIND, (uint64_t)s, address_word(at), 0);
}

int net_listen(int s, unsigned backlog)
{
    return (int)call(ASK_NET_LISTEN, (uint64_t)s, backlog, 0);
}

int net_accept(int s, struct net_address *peer)
{
    return (int)call_address(ASK_NET_ACCEPT, (uint64_t)s, 0, peer);
}

int net_connect(int s, const struct net_address *to)
{
    return (int)call(ASK_NET_CONNECT, (uint64_t)s, address_word(to), 0);
}

int net_shutdown(int s, bool receiving, bool sending)
{
    return (int)call(ASK_NET_SHUTDOWN, (uint64_t)s, receiving, sending);
}

int net_name(int s, bool peer, struct net_address *out)
{
    return (int)call_address(ASK_NET_NAME, (uint64_t)s, peer, out);
}

int net_option_set(int s, enum net_option option, uint64_t value)
{
    return (int)call(ASK_NET_SET, (uint64_t)s, option, value);
}

int64_t net_option_get(int s, enum net_option option)
{
    struct kept *k = kept_first ? *kept_find(s) : NULL;
    int64_t got = call(ASK_NET_GET, (uint64_t)s, option, 0);

    return k && option == NET_OPTION_UNREAD && got >= 0 ? got + (k->bytes - k->at) : got;
}

uint32_t net_ready(int s)
{
    if (!shown || (uint32_t)s >= NET_SOCKETS_MAX)
        return NET_ERROR | NET_HANGUP;
    return shown->bits[s] | (kept_first && *kept_find(s) ? NET_READABLE : 0);
}

void net_books(struct net_books *out)
{
    memset(out, 0, sizeof *out);
    if (shown && call(ASK_NET_BOOKS, 0, 0, 0) == 0)
        memcpy(out, MESSAGE_MORE, sizeof *out);
}
