#include <math.h>
#include <string.h>

#include "num/sample.h"

/* Bytes from the most to the least likely: insertion sort, stable. */
static int
sort(const float *logits, const unsigned char *allow, uint8_t *order)
{
    int n = 0;

    for (int c = 0; c < FFN_VOCAB; c++) {
        int at = n;
        if ((allow && !allow[c]) || isnan(logits[c]))
            continue;
        for (; at > 0 && logits[order[at - 1]] < logits[c]; at--)
            order[at] = order[at - 1];
        order[at] = (uint8_t)c;
        n++;
    }
    return n;
}

int
sample_draw(const float *logits, const struct sample_rule *r,
            const unsigned char *allow, double u)
{
    uint8_t order[FFN_VOCAB];
    double p[FFN_VOCAB], sum = 0, kept = 0;
    int n = sort(logits, allow, order), m = 0;

    if (n == 0)
        return -1;
    if (r->temperature == 0)
        return order[0];
    if (r->top_k > 0 && n > r->top_k)
        n = r->top_k;
    for (int i = 0; i < n; i++) {
        p[i] =
            exp(((double)logits[order[i]] - logits[order[0]]) / r->temperature);
        sum += p[i];
    }
    while (m < n && (m == 0 || kept < r->top_p * sum))
        kept += p[m++];
    u *= kept;
    for (int i = 0; i < m; i++)
        if ((u -= p[i]) < 0)
            return order[i];
    return order[m - 1];
}

void
sample_utf8_next(struct sample_utf8 *s, uint8_t c)
{
    if (s->left > 0 && c >= s->lo && c <= s->hi) {
        s->left--;
        s->lo = 0x80;
        s->hi = 0xbf;
        return;
    }
    s->left = c < 0xc2 || c > 0xf4 ? 0 : 1 + (c >= 0xe0) + (c >= 0xf0);
    s->lo = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    s->hi = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
}

void
sample_utf8_allow(const struct sample_utf8 *s, size_t room,
                  unsigned char allow[FFN_VOCAB])
{
    for (int c = 0; c < FFN_VOCAB; c++) {
        struct sample_utf8 next = { 0 };
        sample_utf8_next(&next, (uint8_t)c);
        allow[c] = s->left > 0 ? c >= s->lo && c <= s->hi
                               : (c < 0x80 || next.left > 0) &&
                                     (size_t)next.left < room;
    }
}

int
sample_open(struct sample *s, const struct ffn *f, struct why *w)
{
    *s = (struct sample){ .f = f };
    if (reader_open(&s->read, &f->plan, w) < 0)
        return -1;
    return ffn_work_open(&s->work, f, 1, 0, w);
}

void
sample_close(struct sample *s)
{
    ffn_work_close(&s->work);
    reader_close(&s->read);
    sbuf_free(&s->text);
}

int
sample_push(struct sample *s, const void *data, size_t n, struct why *w)
{
    size_t context = (size_t)s->f->c.context;

    sbuf_add(&s->text, data, n);
    if (s->text.failed)
        return why_set(w, "out of memory");
    while (s->text.len - s->start > context)
        s->start += (context + 1) / 2;
    return 0;
}

/* What the last position knows: the reader goes on where it was, or from the
 * start of a new window. */
static uint8_t
read_context(struct sample *s)
{
    const uint8_t *data = s->text.len ? (uint8_t *)s->text.s : (uint8_t *)"\n";
    size_t n = s->text.len ? s->text.len : 1;

    if (s->read.start != s->start || s->read.next > n - 1)
        reader_start(&s->read, s->start);
    while (s->read.next < n)
        reader_read(&s->read, &s->f->memory, data, 1, &s->work.in);
    if (!s->text.len) /* the newline is not part of the text */
        reader_start(&s->read, s->start);
    ffn_take(s->f, &s->work, 1);
    return data[n - 1];
}

int
sample_look(struct sample *s, struct why *w)
{
    uint8_t last = read_context(s);

    ffn_forward(s->f, &s->work, &last, 1);
    s->f->k->get(s->logits, s->work.logits, sizeof s->logits);
    if (s->f->k->error())
        return why_set(w, "%s", s->f->k->error());
    for (int c = 0; c < FFN_VOCAB; c++)
        if (!isfinite(s->logits[c]))
            return why_set(w, "the model's output is not a number");
    return 0;
}
