/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* noise_pattern.c -- the fundamental patterns, and the modifiers that change them.
 *
 * A pattern is written as its messages with commas between: one letter is a public
 * key sent, two letters are an agreement.  What is known before stands first,
 * initiator's and responder's: "s" or nothing.
 */
#include "crypto/noise_pattern.h"

#include <string.h>

static const struct {
    const char *name, *pre_initiator, *pre_responder, *messages;
} patterns[] = {
    {"N", "", "s", "e es"},
    {"K", "s", "s", "e es ss"},
    {"X", "", "s", "e es s ss"},
    {"NN", "", "", "e,e ee"},
    {"NK", "", "s", "e es,e ee"},
    {"NX", "", "", "e,e ee s es"},
    {"KN", "s", "", "e,e ee se"},
    {"KK", "s", "s", "e es ss,e ee se"},
    {"KX", "s", "", "e,e ee se s es"},
    {"XN", "", "", "e,e ee,s se"},
    {"XK", "", "s", "e es,e ee,s se"},
    {"XX", "", "", "e,e ee s es,s se"},
    {"IN", "", "", "e s,e ee se"},
    {"IK", "", "s", "e es s ss,e ee se"},
    {"IX", "", "", "e s,e ee se s es"},
};

static const struct {
    char text[3];
    uint8_t token;
} token_names[] = {
    {"e", TOKEN_E},   {"s", TOKEN_S},   {"ee", TOKEN_EE},
    {"es", TOKEN_ES}, {"se", TOKEN_SE}, {"ss", TOKEN_SS},
};

static uint8_t token_find(const char *text, size_t n)
{
    for (size_t i = 0; i < sizeof token_names / sizeof *token_names; i++)
        if (strlen(token_names[i].text) == n &&
            memcmp(token_names[i].text, text, n) == 0)
            return token_names[i].token;
    return TOKEN_END;
}

/* Read the table's text of the messages. */
static void read_messages(struct noise_pattern *p, const char *text)
{
    size_t at = 0;
    p->messages = 1;
    while (*text) {
        size_t n = 0;
        while (text[n] && text[n] != ' ' && text[n] != ',')
            n++;
        p->tokens[p->messages - 1][at++] = token_find(text, n);
        text += n;
        if (*text == ',') {
            p->messages++;
            at = 0;
        }
        if (*text)
            text++;
    }
}

static int read_base(struct noise_pattern *p, struct bytes name)
{
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        if (!bytes_equal(name, BYTES(patterns[i].name, strlen(patterns[i].name))))
            continue;
        p->pre_initiator[0] =
            token_find(patterns[i].pre_initiator, strlen(patterns[i].pre_initiator));
        p->pre_responder[0] =
            token_find(patterns[i].pre_responder, strlen(patterns[i].pre_responder));
        read_messages(p, patterns[i].messages);
        return 0;
    }
    return ERR_NOTFOUND;
}

static size_t tokens_count(const uint8_t *list)
{
    size_t n = 0;
    while (list[n] != TOKEN_END)
        n++;
    return n;
}

/* psk0 stands before the first message, pskN after message N (section 9). */
static int apply_psk(struct noise_pattern *p, unsigned where)
{
    if (where > p->messages)
        return ERR_NOTFOUND;
    uint8_t *list = p->tokens[where == 0 ? 0 : where - 1];
    size_t n = tokens_count(list);
    if (n + 2 > PATTERN_TOKENS_MAX)
        return ERR_NOTFOUND;
    bool twice = where == 0 ? list[0] == TOKEN_PSK : list[n - 1] == TOKEN_PSK;
    if (twice)
        return ERR_NOTFOUND;
    if (where == 0) {
        memmove(list + 1, list, n);
        list[0] = TOKEN_PSK;
    } else {
        list[n] = TOKEN_PSK;
    }
    p->psks++;
    return 0;
}

/* The first message becomes something known before, and the responder of the
 * pattern begins (section 10): it is the initiator now, so all pairs turn round. */
static int apply_fallback(struct noise_pattern *p)
{
    struct noise_pattern q = {.messages = (uint8_t)(p->messages - 1), .psks = p->psks};
    size_t n = tokens_count(p->tokens[0]);
    if (p->messages < 2 || p->pre_initiator[0] != TOKEN_END || n + 1 > PATTERN_PRE_MAX)
        return ERR_NOTFOUND;
    for (size_t i = 0; i < n; i++)
        if (p->tokens[0][i] != TOKEN_E && p->tokens[0][i] != TOKEN_S)
            return ERR_NOTFOUND;
    memcpy(q.pre_responder, p->tokens[0], n);
    memcpy(q.pre_initiator, p->pre_responder, sizeof q.pre_initiator);
    memcpy(q.tokens, p->tokens[1], sizeof q.tokens - sizeof q.tokens[0]);
    for (size_t i = 0; i < q.messages; i++) {
        for (uint8_t *t = q.tokens[i]; *t != TOKEN_END; t++) {
            if (*t == TOKEN_ES)
                *t = TOKEN_SE;
            else if (*t == TOKEN_SE)
                *t = TOKEN_ES;
        }
    }
    *p = q;
    return 0;
}

static int apply_modifier(struct noise_pattern *p, struct bytes text)
{
    static const char psk[] = "psk", fallback[] = "fallback";
    if (bytes_equal(text, BYTES(fallback, sizeof fallback - 1)))
        return apply_fallback(p);
    if (text.n == 4 && memcmp(text.p, psk, 3) == 0 && text.p[3] >= '0' &&
        text.p[3] <= '9')
        return apply_psk(p, (unsigned)(text.p[3] - '0'));
    return ERR_NOTFOUND;
}

int noise_pattern_parse(struct noise_pattern *p, struct bytes text)
{
    *p = (struct noise_pattern){0};
    size_t n = 0;
    while (n < text.n && text.p[n] >= 'A' && text.p[n] <= 'Z')
        n++;
    int err = read_base(p, BYTES(text.p, n));
    while (!err && n < text.n) {
        size_t end = n;
        while (end < text.n && text.p[end] != '+')
            end++;
        err = apply_modifier(p, BYTES(text.p + n, end - n));
        n = end;
        if (!err && n < text.n && ++n == text.n)
            err = ERR_NOTFOUND; /* a plus with nothing after it */
    }
    return err;
}
