#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ar/conf.h"
#include "ar/propose.h"
#include "common/sbuf.h"

enum { GUESSES = 400, WALK_MAX = 100000 };

/* One way to move: a number down or up, or a choice to one of its values. */
struct arm {
    size_t dim, to;   /* to: 0 down, 1 up; or which choice */
    double win, loss; /* weighted by how clear the outcome was */
    int wins, tries;
    double size; /* of the next step, in first moves */
};

struct search {
    const struct space *sp;
    char (*now)[SPACE_TEXT];  /* values of the file to start from */
    char (*next)[SPACE_TEXT]; /* values of the proposal in the making */
    char (*val)[SPACE_TEXT];  /* n rows of values of past trials */
    char *rest;               /* settings outside the space, compared whole */
    char **seen;              /* sorted signatures of past trials */
    size_t nseen;
    struct arm *arm;
    size_t narm;
    int *touched; /* per setting: how many trials changed it */
    uint64_t rng;
};

static uint64_t
random_bits(struct search *s)
{
    uint64_t z = s->rng += 0x9e3779b97f4a7c15u; /* splitmix64 */

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double
uniform(struct search *s)
{
    return (double)(random_bits(s) >> 11) * 0x1p-53;
}

static size_t
below(struct search *s, size_t n)
{
    return (size_t)(uniform(s) * (double)n);
}

/* ---- settings files as values of the space ---- */

static int
in_space(const struct space *sp, const char *name, size_t len)
{
    for (size_t i = 0; i < sp->n; i++)
        if (strlen(sp->dim[i].name) == len &&
            memcmp(sp->dim[i].name, name, len) == 0)
            return 1;
    return 0;
}

/* The canonical value of each setting of the space, empty where unset. */
static void
values(const struct space *sp, const char *conf, char (*to)[SPACE_TEXT])
{
    struct conf_item it;
    struct sbuf b = { 0 };

    for (size_t i = 0; i < sp->n; i++) {
        sbuf_clear(&b);
        if (conf_find(conf, sp->dim[i].name, &it))
            conf_canon(&b, conf + it.val, it.vlen);
        snprintf(to[i], SPACE_TEXT, "%s", b.s ? b.s : "");
    }
    sbuf_free(&b);
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every setting outside the space, sorted: two files that differ there are
 * different experiments. NULL when out of memory. */
static char *
other_settings(const struct space *sp, const char *conf)
{
    struct conf_item it, last;
    struct sbuf all = { 0 };
    char **line = NULL, **more;
    size_t at = 0, n = 0;

    while (conf_next(conf, &at, &it)) {
        struct sbuf b = { 0 };
        sbuf_add(&b, conf + it.name, it.nlen);
        if (b.failed || in_space(sp, b.s, b.len) ||
            !conf_find(conf, b.s, &last) || last.name != it.name ||
            !(more = realloc(line, (n + 1) * sizeof *line))) {
            sbuf_free(&b);
            continue;
        }
        line = more;
        sbuf_adds(&b, "=");
        conf_canon(&b, conf + it.val, it.vlen);
        line[n++] = b.s;
    }
    if (n)
        qsort(line, n, sizeof *line, by_text);
    sbuf_adds(&all, "");
    for (size_t i = 0; i < n; i++) {
        sbuf_addf(&all, "%s\n", line[i]);
        free(line[i]);
    }
    free(line);
    return all.s;
}

static char *
signature(const char *rest, char (*val)[SPACE_TEXT], size_t n)
{
    struct sbuf b = { 0 };

    sbuf_adds(&b, rest);
    for (size_t i = 0; i < n; i++)
        sbuf_addf(&b, "\n%s", val[i]);
    return b.s;
}

static int
is_new(const struct search *s)
{
    char *sig = signature(s->rest, s->next, s->sp->n);
    int found = sig && s->nseen &&
                bsearch(&sig, s->seen, s->nseen, sizeof *s->seen, by_text);

    free(sig);
    return sig && !found;
}

/* ---- what the past says ---- */

static int
make_arms(struct search *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->sp->n; i++)
        n += s->sp->dim[i].n ? s->sp->dim[i].n : 2;
    if (!(s->arm = calloc(n, sizeof *s->arm)))
        return -1;
    for (size_t i = 0; i < s->sp->n; i++)
        for (size_t k = 0; k < (s->sp->dim[i].n ? s->sp->dim[i].n : 2); k++)
            s->arm[s->narm++] = (struct arm){ .dim = i, .to = k, .size = 1 };
    return 0;
}

/* The arm that leads from one value to another, or NULL. */
static struct arm *
arm_between(struct search *s, size_t dim, const char *from, const char *to)
{
    const struct space_dim *d = &s->sp->dim[dim];

    for (struct arm *a = s->arm; a < s->arm + s->narm; a++)
        if (a->dim == dim &&
            (d->n ? strcmp(d->choice[a->to], to) == 0
                  : space_compare(d, from, to) == (a->to ? 1 : -1)))
            return a;
    return NULL;
}

/* Book an outcome on an arm; share is the part of it that the arm owns. */
static void
book(struct search *s, struct arm *a, int won, double weight, double share)
{
    struct arm *back = a->to ? a - 1 : a + 1;

    a->tries++;
    a->wins += won;
    if (won)
        a->win += weight * share;
    else
        a->loss += weight * share;
    if (s->sp->dim[a->dim].n)
        return;
    /* What won is tried farther out; the way back is shorter now, because
     * the point we came from is known to be worse. */
    if (won) {
        a->size = fmin(a->size * 1.6, 6);
        back->size = fmin(back->size, 0.5 * a->size);
        back->loss += 0.5 * share; /* we have just come from there */
    } else {
        a->size = fmax(a->size * 0.6, 0.1);
    }
}

static int
by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The usual size of a difference between a row and its parent. */
static double
usual_delta(const struct trial *t, size_t n)
{
    double *d = malloc((n + 1) * sizeof *d), mid = 0, base = NAN;
    size_t m = 0;

    for (size_t i = 0; d && i < n; i++) {
        if (isfinite(t[i].metric) && isfinite(base))
            d[m++] = fabs(t[i].metric - base);
        if (t[i].kept)
            base = t[i].metric;
    }
    if (m) {
        qsort(d, m, sizeof *d, by_number);
        mid = d[m / 2];
    }
    free(d);
    return mid;
}

/* Compare each trial with the row it started from: the last one kept. */
static void
learn(struct search *s, const struct trial *t, size_t n)
{
    size_t nd = s->sp->n, parent = n;
    double usual = usual_delta(t, n);

    for (size_t i = 0; i < n; i++) {
        size_t diff = 0;
        double weight = 1;

        for (size_t d = 0; parent < n && t[i].conf && d < nd; d++)
            diff += strcmp(s->val[parent * nd + d], s->val[i * nd + d]) != 0;
        if (diff && usual > 0 && isfinite(t[i].metric - t[parent].metric))
            weight = fmin(
                fmax(fabs(t[i].metric - t[parent].metric) / usual, 0.4), 1.5);
        for (size_t d = 0; diff && d < nd; d++) {
            const char *from = s->val[parent * nd + d];
            const char *to = s->val[i * nd + d];
            struct arm *a;
            if (strcmp(from, to) == 0)
                continue;
            s->touched[d]++;
            if ((a = arm_between(s, d, from, to)))
                book(s, a, t[i].kept, weight, 1.0 / (double)diff);
        }
        if (t[i].kept && t[i].conf)
            parent = i;
    }
}

static int
recall(struct search *s, const struct trial *t, size_t n)
{
    size_t nd = s->sp->n;

    if (!(s->val = calloc(n * nd + 1, sizeof *s->val)) ||
        !(s->seen = calloc(n + 1, sizeof *s->seen)))
        return -1;
    for (size_t i = 0; i < n; i++) {
        char *rest = t[i].conf ? other_settings(s->sp, t[i].conf) : NULL;
        if (!rest)
            continue;
        values(s->sp, t[i].conf, s->val + i * nd);
        s->seen[s->nseen] = signature(rest, s->val + i * nd, nd);
        s->nseen += s->seen[s->nseen] != NULL;
        free(rest);
    }
    /* Staying where we are is no experiment either. */
    if ((s->seen[s->nseen] = signature(s->rest, s->now, nd)))
        s->nseen++;
    qsort(s->seen, s->nseen, sizeof *s->seen, by_text);
    learn(s, t, n);
    return 0;
}

/* ---- choosing ---- */

static void
start_over(struct search *s)
{
    memcpy(s->next, s->now, s->sp->n * sizeof *s->next);
}

/* Take a way to move; 0 when it leads nowhere from here. */
static int
take(struct search *s, const struct arm *a, double size)
{
    const struct space_dim *d = &s->sp->dim[a->dim];
    char *to = s->next[a->dim];

    if (d->n)
        snprintf(to, SPACE_TEXT, "%s", d->choice[a->to]);
    else if (!space_number(s->now[a->dim])) /* unset: somewhere in that half */
        space_at(d, 0.5 * (uniform(s) + (double)a->to), to);
    else if (!space_move(d, s->now[a->dim], a->to ? 1 : -1, size, to))
        return 0;
    return strcmp(to, s->now[a->dim]) != 0;
}

/* A draw around the arm's rate of success, wider the less is known. */
static double
draw(struct search *s, const struct arm *a)
{
    double n = a->win + a->loss, mean = (0.7 + a->win) / (1.7 + n);
    /* Four uniform numbers make a bell that is good enough to explore by. */
    double noise = uniform(s) + uniform(s) + uniform(s) + uniform(s) - 2;

    return mean + noise * 1.7 * sqrt(mean * (1 - mean) / (2.7 + n));
}

static const struct arm *
pick(struct search *s, int want_untried)
{
    const struct arm *best = NULL;
    double top = -INFINITY;

    for (const struct arm *a = s->arm; a < s->arm + s->narm; a++) {
        double x = draw(s, a);
        if (want_untried && s->touched[a->dim])
            continue;
        if (x > top) {
            top = x;
            best = a;
        }
    }
    return best;
}

static int
any_untried(const struct search *s)
{
    for (size_t i = 0; i < s->sp->n; i++)
        if (!s->touched[i])
            return 1;
    return 0;
}

/* One setting, now and then two. The arm that gives the reason, or NULL. */
static const struct arm *
guess(struct search *s)
{
    int fresh = any_untried(s) && uniform(s) < 0.75;
    int look_around = uniform(s) < 0.08;
    const struct arm *a =
        look_around ? &s->arm[below(s, s->narm)] : pick(s, fresh);
    double size = look_around ? 0.3 + 3 * uniform(s)
                              : a->size * (0.75 + 0.5 * uniform(s));

    start_over(s);
    if (!take(s, a, size))
        return NULL;
    /* Two at once reach what neither reaches alone, but teach less. */
    if (s->nseen > 4 && uniform(s) < 0.12) {
        const struct arm *b = pick(s, 0);
        if (b->dim != a->dim)
            take(s, b, b->size * (0.75 + 0.5 * uniform(s)));
    }
    return is_new(s) ? a : NULL;
}

/* Anywhere at all, then, in a small space, one value after another. */
static int
search_wide(struct search *s)
{
    size_t nd = s->sp->n, total = 1, first;

    for (int i = 0; i < GUESSES; i++) {
        start_over(s);
        for (size_t d = 0; d < nd; d++)
            if (i >= GUESSES / 2 || below(s, nd) == 0)
                space_at(&s->sp->dim[d], uniform(s), s->next[d]);
        if (is_new(s))
            return 1;
    }
    for (size_t d = 0; d < nd && total; d++) {
        size_t levels = space_levels(&s->sp->dim[d]);
        total = levels && total <= WALK_MAX / levels ? total * levels : 0;
    }
    first = below(s, total);
    for (size_t i = 0; i < total; i++) {
        size_t k = (first + i) % total;
        for (size_t d = 0; d < nd; d++) {
            size_t levels = space_levels(&s->sp->dim[d]);
            space_level(&s->sp->dim[d], k % levels, s->next[d]);
            k /= levels;
        }
        if (is_new(s))
            return 1;
    }
    return 0;
}

static void
explain(const struct search *s, const struct arm *a, char *to, size_t len)
{
    const struct space_dim *d = a ? &s->sp->dim[a->dim] : NULL;
    char way[2 * SPACE_TEXT + 16];

    if (!a) {
        snprintf(to, len, "a place not tried yet");
        return;
    }
    if (d->kind == SPACE_FLAG)
        snprintf(way, sizeof way, "%s %s", d->name, a->to ? "on" : "off");
    else if (d->n)
        snprintf(way, sizeof way, "%s %s", d->name, d->choice[a->to]);
    else
        snprintf(way, sizeof way, "%s %s", a->to ? "raising" : "lowering",
                 d->name);
    if (a->tries == 0)
        snprintf(to, len, "%s was not tried yet", way);
    else if (a->wins == 0)
        snprintf(to, len, "%s lost %d of %d, another look", way, a->tries,
                 a->tries);
    else
        snprintf(to, len, "%s won in %d of %d", way, a->wins, a->tries);
}

/* A flag is written the way the file has it. */
static const char *
in_kind(const struct change *c, const char *to)
{
    if (c->dim->kind != SPACE_FLAG ||
        (strcmp(c->from, "yes") != 0 && strcmp(c->from, "no") != 0))
        return to;
    return strcmp(to, "1") == 0 ? "yes" : "no";
}

static int
report(const struct search *s, const struct arm *a, const char *conf,
       struct proposal *p, struct why *w)
{
    struct conf_item it;

    if (!(p->change = calloc(s->sp->n, sizeof *p->change)))
        return why_set(w, "out of memory");
    for (size_t d = 0; d < s->sp->n; d++) {
        struct change *c = &p->change[p->n];
        if (strcmp(s->now[d], s->next[d]) == 0)
            continue;
        *c = (struct change){ .dim = &s->sp->dim[d] };
        if (conf_find(conf, c->dim->name, &it))
            snprintf(c->from, sizeof c->from, "%.*s", (int)it.vlen,
                     conf + it.val);
        snprintf(c->to, sizeof c->to, "%s", in_kind(c, s->next[d]));
        p->n++;
    }
    explain(s, a, p->reason, sizeof p->reason);
    return 1;
}

static void
release(struct search *s)
{
    for (size_t i = 0; i < s->nseen; i++)
        free(s->seen[i]);
    free(s->seen);
    free(s->now);
    free(s->next);
    free(s->val);
    free(s->rest);
    free(s->arm);
    free(s->touched);
}

int
propose(const struct space *sp, const char *conf, const struct trial *t,
        size_t n, uint64_t seed, struct proposal *p, struct why *w)
{
    struct search s = { .sp = sp, .rng = seed };
    const struct arm *a = NULL;
    int got = -1;

    *p = (struct proposal){ 0 };
    s.now = calloc(sp->n, sizeof *s.now);
    s.next = calloc(sp->n, sizeof *s.next);
    s.touched = calloc(sp->n, sizeof *s.touched);
    s.rest = other_settings(sp, conf);
    if (s.now && s.next && s.touched && s.rest && make_arms(&s) == 0) {
        values(sp, conf, s.now);
        got = recall(&s, t, n);
    }
    if (got < 0) {
        release(&s);
        return why_set(w, "out of memory");
    }
    for (int i = 0; i < GUESSES && !a; i++)
        a = guess(&s);
    got = a || search_wide(&s);
    if (got)
        got = report(&s, a, conf, p, w);
    release(&s);
    return got;
}

void
propose_free(struct proposal *p)
{
    free(p->change);
    *p = (struct proposal){ 0 };
}
