/* SPDX-License-Identifier: MIT */
/*
 * records.h: what a guest said on its serial port (wire.h), taken apart.  Guests may say anything: what is not a
 * well-formed record is console text, and nothing is trusted beyond its form.
 */
#ifndef TOLL_RECORDS_H
#define TOLL_RECORDS_H

#include "sample.h"
#include "sha256.h"
#include <stdbool.h>

#define RECORDS_CONSOLE_LINES 20

/* One workload's part of it: from its "main" to its "done". */
struct records_run {
    const char *workload;
    bool started; /* its main was reached */
    unsigned windows;
    int64_t ops;
    bool has_books;
    struct metrics books;  /* of the last window, by names of wire_kind */
    struct metrics values; /* what the workload reported */
    const char *status;    /* NULL while it is not done */
    const char *reason;
    struct sha256 output;
    char output_sha256[SHA256_TEXT_BYTES];
};

struct records {
    struct records_run *runs;
    size_t run_count, run_room;
    size_t record_count;
    unsigned malformed; /* lines that begin like a record and are not one */
    const char *malformed_first;
    const char *cpu_features; /* what the system found in the processor, or NULL */
    const char *panic;        /* its reason, or NULL */
    uint64_t *backtrace;
    size_t backtrace_count, backtrace_room;
    struct strings enosys;  /* names of system calls that are not supported and were tried */
    struct strings console; /* the last lines that are not records */
};

/* Parses bytes of serial output. */
void records_parse(struct arena *arena, const char *text, size_t bytes, struct records *records);

/* The run of a workload, or NULL. */
const struct records_run *records_find(const struct records *records, const char *workload);

#endif
