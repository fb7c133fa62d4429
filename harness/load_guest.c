/* SPDX-License-Identifier: MIT */
/*
 * load_guest.c: a plan of one guest.
 */
#include "load_guest.h"
#include "build.h"
#include "probe.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>

bool load_guest_is(const char *name)
{
    return strchr(name, '/') != NULL;
}

/* STRUCTURE/WORKLOAD would select every variant. */
static const char *pattern_of(struct arena *arena, const char *name)
{
    const char *slash = strchr(name, '/'), *colon = strchr(name, ':');

    if (colon && colon < slash)
        return name;
    return arena_print(arena, "%.*s:default%s", (int)(slash - name), name, slash);
}

static int plan_one(struct arena *arena, struct config *config, const struct load_guest *guest, struct plan *plan,
                    struct error *error)
{
    struct plan_options options = {.lanes = LANE_TIME, .repetitions = 1, .servers = true};

    serve_endless(config);
    if (plan_only_parse(arena, pattern_of(arena, guest->name), &options.only, error) ||
        plan_make(arena, config, &options, plan, error))
        return -1;
    if (plan->guest_count != 1 || !plan->guests[0].cells[0].workload->load ||
        plan->guests[0].cells[0].workload->load->udp)
        return error_set(
            error, TOLL_USAGE,
            "%s: expected one server of tcp, as in uni/kv_get or linux:mitigations=off/web_1k; `toll list` "
            "shows what there is",
            guest->name);
    return 0;
}

int load_guest_run(struct arena *arena, struct config *config, const struct load_guest *guest, struct error *error)
{
    struct serve serve = {.config = config, .cancel = guest->cancel, .visit = guest->visit, .context = guest->context};
    enum config_network network = config->network;
    struct probe probe = {.kind = PROBE_UNKNOWN};
    struct plan plan;
    char *folder;
    int result;

    if ((guest->network && backend_parse("--network", guest->network, &network, error)) ||
        plan_one(arena, config, guest, &plan, error) || build_plan(arena, &plan, guest->cancel, false, error) ||
        (!guest->emulated && probe_run(arena, guest->cancel, &probe, error)) ||
        !(folder = scratch_make(arena, "load-", error)))
        return -1;
    serve.guest = &plan.guests[0];
    serve.network = backend_choose(network);
    serve.kvm_cpu = probe.kind == PROBE_KVM ? probe.kvm_cpu : NULL;
    serve.folder = folder;
    fprintf(stderr, "%s: network %s, %s\n", guest->name, backend_name(serve.network),
            serve.kvm_cpu ? "KVM" : "emulated: the times of no hardware");
    result = serve_run(arena, &serve, error);
    scratch_remove(folder);
    return result;
}
