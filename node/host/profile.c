/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* profile.c -- settings and own addresses. */
#include "node/host/profile.h"

#include <string.h>

#include "base/text.h"
#include "node/host/commit.h"
#include "node/host/net.h"
#include "store/store.h"

static const char key_port[] = "host/port";
static const char key_addresses[] = "host/addresses";
static const char key_setting[] = "set/";

enum { PORT_LOW = 20000, PORT_COUNT = 12000 }; /* below what systems hand out */

/* ---- the table ----------------------------------------------------------- */

static int profile_get(struct host *h, struct bytes key, struct bytes *value)
{
    struct log log = store_log(h->store);
    *value = BYTES(NULL, 0);
    return log.ops->get(log.ctx, 0, LOG_PROFILE, key, value);
}

/* Write or, with an empty value, remove; nothing is done when it stands so already. */
static int profile_put(struct host *h, struct bytes key, struct bytes value)
{
    struct log log = store_log(h->store);
    struct bytes held;
    int err = profile_get(h, key, &held);
    if (err == ERR_NOTFOUND && value.n == 0)
        return 0;
    if (err == 0 && bytes_equal(held, value))
        return 0;
    err = host_ready(h, true); /* not while nothing can be stored */
    if (err < 0)
        return err;
    err = host_begin(h);
    if (err == 0 && value.n > 0)
        err = log.ops->put(log.ctx, 0, LOG_PROFILE, key, value);
    else if (err == 0)
        err = log.ops->del(log.ctx, 0, LOG_PROFILE, key);
    if (err < 0)
        host_fail(h, err);
    return err;
}

int profile_host_get(struct host *h, struct bytes key, struct bytes *value)
{
    return profile_get(h, key, value);
}

int profile_host_put(struct host *h, struct bytes key, struct bytes value)
{
    return profile_put(h, key, value);
}

static struct bytes key_of(const char *text)
{
    return BYTES(text, strlen(text));
}

/* ---- settings ------------------------------------------------------------ */

static int setting_key(struct bytes name, struct room *key)
{
    if (name.n == 0 || name.n > SETTING_NAME_BYTES_MAX)
        return ERR_USAGE;
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return ERR_USAGE;
    }
    int err = room_append(key, key_of(key_setting));
    return err < 0 ? err : room_append(key, name);
}

int profile_setting(struct host *h, struct bytes name, struct bytes *value)
{
    uint8_t bytes[LOG_KEY_BYTES_MAX];
    struct room key = ROOM_OF(bytes);
    *value = BYTES(NULL, 0);
    int err = setting_key(name, &key);
    return err < 0 ? err : profile_get(h, BYTES(key.p, key.n), value);
}

int profile_set(struct host *h, struct bytes name, struct bytes value)
{
    uint8_t bytes[LOG_KEY_BYTES_MAX];
    struct room key = ROOM_OF(bytes);
    int err = setting_key(name, &key);
    if (err == 0)
        err = text_check(value);
    if (err == 0 && value.n > SETTING_BYTES_MAX)
        err = ERR_TOOBIG;
    return err < 0 ? err : profile_put(h, BYTES(key.p, key.n), value);
}

/* ---- addresses ----------------------------------------------------------- */

uint16_t profile_port(struct host *h)
{
    struct bytes v;
    if (profile_get(h, key_of(key_port), &v) < 0 || v.n != 2)
        return 0;
    return get_u16(v.p);
}

static int port_save(struct host *h, uint16_t port)
{
    uint8_t v[2];
    put_u16(v, port);
    return profile_put(h, key_of(key_port), BYTES_OF(v));
}

int profile_save_addresses(struct host *h)
{
    struct buf lines = {0};
    if (h->net.listeners_count == 0)
        return 0;
    int err = address_list_write(&h->addresses, &lines);
    if (err == 0)
        err = port_save(h, h->net.listeners[0].port);
    if (err == 0)
        err = profile_put(h, key_of(key_addresses), BUF_BYTES(&lines));
    buf_free(&lines);
    return err;
}

void profile_check_addresses(struct host *h)
{
    struct address_list now = {0};
    net_addresses(h, &now);
    if (address_list_equal(&now, &h->addresses))
        return;
    h->addresses = now;
    host_announce_addresses(h);
    if (profile_save_addresses(h) < 0)
        host_wake(h); /* the turn was undone; the next core is told at its start */
}

int profile_addresses(struct host *h, struct address_list *out)
{
    struct bytes lines;
    *out = h->addresses;
    if (out->count > 0)
        return 0;
    if (profile_get(h, key_of(key_addresses), &lines) == 0)
        address_list_read(lines, out);
    if (out->count > 0)
        return 0;
    uint16_t port = profile_port(h);
    int err = 0;
    if (port == 0) {
        port = (uint16_t)(PORT_LOW + entropy_below(&h->entropy, PORT_COUNT));
        err = port_save(h, port);
    }
    address_add_interfaces(out, port, true, true);
    return err;
}
