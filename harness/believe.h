/* SPDX-License-Identifier: MIT */
/*
 * believe.h: whether one stored sample can be believed by itself.  samples.jsonl is a text file that people copy and
 * edit, so nothing in it is taken for granted.
 */
#ifndef TOLL_BELIEVE_H
#define TOLL_BELIEVE_H

#include "sample.h"

/* Why a sample whose status is "ok" cannot be believed, or NULL if it can; plan is the run's plan.json. */
const char *believe_sample(struct arena *arena, const json_t *plan, const struct sample *sample);

#endif
