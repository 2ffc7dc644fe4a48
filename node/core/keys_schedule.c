/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_schedule.c -- what key work is owed, and when: no-keys, forwards, prekeys,
 * rekeys (P5.12 to P5.14).
 *
 * Long waits are in group hours and stored; short ones are in milliseconds, held in
 * memory, and follow anew from the log after a restart.
 */
#include <string.h>

#include "crypto/hash.h"
#include "node/core/budget.h"
#include "node/core/keys_doubt.h"
#include "node/core/keys_int.h"
#include "node/core/link.h"

enum {
    HOUR_MS = 3600 * 1000,
    ASK_AFTER_MS = 20 * 1000, /* a page may be on its way */
    ASK_JITTER_MS = 20 * 1000,
    TRY_MS = 60 * 1000, /* one try of a contact */
    TRIES_MAX = 2,
    TRY_REKEYS_MAX = 9, /* doublings: then one in 17 hours */
    ANSWER_AGAIN_MS = 60 * 1000,
    SLOTS = 16,
    SLOT_MS = 2000,        /* P5.14 */
    PREKEY_REKEYS_MAX = 4, /* P5.12 */
    PREKEY_JITTER_MS = 6 * HOUR_MS,
};

/* Where in the sixteen slots our turn comes (P5.14). */
static uint64_t slot_ms(const struct group *g, struct bytes ids)
{
    uint8_t hash[32];
    const struct bytes parts[] = {BYTES(g->member_pk, 32), ids};
    hash32(hash, "slot", parts, 2);
    return (uint64_t)(hash[0] % SLOTS) * SLOT_MS;
}

static uint64_t jitter_ms(const struct group *g, uint64_t most)
{
    return entropy_below(&g->peer->entropy, most + 1);
}

/* --- asking ------------------------------------------------------------------- */

bool epoch_is_due_to(const struct group *g, uint32_t entry, uint32_t index)
{
    const struct epoch *e = held_at(g, entry)->epoch;
    const struct held *came = held_at(g, member_at(g, index)->entry);
    return e && (bits_has(&e->recipients, index) || !held_after(came, entry));
}

bool epoch_was_wiped(const struct group *g, uint32_t entry)
{
    const struct epoch_key *e = epoch_find(g, held_at(g, entry)->e.hash);
    if (!e)
        return entry < g->keys->gone_below;
    return e->superseded_hour != HOUR_NONE &&
           g->hour.hour >= (uint64_t)e->superseded_hour + longest_talk_hours(g);
}

/* An answer that did not help is asked for again, a few times. */
static bool may_ask(const struct group *g, uint32_t entry)
{
    const struct member *me = member_me(g);
    const struct epoch *e = held_at(g, entry)->epoch;
    return me && epoch_is_due_to(g, entry, me->index) &&
           (e->asked == 0 ||
            (e->asked < ASKS_PER_EPOCH_MAX && bits_has(&e->forwarded, me->index)));
}

void ask_schedule(struct group *g, uint32_t entry)
{
    struct keys *k = g->keys;
    const uint8_t *id = held_at(g, entry)->e.hash;
    if (g->joining || k->asks_count == ASKS_MAX || !may_ask(g, entry) ||
        epoch_was_wiped(g, entry) || control_is_flood(g, entry))
        return;
    uint64_t from = keys_ask_ms(g, held_at(g, entry));
    if (held_at(g, entry)->epoch->asked == 0 && from > g->peer->now_ms) { /* P5.19 */
        if (k->review_at_ms == 0 || from < k->review_at_ms)
            k->review_at_ms = from;
        return;
    }
    for (uint32_t i = 0; i < k->asks_count; i++)
        if (memcmp(k->asks[i], id, 32) == 0)
            return;
    memcpy(k->asks[k->asks_count++], id, 32);
    if (k->ask_at_ms == 0)
        k->ask_at_ms = g->peer->now_ms + ASK_AFTER_MS + jitter_ms(g, ASK_JITTER_MS);
}

/* What is missing to send now: entries to `out`; how many. */
static uint32_t keys_lacking(const struct group *g,
                             uint32_t out[static LIMIT_EPOCHS_OPEN_MAX + 1])
{
    struct key_ref ref;
    uint32_t n = 0;
    if (!root_named(g, &ref))
        return 0;
    uint32_t lane = control_find(g, ref.ids[0])->number;
    if (!root_find(g, &ref))
        for (uint32_t i = 0; i < ref.count; i++) {
            const struct epoch_key *e = epoch_find(g, ref.ids[i]);
            const struct control_entry *entry = control_find(g, ref.ids[i]);
            if (!ref.mix || !e || !(e->s->v.have & EPOCH_HAVE_MIX))
                out[n++] = entry->number;
        }
    if (!(epoch_have(g, lane) & EPOCH_HAVE_LANE))
        out[n++] = lane;
    return n;
}

