/*
 * ar-keep - keep an experiment that was discarded
 *
 * The rule says no, a person says yes: the branch moves to the experiment's
 * commit, if that was made on the tip.
 */
#include <err.h>
#include <stdlib.h>

#include "ar/loop.h"
#include "ar/metric.h"
#include "common/exitcode.h"
#include "common/opt.h"

static const char *tag;
static const struct opt opts[] = {
    { 't', "tag", OPT_STR, &tag, "TAG", "name of the study" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, X_AGAIN, -1 };
static const struct tool tool = {
    .usage = "-t tag seq",
    .what = "keep an experiment that was discarded",
    .opts = opts,
    .exits = exits,
    .examples = "  ar-keep -t mar5 12\n",
};

int
main(int argc, char *argv[])
{
    struct loop l = { .s.lock = -1 };
    struct why w = { "" };
    int first = opt_parse(argc, argv, &tool), r;
    char *end;
    long seq;

    if (argc - first != 1 || !tag)
        opt_usage();
    seq = strtol(argv[first], &end, 10);
    if (*end || end == argv[first])
        errx(X_FAIL, "%s: not the number of an experiment", argv[first]);
    if ((r = loop_open(&l, tag, &w)) == 0)
        r = loop_keep(&l, seq, &w);
    if (r < 0)
        warnx("%s", w.s);
    loop_close(&l);
    return r == STUDY_BUSY ? X_AGAIN : r < 0 ? X_FAIL : X_YES;
}
