/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* noise.c -- one handshake: symmetric state, tokens, split.
 *
 * The names are those of the framework: ck the chaining key, h the hash of all that
 * was said, e and s ephemeral and static, r before them the remote's.  Numbers in
 * comments are its sections.
 */
#include "crypto/noise.h"

#include <string.h>

#include "base/check.h"
#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/noise_hash.h"
#include "crypto/noise_pattern.h"

enum { DH_BYTES = 32, NAME_PARTS = 5 };

_Static_assert((int)NOISE_MESSAGES_MAX == (int)PATTERN_MESSAGES_MAX &&
                   sizeof((struct noise *)0)->tokens[0] == PATTERN_TOKENS_MAX,
               "a handshake holds any pattern");

/* ---- cipher state (5.1) ---------------------------------------------------- */

/* 12.2: four zero bytes, then the number little-endian. */
static void nonce_of(uint8_t nonce[static NONCE_BYTES], uint64_t number)
{
    memset(nonce, 0, 4);
    for (size_t i = 0; i < 8; i++)
        nonce[4 + i] = (uint8_t)(number >> (8 * i));
}

int noise_seal(struct noise_cipher *c, uint8_t *out, struct bytes context,
               struct bytes plain)
{
    uint8_t nonce[NONCE_BYTES];
    if (!c->has_key || c->n == UINT64_MAX)
        return ERR_STATE;
    nonce_of(nonce, c->n++);
    aead_seal(out, c->key, nonce, context, plain);
    return 0;
}

int noise_open(struct noise_cipher *c, uint8_t *out, struct bytes context,
               struct bytes sealed)
{
    uint8_t nonce[NONCE_BYTES];
    if (!c->has_key || c->n == UINT64_MAX)
        return ERR_STATE;
    nonce_of(nonce, c->n);
    int err = aead_open(out, c->key, nonce, context, sealed);
    if (!err)
        c->n++;
    return err;
}

void noise_rekey(struct noise_cipher *c)
{
    static const uint8_t zeros[32];
    uint8_t nonce[NONCE_BYTES], sealed[32 + AEAD_TAG_BYTES];
    nonce_of(nonce, UINT64_MAX);
    aead_seal(sealed, c->key, nonce, BYTES(NULL, 0), BYTES_OF(zeros));
    memcpy(c->key, sealed, 32);
    wipe(sealed, sizeof sealed);
}

static void cipher_set(struct noise_cipher *c, const uint8_t key[static 32])
{
    memcpy(c->key, key, 32);
    c->n = 0;
    c->has_key = true;
}

/* ---- symmetric state (5.2) ------------------------------------------------- */

static void mix_hash(struct noise *n, struct bytes data)
{
    noise_hash_two(n->hash, n->h, BYTES(n->h, n->hash_bytes), data);
}

static void mix_key(struct noise *n, const uint8_t input[static 32])
{
    uint8_t key[NOISE_HASH_BYTES_MAX];
    noise_hkdf(n->hash, n->ck, BYTES(input, 32), n->ck, key, NULL);
    cipher_set(&n->cipher, key);
    wipe(key, sizeof key);
}

static void mix_key_and_hash(struct noise *n, const uint8_t psk[static 32])
{
    uint8_t key[NOISE_HASH_BYTES_MAX], hash[NOISE_HASH_BYTES_MAX];
    noise_hkdf(n->hash, n->ck, BYTES(psk, 32), n->ck, hash, key);
    mix_hash(n, BYTES(hash, n->hash_bytes));
    cipher_set(&n->cipher, key);
    wipe(key, sizeof key);
    wipe(hash, sizeof hash);
}

static size_t tag_bytes(const struct noise *n)
{
    return n->cipher.has_key ? AEAD_TAG_BYTES : 0;
}

/* EncryptAndHash: append to `out` what `plain` becomes. */
static int encrypt_and_hash(struct noise *n, struct room *out, struct bytes plain)
{
    size_t bytes = plain.n + tag_bytes(n);
    if (out->cap - out->n < bytes)
        return ERR_NOSPACE;
    uint8_t *at = out->p + out->n;
    if (n->cipher.has_key) {
        int err = noise_seal(&n->cipher, at, BYTES(n->h, n->hash_bytes), plain);
        if (err)
            return err;
    } else if (bytes > 0) {
        memcpy(at, plain.p, bytes);
    }
    mix_hash(n, BYTES(at, bytes));
    out->n += bytes;
    return 0;
}

