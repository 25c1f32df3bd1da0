#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ar/plot.h"

/* Pictures: margins in pixels, and how wide a character of a label is. */
enum { LEFT = 90, RIGHT = 30, TOP = 70, BOTTOM = 70, CHAR = 7, TALL = 15 };
static const double slope_sin = 0.5, slope_cos = 0.866; /* labels: 30 degrees */

/* What is drawn, from back to front. */
enum series { DISCARD, FAR, CRASH, BEST, KEPT, LABEL, SERIES };

struct label {
    size_t row, len;
    double gain;
    char text[160];
    int shown;
};

struct view {
    const struct rows *r;
    const struct plot *p;
    size_t nkept, first; /* first: row of the baseline */
    double base, best;
    double x1, y0, y1; /* axis ends; x starts at -0.02 x1 */
    struct label *label;
    int have[SERIES]; /* 1: the series has points */
};

/* "lr 1 -> 2: raising lr won" is "lr 1 -> 2" in a picture. */
static void
shorten(const char *description, struct label *l, enum gnuplot_kind kind)
{
    const char *colon = strstr(description, ": ");
    struct sbuf b = { 0 }, whole = { 0 };

    sbuf_adds(&whole, description);
    if (whole.s && colon && colon - description >= 8)
        whole.s[colon - description] = '\0';
    gnuplot_text(&b, whole.s ? whole.s : "", 34, kind);
    if (b.s && b.len < sizeof l->text)
        memcpy(l->text, b.s, b.len + 1);
    l->len = 0;
    for (const char *s = l->text; *s; s++)
        l->len += ((unsigned char)*s & 0xc0) != 0x80;
    sbuf_free(&b);
    sbuf_free(&whole);
}

static double
better_by(const struct view *v, double from, double to)
{
    return v->p->higher ? to - from : from - to;
}

/* Baseline, best, and the kept rows with what each of them gained. */
static int
survey(struct view *v, struct why *w)
{
    double now = NAN;

    v->base = v->best = NAN;
    v->label = calloc(v->r->n + 1, sizeof *v->label);
    if (!v->label)
        return why_set(w, "out of memory");
    for (size_t i = 0; i < v->r->n; i++) {
        const struct row *r = &v->r->row[i];
        struct label *l = &v->label[v->nkept];
        if (r->status != ROW_KEEP || !isfinite(r->metric))
            continue;
        l->row = i;
        l->gain = isfinite(now) ? better_by(v, now, r->metric) : INFINITY;
        shorten(r->description, l, v->p->g.kind);
        if (!v->nkept++) {
            v->base = r->metric;
            v->first = i;
        }
        if (!isfinite(now) || l->gain > 0)
            now = r->metric;
    }
    v->best = now;
    return 0;
}

/* From the best to the baseline and some room; all there is when no row
 * was better than the baseline. */
static int
set_range(struct view *v, struct why *w)
{
    double lo = fmin(v->base, v->best), hi = fmax(v->base, v->best), room;

    if (v->nkept == 0 || lo == hi)
        for (size_t i = 0; i < v->r->n; i++) {
            lo = fmin(lo, v->r->row[i].metric); /* fmin passes NaN over */
            hi = fmax(hi, v->r->row[i].metric);
        }
    if (!isfinite(lo))
        return why_set(w, "no experiment has a metric yet");
    room = hi > lo ? hi - lo : fmax(fabs(hi) * 0.01, 1e-6);
    v->y0 = lo - (v->p->higher ? 0.25 : 0.12) * room;
    v->y1 = hi + (v->p->higher ? 0.12 : 0.25) * room;
    v->x1 = v->r->n > 1 ? (double)(v->r->n - 1) : 1;
    v->x1 += fmax(0.02 * v->x1, 0.2);
    return 0;
}

/* Make room so that the labels end inside the picture. */
static void
widen(struct view *v)
{
    double w = v->p->g.width - LEFT - RIGHT, h = v->p->g.height - TOP - BOTTOM;

    for (size_t i = 0; i < v->nkept; i++) {
        const struct label *l = &v->label[i];
        double long_ = (double)(l->len * CHAR + 12);
        double right = fmin(long_ * slope_cos / w, 0.3);
        double up = fmin((long_ * slope_sin + TALL) / h, 0.5);
        double y = v->r->row[l->row].metric;
        v->x1 = fmax(v->x1, (double)l->row / (1 - right));
        if (v->p->higher)
            v->y0 = fmin(v->y0, v->y1 - (v->y1 - y) / (1 - up));
        else
            v->y1 = fmax(v->y1, v->y0 + (y - v->y0) / (1 - up));
    }
}

/* Would these two labels run into each other? */
static int
collide(const struct view *v, const struct label *a, const struct label *b)
{
    double w = v->p->g.width - LEFT - RIGHT, h = v->p->g.height - TOP - BOTTOM;
    double dx = ((double)b->row - (double)a->row) / v->x1 * w;
    double dy = (v->r->row[b->row].metric - v->r->row[a->row].metric) /
                (v->y1 - v->y0) * h;
    double s = v->p->higher ? -slope_sin : slope_sin;
    double along = dx * slope_cos + dy * s, across = dy * slope_cos - dx * s;
    size_t len = along > 0 ? a->len : b->len;

    return fabs(across) < TALL && fabs(along) < (double)(len * CHAR + 8);
}

