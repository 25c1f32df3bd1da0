/*
 * st-dump - show a tensor as a tree of files by coordinates
 *
 *	st-dump exp view && grep -rl needle view
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/run.h"
#include "st/build.h"
#include "st/cell.h"
#include "st/dump.h"
#include "st/newdir.h"

static const char *ext = "txt";
static int copy, storage, follow;
static const struct opt opts[] = {
    { 'c', "copy", OPT_FLAG, &copy, NULL, "plain files in place of links" },
    { 'e', "extension", OPT_STR, &ext, "ext",
      "files are called data.ext (txt); empty: data" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 's', "storage", OPT_FLAG, &storage, NULL,
      "a plain copy by number: storage/, shape, stride" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-cfs] [-e ext] tensor dir",
    .what = "show a tensor as a tree of files by coordinates",
    .opts = opts,
    .exits = exits,
    .examples = "  st-dump exp view\n"
                "  st-dump --copy --extension md exp pages\n"
                "  st-dump --storage exp backup\n",
};

/* "[3, 1]": how far apart in storage neighbours along each axis are. */
static int
write_stride(const struct shape *s, const char *dir, struct why *w)
{
    struct sbuf text = { 0 }, path = { 0 };
    int bad;

    sbuf_adds(&text, "[");
    for (int d = 0; d < s->ndim; d++) {
        size_t step = 1;
        for (int k = d + 1; k < s->ndim; k++)
            step *= s->dim[k] ? s->dim[k] : 1;
        sbuf_addf(&text, "%s%zu", d ? ", " : "", step);
    }
    sbuf_adds(&text, "]");
    sbuf_addf(&path, "%s/stride", dir);
    bad = text.failed || path.failed ? why_set(w, "out of memory")
                                     : fsx_replace(path.s, text.s, text.len, w);
    sbuf_free(&text);
    sbuf_free(&path);
    return bad;
}

/* Other programs want the directory even when nothing is in it. */
static int
make_storage(const char *dir, struct why *w)
{
    struct sbuf path = { 0 };
    int bad;

    sbuf_addf(&path, "%s/storage", dir);
    bad = path.failed || (mkdir(path.s, 0777) < 0 && errno != EEXIST);
    if (bad)
        why_set(w, "%s: %s", dir, strerror(path.failed ? ENOMEM : errno));
    sbuf_free(&path);
    return bad ? -1 : 0;
}

static int
dump_storage(struct st *t, const char *dir, struct why *w)
{
    struct build b;
    int bad = build_open(&b, dir, &t->shape, w);

    for (size_t i = 0; !bad && i < t->shape.count; i++)
        bad = cell_copy(&b.t, i, t, i, w);
    bad = bad || make_storage(b.tmp, w) < 0 ||
          write_stride(&t->shape, b.tmp, w) < 0 || build_commit(&b, w) < 0;
    build_close(&b);
    return bad ? -1 : 0;
}

static int
dump_coords(struct st *t, const char *dir, struct why *w)
{
    struct dump d = { .ext = *ext ? ext : NULL, .copy = copy };
    struct newdir n;

    if (newdir_open(&n, dir, w) < 0)
        return -1;
    return newdir_close(&n, dump_tree(&d, t, n.tmp, w), w);
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool), bad;
    struct st t;
    struct why w;

    if (strchr(ext, '/'))
        errx(X_FAIL, "%s: an extension is no path", ext);
    if (argc - first != 2 ||
        (storage && (copy || opt_given(&tool, "extension"))))
        opt_usage();
    run_catch();
    bad = st_open(&t, argv[first], follow ? ST_FOLLOW : 0, &w);
    if (!bad)
        bad = (storage ? dump_storage : dump_coords)(&t, argv[first + 1], &w);
    if (bad) {
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    return X_YES;
}
