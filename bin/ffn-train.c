/*
 * ffn-train - train a byte-level feed-forward language model
 *
 * One process, a time or step budget, a checkpoint, a number. An experiment is
 * this command with another train.conf:
 *
 *	ffn-train -f train.conf -b 60 -o model.ckpt train.txt
 *	bpb-eval model.ckpt val.txt
 */
#include <err.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/exitcode.h"
#include "common/jobserver.h"
#include "common/opt.h"
#include "common/out.h"
#include "num/job.h"
#include "num/plan.h"
#include "num/session.h"
#include "num/settings.h"

enum label { SUM_ISIS, SUM_KARPATHY, SUM_NONE };
enum compat { COMPAT_NONE, COMPAT_ISIS };

static double budget = 60, save_every = 300, eval_every;
static long steps, passes, threads, eval_steps, eval_bytes, patience;
static int resume, verbose, dry_run, labels, compat, on_tty, device = -1;
static const char *conf, *out_path, *val_path, *curve_path, *ranks = "auto";
static struct curve curve;

/* The settings join these in main. */
static const struct opt own[] = {
    { 'b', "budget", OPT_SECS, &budget, "secs",
      "stop training after this time (60; none with -n)" },
    { 'f', "config", OPT_STR, &conf, "file",
      "settings, one 'name value' a line; options win" },
    { 'n', "steps", OPT_INT, &steps, "n", "stop after N steps", 0, 1e12 },
    { 'o', "output", OPT_STR, &out_path, "ckpt", "where the model goes" },
    { 'v', "val", OPT_STR, &val_path, "file",
      "text to evaluate on at the end" },
    { 0, "comm", OPT_STR, &ranks, "self|shm:N|mpi|auto",
      "how many processes train, and how they talk (auto)" },
    { 0, "compat", OPT_ONEOF, &compat, "none|isis",
      "the arithmetic of another program (none)" },
    { 0, "curve", OPT_STR, &curve_path, "file",
      "loss, rate and evaluations over time, as TSV" },
    { 0, "device", OPT_ONEOF, &device, DEVICE_KINDS,
      "where to compute (LU_DEVICE, else cpu)" },
    { 0, "dry-run", OPT_FLAG, &dry_run, NULL, "print sizes and costs, stop" },
    { 0, "eval-bytes", OPT_INT, &eval_bytes, "n",
      "evaluate meanwhile on the first N bytes of -v (all)", 2, 1e15 },
    { 0, "eval-every", OPT_SECS, &eval_every, "secs",
      "evaluate while training, 0 for never (0)" },
    { 0, "eval-steps", OPT_INT, &eval_steps, "n", "the same every N steps", 1,
      1e12 },
    { 0, "passes", OPT_INT, &passes, "n",
      "read the text at most N times (4; any with -n)", 1, 1e9 },
    { 0, "patience", OPT_INT, &patience, "n",
      "stop early after N evaluations without a new best, and keep that", 1,
      1e6 },
    { 0, "resume", OPT_FLAG, &resume, NULL, "continue CKPT when it exists" },
    { 0, "save-every", OPT_SECS, &save_every, "secs",
      "save meanwhile, 0 for never (300)" },
    { 0, "summary", OPT_ONEOF, &labels, "isis|karpathy|none",
      "labels of the closing block (isis)" },
    { 0, "threads", OPT_INT, &threads, "n",
      "worker threads of each process (all processors, or make's -j)", 1, 256 },
    { 0, "verbose", OPT_FLAG, &verbose, NULL,
      "progress on stderr even when it is no terminal" },
    { 0 },
};
static struct opt opts[64];
static const int exits[] = { X_YES, X_NO, X_FAIL, X_AGAIN, X_INT, X_TERM, -1 };
static const struct tool tool = {
    .usage = "[-b secs] [-f file] [-n n] [-o ckpt] [-v file] [--setting value] "
             "[text ...]",
    .what = "train a byte-level feed-forward language model",
    .opts = opts,
    .exits = exits,
    .examples = "  ffn-train -b 60 -v val.txt -o model.ckpt train.txt\n"
                "  ffn-train -f train.conf -b 15 -o model.ckpt train.txt\n"
                "  cat *.txt | ffn-train -n 1000 --size medium -o model.ckpt\n"
                "  ffn-train --comm shm:2 -b 60 -o model.ckpt train.txt\n"
                "  ffn-train --dry-run --size large\n",
};

static struct job job;
static volatile sig_atomic_t stop_signal;

static void
on_signal(int sig)
{
    stop_signal = sig;
}

/* Whatever ends rank 0 ends the others. */
static void
abandon(void)
{
    comm_abandon(job.comm);
    job.comm = NULL;
}

