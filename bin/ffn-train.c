/*
 * ffn-train - train a byte-level feed-forward language model
 *
 * One process, a time or step budget, a checkpoint, a number. An experiment is
 * this command with another train.conf:
 *
 *	ffn-train -f train.conf -b 60 -o model.ckpt train.txt
 *	bpb-eval model.ckpt val.txt
 */
#include <sys/resource.h>

#include <err.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/jobserver.h"
#include "common/opt.h"
#include "common/out.h"
#include "num/bpb.h"
#include "num/ffnfile.h"
#include "num/plan.h"
#include "num/ranks.h"
#include "num/session.h"
#include "num/summary.h"
#include "num/train.h"

enum labels { SUM_ISIS, SUM_KARPATHY, SUM_NONE };
enum compat { COMPAT_NONE, COMPAT_ISIS };

static struct ffn_config model = {
    .context = 4096,
    .orders = 7,
    .words = 2,
    .repeats = 3,
    .bits = 18,
    .width = 16,
    .norm = FFN_PRE,
};
static struct train_config rule = {
    .lr = 2e-3,
    .table_lr = 0.1,
    .beta1 = 0.9,
    .beta2 = 0.99,
    .eps = 1e-8,
    .decay = 0.01,
    .clip = 1,
    .batch = 1024,
};
static double budget = 60, save_every = 300, warmup = 0.02, decay = 0.4;
static long steps, seed = 1, threads, segment = 128;
static int size, resume, verbose, dry_run, summary, compat, precision;
static const char *conf, *out_path, *val_path, *ranks = "auto";

static const struct opt opts[] = {
    { 'b', "budget", OPT_SECS, &budget, "secs",
      "stop training after this time (60; none with -n)" },
    { 'f', "config", OPT_STR, &conf, "file",
      "settings, one 'name value' a line; options win" },
    { 'n', "steps", OPT_INT, &steps, "n", "stop after N steps", 0, 1e12 },
    { 'o', "output", OPT_STR, &out_path, "ckpt", "where the model goes" },
    { 'v', "val", OPT_STR, &val_path, "file",
      "text to evaluate on at the end" },
    { 0, "act", OPT_ONEOF, &model.act, "swiglu|geglu|gelu|relu2",
      "activation of the hidden layers (swiglu)", .conf = 1 },
    { 0, "batch", OPT_INT, &rule.batch, "n", "positions a step (1024)", 1,
      1 << 24, 1 },
    { 0, "bits", OPT_INT, &model.bits, "n", "a context table has 2^N rows (18)",
      8, 28, 1 },
    { 0, "clip", OPT_NUM, &rule.clip, "x",
      "largest gradient norm, 0 for any (1)", 0, 1e9, 1 },
    { 0, "comm", OPT_STR, &ranks, "self|shm:N|mpi|auto",
      "how many processes train, and how they talk (auto)" },
    { 0, "compat", OPT_ONEOF, &compat, "none|isis",
      "the arithmetic of another program (none)" },
    { 0, "context", OPT_INT, &model.context, "n",
      "window in bytes: none sees past its start (4096)", 1, 1 << 30, 1 },
    { 0, "decay", OPT_NUM, &decay, "x",
      "share of the run in which the rate falls to 0 (0.4)", 0, 1, 1 },
    { 0, "dry-run", OPT_FLAG, &dry_run, NULL, "print sizes and costs, stop" },
    { 0, "hidden", OPT_INT, &model.hidden, "n", "width of a hidden layer", 1,
      262144, 1 },
    { 0, "layers", OPT_INT, &model.layers, "n", "hidden layers", 0,
      FFN_MAX_LAYERS, 1 },
    { 0, "lr", OPT_NUM, &rule.lr, "x", "peak learning rate (0.002)", 1e-12, 1e3,
      1 },
    { 0, "model", OPT_INT, &model.model, "n", "width of the residual stream", 1,
      65536, 1 },
    { 0, "norm", OPT_ONEOF, &model.norm, "pre|post|none",
      "where layers normalise (pre)", .conf = 1 },
    { 0, "opt", OPT_ONEOF, &rule.opt, "adamw|muon|sgd",
      "update rule of the dense weights (adamw)", .conf = 1 },
    { 0, "orders", OPT_INT, &model.orders, "n",
      "longest context that is hashed, 0 for none (7)", 0, NGRAM_MAX_ORDER, 1 },
    { 0, "precision", OPT_ONEOF, &precision, "auto|fp32|bf16",
      "factors of matrix products (auto: bf16 where it is fast)", .conf = 1 },
    { 0, "remember", OPT_FLAG, &rule.remember, NULL,
      "keep context tables from one pass over the text to the next",
      .conf = 1 },
    { 0, "repeats", OPT_INT, &model.repeats, "n",
      "look in the window for repeats of 2, 4, 8 bytes: how many (3)", 0,
      NGRAM_MAX_REPEATS, 1 },
    { 0, "resume", OPT_FLAG, &resume, NULL, "continue CKPT when it exists" },
    { 0, "save-every", OPT_SECS, &save_every, "secs",
      "save meanwhile, 0 for never (300)" },
    { 0, "seed", OPT_INT, &seed, "n", "start of every random choice (1)", 0,
      1e15, 1 },
    { 0, "segment", OPT_INT, &segment, "n",
      "bytes taken together when shuffling (128)", 1, 1 << 30, 1 },
    { 0, "size", OPT_ONEOF, &size, "small|medium|large|xl",
      "preset of model, hidden and layers (small)", .conf = 1 },
    { 0, "summary", OPT_ONEOF, &summary, "isis|karpathy|none",
      "labels of the closing block (isis)" },
    { 0, "table-lr", OPT_NUM, &rule.table_lr, "x",
      "peak learning rate of the context tables (0.1)", 0, 1e3, 1 },
    { 0, "threads", OPT_INT, &threads, "n",
      "worker threads of each process (all processors, or make's -j)", 1, 256 },
    { 0, "tied", OPT_FLAG, &model.tied, NULL, "use the embedding as the head",
      .conf = 1 },
    { 0, "verbose", OPT_FLAG, &verbose, NULL,
      "progress on stderr even when it is no terminal" },
    { 0, "warmup", OPT_NUM, &warmup, "x",
      "share of the run in which the rate rises (0.02)", 0, 1, 1 },
    { 0, "weight-decay", OPT_NUM, &rule.decay, "x",
      "AdamW's decay of matrices (0.01)", 0, 10, 1 },
    { 0, "width", OPT_INT, &model.width, "n", "floats in a table row (16)", 1,
      1024, 1 },
    { 0, "words", OPT_INT, &model.words, "n",
      "word contexts: 1 this word, 2 also the one before (2)", 0,
      NGRAM_MAX_WORDS, 1 },
    { 0 },
};
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

