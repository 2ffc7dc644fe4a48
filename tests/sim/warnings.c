/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* warnings.c -- what people in the world do with warnings. */
#include <string.h>

#include "base/check.h"
#include "tests/sim/world.h"

static int do_it(struct world *w, int n, enum cmd_kind kind, struct buf *payload)
{
    struct command c = {
        .kind = kind, .group = w->nodes[n].group, .text = BUF_BYTES(payload)};
    int err = world_command(w, n, &c);
    buf_free(payload);
    return err;
}

static void write_done(struct world *w, int n, const char *what, int err)
{
    world_note(w, "n%d %s: %s", n, what, err ? err_name(err) : "done");
}

int world_warn(struct world *w, int n)
{
    uint32_t day = world_hour(w, n) / 24;
    const struct warning warning = {
        .kind = WARNING_ALERT,
        .known = KNOWN_SAW,
        .soldas = SOLDAS_HEROIN,
        .form = FORM_POWDER,
        .harm = HARM_UNWELL,
        .effects = EFFECT_NOT_WAKING,
        .country = BYTES("NL", 2),
        .language = BYTES("en", 2),
        .seen_from_day = day,
        .seen_to_day = day,
        .issued_day = day,
        .ends_day = day + WARNING_DAYS,
        .source = SOURCE_MEMBERS,
    };
    struct buf payload = {0};
    CHECK(warning_encode(&warning, &payload) == 0);
    int err = do_it(w, n, CMD_WARN, &payload);
    write_done(w, n, "warns", err);
    return err;
}

static int first_visit(void *ctx, const struct warning_view *v)
{
    memcpy(ctx, v->ref, WARNING_REF_BYTES);
    return 1;
}

int world_warn_act(struct world *w, int n, enum warning_act_kind kind)
{
    static const char *const what[] = {"", "confirms", "ends it", "takes it back"};
    uint8_t ref[WARNING_REF_BYTES];
    struct buf payload = {0};
    if (peer_warnings(w->nodes[n].peer, w->nodes[n].group, first_visit, ref) != 1)
        return ERR_NOTFOUND;
    const struct warning_act act = {
        .kind = (uint8_t)kind,
        .known = kind == WARNING_CONFIRM ? KNOWN_SAW : 0,
        .reason = kind == WARNING_TAKE_BACK ? REASON_HOAX : 0,
        .day = world_hour(w, n) / 24,
        .first = BYTES_OF(ref),
        .soldas = kind == WARNING_TAKE_BACK ? SOLDAS_HEROIN : 0,
        .country = BYTES("NL", kind == WARNING_TAKE_BACK ? 2 : 0),
        .language = BYTES("en", kind == WARNING_TAKE_BACK ? 2 : 0),
    };
    CHECK(warning_act_encode(&act, &payload) == 0);
    int err = do_it(w, n, CMD_WARN_ACT, &payload);
    write_done(w, n, what[kind], err);
    return err;
}

struct shown {
    struct world *w;
    int node, count;
};

static int show(void *ctx, const struct warning_view *v)
{
    static const char *const states[] = {"", "not confirmed", "confirmed", "ended",
                                         "taken back"};
    struct shown *s = ctx;
    s->count++;
    world_note(s->w, "n%d sees a warning: %s%s, persons: %u", s->node,
               states[v->verdict.state], v->warning ? "" : " (it never came)",
               (unsigned)v->verdict.persons);
    return 0;
}

void world_show_warnings(struct world *w, int n)
{
    struct shown s = {w, n, 0};
    CHECK(peer_warnings(w->nodes[n].peer, w->nodes[n].group, show, &s) == 0);
    if (s.count == 0)
        world_note(w, "n%d sees no warning", n);
}
