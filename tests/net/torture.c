/* SPDX-License-Identifier: MIT */
/*
 * torture.c: torture STACK.so COUNT SEED: two machines and the worst of wires between them.  Each of COUNT runs, whose
 * conditions the seed decides, has connections that move data both ways while frames are lost, repeated, damaged, and
 * overtaken; whose receivers are slow; which end in all ways, by resets too; whose other side goes silent; and, in
 * some, a flood of SYNs from nobody.  What arrives must be what was sent, as far as it was sent; connections that
 * nobody resets must come to their end; and afterwards nothing may be left.  Time is that of the machines, and jumps.
 */
#include "base/errno.h"
#include "stack.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS UINT64_C(1000000)
#define S (1000 * MS)
#define FRAME_MAX 1514u
#define FLIGHTS_MAX 4096u
#define CONNECTIONS_MAX 24u
#define PIECE_MAX 8192u
#define PORT 80
#define CLIENT_IP 0x0a000001u
#define SERVER_IP 0x0a000002u
#define TIME_MAX_S 7200u
#define HALF_OPEN_SLACK 140u /* half-open connections that a listener keeps, and a few others */

/* A frame on the wire. */
struct flight {
    uint64_t at_ns;
    unsigned to; /* machine */
    size_t bytes;
    uint8_t frame[FRAME_MAX];
};

enum ending { ENDS_ALONE, ENDS_TOGETHER, RESETS, GOES_SILENT };

/* One direction of a connection. */
struct way {
    uint32_t all, sent, came;
    bool ended; /* its end was received */
};

struct connection {
    enum ending ending;
    int sockets[2];     /* client's and server's; -1 */
    struct way ways[2]; /* from the client, from the server */
    bool over[2], failed[2];
    uint32_t reset_at;
    uint16_t client_port;
};

static const struct stack *machines[2];
static struct flight *flights[FLIGHTS_MAX];
static unsigned flight_count, connection_count;
static struct connection connections[CONNECTIONS_MAX];
static int listener;
static uint64_t now_ns, random_state;
static unsigned long current;
static struct {
    unsigned lost, repeated, damaged, overtakes; /* of 1000 frames */
    uint64_t delay_ns, slow_ns;
    unsigned piece, flood;
} wire;
static unsigned long counted_frames, counted_lost, counted_bytes, counted_resets, counted_syns, counted_moved,
    counted_refused, counted_connections;

static uint32_t below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static void fails(const char *what, unsigned which)
{
    fprintf(stderr, "torture: seed %lu, connection %u after %lu s: %s\n", current, which, (unsigned long)(now_ns / S),
            what);
    for (unsigned i = 0; i < connection_count; i++) {
        struct connection *c = &connections[i];
        fprintf(stderr, "  %u: ending %u, from client %u of %u sent, %u came; from server %u of %u, %u\n", i, c->ending,
                c->ways[0].sent, c->ways[0].all, c->ways[0].came, c->ways[1].sent, c->ways[1].all, c->ways[1].came);
    }
    exit(1);
}

/* ---- the wire ---- */

static void fly(unsigned to, const void *frame, size_t bytes)
{
    struct flight *f = flight_count < FLIGHTS_MAX ? malloc(sizeof *f) : NULL;
    if (!f)
        return;
    f->to = to;
    f->bytes = bytes;
    f->at_ns = now_ns + wire.delay_ns + (below(1000) < wire.overtakes ? below(1000) * wire.delay_ns / 200 : 0);
    memcpy(f->frame, frame, bytes);
    if (below(1000) < wire.damaged)
        f->frame[14 + below((uint32_t)bytes - 14)] ^= (uint8_t)(1u << below(8));
    flights[flight_count++] = f;
}

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* Whether a frame belongs to a connection whose other side went silent. */
static bool is_silent(const uint8_t *frame, size_t bytes)
{
    if (bytes < 38 || frame[23] != 6)
        return false;
    for (unsigned i = 0; i < connection_count; i++)
        if (connections[i].ending == GOES_SILENT && connections[i].over[0] &&
            (get16(frame + 34) == connections[i].client_port || get16(frame + 36) == connections[i].client_port))
            return true;
    return false;
}

static void sent(unsigned from, const void *frame, size_t bytes)
{
    counted_frames++;
    if (below(1000) < wire.lost || is_silent(frame, bytes)) {
        counted_lost++;
        return;
    }
    fly(1 - from, frame, bytes);
    if (below(1000) < wire.repeated)
        fly(1 - from, frame, bytes);
}

