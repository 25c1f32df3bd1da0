/*
 * st-assign - write the elements of one tensor over those of another
 *
 *	st-assign $(st-slice -v exp 7) improved
 */
#include <sys/stat.h>

#include <err.h>
#include <stdio.h>
#include <string.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "st/fit.h"
#include "st/st.h"

static int drop, view, follow;
static const struct opt opts[] = {
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'r', "remove", OPT_FLAG, &drop, NULL,
      "remove elements that from has not" },
    { 'v', "view", OPT_FLAG, &view, NULL, "link to the elements, do not copy" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-frv] to from",
    .what = "write the elements of one tensor over those of another",
    .opts = opts,
    .exits = exits,
    .examples = "  st-assign exp better\n"
                "  st-assign --view mine theirs\n",
};

/* Is the entry of a's element itself the file that b's element leads to? */
static int
same_file(const struct st *a, const struct st *b, size_t i)
{
    struct sbuf x = { 0 }, y = { 0 };
    struct stat s, t;
    int same;

    st_path(a, i, &x);
    st_path(b, i, &y);
    same = !x.failed && !y.failed && lstat(x.s, &s) == 0 &&
           stat(y.s, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
    sbuf_free(&x);
    sbuf_free(&y);
    return same;
}

/* Nothing came: the text stays, but it counts no more. */
static int
empty_handed(struct st *to, size_t i, struct why *w)
{
    struct st_cell c;

    if (drop)
        return st_remove(to, i, w);
    if (st_stat(to, i, &c, w) < 0)
        return -1;
    return c.size < 0 ? 0 : st_set_coeff(to, i, 0, w);
}

static int
copy(struct st *to, struct st *from, size_t i, struct why *w)
{
    struct sbuf text = { 0 };
    double coeff;
    int r = st_read(from, i, &text, w);

    if (r == 0)
        r = empty_handed(to, i, w);
    else if (r > 0 && (r = st_get_coeff(from, i, &coeff, w)) == 0)
        r = st_write(to, i, text.s ? text.s : "", text.len, coeff, w);
    sbuf_free(&text);
    return r;
}

static int
link_to(struct st *to, struct st *from, size_t i, struct why *w)
{
    struct st_cell c;
    double coeff = 0;

    if (st_stat(from, i, &c, w) < 0)
        return -1;
    if (c.size < 0 && drop)
        return st_remove(to, i, w);
    if ((c.size < 0 && st_write(from, i, "", 0, 0, w) < 0) ||
        (c.size >= 0 && st_get_coeff(from, i, &coeff, w) < 0))
        return -1;
    /* A link to itself would lose the text. */
    if (same_file(to, from, i))
        return st_set_coeff(to, i, coeff, w);
    return st_link(to, i, from, i, coeff, w);
}

static int
assign(struct st *to, struct st *from, struct why *w)
{
    int bad = 0;

    if (fit_shapes(to->name, &to->shape, from->name, &from->shape, w) < 0)
        return -1;
    for (size_t i = 0; !bad && i < to->shape.count; i++) {
        if (st_lock(to, i, w) < 0)
            return -1;
        bad = (view ? link_to : copy)(to, from, i, w);
        st_unlock(to, i);
    }
    return bad;
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool), flags = follow ? ST_FOLLOW : 0;
    struct st to, from;
    struct why w;

    if (argc - first != 2)
        opt_usage();
    /* A view may have to make elements in what it links to. */
    if (st_open(&to, argv[first], ST_WRITE, &w) < 0 ||
        st_open(&from, argv[first + 1], view ? flags | ST_WRITE : flags, &w) <
            0 ||
        assign(&to, &from, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    st_close(&to);
    st_close(&from);
    return X_YES;
}
