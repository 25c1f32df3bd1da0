#include <stdlib.h>
#include <string.h>

#include "num/bytes.h"
#include "num/rng.h"

static struct place
window_at(const struct bytes *b, size_t i)
{
    size_t start = b->shift + i * b->window, last = b->n - 1;
    struct place p = { .start = start, .at = start, .epoch = b->epoch };

    p.end = last - start < b->window ? last : start + b->window;
    return p;
}

/*
 * Neighbours often belong together: a window of which the model has just seen
 * the rest is no longer new text. So they are read at the same time. Windows
 * are of one length, and as many as to occupy all streams to the end.
 */
static void
shuffle(struct bytes *b)
{
    size_t streams = (size_t)b->streams, length;
    struct rng r;

    rng_seed(&r, b->seed * 0x9e3779b97f4a7c15u + b->epoch);
    b->shift = 0;
    if (!b->in_order && b->n > 2 * b->context)
        b->shift = rng_below(&r, b->context);
    length = b->n - 1 - b->shift;
    b->window = b->context;
    b->count = (length + b->window - 1) / b->window;
    if (!b->in_order) {
        b->count = (b->count + streams - 1) / streams * streams;
        b->window = (length + b->count - 1) / b->count;
        b->count = (length + b->window - 1) / b->window; /* none is empty */
    }
    for (size_t i = 0; i < b->count; i++)
        b->order[i] = (uint32_t)i;
    for (size_t i = b->count / streams; !b->in_order && i > 1; i--) {
        size_t j = rng_below(&r, i);
        for (size_t s = 0; s < streams; s++) {
            uint32_t *x = &b->order[(i - 1) * streams + s];
            uint32_t *y = &b->order[j * streams + s], keep = *x;
            *x = *y;
            *y = keep;
        }
    }
}

int
bytes_open(struct bytes *b, const uint8_t *data, size_t n, size_t context,
           size_t segment, int streams, int in_order, uint64_t seed,
           struct why *w)
{
    size_t fair = n / (4 * (size_t)streams), most;

    if (segment > context)
        segment = context;
    if (!in_order && context > fair)
        context = fair > segment ? fair : segment;
    *b = (struct bytes){ .data = data,
                         .n = n,
                         .context = context,
                         .segment = segment,
                         .streams = streams,
                         .in_order = in_order,
                         .seed = seed };
    if (n < 2)
        return why_set(w, "training data too short: %zu bytes, need 2", n);
    most = n / context + 2 + (size_t)streams;
    b->place = calloc((size_t)streams, sizeof *b->place);
    b->order = most > UINT32_MAX ? NULL : malloc(most * sizeof *b->order);
    if (!b->place || !b->order) {
        bytes_close(b);
        return why_set(w, "out of memory: the order of %zu windows", most);
    }
    shuffle(b);
    return 0;
}

void
bytes_close(struct bytes *b)
{
    free(b->place);
    free(b->order);
    b->place = NULL;
    b->order = NULL;
}

int
bytes_seek(struct bytes *b, uint64_t epoch, size_t next,
           const struct place *places, struct why *w)
{
    b->epoch = epoch;
    shuffle(b);
    if (next > b->count)
        return why_set(w, "window %zu of epoch %llu is not in this text", next,
                       (unsigned long long)epoch);
    b->next = next;
    for (int i = 0; i < b->streams; i++) {
        struct place p = places ? places[i] : (struct place){ 0 };
        if (p.start > p.at || p.at > p.end || p.end > b->n - 1 ||
            p.end - p.start > b->context)
            return why_set(w, "byte %zu of a window at %zu is not in this text",
                           p.at, p.start);
        b->place[i] = p;
    }
    return 0;
}

int
bytes_spent(const struct bytes *b)
{
    for (int i = 0; i < b->streams; i++)
        if (b->place[i].at < b->place[i].end)
            return 0;
    return b->next == b->count;
}

struct segment
bytes_next(struct bytes *b, int stream)
{
    struct place *p = &b->place[stream];
    struct segment s;

    if (stream == 0 && bytes_spent(b)) {
        b->epoch++;
        b->next = 0;
        shuffle(b);
    }
    if (p->at == p->end && b->next == b->count)
        return (struct segment){ 0 };
    if (p->at == p->end)
        *p = window_at(b, b->order[b->next++]);
    s = (struct segment){ .start = p->start, .from = p->at };
    s.n = p->end - p->at < b->segment ? p->end - p->at : b->segment;
    p->at += s.n;
    s.last = p->at == p->end;
    return s;
}

static int
is_open(const struct bytes *b, const struct place *p)
{
    for (int i = 0; i < b->streams; i++) {
        const struct place *q = &b->place[i];
        if (q->epoch == b->epoch && q->start == p->start && q->at < q->end)
            return 1;
    }
    return 0;
}

int
bytes_windows(const struct bytes *b, int done, size_t *i, struct segment *s)
{
    while (*i < b->count) {
        size_t k = (*i)++;
        struct place p = window_at(b, b->order[k]);
        *s = (struct segment){
            .start = p.start, .from = p.start, .n = p.end - p.start, .last = 1
        };
        if ((k < b->next && !is_open(b, &p)) == done)
            return 1;
    }
    return 0;
}
