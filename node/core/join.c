/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* join.c -- the newcomer's side of an invitation (P6), and making one.
 *
 * LOG_INVITE of the group, integers big-endian:
 *
 *     "join"  ->  prekey 32 || n u16 || line || name    while joining
 *     "home"  ->  transport key 32 || n * (length u8 || address)   whom the line named
 *     "asked" ->  see join_asked.c
 *     'w' ... ->  see join_host.c; 'd' ..., 'f' ... ->  see join_door.c
 *     'm' || member key 32  ->  group hour u32 at which this member's add came here
 *
 * Everything of a join lies in the log, so that it goes on after a restart.  What the
 * welcome brings is checked before the group becomes one of ours; all of it happens in
 * one step.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mp.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "node/core/control_int.h"
#include "node/core/lifetime.h"
#include "node/core/link_int.h"
#include "node/core/near_int.h"

enum {
    RETRY_MS_MIN = 500,
    RETRY_MS_MAX = 60 * 1000,
    HOUR_LIFE_DEFAULT = 24,
    HOUR_LIFE_MAX = 8760,
    WELCOME_BYTES_MAX = 64 << 20,
    BASELINE_BYTES_MAX = 1 << 20,
    RECORD_BYTES_MAX = 8192,
    KEY_LIFETIME = 5, /* in a create (P4.8) */
};

static const char join_key[] = "join", home_key[] = "home";
#define JOIN_KEY BYTES(join_key, sizeof join_key - 1)
#define HOME_KEY BYTES(home_key, sizeof home_key - 1)

void join_free(struct joins *j)
{
    if (!j)
        return;
    buf_free(&j->name);
    buf_free(&j->home);
    buf_free(&j->host);
    wipe(j, sizeof *j);
    free(j);
}

/* ---- an invitation ---------------------------------------------------------- */

/* Those somebody said no to are open no more. */
static int invites_open(struct group *g, uint32_t *open)
{
    struct invite_view v;
    int err = 0;
    *open = 0;
    for (uint32_t i = 0; err >= 0 && control_invite_at(g, i, &v) == 0; i++) {
        if (v.used >= v.uses || v.end_hour < g->hour.hour)
            continue;
        err = door_is_closed(g, v.v_pk);
        *open += err == 0;
    }
    wipe(&v, sizeof v);
    return err < 0 ? err : 0;
}

static int invite_post(struct group *g, const struct command *c,
                       const uint8_t v[static 16])
{
    uint8_t psk[32], pk[32], sk[64];
    struct buf body = {0};
    uint32_t hours = c->valid_hours ? c->valid_hours : HOUR_LIFE_DEFAULT;
    uint32_t end = g->hour.hour + (hours < HOUR_LIFE_MAX ? hours : HOUR_LIFE_MAX);
    if (c->kind == CMD_INVITE_WORDS)
        end = 0; /* P9.15: only the node that knows the words answers them */
    join_derive(psk, pk, sk, v);
    struct control_body b = {0}; /* P4.8 */
    b.bin[INVITE_KEY] = BYTES_OF(pk);
    b.bin[INVITE_PSK] = BYTES_OF(psk);
    b.uint[INVITE_USES] = c->uses ? c->uses : 1;
    b.uint[INVITE_END] = end;
    b.uint[INVITE_ROLE] = c->steward ? ROLE_STEWARD : ROLE_MEMBER;
    b.uint[INVITE_ASKS] = c->ask;
    b.uint[INVITE_LANGUAGE] = c->language;
    int err = control_body_encode(CONTROL_INVITE, &b, &body);
    if (!err)
        err = control_post(g, CONTROL_INVITE, BUF_BYTES(&body), NULL);
    buf_free(&body);
    wipe(psk, sizeof psk);
    wipe(sk, sizeof sk);
    return err;
}

