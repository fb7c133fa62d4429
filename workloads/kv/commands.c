/* SPDX-License-Identifier: MIT */
/* commands.c: finds the command that a request names, and runs it. */
#include "kv/kv.h"
#include "kv/log.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 16u
#define PLACES 256u /* more than twice as many as there are commands */
#define ARGUMENTS_TOLD 128

static const struct command *places[PLACES];

/* Case makes no difference: 0x20 is what parts 'a' and 'A'. */
static unsigned place_of(const char *name, size_t length)
{
    unsigned hash = (unsigned)length;

    for (size_t i = 0; i < length; i++)
        hash = hash * 31 + ((unsigned char)name[i] | 0x20);
    return hash % PLACES;
}

static void places_fill(const struct command *commands)
{
    for (; commands->name; commands++) {
        unsigned at = place_of(commands->name, strlen(commands->name));
        while (places[at])
            at = (at + 1) % PLACES;
        places[at] = commands;
    }
}

static const struct command *command_find(struct text name)
{
    static bool filled;

    if (!filled) {
        places_fill(commands_string);
        places_fill(commands_key);
        places_fill(commands_server);
        filled = true;
    }
    if (name.length > NAME_MAX_BYTES)
        return NULL;
    for (unsigned at = place_of(name.at, name.length); places[at]; at = (at + 1) % PLACES)
        if (text_is(name, places[at]->name))
            return places[at];
    return NULL;
}

static void reply_unknown(const struct request *r, struct buffer *out)
{
    char told[ARGUMENTS_TOLD + 8];
    size_t n = 0;

    for (size_t i = 1; i < r->count && n < ARGUMENTS_TOLD - 4; i++) {
        int most = (int)(ARGUMENTS_TOLD - 4 - n),
            length = (int)(r->words[i].length < (size_t)most ? r->words[i].length : (size_t)most);
        n += (size_t)snprintf(told + n, sizeof told - n, "'%.*s' ", length, r->words[i].at);
    }
    told[n] = 0;
    resp_error(out, "ERR unknown command '%.*s', with args beginning with: %s",
               (int)(r->words[0].length < ARGUMENTS_TOLD ? r->words[0].length : ARGUMENTS_TOLD), r->words[0].at, told);
}

/* A web page can have a browser send its form to any port.  Nothing of that may be taken for commands: as Redis has it,
   the connection ends, without a reply. */
static bool is_http(struct text name)
{
    return text_is(name, "post") || text_is(name, "host:");
}

static bool arity_holds(const struct command *command, size_t count)
{
    return command->arity < 0 ? count >= (size_t)-command->arity : count == (size_t)command->arity;
}

static bool memory_is_short(const struct kv *kv, const struct command *command, const struct request *r)
{
    size_t n = 0;

    if (command->flags != GROWS || !kv->table.limit || kv->replaying)
        return false;
    for (size_t i = 1; i < r->count; i++)
        n += r->words[i].length;
    return !table_has_room(&kv->table, n);
}

void kv_execute(struct kv *kv, struct client *client, const struct request *r, struct buffer *out)
{
    const struct command *command = command_find(r->words[0]);
    struct call call = {kv, client, r->words, r->count, out};

    kv->commands++;
    if (!command && is_http(r->words[0]))
        client->quits = true;
    else if (!command)
        reply_unknown(r, out);
    else if (!arity_holds(command, r->count))
        resp_error(out, "ERR wrong number of arguments for '%s' command", command->name);
    else if (memory_is_short(kv, command, r))
        resp_error(out, ERROR_MEMORY);
    else if (command->flags & CHANGES && kv->log && log_is_broken(kv->log))
        resp_error(out, "MISCONF Errors writing to the AOF file: %s", log_error(kv->log));
    else
        command->run(&call);
}

void kv_changed(struct kv *kv, const struct text *words, size_t count)
{
    if (kv->log && !kv->replaying)
        log_add(kv->log, words, count);
}

void kv_changed_expiry(struct kv *kv, struct text key, int64_t expires_ms)
{
    char digits[NUMBER_MAX];
    struct text words[] = {TEXT("PEXPIREAT"), key, number_text(digits, expires_ms)};

    kv_changed(kv, words, 3);
}
