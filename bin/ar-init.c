/*
 * ar-init - start a study and measure its baseline
 *
 * Run it anywhere in a git repository:
 *
 *   ar-init -t mar5 -m val_bpb:lower -r ./train.sh -e ./evaluate.sh -p protect
 *
 * The repository's working tree, index and HEAD stay as they are.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "ar/init.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/run.h"

static struct init in = {
    .accept = "strict", .grace = 5, .seed = 1, .cap = 64000000
};
static int remove_it;
static const struct opt opts[] = {
    { 'a', "accept", OPT_STR, &in.accept, "RULE",
      "strict, delta:NUMBER or rel:PERCENT; default strict" },
    { 'b', "budget", OPT_SECS, &in.budget, "SECS",
      "time a run should take, told to it in AR_BUDGET", 0, 1e7 },
    { 'e', "eval", OPT_STR, &in.eval, "COMMAND",
      "measure with this, in the sealed tree" },
    { 'g', "grace", OPT_SECS, &in.grace, "SECS", "from TERM to KILL; default 5",
      0, 1e6 },
    { 'k', "kill", OPT_SECS, &in.limit, "SECS",
      "hard limit of a run; default 2 x budget + 60, or 600", 0.01, 1e7 },
    { 'm', "metric", OPT_STR, &in.metric, "SPEC",
      "NAME:lower or NAME:higher, then maybe :REGEX" },
    { 'o', "output", OPT_INT, &in.cap, "BYTES",
      "keep this much of each output; default 64M", 1000, 1e12 },
    { 'p', "protect", OPT_STR, &in.protect, "FILE",
      "list of paths that must not change" },
    { 'r', "run", OPT_STR, &in.run, "COMMAND",
      "the experiment, run in a worktree" },
    { 's', "seed", OPT_INT, &in.seed, "SEED", "for AR_SEED; default 1" },
    { 't', "tag", OPT_STR, &in.tag, "TAG", "name of the study" },
    { 0, "remove", OPT_FLAG, &remove_it, NULL, "take the study away" },
    { 0, "trust-run", OPT_FLAG, &in.trust_run, NULL,
      "believe the number that the run prints" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, X_AGAIN, X_INT, X_TERM, -1 };
static const struct tool tool = {
    .usage = "-t tag -m spec -r command [-a rule] [-b secs] [-e command]\n"
             "               [-g secs] [-k secs] [-o bytes] [-p file] "
             "[-s seed] [--trust-run]",
    .what = "start a study and measure its baseline",
    .opts = opts,
    .exits = exits,
    .examples = "  ar-init -t mar5 -m val_bpb:lower -r ./train.sh \\\n"
                "      -e ./evaluate.sh -p protected.txt -b 300\n"
                "  ar-init -t try -m score:higher -r ./run.sh --trust-run\n"
                "  ar-init -t try --remove\n",
};

static int
status_of(int r, const struct why *w)
{
    if (r == 0)
        return X_YES;
    warnx("%s", w->s);
    if (r == STUDY_INT)
        run_reraise();
    return r == STUDY_BUSY ? X_AGAIN : X_FAIL;
}

static int
start(void)
{
    struct sbuf warn = { 0 }, text = { 0 };
    struct loop l;
    struct why w = { "" };
    int r = init_study(&l, &in, &warn, &w);

    if (warn.len)
        fprintf(stderr, "%s", warn.s);
    if (r == 1) {
        init_explain(&l, &text);
        warnx("%s", text.len ? text.s : "the baseline crashed");
        r = X_FAIL;
    } else {
        r = status_of(r, &w);
    }
    loop_close(&l);
    sbuf_free(&warn);
    sbuf_free(&text);
    return r;
}

int
main(int argc, char *argv[])
{
    struct why w = { "" };

    if (opt_parse(argc, argv, &tool) != argc || !in.tag)
        opt_usage();
    run_catch();
    if (remove_it)
        return status_of(init_remove(in.tag, &w), &w);
    if (!in.metric || !in.run)
        opt_usage();
    if (!in.eval && !in.trust_run)
        errx(X_FAIL, "say how to measure: -e COMMAND, or --trust-run to "
                     "believe what the run prints");
    if (in.limit == 0)
        in.limit = in.budget > 0 ? 2 * in.budget + 60 : 600;
    return start();
}
