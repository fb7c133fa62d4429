/* SPDX-License-Identifier: MIT */
/*
 * load.c: one thread with epoll that is all the clients (load.h).
 */
#include "load.h"
#include "process.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000ull
#define EVENTS_MAX 256
#define READ_BYTES 262144u
#define WAIT_MS 100 /* at most, so that a cancellation is seen */
#define ANSWER_S 30 /* a server that is silent for so long is given up */
#define CONNECT_S 10

struct connection {
    int socket;
    bool waits_to_send;
    struct client_flow flow;
    struct client_bytes out;
    uint64_t *starts; /* ring of `pipeline`: when each outstanding request was due */
};

struct load {
    const struct load_options *options;
    struct client client;
    struct connection *connections;
    int poll;
    uint64_t start, end, last_answer;
    uint64_t limit;    /* requests of this phase, with those before; 0: none */
    uint64_t measured; /* the first request whose latency counts */
    double rate;
    unsigned next; /* the connection to be asked next for a free place */
    struct load_result *result;
    struct error *error;
    unsigned char read[READ_BYTES];
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static int watch(struct load *load, struct connection *c, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};

    return epoll_ctl(load->poll, operation, c->socket, &event);
}

/* ---- connections ---- */

static int connection_open(struct load *load, struct connection *c)
{
    const struct load_options *o = load->options;
    struct timeval limit = {.tv_sec = CONNECT_S};
    int on = 1;

    c->starts = calloc(o->load->pipeline, sizeof(*c->starts));
    if (!c->starts)
        abort();
    c->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->socket < 0)
        return error_set(load->error, TOLL_HOST, "cannot make a socket: %s", strerror(errno));
    setsockopt(c->socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(c->socket, (const struct sockaddr *)&o->to, sizeof(o->to)) || watch(load, c, EPOLL_CTL_ADD, EPOLLIN))
        return error_set(load->error, TOLL_GUEST,
                         "connection %zu of %u: %s; is the server there, and does it take so many?",
                         (size_t)(c - load->connections) + 1, o->load->connections, strerror(errno));
    return 0;
}

/* One after the other: QEMU's user-mode network drops connections when many arrive at once. */
static int connections_open(struct load *load)
{
    const struct timespec pause = {.tv_sec = load->options->ramp_ms / 1000,
                                   .tv_nsec = load->options->ramp_ms % 1000 * 1000000L};

    for (unsigned i = 0; i < load->options->load->connections; i++) {
        if (process_cancelled(load->options->cancel))
            return error_set(load->error, TOLL_INTERRUPTED, "interrupted");
        if (connection_open(load, &load->connections[i]))
            return -1;
        nanosleep(&pause, NULL);
    }
    return 0;
}

