/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mention.c -- names in a text, as "@Wren" (P8.15).
 *
 * Both are folded, so that "@wren" names Wren.  The name must stand alone: "@Wrens" and
 * "me@wren" name nobody.  Where Wren and Wren 2 are members, "@Wren 2" names the second
 * only.
 */
#include "node/core/mention.h"

#include <string.h>

#include "base/text.h"
#include "node/core/card_int.h"

enum { NAME_KEY_BYTES_MAX = 4096, TEXT_KEY_BYTES_MAX = 1 << 20 };

/* "@" and the key of a name. */
static int name_key(struct bytes name, struct buf *out)
{
    int err = buf_append(out, BYTES("@", 1), NAME_KEY_BYTES_MAX);
    return err ? err : text_fold(name, out, NAME_KEY_BYTES_MAX);
}

static bool begins_with(struct bytes s, struct bytes with)
{
    return s.n >= with.n && memcmp(s.p, with.p, with.n) == 0;
}

static int note_longer(struct mention *m, struct bytes key)
{
    uint8_t n[2];
    if (key.n <= m->mine.n || !begins_with(key, BUF_BYTES(&m->mine)))
        return 0;
    n[0] = (uint8_t)(key.n >> 8);
    n[1] = (uint8_t)key.n;
    int err = buf_append(&m->longer, BYTES_OF(n), SIZE_MAX / 2);
    return err ? err : buf_append(&m->longer, key, SIZE_MAX / 2);
}

int mention_begin(struct mention *m, struct group *g)
{
    const struct member *me = member_me(g);
    *m = (struct mention){0};
    if (!me || !card_find(g, me->pk, CARD_NAME))
        return 0;
    int err = card_names_ready(g);
    if (!err)
        err = name_key(card_member_name(g, me->index), &m->mine);
    for (uint32_t i = 0; i < member_count(g) && !err; i++) {
        if (i == me->index)
            continue;
        m->text.n = 0;
        err = name_key(card_member_name(g, i), &m->text);
        if (!err)
            err = note_longer(m, BUF_BYTES(&m->text));
        err = err == ERR_NOMEM ? err : 0;
    }
    if (err == ERR_NOMEM) {
        mention_end(m);
        return err;
    }
    m->mine.n = err ? 0 : m->mine.n;
    return 0;
}

/* A letter or figure, of whatever script: a name goes on there. */
static bool in_word(uint8_t c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

static bool ends_here(struct bytes rest, size_t n)
{
    return rest.n == n || !in_word(rest.p[n]);
}

/* True if a longer name of somebody else stands here. */
static bool is_longer(const struct mention *m, struct bytes rest)
{
    for (size_t at = 0; at + 2 <= m->longer.n;) {
        size_t n = (size_t)m->longer.p[at] << 8 | m->longer.p[at + 1];
        struct bytes key = BYTES(m->longer.p + at + 2, n);
        if (begins_with(rest, key) && ends_here(rest, n))
            return true;
        at += 2 + n;
    }
    return false;
}

int mention_in(struct mention *m, struct bytes text, bool *named)
{
    *named = false;
    if (m->mine.n == 0 || text.n == 0 || !memchr(text.p, '@', text.n))
        return 0;
    m->text.n = 0;
    int err = text_fold(text, &m->text, TEXT_KEY_BYTES_MAX);
    if (err)
        return err == ERR_NOMEM ? err : 0;
    struct bytes all = BUF_BYTES(&m->text), mine = BUF_BYTES(&m->mine);
    for (size_t i = 0; i < all.n && !*named; i++) {
        struct bytes rest = BYTES(all.p + i, all.n - i);
        bool begins = i == 0 || !in_word(all.p[i - 1]);
        *named = all.p[i] == '@' && begins && begins_with(rest, mine) &&
                 ends_here(rest, mine.n) && !is_longer(m, rest);
    }
    return 0;
}

void mention_end(struct mention *m)
{
    buf_free(&m->mine);
    buf_free(&m->longer);
    buf_free(&m->text);
}
