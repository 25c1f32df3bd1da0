#include <stdio.h>
#include <stdlib.h>

#include "st/diff.h"
#include "st/lines.h"
#include "st/script.h"

enum { CONTEXT = 3 };

struct side {
    struct lines text;
    struct seq seq;
};

/* Lines [a0, a1) of a became [b0, b1) of b; either may be empty. */
struct change {
    int a0, a1, b0, b1;
};

/* The next change at or after the given place; 0 when there is none. */
static int
next_change(const struct side *a, const struct side *b, int i, int j,
            struct change *c)
{
    while (i < a->seq.n && !a->seq.differs[i] && !b->seq.differs[j])
        i++, j++;
    *c = (struct change){ i, i, j, j };
    while (a->seq.differs[c->a1])
        c->a1++;
    while (b->seq.differs[c->b1])
        c->b1++;
    return c->a0 < c->a1 || c->b0 < c->b1;
}

/* "3,2", "3" for a single line, or the line before an empty place. */
static void
add_range(struct sbuf *out, char sign, int from, int to)
{
    char text[32];
    int n = to - from;

    if (n == 1)
        snprintf(text, sizeof text, " %c%d", sign, from + 1);
    else
        snprintf(text, sizeof text, " %c%d,%d", sign, from + (n > 0), n);
    sbuf_adds(out, text);
}

static void
add_line(struct sbuf *out, char sign, struct line l)
{
    if (sbuf_reserve(out, l.len + 2) < 0)
        return;
    sbuf_add(out, &sign, 1);
    sbuf_add(out, l.s, l.len);
    sbuf_add(out, "\n", 1);
}

/* The hunk of changes from first to last, both inclusive. */
static void
add_hunk(struct sbuf *out, const struct side *a, const struct side *b,
         const struct change *first, const struct change *last)
{
    int before = first->a0 < CONTEXT ? first->a0 : CONTEXT;
    int after = a->seq.n - last->a1;
    int i = first->a0 - before, j = first->b0 - before, end;

    after = after < CONTEXT ? after : CONTEXT;
    end = last->a1 + after;
    sbuf_adds(out, "@@");
    add_range(out, '-', i, end);
    add_range(out, '+', j, last->b1 + after);
    sbuf_adds(out, " @@\n");
    while (i < end || b->seq.differs[j]) {
        if (!a->seq.differs[i] && !b->seq.differs[j]) {
            add_line(out, ' ', a->text.l[i++]);
            j++;
        }
        while (a->seq.differs[i])
            add_line(out, '-', a->text.l[i++]);
        while (b->seq.differs[j])
            add_line(out, '+', b->text.l[j++]);
    }
}

static void
add_all(struct sbuf *out, const struct side *a, const struct side *b)
{
    struct change first, last, next;
    int more = next_change(a, b, 0, 0, &first);

    while (more) {
        last = first;
        while ((more = next_change(a, b, last.a1, last.b1, &next)) &&
               next.a0 - last.a1 <= 2 * CONTEXT)
            last = next;
        add_hunk(out, a, b, &first, &last);
        first = next;
    }
}

/* Cut both texts up and find what differs. */
static int
compare(struct side *a, struct side *b, int **ids, unsigned char **flags)
{
    size_t n = a->text.n + b->text.n;
    int count;

    *ids = malloc((n + 1) * sizeof **ids);
    *flags = malloc(n + 4);
    if (!*ids || !*flags ||
        (count = lines_number(&a->text, &b->text, *ids, *ids + a->text.n)) < 0)
        return -1;
    a->seq = (struct seq){ *ids, (int)a->text.n, *flags + 1 };
    b->seq = (struct seq){ *ids + a->text.n, (int)b->text.n,
                           *flags + a->text.n + 3 };
    return script_find(&a->seq, &b->seq, count, SCRIPT_EXACT);
}

int
diff_text(struct sbuf *out, const char *a, size_t alen, const char *b,
          size_t blen, const struct diff_labels *labels)
{
    struct side x = { 0 }, y = { 0 };
    size_t start = out->len, head;
    unsigned char *flags = NULL;
    int *ids = NULL, bad;

    bad = lines_cut(&x.text, a, alen) < 0 || lines_cut(&y.text, b, blen) < 0 ||
          compare(&x, &y, &ids, &flags) < 0;
    if (!bad) {
        sbuf_addf(out, "--- %s\n+++ %s\n",
                  labels && labels->from ? labels->from : "data",
                  labels && labels->to ? labels->to : "data");
        head = out->len;
        add_all(out, &x, &y);
        bad = out->failed;
        if (!bad && out->len == head) {
            out->len = start;
            out->s[start] = '\0';
        }
    }
    lines_free(&x.text);
    lines_free(&y.text);
    free(ids);
    free(flags);
    return bad ? -1 : out->len > start;
}
