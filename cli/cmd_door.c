/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_door.c -- the commands `door`, `door yes`, `door no`. */
#include <string.h>

#include "base/limits.h"
#include "cli/door.h"
#include "cli/opening.h"

static int open_group(struct cli *c, struct group_row *g)
{
    int err = opening_open(c, false);
    return err ? err : view_find_group(c, c->args.operands[0], g);
}

int command_door(struct cli *c)
{
    struct door_row rows[LIMIT_DOOR_MAX];
    struct screen s = {0};
    struct group_row g;
    size_t count = 0;
    int err = open_group(c, &g);
    if (!err)
        err = door_look(c, g.number, rows, LIMIT_DOOR_MAX, &count);
    if (err)
        return err;
    view_head(&s, &g);
    for (size_t i = 0; i < count; i++)
        door_add_row(&s, &rows[i]);
    if (count == 0 && !args_has(&c->args, OPTION_JSON))
        screen_text(&s, _("Nobody waits to come in."));
    return cli_show(c, &s);
}

static bool same_name(const char *a, const char *b)
{
    struct buf x = {0}, y = {0};
    bool same = text_fold(BYTES(a, strlen(a)), &x, VIEW_NAME_BYTES * 4) == 0 &&
                text_fold(BYTES(b, strlen(b)), &y, VIEW_NAME_BYTES * 4) == 0 &&
                bytes_equal(BUF_BYTES(&x), BUF_BYTES(&y));
    buf_free(&x);
    buf_free(&y);
    return same;
}

/* Who is meant; of two with one name nobody is. */
static int pick(struct cli *c, const struct door_row *rows, size_t count,
                const struct door_row **who)
{
    *who = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!same_name(rows[i].name, c->args.operands[1]))
            continue;
        if (*who)
            return cli_error(c, ERR_USAGE,
                             _("Two wait with this name. Answer in: kring"));
        *who = &rows[i];
    }
    return *who ? 0
                : cli_error(c, ERR_NOTFOUND, _("Nobody waits here with this name."));
}

static int answer(struct cli *c, enum door_answer a)
{
    struct door_row rows[LIMIT_DOOR_MAX];
    const struct door_row *who = NULL;
    struct group_row g;
    size_t count = 0;
    int err = open_group(c, &g);
    if (!err)
        err = door_look(c, g.number, rows, LIMIT_DOOR_MAX, &count);
    if (!err)
        err = pick(c, rows, count, &who);
    return err ? err : door_answer_for(c, g.number, who, a);
}

int command_door_yes(struct cli *c)
{
    return answer(c, args_has(&c->args, OPTION_UNSEEN) ? DOOR_UNSEEN : DOOR_SAME);
}

int command_door_no(struct cli *c)
{
    return answer(c, DOOR_STOP);
}
