/* SPDX-License-Identifier: MIT */
/* db.c: opening, inserting, and looking at everything (db.h). */
#include "db.h"
#include "internal.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct db db;
static sqlite3_stmt *insert;

/* A number from 0 on that no other id has (splitmix64, Steele, Lea and Flood 2014). */
static uint64_t scatter(uint64_t id)
{
    uint64_t x = db.seed + id * 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

void db_row_name(uint64_t id, char name[DB_NAME_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t x = scatter(id);

    memcpy(name, "item-", 5);
    for (unsigned i = 0; i < 16; i++, x >>= 4)
        name[5 + i] = digits[x & 15];
    name[21] = 0;
}

int64_t db_row_value(uint64_t id)
{
    return (int64_t)(scatter(~id) >> 16);
}

void db_seed(uint64_t seed)
{
    db.seed = seed;
}

bool db_check(int result, int expected, const char *what)
{
    if (result == expected)
        return true;
    toll_check(false, "%s: %s (%s)", what, sqlite3_errstr(result), sqlite3_errmsg(db.handle));
    return false;
}

void db_execute(const char *sql)
{
    db_check(sqlite3_exec(db.handle, sql, NULL, NULL, NULL), SQLITE_OK, sql);
}

sqlite3_stmt *db_statement(sqlite3_stmt **kept, const char *sql)
{
    if (!*kept)
        db_check(sqlite3_prepare_v3(db.handle, sql, -1, SQLITE_PREPARE_PERSISTENT, kept, NULL), SQLITE_OK, sql);
    return *kept;
}

void db_run(sqlite3_stmt *s)
{
    db_check(sqlite3_step(s), SQLITE_DONE, "step");
    db_check(sqlite3_reset(s), SQLITE_OK, "reset");
}

void db_text(const char *sql, char *out, size_t size)
{
    sqlite3_stmt *s = NULL;
    const unsigned char *text = NULL;

    db_check(sqlite3_prepare_v2(db.handle, sql, -1, &s, NULL), SQLITE_OK, sql);
    if (db_check(sqlite3_step(s), SQLITE_ROW, sql))
        text = sqlite3_column_text(s, 0);
    snprintf(out, size, "%s", text ? (const char *)text : "nothing");
    sqlite3_finalize(s);
}

void db_insert(void)
{
    sqlite3_stmt *s = db_statement(&insert, "INSERT INTO item VALUES (?1, ?2, ?3)");
    uint64_t id = db.inserted + 1;
    char name[DB_NAME_BYTES];

    db_row_name(id, name);
    sqlite3_bind_int64(s, 1, (int64_t)id);
    sqlite3_bind_text(s, 2, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, db_row_value(id));
    db_run(s);
    db.inserted = id;
}

void db_tell(void)
{
    char line[48];
    int n = snprintf(line, sizeof line, "db: committed %llu\n", (unsigned long long)db.inserted);

    toll_check(write(STDOUT_FILENO, line, (size_t)n) == n, "the console takes no line");
}

/* True with the next row of the walk: whether it is right. */
static bool row_right(sqlite3_stmt *s)
{
    uint64_t id = (uint64_t)sqlite3_column_int64(s, 0);
    const char *text = (const char *)sqlite3_column_text(s, 1);
    char name[DB_NAME_BYTES];

    db_row_name(id, name);
    return text && !strcmp(text, name) && sqlite3_column_int64(s, 2) == db_row_value(id);
}

bool db_rows_right(void)
{
    sqlite3_stmt *s = NULL;
    bool right = true;
    int step;

    db_check(sqlite3_prepare_v2(db.handle, "SELECT id, name, value FROM item", -1, &s, NULL), SQLITE_OK, "walk");
    while ((step = sqlite3_step(s)) == SQLITE_ROW)
        right &= row_right(s);
    db_check(step, SQLITE_DONE, "walk");
    sqlite3_finalize(s);
    return right;
}

static bool synchronous_set(const char *sync)
{
    bool commit = !strcmp(sync, "commit"), interval = !strcmp(sync, "interval");

    toll_check(commit || interval || !strcmp(sync, "none"), "sync=%s: none, interval or commit was expected", sync);
    db_execute(commit ? "PRAGMA synchronous=EXTRA" : interval ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF");
    return true;
}

bool db_open(const char *path, const char *sync, bool make)
{
    if (!db_check(sqlite3_open_v2(path, &db.handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), SQLITE_OK, path))
        return false;
    synchronous_set(sync);
    if (make)
        db_execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, value INTEGER NOT NULL);"
                   "CREATE INDEX item_name ON item (name)");
    return true;
}

void db_close(void)
{
    for (sqlite3_stmt *s; (s = sqlite3_next_stmt(db.handle, NULL));)
        sqlite3_finalize(s);
    insert = NULL;
    toll_check(sqlite3_close(db.handle) == SQLITE_OK, "the database cannot be closed");
    db.handle = NULL;
}
