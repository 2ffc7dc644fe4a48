/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* json.h -- writing JSON, one object a line.
 *
 * A writer appends to a buf; its error is sticky.  Texts are made safe as for a
 * terminal before they are written (base/text.h), and escaped.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "base/bytes.h"

enum { JSON_BYTES_MAX = 16 << 20 };
/* Which description of the fields holds (docs/json.md).  It grows when a field goes or
 * changes its meaning; a new field or command leaves it as it is. */
enum { JSON_FORMAT = 1 };

struct json {
    struct buf *to; /* lent */
    bool first;     /* nothing was written yet at this level */
    int err;        /* the first error: ERR_NOMEM, ERR_TOOBIG */
};

/* A writer that appends to `to`. */
struct json json_to(struct buf *to);
/* Begin an object: as the next item, or under `name` when that is not NULL. */
void json_object(struct json *j, const char *name);
/* Begin the object of a line; its first field says which format it has. */
void json_line(struct json *j);
/* End the object. */
void json_object_end(struct json *j);
/* Begin a list under `name`. */
void json_list(struct json *j, const char *name);
/* End the list. */
void json_list_end(struct json *j);
/* A text, under `name` or (NULL) as an item of a list. */
void json_text(struct json *j, const char *name, struct bytes text);
/* A number under `name`. */
void json_number(struct json *j, const char *name, uint64_t n);
/* true or false under `name`. */
void json_flag(struct json *j, const char *name, bool on);
/* null under `name`. */
void json_null(struct json *j, const char *name);
/* End the line, whose object has ended.  The first error, or 0. */
NODISCARD int json_line_end(struct json *j);

#endif
