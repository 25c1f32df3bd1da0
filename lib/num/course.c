#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/tsv.h"
#include "num/course.h"

enum { FIELDS = 64 };

struct columns {
    int x, loss, val;
};

static double
number(char *const *field, int i, char **end)
{
    double v = strtod(field[i], end);

    return *end == field[i] && !**end ? NAN : v; /* empty: not known */
}

static int
add_row(struct course *c, char *line, const struct columns *at, struct why *w)
{
    char *field[FIELDS], *end[3];
    size_t n = tsv_split(line, field, FIELDS);

    if (n > FIELDS || (int)n <= at->x || (int)n <= at->loss ||
        (int)n <= at->val)
        return why_set(w, "%zu fields", n);
    c->x[c->n] = number(field, at->x, &end[0]);
    c->loss[c->n] = number(field, at->loss, &end[1]);
    c->val[c->n] = number(field, at->val, &end[2]);
    if (*end[0] || *end[1] || *end[2] || isnan(c->x[c->n]))
        return why_set(w, "not a number");
    c->n++;
    return 0;
}

static int
find_columns(char *line, const char *column, struct columns *at, struct why *w)
{
    char *field[FIELDS];
    size_t n = tsv_split(line, field, FIELDS);

    n = n < FIELDS ? n : FIELDS;
    at->x = tsv_column(field, n, column);
    at->loss = tsv_column(field, n, "loss");
    at->val = tsv_column(field, n, "val_bpb");
    return at->x < 0 || at->loss < 0 || at->val < 0
               ? why_set(w, "no curve of ffn-train: its header lacks %s",
                         at->x < 0      ? column
                         : at->loss < 0 ? "loss"
                                        : "val_bpb")
               : 0;
}

static int
parse(struct course *c, struct sbuf *b, const char *column, struct why *w)
{
    struct columns at = { 0 };
    struct why inner;
    size_t lines = 0;
    char *end;

    for (size_t i = 0; i < b->len; i++)
        lines += b->s[i] == '\n';
    c->x = calloc(lines + 1, sizeof *c->x);
    c->loss = calloc(lines + 1, sizeof *c->loss);
    c->val = calloc(lines + 1, sizeof *c->val);
    if (!c->x || !c->loss || !c->val)
        return why_set(w, "%s: out of memory", c->name);
    if (lines == 0)
        return why_set(w, "%s: no curve of ffn-train", c->name);
    lines = 0;
    for (char *s = b->s; (end = strchr(s, '\n')); s = end + 1) {
        *end = '\0';
        if (++lines == 1 && find_columns(s, column, &at, &inner) < 0)
            return why_set(w, "%s: %s", c->name, inner.s);
        if (lines > 1 && add_row(c, s, &at, &inner) < 0)
            return why_set(w, "%s:%zu: %s", c->name, lines, inner.s);
    }
    return 0;
}

int
course_read(struct course *c, const char *path, const char *column,
            struct why *w)
{
    struct sbuf b = { 0 };
    int bad;

    *c = (struct course){ .name = strcmp(path, "-") ? path : "standard input" };
    bad = fsx_read(path, &b, (size_t)1 << 30, w) < 0 ||
          parse(c, &b, column, w) < 0;
    sbuf_free(&b);
    if (bad)
        course_free(c);
    return bad ? -1 : 0;
}

void
course_free(struct course *c)
{
    free(c->x);
    free(c->loss);
    free(c->val);
    *c = (struct course){ 0 };
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct range {
    double x0, x1, y0, y1;
};

/* All of x; of y from the least to where the first twentieth, the steep fall
 * from a uniform guess, is above. */
static int
set_range(struct range *r, const struct course *c, size_t n, struct why *w)
{
    size_t all = 0, m = 0;
    double *y;

    *r = (struct range){ .x0 = INFINITY, .x1 = -INFINITY };
    for (size_t i = 0; i < n; i++)
        all += 2 * c[i].n;
    if (!(y = malloc((all + 1) * sizeof *y)))
        return why_set(w, "out of memory");
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < c[i].n; j++) {
            r->x0 = fmin(r->x0, c[i].x[j]);
            r->x1 = fmax(r->x1, c[i].x[j]);
            y[m] = c[i].loss[j];
            m += isfinite(y[m]);
            y[m] = c[i].val[j];
            m += isfinite(y[m]);
        }
    if (m) {
        qsort(y, m, sizeof *y, by_value);
        r->y0 = y[0];
        r->y1 = y[m - 1 - m / 20];
        r->y1 += fmax(0.05 * (r->y1 - r->y0), 0.01);
        r->y0 -= fmax(0.05 * (r->y1 - r->y0), 0.01);
        r->x1 = r->x1 > r->x0 ? r->x1 + 0.02 * (r->x1 - r->x0) : r->x0 + 1;
    }
    free(y);
    return m ? 0 : why_set(w, "there is nothing to draw yet");
}

