/*
 * st-set - change one element of a tensor
 *
 * The new bytes come from standard input; readers meet the old text or the
 * new one:
 *
 *	st-get t 1,2 | tr a-z A-Z | st-set t 1,2
 */
#include <err.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "st/st.h"

static int drop, keep;
static double coeff = 1;
static const struct opt opts[] = {
    { 'c', "coeff", OPT_NUM, &coeff, "x", "its coefficient (1)" },
    { 'd', "delete", OPT_FLAG, &drop, NULL, "make it absent" },
    { 'k', "keep", OPT_FLAG, &keep, NULL,
      "keep the text, set the coefficient alone" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-dk] [-c x] tensor coordinates",
    .what = "change one element of a tensor",
    .opts = opts,
    .exits = exits,
    .runs_command = 1, /* -1,2 is no option */
    .examples = "  echo text | st-set t 1,2\n"
                "  st-set -d t 1,2\n",
};

/* Only what is there can have a coefficient. */
static int
set_coeff(struct st *t, size_t i, struct why *w)
{
    struct st_cell c;

    if (st_stat(t, i, &c, w) < 0)
        return -1;
    if (c.size < 0) {
        struct sbuf name = { 0 };
        st_name(t, i, &name);
        warnx("%s: absent", name.s);
        sbuf_free(&name);
        return X_NO;
    }
    return st_set_coeff(t, i, coeff, w);
}

static int
change(struct st *t, const char *coords, const struct sbuf *text)
{
    struct why w;
    size_t i;
    int r;

    if (st_at(t, coords, &i, &w) < 0 || st_lock(t, i, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (drop)
        r = st_remove(t, i, &w);
    else if (keep)
        r = set_coeff(t, i, &w);
    else
        r = st_write(t, i, text->s, text->len, coeff, &w);
    if (r < 0)
        errx(X_FAIL, "%s", w.s);
    st_unlock(t, i);
    return r;
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool), status;
    struct sbuf text = { 0 };
    struct st t;
    struct why w;

    if (argc - first != 2 || (drop && keep) ||
        (drop && opt_given(&tool, "coeff")))
        opt_usage();
    if (st_open(&t, argv[first], ST_WRITE, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (!drop && !keep && fsx_read("-", &text, ST_MOST, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    status = change(&t, argv[first + 1], &text);
    sbuf_free(&text);
    st_close(&t);
    return status;
}