/* Is what an ask is for still missing? */
static bool ask_stands(const struct group *g, const uint8_t *id,
                       const uint32_t *lacking, uint32_t n)
{
    const struct control_entry *e = control_find(g, id);
    if (!e || !may_ask(g, e->number))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (lacking[i] == e->number)
            return true;
    return !(epoch_have(g, e->number) & EPOCH_HAVE_MIX);
}

/* It brings a prekey to answer to: ours may have got lost, or be in another copy. */
static int post_nokey(struct group *g, struct bytes ids)
{
    struct keys *k = g->keys;
    struct control_body b = {0};
    struct buf bytes = {0};
    uint8_t prekey[32];
    int err = keys_make_prekey(g, prekey);
    if (err)
        return err;
    peer_mark(g->peer, MARK_NOKEY_POSTED);
    b.bin[NOKEY_EPOCHS] = ids;
    b.bin[NOKEY_PREKEY] = BYTES_OF(prekey);
    err = control_body_encode(CONTROL_NOKEY, &b, &bytes);
    if (!err)
        err = control_post(g, CONTROL_NOKEY, BUF_BYTES(&bytes), NULL);
    buf_free(&bytes);
    if (err == 0 || err_is_fatal(err))
        return err;
    return prekey_erase(g, k->prekeys_count - 1); /* refused: nobody knows it */
}

/* P5.13: post a no-key for what is still missing. */
static int ask_due(struct group *g)
{
    struct keys *k = g->keys;
    uint32_t lacking[LIMIT_EPOCHS_OPEN_MAX + 1], left = 0;
    uint8_t ids[LIMIT_EPOCHS_OPEN_MAX * 32];
    struct room room = ROOM_OF(ids);
    uint32_t n = keys_lacking(g, lacking);
    for (uint32_t i = 0; i < k->asks_count; i++) {
        if (!ask_stands(g, k->asks[i], lacking, n))
            continue;
        if (room_append(&room, BYTES(k->asks[i], 32))) { /* full: the rest comes next */
            memmove(k->asks[left++], k->asks[i], 32);
            continue;
        }
        const struct held *h = held_at(g, control_find(g, k->asks[i])->number);
        keys_doubt(g, h->e.number); /* P5.19 */
        if (h->epoch->asked > 0)
            peer_mark(g->peer, MARK_NOKEY_AGAIN);
    }
    k->asks_count = left;
    k->ask_at_ms = left ? g->peer->now_ms + ASK_AFTER_MS : 0;
    return room.n > 0 ? post_nokey(g, BYTES(ids, room.n)) : 0;
}

/* --- answering ---------------------------------------------------------------- */

static bool can_forward(const struct group *g, uint32_t entry)
{
    const uint8_t want = HAVE_ALL_FORWARD | EPOCH_HAVE_LANE;
    return (epoch_have(g, entry) & want) == want;
}

static bool forward_waits(const struct keys *k, uint32_t entry, uint32_t index)
{
    for (uint32_t i = 0; i < k->forwards_count; i++)
        if (k->forwards[i].epoch == entry && k->forwards[i].member == index)
            return true;
    return false;
}

void forwards_schedule(struct group *g, uint32_t entry)
{
    struct keys *k = g->keys;
    const struct held *h = held_at(g, entry);
    const struct member *me = member_me(g);
    if (!h->epoch || !me || g->joining || !can_forward(g, entry))
        return;
    const struct bits *asked = &h->epoch->nokey;
    for (uint32_t i = bits_next(asked, 0); i != NOBODY; i = bits_next(asked, i + 1)) {
        if (i == me->index || bits_has(&h->epoch->forwarded, i) ||
            !epoch_is_due_to(g, entry, i) || forward_waits(k, entry, i))
            continue;
        if (k->forwards_count == FORWARDS_MAX) {
            k->answer_at_ms = g->peer->now_ms + ANSWER_AGAIN_MS;
            return;
        }
        const struct bytes about = BYTES(h->e.hash, 32);
        k->forwards[k->forwards_count++] = (struct owed_forward){
            entry, i, g->peer->now_ms + slot_ms(g, about) + jitter_ms(g, SLOT_MS)};
    }
}

