/* SPDX-License-Identifier: MIT */
/*
 * log_file.h: the form of the log, by which its reader knows what was committed.  A crash can leave more at the end
 * than a command that is cut off: blocks that never were written, or that belonged to another file.
 *
 *      #log NONCE                   once; NONCE is random
 *      #commit BYTES SUM            BYTES of commands follow; SUM depends on them, on NONCE and on the place in the
 * file *3 $3 SET ... #commit ...
 *
 * Redis 7 reads such a file too: lines that begin with # are comments to it.
 */
#ifndef KV_LOG_FILE_H
#define KV_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOG_HEAD_BYTES 23u
#define LOG_LINE_BYTES 37u

/* Writes the file's first line.  False with errno. */
bool log_head_write(int file, uint64_t nonce);

/* False: it begins otherwise, or cannot be read. */
bool log_head_read(int file, uint64_t *nonce);

/* The line for n bytes of commands that stand behind it; the line is at that place in the file. */
void log_line_make(char line[LOG_LINE_BYTES], uint64_t nonce, off_t place, const char *commands, size_t n);

/* Where the last of the commits ends that are whole, one after the other.  -1 with errno. */
off_t log_end_find(int file, uint64_t nonce);

/* Whether a whole commit stands anywhere behind that place: then what is there is damage, and no crash's. */
bool log_goes_on(int file, uint64_t nonce, off_t place);

struct kv;

/* log_read.c: executes the file's commands up to end, which log_end_find has found; *done: how far it came, in bytes.
   False with errno; EINVAL: they are no commands of a log. */
bool log_read(struct kv *kv, int file, off_t end, off_t *done);

#endif
