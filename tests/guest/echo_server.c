/* SPDX-License-Identifier: MIT */
/*
 * echo_server: sends back what it gets, by TCP and by UDP, to as many clients as come, with one thread and epoll.
 * tests/net/run.sh starts it and its clients.
 *
 *      tcp 7, udp 7   echo
 *      tcp 9          control: the word `end` on a connection ends the program as soon as no client is connected
 *      udp 8          with the argument busy=1: a second thread waits here for two datagrams, then computes for ever
 */
#include "toll.h"
#include "toll_serve.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_ECHO 7
#define PORT_BUSY 8
#define PORT_CONTROL 9
#define EVENTS_MAX 64
#define BUFFER_BYTES 16384
#define DATAGRAM_BYTES 65536
#define FILES_MAX 2048

enum kind { NOTHING, LISTENER, CONTROL_LISTENER, CONTROL, DATAGRAMS, ECHO };

/* What is behind a descriptor; of an echo: what was received and is not sent back yet. */
struct peer {
    enum kind kind;
    char *buffer;
    size_t start, end;
    bool ended;   /* the other side sends no more */
    bool blocked; /* it does not take what it is sent: nothing more is read from it */
};

static struct peer peers[FILES_MAX];
static int poller;
static unsigned connections, connections_most, resets;
static uint64_t bytes_echoed, datagrams_echoed;
static volatile bool stop;

static void watch(int fd, enum kind kind, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    toll_check(fd >= 0 && fd < FILES_MAX, "descriptor %d", fd);
    peers[fd].kind = kind;
    toll_check(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl: %s", strerror(errno));
}

static void block(int fd, bool blocked)
{
    struct epoll_event event = {.events = blocked ? EPOLLOUT : EPOLLIN, .data.fd = fd};
    if (peers[fd].blocked == blocked)
        return;
    peers[fd].blocked = blocked;
    toll_check(epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event) == 0, "epoll_ctl: %s", strerror(errno));
}

static int socket_bound(int type, unsigned port)
{
    int fd = toll_port_open(type | SOCK_NONBLOCK, port);
    toll_check(fd >= 0, "port %u: %s", port, strerror(errno));
    return fd;
}

static void peer_end(int fd)
{
    connections -= peers[fd].kind == ECHO;
    free(peers[fd].buffer);
    peers[fd] = (struct peer){.kind = NOTHING};
    toll_check(close(fd) == 0, "close: %s", strerror(errno));
}

static void accept_all(int listener, enum kind kind)
{
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        toll_check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY: %s", strerror(errno));
        watch(fd, kind, EPOLLIN);
        if (kind != ECHO)
            continue;
        peers[fd].buffer = malloc(BUFFER_BYTES);
        toll_check(peers[fd].buffer, "no memory for connection %u", connections);
        if (++connections > connections_most)
            connections_most = connections;
    }
    toll_check(errno == EAGAIN || errno == ECONNABORTED, "accept: %s", strerror(errno));
}

static void control(int fd)
{
    char word[16] = "";
    ssize_t n = read(fd, word, sizeof word - 1);
    if (n <= 0)
        peer_end(fd);
    else if (strncmp(word, "end", 3) == 0)
        stop = true;
}

/* Datagrams of any size, from anybody. */
static void datagrams(int fd)
{
    static char data[DATAGRAM_BYTES];
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    ssize_t n;
    while ((n = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&from, &length)) >= 0) {
        ssize_t sent = sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, length);
        toll_check(sent == n || errno == EAGAIN || errno == ENOBUFS, "sendto: %s", strerror(errno));
        datagrams_echoed++;
    }
    toll_check(errno == EAGAIN, "recvfrom: %s", strerror(errno));
}

/* Sends back what there is; whether all of it went. */
static bool echo_flush(int fd)
{
    struct peer *p = &peers[fd];
    while (p->start < p->end) {
        ssize_t n = send(fd, p->buffer + p->start, p->end - p->start, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            return false;
        if (n < 0) {
            resets++;
            p->ended = true;
            break;
        }
        p->start += (size_t)n;
        bytes_echoed += (uint64_t)n;
    }
    p->start = p->end = 0;
    return true;
}

static void echo(int fd)
{
    struct peer *p = &peers[fd];
    while (echo_flush(fd) && !p->ended) {
        ssize_t n = recv(fd, p->buffer, BUFFER_BYTES, 0);
        if (n < 0 && errno == EAGAIN) {
            block(fd, false);
            return;
        }
        resets += n < 0;
        p->ended = n <= 0;
        p->end = n > 0 ? (size_t)n : 0;
    }
    if (p->start < p->end)
        block(fd, true);
    else if (p->ended)
        peer_end(fd);
}

static void serve(int fd)
{
    switch (peers[fd].kind) {
    case LISTENER:
        accept_all(fd, ECHO);
        break;
    case CONTROL_LISTENER:
        accept_all(fd, CONTROL);
        break;
    case CONTROL:
        control(fd);
        break;
    case DATAGRAMS:
        datagrams(fd);
        break;
    case ECHO:
        echo(fd);
        break;
    case NOTHING:
        break; /* closed by an earlier event of the same batch */
    }
}

/* The others must be served while this thread never calls the system.  It waits twice, so that it is the last one that
   went to sleep, and takes the second datagram from the interface itself. */
static void *compute(void *socket)
{
    char word[16];

    for (unsigned i = 0; i < 2; i++)
        toll_check(recv(*(int *)socket, word, sizeof word, 0) > 0, "recv: %s", strerror(errno));
    while (!stop)
        ;
    return NULL;
}

static void busy_start(pthread_t *thread)
{
    static int fd;

    fd = socket_bound(SOCK_DGRAM, PORT_BUSY);
    toll_check(fcntl(fd, F_SETFL, 0) == 0, "fcntl: %s", strerror(errno));
    toll_check(pthread_create(thread, NULL, compute, &fd) == 0, "no thread can be made");
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS_MAX];
    pthread_t busy;

    toll_main(argc, argv, "echo_server");
    poller = epoll_create1(0);
    toll_check(poller >= 0, "epoll_create1: %s", strerror(errno));
    watch(socket_bound(SOCK_STREAM, PORT_ECHO), LISTENER, EPOLLIN);
    watch(socket_bound(SOCK_STREAM, PORT_CONTROL), CONTROL_LISTENER, EPOLLIN);
    watch(socket_bound(SOCK_DGRAM, PORT_ECHO), DATAGRAMS, EPOLLIN);
    if (toll_arg_number("busy", 0))
        busy_start(&busy);
    toll_listen("tcp", PORT_ECHO);
    while (!stop || connections > 0) {
        int n = epoll_wait(poller, events, EVENTS_MAX, -1);
        toll_check(n > 0, "epoll_wait: %d, %s", n, strerror(errno));
        for (int i = 0; i < n; i++)
            serve(events[i].data.fd);
    }
    if (toll_arg_number("busy", 0))
        pthread_join(busy, NULL);
    toll_value("connections_most", "count", connections_most);
    toll_value("resets", "count", resets);
    toll_value("bytes_echoed", "B", bytes_echoed);
    toll_value("datagrams_echoed", "count", datagrams_echoed);
    toll_output("ok\n", 3);
    return toll_done();
}
