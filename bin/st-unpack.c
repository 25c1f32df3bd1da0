/*
 * st-unpack - make a directory from what st-pack wrote
 */
#include <err.h>
#include <math.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/promptpack.h"
#include "st/st.h"

static int dry;
static const char *output;
static const struct opt opts[] = {
    { 'n', "dry-run", OPT_FLAG, &dry, NULL, "list the files, write nothing" },
    { 'o', "output", OPT_STR, &output, "directory",
      "the directory's name (a fresh one)" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-n] [-o directory] [file]",
    .what = "make a directory from what st-pack wrote",
    .opts = opts,
    .exits = exits,
    .examples = "  st-pack t | st-unpack -o u\n",
};

static void
list(const struct pack *p)
{
    static const char *const cols[] = { "path", "bytes", "coeff", NULL };
    struct out o = { .fp = stdout, .cols = cols };

    for (size_t i = 0; i < p->count; i++) {
        out_str(&o, p->files[i].path);
        out_int(&o, (long long)p->files[i].data.len);
        out_num(&o, p->files[i].weighted ? p->files[i].coeff : NAN);
    }
    out_close(&o);
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool);
    static const char *const cols[] = { "directory", NULL };
    struct out o = { .fp = stdout, .cols = cols };
    const char *in = first < argc ? argv[first] : "-";
    char fresh[ST_FRESH];
    struct sbuf text = { 0 };
    struct pack p;
    struct why w;

    if (argc - first > 1)
        opt_usage();
    if (fsx_read(in, &text, (size_t)1 << 36, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (pack_parse(&p, text.s, text.len, &w) < 0)
        errx(X_FAIL, "%s: %s", in, w.s);
    sbuf_free(&text);
    if (dry) {
        list(&p);
        return X_YES;
    }
    if (!output && st_fresh(fresh, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    output = output ? output : fresh;
    if (pack_store(&p, output, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    pack_free(&p);
    out_str(&o, output);
    out_close(&o);
    return X_YES;
}
