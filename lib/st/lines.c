#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "st/lines.h"

struct line
line_at(const char *s, const char *end, const char **next)
{
    const char *nl = memchr(s, '\n', (size_t)(end - s));

    *next = nl ? nl + 1 : end;
    return (struct line){ s, (size_t)((nl ? nl : end) - s) };
}

int
line_same(struct line a, struct line b)
{
    return a.len == b.len && memcmp(a.s, b.s, a.len) == 0;
}

int
lines_cut(struct lines *t, const char *s, size_t len)
{
    const char *end;
    size_t n = 1;

    *t = (struct lines){ 0 };
    if (!s)
        return 0;
    end = s + len;
    for (const char *p = s; (p = memchr(p, '\n', (size_t)(end - p))); p++)
        n++;
    if (!(t->l = malloc(n * sizeof *t->l)))
        return -1;
    do
        t->l[t->n++] = line_at(s, end, &s);
    while (s < end);
    return 0;
}

void
lines_free(struct lines *t)
{
    free(t->l);
    *t = (struct lines){ 0 };
}

static uint64_t
hash(struct line l)
{
    uint64_t h = l.len * 0x9e3779b97f4a7c15u, word;
    size_t k = 0;

    for (; k + 8 <= l.len; k += 8) {
        memcpy(&word, l.s + k, 8);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    word = 0;
    memcpy(&word, l.s + k, l.len - k);
    h = (h ^ word) * 0xff51afd7ed558ccdu;
    return h ^ h >> 32;
}

/* A slot of the table of distinct lines: open addressing, never full. */
struct slot {
    uint64_t hash;
    struct line line; /* s is NULL: free */
    int id;
};

static int
number(struct slot *slots, size_t mask, const struct lines *t, int *id, int n)
{
    for (size_t k = 0; k < t->n; k++) {
        uint64_t h = hash(t->l[k]);
        struct slot *s = &slots[h & mask];
        while (s->line.s && (s->hash != h || !line_same(s->line, t->l[k])))
            s = s == &slots[mask] ? slots : s + 1;
        if (!s->line.s)
            *s = (struct slot){ h, t->l[k], n++ };
        id[k] = s->id;
    }
    return n;
}

int
lines_number(const struct lines *a, const struct lines *b, int *ida, int *idb)
{
    size_t cap = 16;
    struct slot *slots;
    int n;

    if (a->n + b->n >= INT_MAX / 4)
        return -1;
    while (cap < 2 * (a->n + b->n))
        cap *= 2;
    if (!(slots = calloc(cap, sizeof *slots)))
        return -1;
    n = number(slots, cap - 1, a, ida, 0);
    n = number(slots, cap - 1, b, idb, n);
    free(slots);
    return n;
}
