/* SPDX-License-Identifier: MIT */
/*
 * throughput.h: rounds of guests with servers, each visited by the clients of its measures (rates.h).
 */
#ifndef TOLL_THROUGHPUT_H
#define TOLL_THROUGHPUT_H

#include "plan.h"
#include "probe.h"
#include "rates.h"
#include "store.h"

struct throughput {
    const struct config *config;
    const struct plan *plan;     /* of the time lane, with servers, a repetition a round */
    const char *temporary;       /* a folder for the guests' files */
    const char *run;             /* its name */
    const char *kvm_cpu;         /* NULL: under emulation */
    enum config_network network; /* user or tap */
    uint32_t connections, seconds;
    int out; /* rates.jsonl, for appending */
    int cancel;
    size_t failed; /* out: how many measurements */
};

/* Leaves in config only the workloads that something is measured of, endless.  Before the plan is made. */
void throughput_reduce(struct config *config);

/* Boots all guests of the plan, in its order.  A guest that fails is recorded and does not end the rounds; -1 with an
   error for an interruption, and for what is the host's fault. */
int throughput_run(struct arena *arena, struct throughput *throughput, struct error *error);

/* A new folder (the named one, or NULL as for store_create) with plan.json, host.json and bench.toml of the plan, whose
   images are identified, and no cells. */
int throughput_folder(struct arena *arena, const char *folder, const struct plan *plan, const struct probe *probe,
                      int cancel, struct store *store, struct error *error);

/* Opens a run's folder to add rates to it: only if it has none, was made on this host, and what both booted is the same
   file. */
int throughput_join(struct arena *arena, const char *folder, const struct plan *plan, const struct probe *probe,
                    int cancel, struct store *store, struct error *error);

/* Makes the derived files of a folder. */
int throughput_derive(struct arena *arena, const char *folder, struct error *error);

#endif
