#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "num/reader.h"

enum {
    LAST_BITS = 16, /* of the tables that find repeats */
    LONGEST = 32,   /* agreement beyond this is not told apart */
    LENGTHS = 20,   /* steps of agreement, and how often it misled of late: */
    MISSES = 4,
    REPEAT_KINDS = LENGTHS * MISSES,
    REPEAT_ROW_BITS = 13,
    MAX_RECENT_BITS = 14,
    BLOCK = 32 /* positions whose cache lines are asked for together */
};

static int
list(uint8_t *to, uint32_t set)
{
    int n = 0;

    for (int i = 0; i < CONTEXTS; i++)
        if (set >> i & 1)
            to[n++] = (uint8_t)i;
    return n;
}

static int
check(const struct reader_config *c, struct why *w)
{
    if (c->bits < 8 || c->bits > 28)
        return why_set(w, "bits: %ld is outside 8 to 28", c->bits);
    if (c->counts_bits < 8 || c->counts_bits > 28)
        return why_set(w, "counts-bits: %ld is outside 8 to 28",
                       c->counts_bits);
    if ((c->repeats | c->matches) >> CONTEXT_WORD ||
        __builtin_popcount(c->repeats) > READER_MAX_REPEATS ||
        __builtin_popcount(c->matches) > READER_MAX_REPEATS)
        return why_set(w, "repeats, matches: want at most %d lengths each",
                       READER_MAX_REPEATS);
    return 0;
}

/* The smallest size that leaves `per` bytes of text a record, up to most. */
static long
fitting(size_t text, size_t per, long most)
{
    long bits = 8;

    while (bits < most && per << bits < text)
        bits++;
    return bits;
}

void
reader_fit(struct reader_config *c, size_t text)
{
    if (!c->bits)
        c->bits = fitting(text, 8, 18);
    if (!c->counts_bits)
        c->counts_bits = fitting(text, 12, 22);
}

static void
list_sources(struct reader_plan *p)
{
    int row = 0;

    for (int i = 0; i < p->embeds; i++) /* short contexts are few */
        p->row_bits[row++] = p->embed[i] == 0 && p->c.bits > 8 ? 8
                             : p->embed[i] == 1 && p->c.bits > 16
                                 ? 16
                                 : (int)p->c.bits;
    for (int i = 0; i < p->sources; i++) {
        int census = i < p->counts + p->recents;
        p->row_bits[row++] = census ? CENSUS_ROW_BITS : REPEAT_ROW_BITS;
        p->weight_at[i + 1] =
            p->weight_at[i] + (census ? CENSUS_KINDS : REPEAT_KINDS);
    }
    p->rows = row;
    p->weights = p->weight_at[p->sources];
    p->hints =
        CENSUS_SYMBOLS * (p->counts + p->recents) + p->repeats + p->matches;
}

int
reader_plan(struct reader_plan *p, const struct reader_config *c, long context,
            struct why *w)
{
    uint32_t all = c->embed | c->counts | c->recent | c->repeats | c->matches;

    *p = (struct reader_plan){ .c = *c };
    if (check(c, w) < 0)
        return -1;
    p->embeds = list(p->embed, c->embed);
    p->counts = list(p->count, c->counts);
    p->recents = list(p->recent, c->recent);
    p->repeats = list(p->repeat, c->repeats);
    p->matches = list(p->match, c->matches);
    for (int i = 0; i < READER_MAX_REPEATS; i++) {
        p->repeat[i]++; /* context i is i + 1 bytes */
        p->match[i]++;
    }
    for (int i = 0; i < CONTEXT_MAX_ORDER; i++)
        if (all >> i & 1)
            p->most = i + 1;
    /* A record for every fourth position: most contexts of length 3 or less
     * repeat, and the rest of the longer ones are the least counted. */
    for (p->recent_bits = 6;
         p->recent_bits < MAX_RECENT_BITS && 4L << p->recent_bits < context;)
        p->recent_bits++;
    p->sources = p->counts + p->recents + p->repeats + p->matches;
    list_sources(p);
    return 0;
}

/* Rough log odds: what a count says by itself, a third of it since several
 * sources say the same. */
void
reader_weights(const struct reader_plan *p, float *weight)
{
    for (int i = 0; i < p->sources; i++)
        for (int k = p->weight_at[i]; k < p->weight_at[i + 1]; k++) {
            int kind = k - p->weight_at[i];
            double n = 0, others = 0, length = kind / MISSES;
            if (i < p->counts + p->recents) {
                census_typical(kind, &n, &others);
                weight[k] = (float)(0.3 * log(1 + 4 * n / (1 + others)));
            } else {
                weight[k] = (float)(0.3 * log(1 + length));
            }
        }
}

static size_t
recent_records(const struct reader_plan *p)
{
    return (size_t)p->recents << p->recent_bits;
}

static size_t
last_entries(const struct reader_plan *p)
{
    return (size_t)p->repeats << LAST_BITS;
}

size_t
reader_memory(const struct reader_plan *p)
{
    return recent_records(p) * sizeof(struct census) +
           last_entries(p) * sizeof(uint32_t);
}

