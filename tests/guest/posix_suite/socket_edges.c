/* SPDX-License-Identifier: MIT */
/*
 * socket_edges.c: the corners of sockets: sets of files with descriptors that are closed and duplicated, edges and
 * one-shots, ends of each direction, connections that are refused, listeners that are shut, no descriptor left,
 * datagrams with and without a peer, sendfile's bounds.
 */
#include "posix_suite/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS 2048
#define BULK 400000

static char text[64], bulk[BULK];
static int listener, client, server, poller;

static int stream(int flags)
{
    return socket(AF_INET, SOCK_STREAM | flags, 0);
}

static void listen_here(void)
{
    listener = stream(0);
    set(listener, SOL_SOCKET, SO_REUSEADDR, 1);
    CALL(at(bind, listener, PORT));
    CALL(listen(listener, 8));
}

static void connect_here(void)
{
    client = stream(0);
    CALL(at(connect, client, PORT));
    server = accept(listener, NULL, NULL);
    TRUTH(server >= 0);
}

static void disconnect(void)
{
    close(client);
    close(server);
}

static int control(int op, int fd, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u32 = 7};

    return epoll_ctl(poller, op, fd, &e);
}

/* What the set finds within a while: how many, and all their bits together. */
static void look(int timeout)
{
    struct epoll_event found[8];
    int n = epoll_wait(poller, found, 8, timeout);
    uint32_t bits = 0;

    for (int i = 0; i < n; i++)
        bits |= found[i].events;
    suite_line("%d found: %x", n, bits);
}

/* Waits until the other side's end, or its data, has come. */
static void arrived(int fd, short events)
{
    ready(fd, events);
}

static void edges(void)
{
    poller = epoll_create1(0);
    connect_here();
    CALL(control(EPOLL_CTL_ADD, server, EPOLLIN | EPOLLOUT | EPOLLET));
    look(0);
    look(0);
    CALL(send(client, "abc", 3, 0));
    arrived(server, POLLIN);
    look(100);
    look(0);
    CALL(recv(server, text, 1, 0));
    look(0);
    CALL(send(client, "d", 1, 0));
    usleep(20000);
    look(100);
    CALL(recv(server, text, 9, 0));
    CALL(recv(server, text, 9, MSG_DONTWAIT));
    look(0);
    CALL(control(EPOLL_CTL_MOD, server, EPOLLOUT | EPOLLET));
    look(0);
    CALL(control(EPOLL_CTL_MOD, server, EPOLLIN | EPOLLRDHUP | EPOLLET));
    CALL(shutdown(client, SHUT_WR));
    arrived(server, POLLIN);
    look(100);
    look(0);
    CALL(control(EPOLL_CTL_MOD, server, EPOLLRDHUP));
    look(0);
    CALL(control(EPOLL_CTL_MOD, server, EPOLLIN));
    look(0);
    CALL(control(EPOLL_CTL_MOD, server, EPOLLONESHOT));
    look(0);
    CALL(shutdown(server, SHUT_WR));
    look(100);
    look(0);
    CALL(control(EPOLL_CTL_MOD, server, 0));
    look(0);
    CALL(control(EPOLL_CTL_MOD, server, EPOLLET));
    look(0);
    look(0);
    disconnect();
    look(0);
    CALL(close(poller));
}

