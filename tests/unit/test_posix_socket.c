/* SPDX-License-Identifier: MIT */
/* test_posix_socket.c: sockets over the host's net: making them, their names and options, moving data, waiting for it.
 */
#include "socket_fixture.h"

/* ---- making ---- */

static void make_body(void)
{
    static const struct {
        uint64_t family, type, protocol;
        int error;
    } wrong[] = {
        {1, SOCK_STREAM, 0, -EAFNOSUPPORT},
        {10, SOCK_STREAM, 0, -EAFNOSUPPORT},
        {99, SOCK_STREAM, 0, -EAFNOSUPPORT},
        {AF_INET, 0, 0, -ESOCKTNOSUPPORT},
        {AF_INET, 11, 0, -EINVAL},
        {AF_INET, SOCK_STREAM | 0x10000, 0, -EINVAL},
        {AF_INET, 5, 0, -ESOCKTNOSUPPORT},
        {AF_INET, SOCK_RAW, 0, -EPROTONOSUPPORT},
        {AF_INET, SOCK_STREAM, IPPROTO_UDP, -EPROTONOSUPPORT},
        {AF_INET, SOCK_DGRAM, IPPROTO_TCP, -EPROTONOSUPPORT},
    };
    int fds[2], fd;
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(posix_socket(0, wrong[i].family, wrong[i].type, wrong[i].protocol), wrong[i].error);
    fd = must_socket(SOCK_STREAM | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(posix_fcntl(0, (uint64_t)fd, F_GETFL, 0), O_RDWR | O_NONBLOCK);
    assert_int_equal(posix_fcntl(0, (uint64_t)fd, F_GETFD, 0), 1);
    assert_int_equal(posix_socketpair(0, AF_INET, SOCK_STREAM, 0, P(fds)), -EOPNOTSUPP);
    assert_int_equal(posix_socketpair(0, 1, SOCK_STREAM, 0, P(fds)), -EAFNOSUPPORT);
    assert_int_equal(posix_listen(0, 0, 1), -ENOTSOCK);
    assert_int_equal(posix_listen(0, 99, 1), -EBADF);
    assert_int_equal(posix_lseek(0, (uint64_t)fd, 0, 0), -ESPIPE);
    assert_int_equal(posix_fsync(0, (uint64_t)fd), -EINVAL);
    host_net_reset(true);
}

static void test_make(void **state)
{
    RUN(make_body);
}

static void no_network_body(void)
{
    assert_int_equal(posix_socket(0, AF_INET, SOCK_STREAM, 0), -EAFNOSUPPORT);
    assert_int_equal(fds_open(), 3);
}

static void test_no_network(void **state)
{
    host_net_reset(false);
    RUN(no_network_body);
}

static void name_body(void)
{
    address_t at = address_of(PORT), got;
    int length = sizeof got, other = must_socket(SOCK_STREAM);
    must_connect();
    assert_int_equal(posix_getsockname(0, (uint64_t)listener, P(&got), P(&length)), 0);
    assert_int_equal(length, sizeof got);
    assert_memory_equal(&got, &at, sizeof got);
    length = 4;
    assert_int_equal(posix_getpeername(0, (uint64_t)client, P(&got), P(&length)), 0);
    assert_int_equal(length, sizeof got); /* what there would have been */
    length = -1;
    assert_int_equal(posix_getpeername(0, (uint64_t)client, P(&got), P(&length)), -EINVAL);
    assert_int_equal(posix_getpeername(0, (uint64_t)client, P(&got), BAD), -EFAULT);
    assert_int_equal(posix_getpeername(0, (uint64_t)other, P(&got), P(&length)), -ENOTCONN);
    assert_int_equal(posix_bind(0, (uint64_t)other, P(&at), 15), -EINVAL);
    assert_int_equal(posix_bind(0, (uint64_t)other, P(&at), 1), -EINVAL);
    assert_int_equal(posix_bind(0, (uint64_t)other, P(&at), 129), -EINVAL);
    assert_int_equal(posix_bind(0, (uint64_t)other, BAD, 16), -EFAULT);
    assert_int_equal(posix_bind(0, (uint64_t)other, P(&at), sizeof at), -EADDRINUSE);
    at.family = 10;
    assert_int_equal(posix_bind(0, (uint64_t)other, P(&at), sizeof at), -EAFNOSUPPORT);
    assert_int_equal(posix_connect(0, (uint64_t)other, P(&at), sizeof at), -EAFNOSUPPORT);
    at = address_of(1);
    assert_int_equal(posix_connect(0, (uint64_t)other, P(&at), sizeof at), -ECONNREFUSED);
    at.address = 0x01010101;
    assert_int_equal(posix_connect(0, (uint64_t)other, P(&at), sizeof at), -ENETUNREACH);
    assert_int_equal(posix_connect(0, (uint64_t)client, P(&at), sizeof at), -EISCONN);
}

static void test_names(void **state)
{
    RUN(name_body);
}

static int64_t option(int fd, uint64_t level, uint64_t name)
{
    int value = -77, length = sizeof value;
    int64_t error = posix_getsockopt(0, (uint64_t)fd, level, name, P(&value), P(&length));
    return error ? error : value;
}

static void option_body(void)
{
    int on = 1, length = 3;
    int64_t time[2] = {2, 500000}, got[2];
    int linger[2] = {1, 7}, linger_got[2];
    uint64_t fd = (uint64_t)must_socket(SOCK_STREAM);
    assert_int_equal(option((int)fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    assert_int_equal(option((int)fd, SOL_SOCKET, SO_DOMAIN), AF_INET);
    assert_int_equal(option((int)fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
    assert_int_equal(option((int)fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
    assert_int_equal(option((int)fd, SOL_SOCKET, SO_ERROR), 0);
    assert_int_equal(option((int)fd, IPPROTO_TCP, TCP_NODELAY), 0);
    assert_int_equal(option((int)fd, IPPROTO_TCP, 99), -ENOPROTOOPT);
    assert_int_equal(posix_setsockopt(0, fd, IPPROTO_TCP, TCP_NODELAY, P(&on), sizeof on), 0);
    assert_int_equal(option((int)fd, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(posix_setsockopt(0, fd, SOL_SOCKET, SO_REUSEADDR, P(&on), 3), -EINVAL);
    assert_int_equal(posix_setsockopt(0, fd, SOL_SOCKET, SO_REUSEADDR, BAD, 4), -EFAULT);
    assert_int_equal(posix_setsockopt(0, fd, SOL_SOCKET, SO_REUSEADDR, P(&on), (uint64_t)-1), -EINVAL);
    assert_int_equal(posix_setsockopt(0, fd, SOL_SOCKET, SO_TYPE, P(&on), 4), -ENOPROTOOPT);
    assert_int_equal(posix_setsockopt(0, fd, SOL_SOCKET, SO_SNDBUF, P(&on), 4), 0);
    assert_int_equal(posix_setsockopt(0, fd, SOL_SOCKET, SO_RCVTIMEO, P(time), sizeof time), 0);
    length = sizeof got;
    assert_int_equal(posix_getsockopt(0, fd, SOL_SOCKET, SO_RCVTIMEO, P(got), P(&length)), 0);
    assert_memory_equal(got, time, sizeof got);
    time[1] = 1000000;
    assert_int_equal(posix_setsockopt(0, fd, SOL_SOCKET, SO_SNDTIMEO, P(time), sizeof time), -EDOM);
    assert_int_equal(posix_setsockopt(0, fd, SOL_SOCKET, SO_LINGER, P(linger), sizeof linger), 0);
    length = sizeof linger_got;
    assert_int_equal(posix_getsockopt(0, fd, SOL_SOCKET, SO_LINGER, P(linger_got), P(&length)), 0);
    assert_memory_equal(linger_got, linger, sizeof linger);
    length = 1;
    on = 0;
    assert_int_equal(posix_getsockopt(0, fd, SOL_SOCKET, SO_TYPE, P(&on), P(&length)), 0);
    assert_int_equal(length, 1);
    assert_int_equal(posix_getsockopt(0, 0, SOL_SOCKET, SO_TYPE, P(&on), P(&length)), -ENOTSOCK);
    must_listen();
    assert_int_equal(option(listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
}

static void test_options(void **state)
{
    RUN(option_body);
}

/* ---- data ---- */

static void stream_body(void)
{
    char text[10];
    struct linux_iovec v[3] = {{P("ab"), 2}, {BAD, 0}, {P("cd"), 2}}, w[2] = {{P(text), 4}, {P(text + 4), 6}};
    struct linux_stat st;
    int unread = -1;
    must_connect();
    assert_int_equal(posix_write(0, (uint64_t)client, P("hello"), 5), 5);
    assert_int_equal(recv_(server, text, 2, MSG_PEEK), 2);
    assert_int_equal(posix_ioctl(0, (uint64_t)server, FIONREAD, P(&unread)), 0);
    assert_int_equal(unread, 5);
    assert_int_equal(posix_read(0, (uint64_t)server, P(text), 10), 5);
    assert_memory_equal(text, "hello", 5);
    assert_int_equal(recv_(server, text, 10, MSG_DONTWAIT), -EAGAIN);
    assert_int_equal(posix_read(0, (uint64_t)server, P(text), 0), 0);
    assert_int_equal(recv_(server, text, 0, MSG_DONTWAIT), -EAGAIN); /* as on Linux: it waits for something to come */
    assert_int_equal(recv_(server, text, 10, MSG_OOB), -EINVAL);
    assert_int_equal(send_(server, text, 1, MSG_OOB), -EOPNOTSUPP);
    assert_int_equal(posix_writev(0, (uint64_t)client, P(v), 3), 4);
    assert_int_equal(posix_readv(0, (uint64_t)server, P(w), 2), 4); /* does not wait for the second piece */
    assert_memory_equal(text, "abcd", 4);
    assert_int_equal(posix_writev(0, (uint64_t)client, P(v), 1025), -EINVAL);
    assert_int_equal(send_(client, (void *)BAD, 5, 0), -EFAULT);
    assert_int_equal(send_(client, "x", 1, 0), 1);
    assert_int_equal(recv_(server, (void *)BAD, 5, 0), -EFAULT);
    assert_int_equal(recv_(server, text, 5, 0), 1);
    assert_int_equal(posix_fstat(0, (uint64_t)client, P(&st)), 0);
    assert_int_equal(st.mode, S_IFSOCK | 0777);
    assert_int_equal(posix_pread64(0, (uint64_t)client, P(text), 1, 0), -ESPIPE);
    assert_int_equal(posix_shutdown(0, (uint64_t)client, 3), -EINVAL);
    assert_int_equal(posix_shutdown(0, (uint64_t)client, SHUT_WR), 0);
    assert_int_equal(posix_read(0, (uint64_t)server, P(text), 10), 0);
    assert_int_equal(send_(client, "x", 1, MSG_NOSIGNAL), -EPIPE);
    assert_int_equal(posix_shutdown(0, (uint64_t)listener, SHUT_WR), 0);
    assert_int_equal(posix_shutdown(0, (uint64_t)listener, SHUT_RD), 0);
    assert_int_equal(posix_accept(0, (uint64_t)listener, 0, 0), -EINVAL);
}

static void test_stream(void **state)
{
    RUN(stream_body);
}

/* The other thread takes what the first one sends. */
static void drain_thread(void)
{
    char text[1000];
    int64_t n, total = 0;
    while ((n = posix_read(0, (uint64_t)server, P(text), sizeof text)) > 0)
        for (int64_t i = 0; i < n; i++, total++)
            assert_int_equal((uint8_t)text[i], (uint8_t)(total * 7));
    assert_int_equal(n, 0);
    assert_int_equal(total, sizeof big);
}

static void long_send_body(void)
{
    for (unsigned i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 7);
    must_connect();
    assert_int_equal(send_(client, big, sizeof big, MSG_DONTWAIT), FIT);
    assert_int_equal(send_(client, big, 1, MSG_DONTWAIT), -EAGAIN);
    thread_begin(drain_thread);
    assert_int_equal(send_(client, big + FIT, sizeof big - FIT, 0), sizeof big - FIT);
    posix_shutdown(0, (uint64_t)client, SHUT_WR);
    sched_yield();
}

static void test_long_send(void **state)
{
    RUN(long_send_body);
}

static void send_later(void)
{
    struct linux_timespec t = {0, 5 * MS};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(posix_nanosleep(0, P(&t), 0), 0);
        assert_int_equal(send_(client, "abc", 3, 0), 3);
    }
}

static void wait_all_body(void)
{
    char text[9];
    must_connect();
    thread_begin(send_later);
    assert_int_equal(recv_(server, text, 9, MSG_WAITALL), 9);
    assert_memory_equal(text, "abcabcabc", 9);
    thread_begin(send_later);
    assert_int_equal(recv_(server, text, 9, 0), 3);
    assert_int_equal(recv_(server, text, 6, MSG_WAITALL), 6);
}

static void test_wait_all(void **state)
{
    RUN(wait_all_body);
}

static void time_body(void)
{
    char byte;
    int64_t time[2] = {0, 20000};
    uint64_t start = env_now_ns();
    must_connect();
    posix_setsockopt(0, (uint64_t)server, SOL_SOCKET, SO_RCVTIMEO, P(time), sizeof time);
    assert_int_equal(recv_(server, &byte, 1, 0), -EAGAIN);
    assert_in_range(env_now_ns() - start, 20 * MS, 21 * MS);
    posix_setsockopt(0, (uint64_t)listener, SOL_SOCKET, SO_RCVTIMEO, P(time), sizeof time);
    assert_int_equal(posix_accept(0, (uint64_t)listener, 0, 0), -EAGAIN);
    posix_setsockopt(0, (uint64_t)client, SOL_SOCKET, SO_SNDTIMEO, P(time), sizeof time);
    assert_int_equal(send_(client, big, sizeof big, 0), FIT);
    assert_int_equal(send_(client, big, 1, 0), -EAGAIN);
    assert_in_range(env_now_ns() - start, 80 * MS, 84 * MS);
    assert_int_equal(posix_fcntl(0, (uint64_t)listener, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(posix_accept4(0, (uint64_t)listener, 0, 0, O_CLOEXEC | O_NONBLOCK), -EAGAIN);
    assert_int_equal(posix_accept4(0, (uint64_t)listener, 0, 0, 1), -EINVAL);
    assert_int_equal(posix_accept(0, (uint64_t)client, 0, 0), -EINVAL);
    int on = 1;
    assert_int_equal(posix_ioctl(0, (uint64_t)server, FIONBIO, P(&on)), 0);
    posix_read(0, (uint64_t)server, P(big), sizeof big);
    assert_int_equal(posix_read(0, (uint64_t)server, P(&byte), 1), -EAGAIN);
}

static void test_times(void **state)
{
    RUN(time_body);
}

static void datagram_body(void)
{
    address_t at = address_of(PORT), from;
    int length = sizeof from;
    char text[20];
    struct linux_iovec v = {P(text), sizeof text}, pieces[3] = {{P("ab"), 2}, {BAD, 0}, {P("cde"), 3}},
                       parts[2] = {{P(text), 2}, {P(text + 2), 18}};
    struct linux_msghdr m = {.name = P(&from),
                             .name_bytes = sizeof from,
                             .iov = P(&v),
                             .iov_count = 1,
                             .control = 1,
                             .control_bytes = 50,
                             .flags = 77};
    server = must_socket(SOCK_DGRAM);
    client = must_socket(SOCK_DGRAM);
    assert_int_equal(posix_bind(0, (uint64_t)server, P(&at), sizeof at), 0);
    assert_int_equal(send_(client, "x", 1, 0), -EDESTADDRREQ);
    assert_int_equal(posix_sendto(0, (uint64_t)client, P("one"), 3, 0, P(&at), sizeof at), 3);
    assert_int_equal(posix_sendto(0, (uint64_t)client, P(big), 3000, 0, P(&at), sizeof at), -EMSGSIZE);
    assert_int_equal(posix_sendto(0, (uint64_t)client, P("x"), 1, 0, P(&at), 5), -EINVAL);
    assert_int_equal(posix_connect(0, (uint64_t)client, P(&at), sizeof at), 0);
    assert_int_equal(send_(client, "second", 6, 0), 6);
    assert_int_equal(posix_recvfrom(0, (uint64_t)server, P(text), 2, 0, P(&from), P(&length)),
                     2); /* the rest is lost */
    assert_int_equal(length, sizeof from);
    assert_int_equal(from.family, AF_INET);
    assert_int_equal(posix_recvmsg(0, (uint64_t)server, P(&m), 0), 6);
    assert_memory_equal(text, "second", 6);
    assert_int_equal(m.name_bytes, sizeof from);
    assert_int_equal(m.control_bytes, 0);
    assert_int_equal(m.flags, 0);
    m.name_bytes = sizeof from;
    v.length = 4;
    assert_int_equal(posix_sendmsg(0, (uint64_t)server, P(&m), 0), 4); /* to where the last one came from */
    assert_int_equal(recv_(client, text, 20, 0), 4);
    m.iov_count = 3; /* one datagram of three pieces, and received in two */
    m.iov = P(pieces);
    assert_int_equal(posix_sendmsg(0, (uint64_t)server, P(&m), 0), 5);
    assert_int_equal(posix_readv(0, (uint64_t)client, P(parts), 2), 5);
    assert_memory_equal(text, "abcde", 5);
    pieces[0] = (struct linux_iovec){P(big), sizeof big};
    assert_int_equal(posix_sendmsg(0, (uint64_t)server, P(&m), 0), -EMSGSIZE);
    pieces[2].base = BAD;
    assert_int_equal(posix_writev(0, (uint64_t)client, P(pieces), 3), -EFAULT);
    assert_int_equal(send_(client, "", 0, 0), 0);
    assert_int_equal(posix_readv(0, (uint64_t)server, P(parts), 2), 0);
    m.iov_count = 1025;
    assert_int_equal(posix_sendmsg(0, (uint64_t)server, P(&m), 0), -EMSGSIZE);
    assert_int_equal(posix_sendmsg(0, (uint64_t)server, BAD, 0), -EFAULT);
    assert_int_equal(posix_recvmsg(0, 0, P(&m), 0), -ENOTSOCK);
    assert_int_equal(posix_listen(0, (uint64_t)server, 1), -EOPNOTSUPP);
    assert_int_equal(posix_accept(0, (uint64_t)server, 0, 0), -EOPNOTSUPP);
}

static void test_datagrams(void **state)
{
    RUN(datagram_body);
}

static void sendfile_body(void)
{
    char text[20];
    uint64_t offset = 6, fd = (uint64_t)must_fd("/hello.txt", O_RDONLY);
    must_connect();
    assert_int_equal(posix_sendfile(0, (uint64_t)client, fd, P(&offset), 100), 6);
    assert_int_equal(offset, 12);
    assert_int_equal(posix_read(0, (uint64_t)server, P(text), 20), 6);
    assert_memory_equal(text, "world\n", 6);
    assert_int_equal(posix_sendfile(0, (uint64_t)client, fd, 0, 5), 5);
    assert_int_equal(posix_lseek(0, fd, 0, SEEK_CUR), 5);
    assert_int_equal(posix_sendfile(0, (uint64_t)client, fd, P(&offset), 100), 0);
    assert_int_equal(posix_sendfile(0, (uint64_t)client, (uint64_t)server, 0, 1), -EINVAL);
    assert_int_equal(posix_sendfile(0, 99, fd, 0, 1), -EBADF);
    assert_int_equal(posix_sendfile(0, (uint64_t)client, fd, BAD, 1), -EFAULT);
}

static void test_sendfile(void **state)
{
    RUN(sendfile_body);
}

int tests_socket(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_make),      TEST(test_no_network), TEST(test_names), TEST(test_options),   TEST(test_stream),
        TEST(test_long_send), TEST(test_wait_all),   TEST(test_times), TEST(test_datagrams), TEST(test_sendfile),
    };
    return cmocka_run_group_tests_name("posix sockets", tests, posix_open_group, fixture_close);
}
