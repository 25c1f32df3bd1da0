/*
 * st-dense - scatter gathered elements into a full tensor
 *
 * The inverse of st-sparse: what was not gathered becomes an empty text with
 * coefficient 0.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "common/tsv.h"
#include "st/build.h"
#include "st/cell.h"

static const char *result, *index_name = "-", *shape_given;
static int follow;
static const struct opt opts[] = {
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'i', "index", OPT_STR, &index_name, "file",
      "where each element goes (standard input)" },
    { 'o', "output", OPT_STR, &result, "dir", "name of the result (fresh)" },
    { 's', "shape", OPT_STR, &shape_given, "dims",
      "shape of the result, such as '[2, 3]'" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-f] [-i file] [-o dir] -s dims tensor",
    .what = "scatter gathered elements into a full tensor",
    .opts = opts,
    .exits = exits,
    .examples = "  st-dense -i where -s '[8, 3]' -o t full\n",
};

/* The table: for each row of the source its element of the result, plus one;
 * 0 where the table says nothing. */
struct places {
    size_t *to;
    char *used; /* 1: a row goes to this element */
};

static int
place(struct places *p, const struct st *from, const struct shape *s,
      char *const *field, const int *col, struct why *w)
{
    struct shape rows = { .ndim = 1, .dim = { from->shape.count } };
    struct why inner;
    size_t row, i;

    if (shape_parse_coords(&rows, field[col[0]], &row, &inner) < 0)
        return why_set(w, "row %.150s", inner.s);
    if (shape_parse_coords(s, field[col[1]], &i, &inner) < 0)
        return why_set(w, "coords %.150s", inner.s);
    if (p->to[row] || p->used[i])
        return why_set(w, "%s comes twice",
                       p->to[row] ? field[col[0]] : field[col[1]]);
    p->to[row] = i + 1;
    p->used[i] = 1;
    return 0;
}

static int
read_places(struct places *p, const struct st *from, const struct shape *s,
            char *table, struct why *w)
{
    enum { MOST = 16 };
    char *field[MOST], *next;
    struct why inner = { "" };
    int col[2] = { -1, -1 };
    size_t n, line = 1, need = 0;

    for (char *at = table; at && *at; at = next, line++) {
        if ((next = strchr(at, '\n')))
            *next++ = '\0';
        n = tsv_split(at, field, MOST);
        n = n > MOST ? MOST : n;
        if (line == 1) {
            col[0] = tsv_column(field, n, "row");
            col[1] = tsv_column(field, n, "coords");
            need = (size_t)(col[0] > col[1] ? col[0] : col[1]) + 1;
            if (col[0] < 0 || col[1] < 0)
                return why_set(w, "%s:1: no columns row and coords",
                               index_name);
        } else if (n < need)
            return why_set(w, "%s:%zu: too few fields", index_name, line);
        else if (place(p, from, s, field, col, &inner) < 0)
            return why_set(w, "%s:%zu: %.180s", index_name, line, inner.s);
    }
    for (size_t row = 0; row < from->shape.count; row++)
        if (!p->to[row])
            return why_set(w, "%s: nothing about row %zu", index_name, row);
    return 0;
}

static int
scatter(struct st *to, struct st *from, const struct places *p, struct why *w)
{
    for (size_t row = 0; row < from->shape.count; row++)
        if (cell_copy(to, p->to[row] - 1, from, row, w) < 0)
            return -1;
    for (size_t i = 0; i < to->shape.count; i++) {
        if (run_interrupted())
            return why_set(w, "%s: interrupted", to->name);
        if (!p->used[i] && st_write(to, i, "", 0, 0, w) < 0)
            return -1;
    }
    return 0;
}

static int
make(struct build *b, const char *name, struct why *w)
{
    struct sbuf table = { 0 };
    struct places p;
    struct shape s;
    struct st from;
    struct why inner;

    if (shape_parse(&s, shape_given, &inner) < 0)
        return why_set(w, "%s: %.150s", shape_given, inner.s);
    if (st_open(&from, name, follow ? ST_FOLLOW : 0, w) < 0)
        return -1;
    if (from.shape.ndim != 1)
        return why_set(w, "%s: has %d dimensions, not 1", name,
                       from.shape.ndim);
    p.to = calloc(from.shape.count + 1, sizeof *p.to);
    p.used = calloc(s.count + 1, 1);
    sbuf_adds(&table, "");
    if (!p.to || !p.used || table.failed)
        return why_set(w, "out of memory");
    if (fsx_read(index_name, &table, (size_t)1 << 36, w) < 0 ||
        read_places(&p, &from, &s, table.s, w) < 0 ||
        build_open(b, result, &s, w) < 0 || scatter(&b->t, &from, &p, w) < 0)
        return -1;
    return build_commit(b, w);
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    struct out o = { .fp = stdout, .cols = cols };
    int first = opt_parse(argc, argv, &tool), bad;
    struct build b = { 0 };
    struct why w;

    if (argc - first != 1 || !shape_given)
        opt_usage();
    run_catch();
    bad = make(&b, argv[first], &w);
    if (bad < 0) {
        build_close(&b);
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    out_str(&o, b.name);
    out_close(&o);
    return X_YES;
}
