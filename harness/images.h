/* SPDX-License-Identifier: MIT */
/*
 * images.h: the identity of what is booted: hashes of images and workloads, which samples carry and by which a
 * resumed run knows that nothing was rebuilt in between.
 */
#ifndef TOLL_IMAGES_H
#define TOLL_IMAGES_H

#include "plan.h"
#include <jansson.h>

/* Fills in the hashes and sizes of every cell of the plan, from the files and the build's manifests. */
int images_identify(struct arena *arena, struct plan *plan, struct error *error);

/* {"fs": hash, ...}: the object of each part, which must be one in all images of the plan; a new reference, NULL with
   an error if it is not. */
json_t *images_parts(struct arena *arena, const struct plan *plan, struct error *error);

/* {"disk": hash, "plugin": hash, "uni/null": hash, ...}; a new reference, NULL on failure. */
json_t *images_to_json(struct arena *arena, const struct plan *plan, struct error *error);

/* Whether what was recorded is what there is now; the error names what differs. */
int images_compare(const json_t *recorded, const json_t *now, struct error *error);

#endif
