/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_boxes.c -- box pages of a rekey: sealing, taking, opening (P5.11); prekeys and
 * forwards (P5.12, P5.13).
 *
 * A box page, integers big-endian:
 *
 *     version 1 || page u16, from 0 || count u16, 1..256 ||
 *     (place u16 || kind u8, 0 || first 8 bytes of the prekey || HPKE box 80)*
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "crypto/dh.h"
#include "crypto/hash.h"
#include "crypto/hpke.h"
#include "node/core/content.h"
#include "node/core/keys_commit.h"
#include "node/core/link.h"

enum {
    PAGE_VERSION = 1,
    BOX_KIND_PREKEY = 0,
    PREKEY_PREFIX_BYTES = 8,
    SECRET_BOX_BYTES = 32 + HPKE_OVERHEAD_BYTES,
    PAGE_BYTES_MAX = PAGE_HEAD_BYTES + LIMIT_BOXES_PER_PAGE_MAX * BOX_BYTES,
    FORWARD_BYTES = 160,
    AAD_BYTES_MAX = 5 * 32,
};
_Static_assert(2 + 1 + PREKEY_PREFIX_BYTES + SECRET_BOX_BYTES == BOX_BYTES, "a box");
_Static_assert(FORWARD_BYTES + HPKE_OVERHEAD_BYTES == FORWARD_BOX_BYTES, "a forward");

/* --- prekeys ------------------------------------------------------------------ */

struct prekey *prekey_find(const struct group *g, const uint8_t pk[static 32])
{
    struct keys *k = g->keys;
    for (uint32_t i = 0; i < k->prekeys_count; i++)
        if (memcmp(k->prekeys[i].pk, pk, 32) == 0)
            return &k->prekeys[i];
    return NULL;
}

/* Boxes are made for it: an entry other than a no-key brought it. */
static bool is_published(const struct group *g, const struct prekey *p)
{
    return p->entry != NOBODY && held_at(g, p->entry)->prekey != NULL;
}

/* Which of too many goes: the oldest that was for one answer only, lest somebody's
 * epochs that we ask for cost us the one that others make their boxes for. */
static uint32_t prekey_to_erase(const struct group *g)
{
    const struct keys *k = g->keys;
    for (uint32_t i = 0; i < k->prekeys_count; i++)
        if (!is_published(g, &k->prekeys[i]))
            return i;
    return 0;
}

int keys_make_prekey(struct group *g, uint8_t pk[static 32])
{
    struct keys *k = g->keys;
    struct prekey p = {.entry = NOBODY};
    int err = 0;
    if (k->prekeys_count == LIMIT_PREKEYS_HELD_MAX)
        err = prekey_erase(g, prekey_to_erase(g));
    if (err)
        return err;
    p.sk = secret_new(k, 32, &p.in_arena);
    if (!p.sk)
        return ERR_NOMEM;
    entropy_fill(&g->peer->entropy, p.sk, 32); /* P2.6 */
    dh_public(p.pk, p.sk);
    p.order = k->next_order++;
    k->prekeys[k->prekeys_count++] = p;
    memcpy(pk, p.pk, 32);
    err = prekey_store(g, &p);
    return err ? err : owed_store(g);
}

/* --- associated data ---------------------------------------------------------- */

struct aad {
    uint8_t bytes[AAD_BYTES_MAX];
    struct room room;
};

static struct bytes aad_of(struct aad *a, const struct bytes *parts, size_t n)
{
    a->room = (struct room){a->bytes, 0, sizeof a->bytes};
    for (size_t i = 0; i < n; i++) {
        int err = room_append(&a->room, parts[i]);
        CHECK(!err);
    }
    return BYTES(a->bytes, a->room.n);
}

/* group || commit || prekey || sender key || recipient key */
static struct bytes box_aad(struct aad *a, const struct group *g, const uint8_t *commit,
                            const uint8_t *prekey, const uint8_t *keys[static 2])
{
    const struct bytes parts[] = {BYTES(g->id, 32), BYTES(commit, 32),
                                  BYTES(prekey, 32), BYTES(keys[0], 32),
                                  BYTES(keys[1], 32)};
    return aad_of(a, parts, 5);
}

static struct bytes info_of(const char *text)
{
    return BYTES(text, strlen(text));
}

/* --- sealing a rekey ---------------------------------------------------------- */

struct sealing {
    struct group *g;
    const uint8_t *secret;
    struct epoch_commits commits;
    struct buf *pages;           /* enough for all members */
    uint32_t pages_count, boxes; /* boxes in the last page */
};

