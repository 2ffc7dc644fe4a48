/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* json.c -- commas, quotes and escapes. */
#include "cli/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static void put(struct json *j, const char *s, size_t n)
{
    if (!j->err)
        j->err = buf_append(j->to, BYTES(s, n), JSON_BYTES_MAX);
}

static void put_str(struct json *j, const char *s)
{
    put(j, s, strlen(s));
}

/* One byte of clean UTF-8: only quotes, backslashes and newlines are left to escape,
 * the rest of the control characters went with text_clean. */
static void put_escaped(struct json *j, char ch)
{
    char code[8];
    if (ch == '"' || ch == '\\') {
        code[0] = '\\';
        code[1] = ch;
        put(j, code, 2);
    } else if (ch == '\n') {
        put_str(j, "\\n");
    } else if ((unsigned char)ch < 0x20) {
        (void)snprintf(code, sizeof code, "\\u%04x", (unsigned)ch);
        put_str(j, code);
    } else {
        put(j, &ch, 1);
    }
}

static void put_quoted(struct json *j, struct bytes text)
{
    struct buf clean = {0};
    size_t removed = 0;
    if (!j->err)
        j->err = text_clean(text, &clean, JSON_BYTES_MAX, &removed);
    put_str(j, "\"");
    for (size_t i = 0; i < clean.n && !j->err; i++)
        put_escaped(j, (char)clean.p[i]);
    put_str(j, "\"");
    buf_free(&clean);
}

static void put_name(struct json *j, const char *name)
{
    if (!j->first)
        put_str(j, ",");
    j->first = false;
    if (!name)
        return;
    put_quoted(j, BYTES(name, strlen(name)));
    put_str(j, ":");
}

struct json json_to(struct buf *to)
{
    return (struct json){.to = to, .first = true};
}

void json_object(struct json *j, const char *name)
{
    put_name(j, name);
    put_str(j, "{");
    j->first = true;
}

void json_line(struct json *j)
{
    json_object(j, NULL);
    json_number(j, "format", JSON_FORMAT);
}

void json_object_end(struct json *j)
{
    put_str(j, "}");
    j->first = false;
}

void json_list(struct json *j, const char *name)
{
    put_name(j, name);
    put_str(j, "[");
    j->first = true;
}

void json_list_end(struct json *j)
{
    put_str(j, "]");
    j->first = false;
}

void json_text(struct json *j, const char *name, struct bytes text)
{
    put_name(j, name);
    put_quoted(j, text);
}

void json_number(struct json *j, const char *name, uint64_t n)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, n);
    put_name(j, name);
    put_str(j, digits);
}

void json_flag(struct json *j, const char *name, bool on)
{
    put_name(j, name);
    put_str(j, on ? "true" : "false");
}

void json_null(struct json *j, const char *name)
{
    put_name(j, name);
    put_str(j, "null");
}

int json_line_end(struct json *j)
{
    put_str(j, "\n");
    j->first = true;
    return j->err;
}
