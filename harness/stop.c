/* SPDX-License-Identifier: MIT */
/*
 * stop.c: the stopping rule of the time lane.
 */
#include "stop.h"
#include "stats.h"
#include <stdbool.h>

double stop_precision(double *values, size_t count)
{
    struct stats stats;

    if (count < 2)
        return 1;
    stats = stats_of(values, count);
    if (stats.median <= 0)
        return stats.middle.hi > stats.middle.lo ? 1 : 0;
    return (stats.middle.hi - stats.middle.lo) / 2 / stats.median;
}

enum stop_cause stop_judge(const struct stop_rule *rule, double *values, size_t count, int budget_spent)
{
    if (count >= rule->most)
        return stop_precision(values, count) <= rule->precision ? STOP_PRECISE : STOP_LIMIT;
    if (count >= rule->least && stop_precision(values, count) <= rule->precision)
        return STOP_PRECISE;
    return budget_spent ? STOP_BUDGET : STOP_NOT;
}

const char *stop_cause_name(enum stop_cause cause)
{
    static const char *const names[] = {"", "precise", "limit", "budget"};

    return names[cause];
}

json_t *stop_to_json(const struct stop_rule *rule)
{
    return json_pack("{si si sf sI}", "least", (int)rule->least, "most", (int)rule->most, "precision", rule->precision,
                     "budget_ms", (json_int_t)rule->budget_ms);
}

static bool is_count(const json_t *json)
{
    return json_is_integer(json) && json_integer_value(json) >= 1 && json_integer_value(json) <= INT32_MAX;
}

const char *stop_from_json(const json_t *json, struct stop_rule *rule)
{
    const json_t *least = json_object_get(json, "least"), *most = json_object_get(json, "most");
    const json_t *precision = json_object_get(json, "precision"), *budget = json_object_get(json, "budget_ms");

    *rule = (struct stop_rule){0};
    if (!json)
        return NULL;
    if (!json_is_object(json))
        return "stop";
    if (!is_count(least))
        return "stop.least";
    if (!is_count(most))
        return "stop.most";
    if (!json_is_number(precision) || !(json_number_value(precision) > 0))
        return "stop.precision";
    if (!json_is_integer(budget) || json_integer_value(budget) < 0)
        return "stop.budget_ms";
    *rule = (struct stop_rule){.least = (uint32_t)json_integer_value(least),
                               .most = (uint32_t)json_integer_value(most),
                               .precision = json_number_value(precision),
                               .budget_ms = json_integer_value(budget)};
    return NULL;
}
