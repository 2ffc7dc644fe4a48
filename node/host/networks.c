/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* networks.c -- see networks.h. */
#include "node/host/networks.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "node/host/commit.h"
#include "node/host/profile.h"

enum {
    SALT_BYTES = 32,
    LINE_BYTES = 512,
    NAME_BYTES = 32,
    RECORD_BYTES_MAX = SALT_BYTES + LIMIT_NETWORKS_MAX * (17 + LIMIT_NAME_BYTES_MAX),
    ROUTE_GATEWAY = 2, /* RTF_GATEWAY */
    ARP_COMPLETE = 2,  /* ATF_COM */
};

static const char key[] = "host/networks";
#define KEY BYTES(key, sizeof key - 1)

/* ---- the router ----------------------------------------------------------------- */

struct router {
    uint32_t address; /* as the network has it */
    char interface[NAME_BYTES];
    uint8_t hardware[6];
};

/* The way to everywhere with the smallest metric. */
static bool router_address(struct router *out)
{
    char line[LINE_BYTES], name[NAME_BYTES];
    unsigned to, by, flags, metric, best = UINT32_MAX;
    bool found = false;
    FILE *f = fopen("/proc/net/route", "re");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "%31s %x %x %x %*d %*d %u", name, &to, &by, &flags, &metric) !=
                5 ||
            to != 0 || !(flags & ROUTE_GATEWAY) || (found && metric >= best))
            continue;
        found = true;
        best = metric;
        out->address = by;
        memcpy(out->interface, name, sizeof name);
    }
    if (f)
        (void)fclose(f);
    return found;
}

static bool router_hardware(struct router *r)
{
    char line[LINE_BYTES], ip[NAME_BYTES], mac[NAME_BYTES], name[NAME_BYTES],
        want[INET_ADDRSTRLEN];
    unsigned flags, m[6];
    struct in_addr address = {.s_addr = r->address};
    bool found = false;
    FILE *f = fopen("/proc/net/arp", "re");
    (void)inet_ntop(AF_INET, &address, want, sizeof want);
    while (f && !found && fgets(line, sizeof line, f)) {
        if (sscanf(line, "%31s %*s %x %31s %*s %31s", ip, &flags, mac, name) != 4)
            continue;
        found = strcmp(ip, want) == 0 && strcmp(name, r->interface) == 0 &&
                (flags & ARP_COMPLETE) &&
                sscanf(mac, "%x:%x:%x:%x:%x:%x", &m[0], &m[1], &m[2], &m[3], &m[4],
                       &m[5]) == 6;
    }
    if (f)
        (void)fclose(f);
    for (int i = 0; found && i < 6; i++)
        r->hardware[i] = (uint8_t)m[i];
    return found;
}

/* What the present network is known by; false: by nothing. */
static bool network_id(const uint8_t salt[static SALT_BYTES], uint8_t id[static 16])
{
    struct router r = {0};
    if (!router_address(&r) || !router_hardware(&r))
        return false;
    const struct bytes parts[] = {BYTES(salt, SALT_BYTES), BYTES_OF(r.hardware),
                                  BYTES(&r.address, sizeof r.address)};
    hash16(id, "network", parts, 3);
    return true;
}

/* ---- the record ----------------------------------------------------------------- */

struct network {
    uint8_t id[16];
    struct bytes name;
};

static bool network_read(struct reader *r, struct network *out)
{
    if (r->left.n == 0)
        return false;
    read_copy(r, out->id, sizeof out->id);
    out->name = read_bytes(r, read_u8(r));
    return !r->err;
}

/* The record; a fresh salt when there is none yet. */
static int record_load(struct host *h, struct buf *out)
{
    struct bytes value;
    uint8_t salt[SALT_BYTES];
    int err = profile_host_get(h, KEY, &value);
    if (err == 0 && value.n >= SALT_BYTES)
        return buf_append(out, value, RECORD_BYTES_MAX);
    if (err < 0 && err != ERR_NOTFOUND)
        return err;
    entropy_fill(&h->entropy, salt, sizeof salt);
    return buf_append(out, BYTES_OF(salt), RECORD_BYTES_MAX);
}

