/*
 * st-path - print the paths of elements of a tensor
 *
 *	$EDITOR "$(st-path t 1,2)"
 */
#include <err.h>
#include <stdio.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/st.h"

static int json, zero;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &zero, NULL, "coordinates on stdin end in NUL" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-0j] tensor [coordinates ...]",
    .what = "print the paths of elements of a tensor",
    .opts = opts,
    .exits = exits,
    .runs_command = 1, /* -1,2 is no option */
    .examples = "  st-path t 1,2\n"
                "  st-cat -mN t | cut -f 1 | st-path t\n",
};

static struct st t;

static int
each(const char *coords, void *ctx)
{
    struct sbuf path = { 0 };
    struct why w;
    size_t i;

    if (st_at(&t, coords, &i, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    if (st_packed(&t)) {
        warnx("%s[%s]: packed, so it has no file of its own", t.name, coords);
        return X_NO;
    }
    st_path(&t, i, &path);
    out_str(ctx, path.s);
    sbuf_free(&path);
    return X_YES;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "path", NULL };
    int first = opt_parse(argc, argv, &tool);
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = cols };
    struct why w;
    int status;

    if (first == argc)
        opt_usage();
    if (st_open(&t, argv[first], 0, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    first++;
    status =
        each_operand(argc - first, argv + first, zero ? '\0' : '\n', each, &o);
    out_close(&o);
    return status;
}
