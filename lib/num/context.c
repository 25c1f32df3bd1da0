#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num/context.h"

enum { OUTSIDE = 256, LAST_COLUMN = 40 };

static const uint64_t seed = 0x2545f4914f6cdd1d;

/* Multiplicative hashing: the high bits of h * odd are well mixed. */
static inline uint64_t
mix(uint64_t h, uint64_t symbol)
{
    h = (h + symbol + 1) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

static inline uint64_t
finish(uint64_t h)
{
    h *= 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

static int
is_letter(uint8_t c)
{
    return (c | 32) >= 'a' ? (c | 32) <= 'z' || c >= 0x80 : 0;
}

static const char *const names[] = { "word", "words", "gap", "line" };

/* A length at *s, which moves behind it; 0: none. */
static long
parse_length(char **s)
{
    return **s >= '0' && **s <= '9' ? strtol(*s, s, 10) : 0;
}

/* One item of a set, which ends at a comma or the end of the text. */
static int
parse_item(uint32_t *set, const char *item, size_t len)
{
    char copy[16], *at = copy;
    long from, to;

    if (len == 0 || len >= sizeof copy)
        return -1;
    memcpy(copy, item, len);
    copy[len] = 0;
    for (int i = 0; i < CONTEXTS - CONTEXT_WORD; i++)
        if (strcmp(copy, names[i]) == 0) {
            *set |= 1u << (CONTEXT_WORD + i);
            return 0;
        }
    from = to = parse_length(&at);
    if (*at == '-') {
        at++;
        to = parse_length(&at);
    }
    if (*at || from < 1 || to < from || to > CONTEXT_MAX_ORDER)
        return -1;
    for (; from <= to; from++)
        *set |= 1u << (from - 1);
    return 0;
}

int
context_set(uint32_t *set, const char *text, struct why *w)
{
    *set = 0;
    if (strcmp(text, "none") == 0)
        return 0;
    for (const char *s = text;; s++) {
        size_t len = strcspn(s, ",");
        if (parse_item(set, s, len) < 0)
            return why_set(w,
                           "%.*s: not a length from 1 to %d, a range, word, "
                           "words, gap or line",
                           (int)len, s, CONTEXT_MAX_ORDER);
        s += len;
        if (!*s)
            return 0;
    }
}

void
context_names(uint32_t set, char text[CONTEXT_NAMES])
{
    size_t n = 0;

    for (int i = 0; i < CONTEXT_WORD; i++) {
        int from = i;
        if (!(set >> i & 1))
            continue;
        while (i + 1 < CONTEXT_WORD && set >> (i + 1) & 1)
            i++;
        n += (size_t)snprintf(text + n, CONTEXT_NAMES - n,
                              i > from ? "%s%d-%d" : "%s%d", n ? "," : "",
                              from + 1, i + 1);
    }
    for (int i = CONTEXT_WORD; i < CONTEXTS; i++)
        if (set >> i & 1)
            n += (size_t)snprintf(text + n, CONTEXT_NAMES - n, "%s%s",
                                  n ? "," : "", names[i - CONTEXT_WORD]);
    if (!n)
        snprintf(text, CONTEXT_NAMES, "none");
}

void
context_start(struct context *c)
{
    *c = (struct context){ .word = seed, .before = seed, .earlier = seed };
}

void
context_step(struct context *c, uint8_t byte)
{
    if (is_letter(byte)) {
        c->word = mix(c->word, byte);
    } else {
        c->earlier = c->before;
        c->before = c->word;
        c->word = seed;
        c->mark = byte;
    }
    if (byte == '\n') {
        c->column = c->first = c->second = 0;
        return;
    }
    if (c->column == 0)
        c->first = byte;
    else if (c->column == 1)
        c->second = byte;
    if (c->column < LAST_COLUMN)
        c->column++;
}

static inline unsigned
byte_at(const uint8_t *data, size_t start, size_t at, size_t back)
{
    return at >= start + back ? data[at - back] : OUTSIDE;
}

/* One length of all positions after the other, so that no number waits for the
 * one before. */
void
context_orders(uint64_t *to, size_t ld, uint32_t set, const uint8_t *data,
               size_t start, size_t at, int n)
{
    uint16_t text[CONTEXT_MAX_ORDER + CONTEXT_BLOCK];
    const uint16_t *last = text + CONTEXT_MAX_ORDER;
    uint64_t h[CONTEXT_BLOCK] = { 0 };

    for (int j = 0; j < CONTEXT_MAX_ORDER; j++)
        text[j] =
            (uint16_t)byte_at(data, start, at, (size_t)(CONTEXT_MAX_ORDER - j));
    for (int j = 0; j < n; j++)
        text[CONTEXT_MAX_ORDER + j] = data[at + (size_t)j];
    for (; set; set >>= 1, last--, to += ld) {
        for (int j = 0; j < n; j++)
            h[j] = mix(h[j], last[j]);
        for (int j = 0; set & 1 && j < n; j++)
            to[j] = finish(h[j]);
    }
}

uint64_t
context_hash(const struct context *c, int which, const uint8_t *data,
             size_t start, size_t at)
{
    uint64_t h = 0;

    switch (which) {
    case CONTEXT_WORD:
        h = c->word == seed ? mix(c->before, c->mark) : c->word;
        break;
    case CONTEXT_WORDS:
        h = mix(mix(c->word, c->mark), c->before);
        h = c->word == seed ? mix(h, c->earlier) : h;
        break;
    case CONTEXT_GAP:
        for (size_t i = 1; i <= 3; i++)
            h = mix(h, byte_at(data, start, at, i));
        break;
    case CONTEXT_LINE:
        h = mix(mix(mix(c->column, c->first), c->second), data[at]);
        break;
    default:
        for (int i = 0; i <= which; i++)
            h = mix(h, byte_at(data, start, at, (size_t)i));
    }
    return finish(h);
}

void
context_block(uint64_t to[CONTEXTS][CONTEXT_BLOCK], struct context *c,
              uint32_t set, const uint8_t *data, size_t start, size_t at, int n)
{
    context_orders(to[0], CONTEXT_BLOCK, set & ((1u << CONTEXT_WORD) - 1), data,
                   start, at, n);
    for (int j = 0; set >> CONTEXT_WORD && j < n; j++, at++) {
        context_step(c, data[at]);
        for (int i = CONTEXT_WORD; i < CONTEXTS; i++)
            if (set >> i & 1)
                to[i][j] = context_hash(c, i, data, start, at);
    }
}