static int
by_gain(const void *a, const void *b)
{
    const struct label *x = a, *y = b;

    return (y->gain > x->gain) - (y->gain < x->gain);
}

/* The greatest gains get their label first, then what still fits. */
static void
choose_labels(struct view *v)
{
    qsort(v->label, v->nkept, sizeof *v->label, by_gain);
    for (size_t i = 0; i < v->nkept; i++) {
        int free_ = 1;
        for (size_t k = 0; free_ && k < i; k++)
            free_ =
                !v->label[k].shown || !collide(v, &v->label[k], &v->label[i]);
        v->label[i].shown = free_;
    }
}

static int
out_of_view(const struct view *v, double y)
{
    return y < v->y0 || y > v->y1;
}

/* One data block: the rows of a series; text only for labels. */
static void
begin_block(struct sbuf *b, enum series s)
{
    static const char *const names[] = { "discard", "far",  "crash",
                                         "best",    "kept", "label" };

    sbuf_addf(b, "$%s << EOD\n", names[s]);
}

static void
add_point(struct sbuf *b, struct view *v, enum series s, size_t x, double y,
          const char *text)
{
    sbuf_addf(b, text ? "%zu\t%.9g\t%s\n" : "%zu\t%.9g\n", x, y, text);
    v->have[s] = 1;
}

static void
add_unkept(struct sbuf *b, struct view *v, enum series s)
{
    /* Inside the frame, or a terminal draws the frame over them. */
    double edge =
        v->p->g.kind == GNUPLOT_DUMB ? 1.1 / (v->p->g.height - 7) : 0.04;
    double tall = v->y1 - v->y0, bottom = v->y0 + edge * tall;
    double far = v->p->higher ? v->y0 + 2 * edge * tall : v->y1 - edge * tall;

    begin_block(b, s);
    for (size_t i = 0; i < v->r->n; i++) {
        const struct row *r = &v->r->row[i];
        if (r->status == ROW_CRASH && s == CRASH)
            add_point(b, v, s, i, bottom, NULL);
        if (r->status == ROW_DISCARD && isfinite(r->metric) && s != CRASH &&
            out_of_view(v, r->metric) == (s == FAR))
            add_point(b, v, s, i, s == FAR ? far : r->metric, NULL);
    }
    sbuf_adds(b, "EOD\n");
}

static void
add_kept(struct sbuf *b, struct view *v)
{
    double now = NAN;

    begin_block(b, KEPT);
    for (size_t i = 0; i < v->nkept; i++)
        add_point(b, v, KEPT, v->label[i].row,
                  v->r->row[v->label[i].row].metric, NULL);
    sbuf_adds(b, "EOD\n");
    begin_block(b, LABEL);
    for (size_t i = 0; i < v->nkept; i++)
        if (v->label[i].shown && v->label[i].text[0])
            add_point(b, v, LABEL, v->label[i].row,
                      v->r->row[v->label[i].row].metric, v->label[i].text);
    sbuf_adds(b, "EOD\n");
    begin_block(b, BEST);
    for (size_t i = 0; i < v->r->n; i++) {
        const struct row *r = &v->r->row[i];
        if (r->status == ROW_KEEP && isfinite(r->metric) &&
            (!isfinite(now) || better_by(v, now, r->metric) > 0))
            now = r->metric;
        if (isfinite(now))
            add_point(b, v, BEST, i, now, NULL);
    }
    sbuf_adds(b, "EOD\n");
}

static void
add_title(struct sbuf *b, const struct view *v)
{
    size_t n = v->r->n;
    int wide = v->p->g.kind != GNUPLOT_DUMB || v->p->g.width >= 76;

    sbuf_adds(b, "set title \"");
    /* A title that is wider than the terminal would be left out. */
    if (v->p->name && *v->p->name && (wide || strlen(v->p->name) < 8)) {
        gnuplot_text(b, v->p->name, v->p->g.kind == GNUPLOT_DUMB ? 16 : 60,
                     v->p->g.kind);
        sbuf_adds(b, ": ");
    }
    sbuf_addf(b, "%zu experiment%s, %zu kept", n, n == 1 ? "" : "s",
              v->r->count[ROW_KEEP]);
    if (v->nkept > 1 && v->best != v->base) {
        sbuf_adds(b, v->p->g.kind == GNUPLOT_DUMB ? "; " : "\\n");
        gnuplot_text(b, v->r->metric, v->p->g.kind == GNUPLOT_DUMB ? 12 : 40,
                     v->p->g.kind);
        sbuf_addf(b, " %.6g -> %.6g", v->base, v->best);
        if (v->base != 0 && wide)
            sbuf_addf(b, " (%+.2f %%)",
                      100 * (v->best - v->base) / fabs(v->base));
    }
    sbuf_adds(b, v->p->g.kind == GNUPLOT_DUMB  ? "\"\n"
                 : v->p->g.kind == GNUPLOT_SVG ? "\" font \",15\"\n"
                                               : "\" font \",11\"\n");
}

