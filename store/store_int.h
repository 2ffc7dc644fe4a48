/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store_int.h -- what the files of store/ share about an open store; nobody else
 * includes it. */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H

#include <sqlite3.h>

#include "store/store.h"
#include "store/vfs.h"

enum { STORE_PATH_BYTES_MAX = 4096 };

/* Statements prepared once and kept; their text stands in store_sql.c. */
enum statement {
    ST_BEGIN,
    ST_COMMIT,
    ST_ROLLBACK,
    ST_KV_UPDATE,
    ST_KV_INSERT,
    ST_GET,
    ST_DEL,
    ST_SPARE_PUT,
    ST_SPARE_DEL,
    ST_SCAN,
    ST_DROP_KV,
    ST_DROP_SPARE,
    ST_DROP_CONTENT,
    ST_DROP_TOPIC,
    ST_TOPIC_GET,
    ST_TOPIC_PUT,
    ST_TOPIC_NAME,
    ST_TOPIC_FORGET,
    ST_CONTENT_PUT,
    ST_CONTENT_UPDATE,
    ST_CONTENT_GONE,
    ST_CONTENT_MARK,
    ST_CONTENT_DELETE,
    ST_CONTENT_BY_ID,
    ST_STATE_BY_ID,
    ST_CONTENT_BY_SEQ,
    ST_CONTENT_SCAN,
    ST_CONTENT_SCAN_FULL,
    ST_CONTENT_DUE,
    ST_CONTENT_SUMS,
    ST_CONTENT_ODD,
    ST_CONTENT_URGENT,
    ST_CONTENT_UNREAD,
    ST_CONTENT_FORGET,
    ST_RANGE,
    ST_WORDS_READY,
    ST_WORDS_NOTE_READY,
    ST_WORDS_PUT,
    ST_WORDS_DEL,
    ST_WORDS_DROP,
    ST_WORDS_DROP_READY,
    ST_WORDS_UNMERGED,
    ST_WORDS_FIND,
    ST_COUNT
};

struct store {
    struct vfs *vfs;
    sqlite3 *db;
    sqlite3_stmt *st[ST_COUNT];
    char path[STORE_PATH_BYTES_MAX];
    bool begun, erased;
    bool unmerged; /* erased words may be left in the index (log_words.c) */
    bool in_memory;
    struct buf value, envelope, body; /* what the last reading call lent */
    /* The topic used last: most rows of a batch share it.  Number 0: none. */
    uint8_t topic[32];
    uint32_t topic_group;
    int64_t topic_no;
};

/* The enum err for an extended code of SQLite; 0 for a good one. */
int store_error(const struct store *s, int rc);
/* The enum err for what the database said last, after a call that failed; never 0. */
int store_last_error(const struct store *s);
/* Run SQL without results. */
NODISCARD int store_exec(struct store *s, const char *sql);
/* The statement, prepared at first use and reset; lent.  NULL and *err on failure. */
sqlite3_stmt *store_statement(struct store *s, enum statement which, int *err);
/* A statement to walk with; `own` is set, and to be finalized, when the kept one is
 * walking already: a visitor may look again. */
sqlite3_stmt *store_walker(struct store *s, enum statement which, sqlite3_stmt **own,
                           int *err);
/* Step a statement that gives no rows, then reset it. */
NODISCARD int store_run(struct store *s, sqlite3_stmt *st);
/* Step to the only row; the caller resets.  ERR_NOTFOUND: there is none. */
NODISCARD int store_one_row(struct store *s, sqlite3_stmt *st);
/* Bind bytes, lent until the statement is reset. */
void store_bind(sqlite3_stmt *st, int i, struct bytes b);
/* The bytes of a column; lent until the next step. */
struct bytes store_column(sqlite3_stmt *st, int i);
/* ERR_STATE when no transaction is open: a write would be a commit of its own. */
NODISCARD int store_writable(const struct store *s);
/* As store_create, but the database is called `data-making` (files.h). */
NODISCARD int store_create_beside(struct store **out, const char *dir,
                                  const uint8_t data_key[static 32],
                                  const struct entropy *entropy);
/* As store_create, but the database is called `data-copy` (copy.h). */
NODISCARD int store_create_copy(struct store **out, const char *dir,
                                const uint8_t data_key[static 32],
                                const struct entropy *entropy);
