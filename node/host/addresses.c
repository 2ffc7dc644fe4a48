/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* addresses.c -- own and foreign addresses as text. */
#include "node/host/addresses.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

/* Where the port begins; NULL if the text has no such place. */
static const uint8_t *split_at(struct bytes text, struct bytes *host)
{
    const uint8_t *end = text.p + text.n;
    if (text.n > 0 && text.p[0] == '[') {
        const uint8_t *close = memchr(text.p, ']', text.n);
        if (!close || close + 1 == end || close[1] != ':')
            return NULL;
        *host = BYTES(text.p + 1, close - text.p - 1);
        return close + 2;
    }
    const uint8_t *colon = text.n > 0 ? memchr(text.p, ':', text.n) : NULL;
    if (!colon || memchr(colon + 1, ':', (size_t)(end - colon - 1)))
        return NULL; /* none, or a bare version 6 address */
    *host = BYTES(text.p, colon - text.p);
    return colon + 1;
}

/* A host is an address or a name: letters that cannot end a line of a log. */
static bool host_letters(struct bytes host)
{
    static const char more[] = ".-_:%*";
    for (size_t i = 0; i < host.n; i++) {
        uint8_t c = host.p[i];
        bool plain =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!plain && !(c != 0 && strchr(more, c)))
            return false;
    }
    return host.n > 0;
}

static bool port_read(const uint8_t *p, const uint8_t *end, uint16_t *port)
{
    uint32_t v = 0;
    if (p == end || end - p > 5)
        return false;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        v = v * 10 + (uint32_t)(*p - '0');
    }
    *port = (uint16_t)v;
    return v <= UINT16_MAX;
}

int address_split(struct bytes text, struct address *out)
{
    struct bytes host = {0};
    uint16_t port = 0;
    if (text.n > LIMIT_ADDRESS_BYTES_MAX)
        return ERR_TOOBIG;
    const uint8_t *at = split_at(text, &host);
    if (!at || !host_letters(host) || !port_read(at, text.p + text.n, &port))
        return ERR_NOHOST;
    *out = (struct address){.port = port};
    memcpy(out->host, host.p, host.n);
    return 0;
}

int address_add(struct address_list *list, const char *host, uint16_t port)
{
    if (list->count == LIMIT_ADDRESSES_MAX)
        return ERR_FULL;
    char *text = list->text[list->count];
    size_t room = sizeof list->text[0];
    const char *form = strchr(host, ':') ? "[%s]:%u" : "%s:%u";
    int n = snprintf(text, room, form, host, (unsigned)port);
    if (n < 0 || (size_t)n >= room)
        return ERR_TOOBIG;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->text[i], text) == 0)
            return 0;
    list->count++;
    return 0;
}

/* True if others may reach us here: fe80::/10 means something else on every wire. */
static bool interface_fits(const uv_interface_address_t *a, int family)
{
    if (a->is_internal || a->address.address4.sin_family != family)
        return false;
    if (family == AF_INET)
        return true;
    const uint8_t *six = a->address.address6.sin6_addr.s6_addr;
    return !(six[0] == 0xfe && (six[1] & 0xc0) == 0x80);
}

void address_add_interfaces(struct address_list *list, uint16_t port, bool v4, bool v6)
{
    uv_interface_address_t *all = NULL;
    int count = 0;
    size_t before = list->count;
    if (uv_interface_addresses(&all, &count) < 0)
        count = 0;
    for (int pass = 0; pass < 2; pass++) {
        int family = pass == 0 ? AF_INET : AF_INET6;
        for (int i = 0; i < count && (pass == 0 ? v4 : v6); i++) {
            char host[64] = "";
            if (!interface_fits(&all[i], family))
                continue;
            if (family == AF_INET)
                (void)uv_ip4_name(&all[i].address.address4, host, sizeof host);
            else
                (void)uv_ip6_name(&all[i].address.address6, host, sizeof host);
            if (address_add(list, host, port) < 0)
                break; /* the list is full: the rest is left out */
        }
    }
    if (all)
        uv_free_interface_addresses(all, count);
    /* Better than none: two on one computer can talk. */
    if (list->count == before && address_add(list, v4 ? "127.0.0.1" : "::1", port) < 0)
        list->count = before;
}

int address_list_write(const struct address_list *list, struct buf *out)
{
    int err = 0;
    for (size_t i = 0; i < list->count && err == 0; i++) {
        err =
            buf_append(out, BYTES(list->text[i], strlen(list->text[i])), SIZE_MAX / 2);
        if (err == 0)
            err = buf_append(out, BYTES("\n", 1), SIZE_MAX / 2);
    }
    return err;
}

void address_list_read(struct bytes lines, struct address_list *out)
{
    *out = (struct address_list){0};
    while (lines.n > 0) {
        const uint8_t *end = memchr(lines.p, '\n', lines.n);
        struct address a;
        if (!end || address_split(BYTES(lines.p, end - lines.p), &a) < 0 ||
            address_add(out, a.host, a.port) < 0)
            return;
        lines = BYTES(end + 1, lines.p + lines.n - end - 1);
    }
}

bool address_list_equal(const struct address_list *a, const struct address_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->text[i], b->text[i]) != 0)
            return false;
    return true;
}
