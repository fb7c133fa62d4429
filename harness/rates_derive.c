/* SPDX-License-Identifier: MIT */
/*
 * rates_derive.c: medians, ratios to Linux and what papers claim, as rates.json and as text.
 */
#include "file.h"
#include "rates.h"
#include "sample.h"
#include "table.h"
#include <stdlib.h>
#include <string.h>

static bool is_ok(const struct rate *rate)
{
    return strcmp(rate->status, "ok") == 0;
}

static bool is_same(const struct rate *a, const struct rate *b)
{
    return strcmp(a->structure, b->structure) == 0 && strcmp(a->variant, b->variant) == 0 &&
           strcmp(a->measure, b->measure) == 0;
}

const char *const rates_against_variants[RATES_AGAINST] = {"default", "mitigations=off"};

/* The rate of that Linux in the same round and measure, or NULL. */
static const struct rate *partner_find(const struct rates *rates, const struct rate *rate, enum rates_against against)
{
    for (size_t i = 0; i < rates->count; i++) {
        const struct rate *other = &rates->items[i];

        if (is_ok(other) && other->round == rate->round && strcmp(other->structure, RATES_BASELINE) == 0 &&
            strcmp(other->variant, rates_against_variants[against]) == 0 && strcmp(other->measure, rate->measure) == 0)
            return other;
    }
    return NULL;
}

/* The ratios to one Linux. */
static void ratio_fill(struct arena *arena, const struct rates *rates, enum rates_against against,
                       struct rates_row *row)
{
    double *ratios = arena_alloc(arena, rates->count * sizeof(*ratios));
    size_t n = 0;

    for (size_t i = 0; i < rates->count; i++) {
        const struct rate *rate = &rates->items[i], *partner;

        if (is_same(rate, row->first) && is_ok(rate) && (partner = partner_find(rates, rate, against)))
            ratios[n++] = rate->per_second / partner->per_second;
    }
    row->pairs[against] = n;
    if (n)
        row->ratio[against] = stats_of(ratios, n);
}

static void time_fill(struct arena *arena, const struct rates *rates, struct rates_row *row)
{
    double *costs = arena_alloc(arena, rates->count * sizeof(*costs));
    double *shares = arena_alloc(arena, rates->count * sizeof(*shares));

    for (size_t i = 0; i < rates->count; i++) {
        const struct rate *rate = &rates->items[i];

        if (!is_same(rate, row->first) || !is_ok(rate) || rate->requests == 0 || rate->guest_s <= 0 ||
            rate->wall_s <= 0)
            continue;
        costs[row->timed] = rate->guest_s * 1e6 / (double)rate->requests;
        shares[row->timed++] = rate->guest_s / rate->wall_s;
    }
    if (row->timed) {
        row->cost_us = stats_of(costs, row->timed);
        row->busy = stats_of(shares, row->timed);
    }
}

static void row_fill(struct arena *arena, const struct rates *rates, struct rates_row *row)
{
    double *values = arena_alloc(arena, rates->count * sizeof(*values));

    row->reason = "";
    for (size_t i = 0; i < rates->count; i++) {
        const struct rate *rate = &rates->items[i];

        if (!is_same(rate, row->first))
            continue;
        if (is_ok(rate))
            values[row->n++] = rate->per_second;
        else if (row->failed++ == 0)
            row->reason = rate->reason;
    }
    if (row->n)
        row->stats = stats_of(values, row->n);
    for (enum rates_against against = 0; against < RATES_AGAINST; against++)
        ratio_fill(arena, rates, against, row);
    time_fill(arena, rates, row);
}

static size_t measure_place(const struct rate *rate)
{
    size_t i = 0;

    while (i < rates_measure_count && strcmp(rates_measures[i].name, rate->measure) != 0)
        i++;
    return i;
}

/* Systems by name, Linux after the structures, "default" before the variants; then measures. */
static int rows_order(const void *a, const void *b)
{
    const struct rate *x = ((const struct rates_row *)a)->first, *y = ((const struct rates_row *)b)->first;
    int linux_last = (strcmp(x->structure, RATES_BASELINE) == 0) - (strcmp(y->structure, RATES_BASELINE) == 0);
    int plain = (strcmp(y->variant, "default") == 0) - (strcmp(x->variant, "default") == 0);
    int structure = strcmp(x->structure, y->structure), variant = strcmp(x->variant, y->variant);

    if (linux_last || structure)
        return linux_last ? linux_last : structure;
    if (plain || variant)
        return plain ? plain : variant;
    return (int)measure_place(x) - (int)measure_place(y);
}