/* An item is of the open file, not of its number. */
static void duplicates(void)
{
    int copy, copies[2];

    poller = epoll_create1(0);
    connect_here();
    copy = dup(server);
    CALL(control(EPOLL_CTL_ADD, server, EPOLLIN));
    CALL(control(EPOLL_CTL_MOD, copy, EPOLLIN));
    CALL(control(EPOLL_CTL_ADD, copy, EPOLLIN));
    CALL(send(client, "x", 1, 0));
    arrived(server, POLLIN);
    look(0);
    CALL(control(EPOLL_CTL_DEL, copy, 0));
    CALL(close(server));
    look(0);
    CALL(control(EPOLL_CTL_DEL, server, 0));
    CALL(control(EPOLL_CTL_DEL, copy, 0));
    CALL(control(EPOLL_CTL_ADD, copy, EPOLLIN));
    look(0);
    CALL(dup2(copy, server) == server);
    CALL(control(EPOLL_CTL_MOD, server, EPOLLIN | EPOLLOUT));
    look(0);
    CALL(close(copy));
    look(0);
    CALL(recv(server, text, 9, 0));
    CALL(send(server, "still", 5, 0));
    CALL(recv(client, text, 9, 0));
    CALL(close(server));
    look(0);
    CALL(recv(client, text, 9, 0));
    close(client);
    connect_here();
    CALL(control(EPOLL_CTL_ADD, server, EPOLLIN | EPOLLEXCLUSIVE));
    CALL(control(EPOLL_CTL_MOD, server, EPOLLIN));
    CALL(control(EPOLL_CTL_DEL, server, 0));
    CALL(control(EPOLL_CTL_ADD, server, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT));
    CALL(control(EPOLL_CTL_ADD, server, EPOLLIN));
    CALL(control(EPOLL_CTL_MOD, server, EPOLLIN | EPOLLEXCLUSIVE));
    disconnect();
    CALL(pipe(copies));
    CALL(control(EPOLL_CTL_ADD, copies[0], EPOLLIN | EPOLLET));
    CALL(close(copies[1]));
    look(0);
    look(0);
    CALL(close(copies[0]));
    CALL(close(poller));
    CALL(control(EPOLL_CTL_ADD, listener, EPOLLIN));
}

static void *wait_set(void *nothing)
{
    struct epoll_event found;

    (void)nothing;
    return (void *)(intptr_t)epoll_wait(poller, &found, 1, 2000);
}

static void *accept_one(void *nothing)
{
    int fd = accept(listener, NULL, NULL);

    (void)nothing;
    return (void *)(intptr_t)(fd < 0 ? -errno : fd > 2);
}

static void joined(pthread_t thread, const char *what)
{
    void *result;

    pthread_join(thread, &result);
    suite_line("%s: %ld", what, (long)(intptr_t)result);
}

/* What sleeps is told of what other threads do. */
static void sleepers(void)
{
    pthread_t thread;

    poller = epoll_create1(0);
    connect_here();
    pthread_create(&thread, NULL, wait_set, NULL);
    usleep(20000);
    CALL(control(EPOLL_CTL_ADD, server, EPOLLIN));
    CALL(send(client, "x", 1, 0));
    joined(thread, "epoll_wait");
    CALL(recv(server, text, 9, 0));
    pthread_create(&thread, NULL, wait_set, NULL);
    usleep(20000);
    CALL(control(EPOLL_CTL_MOD, server, EPOLLOUT));
    joined(thread, "epoll_wait");
    disconnect();
    CALL(close(poller));
    pthread_create(&thread, NULL, accept_one, NULL);
    usleep(20000);
    CALL(shutdown(listener, SHUT_WR));
    usleep(20000);
    CALL(shutdown(listener, SHUT_RD));
    joined(thread, "accept");
    client = stream(0);
    CALL(at(connect, client, PORT));
    close(client);
    CALL(accept(listener, NULL, NULL));
    CALL(option(listener, SOL_SOCKET, SO_ACCEPTCONN));
    CALL(listen(listener, 4));
    connect_here();
    disconnect();
}

static void connecting(void)
{
    struct sockaddr_in a = address(PORT + 7);
    int fd = stream(SOCK_NONBLOCK);

    CALL(at(connect, fd, PORT));
    CALL(ready(fd, POLLOUT));
    CALL(at(connect, fd, PORT));
    CALL(at(connect, fd, PORT));
    CALL(close(fd));
    CALL(close(accept(listener, NULL, NULL)));
    fd = stream(SOCK_NONBLOCK);
    CALL(at(connect, fd, PORT + 7));
    CALL(ready(fd, POLLIN | POLLOUT | POLLRDHUP));
    CALL(option(fd, SOL_SOCKET, SO_ERROR));
    CALL(option(fd, SOL_SOCKET, SO_ERROR));
    CALL(ready(fd, POLLIN | POLLOUT | POLLRDHUP));
    CALL(close(fd));
    fd = stream(0);
    CALL(at(connect, fd, PORT + 7));
    CALL(recv(fd, text, 1, 0));
    CALL(send(fd, text, 1, MSG_NOSIGNAL));
    CALL(at(connect, fd, PORT));
    CALL(close(fd));
    CALL(close(accept(listener, NULL, NULL)));
    fd = stream(0);
    a.sin_addr.s_addr = 0;
    a.sin_port = htons(PORT);
    CALL(connect(fd, (struct sockaddr *)&a, 4));
    CALL(connect(fd, (struct sockaddr *)&a, sizeof a));
    CALL(close(fd));
    CALL(close(accept(listener, NULL, NULL)));
    CALL(at(connect, listener, PORT));
    CALL(recv(listener, text, 1, 0));
    CALL(send(listener, text, 1, MSG_NOSIGNAL));
    CALL(listen(listener, 0));
    CALL(listen(listener, -1));
    CALL(at(bind, listener, PORT + 1));
    CALL(ready(listener, POLLOUT) * 0);
}

