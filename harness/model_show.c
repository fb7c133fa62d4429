/* SPDX-License-Identifier: MIT */
/*
 * model_show.c: budgets and modelled cycles, as JSON and as a table for a terminal.  Modelled and measured cycles are
 * columns of their own, and the heading names the profile.
 */
#include "model.h"
#include "table.h"
#include <string.h>

static json_t *price_to_json(const char *name, double cycles, const char *source)
{
    return json_pack("{ss sf ss}", "name", name, "cycles", cycles, "source", source);
}

json_t *model_to_json(const struct results *results)
{
    const struct profile *profile = results->profile;
    json_t *list;

    if (!profile)
        return NULL;
    list = json_array();
    for (int i = 0; i < PROFILE_COSTS; i++) {
        if (profile->costs[i].known)
            json_array_append_new(
                list, price_to_json(profile_cost_names[i], profile->costs[i].cycles, profile->costs[i].source));
    }
    for (int i = 0; i < PROFILE_ARRAYS; i++) {
        char name[32];

        snprintf(name, sizeof(name), "miss.%s", profile_array_names[i]);
        if (profile->arrays[i].known)
            json_array_append_new(list,
                                  price_to_json(name, profile->arrays[i].penalty, profile->arrays[i].penalty_source));
    }
    return json_pack("{ss ss so}", "profile", profile->name, "what", profile->what, "prices", list);
}

json_t *model_budget_to_json(const struct model_budget *budget)
{
    json_t *terms = json_array(), *json;

    for (size_t i = 0; i < budget->count; i++) {
        const struct model_term *term = &budget->terms[i];
        json_t *item = json_pack("{ss sf ss}", "name", term->name, "count", term->count, "source", term->source);

        json_object_set_new(item, "unit_cycles", term->priced ? json_real(term->unit_cycles) : json_null());
        json_object_set_new(item, "cycles", term->priced ? json_real(term->cycles) : json_null());
        json_object_set_new(item, "share", term->priced ? json_real(term->cycles / budget->cycles) : json_null());
        json_array_append_new(terms, item);
    }
    json = json_pack("{so sf sb si}", "terms", terms, MODEL_METRIC, budget->cycles, "with_misses",
                     (int)budget->with_misses, "unpriced", (int)budget->unpriced);
    json_object_set_new(json, "cycles_measured",
                        budget->is_measured ? json_real(budget->measured_cycles) : json_null());
    json_object_set_new(json, "remainder",
                        budget->is_measured ? json_real(budget->measured_cycles - budget->cycles) : json_null());
    return json;
}

static void heading_print(FILE *out, const struct profile *profile, const char *modelled, bool any_measured)
{
    fprintf(out,
            "\nmodelled cycles, per operation: counts of the exact lane at the prices of profile %s (`toll explain`)\n",
            profile->name);
    fprintf(out, "%-16s %-24s %24s", "workload", "structure", modelled);
    if (any_measured)
        fprintf(out, " %14s %14s", "measured", "remainder");
    fputs("  not priced\n", out);
}

static void unpriced_print(FILE *out, const struct model_budget *budget)
{
    const char *separator = "  ";

    for (size_t i = 0; i < budget->count; i++) {
        if (!budget->terms[i].priced) {
            fprintf(out, "%s%s", separator, budget->terms[i].name);
            separator = ", ";
        }
    }
    fputc('\n', out);
}

static void line_print(struct arena *arena, FILE *out, const struct cell *cell, const struct model_budget *budget,
                       const char *workload, bool any_measured)
{
    fprintf(out, "%-16s %-24s %24s", workload, config_system_name(arena, cell->structure, cell->variant, ' '),
            table_number(arena, budget->cycles));
    if (any_measured)
        fprintf(out, " %14s %14s", budget->is_measured ? table_number(arena, budget->measured_cycles) : "-",
                budget->is_measured ? table_number(arena, budget->measured_cycles - budget->cycles) : "-");
    unpriced_print(out, budget);
}

static bool is_modelled(const struct results *results, const struct cell *cell, struct model_budget *budget)
{
    return strcmp(cell->lane, "exact") == 0 && strcmp(cell->status, CELL_OK) == 0 &&
           model_budget_make(results, cell, results->profile, budget);
}

static bool any_is_measured(const struct results *results)
{
    for (size_t i = 0; i < results->cells.count; i++) {
        struct model_budget budget;

        if (is_modelled(results, &results->cells.items[i], &budget) && budget.is_measured)
            return true;
    }
    return false;
}

void model_table_print(struct arena *arena, FILE *out, const struct results *results)
{
    const char *workload = NULL;
    bool measured;

    if (!results->profile)
        return;
    measured = any_is_measured(results);
    for (size_t i = 0; i < results->cells.count; i++) {
        const struct cell *cell = &results->cells.items[i];
        struct model_budget budget;

        if (!is_modelled(results, cell, &budget))
            continue;
        if (!workload)
            heading_print(out, results->profile, measured ? "modelled" : "modelled, not measured", measured);
        line_print(arena, out, cell, &budget, workload && strcmp(workload, cell->workload) == 0 ? "" : cell->workload,
                   measured);
        workload = cell->workload;
    }
}