static int connection_send(struct load *load, struct connection *c)
{
    ssize_t n = c->out.count ? send(c->socket, c->out.at, c->out.count, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return error_set(load->error, TOLL_GUEST, "the server ended a connection: %s", strerror(errno));
    if (n > 0)
        client_bytes_drop(&c->out, (size_t)n);
    if ((c->out.count > 0) != c->waits_to_send) {
        c->waits_to_send = c->out.count > 0;
        watch(load, c, EPOLL_CTL_MOD, c->waits_to_send ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
    return 0;
}

/* ---- requests ---- */

static uint64_t due_next(const struct load *load)
{
    return load->start + (uint64_t)((double)(load->client.issued - load->measured) / load->rate * 1e9);
}

/* In an open loop what was due before the end is asked, however late. */
static bool may_issue(const struct load *load)
{
    if (load->limit && load->client.issued >= load->limit)
        return false;
    return !load->end || (load->rate > 0 ? due_next(load) : now_ns()) < load->end;
}

static void request_issue(struct load *load, struct connection *c, uint64_t due)
{
    uint32_t pipeline = load->options->load->pipeline;

    c->starts[(c->flow.first + c->flow.outstanding) % pipeline] = due;
    client_request(&load->client, &c->flow, &c->out);
}

static int fill_closed(struct load *load, struct connection *c)
{
    uint64_t now = now_ns();

    if (c->flow.outstanding)
        return 0;
    for (uint32_t i = 0; i < load->options->load->pipeline && may_issue(load); i++)
        request_issue(load, c, now);
    return connection_send(load, c);
}

/* A connection with a free place in its pipeline; NULL: there is none. */
static struct connection *connection_free(struct load *load)
{
    uint32_t count = load->options->load->connections;

    for (uint32_t i = 0; i < count; i++) {
        struct connection *c = &load->connections[(load->next + i) % count];

        if (c->flow.outstanding < load->options->load->pipeline) {
            load->next = (load->next + i + 1) % count;
            return c;
        }
    }
    return NULL;
}

/* All that are due and have a place; what has none stays due. */
static int fill_open(struct load *load)
{
    struct connection *c;

    while (may_issue(load) && due_next(load) <= now_ns() && (c = connection_free(load))) {
        request_issue(load, c, due_next(load));
        if (connection_send(load, c))
            return -1;
    }
    return 0;
}

static int connection_receive(struct load *load, struct connection *c)
{
    ssize_t n = recv(c->socket, load->read, sizeof(load->read), MSG_DONTWAIT);
    uint32_t first = c->flow.first, pipeline = load->options->load->pipeline;
    uint64_t number = c->flow.outstanding ? c->flow.expected[first].number : 0;
    int answers;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return error_set(load->error, TOLL_GUEST, "the server ended a connection with %u requests unanswered: %s",
                         c->flow.outstanding, n ? strerror(errno) : "end of the stream");
    answers = client_answer(&load->client, &c->flow, load->read, (size_t)n);
    if (answers < 0)
        return error_set(load->error, TOLL_GUEST, "%s", load->client.error);
    load->last_answer = now_ns();
    for (int i = 0; i < answers && number >= load->measured; i++)
        histogram_add(&load->result->latency, load->last_answer - c->starts[(first + (uint32_t)i) % pipeline]);
    return load->rate > 0 ? 0 : fill_closed(load, c);
}

/* ---- phases ---- */

static int wait_ms(const struct load *load)
{
    uint64_t now = now_ns(), due = load->rate > 0 && may_issue(load) ? due_next(load) : UINT64_MAX;

    if (due <= now)
        return 1; /* there is no place for it yet */
    return due - now < WAIT_MS * 1000000ull ? (int)((due - now) / 1000000) : WAIT_MS;
}

static bool is_over(const struct load *load)
{
    return load->client.answered == load->client.issued && !may_issue(load);
}

static int turn(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(load->poll, events, EVENTS_MAX, wait_ms(load));

    for (int i = 0; i < n; i++) {
        struct connection *c = events[i].data.ptr;

        if ((events[i].events & EPOLLOUT && connection_send(load, c)) ||
            (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && connection_receive(load, c)))
            return -1;
    }
    if (process_cancelled(load->options->cancel))
        return error_set(load->error, TOLL_INTERRUPTED, "interrupted");
    if (load->client.answered < load->client.issued && now_ns() - load->last_answer > ANSWER_S * NS)
        return error_set(load->error, TOLL_GUEST, "the server answered nothing for %d s", ANSWER_S);
    return load->rate > 0 ? fill_open(load) : 0;
}

static int phase_run(struct load *load, uint64_t requests, double seconds, double rate)
{
    int failed = 0;

    load->start = load->last_answer = now_ns();
    load->limit = requests ? load->client.issued + requests : 0;
    load->end = seconds > 0 ? load->start + (uint64_t)(seconds * 1e9) : 0;
    load->rate = rate;
    for (uint32_t i = 0; i < load->options->load->connections && rate <= 0 && !failed; i++)
        failed = fill_closed(load, &load->connections[i]);
    while (!failed && !is_over(load))
        failed = turn(load);
    return failed;
}

/* The keys first, unmeasured. */
static int phases_run(struct load *load)
{
    const struct load_options *o = load->options;
    uint64_t before = o->load->value_bytes ? o->load->keys : 0;

    load->measured = before;
    if (connections_open(load) || (before && phase_run(load, before, 0, 0)) ||
        phase_run(load, o->requests, o->seconds, o->rate))
        return -1;
    load->result->seconds = (double)(load->last_answer - load->start) / 1e9;
    load->result->requests = load->client.answered - before;
    load->result->errors = load->client.errors;
    memcpy(load->result->problem, load->client.error, sizeof(load->result->problem));
    return 0;
}

int load_run(const struct load_options *options, struct load_result *out, struct error *error)
{
    struct load *load = calloc(1, sizeof(*load));
    int failed;

    memset(out, 0, sizeof(*out));
    if (!load || !(load->connections = calloc(options->load->connections, sizeof(*load->connections))))
        abort();
    load->options = options;
    load->result = out;
    load->error = error;
    load->poll = epoll_create1(EPOLL_CLOEXEC);
    client_init(&load->client, options->load, 0, options->seed);
    for (uint32_t i = 0; i < options->load->connections; i++)
        load->connections[i].socket = -1;
    failed = load->poll < 0 ? error_set(error, TOLL_HOST, "epoll: %s", strerror(errno)) : phases_run(load);
    for (uint32_t i = 0; i < options->load->connections; i++) {
        struct connection *c = &load->connections[i];

        if (c->socket >= 0)
            close(c->socket);
        client_flow_free(&c->flow);
        free(c->out.at);
        free(c->starts);
    }
    if (load->poll >= 0)
        close(load->poll);
    client_free(&load->client);
    free(load->connections);
    free(load);
    return failed;
}