/* DecryptAndHash: append to `out` what `sealed` (at least a tag long) holds. */
static int decrypt_and_hash(struct noise *n, struct room *out, struct bytes sealed)
{
    size_t bytes = sealed.n - tag_bytes(n);
    if (out->cap - out->n < bytes)
        return ERR_NOSPACE;
    uint8_t *at = out->p + out->n;
    if (n->cipher.has_key) {
        uint8_t nothing; /* an empty text still needs somewhere to go */
        int err = noise_open(&n->cipher, bytes > 0 ? at : &nothing,
                             BYTES(n->h, n->hash_bytes), sealed);
        if (err)
            return err;
    } else if (bytes > 0) {
        memcpy(at, sealed.p, bytes);
    }
    mix_hash(n, sealed);
    out->n += bytes;
    return 0;
}

/* ---- set-up (5.3) ---------------------------------------------------------- */

/* Cut "Noise_PATTERN_25519_ChaChaPoly_HASH" at its underscores. */
static int name_split(struct bytes name, struct bytes parts[static NAME_PARTS])
{
    size_t count = 0, from = 0;
    for (size_t i = 0; i <= name.n; i++) {
        if (i < name.n && name.p[i] != '_')
            continue;
        if (count == NAME_PARTS)
            return ERR_NOTFOUND;
        parts[count++] = BYTES(name.p + from, i - from);
        from = i + 1;
    }
    return count == NAME_PARTS ? 0 : ERR_NOTFOUND;
}

static bool is_text(struct bytes b, const char *text)
{
    return bytes_equal(b, BYTES(text, strlen(text)));
}

/* Read the name: the pattern to `p`; hash and its length, ck and h to `n`. */
static int name_read(struct noise *n, const char *name, struct noise_pattern *p)
{
    struct bytes whole = BYTES(name, strlen(name)), parts[NAME_PARTS];
    int err = name_split(whole, parts);
    if (err)
        return err;
    n->hash = noise_hash_find(parts[4]);
    if (!is_text(parts[0], "Noise") || !is_text(parts[2], "25519") ||
        !is_text(parts[3], "ChaChaPoly") || n->hash == 0)
        return ERR_NOTFOUND;
    n->hash_bytes = (uint8_t)noise_hash_bytes(n->hash);
    /* InitializeSymmetric: a short name is padded, a long one hashed. */
    if (whole.n <= n->hash_bytes)
        memcpy(n->h, whole.p, whole.n);
    else
        noise_hash_two(n->hash, n->h, whole, BYTES(NULL, 0));
    memcpy(n->ck, n->h, n->hash_bytes);
    return noise_pattern_parse(p, parts[1]);
}

static bool has_token(const uint8_t *list, uint8_t token)
{
    for (; *list != TOKEN_END; list++)
        if (*list == token)
            return true;
    return false;
}

/* True if our side sends the key of `token`, or it is known before. */
static bool we_need(const struct noise_pattern *p, bool initiator, uint8_t token)
{
    if (has_token(initiator ? p->pre_initiator : p->pre_responder, token))
        return true;
    for (size_t i = initiator ? 0 : 1; i < p->messages; i += 2)
        if (has_token(p->tokens[i], token))
            return true;
    return false;
}