/* Append the box for the member at `place` to the last page, or begin a page. */
static int seal_box(struct sealing *s, uint32_t place, const struct member *m,
                    const uint8_t *prekey)
{
    uint8_t box[BOX_BYTES], head[PAGE_HEAD_BYTES] = {PAGE_VERSION};
    const uint8_t *keys[2] = {s->g->member_pk, m->pk};
    struct aad a;
    struct bytes aad = box_aad(&a, s->g, s->commits.secret, prekey, keys);
    put_u16(box, (uint16_t)place);
    box[2] = BOX_KIND_PREKEY;
    memcpy(box + 3, prekey, PREKEY_PREFIX_BYTES);
    if (hpke_seal(box + 3 + PREKEY_PREFIX_BYTES, prekey, info_of("kring1 box"), aad,
                  BYTES(s->secret, 32), &s->g->peer->entropy))
        return 0; /* no usable prekey: this member will say no-key */
    if (s->pages_count == 0 || s->boxes == LIMIT_BOXES_PER_PAGE_MAX) {
        put_u16(head + 1, (uint16_t)s->pages_count++);
        s->boxes = 0;
        int err =
            buf_append(&s->pages[s->pages_count - 1], BYTES_OF(head), PAGE_BYTES_MAX);
        if (err)
            return err;
    }
    struct buf *page = &s->pages[s->pages_count - 1];
    int err = buf_append(page, BYTES_OF(box), PAGE_BYTES_MAX);
    if (!err)
        put_u16(page->p + 3, (uint16_t)++s->boxes);
    return err;
}

/* P5.11, P5.12: a box for every other member in `state`, to the newest prekey there. */
static int seal_pages(struct sealing *s, const struct state *state)
{
    const struct control *c = s->g->control;
    uint32_t place = 0;
    int err = 0;
    for (uint32_t i = 0; !err && i < c->people_count; i++) {
        const struct member *m = &c->people[c->by_key[i]]->m;
        if (state_rank(state, m->index) == 0)
            continue;
        uint32_t entry = state->standing[m->index].prekey;
        if (memcmp(m->pk, s->g->member_pk, 32) != 0)
            err = seal_box(s, place, m, c->entries[entry]->prekey);
        place++;
    }
    return err;
}

/* Of two copies of one profile only one gets a box; the other can be given the mix
 * value alone.  P8.11 */
static bool copies_are_known(const struct group *g)
{
    if (g->keys->copy_class != COPY_NONE)
        return true;
    for (uint32_t i = 0; i < member_count(g); i++)
        if (member_forked(g, i) || content_author_forked(g, member_at(g, i)->pk))
            return true;
    return false;
}

/* The body of a rekey over the pages sealed, with a fresh prekey. */
static int rekey_body(struct sealing *s, const struct state *state, struct buf *out)
{
    uint8_t list[16], prekey[32];
    struct control_body b = {0};
    uint8_t *hashes = calloc(s->pages_count + 1U, 32);
    int err = hashes ? control_list_hash(s->g->control, state, list) : ERR_NOMEM;
    if (!err)
        err = keys_make_prekey(s->g, prekey);
    for (uint32_t i = 0; !err && i < s->pages_count; i++)
        hash32(hashes + i * 32, "page", &BUF_BYTES(&s->pages[i]), 1);
    b.bin[REKEY_COMMIT] = BYTES_OF(s->commits.secret);
    b.bin[REKEY_OWN] = BYTES_OF(s->commits.own);
    b.bin[REKEY_LANES] = BYTES_OF(s->commits.lanes);
    b.bin[REKEY_LIST] = BYTES_OF(list);
    b.bin[REKEY_PAGES] = BYTES(hashes, s->pages_count * 32U);
    b.bin[REKEY_PREKEY] = BYTES_OF(prekey);
    b.uint[REKEY_MIXED] = copies_are_known(s->g);
    if (!err)
        err = control_body_encode(CONTROL_REKEY, &b, out);
    free(hashes);
    return err;
}

static int post_sealed(struct sealing *s, const struct draft *d)
{
    struct keys *k = s->g->keys;
    struct buf body = {0};
    int err = seal_pages(s, d->state);
    if (!err)
        err = rekey_body(s, d->state, &body);
    if (!err) {
        err = control_post_draft(s->g, d, CONTROL_REKEY, BUF_BYTES(&body), NULL);
        /* A prekey that was not published must not push out those that were. */
        if (err < 0 && !err_is_fatal(err) &&
            k->prekeys[k->prekeys_count - 1].entry == NOBODY) {
            int erased = prekey_erase(s->g, k->prekeys_count - 1);
            err = erased ? erased : err;
        }
    }
    for (uint32_t i = 0; !err && i < s->pages_count; i++)
        err = keys_take_page(s->g, BUF_BYTES(&s->pages[i]), 0);
    buf_free(&body);
    return err < 0 ? err : 0;
}

