/* SPDX-License-Identifier: MIT */
/*
 * session.c: plan.json, host.json and the copy of bench.toml.  plan.json is written last: a folder that has one has
 * all that is needed to go on.
 */
#include "session.h"
#include "admit.h"
#include "file.h"
#include "hierarchy.h"
#include "host.h"
#include "images.h"
#include "layout.h"
#include "model.h"
#include <string.h>
#include <time.h>

static json_t *strings_to_json(const struct strings *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->items[i]));
    return array;
}

static json_t *plan_to_json(struct session *session, struct error *error)
{
    json_t *objects = images_parts(session->arena, &session->plan, error), *images, *options, *plan;
    char utc[32];
    time_t now = time(NULL);
    struct tm parts;

    if (!objects || !(images = images_to_json(session->arena, &session->plan, error))) {
        json_decref(objects);
        return NULL;
    }
    strftime(utc, sizeof(utc), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
    options = json_pack("{so si si si}", "only", strings_to_json(&session->options.only), "lanes",
                        (int)session->options.lanes, "repetitions", (int)session->options.repetitions, "timeout_s",
                        (int)session->options.timeout_s);
    if (session->options.model)
        json_object_set_new(options, "model", json_string(session->options.model));
    plan = json_pack("{ss ss ss si so so so so so}", "schema", SAMPLE_SCHEMA, "run", session->run_name, "created", utc,
                     "guests", (int)session->plan.guest_count, "options", options, "images", images, "parts", objects,
                     "cells", admit_cells_to_json(&session->plan), "stop", stop_to_json(&session->plan.stop));
    return plan;
}

static bool number_from_json(const json_t *options, const char *name, int64_t low, int64_t high, uint32_t *number)
{
    const json_t *value = json_object_get(options, name);

    if (!json_is_integer(value) || json_integer_value(value) < low || json_integer_value(value) > high)
        return false;
    *number = (uint32_t)json_integer_value(value);
    return true;
}

/* NULL, or the key that is not as it was written. */
static const char *options_read(struct session *session, const json_t *options)
{
    const json_t *only = json_object_get(options, "only"), *model = json_object_get(options, "model"), *item;
    struct plan_options *out = &session->options;
    struct error ignored;
    size_t i;

    if (!json_is_object(options))
        return "options";
    if (!json_is_array(only))
        return "options.only";
    json_array_foreach(only, i, item)
    {
        if (!json_is_string(item) || plan_only_parse(session->arena, json_string_value(item), &out->only, &ignored))
            return "options.only";
    }
    if (!number_from_json(options, "lanes", LANE_EXACT, LANE_ALL, &out->lanes))
        return "options.lanes";
    if (!number_from_json(options, "repetitions", 0, PLAN_REPETITIONS_MAX, &out->repetitions))
        return "options.repetitions";
    if (!number_from_json(options, "timeout_s", 0, PLAN_TIMEOUT_MAX, &out->timeout_s))
        return "options.timeout_s";
    if (model && !json_is_string(model))
        return "options.model";
    out->model = model ? arena_copy(session->arena, json_string_value(model)) : NULL;
    return NULL;
}

static int options_from_json(struct session *session, const json_t *plan, struct error *error)
{
    const char *wrong = options_read(session, json_object_get(plan, "options"));

    if (!wrong)
        return 0;
    return error_set(error, TOLL_USAGE, "%s/plan.json: %s: expected what the run was asked for; start a new run",
                     session->resume, wrong);
}

/* The sizes for the model of caches and TLBs, of the profile that the command line or bench.toml names. */
static int model_look_up(struct session *session, struct error *error)
{
    const char *name = session->options.model ? session->options.model : session->config.model;

    if (!name || strcmp(name, HIERARCHY_OFF) == 0)
        return 0;
    session->config.model_sizes = hierarchy_options(session->arena, name, error);
    return session->config.model_sizes ? 0 : -1;
}

/* The profile of the run's modelled cycles: that of the sizes, where caches and TLBs are modelled.  NULL: none. */
static const char *profile_name(const struct session *session)
{
    const char *model = session->options.model ? session->options.model : session->config.model;

    return session->config.model_sizes ? model : session->config.profile;
}

static const char *profile_kept(struct session *session, const char *folder)
{
    return arena_print(session->arena, "%s/" MODEL_PROFILE_FILE, folder);
}

/* A mistake in the profile shows before anything is built.  A run that goes on has its own. */
static int profile_check(struct session *session, struct error *error)
{
    const char *name = profile_name(session), *path;
    struct profile profile;

    if (!name || (session->resume && file_exists(profile_kept(session, session->resume))))
        return 0;
    path = profile_find(session->arena, name, error);
    return path ? profile_load(session->arena, path, &profile, error) : -1;
}

int session_plan(struct session *session, const char *config_path, struct error *error)
{
    json_t *plan;
    int failed;

    if (session->resume) {
        plan = store_load_json(session->arena, session->resume, "plan.json", error);
        failed = !plan || options_from_json(session, plan, error);
        json_decref(plan);
        if (failed)
            return -1;
        config_path = arena_print(session->arena, "%s/bench.toml", session->resume);
    }
    if (config_load(session->arena, config_path, &session->config, error) || model_look_up(session, error) ||
        profile_check(session, error))
        return -1;
    return plan_make(session->arena, &session->config, &session->options, &session->plan, error);
}

/* The profile as it is now stays with the run, so that its results can be derived again. */
static int profile_keep(struct session *session, struct error *error)
{
    const char *name = profile_name(session), *path = name ? profile_find(session->arena, name, error) : NULL;

    if (!name)
        return 0;
    return path ? file_copy(path, profile_kept(session, session->store.folder), error) : -1;
}

static int papers_write(struct session *session, const struct probe *probe, struct error *error)
{
    char *target = arena_print(session->arena, "%s/bench.toml", session->store.folder);
    json_t *host = host_to_json(session->arena, probe, session->cancel), *plan = plan_to_json(session, error);
    int failed = !plan || file_copy(session->config.path, target, error) || profile_keep(session, error) ||
                 store_write_json(session->arena, &session->store, "host.json", host, error) ||
                 store_write_json(session->arena, &session->store, "plan.json", plan, error);

    json_decref(host);
    json_decref(plan);
    return failed ? -1 : 0;
}

/* Samples of two hosts must not be mixed in one run. */
static int host_compare(struct session *session, const struct probe *probe, struct error *error)
{
    static const char *const names[] = {"cpu", "kernel", "qemu"};
    json_t *then = store_load_json(session->arena, session->resume, "host.json", error), *now;
    int failed = !then;

    now = then ? host_to_json(session->arena, probe, session->cancel) : NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !failed; i++) {
        const char *a = json_string_value(json_object_get(then, names[i]));
        const char *b = json_string_value(json_object_get(now, names[i]));

        if (strcmp(a ? a : "unknown", b ? b : "unknown") != 0)
            failed = error_set(error, TOLL_USAGE,
                               "%s was begun on another host (%s: %s then, %s now): its samples cannot be mixed with "
                               "new ones; start a new run",
                               session->resume, names[i], a ? a : "unknown", b ? b : "unknown");
    }
    json_decref(then);
    json_decref(now);
    return failed ? -1 : 0;
}

static int papers_compare(struct session *session, const struct probe *probe, struct error *error)
{
    json_t *plan = store_load_json(session->arena, session->resume, "plan.json", error);
    json_t *now = plan ? images_to_json(session->arena, &session->plan, error) : NULL;
    const char *run = json_string_value(json_object_get(plan, "run"));
    int failed =
        !now || images_compare(json_object_get(plan, "images"), now, error) || host_compare(session, probe, error);

    if (run)
        session->run_name = arena_copy(session->arena, run);
    json_decref(plan);
    json_decref(now);
    return failed ? -1 : 0;
}

int session_open(struct session *session, const struct probe *probe, struct error *error)
{
    struct arena *arena = session->arena;

    if (images_identify(arena, &session->plan, error))
        return -1;
    if (session->resume) {
        if (papers_compare(session, probe, error) || store_open(arena, session->resume, &session->store, error))
            return -1;
        return store_load(arena, session->resume, &session->before, error);
    }
    if (store_create(arena, session->output, host_commit(arena, session->cancel), &session->store, error))
        return -1;
    session->run_name = store_run_name(arena, session->store.folder);
    return papers_write(session, probe, error) || store_publish(arena, &session->store, error) ? -1 : 0;
}
