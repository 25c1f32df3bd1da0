/*
 * st-history - list and keep versions of a tensor
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/history.h"

static int json, no_header, null;
static const char *save;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &null, NULL, "names on stdin end in NUL" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL, "no header line" },
    { 's', "save", OPT_STR, &save, "message",
      "keep the present state as a version" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-0jN] [-s message] [tensor ...]",
    .what = "list and keep versions of a tensor",
    .opts = opts,
    .exits = exits,
    .examples = "  st-history -s 'before the night run' t\n"
                "  st-history t\n",
};

static void
print(struct out *o, const struct history *h, size_t k)
{
    const struct version *v = &h->v[k - 1];
    time_t when = (time_t)v->time;
    char text[32] = "";
    struct tm tm;

    if (gmtime_r(&when, &tm))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    out_str(o, h->t.name);
    out_int(o, (long long)k);
    out_str(o, text);
    out_str(o, v->commit);
    out_str(o, v->message);
}

static int
history(const char *name, void *ctx)
{
    struct history h;
    struct why w;
    int status = X_YES;

    if (history_open(&h, name, save != NULL, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    if (save && history_save(&h, save, &w) < 0) {
        warnx("%s", w.s);
        status = X_FAIL;
    } else if (save) {
        print(ctx, &h, h.count);
    } else {
        for (size_t k = 1; k <= h.count; k++)
            print(ctx, &h, k);
        status = h.count ? X_YES : X_NO;
    }
    history_close(&h);
    return status;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", "version", "time",
                                        "commit", "message", NULL };
    int status, first = opt_parse(argc, argv, &tool);
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = cols,
                     .no_header = no_header };

    if (save && !*save)
        errx(X_FAIL, "a version needs a message");
    status = each_operand(argc - first, argv + first, null ? '\0' : '\n',
                          history, &o);
    out_close(&o);
    return status;
}
