#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "st/keywords.h"
#include "st/lines.h"
#include "st/rows.h"

#define MOST ((size_t)1 << 32)

static int
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int
add(struct keywords *k, size_t row, struct line l)
{
    while (l.len && is_space(l.s[l.len - 1]))
        l.len--;
    while (l.len && is_space(*l.s))
        l.s++, l.len--;
    if (k->n == k->cap) {
        size_t cap = k->cap ? 2 * k->cap : 64;
        struct keyword *p = realloc(k->k, cap * sizeof *p);
        if (!p)
            return -1;
        k->k = p;
        k->cap = cap;
    }
    k->k[k->n++] = (struct keyword){ row, l.s, l.len };
    return 0;
}

static int
order(const void *x, const void *y)
{
    const struct keyword *a = x, *b = y;
    size_t len = a->len < b->len ? a->len : b->len;
    int c = memcmp(a->s, b->s, len);

    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return c ? c : (a->len > b->len) - (a->len < b->len);
}

int
keywords_read(struct keywords *k, const char *path, const struct shape *s,
              struct why *w)
{
    struct why inner;
    struct rows rows;
    struct row row;
    size_t i;
    int more;

    sbuf_adds(&k->table, "");
    if (fsx_read(path, &k->table, MOST, w) < 0)
        return -1;
    if (rows_open(&rows, k->table.s, k->table.len, &inner) < 0)
        return why_set(w, "%s:%s", path, inner.s);
    while ((more = rows_next(&rows, &row, &inner)) > 0) {
        const char *p = row.text, *end = p ? p + strlen(p) : NULL;
        if (shape_parse_coords(s, row.coords, &i, &inner) < 0)
            return why_set(w, "%s:%zu: %s", path, rows.line, inner.s);
        if (!row.text)
            continue; /* an absent element names no row */
        do
            if (add(k, i / s->dim[s->ndim - 1], line_at(p, end, &p)) < 0)
                return why_set(w, "%s: out of memory", path);
        while (p < end);
    }
    if (more < 0)
        return why_set(w, "%s:%s", path, inner.s);
    if (k->n)
        qsort(k->k, k->n, sizeof *k->k, order);
    return 0;
}

int
keywords_of(const struct keywords *k, size_t row, struct sbuf *b)
{
    size_t lo = 0, hi = k->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (k->k[mid].row < row)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == k->n || k->k[lo].row != row)
        return 0;
    for (; lo < k->n && k->k[lo].row == row; lo++) {
        const struct keyword *e = &k->k[lo];
        int again = lo && e[-1].row == row && e[-1].len == e->len &&
                    memcmp(e[-1].s, e->s, e->len) == 0;
        if (again || !e->len)
            continue;
        sbuf_add(b, e->s, e->len);
        sbuf_add(b, "\n", 1);
    }
    return 1;
}

void
keywords_free(struct keywords *k)
{
    sbuf_free(&k->table);
    free(k->k);
    *k = (struct keywords){ 0 };
}
