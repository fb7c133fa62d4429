/* SPDX-License-Identifier: MIT */
/* socket_fixture.h: a listener, and both ends of a connection over the host's net, for tests of posix's sockets. */
#ifndef TOLL_SOCKET_FIXTURE_H
#define TOLL_SOCKET_FIXTURE_H

#include "net.h"
#include "posix_fixture.h"

#define MS 1000000u
#define PORT 7000
#define LOOPBACK 0x0100007fu
#define FIT 8192u /* what the host's net holds on its way */

typedef struct linux_sockaddr_in address_t;
static int listener, client, server;
static char big[40000];

static inline address_t address_of(uint16_t port)
{
    return (address_t){AF_INET, __builtin_bswap16(port), LOOPBACK, {0}};
}

static inline int must_socket(uint32_t type)
{
    int fd = (int)posix_socket(0, AF_INET, type, 0);
    assert_in_range(fd, 0, FD_MAX - 1);
    return fd;
}

static inline void must_listen(void)
{
    address_t at = address_of(PORT);
    listener = must_socket(SOCK_STREAM);
    assert_int_equal(posix_bind(0, (uint64_t)listener, P(&at), sizeof at), 0);
    assert_int_equal(posix_listen(0, (uint64_t)listener, 5), 0);
}

/* A connection: client and server. */
static inline void must_connect(void)
{
    address_t at = address_of(PORT);
    must_listen();
    client = must_socket(SOCK_STREAM);
    assert_int_equal(posix_connect(0, (uint64_t)client, P(&at), sizeof at), 0);
    server = (int)posix_accept(0, (uint64_t)listener, 0, 0);
    assert_in_range(server, 0, FD_MAX - 1);
}

static inline int64_t send_(int fd, const void *data, uint64_t n, uint64_t flags)
{
    return posix_sendto(0, (uint64_t)fd, P(data), n, flags, 0, 0);
}

static inline int64_t recv_(int fd, void *data, uint64_t n, uint64_t flags)
{
    return posix_recvfrom(0, (uint64_t)fd, P(data), n, flags, 0, 0);
}

static inline int socket_setup(void **state)
{
    host_net_reset(true);
    return posix_setup(state);
}

/* Every socket of net's was closed. */
static inline int socket_teardown(void **state)
{
    struct net_books books;
    net_books(&books);
    host_net_reset(true);
    if (books.sockets)
        print_error("%lu sockets of net are left\n", (unsigned long)books.sockets);
    return posix_teardown(state) || books.sockets ? -1 : 0;
}

#define RUN(body)                                                                                                      \
    do {                                                                                                               \
        (void)state;                                                                                                   \
        assert_int_equal(process_run(body), 0);                                                                        \
    } while (0)

#define TEST(f)                                                                                                        \
    {                                                                                                                  \
#f, f, socket_setup, socket_teardown, NULL                                                                     \
    }

#endif