static int forwards_due(struct group *g)
{
    struct keys *k = g->keys;
    int err = 0;
    for (uint32_t i = 0; !err && i < k->forwards_count;) {
        struct owed_forward f = k->forwards[i];
        if (f.at_ms > g->peer->now_ms) {
            i++;
            continue;
        }
        k->forwards[i] = k->forwards[--k->forwards_count];
        /* Somebody else may have been quicker. */
        if (bits_has(&held_at(g, f.epoch)->epoch->forwarded, f.member) ||
            !can_forward(g, f.epoch))
            continue;
        if (budget_take(g, f.member, BUDGET_FORWARDS, 1))
            err = forward_post(g, f.epoch, f.member);
        else if (k->answer_at_ms == 0)
            k->answer_at_ms = g->peer->now_ms + HOUR_MS;
        if (!err_is_fatal(err))
            err = 0;
    }
    return err;
}

/* Whom we had no room or no time for, and nobody else answered. */
static void answer_again(struct group *g)
{
    const struct control *c = g->control;
    g->keys->answer_at_ms = 0;
    for (uint32_t i = 0; i < c->epochs_count; i++)
        forwards_schedule(g, c->epochs[i]);
}

/* --- rekeys and prekeys ------------------------------------------------------- */

uint32_t rekey_due_hour(const struct group *g)
{
    const struct keys *k = g->keys;
    uint64_t weekly = (uint64_t)k->last_rekey_hour + WEEK_HOURS;
    uint64_t due = k->owed_hour < weekly ? k->owed_hour : weekly;
    return due < HOUR_NONE ? (uint32_t)due : HOUR_NONE;
}

/* A rekey, or a day's rest if it is refused (a full log). */
static int rekey_now(struct group *g)
{
    struct keys *k = g->keys;
    k->rekey_at_ms = 0;
    int err = keys_post_rekey(g);
    if (err_is_fatal(err))
        return err;
    if (err)
        k->last_rekey_hour = g->hour.hour + DAY_HOURS - WEEK_HOURS;
    /* Also after a rekey that left epochs open: it names sixteen heads of however many
     * a liar made. */
    if (k->owed_hour != HOUR_NONE)
        k->owed_hour = g->hour.hour + DAY_HOURS;
    return owed_store(g);
}

static int rekey_due(struct group *g)
{
    struct keys *k = g->keys;
    struct key_ref ref;
    if (g->hour.hour < rekey_due_hour(g)) {
        k->rekey_at_ms = 0;
        return 0;
    }
    if (k->rekey_at_ms == 0) {
        (void)root_named(g, &ref);
        k->rekey_at_ms = g->peer->now_ms + slot_ms(g, BYTES(ref.ids, ref.count * 32U));
    }
    return g->peer->now_ms >= k->rekey_at_ms ? rekey_now(g) : 0;
}

/* P5.13: contacts that do not answer are not waited for. */
static int try_due(struct group *g)
{
    struct keys *k = g->keys;
    uint32_t lacking[LIMIT_EPOCHS_OPEN_MAX + 1];
    k->try_at_ms = 0;
    if (keys_lacking(g, lacking) == 0) {
        k->tries = k->try_rekeys = 0;
        return 0;
    }
    k->try_at_ms = g->peer->now_ms + TRY_MS;
    k->tries += links_count(g->peer, g->number) > 0;
    /* What keeps being missing is asked for by fewer and fewer rekeys: whoever makes
     * epochs that nobody can open must not have others fill the log. */
    if (k->tries <= (uint32_t)TRIES_MAX << k->try_rekeys)
        return 0;
    k->tries = 0;
    k->try_rekeys += k->try_rekeys < TRY_REKEYS_MAX;
    peer_mark(g->peer, MARK_REKEY_TRIED);
    return rekey_now(g);
}

static int prekey_due(struct group *g)
{
    struct keys *k = g->keys;
    struct control_body b = {0};
    struct buf bytes = {0};
    uint8_t pk[32];
    k->prekey_at_ms = 0;
    if (k->rekeys_since_prekey < PREKEY_REKEYS_MAX)
        return 0;
    int err = keys_make_prekey(g, pk);
    if (err)
        return err;
    b.bin[PREKEY_KEY] = BYTES_OF(pk);
    err = control_body_encode(CONTROL_PREKEY, &b, &bytes);
    if (!err)
        err = control_post(g, CONTROL_PREKEY, BUF_BYTES(&bytes), NULL);
    buf_free(&bytes);
    if (err == 0 || err_is_fatal(err))
        return err;
    k->rekeys_since_prekey = 0; /* refused: at the next four rekeys again */
    return prekey_erase(g, k->prekeys_count - 1);
}

/* --- together ----------------------------------------------------------------- */

