/*
 * st-edit - how far texts are from what was expected
 *
 * The loss, and its gradient as diffs:
 *
 *	st-edit -m actual expected
 *	st-edit -g -o grad actual expected
 */
#include <err.h>
#include <math.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/build.h"
#include "st/diff.h"
#include "st/edit.h"
#include "st/pair.h"

static int bf16, follow, gradient, json, mean, no_header;
static double coeff = 1;
static const char *output;
static const struct opt opts[] = {
    { 'b', "bf16", OPT_FLAG, &bf16, NULL, "round to bfloat16" },
    { 'c', "coeff", OPT_NUM, &coeff, "x",
      "coefficient of each element of a gradient (1)" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'g', "gradient", OPT_FLAG, &gradient, NULL,
      "make a tensor of diffs from expected to actual" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 'm', "mean", OPT_FLAG, &mean, NULL, "print only the mean" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL, "no header line" },
    { 'o', "output", OPT_STR, &output, "ratios",
      "make a tensor of ratios, or with -g of diffs, by this name" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-bfgjmN] [-c x] [-o ratios] actual expected",
    .what = "how far texts are from what was expected",
    .opts = opts,
    .exits = exits,
    .examples = "  st-edit actual expected | sort -k 2,2gr | head\n"
                "  st-edit -m actual expected\n"
                "  st-edit -g -o grad actual expected\n",
};

static struct build out;

static _Noreturn void
fail(const struct why *w)
{
    build_close(&out);
    errx(X_FAIL, "%s", w->s);
}

/* An element of both tensors. */
struct both {
    struct sbuf a, b;
    int there_a, there_b;
};

static void
read_both(const struct pair *p, size_t i, struct both *t)
{
    struct why w;

    sbuf_clear(&t->a);
    sbuf_clear(&t->b);
    sbuf_adds(&t->a, "");
    sbuf_adds(&t->b, "");
    if ((t->there_a = st_read(&p->a, i, &t->a, &w)) < 0 ||
        (t->there_b = st_read(&p->b, i, &t->b, &w)) < 0)
        fail(&w);
}

static _Noreturn void
no_memory(const struct pair *p, size_t i)
{
    struct sbuf name = { 0 };
    struct why w;

    st_name(&p->a, i, &name);
    why_set(&w, "%s: out of memory", name.s ? name.s : p->a.name);
    fail(&w);
}

/* NAN: there is nothing to compare. What is missing on one side only is
 * altogether different, lest an answer that never came look like a good one. */
static double
ratio(const struct pair *p, size_t i, const struct both *t)
{
    double x = 1;

    if (!t->there_a && !t->there_b)
        return NAN;
    if (t->there_a && t->there_b) {
        x = edit_ratio(t->a.s, t->a.len, t->b.s, t->b.len);
        if (isnan(x))
            no_memory(p, i);
    }
    return bf16 ? edit_bf16(x) : x;
}

static void
add_ratio(size_t i, double x)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%.17g", x);
    struct why w;

    if (!isnan(x) && st_write(&out.t, i, text, (size_t)n, x, &w) < 0)
        fail(&w);
}

static void
add_gradient(const struct pair *p, size_t i, const struct both *t)
{
    static const struct diff_labels labels = { "expected", "actual" };
    struct sbuf d = { 0 };
    struct why w;

    if (!t->there_a && !t->there_b)
        return;
    sbuf_adds(&d, "");
    if (diff_text(&d, t->there_b ? t->b.s : NULL, t->b.len,
                  t->there_a ? t->a.s : NULL, t->a.len, &labels) < 0)
        no_memory(p, i);
    if (st_write(&out.t, i, d.s, d.len, bf16 ? edit_bf16(coeff) : coeff, &w) <
        0)
        fail(&w);
    sbuf_free(&d);
}

/* Print a row, or add to a tensor; the mean of all that is known. */
static double
each_element(const struct pair *p, struct out *o)
{
    struct both t = { 0 };
    double sum = 0, x;
    size_t n = 0;

    for (size_t i = 0; i < p->a.shape.count; i++) {
        struct sbuf at = { 0 };
        read_both(p, i, &t);
        if (gradient) {
            add_gradient(p, i, &t);
            continue;
        }
        x = ratio(p, i, &t);
        if (!isnan(x)) {
            sum += x;
            n++;
        }
        if (output)
            add_ratio(i, x);
        if (output || mean)
            continue;
        shape_coords_text(&p->a.shape, i, &at);
        out_str(o, at.s ? at.s : "");
        out_num(o, x);
        sbuf_free(&at);
    }
    sbuf_free(&t.a);
    sbuf_free(&t.b);
    return n ? sum / (double)n : NAN;
}

int
main(int argc, char *argv[])
{
    static const char *const table[] = { "coords", "ratio", NULL };
    static const char *const one[] = { "mean", NULL }, *const made[] = {
        "tensor", NULL
    };
    int first = opt_parse(argc, argv, &tool), flags = follow ? ST_FOLLOW : 0;
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = mean ? one : table,
                     .no_header = no_header };
    struct pair p;
    struct why w;
    double m;

    if (argc - first != 2 || (mean && (output || gradient)) ||
        (opt_given(&tool, "coeff") && !gradient))
        opt_usage();
    if (pair_open(&p, argv[first], flags, argv[first + 1], flags, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if ((output || gradient) && build_open(&out, output, &p.a.shape, &w) < 0)
        fail(&w);
    m = each_element(&p, &o);
    pair_close(&p);
    if (output || gradient) {
        if (build_commit(&out, &w) < 0)
            fail(&w);
        o = (struct out){ .fp = stdout, .cols = made };
        out_str(&o, out.name);
        build_close(&out);
    } else if (mean) {
        out_num(&o, m);
    }
    out_close(&o);
    return X_YES;
}
