#include <stdlib.h>
#include <string.h>

#include "kern.h"
#include "num/reader.h"

enum { BLOCK = 32 }; /* positions whose cache lines are asked for together */

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

static void
count(struct memory *m, int k, size_t start, size_t from, size_t to)
{
    int bits = (int)m->plan->c.counts_bits, which = m->plan->count[k];
    struct census *table = m->counts + ((size_t)k << bits);
    struct context c;
    uint64_t hash[BLOCK];

    context_start(&c);
    for (size_t at = start; at < to; at += BLOCK) {
        size_t some = to - at < BLOCK ? to - at : BLOCK;
        for (size_t j = 0; j < some; j++) {
            context_step(&c, m->text[at + j]);
            hash[j] = context_hash(&c, which, m->text, start, at + j);
            __builtin_prefetch(table + census_group(bits, hash[j]), 1);
        }
        for (size_t j = from > at ? from - at : 0; j < some; j++)
            census_add(census_claim(table, bits, hash[j]), m->text[at + j + 1]);
    }
}

static void
place(struct memory *m, int k, size_t start, size_t from, size_t to)
{
    int bits = (int)m->plan->c.counts_bits + 2, length = m->plan->match[k];
    uint32_t *table = m->places + ((size_t)k << bits);

    if (from + 1 < start + (size_t)length)
        from = start + (size_t)length - 1;
    for (size_t at = from; at < to && at < UINT32_MAX; at++) {
        uint64_t h = context_hash(NULL, length - 1, m->text, start, at);
        table[context_row(h, bits)] = (uint32_t)(at + 1);
    }
}

void
memory_learn(struct memory *m, size_t start, size_t from, size_t to, int part,
             int parts)
{
    int tables = m->plan->counts + m->plan->matches;

    for (int k = part; k < tables; k += parts)
        if (k < m->plan->counts)
            count(m, k, start, from, to);
        else
            place(m, k - m->plan->counts, start, from, to);
}
