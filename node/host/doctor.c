/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* doctor.c -- store and core looked at together. */
#include "node/host/doctor.h"

#include "crypto/arena.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "node/host/doctor_int.h"
#include "store/store.h"

enum { ARENA_BYTES = 4 << 20 };

int care_begin(struct care *c)
{
    int err = crypto_init();
    c->entropy = entropy_os();
    return err ? err : arena_new(&c->arena, ARENA_BYTES);
}

void care_end(struct care *c)
{
    arena_destroy(c->arena);
    c->arena = NULL;
}

int care_step(struct care *c, struct store *s, care_call *call,
              struct mend_report *report)
{
    const struct peer_config config = {store_log(s), c->entropy, c->arena};
    int err = store_begin(s);
    if (err)
        return err;
    err = call(&config, report);
    if (!err)
        return store_commit(s);
    store_rollback(s);
    return err;
}

/* Looking changes nothing, whatever loading wrote. */
static int look(struct care *c, struct store *s, struct mend_report *report)
{
    const struct peer_config config = {store_log(s), c->entropy, c->arena};
    int err = store_begin(s);
    if (!err)
        err = mend_look(&config, report);
    store_rollback(s);
    return err;
}

/* The store opens.  ERR_DAMAGED: it has to be made anew. */
static int examine(struct care *c, struct store *s, struct doctor_report *out)
{
    int err = store_check(s);
    if (err == ERR_DAMAGED && store_damaged_page(s) == 0) {
        /* Every page opens, so rows and indexes disagree. */
        err = store_reindex(s);
        if (!err)
            err = store_check(s);
        out->reindexed = !err;
    }
    if (err)
        return err;
    err = look(c, s, &out->log);
    out->healthy = !err && !out->reindexed;
    if (err == ERR_DAMAGED)
        err = care_step(c, s, mend_rows, &out->log);
    return err;
}

static int rebuild(struct care *c, const char *home, const uint8_t *data_key,
                   struct doctor_report *out)
{
    struct store *fresh = NULL;
    int err = salvage_make(&fresh, home, data_key, &c->entropy, &out->store);
    if (err)
        return err;
    err = care_step(c, fresh, mend_rows, &out->log);
    if (!err)
        err = store_check(fresh);
    store_close(fresh);
    if (!err)
        err = salvage_swap(home, &out->store);
    if (err)
        salvage_forget(home);
    out->rebuilt = !err;
    return err;
}

int doctor_run(const char *home, const uint8_t data_key[static 32],
               struct doctor_report *report)
{
    struct care c = {0};
    struct store *s = NULL;
    *report = (struct doctor_report){0};
    int err = care_begin(&c);
    if (!err)
        err = store_open(&s, home, data_key, &c.entropy);
    if (!err)
        err = examine(&c, s, report);
    store_close(s);
    if (err == ERR_DAMAGED) {
        *report = (struct doctor_report){0};
        err = rebuild(&c, home, data_key, report);
    }
    care_end(&c);
    return err;
}
