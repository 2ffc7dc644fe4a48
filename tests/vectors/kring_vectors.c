/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* kring_vectors.c -- checks crypto/ against vectors that others made.
 *
 *     kring-vectors noise FILE     Noise: key=value text, or JSON if it begins with {
 *     kring-vectors hpke FILE      HPKE: key=value text
 *
 * Noise text: a vector begins with handshake=NAME; keys and texts follow as hex
 * (init_static, resp_static, gen_init_ephemeral, gen_resp_ephemeral, prologue,
 * preshared_key, msg_N_payload, msg_N_ciphertext).  Transport messages alternate and
 * the initiator's comes first.  Noise JSON: {"vectors": [{"protocol_name": ...,
 * "init_prologue", "init_psks", "init_static", "init_ephemeral", "init_remote_static",
 * the same with resp_, "handshake_hash", "messages": [{"payload", "ciphertext"}]}]}.
 * Message N goes the way N tells, or always the initiator's in one-way patterns.
 *
 * HPKE: info, ikmE, pkEm, skEm, ikmR, pkRm, skRm, enc, key, base_nonce,
 * exporter_secret, pt in that order; then seq, aad, ct (one check each), and context,
 * value likewise.
 *
 * Both sides are played; each must write what the vector says and read the other.
 * Ends with `N passed, N failed, N skipped`; a vector for X448, AES-GCM or BLAKE2s,
 * which kring does not have, is skipped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/dh.h"
#include "crypto/hash.h"
#include "crypto/hpke.h"
#include "crypto/noise.h"

enum {
    FILE_BYTES_MAX = 16 << 20,
    NAME_BYTES = 96,
    VECTOR_MESSAGES_MAX = 16,
    VECTOR_PSKS_MAX = NOISE_PSKS_MAX
};

static unsigned passed, failed, skipped;

/* ---- bytes ----------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Replace `out` by the bytes that `text` (n characters of hex) stands for. */
static bool hex_read(struct buf *out, const char *text, size_t n)
{
    out->n = 0;
    for (size_t i = 0; i + 1 < n; i += 2) {
        int hi = hex_digit(text[i]), lo = hex_digit(text[i + 1]);
        uint8_t byte = (uint8_t)(hi * 16 + lo);
        if (hi < 0 || lo < 0 || buf_append(out, BYTES(&byte, 1), FILE_BYTES_MAX) != 0)
            return false;
    }
    return n % 2 == 0;
}

static bool equal(struct bytes a, struct bytes b)
{
    return bytes_equal(a, b);
}

static bool file_read(const char *path, struct buf *out)
{
    uint8_t part[4096];
    size_t n = 0;
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    bool ok = true;
    while (ok && (n = fread(part, 1, sizeof part, f)) > 0)
        ok = buf_append(out, BYTES(part, n), FILE_BYTES_MAX) == 0;
    ok = ok && !ferror(f);
    (void)fclose(f);
    return ok && buf_append(out, BYTES("", 1), FILE_BYTES_MAX) == 0; /* ends with NUL */
}

/* ---- one Noise vector ------------------------------------------------------ */

/* What one side brings; empty where the vector says nothing. */
struct side {
    struct buf prologue, s, e, rs, re, psks[VECTOR_PSKS_MAX];
    size_t psks_count;
};

struct vector {
    char name[NAME_BYTES];
    struct side sides[2]; /* initiator, responder */
    struct buf hash;
    struct {
        struct buf payload, ciphertext;
    } messages[VECTOR_MESSAGES_MAX];
    size_t messages_count;
    bool initiator_first_after; /* transport messages begin with the initiator's */
    bool broken;                /* the file says something that was not understood */
};

static void vector_free(struct vector *v)
{
    for (size_t i = 0; i < 2; i++) {
        struct side *s = &v->sides[i];
        struct buf *all[] = {&s->prologue, &s->s, &s->e, &s->rs, &s->re};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++)
            buf_free(all[j]);
        for (size_t j = 0; j < VECTOR_PSKS_MAX; j++)
            buf_free(&s->psks[j]);
    }
    for (size_t i = 0; i < VECTOR_MESSAGES_MAX; i++) {
        buf_free(&v->messages[i].payload);
        buf_free(&v->messages[i].ciphertext);
    }
    buf_free(&v->hash);
    *v = (struct vector){0};
}

