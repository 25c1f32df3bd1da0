/*
 * ffn-sample - text from a model, byte by byte
 *
 * The text so far on standard input, what may follow it on standard output:
 *
 *	echo 'Once upon a time' | ffn-sample -n 1000 model.ckpt
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "num/device.h"
#include "num/ffnfile.h"
#include "num/sample.h"

static long length = 500, seed = 1, top_k;
static double temperature = 1, top_p = 1;
static const char *prompt, *until;
static int utf8, device = -1;
static const struct opt opts[] = {
    { 'n', "bytes", OPT_INT, &length, "n", "how many bytes (500)", 0, 1e15 },
    { 'p', "prompt", OPT_STR, &prompt, "text",
      "the text so far (standard input)" },
    { 's', "seed", OPT_INT, &seed, "n", "start of every random choice (1)", 0,
      1e15 },
    { 't', "temperature", OPT_NUM, &temperature, "x",
      "below 1 plainer, above 1 wilder, 0 for the most likely byte (1)", 0,
      1000 },
    { 'u', "utf8", OPT_FLAG, &utf8, NULL, "whole characters of UTF-8 only" },
    { 0, "device", OPT_ONEOF, &device, DEVICE_KINDS,
      "where to compute (LU_DEVICE, else cpu)" },
    { 0, "top-k", OPT_INT, &top_k, "n",
      "draw from the N most likely bytes, 0 for all (0)", 0, 256 },
    { 0, "top-p", OPT_NUM, &top_p, "x",
      "draw from the fewest bytes that have this share (1)", 0, 1 },
    { 0, "until", OPT_STR, &until, "text", "stop once TEXT was written" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-u] [-n n] [-p text] [-s n] [-t x] [--device d] [--top-k n] "
             "[--top-p x] [--until text] ckpt",
    .what = "text from a model, byte by byte",
    .opts = opts,
    .exits = exits,
    .examples = "  ffn-sample -p 'Once upon a time' model.ckpt\n"
                "  tail -c 4096 essay.txt | ffn-sample -t 0.7 model.ckpt\n"
                "  ffn-sample -p 'Dear ' --until . --top-p 0.9 model.ckpt\n",
};

/* 1 when what was written ends in --until. */
static int
found_end(const struct sbuf *text, size_t written)
{
    size_t n = until ? strlen(until) : 0;

    return n && written >= n && memcmp(text->s + text->len - n, until, n) == 0;
}

static void
write_text(struct sample *s)
{
    struct sample_rule rule = { .temperature = temperature,
                                .top_k = (int)top_k,
                                .top_p = top_p };
    struct sample_utf8 at = { 0 };
    unsigned char allow[FFN_VOCAB];
    struct rng random;
    struct why w;

    rng_seed(&random, (uint64_t)seed);
    for (size_t i = 0; i < s->text.len; i++)
        sample_utf8_next(&at, (uint8_t)s->text.s[i]);
    for (size_t i = 0; i < (size_t)length; i++) {
        unsigned char c;
        if (sample_look(s, &w) < 0)
            errx(X_NO, "%s", w.s);
        sample_utf8_allow(&at, (size_t)length - i, allow);
        c = (unsigned char)sample_draw(s->logits, &rule, utf8 ? allow : NULL,
                                       rng_uniform(&random));
        sample_utf8_next(&at, c);
        if (sample_push(s, &c, 1, &w) < 0)
            errx(X_FAIL, "%s", w.s);
        if (putchar(c) == EOF || fflush(stdout) == EOF) /* as it comes */
            err(X_FAIL, "write");
        if (found_end(&s->text, i + 1))
            break;
    }
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool);
    struct sbuf text = { 0 };
    struct ffnfile file;
    struct ffn model;
    struct device d;
    struct sample s;
    long threads;
    struct why w;

    if (argc - first != 1)
        opt_usage();
    signal(SIGPIPE, SIG_DFL); /* a reader may have enough, whoever started us */
    if (ffnfile_load(&model, &file, argv[first], &w) < 0 ||
        device_open(&d, device, &w) < 0 ||
        device_move(&d, &model, &threads, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (prompt)
        sbuf_adds(&text, prompt);
    else if (fsx_read("-", &text, (size_t)1 << 36, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (sample_open(&s, &model, &w) < 0 ||
        sample_push(&s, text.s, text.len, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    sbuf_free(&text);
    write_text(&s);
    sample_close(&s);
    if (fclose(stdout))
        err(X_FAIL, "write");
    return X_YES;
}
