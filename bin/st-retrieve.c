/*
 * st-retrieve - the rows of an experience that are most like a query
 *
 * What was learned, found again: an experience keeps a query of a few keywords
 * with each pair of key and value, and this is the search over it.
 *
 *	st-retrieve -k 3 exp < query | cut -f 1
 */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/out.h"
#include "num/rng.h"
#include "st/build.h"
#include "st/expindex.h"
#include "st/exptab.h"
#include "st/retrieve.h"

static int all, check, cold_start, compat, follow, index_it, json, method;
static int no_header, noise;
static long rows_wanted = 16, seed = 1;
static const char *output, *queries;
static double threshold = -HUGE_VAL;
static const struct opt opts[] = {
    { 'a', "all", OPT_FLAG, &all, NULL, "print query, key and value, too" },
    { 0, "check", OPT_FLAG, &check, NULL,
      "compare every row with what an index knows of it" },
    { 0, "cold-start", OPT_FLAG, &cold_start, NULL,
      "choose rows by chance when none has a query" },
    { 0, "compat", OPT_ONEOF, &compat, "none|experience",
      "order equal scores as paths sort (none: as numbers do)" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'i', "index", OPT_FLAG, &index_it, NULL,
      "make an index when there is none" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 'k', "rows", OPT_INT, &rows_wanted, "n", "this many rows at most (16)", 1,
      1e12 },
    { 'm', "method", OPT_ONEOF, &method, "lines|multi",
      "how likeness is measured (lines)" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL,
      "leave the header line out" },
    { 0, "noise", OPT_FLAG, &noise, NULL, "add noise to the scores" },
    { 'o', "output", OPT_STR, &output, "view",
      "make a view of the rows, and print its path instead" },
    { 'Q', "queries", OPT_STR, &queries, "tensor",
      "each element is a query of its own" },
    { 's', "seed", OPT_INT, &seed, "n", "seed of noise and chance (1)", 0,
      1e15 },
    { 0, "threshold", OPT_NUM, &threshold, "x", "only rows that score X (any)",
      -HUGE_VAL, HUGE_VAL },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage =
        "[-afijN] [-k n] [-m lines|multi] [-o view] [-Q tensor] [-s n]\n"
        "       [--check] [--cold-start] [--compat none|experience] [--noise]\n"
        "       [--threshold x] experience [query ...]",
    .what = "the rows of an experience that are most like a query",
    .opts = opts,
    .exits = exits,
    .examples = "  st-retrieve -k 3 exp < query\n"
                "  st-retrieve -aj exp query1 query2 | jq -r .value\n",
};

/* The queries as texts, each with a name that tells its answers apart. */
static struct asked {
    struct sbuf text, name;
} * asked;
static size_t n_asked, room;

static struct asked *
ask(void)
{
    if (n_asked == room) {
        room = room ? 2 * room : 16;
        asked = realloc(asked, room * sizeof *asked);
        if (!asked)
            err(X_FAIL, NULL);
    }
    asked[n_asked] = (struct asked){ 0 };
    return &asked[n_asked++];
}

static void
ask_files(int argc, char **argv)
{
    struct why w;

    for (int i = 0; i < argc || i == 0; i++) {
        struct asked *a = ask();
        sbuf_adds(&a->name, argc ? argv[i] : "-");
        if (a->name.failed)
            err(X_FAIL, NULL);
        if (fsx_read(a->name.s, &a->text, (size_t)1 << 32, &w) < 0)
            errx(X_FAIL, "%s", w.s);
    }
}