/* The addresses that go into the line: as many as fit. */
static void line_addresses(const struct group *g, const struct command *c,
                           struct invite_line *line)
{
    const struct peer *p = g->peer;
    size_t count = c->addresses_count ? c->addresses_count : p->addresses_count,
           bytes = 0;
    for (size_t i = 0; i < count && line->addresses_count < LIMIT_ADDRESSES_MAX; i++) {
        struct bytes a =
            c->addresses_count ? c->addresses[i] : BUF_BYTES(&p->addresses[i]);
        if (a.n == 0 || a.n > LIMIT_ADDRESS_BYTES_MAX || bytes + a.n + 1 > 512)
            continue;
        line->addresses[line->addresses_count++] = a;
        bytes += a.n + 1;
    }
}

int join_invite(struct group *g, const struct command *c, struct buf *line)
{
    const struct member *me = member_me(g);
    struct invite_line in = {.kind = 1};
    if (!me || me->role != ROLE_STEWARD)
        return ERR_DENIED;
    line_addresses(g, c, &in);
    if (in.addresses_count == 0)
        return ERR_STATE; /* nobody could come */
    uint32_t open = 0;
    int err = invites_open(g, &open);
    if (!err && open >= LIMIT_INVITES_OPEN_MAX) {
        g->peer->limited++;
        err = ERR_FULL;
    }
    if (err)
        return err;
    entropy_fill(&g->peer->entropy, in.v, sizeof in.v);
    memcpy(in.group, g->id, 32);
    memcpy(in.transport_pk, g->transport_pk, 32);
    err = invite_encode(&in, line);
    if (!err)
        err = invite_post(g, c, in.v);
    if (err < 0)
        buf_free(line);
    wipe(&in, sizeof in);
    return err;
}

int join_invite_words(struct group *g, const struct command *c,
                      const uint8_t v[static 16])
{
    return invite_post(g, c, v);
}

/* ---- what the log keeps ----------------------------------------------------- */

static int joins_make(struct group *g, struct joins **out)
{
    if (!g->joins)
        g->joins = calloc(1, sizeof *g->joins);
    *out = g->joins;
    return g->joins ? 0 : ERR_NOMEM;
}

static int record_put(struct group *g, struct bytes key, const struct buf *value)
{
    struct log *log = &g->peer->log;
    return log->ops->put(log->ctx, g->number, LOG_INVITE, key, BUF_BYTES(value));
}

static int join_store(struct group *g, struct bytes line)
{
    struct buf value = {0};
    uint8_t length[2];
    put_u16(length, (uint16_t)line.n);
    int err = buf_append(&value, BYTES_OF(g->joins->prekey_pk), RECORD_BYTES_MAX);
    if (!err)
        err = buf_append(&value, BYTES_OF(length), RECORD_BYTES_MAX);
    if (!err)
        err = buf_append(&value, line, RECORD_BYTES_MAX);
    if (!err)
        err = buf_append(&value, BUF_BYTES(&g->joins->name), RECORD_BYTES_MAX);
    if (!err)
        err = record_put(g, JOIN_KEY, &value);
    buf_free(&value);
    return err;
}

/* The line is of no more use; whom it named may be, until their card is here. */
static int home_store(struct group *g)
{
    struct joins *j = g->joins;
    struct log *log = &g->peer->log;
    struct buf value = {0};
    int err = buf_append(&value, BYTES_OF(j->line.transport_pk), RECORD_BYTES_MAX);
    memcpy(j->home_pk, j->line.transport_pk, 32);
    for (size_t i = 0; i < j->line.addresses_count && !err; i++) {
        uint8_t length = (uint8_t)j->line.addresses[i].n;
        err = buf_append(&j->home, BYTES(&length, 1), RECORD_BYTES_MAX);
        if (!err)
            err = buf_append(&j->home, j->line.addresses[i], RECORD_BYTES_MAX);
    }
    if (!err)
        err = buf_append(&value, BUF_BYTES(&j->home), RECORD_BYTES_MAX);
    if (!err)
        err = record_put(g, HOME_KEY, &value);
    if (!err)
        err = log->ops->del(log->ctx, g->number, LOG_INVITE, JOIN_KEY);
    if (!err)
        err = join_asked_drop(g);
    buf_free(&value);
    j->joining = false;
    wipe(&j->line, sizeof j->line);
    return err;
}