/* A reason, unless another rank gives it. */
static _Noreturn void
fail(const struct why *w)
{
    if (!w->s[0]) {
        comm_close(job.comm); /* when it has */
        _exit(X_FAIL);
    }
    errx(X_FAIL, "%s", w->s);
}

static void
open_job(void)
{
    struct why w;

    atexit(abandon);
    if (job_open(&job, &w) < 0)
        fail(&w);
    if (verbose && (!job.model.k->host || *job.device.tried.s))
        warnx("device %s%s%s", job.device.about,
              *job.device.tried.s ? "; " : "", job.device.tried.s);
    if (curve_path && comm_rank(job.comm) == 0 &&
        curve_open(&curve, curve_path, &job.train, &w) < 0)
        fail(&w);
}

/* A line of progress, on a terminal over the one before. */
static void __attribute__((format(printf, 2, 3)))
say(int last, const char *fmt, ...)
{
    va_list ap;

    if (on_tty)
        fputs("\r", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "%s%s", on_tty ? "\033[K" : "",
            last || !on_tty ? "\n" : "");
}

static void
show(const struct session *s, int last)
{
    static double shown;
    double rate = (double)(s->t->seen - s->first_seen) / s->elapsed;
    double left = s->done > 0 ? s->elapsed / s->done - s->elapsed : 0;
    char val[40] = "";

    if ((!on_tty && !verbose) || s->elapsed <= 0)
        return;
    if (!last && s->elapsed - shown < (on_tty ? 0.2 : 5))
        return;
    shown = s->elapsed;
    if (s->eval_seconds > 0)
        snprintf(val, sizeof val, "  val %.3f", s->life.val_bpb);
    say(last, "step %llu  loss %.3f bits%s  %.0f kB/s  %.0f s left",
        (unsigned long long)s->t->steps, s->avg_loss / log(2), val, rate / 1000,
        left);
}

/* Only on a terminal, and when it takes more than two seconds. */
static void
show_eval(void *ctx, double share)
{
    static double start, shown;
    double now = deadline_now();

    (void)ctx;
    if (share == 0)
        start = now;
    if (share >= 1 ? shown < start : now - start < 2 || now - shown < 0.2)
        return;
    shown = now;
    if (share < 1)
        say(0, "evaluating  %.0f %%  %.0f s left", 100 * share,
            (now - start) * (1 / share - 1));
    else
        fputs("\r\033[K", stderr);
}

/* Only rank 0 goes on from here, and only when all went well. */
static void
end_ranks(enum session_end end, const struct why *w)
{
    const char *hint = end == SESSION_DIVERGED ? "; try a lower --lr"
                       : end == SESSION_LOST   ? "; go on with --resume"
                                               : "";
    int code = end == SESSION_DIVERGED ? X_NO
               : end == SESSION_LOST   ? X_AGAIN
                                       : X_FAIL;
    int rank = comm_rank(job.comm), keeps = code != X_FAIL && out_path;

    if (end == SESSION_FAILED || end == SESSION_LOST)
        comm_abandon(job.comm);
    else
        comm_close(job.comm);
    job.comm = NULL;
    if (rank > 0) { /* rank 0 speaks, unless it is the one that is gone */
        if (end == SESSION_LOST && w->s[0])
            warnx("%s", w->s);
        jobserver_close(job.js);
        _exit(end == SESSION_DONE ? X_YES : code);
    }
    if (end != SESSION_DONE)
        errx(code, "%s%s%s%s%s", w->s, hint, keeps ? " (" : "",
             keeps ? out_path : "",
             keeps ? " keeps what was saved before)" : "");
}

static void
train(struct session *s)
{
    struct why w;
    int meanwhile = eval_every > 0 || eval_steps;

    *s = (struct session){ .t = &job.train,
                           .path = out_path,
                           .budget = budget,
                           .steps = opt_given(&tool, "steps") ? (uint64_t)steps
                                                              : UINT64_MAX,
                           .warmup = settings.warmup,
                           .decay = settings.decay,
                           .save_every = save_every,
                           .whole_passes = !job.rule.remember && !job.rule.sum,
                           .max_passes = passes,
                           .life = job.from.life,
                           .curve = curve_path ? &curve : NULL,
                           .stop = &stop_signal,
                           .show = comm_rank(job.comm) ? NULL : show };
    s->val = (struct session_val){
        .text = meanwhile ? (uint8_t *)job.val.s : NULL,
        .n = eval_bytes && (size_t)eval_bytes < job.val.len ? (size_t)eval_bytes
                                                            : job.val.len,
        .secs = eval_every,
        .steps = (uint64_t)eval_steps,
        .patience = patience,
        .show = on_tty ? show_eval : NULL
    };
    end_ranks(session_run(s, &w), &w);
    if (curve_path && curve_close(&curve, &w) < 0)
        fail(&w);
}