/* An epoch made by somebody who did not know yet that we are a member, or whose box did
 * not open: what was written under it is read by asking, also when it is superseded by
 * now.  Nothing of it may ever reach us before: its topic is not known here.  P5.13 */
static void ask_for_lanes(struct group *g)
{
    const struct control *c = g->control;
    for (uint32_t i = 0; i < c->epochs_count; i++) {
        const struct held *h = held_at(g, c->epochs[i]);
        if (!h->epoch->boxed || (epoch_have(g, h->e.number) & EPOCH_HAVE_LANE))
            continue;
        if (!bits_has(&h->epoch->recipients, member_me(g)->index) &&
            epoch_is_due_to(g, h->e.number, member_me(g)->index))
            peer_mark(g->peer, MARK_LANE_ASKED);
        ask_schedule(g, h->e.number);
    }
}

int keys_review(struct group *g)
{
    struct keys *k = g->keys;
    struct key_ref ref;
    uint32_t lacking[LIMIT_EPOCHS_OPEN_MAX + 1];
    k->review = false;
    if (!member_me(g) || g->joining)
        return 0;
    bool any = root_named(g, &ref);
    uint32_t n = keys_lacking(g, lacking);
    if (ref.count < g->control->now.open_count && ref.count < LIMIT_EPOCHS_OPEN_MAX)
        peer_mark(g->peer, MARK_EPOCH_GIVEN_UP);
    for (uint32_t i = 0; i < n; i++)
        ask_schedule(g, lacking[i]);
    ask_for_lanes(g);
    if (n > 0 && k->try_at_ms == 0)
        k->try_at_ms = g->peer->now_ms + TRY_MS;
    if (k->rekeys_since_prekey >= PREKEY_REKEYS_MAX && k->prekey_at_ms == 0)
        k->prekey_at_ms = g->peer->now_ms + 1 + jitter_ms(g, PREKEY_JITTER_MS);
    bool owes = any && ref.count > 1;
    for (uint32_t i = 0; i < ref.count; i++)
        owes = owes || control_find(g, ref.ids[i])->kind == CONTROL_ADD;
    if (owes == (k->owed_hour != HOUR_NONE))
        return 0;
    k->owed_hour = owes ? g->hour.hour + DAY_HOURS : HOUR_NONE; /* P5.14 */
    return owed_store(g);
}

static void sooner(uint64_t *at, uint64_t other)
{
    if (other != 0 && other < *at)
        *at = other;
}

/* When the group hour becomes `hour`, as far as the own clock can tell. */
static uint64_t hour_ms(const struct group *g, uint32_t hour)
{
    uint64_t now = g->peer->now_ms;
    if (hour == HOUR_NONE)
        return UINT64_MAX;
    if (hour <= g->hour.hour)
        return now;
    /* The hour was not advanced in this run yet: count from now. */
    uint64_t from = g->hour.last_now_ms == UINT64_MAX ? now : g->hour.last_now_ms;
    uint64_t at = from + (uint64_t)(hour - g->hour.hour) * HOUR_MS - g->hour.part_ms;
    return at > now ? at : now + 1;
}

uint64_t keys_deadline_ms(const struct group *g)
{
    const struct keys *k = g->keys;
    uint64_t at = UINT64_MAX;
    if (!k || g->joining || !member_me(g))
        return at;
    sooner(&at, k->ask_at_ms);
    sooner(&at, k->try_at_ms);
    sooner(&at, k->review_at_ms);
    sooner(&at, k->answer_at_ms);
    sooner(&at, k->prekey_at_ms);
    for (uint32_t i = 0; i < k->forwards_count; i++)
        sooner(&at, k->forwards[i].at_ms);
    sooner(&at, k->rekey_at_ms ? k->rekey_at_ms : hour_ms(g, rekey_due_hour(g)));
    sooner(&at, hour_ms(g, k->wipe_hour));
    return at;
}

int keys_tick(struct group *g)
{
    struct keys *k = g->keys;
    uint64_t now = g->peer->now_ms;
    int err = 0;
    if (!k || g->joining || !member_me(g))
        return 0;
    if (k->review_at_ms && k->review_at_ms <= now) {
        k->review_at_ms = 0;
        k->review = true; /* seen to at the end of this step */
    }
    if (k->ask_at_ms && k->ask_at_ms <= now)
        err = ask_due(g);
    if (!err)
        err = forwards_due(g);
    if (k->answer_at_ms && k->answer_at_ms <= now)
        answer_again(g);
    if (!err && k->try_at_ms && k->try_at_ms <= now)
        err = try_due(g);
    if (!err && k->prekey_at_ms && k->prekey_at_ms <= now)
        err = prekey_due(g);
    return err ? err : rekey_due(g);
}