static int load_join(struct joins *j, struct bytes value)
{
    struct reader r = reader_of(value);
    read_copy(&r, j->prekey_pk, 32);
    struct bytes line = read_bytes(&r, read_u16(&r));
    if (r.err || invite_decode(line, &j->line))
        return ERR_DAMAGED;
    j->joining = true;
    j->name.n = 0;
    return buf_append(&j->name, r.left, LIMIT_NAME_BYTES_MAX);
}

static int load_home(struct joins *j, struct bytes value)
{
    struct reader r = reader_of(value);
    read_copy(&r, j->home_pk, 32);
    j->home.n = 0;
    return r.err ? ERR_DAMAGED : buf_append(&j->home, r.left, RECORD_BYTES_MAX);
}

/* P6.9: the transport key is random and fresh for every join, and so is this. */
static void nonce_make(struct group *g)
{
    kdf(g->joins->nonce, "sentence nonce", g->secrets->transport_sk, NULL, 0);
}

int join_load(struct group *g)
{
    struct log *log = &g->peer->log;
    struct joins *j = NULL;
    struct bytes value;
    int err = joins_make(g, &j);
    if (err)
        return err;
    err = log->ops->get(log->ctx, g->number, LOG_INVITE, JOIN_KEY, &value);
    if (!err)
        err = load_join(j, value);
    if (!err)
        nonce_make(g);
    if (!err || err == ERR_NOTFOUND)
        err = log->ops->get(log->ctx, g->number, LOG_INVITE, HOME_KEY, &value);
    if (!err)
        err = load_home(j, value);
    if (!err || err == ERR_NOTFOUND)
        err = join_asked_load(g);
    if (err)
        return err;
    return g->joining && !j->joining ? ERR_DAMAGED : 0;
}

int join_home_settle(struct group *g)
{
    struct joins *j = g->joins;
    struct log *log = &g->peer->log;
    const struct member *m = j && j->home.n ? member_by_transport(g, j->home_pk) : NULL;
    if (!m || card_address(g, m->index, 0).n == 0)
        return 0;
    wipe(j->home.p, j->home.n);
    j->home.n = 0;
    return log->ops->del(log->ctx, g->number, LOG_INVITE, HOME_KEY);
}

static struct bytes hour_key(uint8_t out[static 33], const uint8_t *member_pk)
{
    out[0] = 'm';
    memcpy(out + 1, member_pk, 32);
    return BYTES(out, 33);
}

int join_note_hour(struct group *g, const uint8_t member_pk[static 32])
{
    struct log *log = &g->peer->log;
    uint8_t key[33], hour[4];
    put_u32(hour, g->hour.hour);
    return log->ops->put(log->ctx, g->number, LOG_INVITE, hour_key(key, member_pk),
                         BYTES_OF(hour));
}

int join_hour(struct group *g, const uint8_t member_pk[static 32], uint32_t *hour)
{
    struct log *log = &g->peer->log;
    struct bytes value;
    uint8_t key[33];
    int err = log->ops->get(log->ctx, g->number, LOG_INVITE, hour_key(key, member_pk),
                            &value);
    *hour = !err && value.n == 4 ? get_u32(value.p) : UINT32_MAX;
    return err == ERR_NOTFOUND ? 0 : err;
}

struct bytes join_home(const struct group *g, const uint8_t transport_pk[static 32],
                       uint32_t i)
{
    const struct joins *j = g->joins;
    if (!j || j->home.n == 0 || memcmp(j->home_pk, transport_pk, 32) != 0)
        return BYTES(NULL, 0);
    struct reader r = reader_of(BUF_BYTES(&j->home));
    struct bytes a = {0};
    for (uint32_t n = 0; n <= i; n++)
        a = read_bytes(&r, read_u8(&r));
    return r.err ? BYTES(NULL, 0) : a;
}

/* ---- beginning -------------------------------------------------------------- */

int join_cancel(struct group *g)
{
    links_forget(g->peer, g->number);
    return group_drop(g);
}

static struct group *group_known(const struct peer *p, const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < p->groups_count; i++)
        if (memcmp(p->groups[i]->id, id, 32) == 0)
            return p->groups[i];
    return NULL;
}

