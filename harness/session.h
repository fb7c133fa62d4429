/* SPDX-License-Identifier: MIT */
/*
 * session.h: the papers of one `toll run`: what was asked for, and the folder that it fills; for a run that is
 * resumed, read back from that folder.
 */
#ifndef TOLL_SESSION_H
#define TOLL_SESSION_H

#include "plan.h"
#include "probe.h"
#include "store.h"

struct session {
    struct arena *arena;
    struct config config;
    struct plan_options options;
    struct plan plan;
    struct store store;
    struct samples before; /* of the run that is resumed */
    const char *run_name;
    const char *resume; /* its folder, or NULL */
    const char *output; /* the folder that the user named, or NULL */
    int cancel;
};

/* Reads bench.toml, or for a resumed run its folder, and makes the plan. */
int session_plan(struct session *session, const char *config_path, struct error *error);

/* Once all is built: opens the folder, and writes its papers or compares them with what there is now. */
int session_open(struct session *session, const struct probe *probe, struct error *error);

#endif
