/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pure.c -- base and crypto: a call that fails for memory leaves what it was given as
 * it was, and the same call works a moment later.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/base32.h"
#include "base/check.h"
#include "base/map.h"
#include "base/mp.h"
#include "base/text.h"
#include "crypto/arena.h"
#include "crypto/keytree.h"
#include "crypto/sign.h"
#include "crypto/slots.h"
#include "tests/oom/areas.h"
#include "tests/oom/hook.h"
#include "tests/oom/trial.h"

enum { MAX = 1 << 20, KEYS = 100, LONG_BYTES = 20000 };

/* What the functions write to. */
struct pure {
    struct buf out;
    struct map map;
    struct keytree tree;
    struct arena *arena;
    uint8_t fixed[64];
    uint8_t text[LONG_BYTES]; /* lent as input */
    uint64_t was;             /* digest of all that before the call */
};

static uint64_t pure_digest(void *ctx)
{
    struct pure *p = ctx;
    uint64_t d = 1;
    struct bytes key;
    digest_add(&d, BUF_BYTES(&p->out));
    digest_add(&d, BYTES_OF(p->fixed));
    for (uint32_t at = 0; map_next(&p->map, &at, &key);)
        digest_add(&d, key);
    for (uint32_t i = 0; i < p->tree.count; i++) {
        digest_number(&d,
                      (uint64_t)p->tree.nodes[i].depth << 16 | p->tree.nodes[i].index);
        digest_add(&d, BYTES_OF(p->tree.nodes[i].key));
    }
    digest_number(&d, p->arena != NULL);
    return d;
}

/* Something stands in the buffer already, and is to stay. */
static void pure_before(void *ctx)
{
    struct pure *p = ctx;
    bool was = hook_watch(true);
    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < sizeof p->text; i++)
        p->text[i] = (uint8_t)('a' + i % 26);
    CHECK(buf_append(&p->out, BYTES(p->text, 50), MAX) == 0);
    map_init(&p->map, KEYS);
    p->was = pure_digest(p);
    (void)hook_watch(was);
}

/* Nothing changed. */
static void pure_undo(void *ctx)
{
    struct pure *p = ctx;
    EXPECT(pure_digest(p) == p->was);
}

static void pure_after(void *ctx)
{
    struct pure *p = ctx;
    buf_free(&p->out);
    map_free(&p->map);
    keytree_wipe(&p->tree);
    arena_destroy(p->arena);
    p->arena = NULL;
}

static void try_pure(const char *name, int (*act)(void *ctx))
{
    static struct pure p;
    const struct trial t = {.name = name,
                            .act = act,
                            .before = pure_before,
                            .undo = pure_undo,
                            .after = pure_after,
                            .digest = pure_digest};
    trial_run(&t, &p);
}

/* ---- base ---------------------------------------------------------------- */

static int act_append(void *ctx)
{
    struct pure *p = ctx;
    return buf_append(&p->out, BYTES_OF(p->text), MAX);
}

static int act_base32(void *ctx)
{
    struct pure *p = ctx;
    return base32_encode(BYTES(p->text, 300), &p->out, MAX);
}

static int act_base32_back(void *ctx)
{
    struct pure *p = ctx;
    memset(p->text, '0', 320);
    return base32_decode(BYTES(p->text, 320), &p->out, MAX);
}

static const char letters[] = "Cafe\xcc\x81 \xef\xbc\xb7ren  \xe2\x84\xab\t and a tail "
                              "that is long enough to need more than one growth of it";

static int act_nfc(void *ctx)
{
    struct pure *p = ctx;
    return text_nfc(BYTES((const uint8_t *)letters, sizeof letters - 1), &p->out, MAX);
}

static int act_fold(void *ctx)
{
    struct pure *p = ctx;
    return text_fold(BYTES((const uint8_t *)letters, sizeof letters - 1), &p->out, MAX);
}

static int act_clean(void *ctx)
{
    struct pure *p = ctx;
    size_t removed = 0;
    return text_clean(BYTES((const uint8_t *)letters, sizeof letters - 1), &p->out, MAX,
                      &removed);
}

/* A map that fails to grow is as it was; what was put before stays. */
static int act_map(void *ctx)
{
    struct pure *p = ctx;
    uint8_t key[4];
    int err = 0;
    for (uint32_t i = 0; i < KEYS && !err; i++) {
        uint32_t had = map_count(&p->map);
        put_u32(key, i);
        err = map_put(&p->map, BYTES_OF(key), p);
        EXPECT(map_count(&p->map) == (err || i < had ? had : had + 1));
        EXPECT((map_get(&p->map, BYTES_OF(key)) == NULL) == (err != 0));
    }
    if (!err)
        return 0;
    while (map_count(&p->map) > 0) { /* and can be emptied */
        uint32_t at = 0;
        struct bytes first;
        (void)map_next(&p->map, &at, &first);
        EXPECT(map_del(&p->map, first) == p);
    }
    return err;
}