static const uint8_t *key_or_null(const struct buf *b)
{
    return b->n == 32 ? b->p : NULL;
}

static int side_init(struct noise *n, const struct vector *v, bool initiator)
{
    const struct side *us = &v->sides[initiator ? 0 : 1];
    const struct side *them = &v->sides[initiator ? 1 : 0];
    uint8_t psks[VECTOR_PSKS_MAX][32] = {{0}}, rs[32], re[32];
    struct noise_config c = {.name = v->name,
                             .initiator = initiator,
                             .prologue = BUF_BYTES(&us->prologue),
                             .s_sk = key_or_null(&us->s),
                             .e_sk = key_or_null(&us->e),
                             .rs_pk = key_or_null(&us->rs),
                             .re_pk = key_or_null(&us->re),
                             .psks = (const uint8_t(*)[32])psks,
                             .psks_count = us->psks_count};
    for (size_t i = 0; i < us->psks_count; i++)
        if (us->psks[i].n == 32)
            memcpy(psks[i], us->psks[i].p, 32);
    /* The key-value form gives secret keys alone: what is known before follows. */
    if (!c.rs_pk && them->s.n == 32) {
        dh_public(rs, them->s.p);
        c.rs_pk = rs;
    }
    if (!c.re_pk && them->e.n == 32) {
        dh_public(re, them->e.p);
        c.re_pk = re;
    }
    return noise_init(n, &c);
}

static uint8_t wire[NOISE_MESSAGE_BYTES_MAX], plain[NOISE_MESSAGE_BYTES_MAX];

static const char *check_handshake(struct noise *from, struct noise *to,
                                   struct bytes payload, struct bytes want)
{
    struct room out = ROOM_OF(wire), in = ROOM_OF(plain);
    if (noise_write(from, payload, &out) != 0)
        return "it is not written";
    if (!equal(BYTES(out.p, out.n), want))
        return "other bytes are written";
    if (noise_read(to, want, &in) != 0)
        return "it is not read";
    return equal(BYTES(in.p, in.n), payload) ? NULL : "another payload is read";
}

static const char *check_transport(struct noise_cipher *from, struct noise_cipher *to,
                                   struct bytes payload, struct bytes want)
{
    const struct bytes none = {0};
    if (want.n != payload.n + 16 || want.n > sizeof wire)
        return "its length is wrong";
    if (noise_seal(from, wire, none, payload) != 0 || !equal(BYTES(wire, want.n), want))
        return "other bytes are sealed";
    if (noise_open(to, plain, none, want) != 0 ||
        !equal(BYTES(plain, payload.n), payload))
        return "it does not open";
    return NULL;
}

/* One-way patterns have one letter before any modifier. */
static bool is_one_way(const char *name)
{
    return strncmp(name, "Noise_", 6) == 0 && !(name[7] >= 'A' && name[7] <= 'Z');
}

/* Play the vector; what is wrong, or NULL.  *at is the message where. */
static const char *vector_play(const struct vector *v, struct noise n[2], size_t *at)
{
    struct noise_cipher send[2], recv[2];
    size_t handshakes = 0;
    const char *wrong = NULL;
    if (v->broken || v->messages_count == 0)
        return "the vector is not understood";
    if (side_init(&n[0], v, true) != 0 || side_init(&n[1], v, false) != 0)
        return "it is refused";
    for (*at = 0; !wrong && *at < v->messages_count; ++*at) {
        struct bytes payload = BUF_BYTES(&v->messages[*at].payload);
        struct bytes want = BUF_BYTES(&v->messages[*at].ciphertext);
        if (!noise_done(&n[0])) {
            size_t from = noise_writes_next(&n[0]) ? 0 : 1;
            wrong = check_handshake(&n[from], &n[1 - from], payload, want);
            handshakes = *at + 1;
            if (noise_done(&n[0]) && (noise_split(&n[0], &send[0], &recv[0]) != 0 ||
                                      noise_split(&n[1], &send[1], &recv[1]) != 0))
                wrong = "it does not split";
            continue;
        }
        size_t number = v->initiator_first_after ? *at - handshakes : *at;
        size_t from = !v->initiator_first_after && is_one_way(v->name) ? 0 : number % 2;
        wrong = check_transport(&send[from], &recv[1 - from], payload, want);
    }
    if (!wrong && !noise_done(&n[0]))
        wrong = "the handshake does not end";
    if (!wrong && v->hash.n > 0 &&
        (!equal(noise_hash(&n[0]), BUF_BYTES(&v->hash)) ||
         !equal(noise_hash(&n[1]), BUF_BYTES(&v->hash))))
        wrong = "the handshake hash differs";
    return wrong;
}