static void directions(void)
{
    fd_set in;

    connect_here();
    CALL(shutdown(server, SHUT_RD));
    CALL(ready(server, POLLIN | POLLOUT | POLLRDHUP));
    CALL(recv(server, text, 1, 0));
    CALL(recv(server, text, 1, MSG_PEEK));
    CALL(send(server, "x", 1, 0));
    CALL(recv(client, text, 1, 0));
    CALL(shutdown(server, SHUT_WR));
    CALL(shutdown(server, SHUT_WR));
    CALL(send(server, "x", 1, MSG_NOSIGNAL));
    CALL(ready(server, POLLIN | POLLOUT | POLLRDHUP));
    CALL(ready(server, 0));
    CALL(ready(client, POLLIN | POLLOUT | POLLRDHUP));
    disconnect();
    connect_here();
    CALL(close(server));
    arrived(client, POLLIN);
    CALL(send(client, "x", 1, MSG_NOSIGNAL)); /* is answered by a reset */
    CALL(ready(client, POLLRDHUP) & ~POLLRDHUP);
    usleep(20000);
    CALL(ready(client, POLLIN | POLLOUT | POLLRDHUP));
    CALL(send(client, "x", 1, MSG_NOSIGNAL));
    CALL(option(client, SOL_SOCKET, SO_ERROR));
    CALL(recv(client, text, 1, 0));
    CALL(shutdown(client, SHUT_RDWR));
    CALL(getpeername(client, (struct sockaddr *)text, &(socklen_t){16}));
    CALL(close(client));
    connect_here();
    CALL(set(client, SOL_SOCKET, SO_LINGER, 0)); /* too short */
    CALL(setsockopt(client, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)));
    CALL(close(client));
    arrived(server, POLLIN);
    CALL(ready(server, POLLIN | POLLOUT | POLLRDHUP));
    FD_ZERO(&in);
    FD_SET(server, &in);
    CALL(select(server + 1, &in, NULL, NULL, NULL));
    CALL(send(server, "x", 1, MSG_NOSIGNAL));
    CALL(send(server, "x", 1, MSG_NOSIGNAL));
    CALL(recv(server, text, 1, 0));
    CALL(ready(server, POLLIN | POLLOUT | POLLRDHUP));
    close(server);
}

static void polls(void)
{
    struct pollfd p[4] = {{.fd = -1, .events = POLLIN, .revents = 9}, {.fd = 999, .events = POLLIN}};

    connect_here();
    p[2] = (struct pollfd){.fd = server, .events = 0, .revents = 9};
    p[3] = (struct pollfd){.fd = server, .events = POLLOUT | POLLWRNORM | POLLRDNORM};
    CALL(poll(p, 4, 0));
    suite_line("%x %x %x %x", p[0].revents, p[1].revents, p[2].revents, p[3].revents);
    CALL(poll(NULL, 0, 1));
    CALL(poll(NOWHERE, 1, 0));
    CALL(send(client, "x", 1, 0));
    CALL(ready(server, POLLRDNORM));
    CALL(ready(server, POLLPRI | POLLIN));
    CALL(readv(server, NULL, 0));
    CALL(readv(server, NOWHERE, 1025));
    CALL(writev(server, NOWHERE, 1025));
    CALL(sendmsg(server, &(struct msghdr){.msg_iov = (struct iovec *)bulk, .msg_iovlen = 1025}, 0));
    CALL(recv(server, text, 0, 0));
    CALL(recv(server, text, 9, MSG_PEEK | MSG_DONTWAIT));
    CALL(recv(server, text, 9, MSG_DONTWAIT));
    CALL(recv(server, text, 9, MSG_PEEK | MSG_DONTWAIT));
    CALL(recv(server, text, 0, MSG_DONTWAIT));
    CALL(fcntl(server, F_SETFL, O_NONBLOCK));
    CALL(recv(server, text, 9, MSG_WAITALL));
    int copy = dup(server);
    CALL(fcntl(copy, F_GETFL) & O_NONBLOCK);
    CALL(close(copy));
    disconnect();
}

