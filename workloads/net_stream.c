/* SPDX-License-Identifier: MIT */
/*
 * net_stream: bulk data over one connection after the other, both ways.
 *
 * A request is two numbers, 32 bits big-endian each, and so many bytes as the first says.  The answer has so many bytes
 * as the second says, and the FNV-1a hash of every 61st of those that came, 64 bits big-endian: what arrives must be
 * what was sent, and looking at it must not cost more than bringing it.
 *
 * Arguments: port=5001  ops=, warm= (toll_serve.h)
 */
#include "toll_hash.h"
#include "toll_serve.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define BUFFER_BYTES 65536u
#define HEAD_BYTES 8u
#define HASH_BYTES 8u
#define HASH_STRIDE 61u

static unsigned char buffer[BUFFER_BYTES], data[BUFFER_BYTES + HASH_BYTES];

static uint32_t get32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Exactly n bytes; false at the end of the connection. */
static bool receive_all(int socket, unsigned char *at, size_t n)
{
    while (n > 0) {
        ssize_t got = recv(socket, at, n, 0);
        if (got <= 0)
            return false;
        at += got;
        n -= (size_t)got;
    }
    return true;
}

static bool send_all(int socket, const unsigned char *at, size_t n)
{
    while (n > 0) {
        ssize_t put = send(socket, at, n, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        at += put;
        n -= (size_t)put;
    }
    return true;
}

static bool take(int socket, uint32_t n, uint64_t *hash)
{
    uint32_t next = 0; /* the byte to hash, from where buffer begins */

    *hash = TOLL_HASH_START;
    while (n > 0) {
        ssize_t got = recv(socket, buffer, n < BUFFER_BYTES ? n : BUFFER_BYTES, 0);
        if (got <= 0)
            return false;
        for (; next < (uint32_t)got; next += HASH_STRIDE)
            *hash = toll_hash(*hash, buffer + next, 1);
        next -= (uint32_t)got;
        n -= (uint32_t)got;
    }
    return true;
}

/* Bytes `at` and the following of what is sent: what the client expects of request 0 (harness/client.c). */
static void fill(uint32_t at, uint32_t n)
{
    static uint32_t filled_at, filled;

    if (filled_at == at && filled == n)
        return;
    filled_at = at;
    filled = n;
    for (uint32_t i = 0; i < n; i++)
        data[i] = (unsigned char)('a' + ((at + i) * 11 + (at + i) / 26) % 26);
}

static bool give(int socket, uint32_t n, uint64_t hash)
{
    uint32_t done = 0;

    do {
        uint32_t piece = n - done < BUFFER_BYTES ? n - done : BUFFER_BYTES, more = 0;
        fill(done, piece);
        done += piece;
        if (done == n) {
            for (unsigned i = 0; i < HASH_BYTES; i++)
                data[piece + i] = (unsigned char)(hash >> (56 - 8 * i));
            more = HASH_BYTES;
        }
        if (!send_all(socket, data, piece + more))
            return false;
    } while (done < n);
    return true;
}

static void serve(int socket)
{
    unsigned char head[HEAD_BYTES];
    uint64_t hash;

    while (!toll_serve_ended() && receive_all(socket, head, sizeof head) && take(socket, get32(head), &hash) &&
           give(socket, get32(head + 4), hash))
        toll_served();
    if (toll_serve_ended()) /* the client ends first, with all that it was sent */
        receive_all(socket, head, sizeof head);
}

int main(int argc, char **argv)
{
    unsigned port;
    int listener, on = 1;

    toll_main(argc, argv, "net_stream");
    port = (unsigned)toll_arg_number("port", 5001);
    listener = toll_port_open(SOCK_STREAM | SOCK_CLOEXEC, port);
    if (listener < 0) {
        toll_check(false, "port %u: %s", port, strerror(errno));
        return toll_done();
    }
    toll_serve(toll_arg_number("ops", 0), toll_arg_number("warm", 0));
    toll_listen("tcp", port);
    while (!toll_serve_ended()) {
        int s = accept(listener, NULL, NULL);
        if (s < 0 && errno != EINTR && errno != ECONNABORTED)
            break;
        if (s < 0)
            continue;
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        serve(s);
        close(s);
    }
    toll_check(toll_serve_ended(), "accept: %s", strerror(errno));
    return toll_done();
}