/* After an error the writer's buffer is to be thrown away (base/mp.h). */
static int act_mp(void *ctx)
{
    struct pure *p = ctx;
    size_t had = p->out.n;
    struct mp_writer w = mp_writer_to(&p->out, MAX);
    mp_array(&w, 40);
    for (int i = 0; i < 40; i++)
        mp_bin(&w, BYTES(p->text, 100));
    int err = mp_writer_end(&w);
    if (err)
        p->out.n = had;
    return err;
}

/* ---- crypto -------------------------------------------------------------- */

static int act_arena(void *ctx)
{
    struct pure *p = ctx;
    return arena_new(&p->arena, 10000);
}

static int act_tree(void *ctx)
{
    static const uint8_t root[32] = {3};
    struct pure *p = ctx;
    uint8_t leaf[32];
    int err = keytree_init(&p->tree, root);
    for (uint16_t i = 0; i < 40 && !err; i++) {
        uint32_t count = p->tree.count;
        err = keytree_take(&p->tree, (uint16_t)(i * 97 % KEYTREE_LEAVES), leaf);
        EXPECT(!err || p->tree.count == count);
        if (err) /* the leaf is there still */
            EXPECT(keytree_peek(&p->tree, (uint16_t)(i * 97 % KEYTREE_LEAVES), leaf) ==
                   0);
    }
    if (err)
        keytree_wipe(&p->tree);
    return err;
}

static int act_tree_kept(void *ctx)
{
    static const uint8_t root[32] = {4};
    struct pure *p = ctx;
    uint8_t leaf[32];
    struct keytree t = {0};
    struct buf saved = {0};
    int err = keytree_init(&t, root);
    if (!err)
        err = keytree_take(&t, 700, leaf);
    if (!err)
        err = keytree_save(&t, &saved);
    if (!err)
        err = keytree_load(&p->tree, BUF_BYTES(&saved));
    keytree_wipe(&t);
    buf_free(&saved);
    return err;
}

/* Long messages are signed in memory of their own. */
static int act_sign(void *ctx)
{
    static const uint8_t seed[32] = {5};
    struct pure *p = ctx;
    uint8_t pk[32], sk[64], sig[64];
    sign_keypair(pk, sk, seed);
    int err = sign_make(sig, "card", BYTES_OF(p->text), sk);
    if (!err)
        err = sign_check(sig, "card", BYTES_OF(p->text), pk);
    if (!err)
        memcpy(p->fixed, sig, sizeof sig);
    return err;
}

static int act_passphrase(void *ctx)
{
    struct pure *p = ctx;
    return passphrase_canonical(BYTES((const uint8_t *)letters, sizeof letters - 1),
                                NULL, &p->out);
}

/* libsodium asks the system itself for what Argon2id needs: here the system says no.
 * (The address sanitizer lives in address space that a limit would forbid.) */
static int act_stretch(void *ctx)
{
    struct pure *p = ctx;
    struct rlimit old, tight;
    uint8_t file[SLOTS_FILE_BYTES] = {1}, kek[32] = {0};
    bool short_of = hook_hit();
    CHECK(getrlimit(RLIMIT_AS, &old) == 0);
    tight = old;
    tight.rlim_cur = 48 << 20;
#ifdef SHADOWED
    if (short_of)
        return ERR_NOMEM;
#endif
    if (short_of)
        CHECK(setrlimit(RLIMIT_AS, &tight) == 0);
    int err = slots_stretch(kek, BYTES(p->text, 20), file, 0);
    CHECK(setrlimit(RLIMIT_AS, &old) == 0);
    for (size_t i = 0; i < sizeof kek && err; i++)
        EXPECT(kek[i] == 0);
    if (!err)
        memcpy(p->fixed, kek, sizeof kek);
    return err;
}

void area_pure(void)
{
    try_pure("buffer grows", act_append);
    try_pure("base32", act_base32);
    try_pure("base32 read", act_base32_back);
    try_pure("text, one form", act_nfc);
    try_pure("text, name key", act_fold);
    try_pure("text, cleaned", act_clean);
    try_pure("map", act_map);
    try_pure("messagepack", act_mp);
    try_pure("arena", act_arena);
    try_pure("key tree", act_tree);
    try_pure("key tree kept", act_tree_kept);
    try_pure("long signature", act_sign);
    try_pure("passphrase", act_passphrase);
    try_pure("passphrase stretched", act_stretch);
}
