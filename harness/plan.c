/* SPDX-License-Identifier: MIT */
/*
 * plan.c: from the matrix to the list of guests.  A plan depends on nothing but bench.toml and the options, so that
 * a run that was interrupted can be planned again and compared with what it left behind.
 */
#include "plan.h"
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define NONE SIZE_MAX

bool plan_is_batch(const struct config_structure *structure)
{
    return strcmp(structure->name, "linux") == 0;
}

const char *plan_lane_name(enum lane lane)
{
    return lane == LANE_TIME ? "time" : "exact";
}

int plan_lanes_parse(const char *text, unsigned *lanes, struct error *error)
{
    if (strcmp(text, "exact") == 0)
        *lanes = LANE_EXACT;
    else if (strcmp(text, "time") == 0)
        *lanes = LANE_TIME;
    else if (strcmp(text, "all") == 0)
        *lanes = LANE_ALL;
    else
        return error_set(error, TOLL_USAGE, "there is no lane %s; expected exact, time or all", text);
    return 0;
}

int plan_only_parse(struct arena *arena, const char *text, struct strings *list, struct error *error)
{
    char *copy = arena_copy(arena, text), *rest = copy, *item;

    while ((item = strsep(&rest, ","))) {
        const char *slash = strchr(item, '/');

        if (!slash || slash == item || slash[1] == '\0' || strchr(slash + 1, '/'))
            return error_set(
                error, TOLL_USAGE,
                "--only %s: expected STRUCTURE[:VARIANT]/WORKLOAD, found \"%s\"; either side may be a pattern, as "
                "in uni/* or */pdf_open",
                text, item);
        strings_add(arena, list, item);
    }
    return 0;
}

/* A pattern without a variant selects all of them. */
static bool pattern_selects(const char *pattern, const char *structure, const char *variant, const char *workload)
{
    char left[128], name[256];
    const char *slash = strchr(pattern, '/');
    size_t length = (size_t)(slash - pattern);

    if (length >= sizeof(left))
        return false;
    memcpy(left, pattern, length);
    left[length] = '\0';
    snprintf(name, sizeof(name), "%s:%s", structure, variant);
    return fnmatch(left, strchr(left, ':') ? name : structure, 0) == 0 && fnmatch(slash + 1, workload, 0) == 0;
}

static bool is_selected(const struct strings *only, const char *structure, const char *variant, const char *workload)
{
    for (size_t i = 0; i < only->count; i++) {
        if (pattern_selects(only->items[i], structure, variant, workload))
            return true;
    }
    return only->count == 0;
}

/* Whether a pattern selects any cell of a structure. */
static bool selects_of(const char *pattern, const struct config *config, const struct config_structure *structure)
{
    for (size_t v = 0; v < structure->variant_count; v++) {
        for (size_t w = 0; w < config->workload_count; w++) {
            if (pattern_selects(pattern, structure->name, structure->variants[v].name, config->workloads[w].name))
                return true;
        }
    }
    return false;
}

static const char *nearest_name(const struct config *config, const char *pattern)
{
    const char *names[256], *slash = strchr(pattern, '/');
    size_t count = 0;

    for (size_t i = 0; i < config->workload_count && count < 256; i++)
        names[count++] = config->workloads[i].name;
    return config_suggest(slash + 1, names, count);
}

static int patterns_check(const struct config *config, const struct strings *only, struct error *error)
{
    for (size_t p = 0; p < only->count; p++) {
        bool found = false;
        const char *near = nearest_name(config, only->items[p]);

        for (size_t s = 0; s < config->structure_count; s++)
            found |= selects_of(only->items[p], config, &config->structures[s]);
        if (!found)
            return error_set(error, TOLL_USAGE,
                             "--only %s selects nothing in %s%s%s%s; `toll list` shows what there is", only->items[p],
                             config->path, near ? " (did you mean the workload " : "", near ? near : "",
                             near ? "?)" : "");
    }
    return 0;
}

/* server: what runs in the place of the program (kernels/linux/serve.c), or NULL. */
static const char *cell_words(struct arena *arena, const struct config_workload *workload, const char *server)
{
    struct strings words = {0};

    if (server)
        strings_print(arena, &words, "serve %s", server);
    else
        strings_add(arena, &words, workload->program);
    if (server || strcmp(workload->program, workload->name) != 0)
        strings_print(arena, &words, "name=%s", workload->name);
    strings_print(arena, &words, "ops=%llu", (unsigned long long)workload->ops);
    strings_print(arena, &words, "warm=%llu", (unsigned long long)workload->warm);
    for (size_t i = 0; i < workload->args.count; i++)
        strings_add(arena, &words, workload->args.items[i]);
    for (size_t i = 0; i < workload->files.count; i++) {
        const char *slash = strrchr(workload->files.items[i], '/');

        strings_print(arena, &words, "file=pdf/%s", slash ? slash + 1 : workload->files.items[i]);
    }
    return strings_join(arena, &words, " ");
}

static void guest_add_cell(struct arena *arena, struct plan_guest *guest, const struct config_variant *variant,
                           const struct config_workload *workload)
{
    const char *server = config_server_find(variant, workload);

    guest->cells = arena_grow(arena, guest->cells, guest->cell_count, &guest->cell_room, sizeof(*guest->cells));
    guest->cells[guest->cell_count++] = (struct plan_cell){.workload = workload,
                                                           .words = cell_words(arena, workload, server),
                                                           .program = server ? server : workload->program,
                                                           .server = "",
                                                           .image_sha256 = "",
                                                           .workload_sha256 = ""};
}

