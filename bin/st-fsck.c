/*
 * st-fsck - check tensors, and mend what is safe to mend
 *
 * Fit for cron: silent but for the table, and its exit status is the verdict.
 */
#include <err.h>
#include <stdio.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/fsck.h"

static int json, no_header, repair, zero, null;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &null, NULL, "names on stdin end in NUL" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL, "no header line" },
    { 'r', "repair", OPT_FLAG, &repair, NULL, "mend what is safe to mend" },
    { 'z', "zero", OPT_FLAG, &zero, NULL,
      "data whose coefficient is 0 is a problem, too" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-0jNrz] [tensor ...]",
    .what = "check tensors, and mend what is safe to mend",
    .opts = opts,
    .exits = exits,
    .examples = "  st-fsck t\n"
                "  ls -d */ | st-fsck -r\n",
};

static void
print(const struct fsck_found *p, void *ctx)
{
    out_str(ctx, p->tensor);
    out_str(ctx, p->cell);
    out_str(ctx, p->problem);
    out_str(ctx, p->detail);
}

static int
check(const char *name, void *ctx)
{
    struct fsck f = {
        .repair = repair, .zero = zero, .found = print, .ctx = ctx
    };
    struct why w;

    if (fsck(name, &f, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    return f.left ? X_NO : X_YES;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", "cell", "problem", "detail",
                                        NULL };
    int status, first = opt_parse(argc, argv, &tool);
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = cols,
                     .no_header = no_header };

    status =
        each_operand(argc - first, argv + first, null ? '\0' : '\n', check, &o);
    out_close(&o);
    return status;
}
