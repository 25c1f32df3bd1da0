/*
 * st-copy - copy a tensor
 *
 * Texts and coefficients, no links: what is written to the copy stays there.
 */
#include <err.h>
#include <stdio.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/build.h"

static int follow, zero;
static const char *output;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &zero, NULL, "names on stdin end in NUL" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'o', "output", OPT_STR, &output, "copy",
      "the copy's name (a fresh one)" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-0f] [-o copy] [tensor ...]",
    .what = "copy a tensor",
    .opts = opts,
    .exits = exits,
    .examples = "  st-copy -o u t\n",
};

static int
copy(struct st *t, struct build *to, struct why *w)
{
    struct sbuf text = { 0 };
    int there = 0, bad = 0;
    double coeff;

    if (build_open(to, output, &t->shape, w) < 0)
        return -1;
    for (size_t i = 0; i < t->shape.count && !bad; i++) {
        sbuf_clear(&text);
        bad = (there = st_read(t, i, &text, w)) < 0 ||
              st_get_coeff(t, i, &coeff, w) < 0 ||
              (there && st_write(&to->t, i, text.s, text.len, coeff, w) < 0);
    }
    sbuf_free(&text);
    return bad ? -1 : build_commit(to, w);
}

static int
each(const char *name, void *ctx)
{
    struct build to = { 0 };
    struct st t;
    struct why w;
    int bad;

    if (st_open(&t, name, follow ? ST_FOLLOW : 0, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    if ((bad = copy(&t, &to, &w)))
        warnx("%s", w.s);
    else
        out_str(ctx, to.name);
    build_close(&to);
    st_close(&t);
    return bad ? X_FAIL : X_YES;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    int first = opt_parse(argc, argv, &tool);
    struct out o = { .fp = stdout, .cols = cols };
    int status;

    if (output && argc - first > 1)
        opt_usage();
    status =
        each_operand(argc - first, argv + first, zero ? '\0' : '\n', each, &o);
    out_close(&o);
    return status;
}
