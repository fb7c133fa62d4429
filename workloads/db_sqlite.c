/* SPDX-License-Identifier: MIT */
/*
 * db_sqlite: SQLite on files, as its authors ship it, through its own layer for POSIX: a rollback journal, record
 * locks, and all changes on the disk before a transaction counts as committed.
 *
 * Arguments: load=auto    every INSERT is a transaction of its own
 *            load=one     all INSERTs are one transaction
 *            load=mixed   SELECTs, UPDATEs, INSERTs and DELETEs, a few in each transaction
 *            load=check   no load: looks at what a crash has left, and tells how many rows there are
 *            sync=commit  what has been committed is on the disk: PRAGMA synchronous=EXTRA
 *            sync=interval  =FULL, SQLite's own choice: the same, but that the journal is gone, which makes a commit
 *                         final, reaches the disk with the next one; a crash can undo the last commit
 *            sync=none    =OFF: nothing waits for the disk
 *            dir=FOLDER of the database   seed=N   rows=N at first, for load=mixed
 *            tell=1       each commit is told on the console, and the database stays where it is
 *
 * An operation is a statement.  Every statement's result is compared with what it must be; the output is what the
 * whole table holds at the end, and what SQLite says of the file's structure.
 */
#include "db/db.h"
#include "toll.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[256];

static void output(void)
{
    static const char *const queries[] = {"SELECT count(*) FROM item", "SELECT total(id) FROM item",
                                          "SELECT sum(value % 1000003) FROM item", "SELECT sum(length(name)) FROM item",
                                          "PRAGMA integrity_check"};
    char text[256];

    for (unsigned i = 0; i < sizeof queries / sizeof *queries; i++) {
        db_text(queries[i], text, sizeof text);
        toll_output(text, strlen(text) + 1);
    }
    toll_check(!strcmp(text, "ok"), "the database is damaged: %s", text);
}

static void run_auto(uint64_t ops, uint64_t warm, bool tell)
{
    TOLL_WINDOW(ops, warm)
    {
        db_insert();
        if (tell)
            db_tell();
    }
}

static void run_one(uint64_t ops, uint64_t warm)
{
    db_execute("BEGIN");
    for (uint64_t i = 0; i < warm; i++)
        db_insert();
    db_execute("COMMIT");
    toll_begin();
    db_execute("BEGIN");
    for (uint64_t i = 0; i < ops; i++) {
        db_insert();
        toll_op();
    }
    db_execute("COMMIT");
    toll_end(ops);
}

static void run_mixed(uint64_t ops, uint64_t warm)
{
    db_execute("BEGIN");
    for (uint64_t rows = toll_arg_number("rows", 1000); rows; rows--)
        db_insert();
    db_execute("COMMIT");
    TOLL_WINDOW(ops, warm)
    {
        db_mixed();
    }
    db_mixed_end();
}

/* Rows are inserted in order, one a transaction, so that those of the committed ones are the first, without a gap. */
static void run_check(void)
{
    char count[64], last[64], text[256];

    db_text("PRAGMA integrity_check", text, sizeof text);
    toll_check(!strcmp(text, "ok"), "the database is damaged: %s", text);
    db_text("SELECT count(*) FROM item", count, sizeof count);
    db_text("SELECT ifnull(max(id), 0) FROM item", last, sizeof last);
    toll_check(!strcmp(count, last), "%s rows, but the last one is row %s", count, last);
    toll_check(db_rows_right(), "a row does not hold what was inserted");
    printf("db: rows %s\n", count);
    fflush(stdout);
    toll_output(text, strlen(text));
}

int main(int argc, char **argv)
{
    toll_main(argc, argv, "db_sqlite");
    const char *load = toll_arg("load", "auto");
    uint64_t ops = toll_arg_number("ops", 100), warm = toll_arg_number("warm", 0);
    bool check = !strcmp(load, "check"), tell = toll_arg_number("tell", 0);

    snprintf(path, sizeof path, "%s/items.db", toll_arg("dir", "tmp"));
    db_seed(toll_arg_number("seed", 1));
    if (!check)
        unlink(path);
    if (!db_open(path, toll_arg("sync", "commit"), !check))
        return toll_done();
    if (check)
        run_check();
    else if (!strcmp(load, "auto"))
        run_auto(ops, warm, tell);
    else if (!strcmp(load, "one"))
        run_one(ops, warm);
    else if (!strcmp(load, "mixed"))
        run_mixed(ops, warm);
    else
        toll_check(false, "load=%s: auto, one, mixed or check was expected", load);
    if (!check)
        output();
    db_close();
    if (!check && !tell)
        toll_check(unlink(path) == 0, "%s cannot be removed", path);
    return toll_done();
}
