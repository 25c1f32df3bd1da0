/*
 * st-shape - print the shapes of tensors
 */
#include <err.h>
#include <stdio.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/st.h"

static int count, json, longer, no_header, zero;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &zero, NULL, "names on stdin end in NUL" },
    { 'c', "count", OPT_FLAG, &count, NULL, "print the number of elements" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines with all of it" },
    { 'l', "long", OPT_FLAG, &longer, NULL,
      "a table: tensor, shape, rank, count" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL, "no header line" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-0cjlN] [tensor ...]",
    .what = "print the shapes of tensors",
    .opts = opts,
    .exits = exits,
    .examples = "  st-shape t\n"
                "  ls -d */ | st-shape -l\n",
};

static int
each(const char *name, void *ctx)
{
    struct sbuf shape = { 0 };
    struct out *o = ctx;
    struct why w;
    struct st t;

    if (st_open(&t, name, 0, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    shape_text(&t.shape, &shape);
    if (json || longer)
        out_str(o, name);
    if (json || longer || !count)
        out_str(o, shape.s);
    if (json || longer)
        out_int(o, t.shape.ndim);
    if (json || longer || count)
        out_int(o, (long long)t.shape.count);
    sbuf_free(&shape);
    st_close(&t);
    return X_YES;
}

int
main(int argc, char *argv[])
{
    static const char *const all[] = { "tensor", "shape", "rank", "count",
                                       NULL };
    static const char *const one[] = { "shape", NULL };
    int first = opt_parse(argc, argv, &tool);
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = json || longer ? all : one,
                     .no_header = no_header };
    int status =
        each_operand(argc - first, argv + first, zero ? '\0' : '\n', each, &o);

    out_close(&o);
    return status;
}
