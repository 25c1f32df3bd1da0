#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ar/space.h"
#include "common/tsv.h"

/* More values than this are drawn at random, not walked through. */
enum { WALK_MAX = 100000, COLUMNS = 16 };

/* The whole of s, decimal and finite: no "0x10", no "1,5", no "nan". */
static int
number(const char *s, double *to)
{
    char *end;

    *to = strtod(s, &end);
    return end == s || *end || !isfinite(*to) || strpbrk(s, "xX") ? -1 : 0;
}

/* A word that survives a round trip through a settings file. */
static int
plain(const char *s)
{
    size_t len = strlen(s);

    return len > 0 && len < SPACE_TEXT && !strpbrk(s, " \t\r\n#=");
}

/* The |-separated words of a choice; a flag is the choice "0|1". */
static int
set_choices(struct space_dim *d, const char *range, struct why *w)
{
    size_t n = 1;

    for (const char *p = range; *p; p++)
        n += *p == '|';
    if (!(d->choice = calloc(n, sizeof *d->choice)))
        return why_set(w, "out of memory");
    while (d->n < n) {
        size_t len = strcspn(range, "|");
        char *word = d->choice[d->n] = strndup(range, len);
        if (!word)
            return why_set(w, "out of memory");
        d->n++;
        if (!plain(word))
            return why_set(w, "%s: a choice is empty, too long or has a blank",
                           d->name);
        for (size_t i = 0; i + 1 < d->n; i++)
            if (strcmp(d->choice[i], word) == 0)
                return why_set(w, "%s: %s is there twice", d->name, word);
        range += len + (range[len] == '|');
    }
    return n < 2 ? why_set(w, "%s: one choice is no choice, write a|b", d->name)
                 : 0;
}

/* lo,hi of a number, and how one moves in it. */
static int
set_range(struct space_dim *d, char *range, const char *scale, const char *step,
          struct why *w)
{
    char *comma = strchr(range, ',');

    if (comma)
        *comma++ = '\0';
    if (!comma || number(range, &d->lo) < 0 || number(comma, &d->hi) < 0 ||
        d->lo >= d->hi)
        return why_set(w, "%s: the range must be lo,hi", d->name);
    if (d->kind == SPACE_INT &&
        (d->lo != floor(d->lo) || d->hi != floor(d->hi) ||
         fmax(fabs(d->lo), fabs(d->hi)) > 1e9))
        return why_set(w, "%s: an int has whole bounds up to 1e9", d->name);
    if (!*scale)
        d->log = d->kind == SPACE_FLOAT && d->lo > 0;
    else if (strcmp(scale, "log") == 0)
        d->log = 1;
    else if (strcmp(scale, "linear") != 0)
        return why_set(w, "%s: the scale is log or linear", d->name);
    if (d->log && d->lo <= 0)
        return why_set(w, "%s: a log scale needs lo above 0", d->name);
    if (*step &&
        (number(step, &d->step) < 0 || d->step <= (d->log ? 1 : 0) ||
         (d->kind == SPACE_INT && !d->log && d->step != floor(d->step))))
        return why_set(w, "%s: the step %s", d->name,
                       d->log                   ? "must be a factor above 1"
                       : d->kind == SPACE_FLOAT ? "must be above 0"
                                                : "must be a whole number");
    return 0;
}

/* One line of the table; f holds name, kind, range, scale, step. */
static int
add_dim(struct space *sp, char *const *f, struct why *w)
{
    static const char *const kinds[] = { "float", "int", "choice", "flag",
                                         NULL };
    struct space_dim *more, *d;
    int kind = 0;

    while (kinds[kind] && strcmp(kinds[kind], f[1]) != 0)
        kind++;
    if (!plain(f[0]))
        return why_set(w, "the name is empty, too long or has a blank");
    if (!kinds[kind])
        return why_set(w, "%s: the kind is float, int, choice or flag", f[0]);
    for (size_t i = 0; i < sp->n; i++)
        if (strcmp(sp->dim[i].name, f[0]) == 0)
            return why_set(w, "%s: declared twice", f[0]);
    if (!(more = realloc(sp->dim, (sp->n + 1) * sizeof *more)))
        return why_set(w, "out of memory");
    sp->dim = more;
    d = &more[sp->n++];
    *d = (struct space_dim){ .kind = (enum space_kind)kind };
    if (!(d->name = strdup(f[0])))
        return why_set(w, "out of memory");
    if (kind == SPACE_FLAG)
        return set_choices(d, "0|1", w);
    if (kind == SPACE_CHOICE)
        return set_choices(d, f[2], w);
    return set_range(d, f[2], f[3], f[4], w);
}

/* Find the five columns; -1 where the table does without. */
static int
columns(char *line, int *col, struct why *w)
{
    static const char *const names[] = { "name", "kind", "range", "scale",
                                         "step" };
    char *head[COLUMNS];
    size_t n = tsv_split(line, head, COLUMNS);

    if (n > COLUMNS)
        return why_set(w, "too many columns");
    for (int i = 0; i < 5; i++)
        col[i] = tsv_column(head, n, names[i]);
    for (int i = 0; i < 3; i++) /* scale and step may be left out */
        if (col[i] < 0)
            return why_set(w,
                           "the first line must be \"name\", \"kind\", "
                           "\"range\" with tabs between; there is no %s",
                           names[i]);
    return 0;
}

