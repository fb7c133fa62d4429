/* SPDX-License-Identifier: MIT */
/* server.c: commands about the connection and the server. */
#include "kv/kv.h"
#include "kv/log.h"
#include "toll_usage.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define INFO_MAX 2048

static void run_ping(struct call *c)
{
    if (c->count > 2)
        resp_error(c->out, "ERR wrong number of arguments for 'ping' command");
    else if (c->count == 2)
        resp_text(c->out, c->words[1]);
    else
        resp_status(c->out, "PONG");
}

static void run_echo(struct call *c)
{
    resp_text(c->out, c->words[1]);
}

static void run_quit(struct call *c)
{
    c->client->quits = true;
    resp_status(c->out, "OK");
}

static void run_select(struct call *c)
{
    int64_t n;

    if (!text_number(c->words[1], &n))
        resp_error(c->out, ERROR_NUMBER);
    else if (n != 0)
        resp_error(c->out, "ERR DB index is out of range");
    else
        resp_status(c->out, "OK");
}

static void bulk_string(struct buffer *out, const char *text)
{
    resp_bulk(out, text, strlen(text));
}

static void run_hello(struct call *c)
{
    int64_t version = 2;

    if (c->count > 1 && !text_number(c->words[1], &version)) {
        resp_error(c->out, "ERR Protocol version is not an integer or out of range");
        return;
    }
    if (version != 2) {
        resp_error(c->out, "NOPROTO unsupported protocol version");
        return;
    }
    if (c->count > 2) {
        resp_error(c->out, "ERR Syntax error in HELLO option '%.*s'",
                   (int)(c->words[2].length < 64 ? c->words[2].length : 64), c->words[2].at);
        return;
    }
    resp_array(c->out, 14);
    bulk_string(c->out, "server");
    bulk_string(c->out, "redis");
    bulk_string(c->out, "version");
    bulk_string(c->out, c->kv->version);
    bulk_string(c->out, "proto");
    resp_number(c->out, 2);
    bulk_string(c->out, "id");
    resp_number(c->out, (int64_t)c->client->id);
    bulk_string(c->out, "mode");
    bulk_string(c->out, "standalone");
    bulk_string(c->out, "role");
    bulk_string(c->out, "master");
    bulk_string(c->out, "modules");
    resp_array(c->out, 0);
}

/* ---- CLIENT ---- */

static void reply_subcommand(struct call *c)
{
    struct text w = c->words[1];

    resp_error(c->out, "ERR unknown subcommand '%.*s'. Try %s HELP.", (int)(w.length < 64 ? w.length : 64), w.at,
               text_is(c->words[0], "client")   ? "CLIENT"
               : text_is(c->words[0], "config") ? "CONFIG"
                                                : "COMMAND");
}

static void client_name_set(struct call *c)
{
    struct text name = c->words[2];

    for (size_t i = 0; i < name.length; i++)
        if (!isgraph((unsigned char)name.at[i])) {
            resp_error(c->out, "ERR Client names cannot contain spaces, newlines or special characters.");
            return;
        }
    if (name.length >= sizeof c->client->name) {
        resp_error(c->out, "ERR a client name has at most %zu bytes", sizeof c->client->name - 1);
        return;
    }
    memcpy(c->client->name, name.at, name.length);
    c->client->name[name.length] = 0;
    resp_status(c->out, "OK");
}

static void run_client(struct call *c)
{
    struct text w = c->words[1];

    if (text_is(w, "id") && c->count == 2)
        resp_number(c->out, (int64_t)c->client->id);
    else if (text_is(w, "getname") && c->count == 2 && c->client->name[0])
        bulk_string(c->out, c->client->name);
    else if (text_is(w, "getname") && c->count == 2)
        resp_nil(c->out);
    else if (text_is(w, "setname") && c->count == 3)
        client_name_set(c);
    else if (text_is(w, "setinfo") && c->count == 4)
        resp_status(c->out, "OK");
    else
        reply_subcommand(c);
}

/* ---- CONFIG ---- */

static void config_value(struct kv *kv, const char *name, char *out, size_t size)
{
    if (!strcmp(name, "maxmemory"))
        snprintf(out, size, "%zu", kv->table.limit);
    else if (!strcmp(name, "appendonly"))
        snprintf(out, size, "%s", kv->log ? "yes" : "no");
    else if (!strcmp(name, "appendfsync"))
        snprintf(out, size, "%s", kv->log ? log_policy(kv->log) : "no");
    else if (!strcmp(name, "databases"))
        snprintf(out, size, "1");
    else if (!strcmp(name, "maxmemory-policy"))
        snprintf(out, size, "noeviction");
    else if (!strcmp(name, "proto-max-bulk-len"))
        snprintf(out, size, "%u", RESP_BULK_MAX);
    else
        out[0] = 0; /* save: there are no snapshots */
}

/* The case of what is asked for makes no difference. */
static bool config_is_wanted(const struct call *c, const char *name)
{
    char pattern[64];

    for (size_t i = 2; i < c->count; i++) {
        struct text w = c->words[i];
        if (w.length > sizeof pattern)
            continue;
        for (size_t at = 0; at < w.length; at++)
            pattern[at] = (char)tolower((unsigned char)w.at[at]);
        if (glob_match((struct text){pattern, w.length}, (struct text){name, strlen(name)}))
            return true;
    }
    return false;
}

