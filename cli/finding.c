/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* finding.c -- see finding.h. */
#include "cli/finding.h"

#include <string.h>

#include "cli/talk.h"

enum { WORDS_BYTES_MAX = 4096, FOUND_MAX = 100 };

/* One search. */
struct finding {
    struct cli *c;
    struct screen *s;
    struct buf words; /* bare: small letters without marks */
    uint64_t found;   /* in all groups */
};

/* Where a word begins: after what is no letter, figure or part of another sign. */
static bool begins_word(struct bytes text, size_t at)
{
    uint8_t before = at > 0 ? text.p[at - 1] : ' ';
    return before < 0x80 &&
           !((before >= 'a' && before <= 'z') || (before >= '0' && before <= '9'));
}

static bool has_word(struct bytes text, struct bytes word)
{
    for (size_t i = 0; i + word.n <= text.n; i++)
        if (memcmp(text.p + i, word.p, word.n) == 0 && begins_word(text, i))
            return true;
    return false;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

static bool has_all(struct bytes text, struct bytes words)
{
    for (size_t at = 0, end; at < words.n; at = end) {
        while (at < words.n && is_space(words.p[at]))
            at++;
        for (end = at; end < words.n && !is_space(words.p[end]);)
            end++;
        if (end > at && !has_word(text, BYTES(words.p + at, end - at)))
            return false;
    }
    return true;
}

/* ERR_NOMEM; 1: it matches. */
static int matches(const struct finding *f, struct bytes text)
{
    struct buf bare = {0};
    int err = text_bare(text, &bare, SIZE_MAX / 2);
    bool all = !err && has_all(BUF_BYTES(&bare), BUF_BYTES(&f->words));
    wipe(bare.p, bare.n);
    buf_free(&bare);
    return err == ERR_NOMEM ? err : all;
}

/* The numbers of the newest rows that match, in shown order. */
struct hits {
    uint64_t rows[FOUND_MAX];
    uint64_t count; /* of all; the last FOUND_MAX are in rows, as in a ring */
};

static int hits_page(const struct finding *f, const struct api_reply *reply,
                     struct hits *h)
{
    for (uint32_t i = 0; i < api_rows(reply); i++) {
        struct message_row m = view_message(api_row(reply, i));
        int match = m.draft ? 0 : matches(f, m.text);
        if (match < 0)
            return match;
        if (match)
            h->rows[h->count++ % FOUND_MAX] = m.row;
    }
    return 0;
}

static bool is_hit(const struct hits *h, uint64_t row)
{
    uint64_t n = h->count < FOUND_MAX ? h->count : FOUND_MAX;
    for (uint64_t i = 0; i < n; i++)
        if (h->rows[i] == row)
            return true;
    return false;
}

/* Walk over the texts of a group, a page at a time.  With `show`, the hits are added.
 */
static int walk(const struct finding *f, const struct group_row *g, struct hits *h,
                bool show)
{
    struct api_args args = {
        .group = g->number, .has_group = true, .limit = TALK_PAGE_ROWS};
    for (bool more = true; more;) {
        struct api_reply reply = {0};
        int err = cli_call(f->c, API_MESSAGES, &args, &reply);
        if (!err && !show)
            err = hits_page(f, &reply, h);
        for (uint32_t i = 0; !err && show && i < api_rows(&reply); i++) {
            struct message_row m = view_message(api_row(&reply, i));
            if (!m.draft && is_hit(h, m.row))
                view_add_message(f->s, &m, g);
        }
        uint64_t next = api_uint(api_row(&reply, UINT32_MAX), F_AFTER, 0);
        more = !err && next > args.after;
        args.after = next;
        api_reply_free(&reply);
        if (err)
            return err;
    }
    return 0;
}

static int find_in(struct finding *f, const struct group_row *g)
{
    struct hits h = {.count = 0};
    char name[VIEW_NAME_BYTES];
    if (g->joining)
        return 0;
    int err = walk(f, g, &h, false);
    if (err || h.count == 0)
        return err;
    view_name(name, BYTES(g->name, strlen(g->name)));
    screen_pair(f->s, _("Group"), BYTES(name, strlen(name)));
    if (h.count > FOUND_MAX)
        screen_text(f->s, _("These are the newest 100. Add a word to see fewer."));
    f->found += h.count < FOUND_MAX ? h.count : FOUND_MAX;
    return walk(f, g, &h, true);
}

static int find_everywhere(struct finding *f)
{
    struct api_reply reply = {0};
    int err = cli_call(f->c, API_GROUPS, NULL, &reply);
    for (uint32_t i = 0; !err && i < api_rows(&reply); i++) {
        struct group_row g = view_group(api_row(&reply, i));
        err = find_in(f, &g);
    }
    api_reply_free(&reply);
    return err;
}

int finding_add(struct cli *c, struct screen *s, const struct group_row *group,
                struct bytes words, uint64_t *count)
{
    struct finding f = {.c = c, .s = s};
    *count = 0;
    int err = text_bare(words, &f.words, WORDS_BYTES_MAX);
    bool none = true;
    for (size_t i = 0; i < f.words.n; i++)
        none = none && is_space(f.words.p[i]);
    if (!err && none)
        err = cli_error(c, ERR_EMPTY, _("Type one word or more."));
    if (!err)
        err = group ? find_in(&f, group) : find_everywhere(&f);
    *count = f.found;
    wipe(f.words.p, f.words.n);
    buf_free(&f.words);
    return err;
}