static int record_add(struct buf *out, const struct network *n)
{
    uint8_t length = (uint8_t)n->name.n;
    int err = buf_append(out, BYTES_OF(n->id), RECORD_BYTES_MAX);
    if (err == 0)
        err = buf_append(out, BYTES(&length, 1), RECORD_BYTES_MAX);
    return err < 0 ? err : buf_append(out, n->name, RECORD_BYTES_MAX);
}

int networks_each(struct host *h, networks_visit *visit, void *ctx)
{
    struct buf record = {0};
    struct network n;
    uint8_t id[16];
    int err = record_load(h, &record);
    bool known = err == 0 && network_id(record.p, id);
    struct reader r = reader_of(
        err ? BYTES(NULL, 0) : BYTES(record.p + SALT_BYTES, record.n - SALT_BYTES));
    while (err == 0 && network_read(&r, &n))
        err = visit(ctx, n.name, known && memcmp(n.id, id, sizeof id) == 0);
    buf_free(&record);
    return err;
}

enum network_here networks_here(struct host *h, struct bytes *name)
{
    struct bytes value = {0};
    struct network n;
    uint8_t id[16];
    static const uint8_t none[SALT_BYTES];
    bool held = profile_host_get(h, KEY, &value) == 0 && value.n >= SALT_BYTES;
    *name = BYTES(NULL, 0);
    if (!network_id(held ? value.p : none, id))
        return NETWORK_UNKNOWN;
    struct reader r = reader_of(held ? BYTES(value.p + SALT_BYTES, value.n - SALT_BYTES)
                                     : BYTES(NULL, 0));
    while (network_read(&r, &n))
        if (memcmp(n.id, id, sizeof id) == 0) {
            *name = n.name;
            return NETWORK_OURS;
        }
    return NETWORK_OTHER;
}

/* ---- changing it ----------------------------------------------------------------- */

/* Write the record without network `but` (UINT64_MAX: with all) and without that of
 * `fresh`, which comes last. */
static int record_change(struct host *h, uint64_t but, const struct network *fresh)
{
    struct buf old = {0}, made = {0};
    struct network n;
    uint64_t at = 0, kept = 0;
    int err = record_load(h, &old);
    if (err == 0)
        err = buf_append(&made, BYTES(old.p, SALT_BYTES), RECORD_BYTES_MAX);
    struct reader r =
        reader_of(err ? BYTES(NULL, 0) : BYTES(old.p + SALT_BYTES, old.n - SALT_BYTES));
    for (; err == 0 && network_read(&r, &n); at++) {
        if (at == but || (fresh && memcmp(n.id, fresh->id, sizeof n.id) == 0))
            continue;
        kept++;
        err = record_add(&made, &n);
    }
    if (err == 0 && fresh)
        err = kept >= LIMIT_NETWORKS_MAX ? ERR_FULL : record_add(&made, fresh);
    if (err == 0 && !fresh && at <= but)
        err = ERR_NOTFOUND;
    if (err == 0)
        err = profile_host_put(h, KEY, BUF_BYTES(&made));
    buf_free(&old);
    buf_free(&made);
    if (err == 0)
        networks_check(h, true);
    return err;
}

int networks_mark(struct host *h, struct bytes name)
{
    struct network fresh = {.name = name};
    struct buf record = {0};
    int err = text_check_name(name);
    if (err == 0)
        err = record_load(h, &record);
    if (err == 0) /* the salt must be the one that is stored */
        err = profile_host_put(h, KEY, BUF_BYTES(&record));
    if (err == 0 && !network_id(record.p, fresh.id))
        err = ERR_NOTFOUND;
    buf_free(&record);
    return err < 0 ? err : record_change(h, UINT64_MAX, &fresh);
}

int networks_forget(struct host *h, uint64_t n)
{
    return record_change(h, n, NULL);
}

void networks_check(struct host *h, bool anew)
{
    struct bytes name;
    bool ours = h->online && networks_here(h, &name) == NETWORK_OURS;
    if ((ours == h->beacons.ours && !anew) || !h->peer || h->looking)
        return;
    struct command c = {.kind = CMD_OURS, .ours = ours};
    struct event ev = {.kind = EV_COMMAND, .command = &c};
    h->beacons.ours = ours;
    host_event(h, &ev);
}
