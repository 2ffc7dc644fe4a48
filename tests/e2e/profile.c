/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* profile.c -- what a profile holds, for tests that must know more than kring tells.
 *
 *     profile secrets HOME WORDS   "name hex" for every key that could be anywhere
 *     profile entries HOME WORDS   "id hash epochs author position r state" of all;
 *                                  "closed" for one whose lane is not held any more
 *
 * HOME is a copy, or the profile of nobody who runs: it is opened as kring opens it,
 * with the passphrase in the file WORDS.
 */
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "base/limits.h"
#include "cli/words.h"
#include "crypto/entropy_os.h"
#include "crypto/epoch.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "crypto/slots.h"
#include "node/core/envelope_int.h"
#include "store/store.h"
#include "store/unlock.h"

enum { LANES_MAX = 256, AUTHORS_MAX = 64 };

struct profile {
    struct store *store;
    struct log log;
    uint8_t data_key[32], seed[32];
    uint32_t group;
    struct lane_view lanes[LANES_MAX];
    uint8_t authors[AUTHORS_MAX][32];
    size_t lanes_count;
};

static void print(const char *name, const uint8_t *p, size_t n)
{
    printf("%s ", name);
    for (size_t i = 0; i < n; i++)
        printf("%02x", p[i]);
    printf("\n");
}

static void print_hex(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%02x", p[i]);
}

static int fail(const char *what, int err)
{
    fprintf(stderr, "profile: %s: %s\n", what, err_text(err));
    return 1;
}

/* ---- opening ------------------------------------------------------------- */

/* One line of the file, as typed and as it counts. */
static int words_read(const char *path, struct buf *typed, struct buf *canonical)
{
    uint8_t line[LIMIT_PASSPHRASE_BYTES_MAX];
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(line, 1, sizeof line, f) : 0;
    if (f)
        (void)fclose(f);
    while (n > 0 && line[n - 1] == '\n')
        n--;
    int err = buf_append(typed, BYTES(line, n), SIZE_MAX);
    return err ? err : passphrase_canonical(BYTES(line, n), words_in_list, canonical);
}

/* ---- secrets ------------------------------------------------------------- */

static int print_epoch(void *ctx, struct bytes key, struct bytes value)
{
    static const char *const names[] = {"epoch-mix",  "epoch-add",    "epoch-control",
                                        "epoch-lane", "epoch-access", "epoch-anon"};
    static const uint8_t bits[] = {EPOCH_HAVE_MIX,  EPOCH_HAVE_ADD,  EPOCH_HAVE_LANE,
                                   EPOCH_HAVE_LANE, EPOCH_HAVE_LANE, EPOCH_HAVE_ANON};
    (void)ctx;
    for (int i = 0; key.n == 32 && i < 6 && value.n > 6 * 32; i++)
        if (value.p[0] & bits[i])
            print(names[i], value.p + 1 + i * 32, 32);
    return 0;
}

static int print_tree(void *ctx, struct bytes key, struct bytes value)
{
    (void)ctx;
    (void)key;
    for (size_t at = 2; at + 35 <= value.n; at += 35)
        print("tree-node", value.p + at + 3, 32);
    return 0;
}

static int print_prekey(void *ctx, struct bytes key, struct bytes value)
{
    (void)ctx;
    (void)key;
    if (value.n >= 32)
        print("prekey-secret", value.p, 32);
    return 0;
}

static int print_group(void *ctx, struct bytes key, struct bytes value)
{
    const struct profile *p = ctx;
    uint8_t pk[32], sk[64], salt[32], transport[32];
    struct reader r = reader_of(value);
    (void)key;
    (void)read_bytes(&r, 1 + 32);
    read_copy(&r, salt, 32);
    uint32_t counter = read_u32(&r);
    read_copy(&r, transport, 32);
    if (r.err)
        return r.err;
    sign_derive_member(pk, sk, p->seed, salt, counter);
    print("member-secret", sk, 32);
    print("transport-secret", transport, 32);
    return 0;
}

static int scan(struct profile *p, uint8_t table, log_visit_kv *visit)
{
    return p->log.ops->scan(p->log.ctx, p->group, table, BYTES(NULL, 0), visit, p);
}

