/* SPDX-License-Identifier: MIT */
/*
 * net_echo: sends back what it gets: the network's way in and out, and as little else as there can be.
 *
 * Arguments: port=7  udp=1: datagrams instead of connections  bytes=64: of a message, of which one is an operation
 *            ops=, warm= (toll_serve.h)
 *
 * One thread and epoll.  What a client does not take yet is kept, and nothing more is read from it until then.
 */
#include "toll_serve.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define EVENTS_MAX 64
#define READ_BYTES 65536u
#define LINGER_MS 5000 /* after the last message, for clients to take it */

struct connection {
    int socket;
    size_t part; /* bytes of a message that is not whole yet */
    size_t start, end;
    unsigned char *kept; /* READ_BYTES that wait to be sent, from start to end; NULL: none ever did */
};

static struct {
    int poll, listener;
    bool udp;
    size_t bytes;
    uint64_t clients;
    unsigned char read[READ_BYTES];
} server;

static bool watch(int operation, int socket, struct connection *c, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};

    return epoll_ctl(server.poll, operation, socket, &event) == 0;
}

static void connection_close(struct connection *c)
{
    close(c->socket);
    free(c->kept);
    free(c);
    server.clients--;
}

static void accept_all(void)
{
    struct connection *c;
    int socket, on = 1;

    while ((socket = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        c = calloc(1, sizeof *c);
        if (!c || !watch(EPOLL_CTL_ADD, socket, c, EPOLLIN)) {
            free(c);
            close(socket);
            continue;
        }
        c->socket = socket;
        server.clients++;
    }
}

/* What was sent back ends messages. */
static void count_messages(struct connection *c, size_t n)
{
    for (c->part += n; c->part >= server.bytes; c->part -= server.bytes)
        toll_served();
}

/* False: the connection is over. */
static bool keep(struct connection *c, const unsigned char *bytes, size_t n)
{
    if (!c->kept && !(c->kept = malloc(READ_BYTES)))
        return false;
    memcpy(c->kept, bytes, n);
    c->start = 0;
    c->end = n;
    return watch(EPOLL_CTL_MOD, c->socket, c, EPOLLOUT);
}

static bool send_back(struct connection *c, const unsigned char *bytes, size_t n)
{
    ssize_t put = send(c->socket, bytes, n, MSG_NOSIGNAL);

    if (put < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    put = put < 0 ? 0 : put;
    count_messages(c, (size_t)put);
    return (size_t)put == n || keep(c, bytes + put, n - (size_t)put);
}

static bool send_kept(struct connection *c)
{
    ssize_t put = send(c->socket, c->kept + c->start, c->end - c->start, MSG_NOSIGNAL);

    if (put < 0)
        return errno == EAGAIN || errno == EINTR;
    count_messages(c, (size_t)put);
    c->start += (size_t)put;
    return c->start < c->end || watch(EPOLL_CTL_MOD, c->socket, c, EPOLLIN);
}

static bool receive(struct connection *c)
{
    ssize_t n = recv(c->socket, server.read, sizeof server.read, 0);

    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    return send_back(c, server.read, (size_t)n);
}

static void datagrams(void)
{
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    ssize_t n;

    while ((n = recvfrom(server.listener, server.read, sizeof server.read, 0, (struct sockaddr *)&from, &length)) >=
           0) {
        if (sendto(server.listener, server.read, (size_t)n, 0, (struct sockaddr *)&from, length) == n)
            toll_served();
        length = sizeof from;
        if (toll_serve_ended())
            return;
    }
}

static bool turn(int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(server.poll, events, EVENTS_MAX, timeout_ms);

    for (int i = 0; i < n; i++) {
        struct connection *c = events[i].data.ptr;

        if (!c && server.udp)
            datagrams();
        else if (!c)
            accept_all();
        else if (!(events[i].events & EPOLLOUT ? send_kept(c) : receive(c)))
            connection_close(c);
    }
    return n > 0 || (n < 0 && errno == EINTR);
}

static bool listener_open(unsigned port)
{
    server.listener = toll_port_open((server.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, port);
    return server.listener >= 0 && watch(EPOLL_CTL_ADD, server.listener, NULL, EPOLLIN);
}

int main(int argc, char **argv)
{
    unsigned port;

    toll_main(argc, argv, "net_echo");
    port = (unsigned)toll_arg_number("port", 7);
    server.udp = toll_arg_number("udp", 0);
    server.bytes = toll_arg_number("bytes", 64);
    server.poll = epoll_create1(EPOLL_CLOEXEC);
    if (server.poll < 0)
        toll_skip("no epoll here: %s", strerror(errno));
    if (server.bytes == 0) {
        toll_check(false, "bytes=0: a message has at least one");
        return toll_done();
    }
    if (!listener_open(port)) {
        toll_check(false, "port %u: %s", port, strerror(errno));
        return toll_done();
    }
    toll_serve(toll_arg_number("ops", 0), toll_arg_number("warm", 0));
    toll_listen(server.udp ? "udp" : "tcp", port);
    while (!toll_serve_ended())
        turn(-1);
    while (server.clients && turn(LINGER_MS))
        ;
    return toll_done();
}
