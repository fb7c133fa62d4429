/* SPDX-License-Identifier: MIT */
/*
 * peer.h: the machine at the other end of a guest's link in the exact lane: 10.0.2.2, with the clients of a server.
 *
 * A client that lives in the host's time would answer a guest, whose time is its instructions, at another instruction
 * in every run, and a guest that waits would see minutes pass between two frames.  So the link of the guest ends here:
 * QEMU hands each frame over a stream socket, its length before it (32 bits, big-endian: QEMU's `-netdev stream`), to a
 * thread with an Ethernet, ARP, IPv4, UDP and TCP of its own, whose every frame is the answer to one that came, and
 * depends on nothing but those that came before.  The counting plugin lets the guest go on only once that thread sleeps
 * again (plugin/settle.h).  There is no clock: the plugin says when the guest halts with nothing on its way, and then
 * the peer begins (once the guest has said that it listens), or, after several such times, sends again what was lost.
 *
 * How soon the clients answer is the configuration's `arrival`.  "idle": when the guest waits, as with clients that are
 * as far away as real ones: each answer interrupts and wakes somebody.  "at_once": all answers to a frame lie in the
 * receive ring when the guest goes on, as with a server that always has something to do: it never sleeps.
 *
 * The clients are a closed loop: `connections` are opened one after the other; then each has `pipeline` requests on
 * their way, sends so many more when all of these are answered, and ends when the total is reached.  Where the server
 * has no marks the clients pause at both ends of the window and tell a program beside it (peer_steps.c).
 */
#ifndef TOLL_PEER_H
#define TOLL_PEER_H

#include "arena.h"
#include "client.h"
#include "error.h"
#include <sys/types.h>

#define PEER_GUEST_CONFIG "ip=10.0.2.15/24,10.0.2.2" /* a word for the guest's kernel */

struct peer;

struct peer_books {
    uint64_t requests, errors;
    uint64_t answers;                /* a digest of what was answered to each (client.h) */
    uint64_t frames_to, frames_from; /* the guest */
    uint64_t resent;                 /* requests for segments that had to be sent again: frames were lost */
    uint64_t stalls;                 /* times that nothing at all happened for ten seconds */
    const char *problem;             /* why the clients gave up or what was wrong first, or NULL */
};

/* What clients come to a server for: so many requests before its window, and with those in it. */
struct peer_job {
    const char *workload; /* in whose name the server listens */
    const struct config_clients *load;
    uint64_t warm, total;
    bool steps; /* it has no marks (peer_steps.c) */
};

/* Starts the thread.  jobs: one for each server that the guest runs, one after the other.  serial: where the guest's
   first serial port is written to; fifo: a path for the plugin's word that the guest is idle.  All of it must stay.
   NULL with an error. */
struct peer *peer_start(const struct peer_job *jobs, size_t count, uint64_t seed, const char *serial, const char *fifo,
                        struct error *error);

/* QEMU's end of the link, open in this process until peer_watch. */
int peer_link(const struct peer *peer);

/* The plugin's options: ",peer=...,idle=...". */
char *peer_options(struct arena *arena, const struct peer *peer);

/* QEMU runs; it is ended if the clients give up. */
void peer_watch(struct peer *peer, pid_t qemu);

/* Ends the thread.  out has room for the books of each job; texts are in the arena. */
void peer_finish(struct arena *arena, struct peer *peer, struct peer_books *out);

#endif
