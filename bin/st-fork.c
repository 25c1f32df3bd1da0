/*
 * st-fork - make several views of a tensor
 *
 * Each consumer gets a tensor of its own, whose elements are links to the same
 * texts.
 */
#include <err.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "st/batch.h"
#include "st/cell.h"

static const char *result;
static long views = 2;
static int follow;
static const struct opt opts[] = {
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'n', "views", OPT_INT, &views, "n", "how many (2)", 1, 1e6 },
    { 'o', "output", OPT_STR, &result, "name",
      "results are name.0, name.1, ... (fresh names)" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-f] [-n n] [-o name] tensor",
    .what = "make several views of a tensor",
    .opts = opts,
    .exits = exits,
    .examples = "  st-fork -n 3 -o reader t\n",
};

static int
make(struct batch *all, const char *name, struct why *w)
{
    struct build b;
    struct st from;

    if (st_open(&from, name, follow ? ST_FOLLOW : 0, w) < 0)
        return -1;
    for (long k = 0; k < views; k++) {
        int bad = batch_open(all, &b, result, &from.shape, w);

        for (size_t i = 0; !bad && i < from.shape.count; i++)
            bad = cell_link(&b.t, i, &from, i, w);
        if (batch_close(all, &b, bad, w) < 0)
            return -1;
    }
    return 0;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    struct out o = { .fp = stdout, .cols = cols };
    int first = opt_parse(argc, argv, &tool);
    struct batch all = { 0 };
    struct why w;

    if (argc - first != 1)
        opt_usage();
    run_catch();
    if (make(&all, argv[first], &w) < 0) {
        batch_undo(&all);
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    for (size_t k = 0; k < all.n; k++)
        out_str(&o, all.name[k]);
    out_close(&o);
    return X_YES;
}