/* Without a descriptor a connection waits for one. */
static void exhausted(void)
{
    static int taken[DESCRIPTORS];
    int n = 0, error;

    setrlimit(RLIMIT_NOFILE, &(struct rlimit){DESCRIPTORS, DESCRIPTORS});
    client = stream(0);
    CALL(at(connect, client, PORT));
    while (n < DESCRIPTORS && (taken[n] = dup(client)) >= 0)
        n++;
    error = errno;
    suite_line("no more: %d", error);
    CALL(accept(listener, NULL, NULL));
    CALL(stream(0));
    CALL(epoll_create1(0));
    CALL(pipe((int *)text));
    close(taken[--n]);
    server = accept(listener, NULL, NULL);
    TRUTH(server >= 0);
    CALL(accept(listener, NULL, NULL));
    CALL(send(server, "y", 1, 0));
    CALL(recv(taken[0], text, 9, 0));
    while (n > 0)
        close(taken[--n]);
    CALL(send(client, "z", 1, 0));
    CALL(recv(server, text, 9, 0));
    disconnect();
}

static void datagrams(void)
{
    struct sockaddr_in a = address(PORT), none = {.sin_family = AF_UNSPEC}, got;
    socklen_t length = sizeof got;
    int other = socket(AF_INET, SOCK_DGRAM, 0), n = -1;

    server = socket(AF_INET, SOCK_DGRAM, 0);
    client = socket(AF_INET, SOCK_DGRAM, 0);
    CALL(at(bind, server, PORT));
    CALL(at(bind, other, PORT));
    CALL(recv(server, text, 9, MSG_DONTWAIT));
    CALL(recv(server, text, 0, MSG_DONTWAIT));
    CALL(at(connect, client, PORT));
    CALL(getpeername(client, (struct sockaddr *)&got, &length));
    CALL(send(client, "abc", 3, 0));
    CALL(send(client, "de", 2, MSG_MORE * 0));
    arrived(server, POLLIN);
    CALL(ioctl(server, FIONREAD, &n));
    suite_line("unread %d", n);
    CALL(recv(server, text, 0, 0));
    CALL(ioctl(server, FIONREAD, &n));
    suite_line("unread %d", n);
    CALL(recv(server, text, 9, MSG_PEEK));
    CALL(recv(server, text, 9, 0));
    CALL(sendto(other, "no", 2, 0, (struct sockaddr *)&a, sizeof a));
    arrived(server, POLLIN);
    CALL(recvfrom(server, text, 9, 0, (struct sockaddr *)&got, &length));
    CALL(connect(server, (struct sockaddr *)&got, sizeof got)); /* to other */
    CALL(send(client, "lost", 4, 0));
    CALL(sendto(other, "kept", 4, 0, (struct sockaddr *)&a, sizeof a));
    arrived(server, POLLIN);
    CALL(recv(server, text, 9, 0));
    CALL(recv(server, text, 9, MSG_DONTWAIT));
    option(client, SOL_SOCKET, SO_ERROR); /* it has been told that it was lost */
    CALL(connect(server, (struct sockaddr *)&none, sizeof none));
    CALL(getpeername(server, (struct sockaddr *)&got, &length));
    CALL(send(server, "x", 1, 0));
    CALL(send(client, bulk, 65508, 0));
    CALL(send(client, bulk, 65507, 0));
    arrived(server, POLLIN);
    CALL(recv(server, bulk, BULK, 0));
    a.sin_port = 0;
    CALL(sendto(client, "x", 1, 0, (struct sockaddr *)&a, sizeof a));
    a = address(PORT);
    a.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    CALL(connect(client, (struct sockaddr *)&none, sizeof none));
    CALL(at(connect, client, PORT));
    CALL(shutdown(client, SHUT_RD));
    CALL(ready(client, POLLIN | POLLOUT | POLLRDHUP));
    CALL(recv(client, text, 9, 0));
    CALL(shutdown(client, SHUT_WR));
    CALL(send(client, "x", 1, 0));
    CALL(close(other));
    disconnect();
}