static void
print(struct sbuf *b)
{
    if (b->failed)
        errx(X_FAIL, "out of memory");
    fputs(b->s, stdout);
    if (fflush(stdout) || ferror(stdout))
        err(X_FAIL, "write");
    sbuf_free(b);
}

static void
evaluate(const struct session *s)
{
    struct bpb b = { .show = on_tty ? show_eval : NULL };
    struct sbuf text = { 0 };
    struct why w;
    double seconds = 0;

    if (val_path && job_evaluate(&job, s, &b, &seconds, &w) < 0)
        fail(&w);
    if (val_path && !isfinite(b.bits_per_byte))
        errx(X_NO, "%s: bits per byte are not a number", val_path);
    if (labels == SUM_NONE)
        return;
    if (patience)
        sbuf_addf(&text, "evaluations: %ld\nbest_step: %llu\n", s->life.evals,
                  (unsigned long long)s->life.best_step);
    if (val_path)
        sbuf_addf(&text,
                  "eval_seconds: %.1f\neval_targets: %zu\nprecision: %s\n"
                  "device: %s\n",
                  seconds, b.targets, job.model.k->bf16 ? "bf16" : "fp32",
                  job.device.about);
    job_summary(&job, s, val_path ? b.bits_per_byte : NAN, seconds,
                labels == SUM_KARPATHY, &text);
    print(&text);
}

static int
print_plan(int given)
{
    struct plan p = { .model = job.shape,
                      .rule = job.rule,
                      .precision = job.precision,
                      .threads = threads ? (int)threads : team_cpus(),
                      .segment = (size_t)job.segment,
                      .text = given ? (uint8_t *)job.text.s : NULL,
                      .n = job.text.len,
                      .val = job.val.len };
    struct sbuf text = { 0 };
    struct why w;

    if (plan_sizes(&p, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (plan_times(&p, &w) < 0)
        warnx("no time was measured: %s", w.s);
    plan_text(&p, &text);
    print(&text);
    return X_YES;
}

static void
settle_options(void)
{
    struct why w;

    if (conf && opt_file(&tool, conf, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (compat == COMPAT_ISIS)
        settings_isis(&tool);
    else
        settings_preset(&tool);
    if (settings_sets(&w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (opt_given(&tool, "steps") && !opt_given(&tool, "budget"))
        budget = INFINITY;
    if (!opt_given(&tool, "steps") && !opt_given(&tool, "passes"))
        passes = 4; /* more would learn the text by heart */
    if (comm_check(ranks, &w) < 0)
        errx(X_FAIL, "--comm %s", w.s);
    if (!dry_run && !out_path && !val_path)
        errx(X_FAIL, "nothing to do: give -o CKPT, -v FILE or both");
    if (resume && !out_path)
        errx(X_FAIL, "--resume needs -o CKPT, the checkpoint to continue");
    if ((eval_every > 0 || eval_steps) && !val_path)
        errx(X_FAIL, "--eval-every and --eval-steps need -v FILE");
    if (patience && (!out_path || !(eval_every > 0 || eval_steps)))
        errx(X_FAIL, "--patience needs -o CKPT, which keeps the best model, "
                     "and --eval-every or --eval-steps");
    on_tty = isatty(STDERR_FILENO);
    job = (struct job){ .shape = settings.model,
                        .rule = settings.rule,
                        .precision = settings.precision,
                        .device_kind = device,
                        .segment = settings.segment,
                        .seed = settings.seed,
                        .any_seed = !opt_given(&tool, "seed"),
                        .threads = threads,
                        .isis = compat == COMPAT_ISIS,
                        .resume = resume,
                        .out = out_path,
                        .val_path = val_path,
                        .ranks = ranks };
}

int
main(int argc, char *argv[])
{
    struct sigaction act = { .sa_handler = on_signal };
    struct session s;
    struct why w;
    int first;

    settings_table(opts, sizeof opts / sizeof *opts, own);
    first = opt_parse(argc, argv, &tool);
    settle_options();
    if (!dry_run || first < argc)
        if (job_read(&job, argv + first, argc - first, &w) < 0)
            fail(&w);
    if (dry_run)
        return print_plan(first < argc);
    open_job();
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    train(&s);
    evaluate(&s);
    if (fclose(stdout))
        err(X_FAIL, "write");
    jobserver_close(job.js);
    if (stop_signal) { /* what was asked for is done; say how it ended */
        signal(stop_signal, SIG_DFL);
        raise(stop_signal);
    }
    return X_YES;
}
