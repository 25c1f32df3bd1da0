/*
 * st-make - make a tensor of texts
 *
 * The tensor appears whole, under its name, or not at all:
 *
 *	st-cat t | awk -F '\t' '...' | st-make -o u -
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/build.h"
#include "st/nested.h"
#include "st/rows.h"

static int files, links, nested, packed;
static double coeff = 1;
static const char *output, *shape;
static const struct opt opts[] = {
    { 'c', "coeff", OPT_NUM, &coeff, "x", "coefficient of the elements (1)" },
    { 'f', "files", OPT_FLAG, &files, NULL,
      "operands are files, whose contents are copied" },
    { 'i', "json-in", OPT_FLAG, &nested, NULL,
      "standard input is a nested JSON list of strings and nulls" },
    { 'l', "link", OPT_FLAG, &links, NULL,
      "operands are files, to which elements are links" },
    { 'o', "output", OPT_STR, &output, "tensor",
      "the tensor's name (a fresh one)" },
    { 's', "shape", OPT_STR, &shape, "dims", "the shape, such as '[2, 3]'" },
    { 0, "store", OPT_FLAG, &packed, NULL,
      "pack the elements into one file, as st-pack --store" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-fil] [-c x] [-o tensor] [-s dims] [--store] "
             "[- | element ...]",
    .what = "make a tensor of texts",
    .opts = opts,
    .exits = exits,
    .examples = "  st-make -o t -s '[2, 2]' a b c d\n"
                "  st-cat t | st-make -o u -\n",
};

static struct build out;

static _Noreturn void
fail(const char *where, const struct why *w)
{
    build_close(&out);
    errx(X_FAIL, "%s%s", where, w->s);
}

static void
start(const struct shape *s)
{
    struct why w;

    if (build_open(&out, output, s, &w) < 0 ||
        (packed && build_pack(&out, &w) < 0))
        fail("", &w);
    out.t.flags |= ST_ONCE;
}

static void
put(size_t i, const char *text, size_t len, double x)
{
    struct why w;

    if (st_write(&out.t, i, text, len, x, &w) < 0)
        fail("", &w);
}

/* What -s says; 0 when it says nothing. */
static int
given_shape(struct shape *s)
{
    struct why w;

    if (shape && shape_parse(s, shape, &w) < 0)
        errx(X_FAIL, "%s: %s", shape, w.s);
    return shape != NULL;
}

static void
read_stdin(struct sbuf *b)
{
    struct why w;

    sbuf_adds(b, "");
    if (fsx_read("-", b, (size_t)1 << 36, &w) < 0)
        errx(X_FAIL, "%s", w.s);
}

static void
from_table(void)
{
    struct sbuf b = { 0 };
    struct rows rows;
    struct row row;
    struct shape s;
    struct why w;
    size_t i;
    int more;

    read_stdin(&b);
    if (rows_open(&rows, b.s, b.len, &w) < 0 ||
        (!given_shape(&s) && rows_shape(&rows, &s, &w) < 0))
        fail("stdin:", &w);
    start(&s);
    while ((more = rows_next(&rows, &row, &w)) > 0) {
        if (shape_parse_coords(&s, row.coords, &i, &w) < 0) {
            build_close(&out);
            errx(X_FAIL, "stdin:%zu: [%s]: %s", rows.line, row.coords, w.s);
        }
        if (row.text)
            put(i, row.text, strlen(row.text), row.coeff);
    }
    if (more < 0)
        fail("stdin:", &w);
    sbuf_free(&b);
}

static void
from_json(void)
{
    struct sbuf b = { 0 };
    struct nested n;
    struct shape s;
    struct why w;

    read_stdin(&b);
    if (nested_parse(&n, b.s, b.len, &w) < 0)
        fail("stdin", &w);
    if (given_shape(&s) && !shape_same(&s, &n.shape))
        errx(X_FAIL, "stdin: the list has another shape than %s", shape);
    start(&n.shape);
    for (size_t i = 0; i < n.shape.count; i++)
        if (n.text[i])
            put(i, n.text[i], strlen(n.text[i]), coeff);
    nested_free(&n);
    sbuf_free(&b);
}

/* Element i from the file called name. */
static void
from_file(size_t i, const char *name)
{
    struct sbuf b = { 0 };
    struct stat st;
    struct why w;
    int there = stat(name, &st) == 0;

    if (!there && errno != ENOENT)
        err(X_FAIL, "%s", name);
    if (!there)
        warnx("%s: no such file: element %zu is %s", name, i,
              links ? "a link to nothing" : "absent");
    if (links) {
        if (st_link_file(&out.t, i, name, there ? coeff : NAN, &w) < 0)
            fail("", &w);
        return;
    }
    if (!there)
        return;
    sbuf_adds(&b, "");
    if (fsx_read(name, &b, ST_MOST, &w) < 0)
        fail("", &w);
    put(i, b.s, b.len, coeff);
    sbuf_free(&b);
}

static void
from_operands(int argc, char **argv)
{
    struct shape s = { .ndim = 1, .dim = { (size_t)argc } };
    struct why w;

    if (!given_shape(&s) && (argc == 0 || shape_settle(&s, &w) < 0))
        opt_usage();
    if (argc && s.count != (size_t)argc)
        errx(X_FAIL, "%s has %zu elements, %d are given", shape, s.count, argc);
    start(&s);
    for (size_t i = 0; i < (size_t)argc; i++)
        if (files || links)
            from_file(i, argv[i]);
        else
            put(i, argv[i], strlen(argv[i]), coeff);
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    int first = opt_parse(argc, argv, &tool);
    struct out o = { .fp = stdout, .cols = cols };
    struct why w;

    argc -= first;
    argv += first;
    if ((nested && (argc || files || links)) || (files && links) ||
        (packed && links))
        opt_usage();
    if (nested)
        from_json();
    else if (argc == 1 && strcmp(argv[0], "-") == 0 && !files && !links)
        from_table();
    else
        from_operands(argc, argv);
    if (build_commit(&out, &w) < 0)
        fail("", &w);
    out_str(&o, out.name);
    build_close(&out);
    out_close(&o);
    return X_YES;
}
