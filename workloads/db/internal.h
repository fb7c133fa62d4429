/* SPDX-License-Identifier: MIT */
/* internal.h: what the files of this folder share. */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include "toll.h"
#include <sqlite3.h>

#define DB_NAME_BYTES 24u

struct db {
    sqlite3 *handle;
    uint64_t seed, inserted; /* rows 1 to inserted were there at some time */
};
extern struct db db;

/* What row id holds when it is inserted. */
void db_row_name(uint64_t id, char name[DB_NAME_BYTES]);
int64_t db_row_value(uint64_t id);

/* A statement that is prepared when it is first wanted, and then kept. */
sqlite3_stmt *db_statement(sqlite3_stmt **kept, const char *sql);
/* Runs one that gives no rows. */
void db_run(sqlite3_stmt *s);
/* Fails the workload unless result is what was expected. */
bool db_check(int result, int expected, const char *what);

#endif
