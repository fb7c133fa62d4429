/* SPDX-License-Identifier: MIT */
/* heap.h: the keys with a time to live, the one whose time ends first on top.  Private to the table. */
#ifndef KV_HEAP_H
#define KV_HEAP_H

#include "kv/table.h"

void heap_remove(struct table *t, struct entry *e); /* nothing if it is not in there */

#endif
