/*
 * st-files - load files below a directory as batches of links
 *
 *	st-files -e .c -b 16 src | while read -r batch; do ...; done
 */
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "st/batch.h"
#include "st/files.h"

static const char *result, *ending;
static long size = 1;
static int copy;
static const struct opt opts[] = {
    { 'b', "batch", OPT_INT, &size, "n", "files in a tensor (1)", 1, 1e9 },
    { 'c', "copy", OPT_FLAG, &copy, NULL, "copy the files, do not link" },
    { 'e', "ending", OPT_STR, &ending, "text",
      "only files whose names end in text, such as .txt" },
    { 'o', "output", OPT_STR, &result, "name",
      "results are name.0, name.1, ... (fresh names)" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-c] [-b n] [-e text] [-o name] dir",
    .what = "load files below a directory as batches of links",
    .opts = opts,
    .exits = exits,
    .examples = "  st-files -e .txt -b 32 notes\n"
                "  st-files --copy -o code src\n",
};

/* Fails when fresh tensors here would lie among the files. */
static int
outside(const char *root, struct why *w)
{
    char here[PATH_MAX], there[PATH_MAX];
    size_t n;

    if (result || !realpath(root, there) || !realpath(".", here))
        return 0;
    n = strlen(there);
    if (strncmp(here, there, n) != 0 || (n > 1 && here[n] && here[n] != '/'))
        return 0;
    return why_set(w, "%s: the tensors would lie in it: name a place with -o",
                   root);
}

static int
put(struct st *t, size_t i, const char *file, struct why *w)
{
    struct sbuf text = { 0 };
    int bad;

    if (run_interrupted())
        return why_set(w, "%s: interrupted", file);
    if (!copy)
        return st_link_file(t, i, file, 1, w);
    sbuf_adds(&text, "");
    bad = fsx_read(file, &text, ST_MOST, w) < 0 ||
          st_write(t, i, text.s, text.len, 1, w) < 0;
    sbuf_free(&text);
    return bad ? -1 : 0;
}

static int
make(struct batch *all, const struct files *f, struct why *w)
{
    struct build b;

    for (size_t at = 0; at < f->n;) {
        struct shape s = { .ndim = 1 };
        int bad;

        s.dim[0] = f->n - at < (size_t)size ? f->n - at : (size_t)size;
        bad = shape_settle(&s, w) < 0 || batch_open(all, &b, result, &s, w) < 0;
        for (size_t i = 0; !bad && i < s.count; i++)
            bad = put(&b.t, i, f->path[at++], w);
        if (batch_close(all, &b, bad, w) < 0)
            return -1;
    }
    return 0;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    struct out o = { .fp = stdout, .cols = cols };
    int first = opt_parse(argc, argv, &tool);
    struct batch all = { 0 };
    struct files f = { 0 };
    struct why w;

    if (argc - first != 1)
        opt_usage();
    run_catch();
    if (outside(argv[first], &w) < 0 ||
        files_find(&f, argv[first], ending, &w) < 0 || make(&all, &f, &w) < 0) {
        batch_undo(&all);
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    if (!f.n)
        errx(X_NO, "%s: no files%s%s", argv[first], ending ? " in " : "",
             ending ? ending : "");
    for (size_t k = 0; k < all.n; k++)
        out_str(&o, all.name[k]);
    out_close(&o);
    return X_YES;
}
