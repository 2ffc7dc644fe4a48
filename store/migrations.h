/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* migrations.h -- the numbered SQL files of store/migrations/, held in the program.
 *
 * The table is made at build time from store/migrations/NNN_name.sql, numbered
 * 1, 2, 3 ... without a gap.  A released file never changes: a new one follows.
 */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

#include <stddef.h>

struct store_migration {
    int number;       /* 1, 2, 3 ... */
    const char *name; /* the file's name without .sql */
    const char *sql;  /* its whole text, ended by a zero byte */
};

/* In order of number; store_migrations[i].number is i + 1. */
extern const struct store_migration store_migrations[];
extern const size_t store_migrations_count;

#endif
