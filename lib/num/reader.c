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
    BLOCK = CONTEXT_BLOCK,
    SLACK = 2 * READER_MAX_REPEATS /* hints written past the last that counts */
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
        return why_set(w,
                       "repeats, matches: want at most %d lengths each, and "
                       "no words or the like",
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
    *p = (struct reader_plan){ .c = *c };
    p->all = c->embed | c->counts | c->recent | c->repeats | c->matches;
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
    r->recent = kern_host_alloc(reader_memory(p) + 1);
    if (!r->recent)
        return why_set(w, "out of memory: tables of a window");
    r->last = (uint32_t *)(void *)(r->recent + recent_records(p));
    reader_start(r, 0);
    return 0;
}

void
reader_close(struct reader *r)
{
    kern_host_free(r->recent);
    *r = (struct reader){ 0 };
}

void
reader_start(struct reader *r, size_t start)
{
    r->start = r->next = start;
    context_start(&r->context);
    memset(r->recent, 0, reader_memory(r->plan));
    memset(r->open, 0, sizeof r->open);
    memset(r->repeat, 0, sizeof r->repeat);
    memset(r->match, 0, sizeof r->match);
}

int
reading_open(struct reading *r, const struct reader_plan *p, size_t n)
{
    *r = (struct reading){ .ld = n };
    if (n > UINT32_MAX / ((size_t)p->hints + SLACK))
        return -1;
    r->rows = malloc(sizeof *r->rows * (n * (size_t)p->rows + 1));
    r->hints = malloc(sizeof *r->hints * (n * (size_t)p->hints + SLACK));
    r->hint_at = calloc(n + 1, sizeof *r->hint_at);
    return r->rows && r->hints && r->hint_at ? 0 : -1;
}

size_t
reading_size(const struct reader_plan *p, size_t n)
{
    return sizeof(uint32_t) * (n * ((size_t)p->rows + 1) + 2) +
           sizeof(struct kern_hint) * (n * (size_t)p->hints + SLACK);
}

void
reading_close(struct reading *r)
{
    free(r->rows);
    free(r->hints);
    free(r->hint_at);
    *r = (struct reading){ 0 };
}

/* Positions and their hashes. */
struct look {
    size_t at; /* of the first position */
    int n;
    uint64_t hash[CONTEXTS][BLOCK];
};

/*
 * A block of positions on its way through the tables: one table after the
 * other, so that each has the processor's branch predictor and the cache lines
 * that were asked for to itself. Hints are in order of positions, so they are
 * written last, from copies. Memory answers late: while one block walks, the
 * next one's lines are asked for.
 */
