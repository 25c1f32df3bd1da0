/*
 * ar-loop - run experiments and keep what improves
 *
 *   ar-loop -t mar5 -n 100 -a 'my-agent "$AR_NOTES"'
 *
 * What was interrupted goes on from where it stopped, whoever stopped it.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ar/init.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/run.h"
#include "common/shard.h"

static const char *tag, *proposer = "ar-propose";
static long count = -1;
static double patience = 1800;
static int verbose;
static struct shard shard;
static const struct opt opts[] = {
    { 'a', "agent", OPT_STR, &proposer, "COMMAND",
      "edits the files of an experiment; default ar-propose" },
    { 'k', "shard", OPT_SHARD, &shard, "I/N",
      "work on study TAG.I, one of N that go on from TAG; or auto" },
    { 'n', "count", OPT_INT, &count, "N",
      "run this many more; default until interrupted", 0, 1e9 },
    { 't', "tag", OPT_STR, &tag, "TAG", "name of the study" },
    { 'v', "verbose", OPT_FLAG, &verbose, NULL,
      "say each decision on standard error" },
    { 0, "patience", OPT_SECS, &patience, "SECS",
      "hard limit of a proposer; default 1800", 0.01, 1e7 },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, X_AGAIN, X_INT, X_TERM, -1 };
static const struct tool tool = {
    .usage = "-t tag [-v] [-a command] [-k i/n] [-n count] "
             "[--patience secs]",
    .what = "run experiments and keep what improves",
    .opts = opts,
    .exits = exits,
    .examples = "  ar-loop -t mar5 -n 100\n"
                "  ar-loop -t mar5 -n 1 -a './propose.sh'\n",
};

enum { MAXFAIL = 5, MAXIDLE = 20 };

/*
 * How many proposals in a row came to nothing. A proposer that cannot start
 * would fill the table with crashes, and one without ideas runs for ever.
 */
static int
stuck(const struct exp *e, struct why *w)
{
    static int failed, idle;

    idle = e->reps ? 0 : idle + 1;
    failed = !e->reps && strcmp(e->result, "crash") == 0 && *e->verdict
                 ? failed + 1
                 : 0;
    if (failed >= MAXFAIL)
        return why_set(w, "%d proposals in a row failed; the last said: %s",
                       failed, e->description);
    if (count < 0 && idle >= MAXIDLE)
        return why_set(w, "%d proposals in a row were nothing new", idle);
    return 0;
}

static void
report(const struct exp *e)
{
    if (verbose)
        fprintf(stderr, "%ld %s %.6f %s\n", e->seq, e->status,
                e->metric == e->metric ? e->metric : 0.0, e->description);
}

/* The baseline first, if that is still to do; then count experiments. */
static int
work(struct loop *l, int *kept, struct why *w)
{
    struct sbuf text = { 0 };
    const struct exp *e;
    int r = loop_baseline(l, w);

    if (r)
        return r;
    if (l->s.exp[0].result[0] != 'k') {
        init_explain(l, &text);
        r = why_set(w, "%s", text.s ? text.s : "the baseline crashed");
        sbuf_free(&text);
        return r;
    }
    for (long i = 0; count < 0 || i < count; i++) {
        if ((r = loop_step(l, &e, w)))
            return r;
        *kept |= e->result[0] == 'k';
        report(e);
        if ((r = stuck(e, w)))
            return r;
    }
    return 0;
}

int
main(int argc, char *argv[])
{
    struct loop l = { .s.lock = -1 };
    struct why w = { "" };
    char *own = NULL;
    int r = 0, kept = 0;

    if (opt_parse(argc, argv, &tool) != argc || !tag)
        opt_usage();
    run_catch();
    l.proposer = proposer;
    l.patience = patience;
    if (shard.n < 2)
        own = strdup(tag);
    else if ((r = init_part(tag, shard.i, &own, &w)) == 1)
        r = 0; /* a baseline that crashed: work() explains */
    if (!own)
        err(X_FAIL, NULL);
    if (r == 0 && (r = loop_open(&l, own, &w)) == 0)
        r = work(&l, &kept, &w);
    if (r)
        warnx("%s", w.s);
    loop_close(&l);
    free(own);
    if (r == STUDY_INT)
        run_reraise();
    return r == STUDY_BUSY ? X_AGAIN : r ? X_FAIL : kept ? X_YES : X_NO;
}
