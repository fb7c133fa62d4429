/* SPDX-License-Identifier: MIT */
/*
 * log.h: what was changed, as commands in a file that only grows (Redis's append-only file), and read again at the
 * start.
 *
 *      log_add     gathers           log_commit  writes, and syncs as the policy says: before any answer is sent
 *
 * Its form is log_file.h's.  A file that has grown to twice what it was after it was last written anew is written anew
 * from the table, under another name, and takes the old one's place by rename; nothing else is served meanwhile.
 */
#ifndef KV_LOG_H
#define KV_LOG_H

#include "kv/kv.h"

enum log_sync { LOG_INTERVAL, LOG_COMMIT };

/* Opens directory/appendonly.aof, reads it into kv and cuts off what is no whole commit at its end.  NULL, with the
   reason in error: it cannot be read, is no such file, or is damaged elsewhere.  *torn: bytes that were cut off. */
struct log *log_open(struct kv *kv, const char *directory, enum log_sync sync, size_t *torn, char *error, size_t size);
void log_close(struct log *log);

void log_add(struct log *log, const struct text *words, size_t count);

/* Writes what was gathered; LOG_COMMIT: and waits until it is on stable storage.  False if that failed: then
   log_is_broken, writing commands are refused, and the next log_commit tries again. */
bool log_commit(struct log *log);

/* LOG_INTERVAL: syncs if a second has passed since it was last done.  Milliseconds until it is to be called again; -1:
   not before more is written. */
int log_tick(struct log *log, int64_t now_ms);

bool log_is_broken(const struct log *log);
const char *log_error(const struct log *log);
const char *log_policy(const struct log *log); /* as Redis calls it */

#endif