static void vector_check(struct vector *v)
{
    static struct noise n[2];
    size_t at = 0;
    if (v->name[0] == '\0' && !v->broken)
        return;
    if (strstr(v->name, "_448_") || strstr(v->name, "AESGCM") ||
        strstr(v->name, "BLAKE2s")) {
        skipped++;
    } else {
        const char *wrong = vector_play(v, n, &at);
        if (wrong)
            printf("%s: message %zu: %s\n", v->name, at, wrong);
        *(wrong ? &failed : &passed) += 1;
        noise_wipe(&n[0]);
        noise_wipe(&n[1]);
    }
    vector_free(v);
}

static void vector_name(struct vector *v, const char *text, size_t n)
{
    if (n >= sizeof v->name) {
        v->broken = true;
        return;
    }
    memcpy(v->name, text, n);
    v->name[n] = '\0';
}

/* ---- key=value text -------------------------------------------------------- */

struct line {
    const char *key, *value;
    size_t key_chars, value_chars;
};

/* Cut the next line of `*text` into key and value; false at the end.  Comments and
 * empty lines give an empty key. */
static bool line_next(const char **text, struct line *l)
{
    if (**text == '\0')
        return false;
    size_t n = strcspn(*text, "\r\n");
    const char *sign = memchr(*text, '=', n);
    *l = (struct line){.key = *text, .value = *text + n};
    if (**text != '#' && sign) {
        l->key_chars = (size_t)(sign - *text);
        l->value = sign + 1;
        l->value_chars = n - l->key_chars - 1;
    }
    *text += n;
    if (**text != '\0')
        ++*text;
    return true;
}

static bool is_key(const struct line *l, const char *key)
{
    return strlen(key) == l->key_chars && memcmp(key, l->key, l->key_chars) == 0;
}

/* The place where msg_N_payload or msg_N_ciphertext goes, or NULL. */
static struct buf *text_message(struct vector *v, const struct line *l)
{
    if (l->key_chars < 6 || memcmp(l->key, "msg_", 4) != 0 || l->key[4] < '0' ||
        l->key[4] > '9')
        return NULL;
    size_t i = (size_t)(l->key[4] - '0');
    struct line rest = {.key = l->key + 5, .key_chars = l->key_chars - 5};
    if (i >= v->messages_count)
        v->messages_count = i + 1;
    if (is_key(&rest, "_payload"))
        return &v->messages[i].payload;
    return is_key(&rest, "_ciphertext") ? &v->messages[i].ciphertext : NULL;
}

static void text_take(struct vector *v, const struct line *l)
{
    struct {
        const char *key;
        struct buf *to[2];
    } fields[] = {
        {"init_static", {&v->sides[0].s, NULL}},
        {"resp_static", {&v->sides[1].s, NULL}},
        {"gen_init_ephemeral", {&v->sides[0].e, NULL}},
        {"gen_resp_ephemeral", {&v->sides[1].e, NULL}},
        {"prologue", {&v->sides[0].prologue, &v->sides[1].prologue}},
        {"preshared_key", {&v->sides[0].psks[0], &v->sides[1].psks[0]}},
    };
    struct buf *message = text_message(v, l);
    bool known = message && hex_read(message, l->value, l->value_chars);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!is_key(l, fields[i].key))
            continue;
        known = true;
        for (size_t j = 0; j < 2 && fields[i].to[j]; j++)
            known = known && hex_read(fields[i].to[j], l->value, l->value_chars);
    }
    v->broken |= !known;
    for (size_t i = 0; i < 2; i++)
        v->sides[i].psks_count = v->sides[i].psks[0].n > 0;
}

