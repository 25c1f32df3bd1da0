/*
 * @NAME@ - @WHAT@
 */
#include <stdio.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"

static int json, zero;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &zero, NULL, "names on stdin end in NUL" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-0j] [name ...]",
    .what = "@WHAT@",
    .opts = opts,
    .exits = exits,
    .examples = "  @NAME@ a b\n",
};

static int
each(const char *name, void *ctx)
{
    out_str(ctx, name);
    return X_YES;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "name", NULL };
    int first = opt_parse(argc, argv, &tool);
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = cols };
    int status =
        each_operand(argc - first, argv + first, zero ? '\0' : '\n', each, &o);

    out_close(&o);
    return status;
}
