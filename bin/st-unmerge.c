/*
 * st-unmerge - take merged texts apart again
 *
 * With --grad the frames are compared with the tensor that was merged, which
 * is how an improved text becomes a change for each of its sources.
 */
#include <err.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "st/build.h"
#include "st/fit.h"
#include "st/merge.h"

static const char *result, *orig_name;
static long axis = -1, length = -1;
static int follow;
static struct merge merge;
static const struct opt opts[] = {
    { 'a', "axis", OPT_INT, &axis, "n", "place of the axis (-1, the last)",
      -SHAPE_MAX, SHAPE_MAX },
    { 'e', "exact", OPT_FLAG, &merge.exact, NULL,
      "--grad: coefficients were not rounded to bfloat16" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'g', "grad", OPT_STR, &orig_name, "orig",
      "write the changes since orig was merged" },
    { 'n', "length", OPT_INT, &length, "n",
      "length of the axis (what the frames need)", 0, 1e12 },
    { 'o', "output", OPT_STR, &result, "dir", "name of the result (fresh)" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-ef] [-a n] [-g orig] [-n n] [-o dir] tensor",
    .what = "take merged texts apart again",
    .opts = opts,
    .exits = exits,
    .examples = "  st-unmerge -o t merged\n"
                "  st-unmerge --grad t -o change improved\n",
};

/* Choose the axis and its length; *s is the result's shape. */
static int
plan(struct shape *s, struct st *from, const struct st *orig, struct why *w)
{
    size_t n = length < 0 ? 0 : (size_t)length;

    if (fit_axis(from->name, from->shape.ndim + 1, axis, &merge.axis, w) < 0)
        return -1;
    if (orig)
        n = merge.axis < orig->shape.ndim ? orig->shape.dim[merge.axis] : 0;
    else if (length < 0 && merge_length(from, &n, w) < 0)
        return -1;
    merge.n = n;
    if (fit_add(s, &from->shape, merge.axis, n, w) < 0)
        return -1;
    return orig ? fit_shapes(orig->name, &orig->shape, "the frames", s, w) : 0;
}

static int
fill(struct build *b, struct st *from, struct st *orig, struct why *w)
{
    struct shape s;

    if (plan(&s, from, orig, w) < 0 || build_open(b, result, &s, w) < 0)
        return -1;
    for (size_t r = 0; r < from->shape.count; r++)
        if ((orig ? merge_grad(&merge, &b->t, from, r, orig, w)
                  : merge_take(&merge, &b->t, from, r, w)) < 0)
            return -1;
    return build_commit(b, w);
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    struct out o = { .fp = stdout, .cols = cols };
    int first = opt_parse(argc, argv, &tool), bad;
    int flags = follow ? ST_FOLLOW : 0;
    struct build b = { 0 };
    struct st from, orig = { 0 };
    struct why w;

    if (argc - first != 1)
        opt_usage();
    if (orig_name && length >= 0)
        errx(X_FAIL, "--length: orig has its own");
    run_catch();
    bad = st_open(&from, argv[first], flags, &w);
    if (!bad && orig_name)
        bad = st_open(&orig, orig_name, flags, &w);
    if (!bad)
        bad = fill(&b, &from, orig_name ? &orig : NULL, &w);
    if (bad < 0) {
        build_close(&b);
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    out_str(&o, b.name);
    out_close(&o);
    return X_YES;
}
