/* SPDX-License-Identifier: MIT */
/*
 * peers.h: our instruction counts beside those of other kernels (peers.tsv), and whether our limits hold.
 */
#ifndef TOLL_PEERS_H
#define TOLL_PEERS_H

#include "results.h"
#include <stdio.h>

#define PEERS_PATH "harness/peers.tsv"

struct peers_verdict {
    size_t judged, broken; /* limits of cells that the run has; those of them that do not hold */
};

/* Prints the table. */
int peers_print(struct arena *arena, FILE *out, const struct results *results, struct peers_verdict *verdict,
                struct error *error);

#endif
