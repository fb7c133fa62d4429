/* SPDX-License-Identifier: MIT */
/*
 * sample.h: what one guest run says about one cell: a line of samples.jsonl, schema toll/1.
 */
#ifndef TOLL_SAMPLE_H
#define TOLL_SAMPLE_H

#include "arena.h"
#include "error.h"
#include <jansson.h>
#include <stdint.h>

#define SAMPLE_SCHEMA "toll/1"

/* Counts over the whole measured window, or numbers of the whole run; units only for what a workload reported. */
struct metric {
    const char *name, *unit;
    int64_t value;
};

struct metrics {
    struct metric *items;
    size_t count, room;
};

struct sample {
    const char *run, *structure, *workload, *variant, *lane;
    int64_t rep;
    int64_t ops;
    const char *status;       /* ok, fail, skip */
    const char *reason;       /* "" when ok */
    const char *audit;        /* ok, failed, none */
    const char *audit_reason; /* what differed, also if it was allowed, or why there was none */
    const char *output_sha256, *workload_sha256, *image_sha256;
    int64_t image_bytes;
    const char *words;        /* the program's arguments */
    const char *server;       /* "NAME VERSION" of the distribution's that ran in its place; "" if none did */
    const char *answers;      /* of a server: a digest of what its clients heard; else "" */
    const char *options;      /* QEMU's options that every structure must share */
    const char *cpu_features; /* what the system found in the processor; "" if it said nothing */
    const char *model;        /* the plugin's model of caches and TLBs: its sizes; "" if it was off */
    const char *observers;    /* what was observed of it in the time lane, and why not more */
    const char *serial;       /* the serial log, relative to the run's folder */
    const char *disk;         /* what e2fsck said: clean, damaged, unchecked */
    int64_t wall_ms;
    struct strings console;   /* the guest's last lines, unless it went well */
    struct strings backtrace; /* of a panic */
    struct metrics metrics;
    /* The way of one operation through the domains, a line a stay: "DOMAIN instructions=N instructions_arch=N
       KIND=N..." with the kinds of which there were some. */
    struct strings hops;
};

/* Adds or replaces; name and unit must outlive the metrics. */
void metrics_set(struct arena *arena, struct metrics *metrics, const char *name, const char *unit, int64_t value);
const struct metric *metrics_find(const struct metrics *metrics, const char *name);

/* A new reference. */
json_t *sample_to_json(const struct sample *sample);

/* Reads one sample; texts are copied into the arena.  -1 if it is not one: then *problem says what is wrong with it. */
int sample_from_json(struct arena *arena, const json_t *json, struct sample *sample, const char **problem);

/* Text from guests is arbitrary bytes; this gives it back as printable UTF-8. */
char *sample_text(struct arena *arena, const char *text);

#endif