int keys_post_rekey(struct group *g)
{
    struct keys *k = g->keys;
    struct draft d;
    bool in_arena = false;
    if (!member_me(g))
        return ERR_DENIED;
    int err = control_draft(g, &d);
    if (err)
        return err;
    uint32_t pages_max = d.state->members / LIMIT_BOXES_PER_PAGE_MAX + 1;
    struct sealing s = {.g = g};
    s.pages = calloc(pages_max, sizeof *s.pages);
    uint8_t *secret = secret_new(k, 32, &in_arena);
    if (!s.pages || !secret) {
        free(s.pages);
        secret_free(k, secret, 32, in_arena);
        return ERR_NOMEM;
    }
    entropy_fill(&g->peer->entropy, secret, 32);
    commits_make(&s.commits, secret);
    s.secret = k->made = secret;
    err = post_sealed(&s, &d);
    k->made = NULL;
    secret_free(k, secret, 32, in_arena);
    for (uint32_t i = 0; i < pages_max; i++)
        buf_free(&s.pages[i]);
    free(s.pages);
    return err;
}

/* --- taking pages ------------------------------------------------------------- */

/* P5.11: version, count and length; the places rise. */
static int page_check(struct bytes page)
{
    struct reader r = reader_of(page);
    uint8_t version = read_u8(&r);
    (void)read_u16(&r);
    uint16_t count = read_u16(&r);
    uint32_t least = 0;
    if (r.err || version != PAGE_VERSION || count == 0 ||
        count > LIMIT_BOXES_PER_PAGE_MAX)
        return ERR_MALFORMED;
    for (uint16_t i = 0; i < count; i++) {
        uint16_t place = read_u16(&r);
        (void)read_bytes(&r, BOX_BYTES - 2);
        if (place < least)
            return ERR_MALFORMED;
        least = place + 1U;
    }
    return reader_end(&r) ? ERR_MALFORMED : 0;
}

/* True if the epoch of `h` names this page. */
static bool names_page(const struct held *h, const uint8_t hash[static 32])
{
    for (size_t j = 0; h->epoch && j < h->epoch->pages.n; j += 32)
        if (memcmp(h->epoch->pages.p + j, hash, 32) == 0)
            return true;
    return false;
}

/* Try the box at `box` with the own prekeys; 1 if it gave the secret of `h`. */
static int open_box(struct group *g, const struct held *h, const uint8_t *commit,
                    const uint8_t *box)
{
    struct keys *k = g->keys;
    uint8_t secret[32];
    const uint8_t *keys[2] = {h->e.author, g->member_pk};
    int done = 0;
    for (uint32_t i = 0; !done && i < k->prekeys_count; i++) {
        const struct prekey *p = &k->prekeys[i];
        struct aad a;
        if (memcmp(p->pk, box + 3, PREKEY_PREFIX_BYTES) != 0)
            continue;
        if (hpke_open(secret, p->sk, info_of("kring1 box"),
                      box_aad(&a, g, commit, p->pk, keys),
                      BYTES(box + 3 + PREKEY_PREFIX_BYTES, SECRET_BOX_BYTES)))
            continue;
        if (!epoch_secret_fits(h, secret))
            continue; /* P5.3: counts as missing */
        int err = epoch_learn(g, h->e.number, secret);
        done = err ? err : 1;
    }
    wipe(secret, sizeof secret);
    return done;
}

/* Open our box if it is in this page; a box that does not open is asked for.  1 if it
 * gave the secret of `h`. */
static int open_boxes(struct group *g, const struct held *h, struct bytes page)
{
    const struct member *me = member_me(g);
    struct key_ref ref = {.count = 1};
    struct control_body b;
    uint16_t place = 0;
    memcpy(ref.ids[0], h->e.hash, 32);
    if (!me || root_find(g, &ref) || control_body_decode(h->e.kind, h->e.body, &b))
        return 0;
    int err = place_of(g, &ref, me->index, &place);
    if (err)
        return err == ERR_NOTFOUND ? 0 : err;
    for (size_t at = PAGE_HEAD_BYTES; at < page.n; at += BOX_BYTES) {
        if (get_u16(page.p + at) != place)
            continue;
        int got = page.p[at + 2] == BOX_KIND_PREKEY
                      ? open_box(g, h, b.bin[REKEY_COMMIT].p, page.p + at)
                      : 0;
        if (got == 0)
            ask_schedule(g, h->e.number);
        if (got == 1 && h->e.number + 1 < control_count(g))
            peer_mark(g->peer, MARK_PAGE_LATE);
        return got;
    }
    return 0;
}

