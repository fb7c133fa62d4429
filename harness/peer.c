/* SPDX-License-Identifier: MIT */
/*
 * peer.c: the peer's thread: frames from and to QEMU's end of the link, and the plugin's word that the guest is idle.
 */
#include "peer_net.h"

#include "file.h"
#include "plugin/settle_peer.h"
#include "qemu.h"
#include "wire.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES (256u << 10)
#define IDLES_UNTIL_LOST 8 /* a guest that waits for an answer is idle again and again only if it is lost */
#define STALL_MS 10000     /* a guest that computes for so long may have lost a frame without ever halting */

struct peer_end {
    struct peer_books books;
    char problem[2 * CLIENT_ERROR_BYTES];
};

struct peer {
    struct peer_net net;
    int ours, theirs, idle;
    const char *serial, *fifo;
    const struct peer_job *jobs;
    size_t job, job_count;
    struct peer_end *ends; /* of the jobs that are done, and the last */
    uint64_t seed;
    pthread_t thread;
    pid_t tid;
    sem_t started;
    atomic_int qemu;
    struct client_bytes in;
    unsigned idles; /* one after the other, without a frame */
};

/* The port at which the workload says on the serial port that it listens, or 0. */
static uint16_t listening_port(const char *path, const char *workload)
{
    static const char main_record[] = WIRE_PREFIX "main ", listen_record[] = WIRE_PREFIX "listen ";
    FILE *file = fopen(path, "re");
    char line[WIRE_LINE_MAX + 1], *end;
    unsigned port = 0;
    bool its = false;

    while (file && fgets(line, sizeof(line), file) && !port && (end = strpbrk(line, "\r\n"))) {
        *end = '\0';
        if (strncmp(line, main_record, sizeof(main_record) - 1) == 0)
            its = strcmp(line + sizeof(main_record) - 1, workload) == 0;
        else if (its && strncmp(line, listen_record, sizeof(listen_record) - 1) == 0)
            sscanf(line + sizeof(listen_record) - 1, "%*15s %u", &port);
    }
    if (file)
        fclose(file);
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static void job_begin(struct peer *peer)
{
    struct peer_net *net = &peer->net;

    net->load = peer->jobs[peer->job].load;
    net->state = PEER_WAITING;
    net->opened = 0;
    net->steps = peer->jobs[peer->job].steps;
    net->step = 0;
    net->warm = peer->jobs[peer->job].warm;
    net->total = peer->jobs[peer->job].total;
    net->books = (struct peer_books){0};
    net->port_first = (uint16_t)(PEER_PORT_FIRST + peer->job % PEER_PORT_JOBS * PEER_PORT_STEP);
    client_init(&net->client, net->load, peer->jobs[peer->job].total, peer->seed);
}

static void job_end(struct peer *peer)
{
    const struct client *client = &peer->net.client;
    struct peer_end *end = &peer->ends[peer->job];

    end->books = peer->net.books;
    end->books.requests = client->answered;
    end->books.answers = client->answers;
    end->books.errors = client->errors;
    if (*peer->net.problem)
        snprintf(end->problem, sizeof(end->problem), "%s", peer->net.problem);
    else if (client->errors)
        snprintf(end->problem, sizeof(end->problem), "%llu answers were wrong; the first: %s",
                 (unsigned long long)client->errors, client->error);
    peer_flows_free(&peer->net);
    client_free(&peer->net.client);
}

/* What the servers before were told is over when a later one listens; those between did not come to that. */
static void job_next(struct peer *peer)
{
    size_t next = peer->job + 1;

    if (peer->net.state != PEER_WAITING && !peer_is_done(&peer->net))
        return;
    while (next < peer->job_count && !listening_port(peer->serial, peer->jobs[next].workload))
        next++;
    if (next >= peer->job_count)
        return;
    job_end(peer);
    peer->job = next;
    job_begin(peer);
}

/* The guest halts with nothing on its way. */
static void idle_take(struct peer *peer)
{
    struct peer_net *net = &peer->net;
    bool waits;

    job_next(peer);
    waits = net->state == PEER_RESOLVING || net->state == PEER_OPENING ||
            (net->state == PEER_RUNNING && net->client.answered < net->client.total);

    if (net->state == PEER_WAITING) {
        uint16_t port = listening_port(peer->serial, peer->jobs[peer->job].workload);

        if (port)
            peer_begin(net, port);
    } else if (net->state == PEER_STEPPING && !net->step_told) {
        peer_step_idle(net);
    } else if (waits && !net->to_guest.count && ++peer->idles % IDLES_UNTIL_LOST == 0) {
        peer_again(net);
    }
    net->released = net->to_guest.count;
}

/* All whole frames of what came. */
static void frames_take(struct peer *peer)
{
    struct client_bytes *in = &peer->in;
    size_t done = 0;

    while (in->count - done >= 4) {
        const unsigned char *at = in->at + done;
        uint32_t n = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];

        if (in->count - done - 4 < n)
            break;
        peer_frame_take(&peer->net, at + 4, n);
        peer->idles = 0;
        done += 4 + n;
    }
    client_bytes_drop(in, done);
}

