/* SPDX-License-Identifier: MIT */
/*
 * config.h: bench.toml as plain structures.  Everything is checked when it is read: an error carries
 * file:line:column, the key, what was expected and what to do, and an unknown key is one too.
 */
#ifndef TOLL_CONFIG_H
#define TOLL_CONFIG_H

#include "arena.h"
#include "error.h"
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CONFIG_MEMORY_DEFAULT 64
#define CONFIG_TIMEOUT_DEFAULT 120
#define CONFIG_TWIN "again" /* the variant that boots the default's image once more, in the time lane */

/* Words that are not for the kernel's command line but choose another image of the same parts and programs: those that
   begin so, of which there is one. */
#define CONFIG_BOOKS "books="
#define CONFIG_BOOKLESS CONFIG_BOOKS "off" /* the image that keeps no books (kernels/bookless) */

/* A server of the distribution that a variant runs in the place of a workload's program. */
struct config_server {
    char *program, *server;
};

/* A word for the kernel's command line, "default" for none, or one of the above; one with servers is no word either. */
struct config_variant {
    char *name;
    struct config_server *servers; /* it runs only the workloads of these programs that have a load */
    size_t server_count;
    struct strings on; /* patterns of the workloads that it runs; none: all */
    bool time_only;    /* not in the exact lane */
    bool no_global;    /* no page of its kernel is global, for the model of the TLBs */
};

/* A stanza [structure.NAME].  One that boots a system of its own (linux) runs all its workloads in one boot. */
struct config_structure {
    char *name;
    struct config_variant *variants; /* at least "default" */
    size_t variant_count;
    uint32_t memory_mib, timeout_s;
};

/* A reason why a structure cannot do a workload. */
struct config_refusal {
    char *structure, *reason;
};

/* How real clients on the host reach a guest (backend.h). */
enum config_network { CONFIG_NETWORK_AUTO, CONFIG_NETWORK_USER, CONFIG_NETWORK_TAP };

enum config_protocol { CONFIG_ECHO, CONFIG_RESP, CONFIG_HTTP, CONFIG_STREAM };

/* A request of the mix; of `weight` in the sum of all. */
struct config_request {
    char *text;
    uint32_t weight;
};

/* A table [workload.NAME.load]: the clients of a program that is a server (client.h). */
struct config_clients {
    enum config_protocol protocol;
    bool udp;
    bool at_once;                   /* the clients do not wait until the guest does (peer.h) */
    uint32_t port;                  /* 0: the one that the program says it listens on */
    uint32_t connections, pipeline; /* requests on their way at once: connections * pipeline */
    uint32_t keys, value_bytes;     /* resp */
    uint32_t bytes;                 /* echo: of a message; http: of each answer's content, 0: any */
    uint32_t bytes_in, bytes_out;   /* stream */
    struct config_request *requests;
    size_t request_count;
};

/* A stanza [workload.NAME]. */
struct config_workload {
    char *name;
    char *program; /* the source file in workloads/, which several stanzas may run */
    uint64_t ops, warm;
    double repeats_within; /* per cent: two runs' counts may be so far apart; 0: as far as interrupts make them */
    struct strings args;   /* further words key=value */
    struct strings files;  /* paths; each is on the disk as pdf/BASENAME and an argument file=pdf/BASENAME */
    struct strings on;     /* structures; none: all */
    struct config_refusal *refusals;
    size_t refusal_count;
    const struct config_clients *load; /* NULL: nobody comes */
};

struct config {
    char *path;
    uint32_t repetitions, timeout_s, jobs, memory_mib;
    uint32_t time_repetitions, time_repetitions_min; /* at most, at least */
    double time_precision;                           /* of a median, as a share: half its interval */
    uint32_t time_budget_s;                          /* for the whole time lane */
    int time_cpu;                                    /* the processor for the guest, or -1: chosen (observe.h) */
    char *machine, *cpu;
    enum config_network network; /* outside the exact lane */
    char *profile;               /* of the cost model (profile.h); NULL: nothing is modelled */
    char *model;                 /* the profile whose caches and TLBs the exact lane models; NULL: none */
    const char *model_sizes;     /* these, as the plugin's options (hierarchy.h), once somebody looked them up */
    uint64_t seed, epoch;
    uint32_t edge_interrupts; /* [audit]: interrupts that may fall between a mark and the reading of the books */
    struct config_structure *structures;
    size_t structure_count;
    struct config_workload *workloads;
    size_t workload_count;
};

/* Reads path into *out, whose memory is the arena's. */
int config_load(struct arena *arena, const char *path, struct config *out, struct error *error);

/* The stanza of that name, or NULL. */
const struct config_structure *config_structure_find(const struct config *config, const char *name);
const struct config_workload *config_workload_find(const struct config *config, const char *name);

/* "uni", or "mono:kpti" with ':' between: what a structure's variant is called; the default goes by the structure's
 * name. */
char *config_system_name(struct arena *arena, const char *structure, const char *variant, char between);

/* The variant of that name, or NULL. */
const struct config_variant *config_variant_find(const struct config_structure *structure, const char *name);

/* Whether a variant of that name is a word for the kernel's command line, unless it has servers. */
bool config_variant_is_word(const char *name);

/* The server that takes the place of the workload's program, or NULL. */
const char *config_server_find(const struct config_variant *variant, const struct config_workload *workload);

/* Whether the variant runs the workload. */
bool config_variant_runs(const struct config_variant *variant, const struct config_workload *workload);

/* Why the structure does not run the workload: a reason from bench.toml, or NULL if it does. */
const char *config_refusal_find(const struct config_workload *workload, const char *structure);

/* The one of names nearest to what somebody typed, or NULL if none is near. */
const char *config_suggest(const char *typed, const char *const *names, size_t count);

#ifdef __cplusplus
}
#endif

#endif