int
reader_open(struct reader *r, const struct reader_plan *p, struct why *w)
{
    *r = (struct reader){ .plan = p };
    /* a group of records is to be one cache line */
    r->recent = kern_host_alloc(recent_records(p) * sizeof *r->recent + 64);
    r->last = malloc(last_entries(p) * sizeof *r->last + 1);
    if (r->recent && r->last) {
        reader_start(r, 0);
        return 0;
    }
    reader_close(r);
    return why_set(w, "out of memory: tables of a window");
}

void
reader_close(struct reader *r)
{
    kern_host_free(r->recent);
    free(r->last);
    *r = (struct reader){ 0 };
}

void
reader_start(struct reader *r, size_t start)
{
    r->start = r->next = start;
    context_start(&r->context);
    memset(r->recent, 0, recent_records(r->plan) * sizeof *r->recent);
    memset(r->last, 0, last_entries(r->plan) * sizeof *r->last);
    memset(r->open, 0, sizeof r->open);
    memset(r->repeat, 0, sizeof r->repeat);
    memset(r->match, 0, sizeof r->match);
}

int
reading_open(struct reading *r, const struct reader_plan *p, size_t n)
{
    *r = (struct reading){ .ld = n };
    r->rows = malloc(sizeof *r->rows * (n * (size_t)p->rows + 1));
    r->hints = malloc(sizeof *r->hints * (n * (size_t)p->hints + 1));
    r->hint_at = calloc(n + 1, sizeof *r->hint_at);
    return r->rows && r->hints && r->hint_at ? 0 : -1;
}

size_t
reading_size(const struct reader_plan *p, size_t n)
{
    return sizeof(uint32_t) * (n * ((size_t)p->rows + 1) + 2) +
           sizeof(struct kern_hint) * (n * (size_t)p->hints + 1);
}

void
reading_close(struct reading *r)
{
    free(r->rows);
    free(r->hints);
    free(r->hint_at);
    *r = (struct reading){ 0 };
}

/* What is to be found for a position, before it is looked for. */
struct look {
    uint64_t hash[CONTEXTS];
};

static struct census *
counts_at(const struct memory *m, int k)
{
    return m->counts + ((size_t)k << m->plan->c.counts_bits);
}

static int
place_bits(const struct reader_plan *p)
{
    return (int)p->c.counts_bits + 2;
}

static uint32_t *
places_at(const struct memory *m, int k)
{
    return m->places + ((size_t)k << place_bits(m->plan));
}

static struct census *
recent_at(const struct reader *r, int k)
{
    return r->recent + ((size_t)k << r->plan->recent_bits);
}

/* Hash a position, and ask for the cache lines that it will look at. */
static void
prepare(struct reader *r, const struct memory *m, struct look *l,
        const uint8_t *data, size_t at)
{
    const struct reader_plan *p = r->plan;
    uint32_t rest = p->c.embed | p->c.counts | p->c.recent;

    context_step(&r->context, data[at]);
    context_orders(l->hash, p->most, data, r->start, at);
    for (int i = CONTEXT_WORD; i < CONTEXTS; i++)
        if (rest >> i & 1)
            l->hash[i] = context_hash(&r->context, i, data, r->start, at);
    for (int k = 0; k < p->counts; k++)
        census_fetch(counts_at(m, k), (int)p->c.counts_bits,
                     l->hash[p->count[k]]);
    for (int k = 0; k < p->recents; k++)
        census_fetch(recent_at(r, k), p->recent_bits, l->hash[p->recent[k]]);
    for (int k = 0; k < p->repeats; k++)
        __builtin_prefetch(
            r->last + ((size_t)k << LAST_BITS) +
                context_row(l->hash[p->repeat[k] - 1], LAST_BITS),
            1);
    for (int k = 0; k < p->matches; k++)
        __builtin_prefetch(
            places_at(m, k) +
            context_row(l->hash[p->match[k] - 1], place_bits(p)));
}

/* The hints of one census of source s; returns its row. */
static uint32_t
hint_census(const struct reader_plan *p, int s, const struct census *t,
            struct kern_hint *hints, uint32_t *n)
{
    uint16_t kind[CENSUS_SYMBOLS];
    uint32_t row;
    int entries = census_read(t, kind, &row);

    hints += *n;
    for (int i = 0; i < entries; i++)
        hints[i] = (struct kern_hint){
            .weight = (uint16_t)(p->weight_at[s] + kind[i]),
            .symbol = t->symbol[i],
            .source = (uint8_t)s,
        };
    *n += (uint32_t)entries;
    return row;
}

/* How many bytes before x[a] and y[b] agree; at most a or b of them. */
static int
agree(const uint8_t *x, size_t a, const uint8_t *y, size_t b)
{
    int n = 0;

    while (n < LONGEST && (size_t)n < a && (size_t)n < b &&
           x[a - 1 - (size_t)n] == y[b - 1 - (size_t)n])
        n++;
    return n;
}

static int
length_step(int n)
{
    return n <= 16 ? n : n < 20 ? 16 : n < 24 ? 17 : n < LONGEST ? 18 : 19;
}

