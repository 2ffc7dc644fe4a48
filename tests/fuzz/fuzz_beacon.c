/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_beacon.c -- datagrams from the local network, to a peer that looks around,
 * offers six words and looks for others.
 *
 * Input: u8 how, u8 length of the sender's host, host, then
 *     how % 4 = 0   the datagram as it is: no stranger's opens
 *     how % 4 = 1   what is inside, as a member says it under the newest key
 *     how % 4 = 2   the same under an older key
 *     how % 4 = 3   the same under the key of the words that are looked for
 * and so on until the input ends.
 */
#include "base/cursor.h"
#include "node/core/near_int.h"
#include "tests/lib/hand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES_MAX = 64 };

static void must(bool x)
{
    if (!x)
        abort();
}

static void command(struct net *n, struct command c)
{
    must(net_command(n, 0, &c) == 0);
}

static struct net *looking_net(void)
{
    static const uint8_t offered[32] = {1}, sought[32] = {2};
    struct net *n = net_two();
    command(n, (struct command){.kind = CMD_REKEY, .group = 1});
    net_run(n, 2000);
    net_cut(n, 0, true);
    n->off[1] = true;
    command(n, (struct command){.kind = CMD_LOOK, .delay_ms = 120000});
    command(n, (struct command){
                   .kind = CMD_INVITE_WORDS, .group = 1, .text = BYTES_OF(offered)});
    command(n, (struct command){.kind = CMD_JOIN_WORDS,
                                .text = BYTES_OF(sought),
                                .pseudonym = TEXT("Otter")});
    return n;
}

/* The key that this piece is sealed with. */
static void key_of(const struct net *n, unsigned how, uint8_t key[static 32])
{
    uint8_t acc[32];
    const struct near_words *words = n->peer[0]->peer->near->words;
    if (how % 4 == 3) {
        memcpy(key, words[1].key, 32);
        return;
    }
    must(keys_acc_at(net_group(n, 0), how % 4 - 1, acc));
    beacon_key(key, acc);
}

/* A datagram of what the piece holds. */
static struct bytes seal(const struct net *n, unsigned how, struct bytes inside,
                         uint8_t out[static BEACON_BYTES])
{
    static uint32_t count;
    uint8_t key[32], plain[BEACON_PLAIN_BYTES] = {0};
    uint8_t nonce[BEACON_NONCE_BYTES] = {0};
    struct beacon b = {0};
    if (inside.n > 0)
        memcpy(plain, inside.p, inside.n < sizeof plain ? inside.n : sizeof plain);
    b.kind = plain[0] % 4;
    b.port = get_u16(plain + 1);
    memcpy(b.transport_pk, plain + 3, 32);
    memcpy(b.rest, plain + 35, 32);
    if (plain[3] == 0) /* the other member, whom nobody could guess */
        memcpy(b.transport_pk, net_group(n, 1)->transport_pk, 32);
    put_u32(nonce, ++count);
    key_of(n, how, key);
    beacon_seal(out, key, nonce, &b);
    return BYTES(out, BEACON_BYTES);
}

static void one_piece(struct net *n, struct reader *r)
{
    uint8_t packet[BEACON_BYTES];
    unsigned how = read_u8(r);
    struct bytes host = read_bytes(r, read_u8(r) % 64);
    size_t take = r->left.n < BEACON_BYTES ? r->left.n : BEACON_BYTES;
    struct bytes inside = read_bytes(r, take);
    if (r->err)
        return;
    uint32_t calls = n->peer[0]->peer->near->calls;
    struct event ev = {.kind = EV_BEACON, .bytes = inside, .address = host};
    if (how % 4 > 0)
        ev.bytes = seal(n, how, inside, packet);
    net_step(n, 0, &ev);
    if (how % 4 == 0)
        must(n->peer[0]->peer->near->calls == calls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    must(crypto_init() == 0);
    struct net *n = looking_net();
    const struct nearby *near = n->peer[0]->peer->near;
    struct reader r = reader_of(BYTES(data, size));
    for (int i = 0; i < PIECES_MAX && r.left.n > 0 && !r.err; i++) {
        one_piece(n, &r);
        net_run(n, 200);
    }
    must(near->list_count <= LIMIT_NEAR_MAX);
    must(near->seen_count <= LIMIT_BEACON_RING_MAX);
    must(net_group(n, 0)->joining == false);
    must(n->peer[0]->peer->groups_count <= 2); /* one join at most came of it */
    net_free(n);
    return 0;
}
