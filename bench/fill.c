/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fill.c -- a profile with many texts, for benches that run kring itself.
 *
 *     fill HOME WORDS TEXTS     the passphrase is the first line of the file WORDS
 *
 * One group, "Circle"; texts of 256 bytes that end after seven days.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cli/words.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "crypto/slots.h"
#include "node/host/session.h"
#include "store/making.h"

enum { TEXT_BYTES = 256 };

static int passphrase_read(const char *path, struct buf *canonical)
{
    char line[LIMIT_PASSPHRASE_BYTES_MAX + 2] = "";
    FILE *f = fopen(path, "re");
    if (!f)
        return ERR_NOTFOUND;
    bool got = fgets(line, sizeof line, f) != NULL;
    (void)fclose(f);
    size_t n = got ? strcspn(line, "\n") : 0;
    return passphrase_canonical(BYTES(line, n), words_in_list, canonical);
}

static int ask(struct session *s, enum api_verb verb, const struct api_args *args,
               uint64_t *group)
{
    struct api_reply reply = {0};
    int err = session_call(s, verb, args, &reply);
    if (!err)
        err = reply.err;
    if (!err && group)
        *group = api_uint(api_row(&reply, UINT32_MAX), F_GROUP, 0);
    api_reply_free(&reply);
    return err;
}

static int texts_say(struct session *s, unsigned long texts)
{
    char words[TEXT_BYTES + 1];
    uint64_t group = 0;
    struct api_args born = {.name = BYTES("Circle", 6), .pseudonym = BYTES("Wren", 4)};
    int err = ask(s, API_GROUP_NEW, &born, &group);
    for (unsigned long i = 0; i < texts && !err; i++) {
        (void)snprintf(words, sizeof words, "%0*lu", TEXT_BYTES, i);
        struct api_args said = {
            .group = group, .has_group = true, .text = BYTES(words, TEXT_BYTES)};
        err = ask(s, API_SAY, &said, NULL);
    }
    return err;
}

int main(int argc, char **argv)
{
    struct buf canonical = {0};
    uint8_t data_key[32] = {0};
    struct session *s = NULL;
    if (argc != 4)
        return 64;
    session_harden();
    struct session_config config = {.home = argv[1]};
    int err = crypto_init();
    struct entropy entropy = entropy_os();
    if (!err)
        err = passphrase_read(argv[2], &canonical);
    if (!err)
        err = making_profile(argv[1], BUF_BYTES(&canonical), true, &entropy, data_key);
    if (!err)
        err = session_local(&s, &config, data_key);
    if (!err)
        err = texts_say(s, strtoul(argv[3], NULL, 10));
    session_close(s);
    buf_free(&canonical);
    if (err)
        (void)fprintf(stderr, "%s\n", err_name(err));
    return err_exit(err);
}
