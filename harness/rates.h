/* SPDX-License-Identifier: MIT */
/*
 * rates.h: requests a second that real clients got of servers in guests: rates.jsonl, what was measured, and what is
 * derived from it, rates.json.
 *
 * Guests of one round are booted one after the other, in an order of its own; a ratio to Linux is of two guests of the
 * same round, and the ratio that is told is the median of those.  All is measured, never exact: it is kept apart from
 * the cells of a run.
 */
#ifndef TOLL_RATES_H
#define TOLL_RATES_H

#include "arena.h"
#include "error.h"
#include "load_tool.h"
#include "stats.h"
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#define RATES_FILE "rates.jsonl"
#define RATES_DERIVED "rates.json"
#define RATES_BASELINE "linux" /* in the variants below */

/* Its own defences against Meltdown and the like, and without: where it is emulated, a load of the page table's
   register costs far more than on a processor, and with its defences there is one in each system call. */
enum rates_against { RATES_DEFENDED, RATES_UNDEFENDED, RATES_AGAINST };

extern const char *const rates_against_variants[RATES_AGAINST];

/* What is measured of a server. */
struct rates_measure {
    const char *name, *workload; /* a stanza of bench.toml */
    enum load_tool tool;
    uint32_t pipeline;
    const char *what;
};

extern const struct rates_measure rates_measures[];
extern const size_t rates_measure_count;

/* What the authors of a unikernel report of the same: times Linux in a guest. */
struct rates_claim {
    const char *id, *measure;
    double ratio;
    const char *what, *source;
};

extern const struct rates_claim rates_claims[];
extern const size_t rates_claim_count;

/* A line of rates.jsonl. */
struct rate {
    const char *structure, *variant, *workload, *measure;
    const char *program; /* that served, with its version where it is not ours */
    const char *client;  /* the program that asked */
    const char *accel, *cpu, *network, *image_sha256;
    const char *status, *reason; /* "ok" and "", or "fail" and why */
    uint32_t round, connections, pipeline, seconds, memory_mib;
    uint64_t requests; /* 0: the client does not tell */
    double per_second; /* 0 if it failed */
    double wall_s;     /* that the client took */
    double guest_s;    /* processor time that QEMU's threads had meanwhile */
};

struct rates {
    struct rate *items;
    size_t count, room;
};

/* Appends a line to the file and brings it to stable storage. */
int rates_append(int fd, const char *run, const struct rate *rate, struct error *error);

/* The lines of a run's folder; none if it has no such file.  Lines of different settings are an error. */
int rates_load(struct arena *arena, const char *folder, struct rates *rates, struct error *error);

/* One structure or variant in one measure. */
struct rates_row {
    const struct rate *first; /* its names and settings */
    size_t n, failed;
    const char *reason;                /* of the first failure, or "" */
    struct stats stats;                /* of requests a second; nothing if n is 0 */
    size_t pairs[RATES_AGAINST];       /* rounds in which that Linux was measured too */
    struct stats ratio[RATES_AGAINST]; /* times that Linux; nothing if pairs is 0 */
    size_t timed;                      /* how many told the processor time of QEMU's threads */
    struct stats cost_us, busy; /* that time for each request; as a share of the time that passed, up to 2 or so */
};

struct rates_table {
    struct rates_row *rows;
    size_t count, room;
};

/* In the order in which they first occur by name, Linux last; the same rates give the same table. */
void rates_derive(struct arena *arena, const struct rates *rates, struct rates_table *table);

const struct rates_row *rates_find(const struct rates_table *table, const char *structure, const char *variant,
                                   const char *measure);

/* Writes rates.json into a folder. */
int rates_write(struct arena *arena, const char *folder, const char *run, const struct rates *rates,
                struct error *error);

void rates_print(struct arena *arena, FILE *out, const struct rates *rates);

#endif