/* Absent elements ask nothing. */
static void
ask_tensor(const char *name)
{
    struct why w;
    struct st t;

    if (st_open(&t, name, follow ? ST_FOLLOW : 0, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    for (size_t i = 0; i < t.shape.count; i++) {
        struct asked *a = ask();
        int there = st_coeff(&t, i) == 0 ? 0 : st_read(&t, i, &a->text, &w);
        if (there < 0)
            errx(X_FAIL, "%s", w.s);
        shape_coords_text(&t.shape, i, &a->name);
        if (a->name.failed || a->text.failed)
            err(X_FAIL, NULL);
        if (!there) {
            sbuf_free(&a->name);
            n_asked--;
        }
    }
    st_close(&t);
}

static struct question *
questions(void)
{
    struct question *q = calloc(n_asked + 1, sizeof *q);

    if (!q)
        err(X_FAIL, NULL);
    for (size_t i = 0; i < n_asked; i++)
        if (words_set(&q[i].set, (enum words_method)method,
                      asked[i].text.s ? asked[i].text.s : "",
                      asked[i].text.len) < 0)
            err(X_FAIL, NULL);
    return q;
}

static double
normal(void *rng)
{
    return (double)rng_normal(rng);
}

/* Rows without a score, each at most once, in the order they were drawn. */
static void
draw(struct question *q, size_t rows, struct rng *rng)
{
    struct hit *hit = calloc(rows + 1, sizeof *hit);
    size_t k = (size_t)rows_wanted < rows ? (size_t)rows_wanted : rows;

    if (!hit)
        err(X_FAIL, NULL);
    for (size_t r = 0; r < rows; r++)
        hit[r].row = r;
    for (size_t i = 0; i < k; i++) {
        size_t j = i + (size_t)rng_below(rng, rows - i);
        size_t row = hit[j].row;
        hit[j].row = hit[i].row;
        hit[i] = (struct hit){ row, NAN };
    }
    topk_free(&q->top);
    q->top = (struct topk){ .hit = hit, .n = k, .k = k };
}

/* One element of a row as a field; what is not there is unknown. */
static void
put_cell(struct out *o, struct st *t, size_t i)
{
    struct sbuf text = { 0 };
    struct why w;
    int there = st_coeff(t, i) == 0 ? 0 : st_read(t, i, &text, &w);

    if (there < 0)
        errx(X_FAIL, "%s", w.s);
    if (there && text.len && memchr(text.s, '\0', text.len)) {
        sbuf_clear(&text);
        st_name(t, i, &text);
        errx(X_FAIL, "%s: holds a NUL, which a line of text cannot", text.s);
    }
    out_str(o, !there ? NULL : text.s ? text.s : "");
    sbuf_free(&text);
}

static void
print(struct exptab *e, const struct question *q, const char *of, struct out *o)
{
    struct sbuf row = { 0 };

    for (size_t i = 0; i < q->top.n; i++) {
        const struct hit *h = &q->top.hit[i];
        sbuf_clear(&row);
        exptab_row_text(e, h->row, &row);
        if (row.failed)
            err(X_FAIL, NULL);
        if (of)
            out_str(o, of);
        out_str(o, row.s);
        out_num(o, h->score);
        for (size_t c = 0; all && c < EXPTAB_WIDTH; c++)
            put_cell(o, e->t, h->row * EXPTAB_WIDTH + c);
    }
    sbuf_free(&row);
}

/* A tensor of the rows, whose elements are links to theirs. */
static void
make_view(struct exptab *e, const struct topk *top)
{
    struct shape s = { .ndim = 2, .dim = { top->n, EXPTAB_WIDTH } };
    struct build b = { 0 };
    struct why w;
    int bad = shape_settle(&s, &w) || build_open(&b, output, &s, &w);

    for (size_t i = 0; i < s.count && !bad; i++) {
        size_t j =
            top->hit[i / EXPTAB_WIDTH].row * EXPTAB_WIDTH + i % EXPTAB_WIDTH;
        double coeff;
        bad = st_get_coeff(e->t, j, &coeff, &w) ||
              st_link(&b.t, i, e->t, j, coeff, &w);
    }
    bad = bad || build_commit(&b, &w);
    if (!bad)
        puts(b.name);
    build_close(&b);
    if (bad)
        errx(X_FAIL, "%s", w.s);
}

/* Answer all questions. The exit code. */
static int
answer(struct exptab *e, struct question *q)
{
    struct rng rng;
    struct retrieve how = { .method = (enum words_method)method,
                            .k = (size_t)rows_wanted,
                            .by_path = compat,
                            .threshold = threshold,
                            .normal = noise ? normal : NULL,
                            .ctx = &rng,
                            .check = check };
    size_t rows = 0;
    int status = X_YES;
    struct why w;

    if (index_it && !expindex_exists(e) && expindex_build(e, &w) < 0)
        warnx("%s", w.s);
    /* seeds side by side must not draw alike */
    rng_seed(&rng, words_hash(0, &seed, sizeof seed));
    if (retrieve(e, &how, q, n_asked, &rows, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (rows == 0 && !cold_start)
        errx(X_NO,
             "%s: no row has a query yet (--cold-start chooses by chance)",
             e->t->name);
    for (size_t i = 0; i < n_asked; i++) {
        if (rows == 0)
            draw(&q[i], e->rows, &rng);
        if (q[i].top.n == 0)
            status = X_NO;
    }
    return status;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "of",  "row",   "score", "query",
                                        "key", "value", NULL };
    const char *shown[8] = { NULL };
    int first = opt_parse(argc, argv, &tool), status;
    int several = queries || argc - first > 2;
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = shown,
                     .no_header = no_header };
    struct exptab e;
    struct question *q;
    struct st t;
    struct why w;

    if (first == argc || (queries && argc - first > 1) || (several && output))
        opt_usage();
    memcpy(shown, cols + !several,
           ((size_t)several + (all ? 5 : 2)) * sizeof *shown);
    if (st_open(&t, argv[first], follow ? ST_FOLLOW : 0, &w) < 0 ||
        exptab_open(&e, &t, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (queries)
        ask_tensor(queries);
    else
        ask_files(argc - first - 1, argv + first + 1);
    q = questions();
    status = answer(&e, q);
    if (output && q->top.n)
        make_view(&e, &q->top);
    for (size_t i = 0; i < n_asked && !output; i++)
        print(&e, &q[i], several ? asked[i].name.s : NULL, &o);
    o.no_header |= output != NULL;
    out_close(&o);
    exptab_close(&e);
    st_close(&t);
    return status;
}
