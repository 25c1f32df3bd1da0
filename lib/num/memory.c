#include <stdlib.h>
#include <string.h>

#include "kern.h"
#include "num/reader.h"

enum { BLOCK = CONTEXT_BLOCK };

size_t
memory_counts(const struct reader_plan *p)
{
    return (size_t)p->counts << p->c.counts_bits;
}

size_t
memory_places(const struct reader_plan *p)
{
    return (size_t)p->matches << (p->c.counts_bits + 2);
}

size_t
memory_size(const struct reader_plan *p)
{
    return memory_counts(p) * sizeof(struct census) +
           memory_places(p) * sizeof(uint32_t);
}

int
memory_open(struct memory *m, const struct reader_plan *p)
{
    *m = (struct memory){ .plan = p };
    m->counts = kern_host_alloc(memory_counts(p) * sizeof *m->counts + 64);
    m->places = kern_host_alloc(memory_places(p) * sizeof *m->places + 64);
    if (m->counts && m->places)
        return 0;
    memory_close(m);
    return -1;
}

void
memory_close(struct memory *m)
{
    kern_host_free(m->counts);
    kern_host_free(m->places);
    m->counts = NULL;
    m->places = NULL;
}

void
memory_clear(struct memory *m)
{
    memset(m->counts, 0, memory_counts(m->plan) * sizeof *m->counts);
    memset(m->places, 0, memory_places(m->plan) * sizeof *m->places);
}

/* Positions of a window that are learned together, and what of them. */
struct lesson {
    struct memory *m;
    int part, parts; /* of the tables: part, part + parts ... */
    size_t at;
    int n;
    uint64_t hash[CONTEXTS][BLOCK];
};

static struct census *
counts_at(const struct memory *m, int k)
{
    return m->counts + ((size_t)k << m->plan->c.counts_bits);
}

static uint32_t *
place_at(const struct memory *m, int k, const uint64_t *hash)
{
    int bits = (int)m->plan->c.counts_bits + 2;

    return m->places + ((size_t)k << bits) + context_row(*hash, bits);
}

/* Hash the block from `at` on, and ask for what it will change. */
static void
prepare(struct lesson *l, struct context *c, uint32_t set, size_t start,
        size_t at, size_t n)
{
    const struct reader_plan *p = l->m->plan;
    int bits = (int)p->c.counts_bits;

    l->at = at;
    l->n = n < BLOCK ? (int)n : BLOCK;
    context_block(l->hash, c, set, l->m->text, start, at, l->n);
    for (int k = l->part; k < p->counts; k += l->parts)
        for (int j = 0; j < l->n; j++)
            __builtin_prefetch(counts_at(l->m, k) +
                                   census_group(bits, l->hash[p->count[k]][j]),
                               1);
    for (int k = 0; k < p->matches; k++)
        for (int j = 0; (p->counts + k) % l->parts == l->part && j < l->n; j++)
            __builtin_prefetch(place_at(l->m, k, &l->hash[p->match[k] - 1][j]),
                               1);
}

/* Learn positions first .. n - 1 of a block. */
static void
learn(struct lesson *l, size_t start, int first)
{
    const struct reader_plan *p = l->m->plan;
    const uint8_t *next = l->m->text + l->at + 1;
    int bits = (int)p->c.counts_bits;

    for (int k = l->part; k < p->counts; k += l->parts) {
        struct census *table = counts_at(l->m, k);
        const uint64_t *hash = l->hash[p->count[k]];
        for (int j = first; j < l->n; j++)
            census_add(census_claim(table, bits, hash[j]), next[j]);
    }
    for (int k = 0; k < p->matches; k++)
        for (int j = first; (p->counts + k) % l->parts == l->part && j < l->n;
             j++) {
            size_t end = l->at + (size_t)j + 1;
            if (end >= start + p->match[k] && end <= UINT32_MAX)
                *place_at(l->m, k, &l->hash[p->match[k] - 1][j]) =
                    (uint32_t)end;
        }
}

/* One block is hashed while the lines of the one before are on their way. */
void
memory_learn(struct memory *m, size_t start, size_t from, size_t to, int part,
             int parts)
{
    const struct reader_plan *p = m->plan;
    struct lesson l[2] = { { m, part, parts, start, 0, { { 0 } } },
                           { m, part, parts, start, 0, { { 0 } } } };
    struct context c;
    uint32_t set = 0;

    for (int k = part; k < p->counts + p->matches; k += parts)
        set |= k < p->counts ? 1u << p->count[k]
                             : 1u << (p->match[k - p->counts] - 1);
    context_start(&c);
    for (size_t at = start, now = 0; set && at - (size_t)l[!now].n < to;
         now = !now) {
        prepare(&l[now], &c, set, start, at, to - at);
        learn(&l[!now], start,
              from > l[!now].at ? (int)(from - l[!now].at) : 0);
        at += (size_t)l[now].n;
    }
}
