/* SPDX-License-Identifier: MIT */
/*
 * cautions.h: what a reader of measured numbers must be told beside them.
 */
#ifndef TOLL_CAUTIONS_H
#define TOLL_CAUTIONS_H

#include "results.h"

/* A sentence for each kind of warning that there is, with the cells it concerns and what to do; then how many false
   alarms A/A tests gave.  Empty if nothing was measured. */
struct strings cautions_of(struct arena *arena, const struct results *results);

/* For results.json: name, text and advice of each kind of warning that some number has; and what the A/A tests gave,
   NULL if there were none.  New references. */
json_t *cautions_warnings_to_json(const struct results *results);
json_t *cautions_alarms_to_json(struct arena *arena, const struct results *results);

#endif
