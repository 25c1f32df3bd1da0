/*
 * st-like - make a blank tensor of the same shape
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "st/build.h"

static const char *result;
static int follow;
static const struct opt opts[] = {
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'o', "output", OPT_STR, &result, "dir", "name of the result (fresh)" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-f] [-o dir] none|empty|todo tensor",
    .what = "make a blank tensor of the same shape",
    .opts = opts,
    .exits = exits,
    .examples = "  st-like -o answer none question\n"
                "  st-like todo question\n",
};
enum blank { NONE, EMPTY, TODO };

static enum blank
kind_of(const char *word)
{
    if (strcmp(word, "none") == 0)
        return NONE;
    if (strcmp(word, "empty") == 0)
        return EMPTY;
    if (strcmp(word, "todo") == 0)
        return TODO;
    opt_usage();
}

static int
fill(struct st *to, struct st *from, enum blank kind, struct why *w)
{
    for (size_t i = 0; kind != NONE && i < from->shape.count; i++) {
        struct st_cell c = { .size = 1 };

        if (run_interrupted())
            return why_set(w, "%s: interrupted", to->name);
        if (kind == TODO && st_stat(from, i, &c, w) < 0)
            return -1;
        if (c.size > 0 &&
            st_write(to, i, "TODO", kind == TODO ? 4 : 0, 1, w) < 0)
            return -1;
    }
    return 0;
}

static int
make(struct build *b, enum blank kind, const char *name, struct why *w)
{
    struct st from;

    if (st_open(&from, name, follow ? ST_FOLLOW : 0, w) < 0 ||
        build_open(b, result, &from.shape, w) < 0 ||
        fill(&b->t, &from, kind, w) < 0)
        return -1;
    return build_commit(b, w);
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", NULL };
    struct out o = { .fp = stdout, .cols = cols };
    int first = opt_parse(argc, argv, &tool), bad;
    struct build b = { 0 };
    struct why w;

    if (argc - first != 2)
        opt_usage();
    run_catch();
    bad = make(&b, kind_of(argv[first]), argv[first + 1], &w);
    if (bad < 0) {
        build_close(&b);
        run_reraise();
        errx(X_FAIL, "%s", w.s);
    }
    out_str(&o, b.name);
    out_close(&o);
    return X_YES;
}
