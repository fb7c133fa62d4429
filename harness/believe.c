/* SPDX-License-Identifier: MIT */
/*
 * believe.c: the list of what a sample that went well must have: its place in the run, the image that plan.json
 * names, hashes, a clean disk, an audit with a known outcome, operations and numbers.  Each check gives the reason
 * why the sample is not believed, or NULL.
 */
#include "believe.h"
#include "judge.h"
#include "layout.h"
#include <string.h>

struct claim {
    struct arena *arena;
    const json_t *plan;
    const struct sample *sample;
};

static const char *check_run(const struct claim *claim)
{
    const char *run = json_string_value(json_object_get(claim->plan, "run"));

    if (run && strcmp(run, claim->sample->run) == 0)
        return NULL;
    return arena_print(claim->arena, "the sample says that it is of run %s, plan.json is of %s", claim->sample->run,
                       run ? run : "none");
}

static const char *check_image(const struct claim *claim)
{
    const struct sample *s = claim->sample;
    const json_t *images = json_object_get(claim->plan, "images");
    const char *name = layout_image_name(claim->arena, s->structure, s->variant, s->server && *s->server, s->workload);
    const char *planned = json_string_value(json_object_get(images, name));

    if (!planned)
        return arena_print(claim->arena, "plan.json does not name the image of %s", name);
    if (strcmp(planned, s->image_sha256) == 0)
        return NULL;
    return arena_print(claim->arena, "it booted another image (%.12s) than plan.json names (%.12s)", s->image_sha256,
                       planned);
}

static const char *check_hashes(const struct claim *claim)
{
    if (!*claim->sample->output_sha256)
        return "the hash of the workload's output is missing";
    return *claim->sample->workload_sha256 ? NULL : "the hash of the workload's object is missing";
}

static const char *check_disk(const struct claim *claim)
{
    if (strcmp(claim->sample->disk, DISK_CLEAN) == 0)
        return NULL;
    return arena_print(claim->arena, "e2fsck did not find the disk clean after the run: %s",
                       *claim->sample->disk ? claim->sample->disk : "not recorded");
}

static const char *check_audit(const struct claim *claim)
{
    const char *audit = claim->sample->audit;

    if (strcmp(audit, "ok") == 0 || strcmp(audit, "failed") == 0 || strcmp(audit, "none") == 0)
        return NULL;
    return arena_print(claim->arena, "its audit came to \"%s\"; expected ok, failed or none", audit);
}

static const char *check_numbers(const struct claim *claim)
{
    const struct sample *s = claim->sample;
    const char *main_metric = strcmp(s->lane, "exact") == 0 ? "instructions" : "cycles";
    const struct metric *metric = metrics_find(&s->metrics, main_metric);

    if (s->ops <= 0)
        return "it counts no operations";
    if (!metric)
        return arena_print(claim->arena, "it has no number of %s", main_metric);
    for (size_t i = 0; i < s->metrics.count; i++) {
        if (s->metrics.items[i].value < 0)
            return arena_print(claim->arena, "%s is less than nothing", s->metrics.items[i].name);
    }
    return NULL;
}

const char *believe_sample(struct arena *arena, const json_t *plan, const struct sample *sample)
{
    static const char *(*const checks[])(const struct claim *) = {
        check_run, check_image, check_hashes, check_disk, check_audit, check_numbers,
    };
    const struct claim claim = {arena, plan, sample};

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        const char *reason = checks[i](&claim);

        if (reason)
            return arena_print(arena, "repetition %d: %s", (int)sample->rep, reason);
    }
    return NULL;
}
