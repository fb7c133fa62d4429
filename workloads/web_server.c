/* SPDX-License-Identifier: MIT */
/*
 * web_server: serves the files of a folder by HTTP/1.1.  What it knows of the protocol and of files is in web/.
 *
 * Arguments: port=80  root=FOLDER  ops=, warm= (toll_serve.h)  cache=BYTES of files kept in memory  clients=N at once
 *            buffers=BYTES for requests that are not whole and answers that are not taken, of all clients together
 *            timeout=SECONDS for a request to arrive, and for a client to take its answer or to ask again
 *            date=0: no Date in answers, so that they are equal everywhere
 *            usage=1: /server-usage tells what the system has in use and its network lost
 *
 * One thread.  The answers to requests that came together are sent together; a large file follows its head piece by
 * piece, as the client takes it, and then the next request is looked at.
 */
#include "toll_hash.h"
#include "toll_serve.h"
#include "web/respond.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#define EVENTS_MAX 128
#define READ_BYTES 32768u
#define PIECE_BYTES 65536u
#define ANSWERS_STOP (256u << 10) /* so many bytes waiting: no further request is looked at */
#define ANSWERS_MAX (1u << 20)
#define LINGER_MS 5000 /* after the last request, for clients to take their answers */

struct connection {
    int socket;
    bool closing; /* after what is to be sent */
    bool waits_to_send, in_request;
    struct buffer in, out;
    struct response_rest rest;
    uint64_t skip;     /* bytes of a body to be thrown away */
    uint64_t answered; /* requests whose answers were not counted yet */
    int64_t deadline_s;
    struct connection *before, *after; /* in the order of deadlines */
};

static struct {
    struct site site;
    int poll, listener;
    unsigned clients, clients_max;
    int64_t timeout_s;
    struct connection ring; /* its after ends first */
    uint64_t digest, requests;
    struct buffer_budget budget; /* of what all clients left unfinished, or did not take */
    char read[READ_BYTES], piece[PIECE_BYTES];
} server;

/* ---- deadlines: all are equally long, so the ring is in order if the newest goes to its end ---- */

static void ring_take(struct connection *c)
{
    c->before->after = c->after;
    c->after->before = c->before;
}

static void deadline_set(struct connection *c)
{
    if (c->after && c->deadline_s == server.site.now_s + server.timeout_s)
        return;
    if (c->after)
        ring_take(c);
    c->deadline_s = server.site.now_s + server.timeout_s;
    c->after = &server.ring;
    c->before = server.ring.before;
    c->before->after = server.ring.before = c;
}

/* ---- connections ---- */

static bool poll_set(struct connection *c, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};

    return epoll_ctl(server.poll, operation, c ? c->socket : server.listener, &event) == 0;
}

static void rest_end(struct connection *c)
{
    if (c->rest.file)
        cache_put(&server.site.cache, c->rest.file);
    c->rest = (struct response_rest){0};
}

static void connection_close(struct connection *c)
{
    close(c->socket);
    ring_take(c);
    rest_end(c);
    buffer_free(&c->in);
    buffer_free(&c->out);
    free(c);
    server.clients--;
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
    c->socket = socket;
    c->in.limit = HTTP_HEAD_MAX + READ_BYTES;
    c->out.limit = ANSWERS_MAX;
    c->in.budget = c->out.budget = &server.budget;
    server.clients++;
    deadline_set(c);
    if (!poll_set(c, EPOLL_CTL_ADD, EPOLLIN))
        connection_close(c);
}

