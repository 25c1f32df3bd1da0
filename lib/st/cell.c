#include <math.h>

#include "common/run.h"
#include "st/cell.h"

static int
interrupted(const struct st *t, struct why *w)
{
    return run_interrupted() ? why_set(w, "%s: interrupted", t->name) : 0;
}

int
cell_copy(struct st *to, size_t i, struct st *from, size_t j, struct why *w)
{
    struct sbuf text = { 0 };
    double coeff;
    int r = interrupted(to, w) < 0 ? -1 : st_read(from, j, &text, w);

    if (r > 0 && (r = st_get_coeff(from, j, &coeff, w)) == 0)
        r = st_write(to, i, text.s ? text.s : "", text.len, coeff, w);
    sbuf_free(&text);
    return r;
}

int
cell_link(struct st *to, size_t i, struct st *from, size_t j, struct why *w)
{
    struct st_cell c;
    double coeff = NAN;

    if (interrupted(to, w) < 0 || st_stat(from, j, &c, w) < 0)
        return -1;
    /* What is absent or 1 needs no record: the link says it, and goes on
     * saying it when the element is written later. */
    if (c.size >= 0 && st_get_coeff(from, j, &coeff, w) < 0)
        return -1;
    return st_link(to, i, from, j, coeff == 1 ? NAN : coeff, w);
}