/* False at the link's end. */
static bool link_read(struct peer *peer)
{
    ssize_t n = recv(peer->ours, client_bytes_add(&peer->in, READ_BYTES), READ_BYTES, MSG_DONTWAIT);

    peer->in.count -= READ_BYTES - (n > 0 ? (size_t)n : 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        return false;
    frames_take(peer);
    return true;
}

static void link_write(struct peer *peer)
{
    struct peer_net *net = &peer->net;
    ssize_t n;

    if (net->load->at_once)
        net->released = net->to_guest.count;
    n = net->released ? send(peer->ours, net->to_guest.at, net->released, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
    if (n > 0) {
        client_bytes_drop(&net->to_guest, (size_t)n);
        net->released -= (size_t)n;
    }
}

/* A guest whose server was given up would wait for ever. */
static void give_up(struct peer *peer)
{
    int pid = atomic_exchange(&peer->qemu, 0);

    if (pid > 0)
        kill(pid, SIGTERM);
}

/* False when all is over. */
static bool turn(struct peer *peer)
{
    struct pollfd waits[2] = {{.fd = peer->ours, .events = POLLIN}, {.fd = peer->idle, .events = POLLIN}};
    int n;

    if (peer->net.released)
        waits[0].events |= POLLOUT;
    prctl(PR_SET_NAME, SETTLE_PEER_WAITS);
    n = poll(waits, 2, STALL_MS);
    prctl(PR_SET_NAME, SETTLE_PEER_WORKS);
    if (n == 0 && peer->net.state != PEER_WAITING) {
        peer->net.books.stalls += peer->net.state != PEER_OVER;
        idle_take(peer);
    }
    if (n > 0 && waits[0].revents & (POLLIN | POLLHUP | POLLERR) && !link_read(peer))
        return false;
    if (n > 0 && waits[1].revents & POLLIN) {
        char words[64];

        for (ssize_t i = read(peer->idle, words, sizeof(words)); i > 0; i--)
            idle_take(peer);
    }
    link_write(peer);
    if (peer->net.state == PEER_OVER)
        give_up(peer);
    return true;
}

static void *peer_main(void *argument)
{
    struct peer *peer = argument;

    peer->tid = gettid();
    prctl(PR_SET_NAME, SETTLE_PEER_WORKS);
    sem_post(&peer->started);
    while (turn(peer))
        ;
    return NULL;
}

static void peer_free(struct peer *peer)
{
    peer_flows_free(&peer->net);
    client_free(&peer->net.client);
    free(peer->ends);
    free(peer->net.to_guest.at);
    free(peer->in.at);
    close(peer->ours);
    if (peer->theirs >= 0)
        close(peer->theirs);
    if (peer->idle >= 0)
        close(peer->idle);
    sem_destroy(&peer->started);
    free(peer);
}

/* The descriptors.  -1 with an error. */
static int peer_connect(struct peer *peer, struct error *error)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return file_error(error, "make a socket pair for", "the guest's network");
    peer->ours = pair[0];
    peer->theirs = pair[1];
    if (mkfifo(peer->fifo, 0600) || (peer->idle = open(peer->fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
        return file_error(error, "create the FIFO", peer->fifo);
    return 0;
}

struct peer *peer_start(const struct peer_job *jobs, size_t count, uint64_t seed, const char *serial, const char *fifo,
                        struct error *error)
{
    struct peer *peer = calloc(1, sizeof(*peer));

    if (!peer || !(peer->ends = calloc(count, sizeof(*peer->ends))))
        abort();
    peer->ours = peer->theirs = peer->idle = -1;
    peer->serial = serial;
    peer->fifo = fifo;
    peer->jobs = jobs;
    peer->job_count = count;
    peer->seed = seed;
    memset(peer->net.guest, 0xff, sizeof(peer->net.guest));
    job_begin(peer);
    sem_init(&peer->started, 0, 0);
    if (peer_connect(peer, error)) {
        peer_free(peer);
        return NULL;
    }
    if (pthread_create(&peer->thread, NULL, peer_main, peer)) {
        error_set(error, TOLL_HOST, "cannot start a thread for the guest's network");
        peer_free(peer);
        return NULL;
    }
    while (sem_wait(&peer->started))
        ;
    return peer;
}

int peer_link(const struct peer *peer)
{
    return peer->theirs;
}

char *peer_options(struct arena *arena, const struct peer *peer)
{
    return arena_print(arena, ",peer=%d/%d,idle=%s", (int)getpid(), (int)peer->tid, qemu_escape(arena, peer->fifo));
}

void peer_watch(struct peer *peer, pid_t qemu)
{
    close(peer->theirs);
    peer->theirs = -1;
    atomic_store(&peer->qemu, qemu);
}

void peer_finish(struct arena *arena, struct peer *peer, struct peer_books *out)
{
    atomic_store(&peer->qemu, 0);
    shutdown(peer->ours, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    job_end(peer);
    for (size_t i = 0; i < peer->job_count; i++) {
        out[i] = peer->ends[i].books;
        out[i].problem = *peer->ends[i].problem ? arena_copy(arena, peer->ends[i].problem) : NULL;
    }
    peer_free(peer);
}
