/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* api_rows.h -- views of the core as rows of a reply; which fields: api.h.
 *
 * args->after rows are skipped, and args->limit (0: no bound) given at most.  When rows
 * are left, by the limit or by the size of a reply, F_AFTER says how many to skip next.
 */
#ifndef NODE_HOST_API_ROWS_H
#define NODE_HOST_API_ROWS_H

#include "node/host/loop.h"

/* Numbers about the node, and its addresses as rows.  ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int rows_status(struct host *h, const struct api_args *args,
                          struct api_answer *out);
/* The groups.  ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int rows_groups(struct host *h, const struct api_args *args,
                          struct api_answer *out);
/* Members of args->group.  ERR_NOTFOUND, ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int rows_members(struct host *h, const struct api_args *args,
                           struct api_answer *out);
/* API_UNSENT of a group: what that text answers.  Errors of the log. */
NODISCARD int rows_unsent_answers(struct host *h, const struct api_args *args,
                                  struct api_answer *out);
/* API_SEARCH: texts found by words.  ERR_EMPTY, ERR_NOTFOUND, ERR_TOOBIG, ERR_UTF8,
 * errors of the log. */
NODISCARD int rows_search(struct host *h, const struct api_args *args,
                          struct api_answer *out);
/* API_COMPARE_LOOK: with whom we compare, and the sentence.  ERR_NOMEM. */
NODISCARD int rows_compare(struct host *h, struct api_answer *out);
/* Members heard near here.  ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int rows_near(struct host *h, const struct api_args *args,
                        struct api_answer *out);
/* Networks of ours.  ERR_NOMEM, ERR_TOOBIG, errors of the store. */
NODISCARD int rows_networks(struct host *h, const struct api_args *args,
                            struct api_answer *out);
/* Messages of args->group, in shown order.  ERR_NOTFOUND, ERR_NOMEM, ERR_TOOBIG, errors
 * of the store. */
NODISCARD int rows_messages(struct host *h, const struct api_args *args,
                            struct api_answer *out);

/* Members who lack the text in args->row.  ERR_NOTFOUND, ERR_USAGE, ERR_NOMEM,
 * ERR_TOOBIG, errors of the store. */
NODISCARD int rows_lacking(struct host *h, const struct api_args *args,
                           struct api_answer *out);
/* Answer API_DOOR. */
NODISCARD int rows_door(struct host *h, const struct api_args *args,
                        struct api_answer *out);
/* Texts that were begun and not sent, a row each with the first words.  ERR_NOMEM,
 * ERR_TOOBIG, errors of the store. */
NODISCARD int rows_unsent(struct host *h, const struct api_args *args,
                          struct api_answer *out);

#endif
