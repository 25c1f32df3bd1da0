#include <stdlib.h>

#include "num/bytes.h"
#include "num/rng.h"

/* Segments of one window, and of the whole text with the current shift. */
static size_t
per_window(const struct bytes *b)
{
    return (b->context + b->segment - 1) / b->segment;
}

static struct segment
segment_at(const struct bytes *b, size_t i)
{
    size_t start = b->shift + i / per_window(b) * b->context;
    size_t from = start + i % per_window(b) * b->segment;
    size_t end = start + b->context, last = b->n - 1;
    struct segment s = { .start = start, .from = from };

    end = end < last ? end : last;
    if (from < end)
        s.n = end - from < b->segment ? end - from : b->segment;
    return s;
}

static void
shuffle(struct bytes *b)
{
    struct rng r;

    rng_seed(&r, b->seed * 0x9e3779b97f4a7c15u + b->epoch);
    b->shift = 0;
    if (!b->in_order && b->n > 2 * b->context)
        b->shift = rng_below(&r, b->context);
    b->count = (b->n - 1 - b->shift + b->context - 1) / b->context;
    b->count *= per_window(b);
    for (size_t i = 0; i < b->count; i++)
        b->order[i] = (uint32_t)i;
    for (size_t i = b->count; !b->in_order && i > 1; i--) {
        size_t j = rng_below(&r, i);
        uint32_t keep = b->order[i - 1];
        b->order[i - 1] = b->order[j];
        b->order[j] = keep;
    }
}

int
bytes_open(struct bytes *b, const uint8_t *data, size_t n, size_t context,
           size_t segment, int in_order, uint64_t seed, struct why *w)
{
    size_t most;

    if (segment > context)
        segment = context;
    *b = (struct bytes){ .data = data,
                         .n = n,
                         .context = context,
                         .segment = segment,
                         .in_order = in_order,
                         .seed = seed };
    if (n < 2)
        return why_set(w, "training data too short: %zu bytes, need 2", n);
    most = (n / context + 2) * per_window(b);
    if (most > UINT32_MAX || !(b->order = malloc(most * sizeof *b->order)))
        return why_set(w, "out of memory: the order of %zu segments", most);
    shuffle(b);
    return 0;
}

void
bytes_close(struct bytes *b)
{
    free(b->order);
    b->order = NULL;
}

int
bytes_seek(struct bytes *b, uint64_t epoch, size_t next, struct why *w)
{
    b->epoch = epoch;
    shuffle(b);
    if (next > b->count)
        return why_set(w, "place %zu of epoch %llu is not in this text", next,
                       (unsigned long long)epoch);
    b->next = next;
    return 0;
}

struct segment
bytes_next(struct bytes *b)
{
    struct segment s;

    do { /* segments past the end of the text are empty */
        if (b->next == b->count) {
            b->epoch++;
            b->next = 0;
            shuffle(b);
        }
        s = segment_at(b, b->order[b->next++]);
    } while (s.n == 0);
    return s;
}
