/*
 * st-patch - apply a tensor of diffs to a tensor
 *
 * Each element takes its whole diff or none of it, under a lock, so that any
 * number of writers may work on one tensor.
 */
#include <err.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/amend.h"
#include "st/build.h"
#include "st/pair.h"

static int batch, dry, follow, json, no_header, verbose;
static long fuzz = PATCH_FUZZ;
static const char *output;
static const struct opt opts[] = {
    { 'F', "fuzz", OPT_INT, &fuzz, "n",
      "lines of context that may be wrong at either end of a hunk (1)", 0,
      1000 },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL, "no header line" },
    { 'n', "dry-run", OPT_FLAG, &dry, NULL, "write nothing, only count" },
    { 'o', "output", OPT_STR, &output, "patched",
      "make a new tensor, leave the old one alone" },
    { 'v', "verbose", OPT_FLAG, &verbose, NULL,
      "say on stderr what became of each diff" },
    { 0, "batch", OPT_FLAG, &batch, NULL,
      "write through to the disk only at the end" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-fjNnv] [-F n] [-o patched] [--batch] tensor diffs",
    .what = "apply a tensor of diffs to a tensor",
    .opts = opts,
    .exits = exits,
    .examples = "  st-patch t d\n"
                "  st-patch --fuzz 0 -o u t d\n"
                "  st-patch -nv t d 2>&1 >/dev/null | grep rejected\n",
};

static struct build built;

static _Noreturn void
fail(const struct why *w)
{
    build_close(&built);
    errx(X_FAIL, "%s", w->s);
}

/* A line about element i on stderr. */
static void
report(struct out *o, const struct st *t, const struct amended *a)
{
    struct sbuf at = { 0 };

    shape_coords_text(&t->shape, a->i, &at);
    out_str(o, at.s ? at.s : "");
    out_str(o, patch_status_name(a->p.status));
    out_str(o, a->p.reason.s[0] ? a->p.reason.s : NULL);
    sbuf_free(&at);
}

/* Make the new tensor the same as the old one at an element that no diff
 * changed. */
static int
keep_old(struct amend *m, const struct amended *a, struct why *w)
{
    if (!output || dry || !a->there || a->p.status == PATCH_APPLIED ||
        a->p.status == PATCH_FUZZED)
        return 0;
    return st_write(m->to, a->i, a->old.s, a->old.len, a->coeff, w);
}

static void
patch_all(struct amend *m)
{
    static const char *const cols[] = { "coords", "status", "reason", NULL };
    struct out o = { .fp = stderr,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = cols,
                     .no_header = no_header };
    int in_place = !dry && !output;
    struct amended a = { 0 };
    struct why w;

    for (size_t i = 0; i < m->from->shape.count; i++) {
        if (in_place && st_lock(m->from, i, &w) < 0)
            fail(&w);
        if (amend_try(m, i, &a, &w) < 0 || keep_old(m, &a, &w) < 0 ||
            amend_commit(m, &a, &w) < 0)
            fail(&w);
        if (in_place)
            st_unlock(m->from, i);
        if (verbose && a.diff.len)
            report(&o, m->from, &a);
    }
    amended_free(&a);
}

/* In place, or into a new tensor. */
static void
patch(struct amend *m, struct pair *p)
{
    struct why w;

    if (output && !dry && build_open(&built, output, &p->a.shape, &w) < 0)
        fail(&w);
    if (built.tmp)
        amend_init(m, &p->a, &p->b, &built.t, built.tmp);
    else
        amend_init(m, &p->a, &p->b, &p->a, p->a.name);
    m->fuzz = (int)fuzz;
    m->dry = dry;
    if (!built.tmp)
        p->a.flags |= batch ? ST_NOSYNC : ST_LATER;
    patch_all(m);
    amend_close(m);
    if (built.tmp ? build_commit(&built, &w) < 0
                  : !dry && m->applied && st_sync(&p->a, &w) < 0)
        fail(&w);
    build_close(&built);
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool), flags;
    struct out o = { .fp = stdout, .cols = amend_cols };
    struct amend m;
    struct pair p;
    struct why w;

    if (argc - first != 2)
        opt_usage();
    flags = follow ? ST_FOLLOW : 0;
    if (pair_open(&p, argv[first], dry || output ? flags : flags | ST_WRITE,
                  argv[first + 1], flags, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    patch(&m, &p);
    pair_close(&p);
    o.form = json ? OUT_JSON : OUT_TSV;
    o.no_header = no_header;
    amend_print(&m, &o);
    out_close(&o);
    return m.rejected ? X_NO : X_YES;
}
