/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* topics.h -- what `kring help` can explain beside the commands: one table.
 *
 * A topic has a question, examples and sentences.  It may have the name of a command;
 * then its sentences stand below what the command does.  Help, the man page and tests
 * read the same table.  To add a topic, add a row in topics.c.
 */
#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

#include <stddef.h>

enum { TOPIC_EXAMPLES_MAX = 4, TOPIC_LINES_MAX = 16 };

struct topic {
    const char *name;                             /* one word, as typed */
    const char *question;                         /* message id */
    const char *examples[TOPIC_EXAMPLES_MAX + 1]; /* after "kring", ends with NULL */
    const char *lines[TOPIC_LINES_MAX + 1];       /* message ids, ends with NULL */
};

extern const struct topic topics[];
extern const size_t topics_count;

/* The topic called `name`, or NULL. */
const struct topic *topic_called(const char *name);

#endif
