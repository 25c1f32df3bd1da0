/*
 * ar-plot - draw the progress of a study
 *
 * In the terminal, or as a picture:
 *
 *   ar-plot -t mar5
 *   ar-log -t mar5 | ar-plot -o progress.png
 */
#include <sys/ioctl.h>

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ar/plot.h"
#include "ar/rows.h"
#include "ar/study.h"
#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/run.h"

enum { PICTURE_MAX = 64 << 20 };

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

/* A column and a line are left free: a full last line would scroll. */
static void
set_size(struct plot *p)
{
    struct winsize ws;
    char end;

    p->width = p->kind == PLOT_DUMB ? 79 : 1200;
    p->height = p->kind == PLOT_DUMB ? 24 : 675;
    if (size) {
        if (sscanf(size, "%dx%d%c", &p->width, &p->height, &end) != 2 ||
            p->width < 30 || p->height < 10 || p->width > 8000 ||
            p->height > 8000)
            errx(X_FAIL, "--size: %s is not WxH, 30x10 to 8000x8000", size);
    } else if (p->kind == PLOT_DUMB && ioctl(1, TIOCGWINSZ, &ws) == 0 &&
               ws.ws_col >= 40 && ws.ws_row >= 12) {
        p->width = ws.ws_col < 160 ? ws.ws_col - 1 : 160;
        p->height = ws.ws_row < 41 ? ws.ws_row - 1 : 40;
    }
}

static void
set_kind(struct plot *p)
{
    const char *dot = out_path ? strrchr(out_path, '.') : NULL;

    p->kind = PLOT_DUMB;
    if (!out_path)
        return;
    if (dot && strcmp(dot, ".svg") == 0)
        p->kind = PLOT_SVG;
    else if (dot && strcmp(dot, ".png") == 0)
        p->kind = PLOT_PNG;
    else
        errx(X_FAIL, "%s: the name must end in .svg or .png", out_path);
}

/* No init file of the user, no file of ours: the program goes in by a pipe,
 * the drawing comes out by another. */
static void
gnuplot(struct sbuf *script, struct sbuf *out)
{
    static char name[] = "gnuplot", fresh[] = "--default-settings", in[] = "-";
    char *argv[] = { name, fresh, in, NULL };
    struct sbuf said = { 0 };
    struct run r = { .argv = argv,
                     .in = script->s,
                     .in_len = script->len,
                     .out = { .text = out, .cap = PICTURE_MAX },
                     .err = { .text = &said, .cap = 4000 },
                     .limit = 60 };
    struct why w;

    if (run(&r, &w) < 0) {
        if (r.code == X_NOTFOUND)
            errx(X_FAIL, "gnuplot: not found; install it with: "
                         "apt-get install gnuplot-nox");
        errx(X_FAIL, "%s", w.s);
    }
    if (run_status(&r) != 0 || out->len == 0)
        errx(X_FAIL, "gnuplot: %s", said.s && *said.s ? said.s : "failed");
    sbuf_free(&said);
}

/* The plot for a terminal, without the blanks that fill its lines. */
static void
print_lines(const char *s)
{
    int begun = 0;

    while (*s) {
        size_t len = strcspn(s, "\n"), ink = len;
        while (ink && s[ink - 1] == ' ')
            ink--;
        if (ink || begun)
            printf("%.*s\n", (int)ink, s);
        begun |= ink > 0;
        s += len + (s[len] == '\n');
    }
}

static int
draw(const char *path, const char *name)
{
    struct plot p = { .higher = higher, .name = name };
    struct sbuf script = { 0 }, out = { 0 };
    struct rows rows;
    struct why w;
    int status = X_YES;

    set_kind(&p);
    set_size(&p);
    if (rows_read(&rows, path, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    if (plot_script(&script, &rows, &p, &w) < 0) {
        warnx("%s: %s", strcmp(path, "-") ? path : "standard input", w.s);
        status = X_NO;
    } else {
        gnuplot(&script, &out);
        if (!out_path)
            print_lines(out.s);
        else if (fsx_replace(out_path, out.s, out.len, &w) < 0)
            errx(X_FAIL, "%s", w.s);
    }
    sbuf_free(&script);
    sbuf_free(&out);
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
