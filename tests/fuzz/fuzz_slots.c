/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_slots.c -- whatever is typed as a passphrase, whatever stands in the file.
 *
 * Input: u8 how, then
 *     how mod 3 = 0   a passphrase: its canonical form is its own canonical form
 *     how mod 3 = 1   a key-slot file: it opens for nobody
 *     how mod 3 = 2   u16 offset and a mask over a good file: it opens for its key just
 *                     when salt and slot are untouched
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/limits.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "crypto/slots.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t good[SLOTS_FILE_BYTES], kek[32] = {1}, data_key[32] = {2};
static unsigned good_slot;

static void must(bool x)
{
    if (!x)
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct entropy_stream stream = {.key = {3}};
    struct entropy e = entropy_stream(&stream);
    uint8_t got[32];
    (void)argc;
    (void)argv;
    must(crypto_init() == 0);
    entropy_fill(&e, good, 32);
    slots_create(good, kek, data_key, &e);
    must(slots_open(good, kek, got, &good_slot) == 0);
    must(memcmp(got, data_key, 32) == 0);
    return 0;
}

static bool in_list(struct bytes four)
{
    must(four.n >= 1 && four.n <= 4);
    return four.n == 4 && four.p[0] != 'q';
}

static void try_passphrase(struct bytes typed, bool (*list)(struct bytes four))
{
    struct buf once = {0}, twice = {0};
    int err = passphrase_canonical(typed, list, &once);
    if (err) {
        must(err == ERR_UTF8 || err == ERR_EMPTY || err == ERR_TOOBIG);
        must(once.n == 0);
    } else {
        must(once.n > 0 && once.n <= LIMIT_PASSPHRASE_BYTES_MAX);
        must(once.p[0] != ' ' && once.p[once.n - 1] != ' ');
        must(passphrase_canonical(BUF_BYTES(&once), list, &twice) == 0);
        must(bytes_equal(BUF_BYTES(&once), BUF_BYTES(&twice)));
    }
    buf_free(&once);
    buf_free(&twice);
}

static void try_file(struct bytes bytes)
{
    uint8_t file[SLOTS_FILE_BYTES] = {0}, got[32];
    unsigned slot = 0;
    memcpy(file, bytes.p, bytes.n < sizeof file ? bytes.n : sizeof file);
    must(slots_open(file, kek, got, &slot) == ERR_PASSPHRASE);
}

static void try_mask(struct reader *r)
{
    uint8_t file[SLOTS_FILE_BYTES], got[32] = {0};
    unsigned slot = 0;
    size_t at = read_u16(r);
    size_t slot_at = 32 + (size_t)good_slot * 96;
    memcpy(file, good, sizeof file);
    for (size_t i = 0; i < r->left.n; i++)
        file[(at + i) % sizeof file] ^= r->left.p[i];
    bool whole =
        memcmp(file, good, 32) == 0 && memcmp(file + slot_at, good + slot_at, 96) == 0;
    int err = slots_open(file, kek, got, &slot);
    must(err == (whole ? 0 : ERR_PASSPHRASE));
    must(err != 0 || (slot == good_slot && memcmp(got, data_key, 32) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(BYTES(data, size));
    uint8_t how = read_u8(&r);
    if (how % 3 == 0) {
        try_passphrase(r.left, NULL);
        try_passphrase(r.left, in_list);
    } else if (how % 3 == 1 && r.left.n > 0) {
        try_file(r.left);
    } else if (how % 3 == 2) {
        try_mask(&r);
    }
    return 0;
}
