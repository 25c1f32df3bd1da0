#include <sys/ioctl.h>

#include <stdio.h>
#include <string.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/gnuplot.h"
#include "common/run.h"

enum { PICTURE_MAX = 64 << 20 };

static int
set_kind(struct gnuplot *g, const char *path, struct why *w)
{
    const char *dot = path ? strrchr(path, '.') : NULL;

    g->kind = GNUPLOT_DUMB;
    if (!path)
        return 0;
    if (dot && strcmp(dot, ".svg") == 0)
        g->kind = GNUPLOT_SVG;
    else if (dot && strcmp(dot, ".png") == 0)
        g->kind = GNUPLOT_PNG;
    else
        return why_set(w, "%s: the name must end in .svg or .png", path);
    return 0;
}

/* A column and a line are left free: a full last line would scroll. */
int
gnuplot_setup(struct gnuplot *g, const char *path, const char *size,
              struct why *w)
{
    struct winsize ws;
    char end;

    if (set_kind(g, path, w) < 0)
        return -1;
    g->width = g->kind == GNUPLOT_DUMB ? 79 : 1200;
    g->height = g->kind == GNUPLOT_DUMB ? 24 : 675;
    if (size) {
        if (sscanf(size, "%dx%d%c", &g->width, &g->height, &end) != 2 ||
            g->width < 30 || g->height < 10 || g->width > 8000 ||
            g->height > 8000)
            return why_set(w, "--size: %s is not WxH, 30x10 to 8000x8000",
                           size);
    } else if (g->kind == GNUPLOT_DUMB && ioctl(1, TIOCGWINSZ, &ws) == 0 &&
               ws.ws_col >= 40 && ws.ws_row >= 12) {
        g->width = ws.ws_col < 160 ? ws.ws_col - 1 : 160;
        g->height = ws.ws_row < 41 ? ws.ws_row - 1 : 40;
    }
    return 0;
}

/* Bytes of the valid UTF-8 character at s, or 0. */
static size_t
utf8_len(const char *s)
{
    unsigned char c = (unsigned char)*s;
    size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

    if ((c >= 0x80 && c < 0xc2) || c > 0xf4)
        return 0;
    for (size_t i = 1; i < len; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

/* Cairo draws a page-filling blot for a rotated glyph that no font has, so a
 * PNG goes without CJK and emoji. */
void
gnuplot_text(struct sbuf *b, const char *s, size_t max, enum gnuplot_kind kind)
{
    for (size_t n = 0; *s && n < max; n++) {
        unsigned char c = (unsigned char)*s;
        size_t len = utf8_len(s);
        if (len == 0 || c == 0x7f || (kind == GNUPLOT_PNG && c > 0xe2))
            sbuf_adds(b, "?");
        else if (c < 0x20)
            sbuf_adds(b, " ");
        else if (len == 1 && strchr("\"`'\\", c))
            sbuf_adds(b, c == '\\' ? "/" : "'");
        else
            sbuf_add(b, s, len);
        s += len ? len : 1;
    }
    if (*s)
        sbuf_adds(b, "..");
}

void
gnuplot_terminal(struct sbuf *b, const struct gnuplot *g)
{
    int svg = g->kind == GNUPLOT_SVG;

    if (g->kind == GNUPLOT_DUMB)
        sbuf_addf(b, "set terminal dumb nofeed size %d,%d noenhanced\n",
                  g->width, g->height);
    else
        sbuf_addf(b,
                  "set terminal %s size %d,%d noenhanced background rgb "
                  "\"#ffffff\" font \"%s,%d\"\n",
                  svg ? "svg dynamic" : "pngcairo", g->width, g->height,
                  svg ? "Helvetica" : "Sans", svg ? 13 : 10);
}

/* Text without the blanks that fill its lines, and empty lines on top. */
static void
add_lines(struct sbuf *b, const char *s)
{
    int begun = 0;

    while (*s) {
        size_t len = strcspn(s, "\n"), ink = len;
        while (ink && s[ink - 1] == ' ')
            ink--;
        if (ink || begun) {
            sbuf_add(b, s, ink);
            sbuf_add(b, "\n", 1);
        }
        begun |= ink > 0;
        s += len + (s[len] == '\n');
    }
}

static int
call(const struct sbuf *program, struct sbuf *out, struct why *w)
{
    static char name[] = "gnuplot", fresh[] = "--default-settings", in[] = "-";
    char *argv[] = { name, fresh, in, NULL };
    struct sbuf said = { 0 };
    struct run r = { .argv = argv,
                     .in = program->s,
                     .in_len = program->len,
                     .out = { .text = out, .cap = PICTURE_MAX },
                     .err = { .text = &said, .cap = 4000 },
                     .limit = 60 };
    int bad = run(&r, w);

    if (bad && r.code == X_NOTFOUND)
        why_set(w, "gnuplot: not found; install it with: "
                   "apt-get install gnuplot-nox");
    else if (!bad && (run_status(&r) != 0 || out->len == 0))
        bad = why_set(w, "gnuplot: %s", said.s && *said.s ? said.s : "failed");
    sbuf_free(&said);
    return bad;
}

int
gnuplot_draw(const struct sbuf *program, const char *path, struct sbuf *text,
             struct why *w)
{
    struct sbuf out = { 0 };
    int bad = program->failed ? why_set(w, "out of memory") : 0;

    if (!bad)
        bad = call(program, &out, w);
    if (!bad && path)
        bad = fsx_replace(path, out.s, out.len, w);
    else if (!bad)
        add_lines(text, out.s);
    sbuf_free(&out);
    return bad;
}
