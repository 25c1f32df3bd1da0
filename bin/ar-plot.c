/*
 * ar-plot - draw the progress of a study
 *
 * In the terminal, or as a picture:
 *
 *   ar-plot -t mar5
 *   ar-log -t mar5 | ar-plot -o progress.png
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "ar/plot.h"
#include "ar/rows.h"
#include "ar/study.h"
#include "common/exitcode.h"
#include "common/opt.h"

static const char *out_path, *size, *tag;
static int higher;
static const struct opt opts[] = {
    { 'o', "output", OPT_STR, &out_path, "file",
      "write a picture, FILE.svg or FILE.png" },
    { 't', "tag", OPT_STR, &tag, "tag", "the study to draw" },
    { 0, "higher", OPT_FLAG, &higher, NULL,
      "greater is better (without -t; default: less is)" },
    { 0, "size", OPT_STR, &size, "WxH",
      "characters (the terminal, or 79x24) or pixels (1200x675)" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-o file] [-t tag] [--higher] [--size WxH] [file ...]",
    .what = "draw the progress of a study",
    .opts = opts,
    .exits = exits,
    .examples = "  ar-plot -t mar5\n"
                "  ar-log -t mar5 | ar-plot -o progress.svg\n",
};

static int
draw(const char *path, const char *name)
{
    struct plot p = { .higher = higher, .name = name };
    struct sbuf script = { 0 }, text = { 0 };
    struct rows rows;
    struct why w;
    int status = X_YES;

    if (gnuplot_setup(&p.g, out_path, size, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (rows_read(&rows, path, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    if (plot_script(&script, &rows, &p, &w) < 0) {
        warnx("%s: %s", strcmp(path, "-") ? path : "standard input", w.s);
        status = X_NO;
    } else if (gnuplot_draw(&script, out_path, &text, &w) < 0) {
        errx(X_FAIL, "%s", w.s);
    } else if (text.s) {
        fputs(text.s, stdout);
    }
    sbuf_free(&script);
    sbuf_free(&text);
    rows_free(&rows);
    return status;
}

static int
draw_study(void)
{
    struct study s;
    struct sbuf path = { 0 };
    struct why w;
    int status;

    if (study_open(&s, tag, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    higher = strcmp(s.c.direction, "higher") == 0;
    status = draw(study_path(&s, &path, "results.tsv"), s.c.tag);
    sbuf_free(&path);
    study_close(&s);
    return status;
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool), worst = X_YES, status;

    if ((tag && (first < argc || higher)) || (out_path && argc - first > 1))
        opt_usage();
    if (tag)
        worst = draw_study();
    else if (first == argc)
        worst = draw("-", NULL);
    for (int i = first; i < argc; i++)
        if ((status = draw(argv[i], argc - first > 1 ? argv[i] : NULL)) > worst)
            worst = status;
    if (fflush(stdout) || ferror(stdout))
        err(X_FAIL, "write");
    return worst;
}
