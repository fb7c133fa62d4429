/* SPDX-License-Identifier: MIT */
/*
 * plan.h: which guests a run boots.  The matrix of bench.toml (structures and their variants, workloads,
 * repetitions, lanes), reduced by the user's selection, becomes a list of guests, each with the cells that it
 * measures: one, or, for a structure that boots a system of its own, all of its workloads.
 */
#ifndef TOLL_PLAN_H
#define TOLL_PLAN_H

#include "config.h"
#include "stop.h"
#include <stdbool.h>

enum lane { LANE_EXACT = 1, LANE_TIME = 2, LANE_ALL = 3 };

/* What a user may ask for at most. */
#define PLAN_REPETITIONS_MAX 10000
#define PLAN_TIMEOUT_MAX 86400

struct plan_options {
    struct strings only; /* STRUCTURE[:VARIANT]/WORKLOAD, either side a shell pattern; none: everything */
    unsigned lanes;
    uint32_t repetitions; /* 0: as bench.toml says */
    uint32_t timeout_s;   /* 0: as bench.toml says */
    const char *model;    /* a profile's name or HIERARCHY_OFF; NULL: as bench.toml says */
    bool servers;         /* real clients come: servers run in the time lane too, each in a boot of its own, on each
                             variant that is selected, whatever its `on` says */
};

struct plan_cell {
    const struct config_workload *workload;
    const char *words;   /* the program's arguments: NAME ops=N warm=N key=value ... */
    const char *program; /* the workload's, or the distribution's server that takes its place */
    /* filled in by images.h once everything is built */
    const char *image_sha256, *workload_sha256;
    const char *server; /* "NAME VERSION" of the distribution's, else "" */
    int64_t image_bytes;
};

struct plan_guest {
    const struct config_structure *structure;
    const char *variant;
    enum lane lane;
    uint32_t rep;
    uint32_t timeout_s;
    struct plan_cell *cells;
    size_t cell_count, cell_room;
    bool has_servers; /* the variant's: its programs are the distribution's */
};

/* A cell that is not run at all, with the reason. */
struct plan_refusal {
    const struct config_structure *structure;
    const struct config_workload *workload;
    const char *reason;
};

struct plan {
    const struct config *config;
    struct plan_guest *guests;
    size_t guest_count, guest_room;
    struct plan_refusal *refusals;
    size_t refusal_count, refusal_room;
    struct stop_rule stop; /* of the time lane, whose guests are planned for all of its repetitions */
};

/* Whether the structure runs a whole system with all its workloads in one boot. */
bool plan_is_batch(const struct config_structure *structure);

const char *plan_lane_name(enum lane lane);
/* "exact", "time" or "all"; -1 with an error for anything else. */
int plan_lanes_parse(const char *text, unsigned *lanes, struct error *error);

/* Splits a comma list of STRUCTURE[:VARIANT]/WORKLOAD patterns into list, checking their form. */
int plan_only_parse(struct arena *arena, const char *text, struct strings *list, struct error *error);

/* Makes the plan; a pattern that selects nothing is an error.  Long guests come first in the exact lane; in the
   time lane each repetition has its own random order, which depends only on the seed. */
int plan_make(struct arena *arena, const struct config *config, const struct plan_options *options, struct plan *plan,
              struct error *error);

/* The workload of a guest with one cell; of one with several "*", or "servers" where clients come to them. */
const char *plan_guest_workload(const struct plan_guest *guest);

/* "uni/pdf_open exact #0" */
char *plan_guest_name(struct arena *arena, const struct plan_guest *guest);

#endif
