/*
 * st-merge - write the elements along an axis as frames of one text
 *
 *	st-get $(st-merge -o m exp) 0 | less
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

static const char *result;
static long axis = -1;
static int follow;
static struct merge merge;
static const struct opt opts[] = {
    { 'a', "axis", OPT_INT, &axis, "n", "axis to merge (-1, the last)",
      -SHAPE_MAX, SHAPE_MAX },
    { 'e', "exact", OPT_FLAG, &merge.exact, NULL,
      "do not round coefficients to bfloat16" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'o', "output", OPT_STR, &result, "dir", "name of the result (fresh)" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-ef] [-a n] [-o dir] tensor",
    .what = "write the elements along an axis as frames of one text",
    .opts = opts,
    .exits = exits,
    .examples = "  st-merge -o m exp\n"
                "  st-merge -a 0 exp\n",
};

static int
fill(struct build *b, struct st *from, struct why *w)
{
    struct shape s;

    if (fit_axis(from->name, from->shape.ndim, axis, &merge.axis, w) < 0 ||
        fit_drop(&s, &from->shape, merge.axis, w) < 0 ||
        build_open(b, result, &s, w) < 0)
        return -1;
    merge.n = from->shape.dim[merge.axis];
    for (size_t r = 0; r < s.count; r++)
        if (merge_put(&merge, &b->t, r, from, w) < 0)
            return -1;
    return build_commit(b, w);
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    struct out o = { .fp = stdout, .cols = cols };
    int first = opt_parse(argc, argv, &tool), bad;
    struct build b = { 0 };
    struct st from;
    struct why w;

    if (argc - first != 1)
        opt_usage();
    run_catch();
    if ((bad = st_open(&from, argv[first], follow ? ST_FOLLOW : 0, &w)) == 0)
        bad = fill(&b, &from, &w);
    if (bad < 0) {
        build_close(&b);
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    out_str(&o, b.name);
    out_close(&o);
    return X_YES;
}
