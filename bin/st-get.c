/*
 * st-get - print one element of a tensor
 *
 * Its bytes and nothing else, so that they can go into a file or a program:
 *
 *	st-get t 1,2 | wc -c
 */
#include <err.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/st.h"

static int coefficient, follow, quiet;
static const struct opt opts[] = {
    { 'c', "coeff", OPT_FLAG, &coefficient, NULL,
      "print the coefficient, not the text" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'q', "quiet", OPT_FLAG, &quiet, NULL,
      "print nothing; the exit status says whether it is there" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-cfq] tensor coordinates",
    .what = "print one element of a tensor",
    .opts = opts,
    .exits = exits,
    .runs_command = 1, /* -1,2 is no option */
    .examples = "  st-get t 1,2\n"
                "  st-get -q t 0,-1 && echo there\n",
};

static int
print(struct st *t, const char *coords)
{
    struct out o = { .fp = stdout, .cols = (const char *[]){ "coeff", NULL } };
    struct sbuf text = { 0 };
    struct why w;
    double x;
    size_t i;
    int there;

    if (st_at(t, coords, &i, &w) < 0 || (there = st_read(t, i, &text, &w)) < 0)
        errx(X_FAIL, "%s", w.s);
    if (coefficient && !quiet) {
        if (st_get_coeff(t, i, &x, &w) < 0)
            errx(X_FAIL, "%s", w.s);
        out_float(&o, x);
    } else if (!quiet && there && text.len) {
        fwrite(text.s, 1, text.len, stdout);
    }
    if (!there && !quiet && !coefficient)
        warnx("%s[%s]: absent", t->name, coords);
    o.wrote_header = 1;
    out_close(&o);
    sbuf_free(&text);
    return there || (coefficient && !quiet) ? X_YES : X_NO;
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool), status;
    struct st t;
    struct why w;

    if (argc - first != 2)
        opt_usage();
    if (st_open(&t, argv[first], follow ? ST_FOLLOW : 0, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    status = print(&t, argv[first + 1]);
    st_close(&t);
    return status;
}