static void noise_text(const char *text)
{
    struct vector v = {0};
    struct line l;
    while (line_next(&text, &l)) {
        if (is_key(&l, "handshake")) {
            vector_check(&v);
            v.initiator_first_after = true;
            vector_name(&v, l.value, l.value_chars);
        } else if (l.key_chars > 0) {
            text_take(&v, &l);
        }
    }
    vector_check(&v);
}

/* ---- JSON ------------------------------------------------------------------ */

/* A reader of the small JSON that vectors use: strings without escapes, numbers,
 * words.  After an error `bad` stands and nothing more is read. */
struct json {
    const char *at;
    bool bad;
};

static char json_peek(struct json *j)
{
    while (*j->at == ' ' || *j->at == '\n' || *j->at == '\r' || *j->at == '\t')
        j->at++;
    return j->bad ? '\0' : *j->at;
}

static bool json_take(struct json *j, char c)
{
    if (json_peek(j) != c || c == '\0')
        return false;
    j->at++;
    return true;
}

static void json_need(struct json *j, char c)
{
    if (!json_take(j, c))
        j->bad = true;
}

/* The next item of a list or map that ends with `end`; false when there is none. */
static bool json_more(struct json *j, bool *first, char end)
{
    if (json_take(j, end))
        return false;
    if (!*first)
        json_need(j, ',');
    *first = false;
    return !j->bad;
}

static struct bytes json_string(struct json *j)
{
    json_need(j, '"');
    if (j->bad)
        return BYTES("", 0);
    const char *from = j->at;
    size_t n = strcspn(from, "\"\\");
    j->at += n;
    if (*j->at != '"')
        j->bad = true;
    else
        j->at++;
    return BYTES(from, n);
}

static void json_skip(struct json *j)
{
    bool first = true;
    char c = json_peek(j);
    if (c == '"') {
        (void)json_string(j);
    } else if (json_take(j, '[')) {
        while (json_more(j, &first, ']'))
            json_skip(j);
    } else if (json_take(j, '{')) {
        while (json_more(j, &first, '}')) {
            (void)json_string(j);
            json_need(j, ':');
            json_skip(j);
        }
    } else {
        size_t n = strcspn(j->at, ",]} \r\n\t");
        j->at += n;
        j->bad |= n == 0;
    }
}

static void json_hex(struct json *j, struct buf *to)
{
    struct bytes s = json_string(j);
    j->bad |= !hex_read(to, (const char *)s.p, s.n);
}

static void json_psks(struct json *j, struct side *s)
{
    bool first = true;
    json_need(j, '[');
    while (json_more(j, &first, ']')) {
        if (s->psks_count == VECTOR_PSKS_MAX)
            j->bad = true;
        else
            json_hex(j, &s->psks[s->psks_count++]);
    }
}

static void json_message(struct json *j, struct vector *v)
{
    bool first = true;
    json_need(j, '{');
    if (v->messages_count == VECTOR_MESSAGES_MAX) {
        j->bad = true;
        return;
    }
    size_t i = v->messages_count++;
    while (json_more(j, &first, '}')) {
        struct bytes key = json_string(j);
        json_need(j, ':');
        if (equal(key, BYTES("payload", 7)))
            json_hex(j, &v->messages[i].payload);
        else if (equal(key, BYTES("ciphertext", 10)))
            json_hex(j, &v->messages[i].ciphertext);
        else
            json_skip(j);
    }
}

/* A field that begins with init_ or resp_; false if it is none of ours. */
static bool json_side(struct json *j, struct vector *v, const char *key)
{
    struct side *s = &v->sides[strncmp(key, "resp_", 5) == 0];
    struct {
        const char *key;
        struct buf *to;
    } fields[] = {
        {"prologue", &s->prologue},   {"static", &s->s},
        {"ephemeral", &s->e},         {"remote_static", &s->rs},
        {"remote_ephemeral", &s->re},
    };
    if (strncmp(key, "init_", 5) != 0 && strncmp(key, "resp_", 5) != 0)
        return false;
    if (strcmp(key + 5, "psks") == 0) {
        json_psks(j, s);
        return true;
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(key + 5, fields[i].key) == 0) {
            json_hex(j, fields[i].to);
            return true;
        }
    }
    return false;
}

