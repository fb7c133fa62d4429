/* SPDX-License-Identifier: MIT */
/*
 * host.h: what is known of the machine that measures: host.json.
 */
#ifndef TOLL_HOST_H
#define TOLL_HOST_H

#include "probe.h"
#include "sample.h"
#include <jansson.h>

/* A new reference; what cannot be found out is null. */
json_t *host_to_json(struct arena *arena, const struct probe *probe, int cancel);

/* The processor's name, or "an unknown processor". */
const char *host_cpu(struct arena *arena);

/* Short name of the tree's commit, "-dirty" added if it was changed, or "nocommit". */
char *host_commit(struct arena *arena, int cancel);

#endif