void rates_derive(struct arena *arena, const struct rates *rates, struct rates_table *table)
{
    *table = (struct rates_table){0};
    for (size_t i = 0; i < rates->count; i++) {
        bool known = false;

        for (size_t k = 0; k < table->count && !known; k++)
            known = is_same(table->rows[k].first, &rates->items[i]);
        if (known)
            continue;
        table->rows = arena_grow(arena, table->rows, table->count, &table->room, sizeof(*table->rows));
        table->rows[table->count++] = (struct rates_row){.first = &rates->items[i]};
    }
    for (size_t k = 0; k < table->count; k++)
        row_fill(arena, rates, &table->rows[k]);
    if (table->count)
        qsort(table->rows, table->count, sizeof(*table->rows), rows_order);
}

const struct rates_row *rates_find(const struct rates_table *table, const char *structure, const char *variant,
                                   const char *measure)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct rate *first = table->rows[i].first;

        if (strcmp(first->structure, structure) == 0 && strcmp(first->variant, variant) == 0 &&
            strcmp(first->measure, measure) == 0)
            return &table->rows[i];
    }
    return NULL;
}

/* ---- rates.json ---- */

static json_t *stats_to_json(const struct stats *stats, size_t n)
{
    if (n == 0)
        return json_null();
    return json_pack("{sf sf sf sf sf sI}", "median", stats->median, "median_lo", stats->middle.lo, "median_hi",
                     stats->middle.hi, "lo", stats->lo, "hi", stats->hi, "n", (json_int_t)n);
}

static json_t *row_to_json(const struct rates_row *row)
{
    const struct rate *first = row->first;

    return json_pack("{ss ss ss ss ss ss si si sI ss ss so so so so so}", "structure", first->structure, "variant",
                     first->variant, "workload", first->workload, "program", first->program, "measure", first->measure,
                     "client", first->client, "pipeline", (int)first->pipeline, "memory_mib", (int)first->memory_mib,
                     "failed", (json_int_t)row->failed, "reason", row->reason, "evidence", "measured", "per_second",
                     stats_to_json(&row->stats, row->n), "ratio",
                     stats_to_json(&row->ratio[RATES_DEFENDED], row->pairs[RATES_DEFENDED]), "ratio_undefended",
                     stats_to_json(&row->ratio[RATES_UNDEFENDED], row->pairs[RATES_UNDEFENDED]), "cost_us",
                     stats_to_json(&row->cost_us, row->timed), "busy", stats_to_json(&row->busy, row->timed));
}

/* Against the Linux that does better: with or without its defences.  RATES_AGAINST: there is neither. */
static enum rates_against harder(const struct rates_row *row)
{
    enum rates_against best = RATES_AGAINST;

    for (enum rates_against against = 0; against < RATES_AGAINST; against++) {
        if (row->pairs[against] && (best == RATES_AGAINST || row->ratio[against].median < row->ratio[best].median))
            best = against;
    }
    return best;
}

static json_t *claims_to_json(const struct rates_table *table)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rates_claim_count; i++) {
        const struct rates_claim *claim = &rates_claims[i];
        const struct rates_row *row = rates_find(table, "uni", "default", claim->measure);
        enum rates_against against = row ? harder(row) : RATES_AGAINST;

        if (against != RATES_AGAINST)
            json_array_append_new(list,
                                  json_pack("{ss ss ss sf ss ss ss so}", "id", claim->id, "measure", claim->measure,
                                            "structure", "uni", "claimed", claim->ratio, "what", claim->what, "source",
                                            claim->source, "against", rates_against_variants[against], "here",
                                            stats_to_json(&row->ratio[against], row->pairs[against])));
    }
    return list;
}

static json_t *measures_to_json(void)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rates_measure_count; i++)
        json_array_append_new(list,
                              json_pack("{ss ss}", "name", rates_measures[i].name, "what", rates_measures[i].what));
    return list;
}

int rates_write(struct arena *arena, const char *folder, const char *run, const struct rates *rates,
                struct error *error)
{
    const char *path = arena_print(arena, "%s/" RATES_DERIVED, folder);
    const struct rate *first = rates->items;
    json_t *rows = json_array(), *json;
    struct rates_table table;
    char *text;
    int failed;

