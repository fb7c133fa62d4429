/* SPDX-License-Identifier: MIT */
/* sockets.c: TCP and UDP over loopback, rightly and wrongly used; what a connection's end looks like from either side.
 */
#include "posix_suite/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define BIG 300000
#define MANY 400

static char text[64], big[BIG];
static int listener, client, server;

static void listen_here(void)
{
    listener = socket(AF_INET, SOCK_STREAM, 0);
    CALL(set(listener, SOL_SOCKET, SO_REUSEADDR, 1));
    CALL(at(bind, listener, PORT));
    CALL(listen(listener, 8));
}

static void connect_here(void)
{
    client = socket(AF_INET, SOCK_STREAM, 0);
    CALL(at(connect, client, PORT));
    server = accept(listener, NULL, NULL);
    TRUTH(server >= 0);
}

static void disconnect(void)
{
    CALL(close(client));
    CALL(close(server));
}

static void making(void)
{
    struct sockaddr_in a = address(PORT);
    struct stat st;
    int pair[2], fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

    CALL(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_ACCMODE));
    CALL(fcntl(fd, F_GETFD));
    CALL(fstat(fd, &st));
    suite_line("mode %o", st.st_mode);
    CALL(socket(AF_INET, 77, 0));
    CALL(socket(AF_INET, SOCK_SEQPACKET, 0));
    CALL(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    CALL(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
    CALL(socket(999, SOCK_STREAM, 0));
    CALL(socketpair(AF_INET, SOCK_STREAM, 0, pair));
    CALL(lseek(fd, 0, SEEK_CUR));
    CALL(pread(fd, text, 1, 0));
    CALL(fsync(fd));
    CALL(ftruncate(fd, 0));
    CALL(bind(0, (struct sockaddr *)&a, sizeof a));
    CALL(bind(99, (struct sockaddr *)&a, sizeof a));
    CALL(bind(fd, (struct sockaddr *)&a, 8));
    CALL(bind(fd, NOWHERE, sizeof a));
    CALL(bind(fd, (struct sockaddr *)&a, 1000));
    a.sin_addr.s_addr = htonl(0x01020304);
    CALL(bind(fd, (struct sockaddr *)&a, sizeof a));
    a.sin_family = AF_INET6;
    CALL(bind(fd, (struct sockaddr *)&a, sizeof a));
    CALL(accept(fd, NULL, NULL));
    CALL(accept4(fd, NULL, NULL, 5));
    CALL(shutdown(fd, SHUT_WR));
    CALL(shutdown(fd, 7));
    CALL(recv(fd, text, 1, 0));
    CALL(send(fd, text, 1, MSG_NOSIGNAL));
    CALL(close(fd));
}

static void names(void)
{
    struct sockaddr_in a;
    socklen_t length = sizeof a;

    CALL(getsockname(listener, (struct sockaddr *)&a, &length));
    suite_line("%u %x %u length %u", a.sin_family, ntohl(a.sin_addr.s_addr), ntohs(a.sin_port), length);
    CALL(getpeername(listener, (struct sockaddr *)&a, &length));
    connect_here();
    CALL(getpeername(client, (struct sockaddr *)&a, &length));
    suite_line("%u %x %u", a.sin_family, ntohl(a.sin_addr.s_addr), ntohs(a.sin_port));
    CALL(getsockname(client, (struct sockaddr *)&a, &length));
    uint16_t port = a.sin_port;
    CALL(getpeername(server, (struct sockaddr *)&a, &length));
    TRUTH(port == a.sin_port && a.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    length = 5;
    CALL(getsockname(client, (struct sockaddr *)&a, &length));
    suite_line("length %u", length);
    length = (socklen_t)-1;
    CALL(getsockname(client, (struct sockaddr *)&a, &length));
    CALL(getsockname(client, NOWHERE, &length));
    CALL(getsockname(client, (struct sockaddr *)&a, NOWHERE));
    CALL(at(connect, client, PORT));
    CALL(at(bind, client, PORT + 1));
    disconnect();
}

static void options(void)
{
    struct timeval tv = {1, 500000};
    struct linger linger = {1, 3};
    int fd = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
    socklen_t length;

    CALL(option(fd, SOL_SOCKET, SO_TYPE));
    CALL(option(udp, SOL_SOCKET, SO_TYPE));
    CALL(option(fd, SOL_SOCKET, SO_DOMAIN));
    CALL(option(udp, SOL_SOCKET, SO_PROTOCOL));
    CALL(option(fd, SOL_SOCKET, SO_ERROR));
    CALL(option(fd, SOL_SOCKET, SO_ACCEPTCONN));
    CALL(option(listener, SOL_SOCKET, SO_ACCEPTCONN));
    CALL(option(fd, IPPROTO_TCP, TCP_NODELAY));
    CALL(set(fd, IPPROTO_TCP, TCP_NODELAY, 1));
    CALL(option(fd, IPPROTO_TCP, TCP_NODELAY));
    CALL(set(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
    CALL(option(fd, SOL_SOCKET, SO_KEEPALIVE));
    CALL(set(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    CALL(option(fd, SOL_SOCKET, SO_REUSEADDR));
    CALL(set(udp, SOL_SOCKET, SO_BROADCAST, 1));
    CALL(option(udp, SOL_SOCKET, SO_BROADCAST));
    CALL(set(fd, SOL_SOCKET, SO_RCVBUF, 65536));
    TRUTH(option(fd, SOL_SOCKET, SO_SNDBUF) > 1000 && option(fd, SOL_SOCKET, SO_RCVBUF) > 1000);
    CALL(set(fd, SOL_SOCKET, SO_TYPE, 1));
    CALL(set(fd, SOL_SOCKET, 9999, 1));
    CALL(option(fd, SOL_SOCKET, 9999));
    CALL(option(fd, IPPROTO_TCP, 9999));
    CALL(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &length, 2));
    CALL(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, NOWHERE, 4));
    CALL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
    length = sizeof tv;
    CALL(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, &length));
    suite_line("%ld %ld %u", (long)tv.tv_sec, (long)tv.tv_usec, length);
    tv.tv_usec = 1000000;
    CALL(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv));
    CALL(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    length = sizeof linger;
    linger = (struct linger){9, 9};
    CALL(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &length));
    suite_line("%d %d %u", linger.l_onoff, linger.l_linger, length);
    CALL(getsockopt(0, SOL_SOCKET, SO_TYPE, &linger, &length));
    CALL(close(fd));
    CALL(close(udp));
}

static void moving(void)
{
    struct iovec v[3] = {{"ab", 2}, {NOWHERE, 0}, {"cd", 2}}, w[2] = {{text, 4}, {text + 4, 20}};
    struct msghdr m = {.msg_iov = w, .msg_iovlen = 2, .msg_controllen = 0};
    int n = 0, file = open("sent", O_RDWR | O_CREAT | O_TRUNC, 0644);
    off_t offset = 2;

    connect_here();
    CALL(write(client, "hello", 5));
    CALL(ready(server, POLLIN | POLLOUT));
    CALL(recv(server, text, 3, MSG_PEEK));
    CALL(ioctl(server, FIONREAD, &n));
    suite_line("unread %d", n);
    CALL(read(server, text, sizeof text));
    CALL(ready(server, POLLOUT));
    CALL(recv(server, text, 1, MSG_DONTWAIT));
    CALL(read(server, text, 0));
    CALL(writev(client, v, 3));
    CALL(ready(server, POLLIN));
    CALL(readv(server, w, 2));
    CALL(sendmsg(client, &(struct msghdr){.msg_iov = v, .msg_iovlen = 3}, MSG_NOSIGNAL));
    CALL(ready(server, POLLIN));
    CALL(recvmsg(server, &m, 0));
    suite_line("'%.4s' flags %d", text, m.msg_flags);
    CALL(send(client, "now", 3, MSG_MORE));
    CALL(send(client, "and then", 8, 0));
    CALL(recv(server, text, 11, MSG_WAITALL));
    CALL(send(client, NOWHERE, 8, 0));
    CALL(send(client, "x", 1, 0));
    CALL(ready(server, POLLIN));
    CALL(recv(server, NOWHERE, 8, 0));
    CALL(recv(server, text, 8, 0));
    CALL(write(file, "0123456789", 10));
    CALL(sendfile(client, file, &offset, 100));
    suite_line("offset %ld", (long)offset);
    CALL(recv(server, text, 8, MSG_WAITALL));
    CALL(sendfile(client, server, NULL, 1));
    CALL(syscall(SYS_sendmsg, client, NOWHERE, 0));
    CALL(syscall(SYS_recvmsg, client, NOWHERE, 0));
    CALL(set(server, SOL_SOCKET, SO_RCVLOWAT, 1) * 0);
    disconnect();
    CALL(close(file));
    CALL(unlink("sent"));
}

static void *drain(void *nothing)
{
    long total = 0, n, wrong = 0;

    while ((n = read(server, text, sizeof text)) > 0)
        for (long i = 0; i < n; i++, total++)
            wrong += text[i] != (char)(total * 31);
    suite_line("drained %ld, %ld wrong, then %ld", total, wrong, n);
    return nothing;
}

/* More than fits on the way. */
static void bulk(void)
{
    pthread_t thread;
    long n, sent = 0;

    for (unsigned i = 0; i < BIG; i++)
        big[i] = (char)(i * 31);
    connect_here();
    while ((n = send(client, big, BIG, MSG_DONTWAIT)) > 0)
        sent += n;
    suite_result("send to where nobody reads", n);
    CALL(ready(client, POLLOUT) & POLLIN);
    disconnect();
    connect_here();
    pthread_create(&thread, NULL, drain, NULL);
    CALL(send(client, big, BIG, 0));
    CALL(shutdown(client, SHUT_WR));
    pthread_join(thread, NULL);
    disconnect();
}

static void ends(void)
{
    struct linger now = {1, 0};

    signal(SIGPIPE, SIG_IGN);
    connect_here();
    CALL(shutdown(client, SHUT_WR));
    CALL(ready(server, POLLIN | POLLRDHUP));
    CALL(recv(server, text, 1, 0));
    CALL(send(client, "x", 1, 0));
    CALL(send(server, "y", 1, 0));
    CALL(recv(client, text, 1, 0));
    CALL(shutdown(server, SHUT_WR));
    CALL(ready(server, POLLIN | POLLOUT | POLLRDHUP));
    disconnect();
    connect_here();
    CALL(send(client, "x", 1, 0));
    CALL(ready(server, POLLIN));
    CALL(close(server)); /* it never read that: a reset */
    CALL(ready(client, POLLIN) & ~POLLRDHUP);
    CALL(recv(client, text, 1, 0));
    CALL(recv(client, text, 1, 0));
    CALL(close(client));
    connect_here();
    CALL(setsockopt(server, SOL_SOCKET, SO_LINGER, &now, sizeof now));
    CALL(close(server));
    CALL(ready(client, POLLIN) & POLLERR);
    CALL(option(client, SOL_SOCKET, SO_ERROR));
    CALL(option(client, SOL_SOCKET, SO_ERROR));
    CALL(close(client));
    client = socket(AF_INET, SOCK_STREAM, 0);
    CALL(at(connect, client, PORT + 9));
    CALL(close(client));
    client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CALL(ready(client, POLLIN | POLLOUT));
    CALL(at(connect, client, PORT));
    CALL(ready(client, POLLOUT));
    CALL(option(client, SOL_SOCKET, SO_ERROR));
    server = accept(listener, NULL, NULL);
    disconnect();
}

static void times(void)
{
    struct timeval tv = {0, 30000}, none = {0, 0};
    fd_set in, out;

    connect_here();
    CALL(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
    CALL(recv(server, text, 1, 0));
    CALL(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
    CALL(accept(listener, NULL, NULL));
    CALL(fcntl(listener, F_SETFL, O_NONBLOCK));
    CALL(accept(listener, NULL, NULL));
    CALL(fcntl(listener, F_SETFL, 0));
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(server, &in);
    FD_SET(client, &out);
    CALL(select(64, &in, &out, NULL, &none));
    TRUTH(!FD_ISSET(server, &in) && FD_ISSET(client, &out));
    CALL(send(client, "x", 1, 0));
    FD_SET(server, &in);
    CALL(select(64, &in, NULL, NULL, NULL));
    TRUTH(FD_ISSET(server, &in));
    CALL(select(64, NOWHERE, NULL, NULL, NULL));
    disconnect();
    connect_here();
    CALL(recv(server, text, 1, 0)); /* as long as the listener waits */
    disconnect();
    tv.tv_usec = 0;
    CALL(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
}

static void datagrams(void)
{
    struct sockaddr_in a = address(PORT), from = {0};
    socklen_t length = sizeof from;
    struct iovec v = {text, sizeof text}, pieces[3] = {{"ab", 2}, {NOWHERE, 0}, {"cde", 3}},
                 parts[2] = {{text, 2}, {text + 2, 18}};
    struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &v, .msg_iovlen = 1};

    server = socket(AF_INET, SOCK_DGRAM, 0);
    client = socket(AF_INET, SOCK_DGRAM, 0);
    CALL(at(bind, server, PORT));
    CALL(at(bind, server, PORT));
    CALL(listen(server, 1));
    CALL(accept(server, NULL, NULL));
    CALL(send(client, "x", 1, 0));
    CALL(sendto(client, "one", 3, 0, (struct sockaddr *)&a, sizeof a));
    CALL(ready(server, POLLIN | POLLOUT));
    CALL(recvfrom(server, text, 2, 0, (struct sockaddr *)&from, &length));
    suite_line("%u %x %u", from.sin_family, ntohl(from.sin_addr.s_addr), length);
    CALL(recv(server, text, 2, MSG_DONTWAIT));
    CALL(at(connect, client, PORT));
    CALL(send(client, "second", 6, 0));
    CALL(send(client, "", 0, 0));
    CALL(ready(server, POLLIN));
    CALL(recvmsg(server, &m, 0));
    suite_line("%u %.6s", m.msg_namelen, text);
    CALL(recv(server, text, 10, 0));
    CALL(sendto(server, "back", 4, 0, (struct sockaddr *)&from, sizeof from));
    CALL(ready(client, POLLIN));
    CALL(recv(client, text, 64, MSG_PEEK));
    CALL(recv(client, text, 64, 0));
    CALL(writev(client, pieces, 3));
    CALL(ready(server, POLLIN));
    CALL(readv(server, parts, 2));
    suite_line("'%.5s'", text);
    CALL(recv(server, text, 2, MSG_DONTWAIT));
    CALL(send(client, big, 70000, 0));
    CALL(sendto(client, "x", 1, 0, (struct sockaddr *)&a, 4));
    CALL(getpeername(server, (struct sockaddr *)&from, &length));
    disconnect();
}

/* Who of many has something is told without looking at the others. */
static void many(void)
{
    static int clients[MANY], servers[MANY];
    struct epoll_event e = {.events = EPOLLIN}, found[MANY];
    int set = epoll_create1(0), wrong = 0;
    unsigned long sum = 0;

    for (unsigned i = 0; i < MANY; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        wrong += at(connect, clients[i], PORT) != 0;
        servers[i] = accept(listener, NULL, NULL);
        e.data.u32 = i;
        wrong += epoll_ctl(set, EPOLL_CTL_ADD, servers[i], &e) != 0;
    }
    CALL(wrong);
    for (unsigned i = 0; i < MANY; i += 7)
        wrong += send(clients[i], "x", 1, 0) != 1;
    for (unsigned i = 0; i < MANY; i += 7)
        ready(servers[i], POLLIN);
    CALL(epoll_wait(set, found, 10, -1));
    int n = epoll_wait(set, found, MANY, -1);
    CALL(n);
    for (int i = 0; i < n; i++) {
        sum += found[i].data.u32;
        wrong += recv(servers[found[i].data.u32], text, 8, 0) != 1;
    }
    CALL(sum);
    CALL(epoll_wait(set, found, MANY, 0));
    for (unsigned i = 0; i < MANY; i++)
        close(clients[i]);
    for (unsigned i = 0; i < MANY; i++)
        ready(servers[i], POLLIN);
    CALL(epoll_wait(set, found, MANY, -1));
    for (unsigned i = 0; i < MANY; i++)
        wrong += close(servers[i]) != 0;
    CALL(epoll_wait(set, found, MANY, 0));
    CALL(wrong);
    CALL(close(set));
}

static void *receive(void *fd)
{
    return (void *)recv(*(int *)fd, text, 1, 0);
}

static void received(pthread_t thread)
{
    void *result;

    pthread_join(thread, &result);
    suite_line("received by the thread: %ld", (long)result);
}

static void meeting(void)
{
    pthread_t thread;

    connect_here();
    pthread_create(&thread, NULL, receive, &server);
    usleep(20000);
    CALL(shutdown(server, SHUT_RD));
    received(thread);
    disconnect();
    connect_here();
    pthread_create(&thread, NULL, receive, &server);
    usleep(20000);
    CALL(close(server)); /* the thread has it still */
    usleep(20000);
    CALL(send(client, "x", 1, 0));
    received(thread);
    CALL(ready(client, POLLIN) & POLLIN);
    CALL(close(client));
}

void suite_sockets(void)
{
    suite_line("# sockets");
    making();
    listen_here();
    names();
    options();
    moving();
    bulk();
    ends();
    times();
    many();
    meeting();
    CALL(close(listener));
    datagrams();
}
