/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* migrate.c -- the numbered SQL files, each in a transaction of its own.
 *
 * PRAGMA user_version holds the number of the newest one that was run.
 */
#include <stdio.h>

#include "store/migrations.h"
#include "store/store_int.h"

static int version_get(struct store *s, int *version)
{
    sqlite3_stmt *st = NULL;
    int err =
        sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK
            ? store_one_row(s, st)
            : store_last_error(s);
    if (!err)
        *version = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    return err;
}

static int version_run(struct store *s, const struct store_migration *m)
{
    char mark[48];
    (void)snprintf(mark, sizeof mark, "PRAGMA user_version = %d", m->number);
    int err = store_exec(s, "BEGIN IMMEDIATE");
    if (err)
        return err;
    err = store_exec(s, m->sql);
    if (!err)
        err = store_exec(s, mark);
    if (!err)
        err = store_exec(s, "COMMIT");
    if (err)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

int store_migrate(struct store *s)
{
    int version = 0, err = version_get(s, &version);
    if (err)
        return err;
    if (version < 0 || (size_t)version > store_migrations_count)
        return ERR_VERSION;
    for (size_t i = (size_t)version; i < store_migrations_count && !err; i++)
        err = version_run(s, &store_migrations[i]);
    return err;
}

uint32_t store_version_newest(void)
{
    return (uint32_t)store_migrations_count;
}