static void json_vector(struct json *j, struct vector *v)
{
    bool first = true;
    json_need(j, '{');
    while (json_more(j, &first, '}')) {
        char key[32] = "";
        struct bytes s = json_string(j);
        if (s.n < sizeof key)
            memcpy(key, s.p, s.n);
        json_need(j, ':');
        if (strcmp(key, "protocol_name") == 0) {
            s = json_string(j);
            vector_name(v, (const char *)s.p, s.n);
        } else if (strcmp(key, "handshake_hash") == 0) {
            json_hex(j, &v->hash);
        } else if (strcmp(key, "messages") == 0) {
            bool first_message = true;
            json_need(j, '[');
            while (json_more(j, &first_message, ']'))
                json_message(j, v);
        } else if (!json_side(j, v, key)) {
            json_skip(j);
        }
    }
    v->broken |= j->bad;
}

static void noise_json(const char *text)
{
    struct json j = {.at = text};
    struct vector v = {0};
    bool first = true;
    json_need(&j, '{');
    while (json_more(&j, &first, '}')) {
        bool first_vector = true;
        struct bytes key = json_string(&j);
        json_need(&j, ':');
        if (!equal(key, BYTES("vectors", 7))) {
            json_skip(&j);
            continue;
        }
        json_need(&j, '[');
        while (json_more(&j, &first_vector, ']')) {
            json_vector(&j, &v);
            vector_check(&v);
        }
    }
    if (j.bad) {
        printf("broken JSON at: %.40s\n", j.at);
        failed++;
    }
}

/* ---- HPKE ------------------------------------------------------------------ */

struct hpke_case {
    struct buf info, ikm_e, pk_e, sk_e, ikm_r, pk_r, sk_r, enc, key, base_nonce;
    struct buf exporter, pt, aad, ct, context, value;
    struct hpke_ctx send, recv;
    uint64_t seq;
};

static void hpke_report(const char *what, bool ok)
{
    if (!ok)
        printf("hpke: %s differs\n", what);
    *(ok ? &passed : &failed) += 1;
}

static void hpke_check_pair(const char *what, struct bytes ikm, struct bytes pk,
                            struct bytes sk)
{
    uint8_t got_pk[32], got_sk[32];
    hpke_derive_keypair(got_pk, got_sk, ikm);
    hpke_report(what, equal(BYTES_OF(got_pk), pk) && equal(BYTES_OF(got_sk), sk));
}

/* Once the plain text is known, everything before it is: set both sides up. */
static void hpke_check_setup(struct hpke_case *c)
{
    uint8_t enc[32] = {0};
    if (c->pk_r.n != 32 || c->sk_r.n != 32 || c->enc.n != 32) {
        hpke_report("the length of a key", false);
        return;
    }
    hpke_check_pair("the ephemeral pair", BUF_BYTES(&c->ikm_e), BUF_BYTES(&c->pk_e),
                    BUF_BYTES(&c->sk_e));
    hpke_check_pair("the receiver's pair", BUF_BYTES(&c->ikm_r), BUF_BYTES(&c->pk_r),
                    BUF_BYTES(&c->sk_r));
    bool up = hpke_setup_send(&c->send, enc, c->pk_r.p, BUF_BYTES(&c->info),
                              BUF_BYTES(&c->ikm_e)) == 0 &&
              hpke_setup_recv(&c->recv, c->enc.p, c->sk_r.p, BUF_BYTES(&c->info)) == 0;
    hpke_report("enc", up && equal(BYTES_OF(enc), BUF_BYTES(&c->enc)));
    struct hpke_ctx *both[] = {&c->send, &c->recv};
    for (size_t i = 0; i < 2; i++) {
        hpke_report("the key", equal(BYTES_OF(both[i]->key), BUF_BYTES(&c->key)));
        hpke_report("the nonce",
                    equal(BYTES_OF(both[i]->base_nonce), BUF_BYTES(&c->base_nonce)));
        hpke_report("the exporter",
                    equal(BYTES_OF(both[i]->exporter), BUF_BYTES(&c->exporter)));
    }
}

