/*
 * ffn-plot - draw the course of training runs
 *
 * In the terminal, while they go on, or as a picture:
 *
 *	ffn-train -b 60 --eval-every 5 -v val.txt --curve a.tsv -o a train.txt &
 *	ffn-plot a.tsv
 *	ffn-plot -o both.svg a.tsv b.tsv
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/exitcode.h"
#include "common/gnuplot.h"
#include "common/opt.h"
#include "num/course.h"

static const char *out_path, *size;
static int column;
static const struct opt opts[] = {
    { 'o', "output", OPT_STR, &out_path, "file",
      "write a picture, FILE.svg or FILE.png" },
    { 'x', "axis", OPT_ONEOF, &column, "seconds|step|bytes",
      "what runs to the right (seconds)" },
    { 0, "size", OPT_STR, &size, "WxH",
      "characters (the terminal, or 79x24) or pixels (1200x675)" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-o file] [-x axis] [--size WxH] [curve ...]",
    .what = "draw the course of training runs",
    .opts = opts,
    .exits = exits,
    .examples = "  ffn-plot curve.tsv\n"
                "  ffn-plot -x bytes -o runs.svg a.tsv b.tsv\n",
};

int
main(int argc, char *argv[])
{
    static const char *const names[] = { "seconds", "step", "bytes" };
    int first = opt_parse(argc, argv, &tool);
    size_t n = first < argc ? (size_t)(argc - first) : 1;
    struct course *c = calloc(n, sizeof *c);
    struct sbuf script = { 0 }, text = { 0 };
    struct gnuplot g;
    struct why w;

    if (!c)
        err(X_FAIL, NULL);
    if (gnuplot_setup(&g, out_path, size, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    for (size_t i = 0; i < n; i++)
        if (course_read(&c[i], first < argc ? argv[first + (int)i] : "-",
                        names[column], &w) < 0)
            errx(X_FAIL, "%s", w.s);
    if (course_script(&script, c, n, names[column], &g, &w) < 0)
        errx(X_NO, "%s", w.s);
    if (gnuplot_draw(&script, out_path, &text, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (text.s)
        fputs(text.s, stdout);
    if (fflush(stdout) || ferror(stdout))
        err(X_FAIL, "write");
    return X_YES;
}
