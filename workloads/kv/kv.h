/* SPDX-License-Identifier: MIT */
/*
 * kv.h: the key-value store behind the protocol: commands as Redis 7 has them, on strings.
 *
 *      resp.h  bytes to requests, replies to bytes        kv.h   commands        table.h  keys, values, times to live
 *      log.h   what was changed, on disk
 *
 * One database.  No function here knows of sockets.
 */
#ifndef KV_H
#define KV_H

#include "kv/resp.h"
#include "kv/table.h"

struct log;

struct kv {
    struct table table;
    struct log *log;     /* NULL: nothing is kept */
    bool replaying;      /* commands come from the log */
    const char *version; /* that clients are told */
    uint64_t commands, connections, clients, started_ms;
    unsigned port;
};

/* Who sends requests. */
struct client {
    uint64_t id;
    char name[64];
    bool quits; /* asked to be closed after its replies */
};

/* Executes a request of at least one word and appends its reply to out: one, or none where the client is to be closed
   for it (client->quits). */
void kv_execute(struct kv *kv, struct client *client, const struct request *r, struct buffer *out);

/* ---- for the files with commands ---- */

struct call {
    struct kv *kv;
    struct client *client;
    const struct text *words; /* the command's name first */
    size_t count;
    struct buffer *out;
};

/* GROWS: refused where memory is short.  CHANGES: refused while the log cannot be written. */
enum command_flags { READS = 0, CHANGES = 1, GROWS = 3 };

struct command {
    const char *name; /* lower case */
    void (*run)(struct call *c);
    int arity;             /* words; negative: at least so many */
    unsigned flags;        /* enum command_flags */
    int first, last, step; /* which words are keys */
};

extern const struct command commands_string[], commands_key[], commands_server[]; /* each ends with an empty one */

/* What a command changed, for the log: as words, or as the call itself. */
void kv_changed(struct kv *kv, const struct text *words, size_t count);
static inline void kv_changed_call(const struct call *c)
{
    kv_changed(c->kv, c->words, c->count);
}
/* "PEXPIREAT key ms": its time to live as an absolute time. */
void kv_changed_expiry(struct kv *kv, struct text key, int64_t expires_ms);

#define TEXT(literal)                                                                                                  \
    (struct text)                                                                                                      \
    {                                                                                                                  \
        literal, sizeof literal - 1                                                                                    \
    }

/* Common replies. */
#define ERROR_SYNTAX "ERR syntax error"
#define ERROR_NUMBER "ERR value is not an integer or out of range"
#define ERROR_MEMORY "OOM command not allowed when used memory > 'maxmemory'."
#define ERROR_TOO_LONG "ERR string exceeds maximum allowed size (proto-max-bulk-len)"

/* Whether name matches a pattern with * ? [] and \, as Redis's KEYS. */
bool glob_match(struct text pattern, struct text name);

#endif
