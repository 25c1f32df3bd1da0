#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "st/script.h"

/*
 * The comparison sees only elements that occur in both sequences: the others
 * differ anyway. x[i] is element i of what is left, xat[i] its place in the
 * whole; likewise y. A diagonal k holds the points with i - j = k, and fwd[k]
 * and bwd[k] the furthest i on it that a path from either end has reached.
 */
struct search {
    int *x, *y, *xat, *yat;
    int nx, ny;
    unsigned char *xdiffers, *ydiffers;
    int *fwd, *bwd;
    int exact;
};

/* A part of the two sequences, and where it was cut in two. */
struct box {
    int i0, i1, j0, j1;
};
struct cut {
    int i, j;
    int low_exact, high_exact; /* the part's cost is known to be small */
};

/* The diagonals that one of the two searches has reached. */
struct front {
    int lo, hi;
};

/* One more difference: the front widens, except at the edges of the box. */
static void
widen(struct front *f, int *far, int lowest, int highest, int unreached)
{
    if (f->lo > lowest)
        far[--f->lo - 1] = unreached;
    else
        f->lo++;
    if (f->hi < highest)
        far[++f->hi + 1] = unreached;
    else
        f->hi--;
}

static int
in(struct front f, int k)
{
    return f.lo <= k && k <= f.hi;
}

/* Take the forward paths one difference further; 1 when one meets `other`. */
static int
forward(struct search *s, const struct box *b, struct front f,
        struct front other, int may_meet, struct cut *c)
{
    for (int k = f.hi; k >= f.lo; k -= 2) {
        int down = s->fwd[k + 1], right = s->fwd[k - 1] + 1;
        int i = right > down ? right : down;
        while (i < b->i1 && i - k < b->j1 && s->x[i] == s->y[i - k])
            i++;
        s->fwd[k] = i;
        if (may_meet && in(other, k) && s->bwd[k] <= i) {
            *c = (struct cut){ i, i - k, 1, 1 };
            return 1;
        }
    }
    return 0;
}

static int
backward(struct search *s, const struct box *b, struct front f,
         struct front other, int may_meet, struct cut *c)
{
    for (int k = f.hi; k >= f.lo; k -= 2) {
        int up = s->bwd[k - 1], left = s->bwd[k + 1] - 1;
        int i = up <= left ? up : left;
        while (i > b->i0 && i - k > b->j0 && s->x[i - 1] == s->y[i - k - 1])
            i--;
        s->bwd[k] = i;
        if (may_meet && in(other, k) && i <= s->fwd[k]) {
            *c = (struct cut){ i, i - k, 1, 1 };
            return 1;
        }
    }
    return 0;
}

/* Too many differences: cut where a path has covered most of the box. */
static struct cut
give_up(const struct search *s, const struct box *b, struct front f,
        struct front g)
{
    long best = -1, least = LONG_MAX;
    int fi = 0, fk = 0, gi = 0, gk = 0;

    for (int k = f.hi; k >= f.lo; k -= 2) {
        int i = s->fwd[k] < b->i1 ? s->fwd[k] : b->i1;
        i = i - k > b->j1 ? b->j1 + k : i;
        if (2L * i - k > best) {
            best = 2L * i - k;
            fi = i;
            fk = k;
        }
    }
    for (int k = g.hi; k >= g.lo; k -= 2) {
        int i = s->bwd[k] > b->i0 ? s->bwd[k] : b->i0;
        i = i - k < b->j0 ? b->j0 + k : i;
        if (2L * i - k < least) {
            least = 2L * i - k;
            gi = i;
            gk = k;
        }
    }
    if (best - b->i0 - b->j0 > (long)b->i1 + b->j1 - least)
        return (struct cut){ fi, fi - fk, 1, 0 };
    return (struct cut){ gi, gi - gk, 0, 1 };
}

/* A point on a shortest path through the box, which has differences at both
 * its ends. */
static struct cut
find_cut(struct search *s, const struct box *b, int exact)
{
    int lowest = b->i0 - b->j1, highest = b->i1 - b->j0;
    int start = b->i0 - b->j0, end = b->i1 - b->j1;
    struct front f = { start, start }, g = { end, end };
    int odd = (start - end) & 1;
    struct cut c;

    s->fwd[start] = b->i0;
    s->bwd[end] = b->i1;
    for (int cost = 1;; cost++) {
        widen(&f, s->fwd, lowest, highest, -1);
        if (forward(s, b, f, g, odd, &c))
            return c;
        widen(&g, s->bwd, lowest, highest, INT_MAX);
        if (backward(s, b, g, f, !odd, &c))
            return c;
        if (!exact && cost >= s->exact)
            return give_up(s, b, f, g);
    }
}

/* Mark what differs in the box. Of its two halves the one with known small
 * cost is done by recursion, so that this never goes deep. */