/* What one run carries from function to function. */
struct job {
    struct sbuf text, val;
    struct ffn model;
    struct bytes data;
    struct jobserver *js;
    int ranks;
    struct team *team;
    struct train train;
    struct ffnfile from; /* what --resume read */
    int resumed;
    double eval_seconds;
};

static volatile sig_atomic_t stop_signal;

static void
on_signal(int sig)
{
    stop_signal = sig;
}

/* Presets fill in what neither the command line nor the file gave. */
static void
preset(void)
{
    static const long shape[][3] = {
        { 128, 256, 1 }, { 256, 512, 2 }, { 512, 1536, 4 }, { 1024, 4096, 8 }
    };

    if (!opt_given(&tool, "model"))
        model.model = shape[size][0];
    if (!opt_given(&tool, "hidden"))
        model.hidden = shape[size][1];
    if (!opt_given(&tool, "layers"))
        model.layers = shape[size][2];
}

/* The original's model and update rule; only its own options may change. */
static void
preset_isis(void)
{
    double lr = rule.lr;
    long context = model.context;

    model = isis_config(opt_given(&tool, "size") ? (enum isis_size)size
                                                 : ISIS_LARGE);
    if (opt_given(&tool, "context"))
        model.context = context;
    rule = isis_rule(&model);
    if (opt_given(&tool, "lr"))
        rule.lr = lr;
    segment = model.context;
    warmup = decay = 0;
    if (precision == FFN_AUTO)
        precision = FFN_FP32;
}

static void
read_text(struct job *j, int argc, char **argv)
{
    struct why w;

    for (int i = 0; i < argc || i == 0; i++)
        if (fsx_read(argc ? argv[i] : "-", &j->text, (size_t)1 << 36, &w) < 0)
            errx(X_FAIL, "%s", w.s);
    if (val_path && fsx_read(val_path, &j->val, (size_t)1 << 36, &w) < 0)
        errx(X_FAIL, "%s", w.s);
}

