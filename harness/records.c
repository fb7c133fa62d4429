/* SPDX-License-Identifier: MIT */
/*
 * records.c: the line parser.  Every record has a function in the table below; a function returns false for a
 * record that is not well formed.  A run is opened by "main" or, for a program that never got there, by "done".
 */
#include "records.h"
#include "wire.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct arena *arena;
    struct records *records;
};

/* Takes the next word off *rest, or gives NULL. */
static char *word_take(char **rest)
{
    char *word = strsep(rest, " ");

    return word && *word ? word : NULL;
}

static bool number_read(const char *text, int64_t *value)
{
    char *end;

    if (!text || !isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0;
}

static struct records_run *run_current(struct parser *parser)
{
    struct records *records = parser->records;

    return records->run_count ? &records->runs[records->run_count - 1] : NULL;
}

static struct records_run *run_open(struct parser *parser, const char *workload)
{
    struct records *records = parser->records;
    struct records_run *run;

    records->runs =
        arena_grow(parser->arena, records->runs, records->run_count, &records->run_room, sizeof(*records->runs));
    run = &records->runs[records->run_count++];
    *run = (struct records_run){.workload = arena_copy(parser->arena, workload), .reason = ""};
    sha256_start(&run->output);
    return run;
}

static bool parse_main(struct parser *parser, char *rest)
{
    char *workload = word_take(&rest);

    if (!workload || rest)
        return false;
    run_open(parser, workload)->started = true;
    return true;
}

static const char *kind_name(const char *text)
{
    static const char *const names[] = WIRE_KIND_NAMES;

    for (size_t i = 0; i < WIRE_KINDS; i++) {
        if (strcmp(names[i], text) == 0)
            return names[i];
    }
    return NULL;
}

static bool parse_window(struct parser *parser, char *rest)
{
    struct records_run *run = run_current(parser);
    char *word;

    if (!run || run->status || !number_read(word_take(&rest), &run->ops))
        return false;
    run->windows++;
    while ((word = word_take(&rest))) {
        char *value = strchr(word, '=');
        int64_t count;

        if (!value)
            return false;
        *value = '\0';
        if (!kind_name(word) || !number_read(value + 1, &count))
            return false;
        metrics_set(parser->arena, &run->books, kind_name(word), NULL, count);
        run->has_books = true;
    }
    return true;
}

/* Beside the window before it, as its books would have it; they stay absent, for there is nothing to audit. */
static bool parse_disk(struct parser *parser, char *rest)
{
    struct records_run *run = run_current(parser);
    int64_t reads, writes, flushes;

    if (!run || run->status || !run->windows || !number_read(word_take(&rest), &reads) ||
        !number_read(word_take(&rest), &writes) || !number_read(word_take(&rest), &flushes) || rest)
        return false;
    metrics_set(parser->arena, &run->books, "disk_read", NULL, reads);
    metrics_set(parser->arena, &run->books, "disk_write", NULL, writes);
    metrics_set(parser->arena, &run->books, "disk_flush", NULL, flushes);
    return true;
}

static bool parse_value(struct parser *parser, char *rest)
{
    struct records_run *run = run_current(parser);
    char *name = word_take(&rest), *unit = word_take(&rest);
    int64_t value;

    if (!run || run->status || !unit || !number_read(rest, &value))
        return false;
    metrics_set(parser->arena, &run->values, sample_text(parser->arena, name), sample_text(parser->arena, unit), value);
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_output(struct parser *parser, char *rest)
{
    struct records_run *run = run_current(parser);
    unsigned char bytes[WIRE_LINE_MAX];
    size_t length = rest ? strlen(rest) : 0;

    if (!run || run->status || length == 0 || length % 2 || length / 2 > sizeof(bytes))
        return false;
    for (size_t i = 0; i < length; i += 2) {
        int high = hex_digit(rest[i]), low = hex_digit(rest[i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (unsigned char)(high * 16 + low);
    }
    sha256_add(&run->output, bytes, length / 2);
    return true;
}

static bool parse_done(struct parser *parser, char *rest)
{
    char *workload = word_take(&rest), *status = word_take(&rest);
    struct records_run *run = run_current(parser);

    if (!workload || !status || (strcmp(status, "ok") && strcmp(status, "fail") && strcmp(status, "skip")))
        return false;
    if (!run || run->status || strcmp(run->workload, workload) != 0)
        run = run_open(parser, workload);
    run->status = arena_copy(parser->arena, status);
    run->reason = sample_text(parser->arena, rest ? rest : "");
    return true;
}

/* Once a boot. */
static bool parse_cpu(struct parser *parser, char *rest)
{
    if (parser->records->cpu_features)
        return false;
    parser->records->cpu_features = sample_text(parser->arena, rest && *rest ? rest : "none");
    return true;
}

static bool parse_panic(struct parser *parser, char *rest)
{
    if (!parser->records->panic)
        parser->records->panic = sample_text(parser->arena, rest ? rest : "");
    return true;
}

static bool parse_backtrace(struct parser *parser, char *rest)
{
    struct records *records = parser->records;
    char *end;
    uint64_t address;

    if (!rest || !isxdigit((unsigned char)*rest))
        return false;
    address = strtoull(rest, &end, 16);
    if (*end)
        return false;
    records->backtrace = arena_grow(parser->arena, records->backtrace, records->backtrace_count,
                                    &records->backtrace_room, sizeof(*records->backtrace));
    records->backtrace[records->backtrace_count++] = address;
    return true;
}

static bool parse_enosys(struct parser *parser, char *rest)
{
    int64_t number;

    if (!number_read(word_take(&rest), &number))
        return false;
    strings_add(parser->arena, &parser->records->enosys, sample_text(parser->arena, rest ? rest : "?"));
    return true;
}

static bool parse_nothing(struct parser *parser, char *rest)
{
    (void)parser;
    (void)rest;
    return true;
}

static const struct {
    const char *name;
    bool (*parse)(struct parser *parser, char *rest);
} kinds[] = {
    {"cpu", parse_cpu},        {"main", parse_main},   {"window", parse_window}, {"value", parse_value},
    {"o", parse_output},       {"done", parse_done},   {"panic", parse_panic},   {"bt", parse_backtrace},
    {"enosys", parse_enosys},  {"sym", parse_nothing}, {"exit", parse_nothing},  {"disk", parse_disk},
    {"listen", parse_nothing},
};

static bool record_parse(struct parser *parser, char *line)
{
    char *rest = line, *kind = word_take(&rest);

    for (size_t i = 0; kind && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, kind) == 0)
            return kinds[i].parse(parser, rest);
    }
    return false;
}

static void console_add(struct parser *parser, const char *line)
{
    struct strings *console = &parser->records->console;

    if (console->count == RECORDS_CONSOLE_LINES) {
        memmove(console->items, console->items + 1, (console->count - 1) * sizeof(*console->items));
        console->count--;
    }
    strings_print(parser->arena, console, "%.*s", WIRE_LINE_MAX, sample_text(parser->arena, line));
}

static void line_parse(struct parser *parser, char *line)
{
    struct records *records = parser->records;

    if (strncmp(line, WIRE_PREFIX, sizeof(WIRE_PREFIX) - 1) == 0) {
        char *copy = arena_copy(parser->arena, line + sizeof(WIRE_PREFIX) - 1);

        if (strlen(line) < WIRE_LINE_MAX && record_parse(parser, copy)) {
            records->record_count++;
            return;
        }
        if (records->malformed++ == 0)
            records->malformed_first = sample_text(parser->arena, line);
    }
    if (*line)
        console_add(parser, line);
}

void records_parse(struct arena *arena, const char *text, size_t bytes, struct records *records)
{
    struct parser parser = {arena, records};
    size_t start = 0;

    *records = (struct records){0};
    for (size_t i = 0; i <= bytes; i++) {
        if (i < bytes && text[i] != '\n')
            continue;
        if (i > start) {
            char *line = arena_copy_n(arena, text + start, i - start);
            size_t length = i - start;

            while (length > 0 && line[length - 1] == '\r')
                line[--length] = '\0';
            for (size_t k = 0; k < length; k++)
                line[k] = line[k] ? line[k] : '?'; /* a NUL must not hide what follows */
            line_parse(&parser, line);
        }
        start = i + 1;
    }
    for (size_t i = 0; i < records->run_count; i++)
        sha256_end(&records->runs[i].output, records->runs[i].output_sha256);
}

const struct records_run *records_find(const struct records *records, const char *workload)
{
    for (size_t i = 0; i < records->run_count; i++) {
        if (strcmp(records->runs[i].workload, workload) == 0)
            return &records->runs[i];
    }
    return NULL;
}