/* Every entry that names it: somebody may name a page that is another's, and the boxes
 * in it open under the one commitment they were made for. */
static int open_page(struct group *g, const uint8_t hash[static 32], struct bytes page)
{
    bool opened = false;
    for (uint32_t i = control_count(g); i-- > 0;) {
        const struct held *h = held_at(g, i);
        if (!names_page(h, hash))
            continue;
        int got = open_boxes(g, h, page);
        if (got < 0)
            return got;
        opened = opened || got == 1;
    }
    /* What was sealed under the epoch may have come before this page. */
    return opened && g->content ? content_reopen(g) : 0;
}

int pages_open(struct group *g, const struct held *h)
{
    const struct log *log = &g->peer->log;
    struct buf copy = {0}; /* what is learnt is written to the log */
    struct bytes page;
    int err = 0;
    for (size_t i = 0; err >= 0 && h->epoch && i < h->epoch->pages.n; i += 32) {
        err = log->ops->get(log->ctx, g->number, LOG_PAGE,
                            BYTES(h->epoch->pages.p + i, 32), &page);
        if (err == ERR_NOTFOUND) {
            err = 0;
            continue;
        }
        copy.n = 0;
        if (!err)
            err = buf_append(&copy, page, PAGE_BYTES_MAX);
        if (!err)
            err = open_boxes(g, h, BUF_BYTES(&copy));
    }
    buf_free(&copy);
    return err < 0 ? err : 0;
}

int keys_take_page(struct group *g, struct bytes page, uint32_t from_link)
{
    const struct log *log = &g->peer->log;
    struct bytes held;
    uint8_t hash[32];
    int err = page_check(page);
    if (err)
        return err;
    hash32(hash, "page", &page, 1);
    err = log->ops->get(log->ctx, g->number, LOG_PAGE, BYTES_OF(hash), &held);
    if (err != ERR_NOTFOUND)
        return err ? err : 1;
    bool named = false;
    for (uint32_t i = control_count(g); i-- > 0 && !named;)
        named = names_page(held_at(g, i), hash);
    if (!named)
        return ERR_NOTFOUND;
    err = log->ops->put(log->ctx, g->number, LOG_PAGE, BYTES_OF(hash), page);
    g->keys->review = true;
    if (!err)
        err = open_page(g, hash, page);
    return err ? err : sync_push_page(g, page, from_link);
}

int keys_pages(struct group *g,
               int (*visit)(void *ctx, const uint8_t hash[32], struct bytes page),
               void *ctx)
{
    const struct log *log = &g->peer->log;
    struct buf copy = {0};
    int err = 0;
    for (uint32_t i = 0; !err && i < control_count(g); i++) {
        const struct held *h = held_at(g, i);
        for (size_t j = 0; !err && h->epoch && j < h->epoch->pages.n; j += 32) {
            struct bytes page;
            const uint8_t *hash = h->epoch->pages.p + j;
            err = log->ops->get(log->ctx, g->number, LOG_PAGE, BYTES(hash, 32), &page);
            if (err == ERR_NOTFOUND) {
                err = 0;
                continue;
            }
            copy.n = 0; /* the visitor may use the log, which would end the loan */
            if (!err)
                err = buf_append(&copy, page, PAGE_BYTES_MAX);
            if (!err)
                err = visit(ctx, hash, BUF_BYTES(&copy));
        }
    }
    buf_free(&copy);
    return err;
}

/* --- forwards ----------------------------------------------------------------- */

/* group || epoch || sender key || recipient key */
static struct bytes forward_aad(struct aad *a, const struct group *g,
                                const uint8_t *epoch, const uint8_t *keys[static 2])
{
    const struct bytes parts[] = {BYTES(g->id, 32), BYTES(epoch, 32),
                                  BYTES(keys[0], 32), BYTES(keys[1], 32)};
    return aad_of(a, parts, 4);
}

/* P5.13: only what we asked for and still lack.  What the schedule wiped here does not
 * come back because somebody kept it. */
static bool forward_wanted(const struct group *g, uint32_t entry)
{
    const struct member *me = member_me(g);
    const uint8_t all = HAVE_ALL_FORWARD | EPOCH_HAVE_LANE;
    return me && bits_has(&held_at(g, entry)->epoch->nokey, me->index) &&
           !epoch_was_wiped(g, entry) && (epoch_have(g, entry) & all) != all;
}