/* A place once found is followed as long as it holds: the next byte was c. */
static void
follow(struct reader_repeat *m, const uint8_t *text, uint8_t c)
{
    if (m->at && text[m->at] == c) {
        m->at++;
        m->length += m->length < LONGEST;
    } else if (m->at) {
        m->missed += m->missed < MISSES - 1;
        m->at = 0;
    }
}

/* The hint of source s from the place that m is at, if any; its row. */
static uint32_t
hint_place(const struct reader_plan *p, int s, struct reader_repeat *m,
           uint8_t symbol, struct kern_hint *hints, uint32_t *n)
{
    int step = length_step(m->length);

    if (m->length >= 16)
        m->missed = 0;
    hints[(*n)++] = (struct kern_hint){
        .weight = (uint16_t)(p->weight_at[s] + step * MISSES + m->missed),
        .symbol = symbol,
        .source = (uint8_t)s,
    };
    return symbol * 32u + (uint32_t)step;
}

/* Repeat k after data[at], of source s. Returns its row. */
static uint32_t
hint_repeat(struct reader *r, int k, int s, const struct look *l,
            const uint8_t *data, size_t at, struct kern_hint *hints,
            uint32_t *n)
{
    const struct reader_plan *p = r->plan;
    struct reader_repeat *m = &r->repeat[k];
    uint32_t *last = r->last + ((size_t)k << LAST_BITS);
    const uint8_t *window = data + r->start;
    size_t end = at + 1 - r->start;
    int least = p->repeat[k];

    follow(m, window, data[at]);
    if (end >= (size_t)least) {
        uint32_t h = context_row(l->hash[least - 1], LAST_BITS);
        if (!m->at && last[h]) {
            m->at = last[h];
            m->length = agree(window, m->at, window, end);
            if (m->length < least)
                m->at = 0;
        }
        last[h] = (uint32_t)end;
    }
    return m->at ? hint_place(p, s, m, window[m->at], hints, n) : 0;
}

/*
 * Match k after data[at], of source s. In training the text is the data: a
 * place in the window itself would give the answer away.
 */
static uint32_t
hint_match(struct reader *r, const struct memory *mem, int k, int s,
           const struct look *l, const uint8_t *data, size_t at,
           struct kern_hint *hints, uint32_t *n)
{
    const struct reader_plan *p = r->plan;
    struct reader_repeat *m = &r->match[k];
    size_t end = at + 1;
    int least = p->match[k];

    follow(m, mem->text, data[at]);
    if (!m->at && end - r->start >= (size_t)least) {
        m->at =
            places_at(mem, k)[context_row(l->hash[least - 1], place_bits(p))];
        if (m->at && m->at < mem->n)
            m->length =
                agree(mem->text, m->at, data + r->start, end - r->start);
        if (m->at >= mem->n || m->length < least)
            m->at = 0;
    }
    if (m->at >= mem->n)
        m->at = 0;
    return m->at ? hint_place(p, s, m, mem->text[m->at], hints, n) : 0;
}

/* Everything about one position: rows[k * ld], and hints from *n on. */
static void
look_up(struct reader *r, const struct memory *m, const struct look *l,
        const uint8_t *data, size_t at, uint32_t *row, size_t ld,
        struct kern_hint *hints, uint32_t *n)
{
    static const struct census none;
    const struct reader_plan *p = r->plan;
    int s = 0;

    for (int k = 0; k < p->embeds; k++, row += ld)
        *row = context_row(l->hash[p->embed[k]], p->row_bits[k]);
    for (int k = 0; k < p->counts; k++, s++, row += ld) {
        const struct census *t = census_find(
            counts_at(m, k), (int)p->c.counts_bits, l->hash[p->count[k]]);
        *row = hint_census(p, s, t ? t : &none, hints, n);
    }
    for (int k = 0; k < p->recents; k++, s++, row += ld) {
        if (r->open[k])
            census_add(r->open[k], data[at]);
        r->open[k] = census_claim(recent_at(r, k), p->recent_bits,
                                  l->hash[p->recent[k]]);
        *row = hint_census(p, s, r->open[k], hints, n);
    }
    for (int k = 0; k < p->repeats; k++, s++, row += ld)
        *row = hint_repeat(r, k, s, l, data, at, hints, n);
    for (int k = 0; k < p->matches; k++, s++, row += ld)
        *row = hint_match(r, m, k, s, l, data, at, hints, n);
}

void
reader_read(struct reader *r, const struct memory *m, const uint8_t *data,
            size_t n, struct reading *to)
{
    struct look look[BLOCK];
    uint32_t hints = to->hint_at[0];

    for (size_t i = 0; i < n;) {
        size_t some = n - i < BLOCK ? n - i : BLOCK;
        for (size_t j = 0; j < some; j++)
            prepare(r, m, &look[j], data, r->next + j);
        for (size_t j = 0; j < some; j++, i++) {
            look_up(r, m, &look[j], data, r->next++, to->rows + i, to->ld,
                    to->hints, &hints);
            to->hint_at[i + 1] = hints;
        }
    }
}
