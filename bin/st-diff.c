/*
 * st-diff - make a tensor of diffs from one tensor to another
 *
 * The gradient of texts: what would have to change in each element.
 *
 *	st-patch have "$(st-diff have want)"
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/build.h"
#include "st/diff.h"
#include "st/pair.h"

static int follow, json, no_header, print, quiet, store;
static const char *labels, *output;
static const struct opt opts[] = {
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'j', "json", OPT_FLAG, &json, NULL, "with -p, JSON lines, not TSV" },
    { 'l', "labels", OPT_STR, &labels, "from,to",
      "the two names in each diff (data,data)" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL, "with -p, no header line" },
    { 'o', "output", OPT_STR, &output, "diffs",
      "the new tensor's name (a fresh one)" },
    { 'p', "print", OPT_FLAG, &print, NULL,
      "make nothing: print the diffs as a table" },
    { 'q', "quiet", OPT_FLAG, &quiet, NULL,
      "make nothing: exit 1 when an element differs" },
    { 0, "store", OPT_FLAG, &store, NULL,
      "pack the diffs into one file, as st-pack --store" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-fjNpq] [-l from,to] [-o diffs] [--store] from to",
    .what = "make a tensor of diffs from one tensor to another",
    .opts = opts,
    .exits = exits,
    .examples = "  st-diff -o d have want\n"
                "  st-diff -q have want && echo the same\n"
                "  st-diff -pj have want | jq -r .text\n",
};

static struct build out;

static _Noreturn void
fail(const struct why *w)
{
    build_close(&out);
    errx(X_FAIL, "%s", w->s);
}

/* Cut --labels in two; a newline would end the header line. */
static struct diff_labels
parse_labels(void)
{
    static struct sbuf from;
    const char *comma = labels ? strchr(labels, ',') : NULL;

    if (!labels)
        return (struct diff_labels){ NULL, NULL };
    if (!comma || strchr(comma + 1, ',') || strchr(labels, '\n'))
        errx(X_FAIL, "--labels: %s: not two names with a comma between",
             labels);
    sbuf_add(&from, labels, (size_t)(comma - labels));
    return (struct diff_labels){ from.s, comma + 1 };
}

/* The text of element i, NULL when it is absent. */
static const char *
read_text(const struct st *t, size_t i, struct sbuf *b)
{
    struct why w;
    int there;

    sbuf_clear(b);
    sbuf_adds(b, "");
    if ((there = st_read(t, i, b, &w)) < 0)
        fail(&w);
    return there ? b->s : NULL;
}

/* Element i as a row of the table that st-cat prints. */
static void
print_row(struct out *o, const struct st *t, size_t i, const struct sbuf *d)
{
    struct sbuf at = { 0 };

    if (memchr(d->s, '\0', d->len)) {
        st_name(t, i, &at);
        errx(X_FAIL, "%s: a NUL byte, which no table can hold", at.s);
    }
    shape_coords_text(&t->shape, i, &at);
    out_str(o, at.s ? at.s : "");
    out_float(o, 1);
    out_str(o, d->s);
    sbuf_free(&at);
}

/* What to do with the diff of element i. */
static void
take(struct pair *p, struct out *o, size_t i, const struct sbuf *d)
{
    struct why w;

    if (print)
        print_row(o, &p->a, i, d);
    else if (!quiet && st_write(&out.t, i, d->s, d->len, 1, &w) < 0)
        fail(&w);
}

/* All elements; whether any differ. With -q the first is enough. */
static int
diff_all(struct pair *p, const struct diff_labels *l, struct out *o)
{
    struct sbuf a = { 0 }, b = { 0 }, d = { 0 };
    int some = 0;

    for (size_t i = 0; i < p->a.shape.count && !(quiet && some); i++) {
        const char *from = read_text(&p->a, i, &a);
        const char *to = read_text(&p->b, i, &b);
        int differ;
        sbuf_clear(&d);
        if ((differ = diff_text(&d, from, a.len, to, b.len, l)) < 0) {
            struct sbuf name = { 0 };
            struct why w;
            st_name(&p->a, i, &name);
            why_set(&w, "%s: out of memory, or too many lines", name.s);
            fail(&w);
        }
        if (differ)
            take(p, o, i, &d);
        some |= differ;
    }
    sbuf_free(&a);
    sbuf_free(&b);
    sbuf_free(&d);
    return some;
}

int
main(int argc, char *argv[])
{
    static const char *const made[] = { "tensor", NULL };
    static const char *const table[] = { "coords", "coeff", "text", NULL };
    int first = opt_parse(argc, argv, &tool), flags = follow ? ST_FOLLOW : 0;
    int some, make = !quiet && !print;
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = print ? table : made,
                     .no_header = no_header };
    struct diff_labels l = parse_labels();
    struct pair p;
    struct why w;

    if (argc - first != 2 || (!make && (output || store)) ||
        (quiet && (print || labels)) || (!print && (json || no_header)))
        opt_usage();
    if (pair_open(&p, argv[first], flags, argv[first + 1], flags, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (make && (build_open(&out, output, &p.a.shape, &w) < 0 ||
                 (store && build_pack(&out, &w) < 0)))
        fail(&w);
    some = diff_all(&p, &l, &o);
    pair_close(&p);
    if (quiet)
        return some ? X_NO : X_YES;
    if (make && build_commit(&out, &w) < 0)
        fail(&w);
    if (make)
        out_str(&o, out.name);
    build_close(&out);
    out_close(&o);
    return X_YES;
}
