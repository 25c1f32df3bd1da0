/*
 * st-sparse - gather the elements that have a coefficient
 *
 *	st-sparse -i where t | xargs st-slice ... | st-dense -i where -s '[8,
 *3]'
 */
#include <err.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "st/build.h"
#include "st/cell.h"

static const char *result, *index_name;
static int view, follow;
static const struct opt opts[] = {
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'i', "index", OPT_STR, &index_name, "file",
      "write where each element came from (nowhere)" },
    { 'o', "output", OPT_STR, &result, "dir", "name of the result (fresh)" },
    { 'v', "view", OPT_FLAG, &view, NULL, "link to the elements, do not copy" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-fv] [-i file] [-o dir] tensor",
    .what = "gather the elements that have a coefficient",
    .opts = opts,
    .exits = exits,
    .examples = "  st-sparse -i where -o full t\n",
};

/* Does element i have text and a coefficient? 1, 0 or -1. */
static int
has(struct st *t, size_t i, struct why *w)
{
    struct st_cell c;
    double coeff;

    if (run_interrupted())
        return why_set(w, "%s: interrupted", t->name);
    if (st_stat(t, i, &c, w) < 0 || st_get_coeff(t, i, &coeff, w) < 0)
        return -1;
    return c.size >= 0 && coeff != 0;
}

static int
count(struct st *t, size_t *n, struct why *w)
{
    int yes;

    *n = 0;
    for (size_t i = 0; i < t->shape.count; i++) {
        if ((yes = has(t, i, w)) < 0)
            return -1;
        *n += (size_t)yes;
    }
    return 0;
}

static int
gather(struct st *to, struct st *from, FILE *index, struct why *w)
{
    struct sbuf at = { 0 };
    size_t row = 0;
    int yes = 0;

    if (index)
        fputs("row\tcoords\n", index);
    for (size_t i = 0; yes >= 0 && i < from->shape.count; i++) {
        if ((yes = has(from, i, w)) <= 0)
            continue;
        if (row == to->shape.count)
            yes = why_set(w, "%s: changed meanwhile", from->name);
        else
            yes = (view ? cell_link : cell_copy)(to, row, from, i, w);
        sbuf_clear(&at);
        shape_coords_text(&from->shape, i, &at);
        if (index && yes >= 0 && at.s)
            fprintf(index, "%zu\t%s\n", row, at.s);
        row++;
    }
    sbuf_free(&at);
    return yes < 0 ? -1 : 0;
}

static int
make(struct build *b, struct fsx_tmp *index, const char *name, struct why *w)
{
    struct shape s = { .ndim = 1 };
    struct st from;

    if (st_open(&from, name, follow ? ST_FOLLOW : 0, w) < 0 ||
        count(&from, &s.dim[0], w) < 0 || shape_settle(&s, w) < 0 ||
        build_open(b, result, &s, w) < 0)
        return -1;
    if (index_name && fsx_tmp_open(index, index_name, w) < 0)
        return -1;
    if (gather(&b->t, &from, index->fp, w) < 0 ||
        (index_name && fflush(index->fp) &&
         why_set(w, "%s: write", index_name)) ||
        build_commit(b, w) < 0) {
        if (index_name)
            fsx_tmp_abort(index);
        return -1;
    }
    if (!index_name || fsx_tmp_commit(index, w) == 0)
        return 0;
    build_remove(b->name, NULL); /* of no use without the index */
    return -1;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    struct out o = { .fp = stdout, .cols = cols };
    int first = opt_parse(argc, argv, &tool), bad;
    struct fsx_tmp index = { 0 };
    struct build b = { 0 };
    struct why w;

    if (argc - first != 1)
        opt_usage();
    run_catch();
    bad = make(&b, &index, argv[first], &w);
    if (bad < 0) {
        build_close(&b);
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    out_str(&o, b.name);
    out_close(&o);
    return X_YES;
}
