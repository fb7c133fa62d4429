/* SPDX-License-Identifier: MIT */
/*
 * check.h: whether what was derived from samples.jsonl would be the same, byte for byte, if it were derived now.
 */
#ifndef TOLL_CHECK_H
#define TOLL_CHECK_H

#include "results.h"

struct check {
    size_t same;
    struct strings differ; /* files that are missing, surplus or differ from where on */
};

/* Compares the files of two folders by name and adds to check.  Of the names given, or all of both if names is NULL. */
int check_folders(struct arena *arena, const char *stored, const char *made, const char *const *names,
                  struct check *check, struct error *error);

/* Derives results.json, results.csv and, of a run with rates, rates.json once more, into the folder scratch, and
 * compares them. */
int check_derived(struct arena *arena, const char *folder, const char *scratch, const struct results *results,
                  struct check *check, struct error *error);

/* Whether the pages in a folder are those of that run. */
bool check_is_of(struct arena *arena, const char *pages, const char *run);

#endif
