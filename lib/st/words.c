#include <stdlib.h>
#include <string.h>

#include "st/words.h"

struct words_slot {
    uint32_t age; /* taken when it is the set's */
    uint32_t at;  /* in word[] */
};

static const uint64_t prime1 = 0x9e3779b185ebca87u;
static const uint64_t prime2 = 0xc2b2ae3d27d4eb4fu;

static uint64_t
load(const unsigned char *p, size_t len)
{
    uint64_t x = 0;

    memcpy(&x, p, len < 8 ? len : 8);
    return x;
}

static uint64_t
stir(uint64_t h, uint64_t x)
{
    h = (h ^ x) * prime1;
    return h ^ h >> 29;
}

/* Four lanes, so that long stretches go at the speed of memory. */
uint64_t
words_hash(uint64_t seed, const void *data, size_t len)
{
    const unsigned char *p = data;
    uint64_t h = (seed ^ len) * prime2;

    if (len >= 64) {
        uint64_t lane[4] = { h, h ^ prime1, h + prime2, ~h };
        for (; len >= 32; len -= 32, p += 32)
            for (int k = 0; k < 4; k++)
                lane[k] = stir(lane[k], load(p + 8 * k, 8));
        for (int k = 0; k < 4; k++)
            h = stir(h, lane[k] * prime2);
    }
    for (; len > 8; len -= 8, p += 8)
        h = stir(h, load(p, 8));
    h = stir(h, load(p, len));
    h = (h ^ h >> 32) * prime2;
    return h ^ h >> 29;
}

/* Length of the white space character at p, 0 when it is none. */
static size_t
space(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t left = (size_t)(end - p);
    unsigned c;

    if (*u < 0x80)
        return *u == ' ' || (*u >= 9 && *u <= 13) || (*u >= 0x1c && *u <= 0x1f);
    if (*u == 0xc2)
        return left > 1 && (u[1] == 0x85 || u[1] == 0xa0) ? 2 : 0;
    if (left < 3 || *u < 0xe1 || *u > 0xe3 || u[1] >> 6 != 2 || u[2] >> 6 != 2)
        return 0;
    c = (*u & 15u) << 12 | (u[1] & 63u) << 6 | (u[2] & 63u);
    return c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
                   c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000
               ? 3
               : 0;
}

/* Where the white space at the end of p begins. */
static const char *
trim_end(const char *p, const char *end)
{
    for (size_t k = 1; k <= 3 && (size_t)(end - p) >= k;)
        if (space(end - k, end) == k) {
            end -= k;
            k = 1;
        } else {
            k++;
        }
    return end;
}

static const char *
skip_space(const char *p, const char *end)
{
    for (size_t k; p < end && (k = space(p, end)) > 0;)
        p += k;
    return p;
}

/* Make room for one more member: tables are a power of two, half empty. */
static int
grow(struct words *s)
{
    size_t cap = s->cap ? 2 * s->cap : 32;
    struct words_slot *slot;
    struct word *word;

    if (s->n < s->cap)
        return 0;
    if (cap > UINT32_MAX / 4 || !(word = realloc(s->word, cap * sizeof *word)))
        return -1;
    s->word = word;
    if (!(slot = calloc(2 * cap, sizeof *slot)))
        return -1;
    free(s->slot);
    s->slot = slot;
    s->slots = 2 * cap;
    s->cap = cap;
    s->age = 1;
    for (size_t i = 0; i < s->n; i++) {
        size_t k = word[i].hash & (s->slots - 1);
        while (slot[k].age == s->age)
            k = (k + 1) & (s->slots - 1);
        slot[k] = (struct words_slot){ s->age, (uint32_t)i };
    }
    return 0;
}

/* The slot that holds w, or the free one where it belongs. */
static struct words_slot *
find(const struct words *s, const struct word *w)
{
    size_t k = w->hash & (s->slots - 1);

    for (; s->slot[k].age == s->age; k = (k + 1) & (s->slots - 1)) {
        const struct word *o = &s->word[s->slot[k].at];
        if (o->hash == w->hash && o->len == w->len &&
            memcmp(o->s, w->s, w->len) == 0)
            break;
    }
    return &s->slot[k];
}

static int
add(struct words *s, const char *from, const char *to)
{
    struct word w = { .s = from, .len = (size_t)(to - from) };
    struct words_slot *slot;

    if (grow(s) < 0)
        return -1;
    w.hash = words_hash(0, w.s, w.len);
    slot = find(s, &w);
    if (slot->age == s->age)
        return 0;
    *slot = (struct words_slot){ s->age, (uint32_t)s->n };
    s->word[s->n++] = w;
    return 0;
}

/* Empty the set without touching its table: what is older does not count. */
static void
clear(struct words *s)
{
    s->n = 0;
    if (++s->age == 0 && s->slot) {
        memset(s->slot, 0, s->slots * sizeof *s->slot);
        s->age = 1;
    }
}

int
words_set(struct words *s, enum words_method m, const char *text, size_t len)
{
    const char *end = text + len, *p;

    clear(s);
    p = skip_space(text, end);
    end = trim_end(p, end);
    while (p < end) {
        const char *to = p;
        if (m == WORDS_LINES) {
            to = memchr(p, '\n', (size_t)(end - p));
            to = to ? to : end;
            if (skip_space(p, to) < to && add(s, p, to) < 0)
                return -1;
            p = to < end ? to + 1 : end;
            continue;
        }
        while (to < end && space(to, end) == 0)
            to++;
        if (add(s, p, to) < 0)
            return -1;
        p = skip_space(to, end);
    }
    return 0;
}

void
words_free(struct words *s)
{
    free(s->word);
    free(s->slot);
    *s = (struct words){ 0 };
}

int
words_have(const struct words *s, const struct word *w)
{
    return s->n > 0 && find(s, w)->age == s->age;
}

size_t
words_common(const struct words *a, const struct words *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        n += (size_t)words_have(a, &b->word[i]);
    return n;
}

double
words_score(enum words_method m, size_t common, size_t query, size_t row)
{
    double jaccard, inside;

    if (common == 0)
        return 0;
    jaccard = (double)common / (double)(query + row - common);
    inside = (double)common / (double)row;
    return m == WORDS_MULTI && inside > jaccard ? inside : jaccard;
}
