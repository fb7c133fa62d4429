/* SPDX-License-Identifier: MIT */
/*
 * throughput_folder.c: where rates.jsonl goes: a folder with the papers of a run, and no cells; or that of a run of the
 * same images on the same host.
 */
#include "file.h"
#include "host.h"
#include "images.h"
#include "results.h"
#include "throughput.h"
#include <string.h>
#include <time.h>

static json_t *plan_to_json(struct arena *arena, const struct plan *plan, const char *run, struct error *error)
{
    json_t *parts = images_parts(arena, plan, error), *images = parts ? images_to_json(arena, plan, error) : NULL;
    time_t now = time(NULL);
    struct tm fields;
    char utc[32];

    if (!images) {
        json_decref(parts);
        return NULL;
    }
    strftime(utc, sizeof(utc), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &fields));
    return json_pack("{ss ss ss si s{s[] si si si} so so s[] so}", "schema", SAMPLE_SCHEMA, "run", run, "created", utc,
                     "guests", (int)plan->guest_count, "options", "only", "lanes", (int)LANE_TIME, "repetitions",
                     (int)plan->stop.most, "timeout_s", 0, "images", images, "parts", parts, "cells", "stop",
                     stop_to_json(&plan->stop));
}

int throughput_folder(struct arena *arena, const char *folder, const struct plan *plan, const struct probe *probe,
                      int cancel, struct store *store, struct error *error)
{
    json_t *host, *json;
    int failed;

    if (store_create(arena, folder, host_commit(arena, cancel), store, error))
        return -1;
    host = host_to_json(arena, probe, cancel);
    json = plan_to_json(arena, plan, store_run_name(arena, store->folder), error);
    failed = !json || file_copy(plan->config->path, arena_print(arena, "%s/bench.toml", store->folder), error) ||
             store_write_json(arena, store, "host.json", host, error) ||
             store_write_json(arena, store, "plan.json", json, error) || store_publish(arena, store, error);
    json_decref(host);
    json_decref(json);
    return failed ? -1 : 0;
}

static int host_compare(const char *folder, const json_t *then, const json_t *now, struct error *error)
{
    static const char *const names[] = {"cpu", "kernel", "qemu"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!json_equal(json_object_get(then, names[i]), json_object_get(now, names[i])))
            return error_set(error, TOLL_USAGE, "%s was made on another host (another %s); leave the run out", folder,
                             names[i]);
    }
    return 0;
}

int throughput_join(struct arena *arena, const char *folder, const struct plan *plan, const struct probe *probe,
                    int cancel, struct store *store, struct error *error)
{
    json_t *then, *host, *plan_then, *images, *now;
    int failed;

    if (file_exists(arena_print(arena, "%s/" RATES_FILE, folder)))
        return error_set(error, TOLL_USAGE, "%s has rates already; remove its " RATES_FILE ", or leave the run out",
                         folder);
    if (store_open(arena, folder, store, error))
        return -1;
    plan_then = store_load_json(arena, folder, "plan.json", error);
    then = plan_then ? store_load_json(arena, folder, "host.json", error) : NULL;
    host = host_to_json(arena, probe, cancel);
    images = json_object_get(plan_then, "images");
    now = then ? images_to_json(arena, plan, error) : NULL;
    failed = !now || images_compare(images, now, error) || host_compare(folder, then, host, error);
    json_decref(plan_then);
    json_decref(then);
    json_decref(host);
    json_decref(now);
    return failed ? -1 : 0;
}

int throughput_derive(struct arena *arena, const char *folder, struct error *error)
{
    struct results results;
    int failed = results_load(arena, folder, &results, error) || results_write(arena, folder, &results, error);

    results_close(&results);
    return failed ? -1 : 0;
}