static int
add_points(struct sbuf *b, const char *name, size_t i, const double *x,
           const double *y, size_t n)
{
    int any = 0;

    sbuf_addf(b, "$%s%zu << EOD\n", name, i);
    for (size_t j = 0; j < n; j++)
        if (isfinite(y[j])) {
            sbuf_addf(b, "%.9g\t%.9g\n", x[j], y[j]);
            any = 1;
        }
    sbuf_adds(b, "EOD\n");
    return any;
}

/* In the terminal a letter for each curve, small for the loss; in a picture a
 * colour, thin for the loss. */
static void
add_style(struct sbuf *b, const struct gnuplot *g, size_t i, size_t n, int val)
{
    static const char *const colour[] = { "1f8a55", "d0574e", "3b6fb6",
                                          "b07d12", "7d4fa8", "4a9aa5" };

    if (g->kind == GNUPLOT_DUMB && n == 1)
        sbuf_addf(b, " with points pt '%c'", val ? 'O' : '.');
    else if (g->kind == GNUPLOT_DUMB)
        sbuf_addf(b, " with points pt '%c'", (val ? 'A' : 'a') + (int)(i % 26));
    else
        sbuf_addf(b, " with %s lw %s lc rgb \"#%s%s\"",
                  val ? "linespoints pt 7 ps 0.6" : "lines", val ? "2" : "1",
                  val ? "" : "80", colour[i % 6]);
}

static void
add_title(struct sbuf *b, const struct gnuplot *g, const struct course *c,
          size_t n, const char *what)
{
    sbuf_adds(b, " title \"");
    if (n > 1) {
        gnuplot_text(b, c->name, g->kind == GNUPLOT_DUMB ? 30 : 60, g->kind);
        sbuf_adds(b, " ");
    }
    sbuf_addf(b, "%s\"", what);
}

static void
add_frame(struct sbuf *b, const struct gnuplot *g, const struct range *r,
          const char *column)
{
    gnuplot_terminal(b, g);
    sbuf_addf(b,
              "set encoding utf8\nset datafile separator \"\\t\"\n"
              "set xlabel \"%s\"\n"
              "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n"
              "set xtics nomirror\nset ytics nomirror\n",
              column, r->x0, r->x1, r->y0, r->y1);
    if (g->kind == GNUPLOT_DUMB)
        sbuf_adds(b, "set tics scale 0\nset key right top\n");
    else
        sbuf_adds(b, "set ylabel \"bits per byte\"\n"
                     "set border 3 lc rgb \"#888888\"\n"
                     "set tics textcolor rgb \"#444444\"\n"
                     "set grid lc rgb \"#e8e8e8\" lt 1 lw 1\n"
                     "set key right top textcolor rgb \"#444444\"\n");
}

int
course_script(struct sbuf *b, const struct course *c, size_t n,
              const char *column, const struct gnuplot *g, struct why *w)
{
    struct sbuf plot = { 0 };
    struct range r;

    if (set_range(&r, c, n, w) < 0)
        return -1;
    for (int val = 0; val < 2; val++)
        for (size_t i = 0; i < n; i++) {
            const char *name = val ? "val" : "loss";
            if (!add_points(b, name, i, c[i].x, val ? c[i].val : c[i].loss,
                            c[i].n))
                continue;
            sbuf_addf(&plot, "%s$%s%zu using 1:2",
                      plot.len ? ", \\\n  " : "plot ", name, i);
            add_style(&plot, g, i, n, val);
            add_title(&plot, g, &c[i], n, val ? "val_bpb" : "loss");
        }
    add_frame(b, g, &r, column);
    sbuf_add(b, plot.s, plot.len);
    sbuf_adds(b, "\n");
    sbuf_free(&plot);
    return b->failed ? why_set(w, "out of memory") : 0;
}
