/*
 * st-attend - give each token the texts it attends to
 *
 *	st-attend -o seen tokens && st-get seen 0,2
 */
#include <err.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "st/attend.h"
#include "st/build.h"
#include "st/fit.h"

static const char *result, *mask_name, *grad_name;
static int concat, slice, view, follow;
static const struct opt opts[] = {
    { 'c', "concat", OPT_FLAG, &concat, NULL,
      "join texts by newlines, not as frames" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'g', "grad", OPT_STR, &grad_name, "grad",
      "take the numbers of a gradient of --slice back to the tokens" },
    { 'm', "mask", OPT_STR, &mask_name, "mask", "who sees whom (causal)" },
    { 'o', "output", OPT_STR, &result, "dir", "name of the result (fresh)" },
    { 's', "slice", OPT_FLAG, &slice, NULL,
      "do not join: a row of texts for each token" },
    { 'v', "view", OPT_FLAG, &view, NULL, "--slice: link, do not copy" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-cfsv] [-g grad] [-m mask] [-o dir] tokens",
    .what = "give each token the texts it attends to",
    .opts = opts,
    .exits = exits,
    .examples = "  st-attend -o seen tokens\n"
                "  st-attend --concat -m mask tokens\n"
                "  st-attend --slice --view tokens\n",
};

static int
open_named(struct st **t, struct st *mem, const char *name, struct why *w)
{
    if (name && st_open(mem, name, follow ? ST_FOLLOW : 0, w) < 0)
        return -1;
    *t = name ? mem : NULL;
    return 0;
}

static int
make(struct build *b, const char *name, struct why *w)
{
    struct st tokens, mask, grads, *grad;
    struct attend a = { .view = view };
    struct shape cube;
    int bad;

    if (open_named(&a.tokens, &tokens, name, w) < 0 ||
        open_named(&a.mask, &mask, mask_name, w) < 0 ||
        open_named(&grad, &grads, grad_name, w) < 0 ||
        attend_check(&a, &cube, w) < 0 ||
        (grad &&
         fit_shapes(grad_name, &grad->shape, "a gradient", &cube, w) < 0) ||
        build_open(b, result, slice ? &cube : &tokens.shape, w) < 0)
        return -1;
    bad = grad    ? attend_grad(&a, &b->t, grad, w)
          : slice ? attend_slice(&a, &b->t, w)
                  : attend_merge(&a, &b->t, concat, w);
    return bad ? -1 : build_commit(b, w);
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    struct out o = { .fp = stdout, .cols = cols };
    int first = opt_parse(argc, argv, &tool), bad;
    struct build b = { 0 };
    struct why w;

    if (argc - first != 1 || concat + slice + (grad_name != NULL) > 1 ||
        view > slice)
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
