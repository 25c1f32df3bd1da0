#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "st/hunk.h"

enum { MOST_CHOPPED = 3, NO_MEMORY = -2 };
#define LINE_MOST ((size_t)1 << 40)

struct reader {
    const char *s, *end; /* what is left */
    size_t number;       /* of the last line read */
    size_t indent;       /* columns that the whole diff is moved to the right */
    int crlf;            /* its lines end in CRLF */
};

/* Width of the white space at the start of l; *skip is its bytes, counted up
 * to column `most`. */
static size_t
indent_of(struct line l, size_t most, size_t *skip)
{
    size_t column = 0, k = 0;

    for (; k < l.len && column < most; k++)
        if (l.s[k] == ' ')
            column++;
        else if (l.s[k] == '\t')
            column = (column + 8) & ~(size_t)7;
        else
            break;
    *skip = k;
    return column;
}

static int
next_line(struct reader *r, struct line *l)
{
    size_t skip;

    if (r->s == r->end)
        return 0;
    *l = line_at(r->s, r->end, &r->s);
    r->number++;
    indent_of(*l, r->indent, &skip);
    l->s += skip;
    l->len -= skip;
    if (r->crlf && l->len && l->s[l->len - 1] == '\r')
        l->len--;
    return 1;
}

static int
starts(struct line l, const char *with)
{
    size_t n = strlen(with);

    return l.len >= n && memcmp(l.s, with, n) == 0;
}

/* A number of the @@ line at *p; 0 when there is none. */
static int
number(const char **p, const char *end, size_t *n)
{
    const char *start = *p;

    for (*n = 0; *p < end && **p >= '0' && **p <= '9'; ++*p)
        if ((*n = *n * 10 + (size_t)(**p - '0')) > LINE_MOST)
            return 0;
    return *p > start;
}

static int
range(const char **p, const char *end, size_t *from, size_t *n)
{
    *n = 1;
    if (!number(p, end, from))
        return 0;
    if (*p == end || **p != ',')
        return 1;
    ++*p;
    return number(p, end, n);
}

static int
past(const char **p, const char *end, const char *want)
{
    size_t n = strlen(want);

    if ((size_t)(end - *p) < n || memcmp(*p, want, n) != 0)
        return 0;
    *p += n;
    return 1;
}

static int
parse_head(struct hunk *h, struct line l)
{
    const char *p = l.s, *end = l.s + l.len;

    return past(&p, end, "@@ -") && range(&p, end, &h->from, &h->from_n) &&
           past(&p, end, " +") && range(&p, end, &h->to, &h->to_n) &&
           past(&p, end, " @@");
}

/* Make room for one more of size bytes each. */
static int
grow(void **block, size_t n, size_t *cap, size_t size)
{
    size_t want = *cap ? 2 * *cap : 16;
    void *p;

    if (n < *cap)
        return 0;
    if (!(p = realloc(*block, want * size)))
        return -1;
    *block = p;
    *cap = want;
    return 0;
}

static int
add_line(struct hunks *p, char op, struct line l)
{
    void *block = p->l;

    if (grow(&block, p->lines, &p->cap_lines, sizeof *p->l) < 0)
        return -1;
    p->l = block;
    p->l[p->lines++] = (struct hunk_line){ op, l };
    return 0;
}

/* What a line of a hunk does: ' ', '-', '+', '\\' for a note, 0 for a line
 * that has no place in a hunk. *l becomes its text. */
static char
take_op(struct line *l)
{
    char op = l->len ? *l->s : '\t';

    if (op == '\t')
        return ' '; /* an editor took away the space before it */
    if (!strchr(" -+\\", op) || !op)
        return 0;
    l->s++;
    l->len--;
    return op;
}

/* Context at the two ends of h; a hunk of nothing but context is broken. */
static int
measure(const struct hunks *p, struct hunk *h)
{
    const struct hunk_line *l = p->l + h->first;

    h->n = p->lines - h->first;
    while (h->head < h->n && l[h->head].op == ' ')
        h->head++;
    if (h->head == h->n)
        return -1;
    while (l[h->n - 1 - h->tail].op == ' ')
        h->tail++;
    return 0;
}

/* The lines of hunk h, as many as its counts say. */
static int
parse_body(struct hunks *p, struct hunk *h, struct reader *r, struct why *w)
{
    size_t from = h->from_n, to = h->to_n;
    struct line l;

    while (from || to) {
        char op = ' ';
        if (!next_line(r, &l)) {
            if (to > MOST_CHOPPED || from != to)
                return why_set(w, "the diff ends within a hunk");
            l = (struct line){ "", 0 };
        } else if (!(op = take_op(&l))) {
            return why_set(w, "line %zu of the diff has no place in a hunk",
                           r->number);
        }
        if (op == '\\')
            continue;
        if ((op != '+' && !from) || (op != '-' && !to))
            return why_set(w, "line %zu of the diff: the counts in @@ are less",
                           r->number);
        from -= op != '+';
        to -= op != '-';
        if (add_line(p, op, l) < 0)
            return NO_MEMORY;
    }
    if (measure(p, h) < 0)
        return why_set(w, "line %zu of the diff: a hunk that changes nothing",
                       r->number);
    return 0;
}

/* One hunk, whose @@ line is l. */
static int
parse_hunk(struct hunks *p, struct line l, struct reader *r, int fresh,
           struct why *w)
{
    struct hunk h = { .first = p->lines, .fresh = fresh };
    void *block = p->h;
    int bad;

    if (!parse_head(&h, l))
        return why_set(w, "line %zu of the diff: not @@ -1,2 +1,2 @@",
                       r->number);
    if (grow(&block, p->n, &p->cap, sizeof *p->h) < 0)
        return NO_MEMORY;
    p->h = block;
    if ((bad = parse_body(p, &h, r, w)) < 0)
        return bad;
    p->h[p->n++] = h;
    return 0;
}

/* The @@ line that the next diff begins with, past everything else. */
static int
find_head(struct reader *r, struct line *l)
{
    size_t skip;

    r->indent = 0;
    r->crlf = 0;
    while (next_line(r, l)) {
        size_t columns = indent_of(*l, SIZE_MAX, &skip);
        struct line rest = { l->s + skip, l->len - skip };
        if (!starts(rest, "@@ -"))
            continue;
        r->indent = columns;
        r->crlf = rest.s[rest.len - 1] == '\r';
        *l = rest;
        return 1;
    }
    return 0;
}

int
hunks_parse(struct hunks *p, const char *text, size_t len, struct why *w)
{
    struct reader r = { text, text + len, 0, 0, 0 };
    struct line l;

    *p = (struct hunks){ 0 };
    while (find_head(&r, &l)) {
        int fresh = 1, more, bad;
        do {
            struct reader before;
            if ((bad = parse_hunk(p, l, &r, fresh, w)) < 0) {
                hunks_free(p);
                return bad;
            }
            fresh = 0;
            before = r;
            do
                more = next_line(&r, &l);
            while (more && starts(l, "\\ "));
            more = more && starts(l, "@@ -");
            if (!more)
                r = before;
        } while (more);
    }
    return p->n > 0;
}

void
hunks_free(struct hunks *p)
{
    free(p->h);
    free(p->l);
    *p = (struct hunks){ 0 };
}
