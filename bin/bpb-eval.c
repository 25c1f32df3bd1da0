/*
 * bpb-eval - bits per byte of text under a model
 *
 * The metric, alone, in a program of its own, so that an experiment can be
 * measured by something it cannot touch:
 *
 *	bpb-eval model.ckpt val.txt | grep '^val_bpb:'
 */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/out.h"
#include "num/bpb.h"
#include "num/device.h"
#include "num/ffnfile.h"

static int json, rolling, precision, device = -1;
static long context, max_bytes, threads;
static double adapt;
static const struct opt opts[] = {
    { 'c', "context", OPT_INT, &context, "n",
      "window in bytes (the model's, or a shorter text)", 1, 1 << 30 },
    { 'j', "json", OPT_FLAG, &json, NULL, "write one JSON object" },
    { 'm', "max-bytes", OPT_INT, &max_bytes, "n",
      "evaluate the first N bytes only", 1, 1e15 },
    { 'r', "rolling", OPT_FLAG, &rolling, NULL,
      "windows overlap by half: every byte sees that much at least" },
    { 0, "adapt", OPT_NUM, &adapt, "x",
      "learn from each 128 bytes once scored, at this rate (0: no)", 0, 1 },
    { 0, "device", OPT_ONEOF, &device, DEVICE_KINDS,
      "where to compute (LU_DEVICE, else cpu)" },
    { 0, "precision", OPT_ONEOF, &precision, "auto|fp32|bf16",
      "factors of matrix products (auto: bf16 where it is fast)" },
    { 0, "threads", OPT_INT, &threads, "n",
      "worker threads (all processors, or make's -j)", 1, 256 },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-jr] [-c n] [-m n] [--adapt x] [--device d] [--precision p] "
             "[--threads n] ckpt [text ...]",
    .what = "bits per byte of text under a model",
    .opts = opts,
    .exits = exits,
    .examples = "  bpb-eval model.ckpt val.txt\n"
                "  bpb-eval --adapt 0.001 model.ckpt val.txt\n"
                "  bpb-eval --rolling --max-bytes 256k model.ckpt < val.txt\n",
};

/* All texts as one; those past --max-bytes are cut off. */
static void
read_text(struct sbuf *b, int argc, char **argv)
{
    size_t most = max_bytes ? (size_t)max_bytes : (size_t)-1;
    struct why w;

    for (int i = 0; (i < argc || i == 0) && b->len < most; i++)
        if (fsx_read(argc ? argv[i] : "-", b, (size_t)1 << 36, &w) < 0)
            errx(X_FAIL, "%s", w.s);
    if (b->len > most)
        b->len = most;
}

static void
print(const struct bpb *b, size_t bytes, long window, const struct kern *k,
      const struct device *d)
{
    static const char *const cols[] = { "nats",    "bytes",     "targets",
                                        "windows", "context",   "accuracy",
                                        "val_bpb", "precision", "device",
                                        NULL };
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_KEYS,
                     .cols = cols };

    out_fixed(&o, b->nats, 6);
    out_int(&o, (long long)bytes);
    out_int(&o, (long long)b->targets);
    out_int(&o, (long long)b->windows);
    out_int(&o, window);
    out_fixed(&o, (double)b->right / (double)b->targets, 6);
    out_fixed(&o, b->bits_per_byte, 6);
    out_str(&o, k->bf16 ? "bf16" : "fp32");
    out_str(&o, d->about);
    out_close(&o);
}

/* On a terminal, once it takes more than two seconds; removed at the end. */
static void
show(void *ctx, double share)
{
    static double start, last;
    double now = deadline_now();

    (void)ctx;
    start = start > 0 ? start : now;
    if (share >= 1 ? last == 0 : now - start < 2 || now - last < 0.2)
        return;
    last = now;
    if (share >= 1)
        fputs("\r\033[K", stderr);
    else
        fprintf(stderr, "\r%.0f %%  %.0f s left\033[K", 100 * share,
                (now - start) * (1 / share - 1));
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool);
    struct ffnfile file;
    struct ffn model;
    struct sbuf text = { 0 };
    struct jobserver *js;
    struct device d;
    struct team *team;
    struct bpb b = { .rate = adapt,
                     .show = isatty(STDERR_FILENO) ? show : NULL };
    struct why w;

    if (first == argc)
        opt_usage();
    if (!threads)
        threads = team_default(1, &js);
    if (ffnfile_load(&model, &file, argv[first], &w) < 0 ||
        ffn_products(&model, (enum ffn_precision)precision, &w) < 0 ||
        device_open(&d, device, &w) < 0 ||
        device_move(&d, &model, &threads, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    read_text(&text, argc - first - 1, argv + first + 1);
    if (!context)
        context = (long)bpb_context(&model, text.len);
    if (!(team = team_open((int)threads, &w)))
        errx(X_FAIL, "%s", w.s);
    if (bpb_eval(&b, &model, team, (uint8_t *)text.s, text.len, (size_t)context,
                 rolling, &w) < 0)
        errx(X_FAIL, "%s: %s", first + 1 < argc ? argv[first + 1] : "-", w.s);
    if (!isfinite(b.bits_per_byte))
        errx(X_NO, "%s: the model's output is not a number", argv[first]);
    print(&b, text.len, context, model.k, &d);
    return X_YES;
}
