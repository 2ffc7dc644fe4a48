/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* marks.h -- rare paths, counted where they are taken.
 *
 * A peer counts how often it came by each; the simulator adds them up, so that a test
 * can demand that a path which only faults lead to was taken at all.  They say nothing
 * to anybody else and are not stored.
 *
 *     peer_mark(p, MARK_name);
 */
#ifndef NODE_CORE_MARKS_H
#define NODE_CORE_MARKS_H

#include <stdint.h>

/* X(NAME, what happened) */
#define MARKS_TABLE(X)                                                                 \
    X(NOKEY_POSTED, "a member asked for a key that it lacked")                         \
    X(NOKEY_AGAIN, "it asked again, the answer did not help")                          \
    X(FORWARD_POSTED, "a member answered")                                             \
    X(FORWARD_TAKEN, "the answer helped")                                              \
    X(FORWARD_FALSE, "an answer did not hold what the log says")                       \
    X(EPOCH_GIVEN_UP, "too many lacked an epoch: it left the set")                     \
    X(EPOCHS_MIXED, "somebody sent under several epochs")                              \
    X(LANE_ASKED, "a lane was asked for that was made beside the asker")               \
    X(PAGE_LATE, "a page came after its entry and opened")                             \
    X(PREKEY_KEPT, "an old prekey was kept for a page that is missing")                \
    X(REKEY_TRIED, "a rekey because nobody answered")                                  \
    X(BEFORE_CAME, "an entry from before the member came")                             \
    X(KEY_LATE, "an entry opened after its key came")                                  \
    X(ENTRY_LATER, "an entry waited for its epoch or author")                          \
    X(ASIDE_HELD, "a badly signed entry was held aside")                               \
    X(ASIDE_VOUCHED, "one held aside was vouched for")                                 \
    X(FORK_CONTENT, "an author's texts forked")                                        \
    X(FORK_CONTROL, "an author's control entries forked")                              \
    X(CONTROL_STRANGER, "a control entry by somebody who was no member")               \
    X(CLAIM_HEARD, "somebody said we wrote what we do not hold")                       \
    X(COPY_SEEN, "an own entry came that was written elsewhere")                       \
    X(KEY_CLASH, "two copies of a profile used one key")                               \
    X(SAID_AGAIN, "a text was said again")                                             \
    X(HOUR_MEDIAN, "the hour rose to that of the others")                              \
    X(HOUR_LEAP, "it rose further than the own clock agrees")                          \
    X(TEXT_ENDED, "a text ended")                                                      \
    X(LINK_REPLACED, "of two links of one pair one went")                              \
    X(SEND_WAITS, "a text waited for a key")

enum mark {
#define X(name, what) MARK_##name,
    MARKS_TABLE(X)
#undef X
        MARKS_COUNT
};

#define peer_mark(p, mark) ((p)->marks[mark]++)

#endif
