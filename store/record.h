/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* record.h -- the rows on one page of a SQLite database, read without SQLite.
 *
 * The file format is the documented one (sqlite.org/fileformat2.html): a page of a
 * b-tree has a kind, an array of cell pointers, and cells; a cell holds a record, whose
 * end may lie on overflow pages; a record is a list of types, then the values.
 * Everything is bounded: what does not fit is passed over.
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "base/bytes.h"

enum { RECORD_COLUMNS_MAX = 24, RECORD_BYTES_MAX = 64 << 20 };

enum column_kind { COLUMN_NULL, COLUMN_INT, COLUMN_TEXT, COLUMN_BLOB, COLUMN_OTHER };

struct column {
    enum column_kind kind;
    int64_t number;
    struct bytes bytes; /* of text and blob; lent by the record */
};

struct record {
    bool is_table; /* of a table with row numbers; else of an index */
    int64_t row;   /* of a table */
    struct column columns[RECORD_COLUMNS_MAX];
    uint32_t columns_count;
};

/* Fetch page `page` (4096 bytes) to `plain`.  ERR_DAMAGED: it does not open. */
typedef int record_fetch(void *ctx, uint32_t page, uint8_t *plain);
/* Visit one record, lent for the call.  A negative error ends the walk. */
typedef int record_visit(void *ctx, const struct record *r);

/* How to read a database. */
struct record_walk {
    record_fetch *fetch;
    record_visit *visit;
    void *ctx;
    struct buf payload; /* owned by the caller: buf_free at the end */
    uint64_t cut;       /* records left out: their end did not open */
};

/* Visit every record that begins on `page`, whose bytes are `plain`.  A record whose
 * overflow pages do not open is counted in w->cut.  What `visit` returned below zero,
 * ERR_NOMEM. */
NODISCARD int record_walk_page(struct record_walk *w, uint32_t page,
                               const uint8_t *plain);

#endif