static struct plan_guest *plan_add_guest(struct arena *arena, struct plan *plan, const struct plan_guest *like)
{
    plan->guests = arena_grow(arena, plan->guests, plan->guest_count, &plan->guest_room, sizeof(*plan->guests));
    plan->guests[plan->guest_count] = *like;
    return &plan->guests[plan->guest_count++];
}

static bool is_runnable(const struct config_workload *workload, const struct config_structure *structure)
{
    bool listed = workload->on.count == 0;

    for (size_t i = 0; i < workload->on.count; i++)
        listed |= strcmp(workload->on.items[i], structure->name) == 0;
    return listed && !config_refusal_find(workload, structure->name);
}

/* The guests of one variant of a structure in one repetition.  Servers run in guests with a network, apart from other
   programs, and only where their clients' time is the guest's: in the exact lane; or where real clients come. */
static void variant_add(struct arena *arena, struct plan *plan, const struct plan_options *options,
                        const struct config_variant *variant, struct plan_guest *like)
{
    size_t batches[2] = {NONE, NONE}; /* of programs by themselves, and of servers */

    if (variant->time_only && like->lane != LANE_TIME)
        return;
    like->variant = variant->name;
    like->has_servers = variant->server_count > 0;
    for (size_t i = 0; i < plan->config->workload_count; i++) {
        const struct config_workload *workload = &plan->config->workloads[i];
        size_t *batch;

        if (!is_selected(&options->only, like->structure->name, variant->name, workload->name) ||
            !is_runnable(workload, like->structure) ||
            (variant->server_count && !config_server_find(variant, workload)) ||
            (!(options->servers && workload->load) &&
             (!config_variant_runs(variant, workload) || (workload->load && like->lane == LANE_TIME))))
            continue;
        batch = &batches[workload->load != NULL];
        if (*batch == NONE || !plan_is_batch(like->structure) || (options->servers && workload->load)) {
            plan_add_guest(arena, plan, like);
            *batch = plan->guest_count - 1;
        }
        guest_add_cell(arena, &plan->guests[*batch], variant, workload);
    }
}

static void repetition_add(struct arena *arena, struct plan *plan, const struct plan_options *options, enum lane lane,
                           uint32_t rep)
{
    for (int batch = 1; batch >= 0; batch--) { /* the long ones first, so that no processor idles at the end */
        for (size_t s = 0; s < plan->config->structure_count; s++) {
            const struct config_structure *structure = &plan->config->structures[s];
            struct plan_guest like = {.structure = structure, .lane = lane, .rep = rep};

            like.timeout_s = options->timeout_s ? options->timeout_s : structure->timeout_s;
            for (size_t v = 0; v < structure->variant_count && plan_is_batch(structure) == batch; v++)
                variant_add(arena, plan, options, &structure->variants[v], &like);
        }
    }
}

/* Fisher and Yates, with Knuth's 64-bit congruential generator. */
static void guests_shuffle(struct plan_guest *guests, size_t count, uint64_t state)
{
    for (size_t i = count; i > 1; i--) {
        struct plan_guest swap = guests[i - 1];
        size_t other;

        state = state * 6364136223846793005u + 1442695040888963407u;
        other = (size_t)((state >> 33) % i);
        guests[i - 1] = guests[other];
        guests[other] = swap;
    }
}

static void refusals_add(struct arena *arena, struct plan *plan, const struct plan_options *options)
{
    const struct config *config = plan->config;

    for (size_t s = 0; s < config->structure_count; s++) {
        for (size_t w = 0; w < config->workload_count; w++) {
            const char *structure = config->structures[s].name;
            const char *reason = config_refusal_find(&config->workloads[w], structure);

            if (!reason || !is_selected(&options->only, structure, "default", config->workloads[w].name))
                continue;
            plan->refusals =
                arena_grow(arena, plan->refusals, plan->refusal_count, &plan->refusal_room, sizeof(*plan->refusals));
            plan->refusals[plan->refusal_count++] =
                (struct plan_refusal){&config->structures[s], &config->workloads[w], reason};
        }
    }
}

int plan_make(struct arena *arena, const struct config *config, const struct plan_options *options, struct plan *plan,
              struct error *error)
{
    uint32_t exact = options->repetitions ? options->repetitions : config->repetitions;
    uint32_t timed = options->repetitions ? options->repetitions : config->time_repetitions;

    *plan = (struct plan){.config = config};
    plan->stop = (struct stop_rule){.least = options->repetitions ? timed : config->time_repetitions_min,
                                    .most = timed,
                                    .precision = config->time_precision,
                                    .budget_ms = (int64_t)config->time_budget_s * 1000};
    if (patterns_check(config, &options->only, error))
        return -1;
    for (uint32_t rep = 0; rep < exact && (options->lanes & LANE_EXACT); rep++)
        repetition_add(arena, plan, options, LANE_EXACT, rep);
    for (uint32_t rep = 0; rep < timed && (options->lanes & LANE_TIME); rep++) {
        size_t start = plan->guest_count;

        repetition_add(arena, plan, options, LANE_TIME, rep);
        if (plan->guest_count > start)
            guests_shuffle(plan->guests + start, plan->guest_count - start, config->seed * 1000003 + rep);
    }
    refusals_add(arena, plan, options);
    return 0;
}

const char *plan_guest_workload(const struct plan_guest *guest)
{
    if (guest->cell_count == 1)
        return guest->cells[0].workload->name;
    return guest->cells[0].workload->load ? "servers" : "*";
}

char *plan_guest_name(struct arena *arena, const struct plan_guest *guest)
{
    const char *workload = plan_guest_workload(guest);

    return arena_print(arena, "%s/%s %s #%u", config_system_name(arena, guest->structure->name, guest->variant, ':'),
                       workload, plan_lane_name(guest->lane), guest->rep);
}