struct block {
    const struct look *look, *next;
    int censuses;
    struct census found[BLOCK * 2 * CONTEXTS]; /* [n][censuses] */
    struct kern_hint place[BLOCK][2 * READER_MAX_REPEATS];
    uint8_t places[BLOCK]; /* how many of them */
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

static uint32_t *
last_at(const struct reader *r, int k)
{
    return r->last + ((size_t)k << LAST_BITS);
}

/*
 * And ask for what the block looks at in the tables of the training text, all
 * at once: each of them costs a walk through page tables, and only those that
 * are close to each other in the program do so side by side.
 */
static void
hash_block(struct reader *r, const struct memory *m, struct look *l,
           const uint8_t *data, size_t at, size_t n)
{
    const struct reader_plan *p = r->plan;
    int bits = (int)p->c.counts_bits;

    l->at = at;
    l->n = n < BLOCK ? (int)n : BLOCK;
    context_block(l->hash, &r->context, p->all, data, r->start, at, l->n);
    for (int k = 0; k < p->counts; k++) {
        const struct census *table = counts_at(m, k);
        const uint64_t *hash = l->hash[p->count[k]];
        for (int j = 0; j < l->n; j++)
            __builtin_prefetch(table + census_group(bits, hash[j]));
    }
    for (int k = 0; k < p->matches; k++) {
        const uint32_t *table = places_at(m, k);
        const uint64_t *hash = l->hash[p->match[k] - 1];
        for (int j = 0; j < l->n; j++)
            __builtin_prefetch(table + context_row(hash[j], place_bits(p)));
    }
}

/*
 * What position j looks at in table k of the window, to be asked for. The
 * asking is left to the callers: a compiler takes a function that does nothing
 * else for one without effects, and leaves it out.
 */
static inline const void *
near(const struct reader *r, const struct look *l, int k, int j)
{
    const struct reader_plan *p = r->plan;

    if (k < p->recents)
        return recent_at(r, k) +
               census_group(p->recent_bits, l->hash[p->recent[k]][j]);
    k -= p->recents;
    return k >= p->repeats
               ? NULL
               : last_at(r, k) +
                     context_row(l->hash[p->repeat[k] - 1][j], LAST_BITS);
}

static void
walk_recent(struct reader *r, struct block *b, int k, const uint8_t *data)
{
    const struct reader_plan *p = r->plan;
    const struct look *l = b->look;
    const uint64_t *hash = l->hash[p->recent[k]];
    struct census *open = r->open[k], *table = recent_at(r, k);
    struct census *to = b->found + p->counts + k;

    for (int j = 0; j < l->n; j++, to += b->censuses) {
        __builtin_prefetch(near(r, l, k + 1, j), 1);
        if (open)
            census_add(open, data[l->at + (size_t)j]);
        open = census_find(table, p->recent_bits, hash[j]);
        if (open) {
            *to = *open;
        } else {
            open = census_make(table, p->recent_bits, hash[j]);
            *to = (struct census){ 0 };
        }
    }
    r->open[k] = open;
}

static void
walk_counts(const struct memory *m, struct block *b)
{
    static struct census none;
    const struct reader_plan *p = m->plan;
    int bits = (int)p->c.counts_bits;

    for (int k = 0; k < p->counts; k++) {
        const uint64_t *hash = b->look->hash[p->count[k]];
        struct census *table = counts_at(m, k), *to = b->found + k;
        for (int j = 0; j < b->look->n; j++, to += b->censuses) {
            const struct census *t = census_find(table, bits, hash[j]);
            *to = *(t ? t : &none);
        }
    }
}

/* How many bytes before x[a] and y[b] agree; at most a or b of them. */
static int
agree(const uint8_t *x, size_t a, const uint8_t *y, size_t b)
{
    size_t most = a < b ? a : b, n = 0;

    most = most < LONGEST ? most : LONGEST;
    for (; n + 8 <= most; n += 8) {
        uint64_t u, v;
        memcpy(&u, x + a - n - 8, 8);
        memcpy(&v, y + b - n - 8, 8);
        if (u != v) /* the last byte is the highest */
            return (int)n + __builtin_clzll(u ^ v) / 8;
    }
    while (n < most && x[a - 1 - n] == y[b - 1 - n])
        n++;
    return (int)n;
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

/* The hint of source s at position j from the place that m is at, if any; its
 * row. */
static uint32_t
hint_place(const struct reader_plan *p, struct block *b, int j, int s,
           struct reader_repeat *m, const uint8_t *text)
{
    int step = length_step(m->length);
    uint8_t symbol;

    if (!m->at)
        return 0;
    symbol = text[m->at];
    if (m->length >= 16)
        m->missed = 0;
    b->place[j][b->places[j]++] = (struct kern_hint){
        .weight = (uint16_t)(p->weight_at[s] + step * MISSES + m->missed),
        .symbol = symbol,
        .source = (uint8_t)s,
    };
    return symbol * 32u + (uint32_t)step;
}

/* Repeat k, which is source s. */
static void
walk_repeat(struct reader *r, struct block *b, int k, int s,
            const uint8_t *data, uint32_t *row)
{
    const uint8_t *window = data + r->start;
    struct reader_repeat m = r->repeat[k];
    uint32_t *last = last_at(r, k);
    int least = r->plan->repeat[k];
    const uint64_t *hash = b->look->hash[least - 1];
    size_t end = b->look->at - r->start;

    for (int j = 0; j < b->look->n; j++) {
        __builtin_prefetch(near(r, b->look, r->plan->recents + k + 1, j), 1);
        follow(&m, window, window[end++]);
        if (end >= (size_t)least) {
            uint32_t h = context_row(hash[j], LAST_BITS);
            if (!m.at && last[h]) {
                m.at = last[h];
                m.length = agree(window, m.at, window, end);
                if (m.length < least)
                    m.at = 0;
            }
            last[h] = (uint32_t)end;
        }
        row[j] = hint_place(r->plan, b, j, s, &m, window);
    }
    r->repeat[k] = m;
}

/*
 * Match k, which is source s. In training the text is the data: a place in the
 * window itself would give the answer away.
 */
static void
walk_match(struct reader *r, const struct memory *mem, struct block *b, int k,
           int s, const uint8_t *data, uint32_t *row)
{
    const uint8_t *window = data + r->start;
    struct reader_repeat m = r->match[k];
    int least = r->plan->match[k];
    size_t end = b->look->at - r->start;
    uint32_t place[BLOCK];

    for (int j = 0; j < b->look->n; j++) {
        place[j] = places_at(
            mem,
            k)[context_row(b->look->hash[least - 1][j], place_bits(r->plan))];
        if (place[j] && place[j] < mem->n)
            __builtin_prefetch(mem->text + place[j] - 1);
    }
    for (int j = 0; j < b->look->n; j++) {
        follow(&m, mem->text, window[end++]);
        if (!m.at && end >= (size_t)least) {
            m.at = place[j];
            if (m.at && m.at < mem->n)
                m.length = agree(mem->text, m.at, window, end);
            if (m.at >= mem->n || m.length < least)
                m.at = 0;
        }
        if (m.at >= mem->n)
            m.at = 0;
        row[j] = hint_place(r->plan, b, j, s, &m, mem->text);
    }
    r->match[k] = m;
}

/* The rows of embeddings at row[0], and how many hints there are by now. */
static uint32_t
write_block(const struct reader_plan *p, const struct block *b, uint32_t *row,
            size_t ld, struct kern_hint *hints, uint32_t n, uint32_t *hint_at)
{
    for (int k = 0; k < p->embeds; k++, row += ld)
        for (int j = 0; j < b->look->n; j++)
            row[j] = context_row(b->look->hash[p->embed[k]][j], p->row_bits[k]);
    for (int j = 0; j < b->look->n; j++) {
        n += kern_cpu.tally(hints + n, row + j, ld, &b->found[j * b->censuses],
                            p->weight_at, b->censuses);
        memcpy(hints + n, b->place[j], sizeof b->place[j]);
        n += b->places[j];
        hint_at[j + 1] = n;
    }
    return n;
}

/* A block of positions: to rows[k * ld], and hints from hint_at[0] on. */
static void
read_block(struct reader *r, const struct memory *m, struct block *b,
           const uint8_t *data, const struct reading *to, size_t i)
{
    const struct reader_plan *p = r->plan;
    uint32_t *row = to->rows + (size_t)(p->embeds + b->censuses) * to->ld + i;
    int s = b->censuses;

    memset(b->places, 0, sizeof b->places);
    for (int j = 0; j < b->look->n; j++)
        __builtin_prefetch(near(r, b->look, 0, j), 1);
    for (int k = 0; k < p->recents; k++)
        walk_recent(r, b, k, data);
    for (int k = 0; k < p->repeats; k++, row += to->ld)
        walk_repeat(r, b, k, s++, data, row);
    walk_counts(m, b);
    for (int k = 0; k < p->matches; k++, row += to->ld)
        walk_match(r, m, b, k, s++, data, row);
    write_block(p, b, to->rows + i, to->ld, to->hints, to->hint_at[i],
                to->hint_at + i);
}

void
reader_read(struct reader *r, const struct memory *m, const uint8_t *data,
            size_t n, struct reading *to)
{
    struct look look[2];
    struct block b;
    size_t i = 0;

    b.censuses = r->plan->counts + r->plan->recents;
    hash_block(r, m, &look[0], data, r->next, n);
    for (int now = 0; i < n; now = !now) {
        b.look = &look[now];
        b.next = &look[!now];
        r->next += (size_t)b.look->n;
        hash_block(r, m, &look[!now], data, r->next, n - i - (size_t)b.look->n);
        read_block(r, m, &b, data, to, i);
        i += (size_t)b.look->n;
    }
}
