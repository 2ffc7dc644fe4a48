/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* limits.h -- every bound of kring in one table.
 *
 * Nothing grows past its row; what happens there is the last column.  Each row
 * has a test that reaches it (the lint looks for the name in tests/).
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* X(NAME, value, what happens at the bound) */
#define LIMITS_TABLE(X)                                                                \
    X(GROUPS_MAX, 64, "a further group is refused: ERR_FULL")                          \
    X(MEMBERS_MAX, 2560, "a further add is refused: ERR_FULL")                         \
    X(AUTHORS_MAX, 4096, "entries of a further author are refused")                    \
    X(CONTROL_ENTRIES_MAX, 16384, "a further control entry is refused: ERR_FULL")      \
    X(CONTROL_PER_MEMBER_MAX, 1024,                                                    \
      "a further control entry of who is no steward is refused: ERR_FULL")             \
    X(CONTROL_MEMBER_BYTES_MAX, 8192,                                                  \
      "a longer control entry of who is no steward is refused: ERR_TOOBIG")            \
    X(CONTROL_RESERVE_MAX, 1024, "the last control entries are kept for stewards")     \
    X(CONTROL_BYTES_MAX, 98304, "a longer control entry is refused: ERR_TOOBIG")       \
    X(CONTROL_STORE_BYTES_MAX, 33554432,                                               \
      "a further control entry is refused: ERR_FULL")                                  \
    X(HEADS_MAX, 16, "the sixteen newest heads become deps")                           \
    X(BODY_BYTES_MAX, 65536, "a longer body is refused: ERR_TOOBIG")                   \
    X(ENVELOPE_BYTES_MAX, 73728, "a longer envelope is refused: ERR_TOOBIG")           \
    X(NAME_BYTES_MAX, 160, "a longer name is refused: ERR_TOOBIG")                     \
    X(CARD_BYTES_MAX, 2048, "a longer card is refused: ERR_MALFORMED")                 \
    X(ADDRESSES_MAX, 8, "further addresses on a card are refused: ERR_TOOBIG")         \
    X(ADDRESS_BYTES_MAX, 128, "a longer address is refused: ERR_TOOBIG")               \
    X(EPOCHS_OPEN_MAX, 64, "more open epochs: the smallest ids are mixed")             \
    X(EPOCHS_HELD_MAX, 1024, "the oldest superseded epoch values are erased")          \
    X(ROOTS_HELD_MAX, 1024, "the trees of the oldest superseded epochs are erased")    \
    X(TREES_LOADED_MAX, 128,                                                           \
      "the key tree used longest ago is written and leaves memory")                    \
    X(BOXES_PER_PAGE_MAX, 256, "the next page begins")                                 \
    X(POSITIONS_MAX, 4096, "the sender rekeys first")                                  \
    X(ASIDE_ENTRIES_MAX, 256, "the oldest entry held aside in the group goes")         \
    X(UNKNOWN_IDS_MAX, 4096, "the oldest unverifiable id of the topic is forgotten")   \
    X(QUARANTINE_BYTES_MAX, 1048576,                                                   \
      "envelopes of unknown epochs from this peer are dropped")                        \
    X(AUTHOR_ENTRIES_MAX, 131072, "of one author the smallest hashes stay")            \
    X(AUTHOR_BYTES_MAX, 134217728, "of one author the smallest hashes stay")           \
    X(BUDGET_BYTES_MAX, 8388608, "entries of this member are left to a later round")   \
    X(BUDGET_CHECKS_MAX, 4096, "entries of this member are left to a later round")     \
    X(BUDGET_ASKS_MAX, 8192, "this member is answered in a later round")               \
    X(BUDGET_SERVED_MAX, 8192, "beside all held twice, answered in a later hour")      \
    X(BUDGET_LINKS_MAX, 64, "a further connection of this member becomes a sink")      \
    X(BUDGET_PUSH_MAX, 256, "entries of this author are left to a later round")        \
    X(BUDGET_CLAIMS_MAX, 1, "claims of this member about own entries are not heard")   \
    X(BUDGET_FORWARDS_MAX, 64, "what this member asks for again is answered later")    \
    X(QUARANTINE_ALL_BYTES_MAX, 8388608,                                               \
      "envelopes of unknown epochs are dropped, whoever sent them")                    \
    X(AHEAD_ENTRIES_MAX, 64, "a further entry far ahead by this author is refused")    \
    X(LINKS_MAX, 64, "a further connection is refused")                                \
    X(LINKS_PER_GROUP_MAX, 16, "no further member is dialled")                         \
    X(LINKS_PER_MEMBER_MAX, 2, "a further link of this member is closed")              \
    X(HANDSHAKES_MAX, 32, "the oldest unproven connection is closed")                  \
    X(SHAKEN_MAX, 24, "the oldest that waits for message 3 is taken for a stranger")   \
    X(GUESTS_MAX, 8, "an invitation link without a proven join is closed")             \
    X(WELCOMES_MAX, 16, "a further newcomer is told to try later")                     \
    X(ACC_KEYS_MAX, 256, "older access keys are not tried")                            \
    X(REPLAY_RING_MAX, 65536, "the oldest first message is forgotten")                 \
    X(FRAME_BYTES_MAX, 16384,                                                          \
      "a longer frame is never sent; announced, it closes the link")                   \
    X(SEND_QUEUE_BYTES_MAX, 1048576,                                                   \
      "the link is not pushed to nor read until it drains")                            \
    X(WIRE_MESSAGE_BYTES_MAX, 131072, "a longer message closes the link")              \
    X(RANGE_IDS_MAX, 64, "a larger range is split")                                    \
    X(RANGES_OPEN_MAX, 1024, "further ranges wait")                                    \
    X(EFFECTS_MAX, 4096, "tells past three quarters of it are left out")               \
    X(INVITES_OPEN_MAX, 64, "a further invitation is refused: ERR_FULL")               \
    X(DOOR_MAX, 16, "a further newcomer who must be let in is told to try later")      \
    X(DOOR_PER_INVITE_MAX, 4, "a further newcomer with this code is told so too")      \
    X(INVITE_LINE_BYTES_MAX, 1024,                                                     \
      "a longer line is not made: ERR_TOOBIG, nor read: ERR_MISTYPED")                 \
    X(PREKEYS_HELD_MAX, 16, "the oldest own prekey is erased")                         \
    X(MP_ITEMS_MAX, 8192, "a larger value is refused: ERR_TOOBIG")                     \
    X(COMMAND_BYTES_MAX, 262144, "a longer command is refused: ERR_TOOBIG")            \
    X(PASSPHRASE_BYTES_MAX, 1024, "a longer passphrase is refused: ERR_TOOBIG")        \
    X(CLOCK_STEP_HOURS_MAX, 24, "a larger step of the clock counts as this")           \
    X(DRAFTS_MAX, 256, "a further waiting text is refused: ERR_FULL")                  \
    X(BEACONS_HEARD_MAX, 64, "further beacons of this second are not looked at")       \
    X(BEACON_KEYS_MAX, 8, "older access keys are not tried on a beacon")               \
    X(BEACON_RING_MAX, 256, "the oldest beacon is forgotten")                          \
    X(BEACON_CALLS_MAX, 16, "who is heard is not called in this minute")               \
    X(NEAR_MAX, 64, "who was heard longest ago is forgotten")                          \
    X(NETWORKS_MAX, 16, "a further network is not marked: ERR_FULL")                   \
    X(WORDS_OPEN_MAX, 4, "further words are refused: ERR_FULL")                        \
    X(WORDS_TRIES_MAX, 3, "the words are finished")                                    \
    X(MEMORY_BYTES_MAX, 268435456,                                                     \
      "a profile in memory is read only from then on: ERR_DISKFULL")

enum limits {
#define X(name, value, what) LIMIT_##name = (value),
    LIMITS_TABLE(X)
#undef X
};

#endif