/* A join that waits for an invitation nobody answers any more gives way to another; the
 * same one again would only lose the keys that may have been let in by now. */
static int known_settle(struct group *g, const struct invite_line *in)
{
    if (!g)
        return 0;
    if (!g->joining || memcmp(g->joins->line.v, in->v, sizeof in->v) == 0)
        return ERR_EXISTS;
    return join_cancel(g);
}

static int begin_fill(struct group *g, const struct invite_line *in, struct bytes line,
                      struct bytes pseudonym)
{
    struct joins *j = NULL;
    int err = joins_make(g, &j);
    if (err)
        return err;
    g->joining = true;
    memcpy(g->id, in->group, 32);
    j->joining = true;
    j->next_ms = g->peer->now_ms;
    err = invite_decode(line, &j->line);
    if (!err)
        err = buf_append(&j->name, pseudonym, LIMIT_NAME_BYTES_MAX);
    nonce_make(g);
    if (!err)
        err = keys_make_prekey(g, j->prekey_pk);
    if (!err)
        err = join_store(g, line);
    return err ? err : group_save(g);
}

int join_begin(struct peer *p, struct bytes line, struct bytes pseudonym,
               uint32_t *group)
{
    struct invite_line in;
    struct buf again = {0};
    struct group *g = NULL;
    int err = text_check_name(pseudonym);
    if (!err)
        err = invite_decode(line, &in);
    if (err)
        return err;
    err = invite_encode(&in, &again); /* one form, whatever was pasted */
    if (!err)
        err = known_settle(group_known(p, in.group), &in);
    if (!err)
        err = group_new(p, in.group, &g); /* P2.6 */
    if (!err) {
        err = begin_fill(g, &in, BUF_BYTES(&again), pseudonym);
        *group = g->number;
        if (err && !err_is_fatal(err)) {
            int dropped = group_drop(g);
            err = dropped ? dropped : err;
        }
    }
    buf_free(&again);
    wipe(&in, sizeof in);
    return err;
}

/* ---- dialling --------------------------------------------------------------- */

bool join_psk(const struct group *g, uint8_t psk[static 32])
{
    uint8_t pk[32], sk[64];
    if (!g->joins || !g->joins->joining)
        return false;
    join_derive(psk, pk, sk, g->joins->line.v);
    wipe(sk, sizeof sk);
    return true;
}

uint64_t join_deadline_ms(const struct group *g)
{
    const struct joins *j = g->joins;
    return !j || !j->joining || j->linked || !j->line.addresses_count ? UINT64_MAX
                                                                      : j->next_ms;
}

int join_tick(struct group *g)
{
    struct peer *p = g->peer;
    struct joins *j = g->joins;
    struct link *l = NULL;
    if (join_deadline_ms(g) > p->now_ms)
        return 0;
    uint64_t ms = (uint64_t)RETRY_MS_MIN << (j->tries < 8 ? j->tries : 8);
    ms = ms < RETRY_MS_MAX ? ms : RETRY_MS_MAX;
    j->next_ms = p->now_ms + ms + entropy_below(&p->entropy, ms + 1);
    uint32_t i = j->address++ % j->line.addresses_count;
    if (i + 1u == j->line.addresses_count)
        j->tries++; /* all of them were tried */
    int err = link_dial(p, g, j->line.addresses[i], &l);
    if (err)
        return err == ERR_FULL ? 0 : err;
    l->kind = LINK_INVITE;
    memcpy(l->transport_pk, j->line.transport_pk, 32);
    j->linked = true;
    return 0;
}

void join_address(struct group *g, struct bytes address)
{
    struct invite_line *line = &g->joins->line;
    size_t at = 0;
    for (size_t i = 0; i < line->addresses_count; i++) {
        if (bytes_equal(line->addresses[i], address))
            return;
        at += line->addresses[i].n;
    }
    if (line->addresses_count == LIMIT_ADDRESSES_MAX ||
        address.n > sizeof line->store - at)
        return;
    memcpy(line->store + at, address.p, address.n);
    line->addresses[line->addresses_count++] = BYTES(line->store + at, address.n);
}