/* Take over the keys that the pattern uses. */
static int keys_take(struct noise *n, const struct noise_config *c,
                     const struct noise_pattern *p)
{
    const uint8_t *pre_remote = n->initiator ? p->pre_responder : p->pre_initiator;
    n->have_s = we_need(p, n->initiator, TOKEN_S);
    n->have_e = we_need(p, n->initiator, TOKEN_E);
    n->have_rs = has_token(pre_remote, TOKEN_S);
    n->have_re = has_token(pre_remote, TOKEN_E);
    if ((n->have_s && !c->s_sk) || (n->have_e && !c->e_sk) ||
        (n->have_rs && !c->rs_pk) || (n->have_re && !c->re_pk) ||
        c->psks_count != p->psks || p->psks > NOISE_PSKS_MAX)
        return ERR_STATE;
    if (n->have_s) {
        memcpy(n->s_sk, c->s_sk, DH_BYTES);
        dh_public(n->s_pk, n->s_sk);
    }
    if (n->have_e) {
        memcpy(n->e_sk, c->e_sk, DH_BYTES);
        dh_public(n->e_pk, n->e_sk);
    }
    if (n->have_rs)
        memcpy(n->rs, c->rs_pk, DH_BYTES);
    if (n->have_re)
        memcpy(n->re, c->re_pk, DH_BYTES);
    n->psks_count = p->psks;
    for (size_t i = 0; i < p->psks; i++)
        memcpy(n->psks[i], c->psks[i], DH_BYTES);
    return 0;
}

/* An ephemeral public key is part of the hash and, beside psks, of the key (9.2). */
static void mix_ephemeral(struct noise *n, const uint8_t pk[static 32])
{
    mix_hash(n, BYTES(pk, DH_BYTES));
    if (n->psk_mode)
        mix_key(n, pk);
}

/* Hash the keys known before: the initiator's first. */
static void mix_known(struct noise *n, const uint8_t *list, bool ours)
{
    for (; *list != TOKEN_END; list++) {
        if (*list == TOKEN_E)
            mix_ephemeral(n, ours ? n->e_pk : n->re);
        else
            mix_hash(n, BYTES(ours ? n->s_pk : n->rs, DH_BYTES));
    }
}

int noise_init(struct noise *n, const struct noise_config *config)
{
    struct noise_pattern p;
    *n = (struct noise){.initiator = config->initiator};
    int err = name_read(n, config->name, &p);
    if (!err)
        err = keys_take(n, config, &p);
    if (err) {
        noise_wipe(n);
        return err;
    }
    n->psk_mode = p.psks > 0;
    n->messages = p.messages;
    memcpy(n->tokens, p.tokens, sizeof n->tokens);
    mix_hash(n, config->prologue);
    mix_known(n, p.pre_initiator, n->initiator);
    mix_known(n, p.pre_responder, !n->initiator);
    return 0;
}

/* ---- messages (5.3) -------------------------------------------------------- */

bool noise_done(const struct noise *n)
{
    return n->messages > 0 && !n->dead && n->at == n->messages;
}

bool noise_writes_next(const struct noise *n)
{
    return !n->dead && n->at < n->messages && (n->at % 2 == 0) == n->initiator;
}

/* The agreement that a DH token names, seen from our side. */
static int mix_agreement(struct noise *n, uint8_t token)
{
    bool initiator_static = token == TOKEN_SE || token == TOKEN_SS;
    bool responder_static = token == TOKEN_ES || token == TOKEN_SS;
    bool ours_static = n->initiator ? initiator_static : responder_static;
    bool theirs_static = n->initiator ? responder_static : initiator_static;
    uint8_t shared[32] = {0};
    CHECK(ours_static ? n->have_s : n->have_e);
    CHECK(theirs_static ? n->have_rs : n->have_re);
    int err = dh_agree(shared, ours_static ? n->s_sk : n->e_sk,
                       theirs_static ? n->rs : n->re);
    if (!err)
        mix_key(n, shared);
    wipe(shared, sizeof shared);
    return err;
}

/* The tokens that mean the same to writer and reader. */
static int mix_token(struct noise *n, uint8_t token)
{
    if (token != TOKEN_PSK)
        return mix_agreement(n, token);
    CHECK(n->psks_used < n->psks_count);
    mix_key_and_hash(n, n->psks[n->psks_used++]);
    return 0;
}

/* What the keys and tags of the next message add to its payload. */
static size_t overhead(const struct noise *n)
{
    bool keyed = n->cipher.has_key;
    size_t bytes = 0;
    for (const uint8_t *t = n->tokens[n->at]; *t != TOKEN_END; t++) {
        if (*t == TOKEN_E || *t == TOKEN_S)
            bytes += DH_BYTES;
        if (*t == TOKEN_S && keyed)
            bytes += AEAD_TAG_BYTES;
        if (*t != TOKEN_S && (*t != TOKEN_E || n->psk_mode))
            keyed = true;
    }
    return bytes + (keyed ? AEAD_TAG_BYTES : 0);
}

