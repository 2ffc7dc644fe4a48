/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_node.c -- the commands `node`, `status`, `passphrase`. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd_init.h"
#include "cli/opening.h"
#include "cli/view.h"
#include "store/unlock.h"

/* ---- node ---------------------------------------------------------------- */

/* One line for each address, once all of them listen. */
static int show_addresses(struct cli *c)
{
    struct screen s = {0};
    struct api_reply reply = {0};
    int err = cli_call(c, API_STATUS, NULL, &reply);
    if (err)
        return err;
    for (uint32_t i = 0; i < api_rows(&reply); i++) {
        struct bytes address = api_bytes(api_row(&reply, i), F_ADDRESS);
        if (address.n == 0)
            continue; /* a member who was limited */
        screen_pair(&s, _("Open at"), address);
        screen_cell_text(&s, "listening", address);
    }
    api_reply_free(&reply);
    return cli_show(c, &s);
}

int command_node(struct cli *c)
{
    int err = opening_remote(c);
    if (err == 0)
        return ERR_INUSE;
    opening_warn_swap(c);
    err = opening_open_here(c, true);
    if (err == ERR_NOHOST)
        return cli_error(c, err, _("That address is not on this computer. Check it."));
    if (!err)
        err = show_addresses(c);
    while (!err) {
        struct session_event event = {0};
        int got = session_wait(c->session, -1, -1, &event);
        if (got < 0 || got & SESSION_STOP)
            return got < 0 ? got : 0;
    }
    return err;
}

/* ---- status -------------------------------------------------------------- */

/* What programs read, and what a person may want to see of it. */
static const struct number {
    enum api_field field;
    const char *name, *label; /* label NULL: for programs only */
} numbers[] = {
    {F_GROUP, "groups", N_("Groups")},
    {F_LINKS, "links", N_("Devices connected now")},
    {F_ENTRIES, "entries", N_("Texts held")},
    {F_DRAFT, "waiting", N_("Texts that wait")},
    {F_UNOPENED, "unopened", N_("Texts not readable yet")},
    {F_HANDSHAKES, "handshakes", NULL},
    {F_ASIDE, "aside", NULL},
    {F_ENDED, "ended", NULL},
    {F_LIMITED, "limited", NULL},
    {F_DISK_BYTES, "disk_bytes", N_("Bytes on disk")},
    {F_BYTES_IN, "bytes_in", N_("Bytes received")},
    {F_BYTES_OUT, "bytes_out", N_("Bytes sent")},
};

static void add_numbers(struct screen *s, struct bytes values)
{
    char digits[24];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!numbers[i].label)
            continue;
        (void)snprintf(digits, sizeof digits, "%" PRIu64,
                       api_uint(values, numbers[i].field, 0));
        screen_pair(s, gettext(numbers[i].label), BYTES(digits, strlen(digits)));
    }
}

/* The one row of `status --json`. */
static int add_status_cells(struct screen *s, const struct api_reply *reply)
{
    struct bytes values = api_row(reply, UINT32_MAX);
    struct buf addresses = {0};
    int err = 0;
    screen_row(s);
    screen_cell_flag(s, "running", api_uint(values, F_RUNNING, 0));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        screen_cell_number(s, numbers[i].name, api_uint(values, numbers[i].field, 0));
    screen_cell_flag(s, "keys_locked", api_uint(values, F_LOCKED_KEYS, 0));
    screen_cell_flag(s, "clock_wrong", api_uint(values, F_CLOCK_WRONG, 0));
    for (uint32_t i = 0; i < api_rows(reply) && !err; i++) {
        if (!api_has(api_row(reply, i), F_ADDRESS))
            continue;
        if (addresses.n > 0)
            err = buf_append(&addresses, BYTES("\n", 1), SIZE_MAX);
        if (!err)
            err = buf_append(&addresses, api_bytes(api_row(reply, i), F_ADDRESS),
                             SIZE_MAX);
    }
    screen_cell_list(s, "addresses", BUF_BYTES(&addresses));
    buf_free(&addresses);
    return err;
}

static void add_troubles(struct screen *s, struct bytes values)
{
    int err = -(int)api_uint(values, F_ERR, 0);
    if (!api_uint(values, F_LOCKED_KEYS, 0))
        screen_text(s, _("Memory cannot be locked here. Secrets may reach the disk."));
    if (api_uint(values, F_CLOCK_WRONG, 0))
        screen_text(s, _("The clock looks wrong. Dates may be off."));
    if (err < 0)
        screen_text(s, gettext(err_text(err)));
}

int command_status(struct cli *c)
{
    struct screen s = {0};
    struct api_reply reply = {0};
    int err = opening_open(c, false);
    if (!err)
        err = cli_call(c, API_STATUS, NULL, &reply);
    if (err)
        return err;
    struct bytes values = api_row(&reply, UINT32_MAX);
    screen_text(&s, api_uint(values, F_RUNNING, 0)
                        ? _("kring is open and connects to others.")
                        : _("kring is closed. Others cannot reach this device."));
    add_numbers(&s, values);
    for (uint32_t i = 0; i < api_rows(&reply); i++)
        if (api_has(api_row(&reply, i), F_ADDRESS))
            screen_pair(&s, _("Open at"), api_bytes(api_row(&reply, i), F_ADDRESS));
    add_troubles(&s, values);
    err = add_status_cells(&s, &reply);
    for (uint32_t i = 0; i < api_rows(&reply); i++)
        view_add_limited(&s, api_row(&reply, i));
    api_reply_free(&reply);
    if (err) {
        screen_free(&s);
        return err;
    }
    return cli_show(c, &s);
}

/* ---- passphrase ---------------------------------------------------------- */

/* The old passphrase is always asked for, also when a node runs: somebody at the
 * keyboard who does not know it may not lock the owner out. */
int command_passphrase(struct cli *c)
{
    struct screen s = {0};
    struct buf canonical = {0};
    uint8_t data_key[32] = {0};
    int remote = opening_remote(c); /* first, for it knows the language */
    int err = opening_unlock(c, data_key);
    if (!err && (remote == ERR_NOTFOUND || remote == ERR_TOOBIG))
        err = opening_with_key(c, false, data_key);
    else if (!err)
        err = remote;
    if (!err)
        err = init_new_passphrase(c, OPTION_NEW_PASSPHRASE_FILE, &canonical);
    if (!err) {
        struct api_args args = {
            .text = BUF_BYTES(&canonical),
            .has_text = true,
            .small = args_has(&c->args, OPTION_LIGHT),
        };
        err = cli_do(c, API_PASSPHRASE, &args);
    }
    wipe(data_key, sizeof data_key);
    buf_free(&canonical);
    if (err)
        return err;
    screen_text(&s, _("The new passphrase is set."));
    screen_text(&s, _("The old one opens nothing here now."));
    screen_text(&s, _("Copies made before still open with the old one."));
    screen_cell_flag(&s, "changed", true);
    return cli_show(c, &s);
}
