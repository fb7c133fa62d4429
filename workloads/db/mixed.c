/* SPDX-License-Identifier: MIT */
/*
 * mixed.c: a mix of statements, drawn by a seeded sequence: of twenty ten look up a name, three sum a range of ids,
 * four update a row, two insert one and one deletes one.  What each must give is known from `model`, which holds the
 * value of every row that was ever inserted.
 */
#include "db.h"
#include "internal.h"
#include <stdlib.h>

#define PER_TRANSACTION 4u
#define RANGE_ROWS 20u
#define GONE INT64_MIN

static struct {
    sqlite3_stmt *find, *sum, *update, *remove;
    int64_t *model; /* by id; GONE: deleted */
    uint64_t known, room, random, done;
} mix;

static uint64_t draw(uint64_t below)
{
    mix.random = mix.random * 6364136223846793005u + 1442695040888963407u; /* Knuth, MMIX */
    return (mix.random >> 33) % below;
}

/* Rows that were inserted since the last time are as they were inserted. */
static void model_reach(void)
{
    if (db.inserted >= mix.room) {
        mix.room = (db.inserted + 1) * 2;
        int64_t *larger = realloc(mix.model, mix.room * sizeof *larger);
        toll_check(larger, "no memory");
        if (!larger)
            exit(toll_done());
        mix.model = larger;
    }
    while (mix.known < db.inserted) {
        mix.known++;
        mix.model[mix.known] = db_row_value(mix.known);
    }
}

static void find(uint64_t id)
{
    sqlite3_stmt *s = db_statement(&mix.find, "SELECT id, value FROM item WHERE name = ?1");
    char name[DB_NAME_BYTES];
    bool there = mix.model[id] != GONE;

    db_row_name(id, name);
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    if (db_check(sqlite3_step(s), there ? SQLITE_ROW : SQLITE_DONE, "SELECT of a name") && there)
        toll_check(sqlite3_column_int64(s, 0) == (int64_t)id && sqlite3_column_int64(s, 1) == mix.model[id],
                   "row %llu was not found as it is", (unsigned long long)id);
    sqlite3_reset(s);
}

static void sum(uint64_t first)
{
    sqlite3_stmt *s =
        db_statement(&mix.sum, "SELECT count(*), ifnull(sum(value), 0) FROM item WHERE id BETWEEN ?1 AND ?2");
    int64_t count = 0, total = 0;

    for (uint64_t id = first; id < first + RANGE_ROWS && id <= db.inserted; id++)
        if (mix.model[id] != GONE) {
            count++;
            total += mix.model[id];
        }
    sqlite3_bind_int64(s, 1, (int64_t)first);
    sqlite3_bind_int64(s, 2, (int64_t)(first + RANGE_ROWS - 1));
    if (db_check(sqlite3_step(s), SQLITE_ROW, "SELECT of a range"))
        toll_check(sqlite3_column_int64(s, 0) == count && sqlite3_column_int64(s, 1) == total,
                   "the rows from %llu on do not add up", (unsigned long long)first);
    sqlite3_reset(s);
}

static void changed(uint64_t id)
{
    toll_check(sqlite3_changes(db.handle) == (mix.model[id] != GONE), "row %llu: one row should have changed, or none",
               (unsigned long long)id);
}

static void update(uint64_t id)
{
    sqlite3_stmt *s = db_statement(&mix.update, "UPDATE item SET value = ?2 WHERE id = ?1");
    int64_t value = (int64_t)draw(1u << 30);

    sqlite3_bind_int64(s, 1, (int64_t)id);
    sqlite3_bind_int64(s, 2, value);
    db_run(s);
    changed(id);
    if (mix.model[id] != GONE)
        mix.model[id] = value;
}

static void remove_row(uint64_t id)
{
    sqlite3_stmt *s = db_statement(&mix.remove, "DELETE FROM item WHERE id = ?1");

    sqlite3_bind_int64(s, 1, (int64_t)id);
    db_run(s);
    changed(id);
    mix.model[id] = GONE;
}

void db_mixed(void)
{
    if (mix.done++ % PER_TRANSACTION == 0) {
        if (mix.done == 1)
            mix.random = db.seed;
        db_mixed_end();
        db_execute("BEGIN");
    }
    model_reach();
    uint64_t which = draw(20), id = 1 + draw(db.inserted);
    if (which < 10)
        find(id);
    else if (which < 13)
        sum(id);
    else if (which < 17)
        update(id);
    else if (which < 19)
        db_insert();
    else
        remove_row(id);
}

void db_mixed_end(void)
{
    if (!sqlite3_get_autocommit(db.handle))
        db_execute("COMMIT");
}
