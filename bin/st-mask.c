/*
 * st-mask - say which tokens see which: a causal mask
 *
 * Token i of a sequence sees tokens 0 to i, when it is there itself.
 */
#include <err.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "st/attend.h"
#include "st/build.h"

static const char *result;
static int follow;
static const struct opt opts[] = {
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'o', "output", OPT_STR, &result, "dir", "name of the result (fresh)" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-f] [-o dir] tokens",
    .what = "say which tokens see which: a causal mask",
    .opts = opts,
    .exits = exits,
    .examples = "  st-mask -o mask tokens\n"
                "  st-attend -m mask tokens\n",
};

static int
make(struct build *b, const char *name, struct why *w)
{
    struct attend a = { 0 };
    struct st tokens;
    struct shape cube;

    a.tokens = &tokens;
    if (st_open(&tokens, name, follow ? ST_FOLLOW : 0, w) < 0 ||
        attend_check(&a, &cube, w) < 0 || build_open(b, result, &cube, w) < 0 ||
        attend_mask(&a, &b->t, w) < 0)
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
    struct why w;

    if (argc - first != 1)
        opt_usage();
    run_catch();
    bad = make(&b, argv[first], &w);
    if (bad < 0) {
        build_close(&b);
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    out_str(&o, b.name);
    out_close(&o);
    return X_YES;
}
