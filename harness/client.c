/* SPDX-License-Identifier: MIT */
/*
 * client.c: requests and answers of all protocols (client.h).
 */
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_SETS_KEY UINT32_MAX
#define COMMAND_MAX 1024
#define STATUS_LINE_LEAST 12 /* "HTTP/1.1 200" */
#define STREAM_STRIDE 61u    /* workloads/net_stream.c */

/* FNV-1a of 64 bits, as the workloads' (workloads/toll_hash.h). */
#define HASH_START 0xcbf29ce484222325u

static uint64_t hash_add(uint64_t hash, const unsigned char *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

/* ---- bytes ---- */

unsigned char *client_bytes_add(struct client_bytes *b, size_t n)
{
    if (b->room - b->count < n) {
        b->room = 2 * b->room + n + 256;
        b->at = realloc(b->at, b->room);
        if (!b->at)
            abort();
    }
    b->count += n;
    return b->at + b->count - n;
}

void client_bytes_drop(struct client_bytes *b, size_t n)
{
    b->count -= n;
    if (b->count)
        memmove(b->at, b->at + n, b->count);
}

static void bytes_text(struct client_bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void bytes_text(struct client_bytes *b, const char *format, ...)
{
    char text[COMMAND_MAX];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    memcpy(client_bytes_add(b, (size_t)n), text, (size_t)n);
}

static void put32(unsigned char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static void put64(unsigned char *at, uint64_t value)
{
    put32(at, (uint32_t)(value >> 32));
    put32(at + 4, (uint32_t)value);
}

/* Byte i of the data numbered `number`: values of keys, messages. */
static unsigned char pattern(uint64_t number, size_t i)
{
    return (unsigned char)('a' + (number * 7 + i * 11 + i / 26) % 26);
}

static void pattern_fill(unsigned char *at, size_t n, uint64_t number)
{
    for (size_t i = 0; i < n; i++)
        at[i] = pattern(number, i);
}

static bool pattern_is(const unsigned char *at, size_t n, uint64_t number)
{
    for (size_t i = 0; i < n; i++)
        if (at[i] != pattern(number, i))
            return false;
    return true;
}

/* ---- the client ---- */

/* xorshift64* (Vigna, 2016). */
static uint64_t random_next(struct client *client)
{
    client->random ^= client->random >> 12;
    client->random ^= client->random << 25;
    client->random ^= client->random >> 27;
    return client->random * 0x2545f4914f6cdd1du >> 16;
}

void client_init(struct client *client, const struct config_clients *load, uint64_t total, uint64_t seed)
{
    *client = (struct client){.load = load, .total = total, .random = seed * 2 + 1};
    client->hashes = calloc(load->request_count + 1, sizeof(*client->hashes));
    if (!client->hashes)
        abort();
}

void client_free(struct client *client)
{
    free(client->hashes);
    client->hashes = NULL;
}

void client_flow_free(struct client_flow *flow)
{
    free(flow->expected);
    free(flow->in.at);
    *flow = (struct client_flow){0};
}

bool client_has_more(const struct client *client)
{
    return client->total == 0 || client->issued < client->total;
}

static uint32_t request_draw(struct client *client)
{
    const struct config_clients *load = client->load;
    uint64_t weights = 0, at;
    uint32_t i = 0;

    for (uint32_t r = 0; r < load->request_count; r++)
        weights += load->requests[r].weight;
    if (load->request_count < 2)
        return 0;
    for (at = random_next(client) % weights; at >= load->requests[i].weight; i++)
        at -= load->requests[i].weight;
    return i;
}

static struct client_expected *expected_add(struct client *client, struct client_flow *flow)
{
    struct client_expected *e;

    if (!flow->expected && !(flow->expected = calloc(client->load->pipeline, sizeof(*flow->expected))))
        abort();
    e = &flow->expected[(flow->first + flow->outstanding++) % client->load->pipeline];
    *e = (struct client_expected){.number = client->issued};
    return e;
}

/* One word of a command as a bulk string, %d and %v replaced. */
static void resp_word(const struct client *client, struct client_bytes *out, const char *word, size_t n, uint32_t key)
{
    const char *mark = memmem(word, n, "%d", 2);
    char text[COMMAND_MAX];

    if (n == 2 && memcmp(word, "%v", 2) == 0) {
        bytes_text(out, "$%u\r\n", client->load->value_bytes);
        pattern_fill(client_bytes_add(out, client->load->value_bytes), client->load->value_bytes, key);
        bytes_text(out, "\r\n");
        return;
    }
    if (mark)
        snprintf(text, sizeof(text), "%.*s%u%.*s", (int)(mark - word), word, key, (int)(word + n - mark - 2), mark + 2);
    else
        snprintf(text, sizeof(text), "%.*s", (int)n, word);
    bytes_text(out, "$%zu\r\n%s\r\n", strlen(text), text);
}

static void resp_command(const struct client *client, struct client_bytes *out, const char *command, uint32_t key)
{
    unsigned words = 0;

    for (const char *at = command; *at; at += strspn(at, " ")) {
        words++;
        at += strcspn(at, " ");
    }
    bytes_text(out, "*%u\r\n", words);
    for (const char *at = command; *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");

        resp_word(client, out, at, n, key);
        at += n;
    }
}

static void resp_request(struct client *client, struct client_expected *e, struct client_bytes *out)
{
    const struct config_clients *load = client->load;

    if (load->value_bytes && client->issued < load->keys) {
        e->request = CLIENT_SETS_KEY;
        e->key = (uint32_t)client->issued;
        resp_command(client, out, "SET key:%d %v", e->key);
        return;
    }
    e->request = request_draw(client);
    e->key = load->keys ? (uint32_t)(random_next(client) % load->keys) : 0;
    resp_command(client, out, load->requests[e->request].text, e->key);
}

static void http_request(struct client *client, struct client_expected *e, struct client_bytes *out)
{
    e->request = request_draw(client);
    bytes_text(out, "%s HTTP/1.1\r\nHost: toll\r\n\r\n", client->load->requests[e->request].text);
}

static void stream_request(const struct client *client, const struct client_expected *e, struct client_bytes *out)
{
    unsigned char *at = client_bytes_add(out, 8);

    put32(at, client->load->bytes_in);
    put32(at + 4, client->load->bytes_out);
    pattern_fill(client_bytes_add(out, client->load->bytes_in), client->load->bytes_in, e->number);
}

void client_request(struct client *client, struct client_flow *flow, struct client_bytes *out)
{
    struct client_expected *e = expected_add(client, flow);

    switch (client->load->protocol) {
    case CONFIG_RESP:
        resp_request(client, e, out);
        break;
    case CONFIG_HTTP:
        http_request(client, e, out);
        break;
    case CONFIG_ECHO:
        pattern_fill(client_bytes_add(out, client->load->bytes), client->load->bytes, e->number);
        break;
    case CONFIG_STREAM:
        stream_request(client, e, out);
        break;
    }
    client->issued++;
}

/* ---- answers ---- */

static void wrong(struct client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void wrong(struct client *client, const char *format, ...)
{
    va_list args;

    if (client->errors++)
        return;
    va_start(args, format);
    vsnprintf(client->error, sizeof(client->error), format, args);
    va_end(args);
}

/* A number up to CR LF; *n becomes the bytes of the line. */
static bool resp_number(const unsigned char *at, size_t n, long *value, size_t *line)
{
    const unsigned char *end = memmem(at, n < 32 ? n : 32, "\r\n", 2);

    if (!end)
        return false;
    *value = strtol((const char *)at + 1, NULL, 10);
    *line = (size_t)(end - at) + 2;
    return true;
}

static long resp_array_length(const unsigned char *at, size_t n, long elements, size_t done, unsigned depth)
{
    for (long i = 0; i < elements; i++) {
        long one = done < n ? client_resp_length(at + done, n - done, depth + 1) : 0;

        if (one <= 0)
            return one;
        done += (size_t)one;
    }
    return (long)done;
}

long client_resp_length(const unsigned char *at, size_t n, unsigned depth)
{
    const unsigned char *end;
    size_t line;
    long value;

    if (n == 0)
        return 0;
    if (depth > 8 || !memchr("+-:$*", at[0], 5))
        return -1;
    if (at[0] != '$' && at[0] != '*') {
        end = memmem(at, n, "\r\n", 2);
        return end ? end + 2 - at : 0;
    }
    if (!resp_number(at, n, &value, &line))
        return n >= 32 ? -1 : 0;
    if (value < -1 || value > 1 << 30)
        return -1;
    if (at[0] == '*')
        return resp_array_length(at, n, value, line, depth);
    if (value < 0)
        return (long)line;
    return n >= line + (size_t)value + 2 ? (long)(line + (size_t)value + 2) : 0;
}

static void resp_check(struct client *client, const struct client_expected *e, const unsigned char *at, size_t n)
{
    const char *command = e->request == CLIENT_SETS_KEY ? "SET" : client->load->requests[e->request].text;
    uint32_t bytes = client->load->value_bytes;

    if (at[0] == '-')
        wrong(client, "%.40s was answered with %.*s", command, (int)(n > 100 ? 100 : n - 2), at);
    else if (strncmp(command, "SET ", 4) == 0 || strcmp(command, "SET") == 0) {
        if (n != 5 || memcmp(at, "+OK\r\n", 5) != 0)
            wrong(client, "SET was not answered with OK, but with %.*s", (int)(n > 100 ? 100 : n - 2), at);
    } else if (strncmp(command, "PING", 5) == 0) {
        if (n != 7 || memcmp(at, "+PONG\r\n", 7) != 0)
            wrong(client, "PING was not answered with PONG, but with %.*s", (int)(n > 100 ? 100 : n - 2), at);
    } else if (strncmp(command, "GET key:%d", 11) == 0 && bytes) {
        if (n < bytes + 2 || atoi((const char *)at + 1) != (int)bytes || !pattern_is(at + n - 2 - bytes, bytes, e->key))
            wrong(client, "GET key:%u was not answered with its value of %u bytes, but with %.*s", e->key, bytes,
                  (int)(n > 100 ? 100 : n - 2), at);
    }
}

/* The value of Content-Length, or -1. */
static long http_content_length(const char *head, size_t n)
{
    static const char name[] = "\ncontent-length:";

    for (size_t i = 0; i + sizeof(name) < n; i++)
        if (strncasecmp(head + i, name, sizeof(name) - 1) == 0)
            return strtol(head + i + sizeof(name) - 1, NULL, 10);
    return -1;
}

long client_http_length(const unsigned char *at, size_t n, bool of_head, unsigned *status, size_t *body)
{
    const unsigned char *end = memmem(at, n, "\r\n\r\n", 4);
    long content;

    if (n >= 5 && memcmp(at, "HTTP/", 5) != 0)
        return -1;
    if (!end)
        return n > 65536 ? -1 : 0;
    if (end - at < STATUS_LINE_LEAST)
        return -1;
    *body = (size_t)(end + 4 - at);
    *status = (unsigned)atoi((const char *)at + 9);
    if (of_head || *status == 304 || *status == 204 || *status < 200)
        return (long)*body;
    content = http_content_length((const char *)at, *body);
    if (content < 0)
        return -1;
    return n >= *body + (size_t)content ? (long)(*body + (size_t)content) : 0;
}

static bool http_is_head(const struct client *client, const struct client_expected *e)
{
    return strncmp(client->load->requests[e->request].text, "HEAD ", 5) == 0;
}

/* The same content for the same request each time, of the length that the configuration expects. */
static void http_check(struct client *client, const struct client_expected *e, const unsigned char *at, size_t n)
{
    const char *request = client->load->requests[e->request].text;
    size_t body = n;
    unsigned status = 0;
    uint64_t hash;

    client_http_length(at, n, http_is_head(client, e), &status, &body);
    hash = hash_add(HASH_START, at + body, n - body);
    if (status != 200)
        wrong(client, "%s was answered with the status %u", request, status);
    else if (client->load->bytes && !http_is_head(client, e) && n - body != client->load->bytes)
        wrong(client, "%s was answered with %zu bytes instead of %u", request, n - body, client->load->bytes);
    else if (client->hashes[e->request] && client->hashes[e->request] != hash)
        wrong(client, "%s was answered with other content than before", request);
    client->hashes[e->request] = hash;
}

static void stream_check(struct client *client, const struct client_expected *e, const unsigned char *at)
{
    uint32_t in = client->load->bytes_in, out = client->load->bytes_out;
    struct client_bytes sent = {0};
    uint64_t value = HASH_START;
    unsigned char hash[8];

    pattern_fill(client_bytes_add(&sent, in), in, e->number);
    for (uint32_t i = 0; i < in; i += STREAM_STRIDE)
        value = hash_add(value, sent.at + i, 1);
    put64(hash, value);
    free(sent.at);
    if (memcmp(at + out, hash, sizeof(hash)) != 0)
        wrong(client, "request %lu: the server saw other bytes than were sent", (unsigned long)e->number);
    else if (!pattern_is(at, out, 0))
        wrong(client, "request %lu: other bytes came than the server has to send", (unsigned long)e->number);
}

static long answer_length(const struct client *client, const struct client_expected *e, const unsigned char *at,
                          size_t n)
{
    const struct config_clients *load = client->load;
    unsigned status;
    size_t body, bytes;

    if (load->protocol == CONFIG_RESP)
        return client_resp_length(at, n, 0);
    if (load->protocol == CONFIG_HTTP)
        return client_http_length(at, n, http_is_head(client, e), &status, &body);
    bytes = load->protocol == CONFIG_ECHO ? load->bytes : load->bytes_out + 8;
    return n >= bytes ? (long)bytes : 0;
}

static void answer_check(struct client *client, const struct client_expected *e, const unsigned char *at, size_t n)
{
    if (client->load->protocol == CONFIG_RESP)
        resp_check(client, e, at, n);
    else if (client->load->protocol == CONFIG_HTTP)
        http_check(client, e, at, n);
    else if (client->load->protocol == CONFIG_STREAM)
        stream_check(client, e, at);
    else if (!pattern_is(at, n, e->number))
        wrong(client, "message %lu came back changed", (unsigned long)e->number);
}

/* A sum, which knows no order: of several connections the one or the other may be answered first. */
static void answer_digest(struct client *client, const struct client_expected *e, const unsigned char *at, size_t n)
{
    unsigned char number[8];
    unsigned status;
    size_t body = 0;

    if (client->load->protocol == CONFIG_HTTP)
        client_http_length(at, n, http_is_head(client, e), &status, &body);
    put64(number, e->number);
    client->answers += hash_add(hash_add(HASH_START, number, sizeof(number)), at + body, n - body);
}

static int nonsense(struct client *client, const char *what, const unsigned char *at, size_t n)
{
    wrong(client, "%s: %.*s", what, (int)(n > 80 ? 80 : n), at);
    return -1;
}

int client_answer(struct client *client, struct client_flow *flow, const void *bytes, size_t n)
{
    size_t done = 0;
    int answers = 0;

    memcpy(client_bytes_add(&flow->in, n), bytes, n);
    while (done < flow->in.count) {
        const unsigned char *at = flow->in.at + done;
        const struct client_expected *e = flow->expected + flow->first;
        long length;

        if (flow->outstanding == 0)
            return nonsense(client, "an answer to nothing", at, flow->in.count - done);
        length = answer_length(client, e, at, flow->in.count - done);
        if (length < 0)
            return nonsense(client, "this is no answer", at, flow->in.count - done);
        if (length == 0)
            break;
        answer_check(client, e, at, (size_t)length);
        answer_digest(client, e, at, (size_t)length);
        done += (size_t)length;
        flow->first = (flow->first + 1) % client->load->pipeline;
        flow->outstanding--;
        client->answered++;
        answers++;
    }
    client_bytes_drop(&flow->in, done);
    return answers;
}
