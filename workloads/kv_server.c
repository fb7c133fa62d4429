/* SPDX-License-Identifier: MIT */
/*
 * kv_server: a key-value store in memory that speaks Redis's protocol, RESP2; redis-cli and redis-benchmark can be used
 * with it.  What it knows of the protocol and of keys is in kv/.
 *
 * Arguments: port=6379  ops=, warm= (toll_serve.h)  memory=BYTES of keys and values, 0: no limit  clients=N at once
 *            buffers=BYTES for requests that are not whole and replies that are not taken, of all clients together
 *            sync=none, or interval, or commit, with dir=FOLDER: changes are kept in a file there, brought to stable
 *            storage never, every second, or before they are answered
 *
 * One thread.  A turn takes what has come from all clients, executes it, commits the log once for all, and then sends
 * the replies: of one client with one call, however many there are.
 */
#include "kv/kv.h"
#include "kv/log.h"
#include "toll_serve.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#define EVENTS_MAX 128
#define READ_BYTES 65536u
#define REPLIES_MAX (32u << 20)   /* waiting to be sent to one client; one that lets more gather is dropped */
#define REPLIES_STOP (256u << 10) /* so many waiting: no more is read from this client */
#define EXPIRE_STEP 64u
#define LINGER_MS 5000 /* after the last request, for clients to take their replies */

struct connection {
    int socket;
    bool closing, touched, waits_to_send;
    struct client client;
    struct buffer in, out; /* in: what is not a whole request yet */
    size_t need;           /* bytes of in without which nothing is complete */
    uint64_t answered;     /* requests whose replies are in out and were not counted yet */
    uint32_t events;       /* that are waited for */
    struct connection *next_touched, *next, **at;
};

static struct {
    struct kv kv;
    int poll, listener;
    unsigned clients_max;
    struct connection *all, *touched;
    struct request request;
    struct buffer_budget budget; /* of what all clients left unfinished, or did not take */
    char read[READ_BYTES];
} server;

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- connections ---- */

static void connection_touch(struct connection *c)
{
    if (c->touched)
        return;
    c->touched = true;
    c->next_touched = server.touched;
    server.touched = c;
}

static void connection_close(struct connection *c)
{
    close(c->socket);
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    buffer_free(&c->in);
    buffer_free(&c->out);
    free(c);
    server.kv.clients--;
}

static bool poll_set(struct connection *c, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};

    return epoll_ctl(server.poll, operation, c ? c->socket : server.listener, &event) == 0;
}

static void connection_open(int socket)
{
    struct connection *c = calloc(1, sizeof *c);
    int on = 1;

    if (!c) {
        close(socket);
        return;
    }
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on); /* there is no other limit to a client's silence */
    c->socket = socket;
    c->in.limit = RESP_REQUEST_MAX + READ_BYTES;
    c->out.limit = REPLIES_MAX;
    c->in.budget = c->out.budget = &server.budget;
    c->client.id = ++server.kv.connections;
    c->next = server.all;
    c->at = &server.all;
    if (c->next)
        c->next->at = &c->next;
    server.all = c;
    server.kv.clients++;
    c->events = EPOLLIN;
    if (!poll_set(c, EPOLL_CTL_ADD, c->events))
        connection_close(c);
}