static void
compare(struct search *s, struct box b, int exact)
{
    for (;;) {
        struct box low, high;
        struct cut c;

        while (b.i0 < b.i1 && b.j0 < b.j1 && s->x[b.i0] == s->y[b.j0])
            b.i0++, b.j0++;
        while (b.i0 < b.i1 && b.j0 < b.j1 && s->x[b.i1 - 1] == s->y[b.j1 - 1])
            b.i1--, b.j1--;
        if (b.i0 == b.i1 || b.j0 == b.j1) {
            for (; b.i0 < b.i1; b.i0++)
                s->xdiffers[s->xat[b.i0]] = 1;
            for (; b.j0 < b.j1; b.j0++)
                s->ydiffers[s->yat[b.j0]] = 1;
            return;
        }
        c = find_cut(s, &b, exact);
        low = (struct box){ b.i0, c.i, b.j0, c.j };
        high = (struct box){ c.i, b.i1, c.j, b.j1 };
        if (c.low_exact) {
            compare(s, low, 1);
            b = high;
            exact = c.high_exact;
        } else {
            compare(s, high, 1);
            b = low;
            exact = 0;
        }
    }
}

/* Keep the elements of t that the other sequence has too; the rest differs. */
static int
keep(const struct seq *t, const unsigned char *in_both, int *id, int *at)
{
    int n = 0;

    for (int i = 0; i < t->n; i++)
        if (in_both[t->id[i]]) {
            id[n] = t->id[i];
            at[n++] = i;
        } else {
            t->differs[i] = 1;
        }
    return n;
}

/* A run of differing elements [lo, hi) of t, perhaps empty, and the run of the
 * other sequence that stands at the same place, between the same elements that
 * do not differ. */
struct run {
    const struct seq *t, *o;
    int lo, hi, olo, ohi;
};

static void
extend(struct run *r)
{
    while (r->t->differs[r->hi])
        r->hi++;
    while (r->o->differs[r->ohi])
        r->ohi++;
}

/* The run after r; 0 at the end. */
static int
next_run(struct run *r)
{
    if (r->hi >= r->t->n)
        return 0;
    r->lo = ++r->hi;
    r->olo = ++r->ohi;
    extend(r);
    return 1;
}

/* Move the run up by one element, when that leaves the same text, and join it
 * with the run it meets. The other sequence's place moves along. */
static int
slide_up(struct run *r)
{
    unsigned char *d = r->t->differs;

    if (!r->lo || r->t->id[r->lo - 1] != r->t->id[r->hi - 1])
        return 0;
    d[--r->lo] = 1;
    d[--r->hi] = 0;
    while (d[r->lo - 1])
        r->lo--;
    r->ohi = r->olo = r->olo - 1;
    while (r->o->differs[r->olo - 1])
        r->olo--;
    return 1;
}

static int
slide_down(struct run *r)
{
    unsigned char *d = r->t->differs;

    if (r->hi >= r->t->n || r->t->id[r->lo] != r->t->id[r->hi])
        return 0;
    d[r->lo++] = 0;
    d[r->hi++] = 1;
    r->olo = ++r->ohi;
    extend(r);
    return 1;
}

/* Move the run as far down as it goes, joining what it meets on the way in
 * both directions; then back up to the lowest place beside a difference. */
static void
settle(struct run *r)
{
    int length, beside;

    do {
        length = r->hi - r->lo;
        while (slide_up(r))
            ;
        beside = r->olo < r->ohi ? r->hi : INT_MAX;
        while (slide_down(r))
            if (r->olo < r->ohi)
                beside = r->hi;
    } while (length != r->hi - r->lo);
    while (beside < r->hi && slide_up(r))
        ;
}

static void
settle_all(const struct seq *t, const struct seq *o)
{
    struct run r = { t, o, 0, 0, 0, 0 };

    extend(&r);
    do
        if (r.lo < r.hi)
            settle(&r);
    while (next_run(&r));
}

int
script_find(struct seq *a, struct seq *b, int ids, int exact)
{
    size_t n = (size_t)a->n + (size_t)b->n, diagonals = n + 3;
    int *block = malloc((2 * n + 2 * diagonals) * sizeof *block);
    unsigned char *seen = calloc((size_t)ids + 1, 1);
    struct search s = { .xdiffers = a->differs, .ydiffers = b->differs };

    if (!block || !seen) {
        free(block);
        free(seen);
        return -1;
    }
    s.x = block;
    s.y = s.x + a->n;
    s.xat = s.y + b->n;
    s.yat = s.xat + a->n;
    s.fwd = s.yat + b->n + b->n + 1; /* diagonals -(b->n + 1) to a->n + 1 */
    s.bwd = s.fwd + diagonals;
    s.exact = exact;
    memset(a->differs - 1, 0, (size_t)a->n + 2);
    memset(b->differs - 1, 0, (size_t)b->n + 2);
    for (int i = 0; i < a->n; i++)
        seen[a->id[i]] = 1;
    for (int j = 0; j < b->n; j++)
        seen[b->id[j]] |= 2;
    for (int k = 0; k < ids; k++)
        seen[k] = seen[k] == 3;
    s.nx = keep(a, seen, s.x, s.xat);
    s.ny = keep(b, seen, s.y, s.yat);
    compare(&s, (struct box){ 0, s.nx, 0, s.ny }, 0);
    settle_all(a, b);
    settle_all(b, a);
    free(block);
    free(seen);
    return 0;
}