/* The number of the newest migration: what PRAGMA user_version may be at most. */
uint32_t store_version_newest(void);
/* Run the missing migrations.  ERR_VERSION: made by a newer kring. */
NODISCARD int store_migrate(struct store *s);
/* The operations of the log on this store. */
extern const struct log_ops store_log_ops;

/* log_content.c's and log_rows.c's part of the table; each is the operation of that
 * name in base/log.h. */

/* Append a row (content_put). */
int store_content_put(void *ctx, uint32_t group, const struct content_row *row,
                      uint64_t *number);
/* Change a row (content_update). */
int store_content_update(void *ctx, uint32_t group, const struct content_row *row);
/* Set its unread mark (content_mark). */
int store_content_mark(void *ctx, uint32_t group, uint64_t number, bool unread);
/* Remove a row whole (content_delete). */
int store_content_delete(void *ctx, uint32_t group, uint64_t number);
/* Find by id (content_by_id). */
int store_content_by_id(void *ctx, uint32_t group, const uint8_t id[32],
                        struct content_row *out);
/* Visit by author and sequence (content_by_seq). */
int store_content_by_seq(void *ctx, uint32_t group, uint32_t author, uint32_t seq,
                         log_visit_row *visit, void *visit_ctx);
/* Visit in order of arrival (content_scan). */
int store_content_scan(void *ctx, uint32_t group, uint64_t after, bool with_body,
                       log_visit_row *visit, void *visit_ctx);
/* Visit what has ended (content_due). */
int store_content_due(void *ctx, uint32_t group, uint32_t hour, log_visit_row *visit,
                      void *visit_ctx);
/* What is held of each author (content_sums). */
int store_content_sums(void *ctx, uint32_t group, log_visit_sum *visit,
                       void *visit_ctx);
/* Visit what a start has to look at (content_odd). */
int store_content_odd(void *ctx, uint32_t group, log_visit_row *visit, void *visit_ctx);
/* Visit warnings (content_urgent). */
int store_content_urgent(void *ctx, uint32_t group, log_visit_row *visit,
                         void *visit_ctx);
/* Count what is unread (content_unread). */
int store_content_unread(void *ctx, uint32_t group, uint32_t hour,
                         log_visit_unread *visit, void *visit_ctx);
/* Forget what is gone (content_forget). */
int store_content_forget(void *ctx, uint32_t group, uint32_t hour);
/* Is the index of words complete (words_ready)? */
int store_words_ready(void *ctx, uint32_t group);
/* It is (words_note_ready). */
int store_words_note_ready(void *ctx, uint32_t group);
/* Put a text there (words_put). */
int store_words_put(void *ctx, uint32_t group, uint64_t number, struct bytes text);
/* Find rows by words (words_find). */
int store_words_find(void *ctx, uint32_t group, struct bytes words,
                     log_visit_number *visit, void *visit_ctx);
/* Take a row out of the index, if it is there. */
NODISCARD int store_words_forget(struct store *s, uint64_t number);
/* Take all of a group out, while its rows are still there. */
NODISCARD int store_words_drop(struct store *s, uint32_t group);
/* After opening: are erased words left from an earlier run? */
NODISCARD int store_words_open(struct store *s);
/* Merge the index, so that no erased word is left in it. */
NODISCARD int store_words_merge(struct store *s);

/* Count and fingerprint of a range (range_sum). */
int store_range_sum(void *ctx, uint32_t group, const uint8_t topic[32],
                    const struct set_bound *lo, const struct set_bound *hi,
                    struct range_sum *out);
/* Visit the positions of a range (range_ids). */
int store_range_ids(void *ctx, uint32_t group, const uint8_t topic[32],
                    const struct set_range *range, log_visit_id *visit,
                    void *visit_ctx);

/* The number of a topic; ERR_NOTFOUND.  (log_content.c) */
NODISCARD int store_topic_find(struct store *s, uint32_t group, const uint8_t topic[32],
                               int64_t *no);
/* The key under which an id is indexed: eight bytes find it as surely as all. */
static inline int64_t store_id8(const uint8_t id[static 32])
{
    return (int64_t)get_u64(id);
}

#endif
