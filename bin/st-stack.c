/*
 * st-stack - join tensors along a new axis
 */
#include <err.h>
#include <stdio.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "st/build.h"
#include "st/join.h"

static struct join join = { .stack = 1 };
static const char *result;
static int zero, follow;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &zero, NULL, "names on stdin end in NUL" },
    { 'a', "axis", OPT_INT, &join.axis, "n", "place of the new axis (0)",
      -SHAPE_MAX, SHAPE_MAX },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'o', "output", OPT_STR, &result, "dir", "name of the result (fresh)" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-0f] [-a n] [-o dir] [tensor ...]",
    .what = "join tensors along a new axis",
    .opts = opts,
    .exits = exits,
    .examples = "  st-stack -o rows a b c\n"
                "  printf '%s\\n' t1 t2 | st-stack -a -1\n",
};

static int
add(const char *name, void *ctx)
{
    if (join_add(ctx, name) < 0)
        err(X_FAIL, NULL);
    return X_YES;
}

static int
make(struct build *b, struct why *w)
{
    join.flags = follow ? ST_FOLLOW : 0;
    if (join_shape(&join, w) < 0 || build_open(b, result, &join.shape, w) < 0 ||
        join_copy(&join, &b->t, w) < 0)
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

    if (each_operand(argc - first, argv + first, zero ? '\0' : '\n', add,
                     &join))
        return X_FAIL;
    run_catch();
    bad = make(&b, &w);
    if (bad < 0) {
        build_close(&b);
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    out_str(&o, b.name);
    out_close(&o);
    return X_YES;
}
