/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* commit.h -- steps, their transaction, and what leaves after it.
 *
 * When a step or a commit fails, everything of the turn is undone: the transaction is
 * rolled back, no effect leaves, links are closed, and the core is made anew from what
 * was committed.  After HOST_FAILURES_MAX failures in a row the core is only looked at:
 * a full disk can still be read, and nothing that was shown as saved is lost.
 */
#ifndef NODE_HOST_COMMIT_H
#define NODE_HOST_COMMIT_H

#include "node/host/loop.h"

/* Do one step now; its time is filled in.  An error means that the turn was undone.
 * Errors of the store, ERR_NOMEM. */
NODISCARD int host_step(struct host *h, struct event *ev);
/* As host_step, for events of links: nobody waits for the answer. */
void host_event(struct host *h, struct event *ev);
/* Have an event of a link stepped in the next turn (for use while effects are done). */
void host_later(struct host *h, enum ev_kind kind, uint32_t link, int err);
/* Step what host_later kept. */
void host_run_later(struct host *h);
/* Open the turn's transaction if it is not.  ERR_STATE, errors of the store. */
NODISCARD int host_begin(struct host *h);
/* End the turn: commit, then do its effects and send its replies.  Errors of the store;
 * then all was undone.  Without anything to do it costs nothing. */
NODISCARD int host_commit(struct host *h);
/* Undo the turn after `err` in work of the host's own. */
void host_fail(struct host *h, int err);
/* Send `reply` to a client after the turn's commit.  ERR_NOMEM. */
NODISCARD int host_answer(struct host *h, uint32_t client, struct bytes reply);
/* Make sure that the core can do steps: start it anew if it failed; `now`: without
 * waiting out the pause after failures.  The error that stands in the way. */
NODISCARD int host_ready(struct host *h, bool now);
/* Make sure that the core can be looked at.  Errors as host_ready. */
NODISCARD int host_ready_look(struct host *h);
/* Tell the core that h->addresses changed. */
void host_announce_addresses(struct host *h);

#endif
