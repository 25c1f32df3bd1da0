/*
 * st-load - make a tensor from a dump
 *
 * Takes what st-dump writes, both kinds, and the dumps of other programs that
 * have the files shape, stride and storage.
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "st/build.h"
#include "st/cell.h"
#include "st/dump.h"

static const char *result, *shape_given;
static int follow;
static const struct opt opts[] = {
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'o', "output", OPT_STR, &result, "dir", "name of the result (fresh)" },
    { 's', "shape", OPT_STR, &shape_given, "dims",
      "shape, when absent elements end an axis (what the files need)" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-f] [-o dir] [-s dims] dump",
    .what = "make a tensor from a dump",
    .opts = opts,
    .exits = exits,
    .examples = "  st-load -o exp backup\n"
                "  st-load -s '[8, 3]' view\n",
};

/* DIR/NAME in *path; 1 when it is there. */
static int
has(const char *dir, const char *name, struct sbuf *path)
{
    sbuf_clear(path);
    sbuf_addf(path, "%s/%s", dir, name);
    if (path->failed)
        err(X_FAIL, NULL);
    return access(path->s, F_OK) == 0;
}

/* The steps in storage between neighbours; row-major without a file. */
static int
read_stride(const char *dir, const struct shape *s, size_t *step, struct why *w)
{
    struct sbuf path = { 0 }, text = { 0 };
    struct shape stride;
    struct why inner;
    int bad = 0;

    if (!has(dir, "stride", &path)) {
        for (int d = 0; d < s->ndim; d++) {
            step[d] = 1;
            for (int k = d + 1; k < s->ndim; k++)
                step[d] *= s->dim[k];
        }
    } else if (fsx_read(path.s, &text, 4096, w) < 0) {
        bad = -1;
    } else if (shape_parse(&stride, text.s ? text.s : "", &inner) < 0) {
        bad = why_set(w, "%s: %.150s", path.s, inner.s);
    } else if (stride.ndim != s->ndim) {
        bad = why_set(w, "%s: %d steps for %d dimensions", path.s, stride.ndim,
                      s->ndim);
    } else
        memcpy(step, stride.dim, sizeof stride.dim);
    sbuf_free(&path);
    sbuf_free(&text);
    return bad;
}

/* Where in storage element i is. */
static size_t
stored_at(const struct shape *s, const size_t *step, size_t i)
{
    size_t at[SHAPE_MAX], j = 0;

    shape_coords(s, i, at);
    for (int d = 0; d < s->ndim; d++)
        j += at[d] * step[d];
    return j;
}

static int
load_storage(struct build *b, const char *dir, struct why *w)
{
    size_t step[SHAPE_MAX];
    struct shape s;
    struct st from;

    if (st_open(&from, dir, follow ? ST_FOLLOW : 0, w) < 0)
        return -1;
    s = from.shape;
    if (read_stride(dir, &s, step, w) < 0 || build_open(b, result, &s, w) < 0)
        return -1;
    for (size_t i = 0; i < s.count; i++)
        if (cell_copy(&b->t, i, &from, stored_at(&s, step, i), w) < 0)
            return -1;
    st_close(&from);
    return build_commit(b, w);
}

/* A link may lead to what lies beside the dump, and with --follow anywhere.
 * 1: read real; 0: it leads nowhere. */
static int
resolve(const char *path, const char *store, char *real, struct why *w)
{
    size_t n = strlen(store);
    struct stat st;

    if (!realpath(path, real) || stat(real, &st) < 0)
        return errno == ENOENT ? 0
                               : why_set(w, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) /* a FIFO would keep us waiting */
        return why_set(w, "%s: not a regular file", path);
    if (follow || (strncmp(real, store, n) == 0 && (n == 1 || real[n] == '/')))
        return 1;
    return why_set(w, "%s: leads out of %s: use --follow", path, store);
}

static int
load_file(struct st *t, const struct dumped *d, const char *store,
          struct why *w)
{
    struct sbuf text = { 0 };
    char real[PATH_MAX];
    int r = resolve(d->path, store, real, w);

    if (run_interrupted())
        return why_set(w, "%s: interrupted", d->path);
    for (int k = 0; r > 0 && k < t->shape.ndim; k++)
        if (d->at[k] >= t->shape.dim[k])
            r = why_set(w, "%s: is outside %s", d->path, shape_given);
    sbuf_adds(&text, "");
    if (r > 0)
        r = fsx_read(real, &text, ST_MOST, w) < 0 ||
                    st_write(t, shape_index(&t->shape, d->at), text.s, text.len,
                             1, w) < 0
                ? -1
                : 0;
    sbuf_free(&text);
    return r;
}

static int
load_tree(struct build *b, const char *dir, struct why *w)
{
    char store[PATH_MAX], *slash;
    struct dump_list l;
    struct shape s;
    struct why inner;

    if (!realpath(dir, store))
        return why_set(w, "%s: %s", dir, strerror(errno));
    slash = strrchr(store, '/');
    slash[slash == store] = '\0';
    if (dump_scan(&l, dir, w) < 0)
        return -1;
    if (shape_given ? shape_parse(&s, shape_given, &inner) < 0
                    : dump_shape(&l, &s, &inner) < 0)
        return why_set(w, "%s: %.150s", shape_given ? shape_given : dir,
                       inner.s);
    if (l.n && l.ndim != s.ndim)
        return why_set(w, "%s: has %d dimensions, not %d", dir, l.ndim, s.ndim);
    if (build_open(b, result, &s, w) < 0)
        return -1;
    for (size_t k = 0; k < l.n; k++)
        if (load_file(&b->t, &l.v[k], store, w) < 0)
            return -1;
    dump_free(&l);
    return build_commit(b, w);
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    struct out o = { .fp = stdout, .cols = cols };
    int first = opt_parse(argc, argv, &tool), bad;
    struct sbuf path = { 0 };
    struct build b = { 0 };
    struct why w;

    if (argc - first != 1)
        opt_usage();
    run_catch();
    if (!has(argv[first], "shape", &path))
        bad = load_tree(&b, argv[first], &w);
    else if (shape_given)
        errx(X_FAIL, "--shape: %s has its own", argv[first]);
    else
        bad = load_storage(&b, argv[first], &w);
    if (bad < 0) {
        build_close(&b);
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    out_str(&o, b.name);
    out_close(&o);
    return X_YES;
}
