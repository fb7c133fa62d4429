/* SPDX-License-Identifier: MIT */
/*
 * client.h: what a load generator says and what it must hear, by protocol, apart from how bytes travel: the peer of the
 * exact lane (peer.h) and `toll load` over ordinary sockets (load.h) share it.
 *
 *      resp     Redis's protocol, RESP2: requests are commands whose words are separated by blanks
 *      http     HTTP/1.1 (RFC 9112): requests are "METHOD /PATH"
 *      echo     `bytes` bytes, which come back
 *      stream   an 8-byte head (bytes of the request and of its answer, 32 bits big-endian each), `bytes_in` bytes;
 *               the answer has bytes_out bytes and the FNV-1a hash of every 61st of those of the request, 64 bits
 *               big-endian
 *
 * A request of the mix is drawn by weight; in a command %d is a random key below `keys` and %v that key's value.  With
 * keys and values, the first requests of all set every key, so that each GET has its answer.  Everything random comes
 * from the seed.  Each answer is checked: its form, its length, and its content where that is known.  What cannot be
 * known here is compared between systems, by a digest; of an answer in http only the content is in it, for heads differ
 * with the server's name and date.
 */
#ifndef TOLL_CLIENT_H
#define TOLL_CLIENT_H

#include "config.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_PIPELINE_MAX 1024u
#define CLIENT_ERROR_BYTES 256

struct client_bytes {
    unsigned char *at;
    size_t count, room;
};

/* An outstanding request. */
struct client_expected {
    uint32_t request; /* index in the mix, or CLIENT_SETS_KEY */
    uint32_t key;
    uint64_t number;
};

/* One connection's side of the conversation; all zeros at first.  Several of them share a client. */
struct client_flow {
    struct client_expected *expected; /* a ring of `pipeline` */
    uint32_t first, outstanding;
    struct client_bytes in; /* of answers that are not whole yet */
};

struct client {
    const struct config_clients *load;
    uint64_t total, issued, answered, errors;
    uint64_t answers; /* digest of the content of each answer with its request's number, in whatever order they came */
    uint64_t random;
    uint64_t *hashes;               /* of the answer to each request of the mix, once known */
    char error[CLIENT_ERROR_BYTES]; /* the first */
};

/* load must stay; total: requests to make, 0: without end. */
void client_init(struct client *client, const struct config_clients *load, uint64_t total, uint64_t seed);
void client_free(struct client *client);

void client_flow_free(struct client_flow *flow);

bool client_has_more(const struct client *client);

/* Appends the next request to out and remembers what its answer must be. */
void client_request(struct client *client, struct client_flow *flow, struct client_bytes *out);

/* Bytes came from the server.  How many answers they complete; -1: they are no answers, client->error says why.  A
   wrong answer of the right form is counted in errors and as an answer. */
int client_answer(struct client *client, struct client_flow *flow, const void *bytes, size_t n);

/* Adds room for n bytes at the end of b and gives them. */
unsigned char *client_bytes_add(struct client_bytes *b, size_t n);
void client_bytes_drop(struct client_bytes *b, size_t n);

/* The length of the first whole answer in n bytes at `at`: 0: it is not whole; -1: it is none. */
long client_resp_length(const unsigned char *at, size_t n, unsigned depth);
/* of_head: the answer to a HEAD request.  body: where its content begins. */
long client_http_length(const unsigned char *at, size_t n, bool of_head, unsigned *status, size_t *body);

#endif
