/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* giving.c -- see giving.h. */
#include "cli/giving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/code.h"

/* Below a code stand its choices and the question. */
enum { ROWS_BELOW = 3 };

int giving_line(struct cli *c, const struct group_row *g, const struct inviting *how)
{
    struct screen s = {0};
    struct buf line = {0};
    int err = groups_invite(c, g, how, &line);
    if (!err && args_has(&c->args, OPTION_JSON)) {
        screen_row(&s);
        screen_cell_text(&s, "invitation", BUF_BYTES(&line));
        err = cli_show(c, &s);
    } else if (!err) {
        /* As it is: a line that is copied must not be wrapped. */
        (void)printf("%.*s\n", (int)line.n, (const char *)line.p);
        err = fflush(stdout) ? ERR_IO : 0;
    }
    buf_free(&line);
    return err;
}

/* ---- files --------------------------------------------------------------- */

static int open_new(struct cli *c, const char *path, FILE **out)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return cli_error(c, ERR_EXISTS,
                         _("This file is there already. Choose another name."));
    if (fd < 0)
        return cli_error(c, ERR_READONLY,
                         _("The file cannot be made there. Choose another place."));
    *out = fdopen(fd, "wb");
    if (*out)
        return 0;
    (void)close(fd);
    (void)unlink(path);
    return ERR_NOMEM;
}

static int write_line(FILE *file, struct bytes line)
{
    return fwrite(line.p, 1, line.n, file) == line.n && fputc('\n', file) == '\n'
               ? 0
               : ERR_IO;
}

static int write_picture(FILE *file, struct bytes line)
{
    struct code code;
    int err = code_make(&code, line);
    if (!err)
        err = code_write_png(&code, file);
    code_free(&code);
    return err;
}

static int show_written(struct cli *c, const char *path)
{
    struct screen s = {0};
    if (!args_has(&c->args, OPTION_JSON)) {
        cli_sayf(_("Written: %s"), path);
        cli_say(_("Whoever has this file can come to your door."));
        return 0;
    }
    screen_row(&s);
    screen_cell_text(&s, "file", BYTES(path, strlen(path)));
    return cli_show(c, &s);
}

int giving_file(struct cli *c, const struct group_row *g, const struct inviting *how,
                const char *path, bool picture)
{
    struct buf line = {0};
    FILE *file = NULL;
    int err = open_new(c, path, &file);
    if (err)
        return err;
    err = groups_invite(c, g, how, &line);
    if (!err)
        err = picture ? write_picture(file, BUF_BYTES(&line))
                      : write_line(file, BUF_BYTES(&line));
    if (!err && (fflush(file) || fsync(fileno(file))))
        err = ERR_IO;
    if (fclose(file) && !err)
        err = ERR_IO;
    if (err)
        (void)unlink(path);
    buf_free(&line);
    return err ? err : show_written(c, path);
}

int giving_read(const char *path, struct buf *line)
{
    int err = prompt_read_file(path, line, LIMIT_INVITE_LINE_BYTES_MAX * 4, NULL);
    return err == ERR_TOOBIG ? ERR_FOREIGN : err;
}

void giving_delete(const char *path)
{
    if (unlink(path))
        cli_say(_("This file could not be deleted. Delete it yourself."));
    else
        cli_say(_("The file with the invitation is deleted."));
}

/* ---- on the screen ------------------------------------------------------- */

/* Can the window on standard output show codes at all? */
static int window(struct cli *c, struct winsize *size)
{
    if (isatty(STDOUT_FILENO) && i18n_terminal_is_utf8() &&
        ioctl(STDOUT_FILENO, TIOCGWINSZ, size) == 0)
        return 0;
    return cli_error(c, ERR_USAGE,
                     _("This window cannot show a code. Make a picture instead."));
}

int giving_show(struct cli *c, struct bytes line, bool inverted)
{
    struct winsize size = {0};
    struct code code = {0};
    struct buf rows = {0};
    size_t columns_n = 0, rows_n = 0;
    int err = window(c, &size);
    if (!err)
        err = code_make(&code, line);
    if (!err)
        code_size(&code, &columns_n, &rows_n);
    if (!err && (size.ws_col < columns_n || size.ws_row < rows_n + ROWS_BELOW)) {
        cli_sayf(_("Make the window wider: %lu columns, %lu rows."),
                 (unsigned long)columns_n, (unsigned long)(rows_n + ROWS_BELOW));
        err = cli_error(c, ERR_USAGE, _("Or make a picture of the code."));
    }
    if (!err)
        err = code_render(&code, inverted, &rows);
    if (!err && (fwrite(rows.p, 1, rows.n, stdout) != rows.n || fflush(stdout)))
        err = ERR_IO;
    buf_free(&rows);
    code_free(&code);
    return err;
}

int giving_code(struct cli *c, const struct group_row *g, const struct inviting *how,
                struct buf *line)
{
    struct winsize size = {0};
    int err = window(c, &size);
    if (!err)
        err = groups_invite(c, g, how, line);
    return err ? err
               : giving_show(c, BUF_BYTES(line), args_has(&c->args, OPTION_INVERTED));
}