void join_unlinked(struct group *g)
{
    if (g->joins)
        g->joins->linked = false;
}

int join_send(struct group *g, struct link *l)
{
    struct joins *j = g->joins;
    struct wire_join join = {0};
    uint8_t message[160], psk[32], pk[32], sk[64];
    if (!j || !j->joining) {
        link_close(l, false);
        return 0;
    }
    memcpy(join.member_pk, g->member_pk, 32);
    memcpy(join.transport_pk, g->transport_pk, 32);
    memcpy(join.prekey_pk, j->prekey_pk, 32);
    join_derive(psk, pk, sk, j->line.v);
    join_signed(message, g->id, &join);
    int err = sign_make(join.proof, "join", BYTES(message, 128), g->secrets->member_sk);
    join.name = BUF_BYTES(&j->name);
    struct sentence s = {.group = g->id,
                         .invite_pk = pk,
                         .host_pk = j->line.transport_pk,
                         .member_pk = join.member_pk,
                         .transport_pk = join.transport_pk,
                         .prekey_pk = join.prekey_pk,
                         .name = join.name,
                         .nonce = j->nonce};
    sentence_commit(join.commitment, &s);     /* P6.9 */
    join_vouched(message, l->hs_hash, &join); /* P6.3 */
    if (!err)
        err = sign_make(join.signature, "invite", BYTES_OF(message), sk);
    wipe(psk, sizeof psk);
    wipe(sk, sizeof sk);
    return err ? err : wire_put_join(&l->out, &join);
}

/* ---- the welcome ------------------------------------------------------------ */

/* The join is over without success: nothing of it stays. */
int join_give_up(struct group *g, int why)
{
    struct peer *p = g->peer;
    int err = fx_tell(p, TELL_REFUSED, g->number, 0, why);
    return err ? err : join_cancel(g);
}

static int refused(struct group *g, struct link *l, uint8_t code)
{
    static const int why[] = {0,        ERR_EXPIRED,  ERR_EXPIRED, ERR_EXPIRED,
                              ERR_FULL, ERR_NOANSWER, ERR_STOPPED};
    if (code >= REFUSED_USED && code <= REFUSED_STOPPED && code != REFUSED_LATER)
        return join_give_up(g, why[code]); /* P6.7 */
    link_close(l, false);                  /* later: it is tried again */
    return fx_tell(g->peer, TELL_REFUSED, g->number, 0, ERR_NOANSWER);
}

static int entry_keep(struct link *l, struct bytes entry)
{
    uint8_t length[4];
    put_u32(length, (uint32_t)entry.n);
    int err = buf_append(&l->joined, BYTES_OF(length), WELCOME_BYTES_MAX);
    return err ? err : buf_append(&l->joined, entry, WELCOME_BYTES_MAX);
}

/* P6.6, before anything is written: form and signatures, and that it is our group. */
static int welcome_check(const struct group *g, struct bytes entries)
{
    struct reader r = reader_of(entries);
    uint32_t count = 0;
    while (r.left.n > 0) {
        struct control_entry e;
        int err = control_decode(read_bytes(&r, read_u32(&r)), &e);
        if (err)
            return err;
        if (count == 0 && (e.kind != CONTROL_CREATE || memcmp(e.hash, g->id, 32) != 0))
            return ERR_FORGED;
        if (++count > LIMIT_CONTROL_ENTRIES_MAX)
            return ERR_TOOBIG;
    }
    return count ? 0 : ERR_FORGED;
}

static uint32_t create_lifetime(const struct group *g)
{
    struct mp_reader r = mp_reader_of(control_at(g, 0)->body);
    uint32_t pairs = mp_read_map(&r, LIMIT_MP_ITEMS_MAX), lifetime = 0;
    for (uint32_t i = 0; i < pairs && !r.err; i++) {
        if (mp_read_uint(&r, UINT64_MAX) == KEY_LIFETIME)
            lifetime = (uint32_t)mp_read_uint(&r, UINT32_MAX);
        else
            mp_skip(&r);
    }
    return lifetime;
}

