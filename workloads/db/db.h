/* SPDX-License-Identifier: MIT */
/*
 * db.h: a table of items in a SQLite database, and statements on it whose results are known.  Whatever SQLite refuses,
 * and every result that is wrong, fails the workload (toll_check).
 *
 *      item(id INTEGER PRIMARY KEY, name TEXT, value INTEGER)     with an index of names
 *
 * Row N has the N-th name and value of a sequence that the seed determines.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Before anything else. */
void db_seed(uint64_t seed);

/* Opens the database at path; makes the table if it is to be made, else undoes what a crash has left half done.
   sync: none, interval or commit. */
bool db_open(const char *path, const char *sync, bool make);
void db_close(void);

void db_execute(const char *sql);

/* The first column of a query's first row, as text. */
void db_text(const char *sql, char *out, size_t size);

/* The next row. */
void db_insert(void);

/* One statement of the mix; every few of them begins a transaction, for which db_mixed_end waits. */
void db_mixed(void);
void db_mixed_end(void);

/* Whether every row in the table holds what db_insert has put there. */
bool db_rows_right(void);

/* Writes a line with the number of rows that were inserted. */
void db_tell(void);

#endif
