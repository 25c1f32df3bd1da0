/*
 * ar-propose - change a settings file a little, learning from past results
 *
 * The proposer that needs no model and no network:
 *
 *   ar-loop -t TAG -n 20 -a ar-propose
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ar/conf.h"
#include "ar/past.h"
#include "ar/propose.h"
#include "ar/rows.h"
#include "ar/space.h"
#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"

enum { FILE_MAX = 1 << 20 };

static const char *conf_path = "train.conf", *space_path = "space.tsv";
static const char *history;
static long seed = 1;
static int dry_run;
static const struct opt opts[] = {
    { 'f', "config", OPT_STR, &conf_path, "file",
      "settings file to change (train.conf)" },
    { 'H', "history", OPT_STR, &history, "file",
      "results so far, as results.tsv ($AR_HISTORY)" },
    { 'n', "dry-run", OPT_FLAG, &dry_run, NULL, "print, but change nothing" },
    { 's', "space", OPT_STR, &space_path, "file",
      "settings that may change (space.tsv)" },
    { 0, "seed", OPT_INT, &seed, "n",
      "another N, other proposals ($AR_SEED, or 1)" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-n] [-f file] [-H file] [-s file] [--seed n]",
    .what = "change a settings file a little, learning from past results",
    .opts = opts,
    .exits = exits,
    .examples = "  ar-propose -n\n"
                "  ar-loop -t mar5 -n 20 -a 'ar-propose -f train.conf'\n",
};

static void
read_text(const char *path, struct sbuf *b)
{
    struct why w;

    if (fsx_read(path, b, FILE_MAX, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    sbuf_adds(b, "");
    if (b->failed)
        errx(X_FAIL, "%s: out of memory", path);
    if (strlen(b->s) != b->len)
        errx(X_FAIL, "%s: not a text file", path);
}

static long
from_environment(const char *name, long otherwise)
{
    const char *s = getenv(name);
    char *end;
    long n;

    if (!s || !*s)
        return otherwise;
    n = strtol(s, &end, 10);
    if (*end)
        errx(X_FAIL, "%s: %s is not a whole number", name, s);
    return n;
}

/* "lr 0.002 -> 0.003, act gelu -> relu2: raising lr won in 2 of 3" */
static void
say(const struct proposal *p)
{
    for (size_t i = 0; i < p->n; i++)
        printf("%s%s %s -> %s", i ? ", " : "", p->change[i].dim->name,
               p->change[i].from[0] ? p->change[i].from : "unset",
               p->change[i].to);
    printf(": %s\n", p->reason);
}

static void
read_history(struct rows *rows, struct past *past)
{
    struct why w;

    if (!history && (history = getenv("AR_HISTORY")) && !*history)
        history = NULL;
    if (!history)
        return;
    if (rows_read(rows, history, &w) < 0 ||
        past_read(past, rows, conf_path, &w) < 0)
        errx(X_FAIL, "%s", w.s);
}

/* Find a proposal and make the change. */
static int
change(const struct space *space, struct sbuf *conf)
{
    struct rows rows = { 0 };
    struct past past = { 0 };
    struct proposal p;
    struct why w;
    uint64_t mix;
    int got;

    read_history(&rows, &past);
    mix = (uint64_t)seed * 0x9e3779b97f4a7c15u +
          (uint64_t)from_environment("AR_SEQ", (long)rows.n);
    got = propose(space, conf->s, past.trial, past.n, mix, &p, &w);
    if (got < 0)
        errx(X_FAIL, "%s", w.s);
    if (got == 0)
        warnx("%s: space exhausted: every combination was measured",
              space_path);
    for (size_t i = 0; i < p.n; i++)
        conf_set(conf, p.change[i].dim->name, p.change[i].to);
    if (conf->failed)
        errx(X_FAIL, "%s: out of memory", conf_path);
    if (got && !dry_run && fsx_replace(conf_path, conf->s, conf->len, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (got)
        say(&p);
    propose_free(&p);
    past_free(&past);
    rows_free(&rows);
    return got ? X_YES : X_NO;
}

int
main(int argc, char *argv[])
{
    struct sbuf conf = { 0 }, table = { 0 };
    struct space space;
    struct why w;
    int status;

    if (opt_parse(argc, argv, &tool) < argc)
        opt_usage();
    if (!opt_given(&tool, "seed"))
        seed = from_environment("AR_SEED", seed);
    read_text(space_path, &table);
    read_text(conf_path, &conf);
    if (space_parse(&space, table.s, space_path, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    status = change(&space, &conf);
    space_free(&space);
    sbuf_free(&table);
    sbuf_free(&conf);
    if (fflush(stdout) || ferror(stdout))
        err(X_FAIL, "write");
    return status;
}