/* Take it all; what is not right here is the welcome's fault. */
static int welcome_take(struct group *g, struct link *l, struct bytes box)
{
    struct reader r = reader_of(BUF_BYTES(&l->joined));
    int err = welcome_check(g, BUF_BYTES(&l->joined));
    while (!err && r.left.n > 0) {
        err = control_take(g, read_bytes(&r, read_u32(&r)), 0);
        err = err == 1 ? 0 : err;
    }
    const struct member *me = err ? NULL : member_me(g);
    if (!err && (!me || memcmp(me->transport_pk, g->transport_pk, 32) != 0))
        err = ERR_FORGED;
    if (!err)
        err = keys_open_welcome(g, box);
    if (!err)
        err = content_set_baseline(g, BUF_BYTES(&l->baseline));
    return err;
}

static int welcome_post(struct group *g)
{
    struct peer *p = g->peer;
    struct bytes list[LIMIT_ADDRESSES_MAX];
    int err = card_post_name(g, BUF_BYTES(&g->joins->name));
    for (uint32_t i = 0; i < p->addresses_count; i++)
        list[i] = BUF_BYTES(&p->addresses[i]);
    if (!err && p->addresses_count)
        err = card_post_addresses(g, list, p->addresses_count);
    return err_is_fatal(err) ? err : 0;
}

static int welcome_end(struct group *g, struct link *l, struct bytes body)
{
    struct peer *p = g->peer;
    if (body.n < WIRE_BOX_BYTES)
        return join_give_up(g, ERR_PROTOCOL);
    struct bytes rest = BYTES(body.p + WIRE_BOX_BYTES, body.n - WIRE_BOX_BYTES);
    int err = buf_append(&l->baseline, rest, BASELINE_BYTES_MAX);
    if (!err)
        err = welcome_take(g, l, BYTES(body.p, WIRE_BOX_BYTES));
    if (err)
        return err_is_fatal(err) ? err : join_give_up(g, ERR_FORGED);
    g->joining = false;
    g->lifetime_hours = create_lifetime(g);
    g->lifetime_shown_hours = LIFETIME_UNSHOWN;
    err = home_store(g);
    if (!err)
        err = group_save(g);
    if (!err)
        err = join_note_hour(g, g->member_pk);
    if (!err)
        err = welcome_post(g);
    if (!err)
        err = fx_tell(p, TELL_JOINED, g->number, 0, 0);
    link_close(l, false); /* we come back as a member */
    return err;
}

static int welcome_part(struct group *g, struct link *l, const struct wire_message *m)
{
    int err = 0;
    switch (m->code) {
    case WELCOME_ENTRY: err = entry_keep(l, m->body); break;
    case WELCOME_BASELINE:
        err = buf_append(&l->baseline, m->body, BASELINE_BYTES_MAX);
        break;
    case WELCOME_END: return welcome_end(g, l, m->body);
    default: return ERR_PROTOCOL;
    }
    return err == ERR_TOOBIG ? join_give_up(g, ERR_PROTOCOL) : err;
}

/* P6.4: nothing else is ever said on such a link. */
static int host_message(struct group *g, struct link *l, const struct wire_message *m)
{
    switch (m->type) {
    case WIRE_JOIN: return join_take(g, l, &m->join);
    case WIRE_REVEAL: return door_reveal(g, l, m->nonce);
    case WIRE_REFUSED:
        return m->code == REFUSED_STOPPED ? door_stopped(g, l) : ERR_PROTOCOL;
    default: return ERR_PROTOCOL;
    }
}

int join_message(struct peer *p, struct link *l, const struct wire_message *m)
{
    struct group *g = peer_group(p, l->group);
    if (!l->dialler)
        return host_message(g, l, m);
    if (!g->joining)
        return ERR_PROTOCOL;
    if (m->type == WIRE_REFUSED)
        return refused(g, l, m->code);
    if (m->type == WIRE_ASKED)
        return join_asked(g, l, &m->asked);
    return m->type == WIRE_WELCOME ? welcome_part(g, l, m) : ERR_PROTOCOL;
}
