/*
 * st-undo - bring a tensor back to an earlier version
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/history.h"

static int dry, json, no_header;
static const struct opt opts[] = {
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL, "no header line" },
    { 'n', "dry-run", OPT_FLAG, &dry, NULL, "list the changes, make none" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-jNn] tensor [version]",
    .what = "bring a tensor back to an earlier version",
    .opts = opts,
    .exits = exits,
    .examples = "  st-undo -n t\n"
                "  st-undo t 3\n",
};

static void
print(const struct st *t, size_t i, const char *what, void *ctx)
{
    struct sbuf at = { 0 };

    if (!ctx)
        return;
    shape_coords_text(&t->shape, i, &at);
    out_str(ctx, at.s ? at.s : "");
    out_str(ctx, what);
    sbuf_free(&at);
}

static size_t
number(const char *text, const struct history *h)
{
    char *end;
    unsigned long long k;

    errno = 0;
    k = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno)
        errx(X_FAIL, "%s: not a version, a number from st-history", text);
    if (k < 1 || k > h->count)
        errx(X_FAIL, "%s: no version %s: there are %zu", h->t.name, text,
             h->count);
    return (size_t)k;
}

/* The version to go back to: the last one when something has changed since,
 * or else the one before. */
static size_t
version_before(struct history *h)
{
    struct why w;
    int new = h->count ? history_unsaved(h, &w) : 0;

    if (new < 0)
        errx(X_FAIL, "%s", w.s);
    if (h->count + (size_t) new < 2) {
        warnx("%s: nothing to undo: %s", h->t.name,
              h->count ? "this is the first version"
                       : "no version was kept (see st-history -s)");
        exit(X_NO);
    }
    return h->count - !new;
}

static void
restore(struct history *h, size_t k)
{
    char note[64];
    struct why w;

    if (history_save(h, "before st-undo", &w) < 0 ||
        history_restore(h, k, 0, print, NULL, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    snprintf(note, sizeof note, "back to version %zu", k);
    if (history_save(h, note, &w) < 0)
        errx(X_FAIL, "%s", w.s);
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "cell", "change", NULL };
    int first = opt_parse(argc, argv, &tool);
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = cols,
                     .no_header = no_header };
    struct history h;
    struct why w;
    size_t k;

    if (argc - first < 1 || argc - first > 2)
        opt_usage();
    if (history_open(&h, argv[first], !dry, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    k = argc - first == 2 ? number(argv[first + 1], &h) : version_before(&h);
    if (!dry) {
        restore(&h, k);
        history_close(&h);
        return X_YES;
    }
    if (history_restore(&h, k, 1, print, &o, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    history_close(&h);
    out_close(&o);
    return X_YES;
}