static void accept_all(void)
{
    int socket;

    while ((socket = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (server.clients < server.clients_max)
            connection_open(socket);
        else
            close(socket);
    }
}

/* ---- requests ---- */

static void fail(struct connection *c, int status)
{
    respond_error(&server.site, status, &c->out);
    c->closing = true;
}

/* What is answered does not depend on when: the digest covers requests and statuses in their order. */
static void request_count(struct connection *c, int status, const struct http_request *r)
{
    server.digest = toll_hash(server.digest, &status, sizeof status);
    server.digest = toll_hash(server.digest, &r->method, sizeof r->method);
    server.requests++;
    c->answered++;
}

static void request_run(struct connection *c, const struct http_request *r)
{
    if (r->expects && r->body_bytes)
        buffer_add(&c->out, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    request_count(c, respond(&server.site, r, &c->out, &c->rest), r);
    c->skip = r->body_bytes;
    c->closing = r->close || c->out.broken;
}

/* Answers the whole requests in bytes; how many bytes they are. */
static size_t requests_run(struct connection *c, const char *bytes, size_t n)
{
    struct http_request r;
    size_t at = 0;

    while (at < n && !c->closing && !c->rest.file && buffer_used(&c->out) < ANSWERS_STOP) {
        size_t skipped = c->skip < n - at ? (size_t)c->skip : n - at;
        int got;
        c->skip -= skipped;
        at += skipped;
        got = at < n ? http_read(&r, bytes + at, n - at) : 0;
        if (got == 0)
            break;
        if (got != 1) {
            fail(c, got);
            break;
        }
        at += r.bytes;
        request_run(c, &r);
    }
    return at;
}

static void requests_run_kept(struct connection *c)
{
    buffer_take(&c->in, requests_run(c, c->in.data + c->in.start, buffer_used(&c->in)));
}

/* The common case: nothing was left over, and nothing will be.  A request's time begins with its first byte. */
static void received(struct connection *c, size_t n)
{
    size_t done = 0;

    if (!c->in_request)
        deadline_set(c);
    if (buffer_used(&c->in) == 0) {
        done = requests_run(c, server.read, n);
        if (done < n && !c->closing)
            buffer_add(&c->in, server.read + done, n - done);
    } else {
        buffer_add(&c->in, server.read, n);
        if (!c->in.broken)
            requests_run_kept(c);
    }
    if (c->in.broken && !c->closing)
        fail(c, 431);
    c->in_request = buffer_used(&c->in) > 0 || c->skip > 0;
}

/* ---- answers ---- */

static bool is_idle(const struct connection *c)
{
    return buffer_used(&c->out) == 0 && !c->rest.file;
}

/* 1: all was sent; 0: not now; -1: the connection is over. */
static int out_send(struct connection *c)
{
    size_t n = buffer_used(&c->out);
    ssize_t put = n ? send(c->socket, c->out.data + c->out.start, n, MSG_NOSIGNAL | (c->rest.file ? MSG_MORE : 0)) : 0;

    if (put < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    if (put > 0) {
        buffer_take(&c->out, (size_t)put);
        deadline_set(c);
    }
    return buffer_used(&c->out) == 0;
}

/* A file that has become shorter cannot be sent as was promised: the connection ends. */
static int rest_send(struct connection *c)
{
    struct response_rest *rest = &c->rest;

    while (rest->left) {
        size_t n = rest->left < PIECE_BYTES ? (size_t)rest->left : PIECE_BYTES;
        ssize_t got = pread(rest->file->descriptor, server.piece, n, (off_t)rest->offset), put;
        if (got <= 0)
            return -1;
        put = send(c->socket, server.piece, (size_t)got, MSG_NOSIGNAL);
        if (put < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        rest->offset += (uint64_t)put;
        rest->left -= (uint64_t)put;
        deadline_set(c);
    }
    rest_end(c);
    return 1;
}

static void connection_poll(struct connection *c)
{
    bool waits = !is_idle(c);

    if (waits == c->waits_to_send)
        return;
    c->waits_to_send = waits;
    poll_set(c, EPOLL_CTL_MOD, waits ? EPOLLOUT : EPOLLIN);
}

/* Sends what can be sent, and goes on with requests that waited for that.  False: the connection is gone. */
static bool connection_send(struct connection *c)
{
    int sent;

    do {
        sent = c->out.broken ? -1 : out_send(c);
        if (sent == 1 && c->rest.file)
            sent = rest_send(c);
        if (sent == 1)
            for (; c->answered; c->answered--)
                toll_served();
        if (sent == 1 && !c->closing && buffer_used(&c->in))
            requests_run_kept(c);
    } while (sent == 1 && !is_idle(c));
    if (sent < 0 || (sent == 1 && c->closing)) {
        connection_close(c);
        return false;
    }
    if (sent == 1 && !buffer_used(&c->in) && !c->skip)
        c->in_request = false;
    connection_poll(c);
    return true;
}

static void connection_read(struct connection *c)
{
    ssize_t n = recv(c->socket, server.read, sizeof server.read, 0);

    if (n > 0) {
        received(c, (size_t)n);
        connection_send(c);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        connection_close(c);
    }
}

/* Who is late: in the middle of a request it is told so. */
static void late_end(void)
{
    while (server.ring.after != &server.ring && server.ring.after->deadline_s <= server.site.now_s) {
        struct connection *c = server.ring.after;
        if (c->in_request && is_idle(c)) {
            fail(c, 408);
            out_send(c);
        }
        connection_close(c);
    }
}

/* ---- turns ---- */

static int64_t seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

/* Without clients nothing is to be done. */
static int time_left(void)
{
    int64_t left;

    if (server.ring.after == &server.ring)
        return -1;
    left = server.ring.after->deadline_s - server.site.now_s;
    return left < 0 ? 0 : left > 1000000 ? 1000000000 : (int)left * 1000 + 1000;
}

static bool turn(int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(server.poll, events, EVENTS_MAX, timeout_ms);

    if (n < 0 && errno != EINTR)
        return false;
    server.site.now_s = seconds_now();
    for (int i = 0; i < n; i++) {
        struct connection *c = events[i].data.ptr;
        if (!c)
            accept_all();
        else if (c->waits_to_send)
            connection_send(c);
        else
            connection_read(c);
    }
    late_end();
    return n != 0;
}

/* ---- the program ---- */

static bool listener_open(unsigned port)
{
    server.listener = toll_port_open(SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, port);
    return server.listener >= 0 && poll_set(NULL, EPOLL_CTL_ADD, EPOLLIN);
}

static bool site_open(void)
{
    const char *root = toll_arg("root", "/www");

    server.site.cache.root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    toll_check(server.site.cache.root >= 0, "root=%s: %s", root, strerror(errno));
    server.site.cache.limit = toll_arg_number("cache", 2u << 20);
    server.site.dates = toll_arg_number("date", 1) != 0;
    server.site.usage = toll_arg_number("usage", 0) != 0;
    server.site.now_s = seconds_now();
    server.site.date_s = -1;
    return server.site.cache.root >= 0;
}

static void serve(void)
{
    while (!toll_serve_ended())
        turn(time_left());
    poll_set(NULL, EPOLL_CTL_DEL, 0);
    while (server.clients && turn(LINGER_MS))
        ;
}

int main(int argc, char **argv)
{
    unsigned port;

    toll_main(argc, argv, "web_server");
    port = (unsigned)toll_arg_number("port", 80);
    server.clients_max = (unsigned)toll_arg_number("clients", 1500);
    server.budget.limit = toll_arg_number("buffers", 16u << 20);
    server.timeout_s = (int64_t)toll_arg_number("timeout", 30);
    server.ring.after = server.ring.before = &server.ring;
    server.digest = TOLL_HASH_START;
    toll_check(port > 0 && port <= UINT16_MAX, "port=%u: 1 to 65535 was expected", port);
    toll_check(server.timeout_s > 0, "timeout=0: at least 1 was expected");
    if (port == 0 || port > UINT16_MAX || server.timeout_s <= 0 || !site_open())
        return toll_done();
    server.poll = epoll_create1(EPOLL_CLOEXEC);
    if (server.poll < 0)
        toll_skip("no epoll here: %s", strerror(errno));
    if (!listener_open(port)) {
        toll_check(false, "port %u: %s", port, strerror(errno));
        return toll_done();
    }
    toll_serve(toll_arg_number("ops", 0), toll_arg_number("warm", 0));
    toll_listen("tcp", port);
    serve();
    toll_output(&server.digest, sizeof server.digest);
    toll_output(&server.requests, sizeof server.requests);
    cache_free(&server.site.cache);
    return toll_done();
}