static int print_secrets(struct profile *p)
{
    print("data-key", p->data_key, 32);
    print("profile-seed", p->seed, 32);
    int err = 0;
    for (p->group = 1; p->group <= 4 && !err; p->group++) {
        err = scan(p, LOG_GROUP, print_group);
        if (!err)
            err = scan(p, LOG_EPOCH, print_epoch);
        if (!err)
            err = scan(p, LOG_TREE, print_tree);
        if (!err)
            err = scan(p, LOG_PREKEY, print_prekey);
    }
    return err;
}

/* ---- entries ------------------------------------------------------------- */

static int keep_lane(void *ctx, struct bytes key, struct bytes value)
{
    struct profile *p = ctx;
    uint8_t sk[64];
    if (key.n != 32 || value.n < 1 + 6 * 32 || !(value.p[0] & EPOCH_HAVE_LANE) ||
        p->lanes_count == LANES_MAX)
        return 0;
    const uint8_t *lane = value.p + 1 + 3 * 32;
    struct lane_view *l = &p->lanes[p->lanes_count++];
    memcpy(l->epoch, key.p, 32);
    epoch_topic(l->topic, sk, lane);
    epoch_header_key(l->header_key, lane);
    return 0;
}

static int keep_author(void *ctx, struct bytes key, struct bytes value)
{
    struct profile *p = ctx;
    if (key.n != 33 || key.p[0] != 'a' || value.n < 5)
        return 0;
    uint32_t number = get_u32(value.p + 1);
    if (number < AUTHORS_MAX)
        memcpy(p->authors[number], key.p + 1, 32);
    return 0;
}

static int print_entry(void *ctx, const struct content_row *row)
{
    const struct profile *p = ctx;
    uint8_t plain[HEADER_BYTES_MAX];
    size_t n = 0;
    struct header h;
    struct envelope_clear clear;
    for (size_t i = 0; i < p->lanes_count; i++) {
        if (memcmp(p->lanes[i].topic, row->topic, 32) != 0)
            continue;
        if (header_open(row->envelope, &p->lanes[i], plain, &n) ||
            header_parse(BYTES(plain, n), &h))
            continue;
        envelope_clear_read(row->envelope, &clear);
        print_hex(row->id, 32);
        printf(" ");
        print_hex(row->hash, 32);
        printf(" %c", h.mix ? 'm' : 's');
        print_hex(h.prefixes, (size_t)h.count * EPOCH_PREFIX_BYTES);
        printf(" ");
        print_hex(p->authors[row->author < AUTHORS_MAX ? row->author : 0], 32);
        printf(" %u ", h.position);
        print_hex(clear.r, 24);
        printf(" %u\n", row->state);
        return 0;
    }
    print_hex(row->id, 32);
    printf(" ");
    print_hex(row->hash, 32);
    printf(" closed - 0 - %u\n", row->state);
    return 0;
}

static int print_entries(struct profile *p)
{
    p->group = 1;
    int err = scan(p, LOG_EPOCH, keep_lane);
    if (!err)
        err = scan(p, LOG_AUTHOR, keep_author);
    if (!err)
        err = p->log.ops->content_scan(p->log.ctx, 1, 0, true, print_entry, p);
    return err;
}

int main(int argc, char **argv)
{
    static struct profile p;
    struct buf typed = {0}, canonical = {0};
    struct bytes seed;
    if (argc != 4)
        return fail("profile secrets|entries HOME WORDS", ERR_USAGE);
    int err = crypto_init();
    struct entropy entropy = entropy_os();
    if (!err)
        err = words_read(argv[3], &typed, &canonical);
    if (!err)
        err = unlock_open(argv[2], BUF_BYTES(&canonical), p.data_key, NULL);
    if (!err)
        err = store_open(&p.store, argv[2], p.data_key, &entropy);
    if (err)
        return fail(argv[2], err);
    p.log = store_log(p.store);
    if (p.log.ops->get(p.log.ctx, 0, LOG_PROFILE, BYTES("seed", 4), &seed) == 0 &&
        seed.n == 32)
        memcpy(p.seed, seed.p, 32);
    if (strcmp(argv[1], "secrets") == 0) {
        print("passphrase-typed", typed.p, typed.n);
        print("passphrase-canonical", canonical.p, canonical.n);
        err = print_secrets(&p);
    } else {
        err = print_entries(&p);
    }
    store_close(p.store);
    buf_free(&typed);
    buf_free(&canonical);
    return err ? fail(argv[1], err) : 0;
}