/* Who may have a port. */
static void ports(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT + 2)}, got;
    socklen_t length = sizeof got;
    int a = stream(0), b = stream(0);

    CALL(bind(a, (struct sockaddr *)&any, sizeof any));
    CALL(bind(a, (struct sockaddr *)&any, sizeof any));
    CALL(at(bind, b, PORT + 2));
    CALL(listen(a, 1));
    CALL(set(b, SOL_SOCKET, SO_REUSEADDR, 1));
    CALL(at(bind, b, PORT + 2));
    CALL(close(a));
    CALL(at(bind, b, PORT + 2));
    CALL(close(b));
    a = stream(0);
    b = stream(0);
    set(a, SOL_SOCKET, SO_REUSEADDR, 1);
    set(b, SOL_SOCKET, SO_REUSEADDR, 1);
    CALL(at(bind, a, PORT + 3));
    CALL(at(bind, b, PORT + 3));
    CALL(listen(a, 1));
    CALL(listen(b, 1));
    CALL(close(a));
    CALL(close(b));
    a = stream(0);
    CALL(getsockname(a, (struct sockaddr *)&got, &length));
    suite_line("%u %x %u", got.sin_family, ntohl(got.sin_addr.s_addr), ntohs(got.sin_port));
    CALL(listen(a, 1));
    CALL(getsockname(a, (struct sockaddr *)&got, &length));
    suite_line("%u %x %s", got.sin_family, ntohl(got.sin_addr.s_addr), got.sin_port ? "a port" : "no port");
    CALL(close(a));
    /* who closes first keeps the port for a while */
    connect_here();
    length = sizeof got;
    CALL(getsockname(client, (struct sockaddr *)&got, &length));
    disconnect();
    a = stream(0);
    CALL(bind(a, (struct sockaddr *)&got, sizeof got));
    CALL(close(a));
}

static void files(void)
{
    int file = open("sent", O_RDWR | O_CREAT | O_TRUNC, 0644), written = open("sent", O_WRONLY), ends[2],
        folder = open(".", O_RDONLY | O_DIRECTORY);
    off_t offset = 8;
    long sent = 0, n;

    connect_here();
    CALL(write(file, "0123456789", 10));
    CALL(sendfile(client, file, NULL, 4)); /* at the end */
    CALL(lseek(file, 3, SEEK_SET));
    CALL(sendfile(client, file, NULL, 4));
    CALL(lseek(file, 0, SEEK_CUR));
    CALL(sendfile(client, file, &offset, 0));
    CALL(sendfile(client, file, &offset, (size_t)-1));
    CALL(sendfile(client, file, &offset, 100));
    suite_line("offset %ld", (long)offset);
    CALL(sendfile(client, file, &offset, 1));
    offset = -1;
    CALL(sendfile(client, file, &offset, 1));
    CALL(sendfile(client, file, NOWHERE, 1));
    CALL(sendfile(client, written, NULL, 1));
    CALL(sendfile(client, folder, NULL, 1));
    CALL(sendfile(client, 999, NULL, 1));
    CALL(sendfile(999, file, NULL, 1));
    CALL(pipe(ends));
    CALL(sendfile(ends[0], file, NULL, 1));
    CALL(sendfile(client, ends[0], NULL, 1));
    offset = 0;
    CALL(recv(server, text, 6, MSG_WAITALL));
    suite_line("'%.6s'", text);
    CALL(ftruncate(file, 1 << 20));
    CALL(fcntl(client, F_SETFL, O_NONBLOCK));
    offset = 0;
    for (int i = 0; i < 1000 && (n = sendfile(client, file, &offset, 1 << 20)) > 0; i++, offset = 0)
        sent += n;
    suite_result("sendfile to where nobody reads", n);
    TRUTH(sent > 1000);
    TRUTH(offset == 0);
    CALL(close(server));
    arrived(client, POLLIN);
    close(client);
    close(file), close(written), close(folder), close(ends[0]), close(ends[1]);
    CALL(unlink("sent"));
}

void suite_socket_edges(void)
{
    suite_line("# sockets: edges");
    signal(SIGPIPE, SIG_IGN);
    listen_here();
    edges();
    duplicates();
    sleepers();
    connecting();
    directions();
    polls();
    exhausted();
    files();
    ports();
    CALL(close(listener));
    datagrams();
}
