/* SPDX-License-Identifier: MIT */
/*
 * compare_parts.h: which parts a change came from.
 */
#ifndef TOLL_COMPARE_PARTS_H
#define TOLL_COMPARE_PARTS_H

#include "compare.h"

/* "fs +7 (102 -> 109), blk -1 (8 -> 7)": the parts whose share of the line's metric changed, most changed first; for
   cycles those of the instructions that the exact lane counted for the same cell.  "" if nothing is told by part. */
const char *compare_parts_text(struct arena *arena, const struct results *before, const struct results *after,
                               const struct compare_line *line);

/* Whether in a window with so many interrupts a part's share of the line changed, with the line, by more than half a
   percent of it, more than what two interrupts make the part do, and more than bench.toml lets the whole line change.
 */
bool compare_parts_changed(struct arena *arena, const struct results *before, const struct results *after,
                           const struct compare_line *line, double interrupts);

/* Fills comparison->parts from the lines that became worse. */
void compare_parts_sum(struct arena *arena, const struct results *before, const struct results *after,
                       struct comparison *comparison);

#endif