int forward_open(struct group *g, const struct held *h)
{
    uint8_t plain[FORWARD_BYTES];
    struct control_body b;
    struct aad a;
    struct epoch_values v = {.have = HAVE_ALL_FORWARD | EPOCH_HAVE_LANE};
    const uint8_t *keys[2] = {h->e.author, g->member_pk};
    if (control_body_decode(h->e.kind, h->e.body, &b) ||
        memcmp(b.bin[FORWARD_MEMBER].p, g->member_pk, 32) != 0)
        return 0;
    const struct prekey *p = prekey_find(g, b.bin[FORWARD_PREKEY].p);
    const struct control_entry *e = control_find(g, b.bin[FORWARD_EPOCH].p);
    g->keys->review = true; /* one that does not help is asked for again */
    if (!p || !e || !forward_wanted(g, e->number))
        return 0;
    if (hpke_open(plain, p->sk, info_of("kring1 forward"),
                  forward_aad(&a, g, e->hash, keys), b.bin[FORWARD_BOX])) {
        peer_mark(g->peer, MARK_FORWARD_FALSE);
        return 0;
    }
    memcpy(v.mix, plain, 32);
    memcpy(v.ctl, plain + 32, 32);
    memcpy(v.lane, plain + 64, 32);
    memcpy(v.acc, plain + 96, 32);
    memcpy(v.anon, plain + 128, 32);
    /* P5.13: other values than the author of the epoch made count as missing. */
    bool fit = epoch_values_fit(g, e->number, &v);
    peer_mark(g->peer, fit ? MARK_FORWARD_TAKEN : MARK_FORWARD_FALSE);
    int err = fit ? epoch_hold(g, e->number, &v, true) : 0;
    epoch_wipe(&v);
    wipe(plain, sizeof plain);
    return err;
}

/* The prekey to answer member `to` with: of the newest no-key for this epoch that
 * brings one, else the newest that is known.  P5.13 */
static const uint8_t *asked_with(const struct group *g, const struct held *epoch,
                                 const struct member *to)
{
    struct control_body b;
    for (uint32_t i = control_count(g); i-- > epoch->e.number + 1;) {
        const struct held *h = held_at(g, i);
        if (h->e.kind != CONTROL_NOKEY || !h->e.valid || h->member != to->index ||
            control_body_decode(h->e.kind, h->e.body, &b) || !b.bin[NOKEY_PREKEY].p)
            continue;
        for (size_t j = 0; j < b.bin[NOKEY_EPOCHS].n; j += 32)
            if (memcmp(b.bin[NOKEY_EPOCHS].p + j, epoch->e.hash, 32) == 0)
                return b.bin[NOKEY_PREKEY].p;
    }
    return to->prekey_pk;
}

int forward_post(struct group *g, uint32_t entry, uint32_t index)
{
    const struct held *h = held_at(g, entry);
    const struct member *to = member_at(g, index);
    const struct epoch_key *e = epoch_find(g, h->e.hash);
    const struct epoch_key *o = epoch_find(g, held_at(g, h->epoch->origin)->e.hash);
    const uint8_t *keys[2] = {g->member_pk, to->pk}, *prekey = asked_with(g, h, to);
    uint8_t plain[FORWARD_BYTES], box[FORWARD_BOX_BYTES];
    struct buf bytes = {0};
    struct control_body b = {0};
    struct aad a;
    if (!e || !o)
        return ERR_NOKEY;
    memcpy(plain, e->s->v.mix, 32);
    memcpy(plain + 32, o->s->v.ctl, 32);
    memcpy(plain + 64, o->s->v.lane, 32);
    memcpy(plain + 96, o->s->v.acc, 32);
    memcpy(plain + 128, e->s->v.anon, 32);
    int err = hpke_seal(box, prekey, info_of("kring1 forward"),
                        forward_aad(&a, g, h->e.hash, keys), BYTES_OF(plain),
                        &g->peer->entropy);
    wipe(plain, sizeof plain);
    b.bin[FORWARD_EPOCH] = BYTES(h->e.hash, 32);
    b.bin[FORWARD_MEMBER] = BYTES(to->pk, 32);
    b.bin[FORWARD_PREKEY] = BYTES(prekey, 32);
    b.bin[FORWARD_BOX] = BYTES_OF(box);
    if (!err)
        err = control_body_encode(CONTROL_FORWARD, &b, &bytes);
    if (!err)
        err = control_post(g, CONTROL_FORWARD, BUF_BYTES(&bytes), NULL);
    if (!err)
        peer_mark(g->peer, MARK_FORWARD_POSTED);
    buf_free(&bytes);
    return err;
}
