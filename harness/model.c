/* SPDX-License-Identifier: MIT */
/*
 * model.c: makes budgets.  The table `prices` says which metric is paid by which price of the profile.
 */
#include "model.h"
#include "file.h"
#include <string.h>

struct price {
    const char *metric;
    enum profile_cost_index cost;
    bool is_exit; /* under a hypervisor it costs at least an exit, which prices it if nothing else does */
};

static const struct price prices[] = {
    {"rep", PROFILE_REP, false},
    {"rep_bytes", PROFILE_REP_BYTES, false},
    {"syscall", PROFILE_SYSCALL, false},
    {"exception", PROFILE_EXCEPTION, false},
    {"interrupt", PROFILE_INTERRUPT, false},
    {"upcall", PROFILE_UPCALL, false},
    {"ipc", PROFILE_IPC, false},
    {"as_switch_kept", PROFILE_AS_SWITCH_KEPT, false},
    {"thread_switch", PROFILE_THREAD_SWITCH, false},
    {"invlpg", PROFILE_INVLPG, false},
    {"wrmsr", PROFILE_WRMSR, false},
    {"port_io", PROFILE_PORT_IO, true},
    {"mmio", PROFILE_MMIO, true},
    {"hlt", PROFILE_HLT, true},
};

static const char *const miss_metrics[PROFILE_ARRAYS] = {"miss.l1i",  "miss.l1d",  "miss.l2",
                                                         "miss.itlb", "miss.dtlb", "miss.stlb"};

static double count_of(const struct results *results, const struct cell *cell, const char *metric)
{
    const struct result *result = results_find(results, cell, metric);

    return result ? result->value : 0;
}

static void term_add(struct model_budget *budget, const char *name, double count, const struct profile_cost *cost)
{
    struct model_term *term = &budget->terms[budget->count];

    if (!(count > 0) || budget->count == MODEL_TERMS_MAX)
        return;
    *term =
        (struct model_term){.name = name, .count = count, .priced = cost->known, .source = "the profile has no price"};
    if (cost->known) {
        term->unit_cycles = cost->cycles;
        term->cycles = count * cost->cycles;
        term->source = cost->source;
    }
    budget->cycles += term->cycles;
    budget->unpriced += !cost->known;
    budget->count++;
}

static void switches_add(struct model_budget *budget, const struct results *results, const struct cell *cell,
                         const struct profile *profile)
{
    double dropping = count_of(results, cell, "as_switch") - count_of(results, cell, "as_switch_kept");

    term_add(budget, "as_switch", dropping, &profile->costs[PROFILE_AS_SWITCH]);
    if (!budget->with_misses && profile->costs[PROFILE_AS_SWITCH_REFILL].known)
        term_add(budget, "as_switch_refill", dropping, &profile->costs[PROFILE_AS_SWITCH_REFILL]);
}

static void kinds_add(struct model_budget *budget, const struct results *results, const struct cell *cell,
                      const struct profile *profile)
{
    for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++) {
        const struct profile_cost *cost = &profile->costs[prices[i].cost];

        if (!cost->known && prices[i].is_exit && profile->costs[PROFILE_VM_EXIT].known)
            cost = &profile->costs[PROFILE_VM_EXIT];
        term_add(budget, prices[i].metric, count_of(results, cell, prices[i].metric), cost);
    }
}

static void misses_add(struct model_budget *budget, const struct results *results, const struct cell *cell,
                       const struct profile *profile)
{
    for (int i = 0; i < PROFILE_ARRAYS; i++) {
        const struct profile_array *array = &profile->arrays[i];
        struct profile_cost penalty = {array->known, array->penalty, array->penalty_source};

        term_add(budget, miss_metrics[i], count_of(results, cell, miss_metrics[i]), &penalty);
    }
}

static bool has_misses(const struct results *results, const struct cell *cell)
{
    for (int i = 0; i < PROFILE_ARRAYS; i++) {
        if (results_find(results, cell, miss_metrics[i]))
            return true;
    }
    return false;
}

/* The time lane's number for the same work. */
static const struct result *measured_find(const struct results *results, const struct cell *cell)
{
    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *other = &results->cells.items[i];

        if (strcmp(other->lane, "time") == 0 && strcmp(other->structure, cell->structure) == 0 &&
            strcmp(other->workload, cell->workload) == 0 && strcmp(other->variant, cell->variant) == 0 &&
            strcmp(other->status, CELL_OK) == 0)
            return results_find(results, other, "cycles");
    }
    return NULL;
}

bool model_budget_make(const struct results *results, const struct cell *cell, const struct profile *profile,
                       struct model_budget *budget)
{
    const struct result *instructions = results_find(results, cell, "instructions_arch"), *measured;

    *budget = (struct model_budget){.with_misses = has_misses(results, cell)};
    if (!instructions)
        return false;
    term_add(budget, "instructions_arch", instructions->value, &profile->costs[PROFILE_CPI]);
    switches_add(budget, results, cell, profile);
    kinds_add(budget, results, cell, profile);
    misses_add(budget, results, cell, profile);
    measured = measured_find(results, cell);
    budget->is_measured = measured != NULL;
    budget->measured_cycles = measured ? measured->value : 0;
    return true;
}

static void result_add(struct arena *arena, struct results *results, const struct cell *cell)
{
    const struct result *instructions = results_find(results, cell, "instructions_arch");
    struct model_budget budget;
    size_t n;

    if (!model_budget_make(results, cell, results->profile, &budget))
        return;
    n = instructions->n;
    results->items = arena_grow(arena, results->items, results->count, &results->room, sizeof(*results->items));
    results->items[results->count++] = (struct result){.cell = cell,
                                                       .metric = MODEL_METRIC,
                                                       .unit = "cycles/op",
                                                       .better = "lower",
                                                       .evidence = MODEL_EVIDENCE,
                                                       .value = budget.cycles,
                                                       .lo = budget.cycles,
                                                       .middle = {budget.cycles, budget.cycles},
                                                       .hi = budget.cycles,
                                                       .n = n};
}

int model_results_add(struct arena *arena, const char *folder, struct results *results, struct error *error)
{
    const char *path = arena_print(arena, "%s/" MODEL_PROFILE_FILE, folder);
    struct profile *profile;

    if (!file_exists(path))
        return 0;
    profile = arena_alloc(arena, sizeof(*profile));
    if (profile_load(arena, path, profile, error))
        return -1;
    results->profile = profile;
    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];

        if (strcmp(cell->lane, "exact") == 0 && strcmp(cell->status, CELL_OK) == 0)
            result_add(arena, results, cell);
    }
    return 0;
}