static void
add_axes(struct sbuf *b, const struct view *v)
{
    static const double nice[] = { 1, 2, 5, 10 };
    double step = 1;

    for (int i = 0; v->x1 / step > 12; i++)
        step = pow(10, i / 3) * nice[i % 3 + 1] > step
                   ? pow(10, i / 3) * nice[i % 3 + 1]
                   : step;
    sbuf_adds(b, "set encoding utf8\n"
                 "set datafile separator \"\\t\"\n"
                 "set datafile commentschars \"\"\n"
                 "set xlabel \"experiment\"\nset ylabel \"");
    gnuplot_text(b, v->r->metric, 30, v->p->g.kind);
    sbuf_adds(b, "\"\n");
    sbuf_addf(b,
              "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n"
              "set xtics 0,%.9g nomirror\nset ytics nomirror\n",
              -0.02 * v->x1, v->x1, v->y0, v->y1, step);
}

/* The plot command: how to draw each series that has points. */
static void
add_plot(struct sbuf *b, const struct view *v, const char *const *how)
{
    static const char *const names[] = {
        "$discard using 1:2 with points", "$far using 1:2 with points",
        "$crash using 1:2 with points",   "$best using 1:2 with steps",
        "$kept using 1:2 with points",    "$label using 1:2:3 with labels"
    };
    const char *sep = "plot ";

    for (int s = 0; s < SERIES; s++)
        if (v->have[s]) {
            sbuf_addf(b, "%s%s %s", sep, names[s], how[s]);
            sep = ", \\\n  ";
        }
    sbuf_adds(b, "\n");
}

static void
add_dumb(struct sbuf *b, const struct view *v)
{
    const char *const how[] = { "pt '.'", v->p->higher ? "pt 'v'" : "pt '^'",
                                "pt 'x'", "dt 1 lt 3",
                                "pt 'O'", "" };

    sbuf_addf(b,
              "set key off\nunset ylabel\nset tics scale 0\n"
              "set xlabel \"O kept%s%s%s\"\n",
              v->have[DISCARD] ? "   . discarded" : "",
              !v->have[FAR]  ? ""
              : v->p->higher ? "   v off scale"
                             : "   ^ off scale",
              v->have[CRASH] ? "   x crashed" : "");
    add_plot(b, v, how);
}

static void
add_picture(struct sbuf *b, const struct view *v)
{
    int svg = v->p->g.kind == GNUPLOT_SVG;
    char label[160];
    const char *const how[] = {
        "pt 7 ps 0.6 lc rgb \"#c4c4c4\" title \"discarded\"",
        v->p->higher ? "pt 11 ps 0.7 lc rgb \"#d8d8d8\" title \"off scale\""
                     : "pt 9 ps 0.7 lc rgb \"#d8d8d8\" title \"off scale\"",
        "pt 2 ps 0.8 lw 1.5 lc rgb \"#d0574e\" title \"crashed\"",
        "lw 2 lc rgb \"#5bb98b\" title \"best so far\"",
        "pt 7 ps 1.1 lc rgb \"#1f8a55\" title \"kept\"",
        label,
    };

    snprintf(label, sizeof label,
             "noenhanced left rotate by %d offset %s font \",%d\" "
             "textcolor rgb \"#1b6b43\"",
             v->p->higher ? -30 : 30, v->p->higher ? "0.7,-0.6" : "0.7,0.6",
             svg ? 12 : 9);
    sbuf_addf(b,
              "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
              "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
              (double)LEFT / v->p->g.width, 1 - (double)RIGHT / v->p->g.width,
              1 - (double)TOP / v->p->g.height,
              (double)BOTTOM / v->p->g.height);
    sbuf_adds(b, "set border 3 lc rgb \"#888888\"\n"
                 "set tics textcolor rgb \"#444444\"\n"
                 "set grid lc rgb \"#e8e8e8\" lt 1 lw 1\n"
                 "set key at screen 0.98,0.985 right top vertical maxrows 2 "
                 "textcolor rgb \"#444444\" noautotitle\n");
    add_plot(b, v, how);
}

int
plot_script(struct sbuf *b, const struct rows *r, const struct plot *p,
            struct why *w)
{
    struct view v = { .r = r, .p = p };
    int bad = survey(&v, w);

    if (!bad)
        bad = set_range(&v, w);
    if (!bad) {
        if (p->g.kind != GNUPLOT_DUMB) {
            widen(&v);
            choose_labels(&v);
        }
        for (enum series k = DISCARD; k <= CRASH; k++)
            add_unkept(b, &v, k);
        add_kept(b, &v);
        add_axes(b, &v);
        add_title(b, &v);
        gnuplot_terminal(b, &p->g);
        if (p->g.kind == GNUPLOT_DUMB)
            add_dumb(b, &v);
        else
            add_picture(b, &v);
        if (b->failed)
            bad = why_set(w, "out of memory");
    }
    free(v.label);
    return bad;
}
