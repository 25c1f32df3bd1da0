/*
 * st-slice - select elements of a tensor, as a copy or a view
 *
 *	st-merge $(st-slice -v exp '[7,2],1:')
 */
#include <err.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "st/build.h"
#include "st/cell.h"
#include "st/slice.h"

static const char *result;
static int view, follow;
static const struct opt opts[] = {
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'o', "output", OPT_STR, &result, "dir", "name of the result (fresh)" },
    { 'v', "view", OPT_FLAG, &view, NULL, "link to the elements, do not copy" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-fv] [-o dir] tensor index",
    .what = "select elements of a tensor, as a copy or a view",
    .opts = opts,
    .exits = exits,
    .examples = "  st-slice exp '0:3,1'\n"
                "  st-slice -v -o last exp -1\n"
                "  st-slice exp '[5,1,1],...,::-1'\n",
    .runs_command = 1, /* an index may begin with a minus sign */
};

static int
fill(struct st *to, struct st *from, const struct slice *s, struct why *w)
{
    for (size_t i = 0; i < s->shape.count; i++) {
        size_t j = slice_source(s, i);

        if ((view ? cell_link : cell_copy)(to, i, from, j, w) < 0)
            return -1;
    }
    return 0;
}

static int
slice(struct build *b, const char *name, const char *index, struct why *w)
{
    struct st from;
    struct slice s = { 0 };
    struct why inner;
    int bad = -1;

    if (st_open(&from, name, follow ? ST_FOLLOW : 0, w) < 0)
        return -1;
    if (slice_parse(&s, &from.shape, index, &inner) < 0)
        why_set(w, "%s: %.200s", name, inner.s);
    else if (build_open(b, result, &s.shape, w) == 0 &&
             fill(&b->t, &from, &s, w) == 0)
        bad = build_commit(b, w);
    slice_free(&s);
    st_close(&from);
    return bad;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    struct out o = { .fp = stdout, .cols = cols };
    int first = opt_parse(argc, argv, &tool), bad;
    struct build b = { 0 };
    struct why w;

    if (argc - first != 2)
        opt_usage();
    run_catch();
    bad = slice(&b, argv[first], argv[first + 1], &w);
    if (bad < 0) {
        build_close(&b);
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    out_str(&o, b.name);
    out_close(&o);
    return X_YES;
}
