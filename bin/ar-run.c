/*
 * ar-run - run a command under limits and leave nothing of it behind
 *
 *   ar-run -t 300 --log out ./train.sh
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"

static const char *log_dir;
static double limit, grace = 5;
static long cap = 64000000;
static int verbose;
static const struct opt opts[] = {
    { 'k', "kill-after", OPT_SECS, &grace, "SECS",
      "from TERM to KILL; default 5", 0, 1e6 },
    { 'o', "output", OPT_INT, &cap, "BYTES",
      "pass on this much of each output; default 64M", 1, 1e15 },
    { 't', "budget", OPT_SECS, &limit, "SECS", "time limit; default none", 0,
      1e9 },
    { 'v', "verbose", OPT_FLAG, &verbose, NULL,
      "write what it took to standard error" },
    { 0, "log", OPT_STR, &log_dir, "DIR",
      "write stdout, stderr and meta.tsv there" },
    { 0 },
};
static const int exits[] = { X_YES,      X_FAIL, X_TIMEOUT, X_NOEXEC,
                             X_NOTFOUND, X_INT,  X_TERM,    -1 };
static const struct tool tool = {
    .usage =
        "[-v] [-k secs] [-o bytes] [-t secs] [--log dir] command [arg ...]",
    .what = "run a command under limits and leave nothing of it behind",
    .opts = opts,
    .exits = exits,
    .examples = "  ar-run -t 300 --log out ./train.sh\n",
    .runs_command = 1,
};

/* What it took, as "key: value" lines or as a table. */
static void
report(FILE *fp, const char *sep, const struct run *r)
{
    fprintf(fp, "status%s%d\nsignal%s%d\ntimed_out%s%d\n", sep, run_status(r),
            sep, r->sig, sep, r->timed_out);
    fprintf(fp, "wall_s%s%.3f\ncpu_s%s%.3f\nmaxrss_kb%s%ld\n", sep, r->wall,
            sep, r->cpu, sep, r->maxrss_kb);
    fprintf(fp, "stdout_bytes%s%llu\nstderr_bytes%s%llu\nstrays%s%d\n", sep,
            r->out.seen, sep, r->err.seen, sep, r->strays);
}

static int
open_in(const char *name)
{
    struct sbuf b = { 0 };
    int fd;

    sbuf_addf(&b, "%s/%s", log_dir, name);
    if (b.failed)
        err(X_FAIL, NULL);
    fd = open(b.s, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        err(X_FAIL, "%s", b.s);
    sbuf_free(&b);
    return fd;
}

static void
write_meta(const struct run *r)
{
    struct sbuf b = { 0 };
    struct fsx_tmp t;
    struct why w;

    sbuf_addf(&b, "%s/meta.tsv", log_dir);
    if (b.failed || fsx_tmp_open(&t, b.s, &w) < 0)
        errx(X_FAIL, "%s", b.failed ? "out of memory" : w.s);
    fputs("key\tvalue\n", t.fp);
    report(t.fp, "\t", r);
    if (fsx_tmp_commit(&t, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    sbuf_free(&b);
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool);
    struct run r = { .argv = argv + first,
                     .limit = limit,
                     .grace = grace,
                     .own_in = 1,
                     .out = { .fd = 1, .cap = (size_t)cap },
                     .err = { .fd = 2, .cap = (size_t)cap } };
    struct why w;

    if (first == argc)
        opt_usage();
    run_catch();
    if (log_dir) {
        if (fsx_mkdirs(log_dir, &w) < 0)
            errx(X_FAIL, "%s", w.s);
        r.out.fd = open_in("stdout");
        r.err.fd = open_in("stderr");
    }
    if (run(&r, &w) < 0) {
        warnx("%s", w.s);
        return r.code > 0 ? r.code : X_FAIL;
    }
    if (log_dir)
        write_meta(&r);
    if (verbose)
        report(stderr, ": ", &r);
    if (run_interrupted())
        run_reraise();
    return run_status(&r);
}