static int
parse_line(struct space *sp, char *line, int *col, struct why *w)
{
    static char none[] = "";
    char *cell[COLUMNS], *f[5];
    size_t n, len = strlen(line);

    while (len && isspace((unsigned char)line[len - 1]))
        line[--len] = '\0';
    if (!len || *line == '#')
        return 0;
    if (col[0] < 0)
        return columns(line, col, w);
    n = tsv_split(line, cell, COLUMNS);
    for (int i = 0; i < 5; i++)
        f[i] = col[i] >= 0 && (size_t)col[i] < n ? cell[col[i]] : none;
    return add_dim(sp, f, w);
}

int
space_parse(struct space *sp, const char *text, const char *name, struct why *w)
{
    int col[5] = { -1 }, bad = 0, line = 0;

    *sp = (struct space){ 0 };
    while (!bad && *text) {
        size_t len = strcspn(text, "\n");
        struct why inner = { "out of memory" };
        char *copy = strndup(text, len);

        line++;
        if (!copy || parse_line(sp, copy, col, &inner) < 0)
            bad = why_set(w, "%s:%d: %s", name, line, inner.s);
        free(copy);
        text += len + (text[len] == '\n');
    }
    if (!bad && sp->n == 0)
        bad = why_set(w, "%s: declares no setting", name);
    if (bad)
        space_free(sp);
    return bad;
}

void
space_free(struct space *sp)
{
    for (size_t i = 0; i < sp->n; i++) {
        for (size_t j = 0; j < sp->dim[i].n; j++)
            free(sp->dim[i].choice[j]);
        free(sp->dim[i].choice);
        free(sp->dim[i].name);
    }
    free(sp->dim);
    *sp = (struct space){ 0 };
}

int
space_has(const struct space_dim *d, const char *val)
{
    double x;

    if (d->kind == SPACE_FLAG &&
        (strcmp(val, "yes") == 0 || strcmp(val, "no") == 0))
        return 1;
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->choice[i], val) == 0)
            return 1;
    return d->n == 0 && number(val, &x) == 0 && x >= d->lo && x <= d->hi &&
           (d->kind == SPACE_FLOAT || x == floor(x));
}

/* The last grid point of an int with a step, counted from 0. */
static double
last_step(const struct space_dim *d)
{
    return floor((d->log ? log(d->hi / d->lo) / log(d->step)
                         : (d->hi - d->lo) / d->step) +
                 1e-9);
}

static double
clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* Three significant digits are as fine as a loop of experiments can see. */
static double
round_float(const struct space_dim *d, double x)
{
    double size = d->log ? fabs(x) : fmax(fabs(d->lo), fabs(d->hi));
    double unit = pow(10, floor(log10(size)) - 2);

    return clamp(round(x / unit) * unit, d->lo, d->hi);
}

/* Without a step every whole number will do, with one those of the grid. */
static double
round_int(const struct space_dim *d, double x)
{
    double k;

    if (d->step == 0)
        return clamp(round(x), d->lo, d->hi);
    k = d->log ? log(x / d->lo) / log(d->step) : (x - d->lo) / d->step;
    k = clamp(round(k), 0, last_step(d));
    return d->log ? round(d->lo * pow(d->step, k)) : d->lo + k * d->step;
}

static void
print(const struct space_dim *d, double x, char *to)
{
    x = clamp(x, d->lo, d->hi);
    x = d->kind == SPACE_INT ? round_int(d, x) : round_float(d, x);
    snprintf(to, SPACE_TEXT, "%.9g", x == 0 ? 0 : x);
}

size_t
space_levels(const struct space_dim *d)
{
    double n = d->kind != SPACE_INT ? (double)d->n
               : d->step == 0       ? d->hi - d->lo + 1
                                    : last_step(d) + 1;

    return n <= WALK_MAX ? (size_t)n : 0;
}

void
space_level(const struct space_dim *d, size_t i, char *to)
{
    double x = (double)i;

    if (d->n)
        snprintf(to, SPACE_TEXT, "%s", d->choice[i]);
    else
        print(d,
              d->step == 0 ? d->lo + x
              : d->log     ? d->lo * pow(d->step, x)
                           : d->lo + x * d->step,
              to);
}

void
space_at(const struct space_dim *d, double u, char *to)
{
    if (d->n)
        space_level(d, (size_t)(u * (double)d->n) % d->n, to);
    else
        print(d,
              d->log ? d->lo * pow(d->hi / d->lo, u)
                     : d->lo + u * (d->hi - d->lo),
              to);
}

/* The first move, as a part of the range. */
static double
first_move(const struct space_dim *d)
{
    if (d->log)
        return log(d->step > 0 ? d->step : 1.5) / log(d->hi / d->lo);
    return d->step > 0 ? d->step / (d->hi - d->lo) : 0.125;
}

int
space_move(const struct space_dim *d, const char *from, int dir, double size,
           char *to)
{
    double x, u;
    char now[SPACE_TEXT];

    if (d->n || number(from, &x) < 0)
        return 0;
    x = clamp(x, d->lo, d->hi);
    snprintf(now, sizeof now, "%.9g", x);
    u = d->log ? log(x / d->lo) / log(d->hi / d->lo)
               : (x - d->lo) / (d->hi - d->lo);
    /* A move too small to leave the grid point grows until it does. */
    for (int i = 0; i < 40; i++, size *= 1.3) {
        space_at(d, clamp(u + dir * size * first_move(d), 0, 1), to);
        if (space_compare(d, now, to) == dir)
            return 1;
    }
    return 0;
}

int
space_number(const char *val)
{
    double x;

    return number(val, &x) == 0;
}

int
space_compare(const struct space_dim *d, const char *a, const char *b)
{
    double x, y;

    if (d->n || number(a, &x) < 0 || number(b, &y) < 0)
        return 0;
    return (y > x) - (y < x);
}