static void
open_model(struct job *j)
{
    struct why w;

    j->resumed = resume && out_path && access(out_path, F_OK) == 0;
    if (j->resumed) {
        if (ffnfile_load(&j->model, &j->from, out_path, &w) < 0)
            errx(X_FAIL, "%s", w.s);
        if (!opt_given(&tool, "seed"))
            seed = j->from.seed;
        return;
    }
    if (ffn_open(&j->model, &model, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (compat == COMPAT_ISIS)
        isis_init(&j->model);
    else
        ffn_init(&j->model, (uint64_t)seed);
}

/* Whatever ends rank 0 ends the others. */
static struct comm *comm;

static void
abandon(void)
{
    comm_abandon(comm);
    comm = NULL;
}

/* A reason, unless another rank gives it. */
static _Noreturn void
fail(const struct why *w)
{
    if (!w->s[0])
        _exit(X_FAIL);
    errx(X_FAIL, "%s", w->s);
}

static void
join_ranks(struct job *j, int argc, char **argv)
{
    struct why w;

    if (!(comm = comm_open(ranks, &w)) || atexit(abandon) != 0 ||
        (argc == 0 && ranks_text(comm, &j->text, &w) < 0) ||
        ranks_threads(comm, &threads, rule.batch, &j->js, &w) < 0)
        fail(&w);
    if (j->text.len < 2)
        errx(X_FAIL, "%s: %zu bytes of training text, need at least 2",
             argc ? argv[0] : "standard input", j->text.len);
    rule.comm = comm;
    j->ranks = comm_size(comm);
}

static void
open_job(struct job *j)
{
    const struct ffn_config *c = &j->model.c;
    struct fsx_tmp probe;
    struct why w;

    if (out_path && comm_rank(comm) == 0) {
        if (fsx_tmp_open(&probe, out_path, &w) < 0)
            errx(X_FAIL, "%s", w.s); /* now, not after an hour of training */
        fsx_tmp_abort(&probe);
    }
    if (val_path && j->val.len < (size_t)c->context + 1)
        errx(X_FAIL, "%s: too short: %zu bytes, need context + 1 = %ld",
             val_path, j->val.len, c->context + 1);
    if (ffn_products(&j->model, (enum ffn_precision)precision, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (!(j->team = team_open((int)threads, &w)) ||
        bytes_open(&j->data, (uint8_t *)j->text.s, j->text.len,
                   (size_t)c->context, (size_t)segment, compat == COMPAT_ISIS,
                   (uint64_t)seed, &w) < 0 ||
        train_open(&j->train, &j->model, &j->data, j->team, &rule, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (j->resumed && ffnfile_resume(&j->from, &j->train, &w) < 0)
        errx(X_FAIL, "%s: %s", out_path, w.s);
    if (ranks_compare(&j->train, &w) < 0)
        fail(&w);
}

static void
show(const struct session *s, int last)
{
    static double shown;
    int tty = isatty(STDERR_FILENO);
    double rate = (double)(s->t->seen - s->first_seen) / s->elapsed;
    double left = s->done > 0 ? s->elapsed / s->done - s->elapsed : 0;

    if ((!tty && !verbose) || s->elapsed <= 0)
        return;
    if (!last && s->elapsed - shown < (tty ? 0.2 : 5))
        return;
    shown = s->elapsed;
    fprintf(stderr, "%sstep %llu  loss %.3f bits  %.0f kB/s  %.0f s left%s%s",
            tty ? "\r" : "", (unsigned long long)s->t->steps,
            s->avg_loss / log(2), rate / 1000, left, tty ? "\033[K" : "",
            last || !tty ? "\n" : "");
}

/* Only rank 0 goes on from here, and only when all went well. */
static void
end_ranks(struct job *j, enum session_end end, const struct why *w)
{
    const char *hint = end == SESSION_DIVERGED ? "; try a lower --lr"
                       : end == SESSION_LOST   ? "; go on with --resume"
                                               : "";
    int code = end == SESSION_DIVERGED ? X_NO
               : end == SESSION_LOST   ? X_AGAIN
                                       : X_FAIL;
    int rank = comm_rank(comm), keeps = code != X_FAIL && out_path;

    if (end == SESSION_FAILED || end == SESSION_LOST)
        comm_abandon(comm);
    else
        comm_close(comm);
    comm = NULL;
    if (rank > 0) { /* rank 0 speaks, unless it is the one that is gone */
        if (end == SESSION_LOST && w->s[0])
            warnx("%s", w->s);
        jobserver_close(j->js);
        _exit(end == SESSION_DONE ? X_YES : code);
    }
    if (end != SESSION_DONE)
        errx(code, "%s%s%s%s%s", w->s, hint, keeps ? " (" : "",
             keeps ? out_path : "",
             keeps ? " keeps what was saved before)" : "");
}

static void
train(struct job *j, struct session *s)
{
    struct why w;

    *s = (struct session){ .t = &j->train,
                           .path = out_path,
                           .budget = budget,
                           .steps = opt_given(&tool, "steps") ? (uint64_t)steps
                                                              : UINT64_MAX,
                           .warmup = warmup,
                           .decay = decay,
                           .save_every = save_every,
                           .whole_passes = !rule.remember && !rule.sum,
                           .life = j->from.life,
                           .stop = &stop_signal,
                           .show = comm_rank(comm) ? NULL : show };
    end_ranks(j, session_run(s, &w), &w);
}

/* The block that harnesses grep. */
static void
print_summary(const struct job *j, const struct session *s, double val_bpb)
{
    struct sbuf b = { 0 };
    struct rusage use;
    double flops =
        6 * ffn_macs(&j->model) * (double)(j->train.seen - s->first_seen);
    double peak = j->ranks * train_peak(j->team, j->model.k);
    getrusage(RUSAGE_SELF, &use);
    summary_text(
        &b,
        &(struct summary){
            .val_bpb = val_bpb,
            .training_seconds = s->train_seconds,
            .total_seconds = s->train_seconds + j->eval_seconds,
            .peak_mb = (double)use.ru_maxrss / 1024,
            .mfu_percent = flops > 0 ? 100 * flops / s->elapsed / peak : 0,
            .seen = j->train.seen,
            .steps = j->train.steps - s->first_step,
            .params = ffn_count(&j->model),
            .depth = j->model.c.layers,
        },
        summary == SUM_KARPATHY);
    if (b.failed)
        errx(X_FAIL, "out of memory");
    fputs(b.s, stdout);
    sbuf_free(&b);
}

static void
evaluate(struct job *j, const struct session *s)
{
    struct bpb b = { 0 };
    struct why w;
    double start = session_clock();

    if (val_path && bpb_eval(&b, &j->model, j->team, (uint8_t *)j->val.s,
                             j->val.len, (size_t)j->model.c.context, 0, &w) < 0)
        errx(X_FAIL, "%s: %s", val_path, w.s);
    j->eval_seconds = session_clock() - start;
    if (val_path && !isfinite(b.bits_per_byte))
        errx(X_NO, "%s: bits per byte are not a number", val_path);
    if (summary == SUM_NONE)
        return;
    if (val_path)
        printf("eval_seconds: %.1f\neval_targets: %zu\nprecision: %s\n",
               j->eval_seconds, b.targets, j->model.k->bf16 ? "bf16" : "fp32");
    print_summary(j, s, val_path ? b.bits_per_byte : NAN);
}

/* Costs, in MiB where they are memory, as peak_vram_mb. */
static int
print_plan(const struct job *j, int given)
{
    static const char *const cols[] = { "params",       "dense_params",
                                        "memory_mb",    "checkpoint_mb",
                                        "flops_a_byte", "flops_a_step",
                                        "step_seconds", "bytes_per_s",
                                        "pass_seconds", NULL };
    struct out o = { .fp = stdout, .form = OUT_KEYS, .cols = cols };
    struct plan p = { .model = model,
                      .rule = rule,
                      .threads = threads ? (int)threads : team_cpus(),
                      .segment = (size_t)segment,
                      .text = given ? (uint8_t *)j->text.s : NULL,
                      .n = j->text.len,
                      .val = j->val.len };
    struct why w;

    if (plan_sizes(&p, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (plan_times(&p, &w) < 0)
        warnx("no time was measured: %s", w.s);
    out_int(&o, (long long)p.params);
    out_int(&o, (long long)p.dense);
    out_fixed(&o, p.memory / 1048576, 1);
    out_fixed(&o, p.checkpoint / 1048576, 1);
    out_fixed(&o, p.byte_flops, 0);
    out_fixed(&o, p.step_flops, 0);
    out_fixed(&o, p.step_seconds, 6);
    out_fixed(&o, p.bytes_a_second, 0);
    out_fixed(&o, p.seconds, 1);
    out_close(&o);
    return X_YES;
}

static void
settle_options(void)
{
    struct why w;

    if (conf && opt_file(&tool, conf, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (compat == COMPAT_ISIS)
        preset_isis();
    else
        preset();
    if (opt_given(&tool, "steps") && !opt_given(&tool, "budget"))
        budget = INFINITY;
    if (comm_check(ranks, &w) < 0)
        errx(X_FAIL, "--comm %s", w.s);
    if (!dry_run && !out_path && !val_path)
        errx(X_FAIL, "nothing to do: give -o CKPT, -v FILE or both");
    if (resume && !out_path)
        errx(X_FAIL, "--resume needs -o CKPT, the checkpoint to continue");
}

int
main(int argc, char *argv[])
{
    struct sigaction act = { .sa_handler = on_signal };
    struct job j = { 0 };
    struct session s;
    int first = opt_parse(argc, argv, &tool);

    settle_options();
    if (!dry_run || first < argc)
        read_text(&j, argc - first, argv + first);
    if (dry_run)
        return print_plan(&j, first < argc);
    open_model(&j);
    join_ranks(&j, argc - first, argv + first);
    open_job(&j);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    train(&j, &s);
    evaluate(&j, &s);
    if (fclose(stdout))
        err(X_FAIL, "write");
    jobserver_close(j.js);
    if (stop_signal) { /* what was asked for is done; say how it ended */
        signal(stop_signal, SIG_DFL);
        raise(stop_signal);
    }
    return X_YES;
}
