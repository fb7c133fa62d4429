/* SPDX-License-Identifier: MIT */
/*
 * hierarchy.h: the sizes of caches and TLBs that a profile names (profile.h), for the plugin's model of them
 * (plugin/hierarchy.h tells what it models).
 */
#ifndef TOLL_HIERARCHY_H
#define TOLL_HIERARCHY_H

#include "arena.h"
#include "error.h"

/* The word by which a profile's name is none: the model is off. */
#define HIERARCHY_OFF "none"

/* "l1i=BYTES/WAYS,...,stlb=ENTRIES/WAYS": the plugin's options, of the profile called name.  NULL with an error if
   there is no such profile, or it lacks an array, or has one that cannot be modelled. */
const char *hierarchy_options(struct arena *arena, const char *name, struct error *error);

#endif