    rates_derive(arena, rates, &table);
    for (size_t i = 0; i < table.count; i++)
        json_array_append_new(rows, row_to_json(&table.rows[i]));
    json = json_pack("{ss ss ss ss ss ss si si so so so}", "schema", SAMPLE_SCHEMA, "run", run, "accel", first->accel,
                     "cpu", first->cpu, "network", first->network, "baseline", RATES_BASELINE, "connections",
                     (int)first->connections, "seconds", (int)first->seconds, "measures", measures_to_json(), "rows",
                     rows, "claims", claims_to_json(&table));
    text = json ? json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(json);
    if (!text)
        return error_set(error, TOLL_HOST, "cannot express %s as JSON", path);
    failed = file_write_atomic(path, text, strlen(text), error);
    free(text);
    return failed;
}

/* ---- as text ---- */

static bool is_emulated(const struct rate *rate)
{
    return strcmp(rate->accel, "kvm") != 0;
}

static void heading_print(FILE *out, const struct rates *rates)
{
    const struct rate *first = rates->items;

    fprintf(out,
            "\nrequests a second (measured), %s, network %s, %u connections, %u s each: median, its 95 %% interval; "
            "times Linux, and\ntimes Linux without mitigations, of the same round; processor time of QEMU for each "
            "request, and as a share of all time\n",
            is_emulated(first) ? "emulated (TCG): of no hardware, compare the ratios only" : "KVM", first->network,
            first->connections, first->seconds);
}

static void row_print(struct arena *arena, FILE *out, const struct rates_row *row)
{
    const struct rate *first = row->first;
    const char *name = config_system_name(arena, first->structure, first->variant, ' ');

    if (row->n == 0) {
        fprintf(out, "  %-24s not measured: %s\n", name, row->reason);
        return;
    }
    fprintf(out, "  %-24s %10s  %10s to %-10s", name, table_number(arena, row->stats.median),
            table_number(arena, row->stats.middle.lo), table_number(arena, row->stats.middle.hi));
    for (enum rates_against against = 0; against < RATES_AGAINST; against++) {
        if (row->pairs[against])
            fprintf(out, " %6.2f (%.2f to %.2f)", row->ratio[against].median, row->ratio[against].middle.lo,
                    row->ratio[against].middle.hi);
        else
            fputs("      - ", out);
    }
    if (row->timed)
        fprintf(out, "  %.1f us, busy %.0f %%", row->cost_us.median, 100 * row->busy.median);
    fprintf(out, "  n %zu", row->n);
    if (row->failed)
        fprintf(out, ", %zu failed: %s", row->failed, row->reason);
    fputc('\n', out);
}

static const char *verdict_of(const struct stats *here, double claimed)
{
    if (here->middle.lo >= claimed)
        return "at least as much";
    return here->middle.hi < claimed ? "less" : "not decided, for the interval holds both";
}

static void claim_print(FILE *out, const struct rates_table *table, const struct rates_claim *claim)
{
    const struct rates_row *row = rates_find(table, "uni", "default", claim->measure);
    enum rates_against against = row ? harder(row) : RATES_AGAINST;
    const struct stats *here = against == RATES_AGAINST ? NULL : &row->ratio[against];

    if (!here)
        return;
    fprintf(out, "  %s: claimed %.2f times Linux, here %.2f (%.2f to %.2f; %s, n %zu; against %s): %s\n      %s; %s\n",
            claim->id, claim->ratio, here->median, here->middle.lo, here->middle.hi,
            is_emulated(row->first) ? "emulated" : "KVM", row->pairs[against], rates_against_variants[against],
            verdict_of(here, claim->ratio), claim->what, claim->source);
}

void rates_print(struct arena *arena, FILE *out, const struct rates *rates)
{
    struct rates_table table;

    if (rates->count == 0)
        return;
    rates_derive(arena, rates, &table);
    heading_print(out, rates);
    for (size_t m = 0; m < rates_measure_count; m++) {
        const char *client = NULL;

        for (size_t i = 0; i < table.count; i++) {
            if (strcmp(table.rows[i].first->measure, rates_measures[m].name) != 0)
                continue;
            if (!client)
                fprintf(out, "%s: %s (%s)\n", rates_measures[m].name, rates_measures[m].what,
                        client = table.rows[i].first->client);
            row_print(arena, out, &table.rows[i]);
        }
    }
    fputs("what a paper claims of a unikernel, and uni here:\n", out);
    for (size_t i = 0; i < rates_claim_count; i++)
        claim_print(out, &table, &rates_claims[i]);
}
