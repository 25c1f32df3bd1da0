/*
 * st-index - make an experience fast to retrieve from
 *
 * A scan reads each query; an index finds those that have a line of the
 * question, and says the same:
 *
 *	st-index exp && st-retrieve -k 3 exp < query
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "st/expindex.h"
#include "st/exptab.h"

static int check, follow, remove_it, zero;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &zero, NULL, "names on stdin end in NUL" },
    { 'c', "check", OPT_FLAG, &check, NULL,
      "only compare the index with each row; exit 1 when it is stale" },
    { 'd', "delete", OPT_FLAG, &remove_it, NULL, "remove the index" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, X_AGAIN, -1 };
static const struct tool tool = {
    .usage = "[-0cdf] [experience ...]",
    .what = "make an experience fast to retrieve from",
    .opts = opts,
    .exits = exits,
    .examples = "  st-index exp\n"
                "  st-index -c exp || st-index exp\n",
};

static int
is_stale(struct exptab *e)
{
    int stale = 0;

    for (int m = 0; m < WORDS_METHODS; m++) {
        struct expindex x;
        if (!expindex_open(&x, e, (enum words_method)m, 1))
            return X_NO;
        stale |= x.n_changed > 0;
        expindex_close(&x);
    }
    return stale ? X_NO : X_YES;
}

static int
drop(struct exptab *e)
{
    static const char *const file[] = { "index", "index.log" };

    for (int i = 0; i < 2; i++)
        if (unlinkat(e->t->dir, file[i], 0) < 0 && errno != ENOENT) {
            warn("%s/%s", e->t->name, file[i]);
            return X_FAIL;
        }
    return X_YES;
}

static int
build(struct exptab *e)
{
    struct why w;
    int r = expindex_build(e, &w);

    if (r < 0)
        warnx("%s", w.s);
    else if (r == 0)
        warnx("%s: somebody is writing to it, try again", e->t->name);
    return r < 0 ? X_FAIL : r == 0 ? X_AGAIN : X_YES;
}

static int
each(const char *name, void *ctx)
{
    struct exptab e;
    struct st t;
    struct why w;
    int status;

    (void)ctx;
    if (st_open(&t, name, follow ? ST_FOLLOW : 0, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    if (exptab_open(&e, &t, &w) < 0) {
        warnx("%s", w.s);
        st_close(&t);
        return X_FAIL;
    }
    status = check ? is_stale(&e) : remove_it ? drop(&e) : build(&e);
    exptab_close(&e);
    st_close(&t);
    return status;
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool);

    if (check && remove_it)
        opt_usage();
    return each_operand(argc - first, argv + first, zero ? '\0' : '\n', each,
                        NULL);
}