static void sent_client(const void *frame, size_t bytes)
{
    sent(0, frame, bytes);
}

static void sent_server(const void *frame, size_t bytes)
{
    sent(1, frame, bytes);
}

static void arrive(void)
{
    for (unsigned i = 0; i < flight_count;) {
        struct flight *f = flights[i];
        if (f->at_ns > now_ns) {
            i++;
            continue;
        }
        flights[i] = flights[--flight_count];
        machines[f->to]->deliver(f->frame, f->bytes);
        free(f);
    }
}

static uint16_t sum(const uint8_t *data, unsigned n, uint32_t s)
{
    for (unsigned i = 0; i < n; i += 2)
        s += get16(data + i);
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

/* A SYN for the server from an address far away that will not answer. */
static void flood(void)
{
    uint8_t f[54] = {[12] = 8, [14] = 0x45, [17] = 40, [22] = 64,   [23] = 6,    [26] = 20, [27] = 0,
                     [28] = 0, [30] = 10,   [33] = 2,  [37] = PORT, [46] = 0x50, [47] = 2,  [48] = 0xff};
    uint16_t s;
    f[29] = (uint8_t)(3 + below(200));
    f[34] = (uint8_t)below(256);
    f[35] = (uint8_t)below(256);
    f[38] = (uint8_t)below(256);
    s = sum(f + 14, 20, 0);
    f[24] = (uint8_t)(s >> 8), f[25] = (uint8_t)s;
    s = sum(f + 26, 28, 6 + 20);
    f[50] = (uint8_t)(s >> 8), f[51] = (uint8_t)s;
    machines[1]->deliver(f, sizeof f);
    counted_syns++;
}

/* ---- the programs ---- */

static uint8_t content(unsigned which, unsigned way, uint32_t at)
{
    return (uint8_t)((which * 7919 + way * 104729 + at * 2654435761u) >> 13);
}

/* Sends some; the first byte from the client tells which connection it is. */
static void way_send(unsigned which, unsigned side)
{
    struct connection *c = &connections[which];
    struct way *w = &c->ways[side];
    uint8_t piece[PIECE_MAX];
    uint32_t n = w->all - w->sent, most = 1 + below(wire.piece);
    int64_t r;
    n = n < most ? n : most;
    for (uint32_t i = 0; i < n; i++)
        piece[i] = side == 0 && w->sent + i == 0 ? (uint8_t)which : content(which, side, w->sent + i);
    r = n ? machines[side]->send(c->sockets[side], (uaddr_t)piece, n, below(4) ? 0 : NET_MORE, NULL) : 0;
    if (r < 0 && r != -EAGAIN) {
        c->failed[side] = true;
        return;
    }
    w->sent += r > 0 ? (uint32_t)r : 0;
    counted_moved += r > 0;
    if (w->sent == w->all && n == (r > 0 ? (uint32_t)r : 0) &&
        machines[side]->shutdown(c->sockets[side], false, true) < 0)
        c->failed[side] = true;
}

static void way_receive(unsigned which, unsigned side)
{
    struct connection *c = &connections[which];
    struct way *w = &c->ways[1 - side];
    uint8_t piece[PIECE_MAX];
    int64_t r = machines[side]->receive(c->sockets[side], (uaddr_t)piece, 1 + below(wire.piece), 0, NULL);
    if (r == -EAGAIN)
        return;
    if (r < 0) {
        c->failed[side] = true;
        return;
    }
    for (uint32_t i = 0; i < (uint32_t)r; i++)
        if ((side == 0 || w->came + i) && piece[i] != content(which, 1 - side, w->came + i))
            fails("a byte is another than was sent", which);
    w->came += (uint32_t)r;
    counted_bytes += (unsigned long)r;
    counted_moved++;
    w->ended |= r == 0;
    if (w->ended && w->came != w->all && c->ending != RESETS)
        fails("the end came too early", which);
}

/* One side of a connection does something; it is over when both ends were seen, or it failed. */
static void side_step(unsigned which, unsigned side)
{
    struct connection *c = &connections[which];
    if (c->sockets[side] < 0 || c->over[side])
        return;
    if (c->ending == RESETS && side == 0 && c->ways[0].sent >= c->reset_at) {
        machines[0]->option_set(c->sockets[0], NET_OPTION_LINGER, 1);
        c->failed[0] = true;
        counted_resets++;
    } else if (c->ending == GOES_SILENT && side == 0 && c->ways[0].sent >= c->reset_at) {
        c->failed[0] = true; /* from now on the wire swallows what belongs to it */
    } else {
        if (c->ways[side].sent < c->ways[side].all || !c->ways[side].all)
            way_send(which, side);
        if (!c->ways[1 - side].ended && !c->failed[side])
            way_receive(which, side);
    }
    if (c->failed[side] && c->ending != RESETS && c->ending != GOES_SILENT) {
        if (side || c->sockets[1] >= 0)
            fails("it was reset, or timed out", which);
        counted_refused++; /* half open for too long, for its last segment was lost again and again */
    }
    if (c->failed[side] || (c->ways[1 - side].ended && c->ways[side].sent == c->ways[side].all)) {
        c->over[side] = true;
        machines[side]->close(c->sockets[side]);
    }
}

static void begin(unsigned which)
{
    struct connection *c = &connections[which];
    struct net_address server = {SERVER_IP, PORT}, self = {0, (uint16_t)(20000 + which)};
    c->client_port = self.port;
    c->sockets[0] = machines[0]->open(NET_STREAM);
    if (c->sockets[0] < 0 || machines[0]->bind(c->sockets[0], &self) ||
        machines[0]->connect(c->sockets[0], &server) != -EINPROGRESS)
        fails("cannot connect", which);
    machines[0]->option_set(c->sockets[0], NET_OPTION_NODELAY, below(2));
}

static void accept_all(void)
{
    struct net_address peer;
    int s;
    while ((s = machines[1]->accept(listener, &peer)) >= 0) {
        unsigned which = peer.port - 20000u;
        if (which >= connection_count || peer.ip != CLIENT_IP || connections[which].sockets[1] >= 0)
            fails("a connection from nobody", which);
        connections[which].sockets[1] = s;
    }
}

static bool all_over(void)
{
    for (unsigned i = 0; i < connection_count; i++) {
        struct connection *c = &connections[i];
        bool lost_early = c->sockets[1] < 0 && c->failed[0];
        if (!c->over[0] || (!c->over[1] && !lost_early))
            return false;
    }
    return true;
}

/* A flood may keep others out, but not those who are in. */
static bool all_accepted(unsigned begun)
{
    for (unsigned i = 0; i < connection_count; i++)
        if (connections[i].sockets[1] < 0 && !connections[i].over[0])
            return false;
    return begun == connection_count;
}

/* ---- time ---- */

static uint64_t work(unsigned m)
{
    uint64_t due;
    machines[m]->clock_set(now_ns);
    do
        due = machines[m]->work();
    while (machines[m]->pending());
    return due;
}

/* To the next thing that happens. */
static void time_step(uint64_t most_ns)
{
    uint64_t next = now_ns + most_ns, due;
    arrive();
    for (unsigned m = 0; m < 2; m++)
        if ((due = work(m)) < next)
            next = due;
    for (unsigned i = 0; i < flight_count; i++)
        if (flights[i]->at_ns < next)
            next = flights[i]->at_ns;
    now_ns = next > now_ns ? next : now_ns + 1000;
    for (unsigned m = 0; m < 2; m++)
        if (machines[m]->now() > now_ns)
            now_ns = machines[m]->now();
}

static void conditions_choose(void)
{
    static const unsigned bytes[] = {1, 100, 1460, 5000, 70000, 300000};
    memset(&wire, 0, sizeof wire);
    wire.lost = below(3) ? below(250) : 0;
    wire.repeated = below(2) ? below(150) : 0;
    wire.damaged = below(3) ? 0 : below(60);
    wire.overtakes = below(2) ? below(500) : 0;
    wire.delay_ns = (1 + below(30)) * MS;
    wire.slow_ns = below(3) ? 1 * MS : below(400) * MS;
    wire.piece = below(2) ? PIECE_MAX : 1 + below(300);
    wire.flood = below(4) ? 0 : 1 + below(20);
    connection_count = 1 + below(CONNECTIONS_MAX);
    memset(connections, 0, sizeof connections);
    for (unsigned i = 0; i < connection_count; i++) {
        struct connection *c = &connections[i];
        unsigned most = wire.piece < 1000 ? 4 : 6;
        c->sockets[0] = c->sockets[1] = -1;
        c->ending = below(8) ? (enum ending)below(2) : RESETS;
        if (below(12) == 0)
            c->ending = GOES_SILENT;
        for (unsigned w = 0; w < 2; w++)
            c->ways[w].all = 1 + below(bytes[below(most)]);
        c->reset_at = below(c->ways[0].all);
    }
}

static void nothing_left(void)
{
    struct net_books books;
    uint64_t end = now_ns + 5000 * S; /* after so long everybody has been given up */
    machines[1]->close(listener);
    while (now_ns < end)
        time_step(10 * S);
    for (unsigned m = 0; m < 2; m++) {
        machines[m]->books(&books);
        if (books.sockets || books.connections)
            fails("connections are left", m);
        if (machines[m]->lent())
            fails("frames are left", m);
        if (work(m) != UINT64_MAX)
            fails("an idle network wants to be woken", m);
    }
}

static void one_run(void)
{
    uint64_t start = now_ns, app_ns = 0, pause_ns = 0;
    unsigned next = 0;
    conditions_choose();
    listener = machines[1]->open(NET_STREAM);
    machines[1]->option_set(listener, NET_OPTION_REUSE, 1);
    if (machines[1]->bind(listener, &(struct net_address){0, PORT}) || machines[1]->listen(listener, 64))
        fails("cannot listen", 0);
    while (!all_over()) {
        struct net_books books;
        if (now_ns - start > TIME_MAX_S * S)
            fails("it never ends", 0);
        time_step(pause_ns);
        if (now_ns < app_ns)
            continue;
        unsigned long moved = counted_moved;
        for (unsigned i = 0; i < wire.flood && all_accepted(next); i++)
            flood();
        machines[1]->books(&books);
        if (books.connections > CONNECTIONS_MAX + HALF_OPEN_SLACK)
            fails("too many half-open connections", (unsigned)books.connections);
        if (next < connection_count && below(3) == 0)
            begin(next++);
        accept_all();
        for (unsigned i = 0; i < connection_count; i++)
            for (unsigned side = 0; side < 2; side++)
                side_step(i, side);
        /* the client is silent, or its reset was lost, and there is nothing to send: somebody has to give it up */
        for (unsigned i = 0; i < connection_count; i++)
            if ((connections[i].failed[0] || connections[i].ending == GOES_SILENT) && connections[i].over[0] &&
                !connections[i].over[1] && connections[i].sockets[1] >= 0 &&
                connections[i].ways[1].sent == connections[i].ways[1].all && now_ns - start > 3000 * S)
                connections[i].failed[1] = true;
        /* who finds nothing to do looks less often */
        pause_ns = counted_moved != moved || next < connection_count ? wire.slow_ns : pause_ns * 2;
        pause_ns = pause_ns < S / 2 ? pause_ns : S / 2;
        app_ns = now_ns + pause_ns;
    }
    counted_connections += connection_count;
    nothing_left();
}

static const struct stack *machine_load(const char *path, const char *config, unsigned seed,
                                        void (*on_sent)(const void *frame, size_t bytes))
{
    char copy[] = "build/tests/stack-XXXXXX.so", command[1024];
    const struct stack *(*functions)(void);
    int fd = mkstemps(copy, 3);
    void *handle = NULL;
    if (fd >= 0 && close(fd) == 0 && snprintf(command, sizeof command, "cp -- '%s' '%s'", path, copy) > 0 &&
        system(command) == 0)
        handle = dlopen(copy, RTLD_NOW | RTLD_LOCAL);
    unlink(copy);
    if (!handle) {
        fprintf(stderr, "torture: cannot load %s: %s\n", path, dlerror());
        exit(2);
    }
    *(void **)&functions = dlsym(handle, "stack_functions");
    if (functions()->init(config, seed, on_sent, NULL)) {
        fprintf(stderr, "torture: no network\n");
        exit(2);
    }
    return functions();
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: torture STACK.so COUNT SEED\n");
        return 2;
    }
    unsigned long count = strtoul(argv[2], NULL, 0), seed = strtoul(argv[3], NULL, 0);
    machines[0] = machine_load(argv[1], "10.0.0.1/24", 1, sent_client);
    machines[1] = machine_load(argv[1], "10.0.0.2/24,10.0.0.1", 2, sent_server);
    for (unsigned long i = 0; i < count; i++) {
        current = seed + i;
        random_state = current * 0x9e3779b97f4a7c15u + 1;
        one_run();
    }
    printf("torture: %lu runs, %lu frames of which %lu were lost, %lu bytes, %lu resets, %lu SYNs from nobody\n", count,
           counted_frames, counted_lost, counted_bytes, counted_resets, counted_syns);
    if (counted_refused > counted_connections / 50 + 1)
        fails("so many connections could not be opened", (unsigned)counted_refused);
    return 0;
}