static void run_config(struct call *c)
{
    static const char *const names[] = {"appendfsync",      "appendonly",         "databases", "maxmemory",
                                        "maxmemory-policy", "proto-max-bulk-len", "save"};
    char value[64];
    size_t count = 0;

    if (!text_is(c->words[1], "get")) {
        reply_subcommand(c);
        return;
    }
    if (c->count < 3) {
        resp_error(c->out, "ERR wrong number of arguments for 'config|get' command");
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        count += config_is_wanted(c, names[i]);
    resp_array(c->out, 2 * count);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (config_is_wanted(c, names[i])) {
            config_value(c->kv, names[i], value, sizeof value);
            bulk_string(c->out, names[i]);
            bulk_string(c->out, value);
        }
}

/* ---- COMMAND ---- */

static const struct command *const families[] = {commands_string, commands_key, commands_server};

static size_t command_count(void)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (const struct command *command = families[i]; command->name; command++)
            n++;
    return n;
}

static void command_describe(struct buffer *out, const struct command *command)
{
    resp_array(out, 6);
    bulk_string(out, command->name);
    resp_number(out, command->arity);
    resp_array(out, 1);
    resp_status(out, command->flags & CHANGES ? "write" : "readonly");
    resp_number(out, command->first);
    resp_number(out, command->last);
    resp_number(out, command->step);
}

static void run_command(struct call *c)
{
    if (c->count > 1 && text_is(c->words[1], "count")) {
        resp_number(c->out, (int64_t)command_count());
        return;
    }
    if (c->count > 1 && text_is(c->words[1], "docs")) {
        resp_array(c->out, 0);
        return;
    }
    if (c->count > 1) {
        reply_subcommand(c);
        return;
    }
    resp_array(c->out, command_count());
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (const struct command *command = families[i]; command->name; command++)
            command_describe(c->out, command);
}

/* ---- INFO ---- */

struct info {
    char text[INFO_MAX];
    size_t n;
};

static void __attribute__((format(printf, 2, 3))) info_add(struct info *info, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(info->text + info->n, sizeof info->text - info->n, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof info->text - info->n)
        info->n += (size_t)n;
}

static bool section_is_wanted(const struct call *c, const char *name)
{
    bool all = c->count == 1;

    for (size_t i = 1; i < c->count; i++)
        all |= text_is(c->words[i], name) || text_is(c->words[i], "all") || text_is(c->words[i], "default") ||
               text_is(c->words[i], "everything");
    return all;
}

/* What the system under the server has in use; only for who asks for it. */
static void info_usage(struct info *info)
{
    char text[INFO_MAX / 2];

    text[toll_usage(text, sizeof text)] = 0;
    info_add(info, "# Usage\r\n%s\r\n", text);
}

static void run_info(struct call *c)
{
    const struct kv *kv = c->kv;
    const struct table *t = &kv->table;
    struct info info = {.n = 0};

    if (section_is_wanted(c, "server"))
        info_add(
            &info,
            "# Server\r\nredis_version:%s\r\nredis_mode:standalone\r\ntcp_port:%u\r\nuptime_in_seconds:%lld\r\n\r\n",
            kv->version, kv->port, (long long)((t->now_ms - (int64_t)kv->started_ms) / 1000));
    if (section_is_wanted(c, "clients"))
        info_add(&info, "# Clients\r\nconnected_clients:%llu\r\n\r\n", (unsigned long long)kv->clients);
    if (section_is_wanted(c, "memory"))
        info_add(&info, "# Memory\r\nused_memory:%zu\r\nmaxmemory:%zu\r\nmaxmemory_policy:noeviction\r\n\r\n", t->bytes,
                 t->limit);
    if (section_is_wanted(c, "persistence"))
        info_add(&info, "# Persistence\r\nloading:0\r\naof_enabled:%d\r\naof_last_write_status:%s\r\n\r\n",
                 kv->log != NULL, kv->log && log_is_broken(kv->log) ? "err" : "ok");
    if (section_is_wanted(c, "stats"))
        info_add(&info,
                 "# Stats\r\ntotal_connections_received:%llu\r\ntotal_commands_processed:%llu\r\nexpired_keys:%llu\r\n"
                 "keyspace_hits:%llu\r\nkeyspace_misses:%llu\r\n\r\n",
                 (unsigned long long)kv->connections, (unsigned long long)kv->commands, (unsigned long long)t->expired,
                 (unsigned long long)t->hits, (unsigned long long)t->misses);
    if (c->count > 1 && section_is_wanted(c, "usage"))
        info_usage(&info);
    if (section_is_wanted(c, "keyspace") && t->count)
        info_add(&info, "# Keyspace\r\ndb0:keys=%zu,expires=%zu,avg_ttl=0\r\n", t->count, t->heap_count);
    else if (section_is_wanted(c, "keyspace"))
        info_add(&info, "# Keyspace\r\n");
    resp_bulk(c->out, info.text, info.n);
}

const struct command commands_server[] = {
    {"ping", run_ping, -1, READS, 0, 0, 0},     {"echo", run_echo, 2, READS, 0, 0, 0},
    {"quit", run_quit, -1, READS, 0, 0, 0},     {"select", run_select, 2, READS, 0, 0, 0},
    {"hello", run_hello, -1, READS, 0, 0, 0},   {"client", run_client, -2, READS, 0, 0, 0},
    {"config", run_config, -2, READS, 0, 0, 0}, {"command", run_command, -1, READS, 0, 0, 0},
    {"info", run_info, -1, READS, 0, 0, 0},     {0},
};
