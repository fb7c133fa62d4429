/* SPDX-License-Identifier: MIT */
/*
 * peers.h: our instruction counts beside those of other kernels (peers.tsv), and whether our limits hold.
 */
#ifndef TOLL_PEERS_H
#define TOLL_PEERS_H

#include "results.h"
#include <stdio.h>

#define PEERS_PATH "harness/peers.tsv"

/* Prints the table; *broken gets the number of limits that do not hold. */
int peers_print(struct arena *arena, FILE *out, const struct results *results, size_t *broken, struct error *error);

#endif