/* Go on to the message of number seq by sealing and opening what lies between. */
static void hpke_check_message(struct hpke_case *c)
{
    uint8_t sealed[256], opened[256];
    struct bytes aad = BUF_BYTES(&c->aad), pt = BUF_BYTES(&c->pt),
                 ct = BUF_BYTES(&c->ct);
    bool ok = pt.n + 16 <= sizeof sealed && ct.n == pt.n + 16 && c->send.seq <= c->seq;
    while (ok && c->send.seq < c->seq) {
        hpke_ctx_seal(&c->send, sealed, aad, BYTES("", 0));
        ok = hpke_ctx_open(&c->recv, opened, aad, BYTES(sealed, 16)) == 0;
    }
    if (ok) {
        hpke_ctx_seal(&c->send, sealed, aad, pt);
        ok = equal(BYTES(sealed, ct.n), ct) &&
             hpke_ctx_open(&c->recv, opened, aad, ct) == 0 &&
             equal(BYTES(opened, pt.n), pt);
    }
    hpke_report("a ciphertext", ok);
}

static void hpke_check_export(struct hpke_case *c)
{
    uint8_t got[32];
    hpke_ctx_export(&c->recv, got, sizeof got, BUF_BYTES(&c->context));
    hpke_report("an export", equal(BYTES_OF(got), BUF_BYTES(&c->value)));
}

static bool hpke_take(struct hpke_case *c, const struct line *l)
{
    struct {
        const char *key;
        struct buf *to;
        void (*then)(struct hpke_case *c);
    } fields[] = {
        {"info", &c->info, NULL},
        {"ikmE", &c->ikm_e, NULL},
        {"pkEm", &c->pk_e, NULL},
        {"skEm", &c->sk_e, NULL},
        {"ikmR", &c->ikm_r, NULL},
        {"pkRm", &c->pk_r, NULL},
        {"skRm", &c->sk_r, NULL},
        {"enc", &c->enc, NULL},
        {"key", &c->key, NULL},
        {"base_nonce", &c->base_nonce, NULL},
        {"exporter_secret", &c->exporter, NULL},
        {"pt", &c->pt, hpke_check_setup},
        {"aad", &c->aad, NULL},
        {"ct", &c->ct, hpke_check_message},
        {"context", &c->context, NULL},
        {"value", &c->value, hpke_check_export},
    };
    if (is_key(l, "seq")) {
        c->seq = strtoull(l->value, NULL, 10);
        return true;
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!is_key(l, fields[i].key))
            continue;
        if (!hex_read(fields[i].to, l->value, l->value_chars))
            return false;
        if (fields[i].then)
            fields[i].then(c);
        return true;
    }
    return false;
}

static void hpke_free(struct hpke_case *c)
{
    struct buf *all[] = {&c->info,  &c->ikm_e,      &c->pk_e,     &c->sk_e,
                         &c->ikm_r, &c->pk_r,       &c->sk_r,     &c->enc,
                         &c->key,   &c->base_nonce, &c->exporter, &c->pt,
                         &c->aad,   &c->ct,         &c->context,  &c->value};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_free(all[i]);
}

static void hpke_text(const char *text)
{
    static struct hpke_case c;
    struct line l;
    while (line_next(&text, &l)) {
        if (l.key_chars == 0 || hpke_take(&c, &l))
            continue;
        printf("not understood: %.*s\n", (int)l.key_chars, l.key);
        failed++;
    }
    hpke_free(&c);
}

int main(int argc, char **argv)
{
    struct buf file = {0};
    if (argc != 3 || (strcmp(argv[1], "noise") != 0 && strcmp(argv[1], "hpke") != 0)) {
        fprintf(stderr, "usage: kring-vectors noise|hpke FILE\n");
        return 64;
    }
    if (crypto_init() != 0 || !file_read(argv[2], &file)) {
        fprintf(stderr, "cannot read %s\n", argv[2]);
        buf_free(&file);
        return 66;
    }
    const char *text = (const char *)file.p;
    if (strcmp(argv[1], "hpke") == 0)
        hpke_text(text);
    else if (text[strspn(text, " \r\n\t")] == '{')
        noise_json(text);
    else
        noise_text(text);
    buf_free(&file);
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed > 0 || passed == 0;
}
