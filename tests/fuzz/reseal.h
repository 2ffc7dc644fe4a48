/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* reseal.h -- envelopes taken apart, one field changed, sealed and signed again.
 *
 *     reseal_open -> reseal_change -> reseal_write -> reseal_free
 *
 * Unlike envelope_seal it writes what no honest author would: other counts, padding,
 * hashes and signatures, each in an envelope that is otherwise whole.  So a fuzzer's
 * changes pass the seals and meet what lies behind them (P7, P8).
 */
#ifndef TESTS_FUZZ_RESEAL_H
#define TESTS_FUZZ_RESEAL_H

#include "node/core/envelope_int.h"

enum { RESEAL_EPOCHS_MAX = 127, RESEAL_BODY_BYTES_MAX = 60000 };

/* What is needed to read and write.  All lent. */
struct reseal_keys {
    const uint8_t *topic, *header_key;
    const uint8_t *group, *author_pk, *member_sk;
    /* The leaf of a place and position under these epochs; zeros for one not known. */
    void (*leaf)(void *ctx, const struct key_ref *ref, uint8_t out[32]);
    /* Fill in full ids for their prefixes in ref->ids. */
    void (*resolve)(void *ctx, struct key_ref *ref);
    void *ctx;
};

enum reseal_padding { PAD_FITS, PAD_LARGER, PAD_UNMARKED, PAD_JUNK, PAD_FORMS };

/* An envelope apart; what is named flip is XORed into the field it is called after. */
struct reseal {
    uint8_t clear[ENVELOPE_CLEAR_BYTES];
    uint8_t count_flip, count, mix;
    uint8_t ids[RESEAL_EPOCHS_MAX][32]; /* the header holds their first 8 bytes */
    uint16_t place, position;
    uint32_t seq;
    uint8_t prev[32];
    uint8_t hash_flip, sign_flip, header_flip, cipher_flip, padding;
    struct buf body; /* without padding; owned */
};

/* Take an envelope apart; a body that does not open is left empty.  False: it is none
 * under these keys. */
bool reseal_open(struct reseal *r, const struct reseal_keys *keys,
                 struct bytes envelope);
/* Change one field, chosen by `seed`. */
void reseal_change(struct reseal *r, uint32_t seed);
/* Append the envelope that says this to `out`; its entry hash.  False: too big. */
bool reseal_write(const struct reseal *r, const struct reseal_keys *keys,
                  struct buf *out, uint8_t hash[static 32]);
/* Put a body of these fields into `r`, of any kind and with deps in any order. */
void reseal_body(struct reseal *r, const struct body *body);
/* Free what `r` owns. */
void reseal_free(struct reseal *r);

/* The fuzzer's own changes to plain bytes (replay_main.c has a simple form). */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