static int write_token(struct noise *n, uint8_t token, struct room *out)
{
    if (token == TOKEN_S)
        return encrypt_and_hash(n, out, BYTES_OF(n->s_pk));
    if (token != TOKEN_E)
        return mix_token(n, token);
    int err = room_append(out, BYTES_OF(n->e_pk));
    if (!err)
        mix_ephemeral(n, n->e_pk);
    return err;
}

int noise_write(struct noise *n, struct bytes payload, struct room *out)
{
    struct room to = *out; /* committed last */
    int err = 0;
    if (!noise_writes_next(n)) {
        err = ERR_STATE;
    } else {
        size_t more = overhead(n);
        if (payload.n > NOISE_MESSAGE_BYTES_MAX - more)
            err = ERR_TOOBIG;
        else if (payload.n + more > to.cap - to.n)
            err = ERR_NOSPACE;
    }
    for (const uint8_t *t = n->tokens[n->at % NOISE_MESSAGES_MAX];
         !err && *t != TOKEN_END; t++)
        err = write_token(n, *t, &to);
    if (!err)
        err = encrypt_and_hash(n, &to, payload);
    if (err) {
        n->dead = true;
        return err;
    }
    n->at++;
    *out = to;
    return 0;
}

/* Take the next `bytes` off the front of `left`. */
static struct bytes front(struct bytes *left, size_t bytes)
{
    struct bytes taken = {left->p, bytes};
    CHECK(bytes <= left->n); /* overhead() was compared with the whole */
    left->p += bytes;
    left->n -= bytes;
    return taken;
}

static int read_token(struct noise *n, uint8_t token, struct bytes *left)
{
    if (token == TOKEN_E) {
        memcpy(n->re, front(left, DH_BYTES).p, DH_BYTES);
        n->have_re = true;
        mix_ephemeral(n, n->re);
        return 0;
    }
    if (token != TOKEN_S)
        return mix_token(n, token);
    struct room rs = ROOM_OF(n->rs);
    int err = decrypt_and_hash(n, &rs, front(left, DH_BYTES + tag_bytes(n)));
    n->have_rs = !err;
    return err;
}

int noise_read(struct noise *n, struct bytes message, struct room *payload)
{
    struct room to = *payload; /* committed last */
    int err = 0;
    if (n->dead || n->at >= n->messages || noise_writes_next(n))
        err = ERR_STATE;
    else if (message.n > NOISE_MESSAGE_BYTES_MAX)
        err = ERR_TOOBIG;
    else if (message.n < overhead(n))
        err = ERR_TRUNCATED;
    for (const uint8_t *t = n->tokens[n->at % NOISE_MESSAGES_MAX];
         !err && *t != TOKEN_END; t++)
        err = read_token(n, *t, &message);
    if (!err)
        err = decrypt_and_hash(n, &to, message);
    if (err) {
        n->dead = true;
        return err;
    }
    n->at++;
    *payload = to;
    return 0;
}

const uint8_t *noise_remote_static(const struct noise *n)
{
    return n->have_rs ? n->rs : NULL;
}

struct bytes noise_hash(const struct noise *n)
{
    return BYTES(n->h, n->hash_bytes);
}

int noise_split(struct noise *n, struct noise_cipher *send, struct noise_cipher *recv)
{
    uint8_t first[NOISE_HASH_BYTES_MAX], second[NOISE_HASH_BYTES_MAX];
    if (!noise_done(n))
        return ERR_STATE;
    noise_hkdf(n->hash, n->ck, BYTES(NULL, 0), first, second, NULL);
    cipher_set(send, n->initiator ? first : second);
    cipher_set(recv, n->initiator ? second : first);
    wipe(first, sizeof first);
    wipe(second, sizeof second);
    return 0;
}

void noise_wipe(struct noise *n)
{
    if (n)
        wipe(n, sizeof *n);
}