static void accept_all(void)
{
    static const char full[] = "-ERR max number of clients reached\r\n";
    int socket;

    while ((socket = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (server.kv.clients < server.clients_max) {
            connection_open(socket);
            continue;
        }
        send(socket, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(socket);
    }
}

/* ---- requests ---- */

/* Executes the whole requests in bytes; how many bytes they are. */
static size_t requests_run(struct connection *c, const char *bytes, size_t n)
{
    struct request *r = &server.request;
    size_t at = 0;

    c->need = 0;
    while (at < n && !c->closing && buffer_used(&c->out) < REPLIES_STOP) {
        enum resp got = resp_read(r, bytes + at, n - at);
        if (got == RESP_MORE) {
            c->need = r->need;
            break;
        }
        if (got == RESP_ERROR) {
            resp_error(&c->out, "ERR %s", r->error);
            c->closing = true;
            break;
        }
        at += r->bytes;
        if (r->count == 0)
            continue;
        kv_execute(&server.kv, &c->client, r, &c->out);
        c->answered++;
        c->closing = c->client.quits || c->out.broken;
    }
    return at;
}

/* Whether c->in can hold a whole request. */
static bool requests_are_kept(const struct connection *c)
{
    return buffer_used(&c->in) > 0 && buffer_used(&c->in) >= c->need;
}

/* What waits in c->in. */
static void requests_run_kept(struct connection *c)
{
    if (requests_are_kept(c))
        buffer_take(&c->in, requests_run(c, c->in.data + c->in.start, buffer_used(&c->in)));
}

/* The common case: nothing was left over, and nothing will be. */
static void received(struct connection *c, size_t n)
{
    size_t done = 0;

    connection_touch(c);
    if (buffer_used(&c->in) == 0)
        done = requests_run(c, server.read, n);
    if (done < n && !c->closing)
        buffer_add(&c->in, server.read + done, n - done);
    if (done == 0 && buffer_used(&c->in) > n)
        requests_run_kept(c);
    c->closing |= c->in.broken;
}

static void connection_read(struct connection *c)
{
    ssize_t n = recv(c->socket, server.read, sizeof server.read, 0);

    if (n > 0) {
        received(c, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        c->closing = true;
        connection_touch(c);
    }
}

/* ---- replies ---- */

/* Reading stops while too many replies wait, or requests that were not executed for that. */
static void connection_poll(struct connection *c)
{
    bool waits = buffer_used(&c->out) > 0, reads;
    uint32_t events;

    if (!waits && !c->waits_to_send)
        return;
    c->waits_to_send = waits;
    reads = !waits || (buffer_used(&c->out) < REPLIES_STOP && !requests_are_kept(c));
    events = (waits ? EPOLLOUT : 0) | (reads ? EPOLLIN : 0);
    if (events != c->events && poll_set(c, EPOLL_CTL_MOD, events))
        c->events = events;
}

/* False: the connection is over. */
static bool connection_send(struct connection *c)
{
    size_t n = buffer_used(&c->out);
    ssize_t put = n ? send(c->socket, c->out.data + c->out.start, n, MSG_NOSIGNAL) : 0;

    if (put < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    if (put > 0)
        buffer_take(&c->out, (size_t)put);
    for (; c->answered; c->answered--)
        toll_served();
    return !c->closing || buffer_used(&c->out) > 0;
}

static void connection_flush(struct connection *c)
{
    if (c->out.broken || !connection_send(c)) {
        connection_close(c);
        return;
    }
    connection_poll(c);
    if (buffer_used(&c->in) && !c->waits_to_send && !c->closing) { /* reading had stopped within what was there */
        size_t before = buffer_used(&c->in);
        requests_run_kept(c);
        if (buffer_used(&c->in) != before)
            connection_touch(c);
    }
}

/* All of a turn's replies, once what they promise is kept; where it could not be, nobody is told that it was.  A log
   that was broken before the turn keeps nobody waiting: changes have been refused. */
static void replies_send(bool was_broken)
{
    bool kept = !server.kv.log || log_commit(server.kv.log) || was_broken;

    while (server.touched) {
        struct connection *c = server.touched;
        server.touched = c->next_touched;
        c->touched = false;
        if (kept)
            connection_flush(c);
        else
            connection_close(c);
        if (!server.touched && server.kv.log && !was_broken)
            kept = log_commit(server.kv.log);
    }
}

/* ---- turns ---- */

/* Milliseconds until something must be done without a client; -1: never. */
static int time_left(void)
{
    int64_t next, left = -1;
    int tick;

    if (!server.kv.table.heap_count && !server.kv.log)
        return -1;
    server.kv.table.now_ms = now_ms();
    next = table_expire(&server.kv.table, EXPIRE_STEP);
    if (next)
        left = next <= server.kv.table.now_ms ? 0 : next - server.kv.table.now_ms;
    tick = server.kv.log ? log_tick(server.kv.log, server.kv.table.now_ms) : -1;
    if (tick >= 0 && (left < 0 || tick < left))
        left = tick;
    return left > INT32_MAX ? INT32_MAX : (int)left;
}

static bool turn(int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    bool was_broken = server.kv.log && log_is_broken(server.kv.log);
    int n = epoll_wait(server.poll, events, EVENTS_MAX, timeout_ms);

    if (n < 0 && errno != EINTR)
        return false;
    if (n > 0)
        server.kv.table.now_ms = now_ms();
    for (int i = 0; i < n; i++) {
        struct connection *c = events[i].data.ptr;
        if (!c)
            accept_all();
        else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            connection_read(c);
        else
            connection_touch(c);
    }
    replies_send(was_broken);
    return n != 0;
}

/* ---- the program ---- */

static bool listener_open(unsigned port)
{
    server.listener = toll_port_open(SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, port);
    return server.listener >= 0 && poll_set(NULL, EPOLL_CTL_ADD, EPOLLIN);
}

static bool store_open(void)
{
    const char *sync = toll_arg("sync", "none"), *folder = toll_arg("dir", NULL);
    uint64_t key[2] = {0};
    char error[256];
    size_t torn = 0;

    if (getrandom(key, sizeof key, 0) != sizeof key)
        key[0] = (uint64_t)now_ms();
    toll_check(table_init(&server.kv.table, key, toll_arg_number("memory", 0)), "out of memory");
    server.kv.version = "7.0.0";
    server.kv.table.now_ms = now_ms();
    server.kv.started_ms = (uint64_t)server.kv.table.now_ms;
    if (!strcmp(sync, "none"))
        return true;
    toll_check(!strcmp(sync, "interval") || !strcmp(sync, "commit"), "sync=%s: none, interval or commit was expected",
               sync);
    toll_check(folder, "sync=%s needs dir=FOLDER", sync);
    if (!folder)
        return false;
    server.kv.log =
        log_open(&server.kv, folder, !strcmp(sync, "commit") ? LOG_COMMIT : LOG_INTERVAL, &torn, error, sizeof error);
    toll_check(server.kv.log, "%s", error);
    if (torn)
        fprintf(stderr, "kv_server: %zu bytes at the end of the log were no whole commit and are cut off\n", torn);
    return server.kv.log != NULL;
}

/* Every structure must have the same keys and values at the end, and have executed as many requests. */
static void output(void)
{
    uint64_t words[] = {server.kv.table.count, table_digest(&server.kv.table)};

    toll_output(words, sizeof words);
}

static void serve(void)
{
    while (!toll_serve_ended())
        turn(time_left());
    poll_set(NULL, EPOLL_CTL_DEL, 0);
    while (server.kv.clients && turn(LINGER_MS))
        ;
}

int main(int argc, char **argv)
{
    toll_main(argc, argv, "kv_server");
    server.kv.port = (unsigned)toll_arg_number("port", 6379);
    if (server.kv.port == 0 || server.kv.port > UINT16_MAX) {
        toll_check(false, "port=%u: 1 to 65535 was expected", server.kv.port);
        return toll_done();
    }
    server.clients_max = (unsigned)toll_arg_number("clients", 1500);
    server.budget.limit = toll_arg_number("buffers", 32u << 20);
    server.poll = epoll_create1(EPOLL_CLOEXEC);
    if (server.poll < 0)
        toll_skip("no epoll here: %s", strerror(errno));
    if (!store_open())
        return toll_done();
    if (!listener_open(server.kv.port)) {
        toll_check(false, "port %u: %s", server.kv.port, strerror(errno));
        return toll_done();
    }
    toll_serve(toll_arg_number("ops", 0), toll_arg_number("warm", 0));
    toll_listen("tcp", server.kv.port);
    serve();
    output();
    if (server.kv.log)
        log_close(server.kv.log);
    return toll_done();
}
