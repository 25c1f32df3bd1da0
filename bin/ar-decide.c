/*
 * ar-decide - keep or discard, from samples
 *
 * A pure function of the numbers on standard input, the one that ar-loop
 * uses, so that a decision can be made again from its record.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ar/decide.h"
#include "ar/metric.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/tsv.h"

enum { MAXCOL = 32 };

static const char *accept_rule = "strict";
static int direction = -1, json;
static const struct opt opts[] = {
    { 'a', "accept", OPT_STR, &accept_rule, "RULE",
      "strict, delta:NUMBER or rel:PERCENT; default strict" },
    { 'd', "direction", OPT_ONEOF, &direction, "lower|higher",
      "which way is better" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "-d lower | higher [-j] [-a rule]",
    .what = "keep or discard, from samples",
    .opts = opts,
    .exits = exits,
    .examples = "  ar-decide -d lower -a rel:0.5 <samples.tsv\n",
};

/* The metrics of one side. */
struct side {
    double *x;
    size_t n;
};

static void
add(struct side *s, double x)
{
    if (!(s->x = realloc(s->x, (s->n + 1) * sizeof *s->x)))
        err(X_FAIL, NULL);
    s->x[s->n++] = x;
}

static void
take_line(char **f, int role, int metric, int n, struct side *cand,
          struct side *inc)
{
    int is_cand = strcmp(f[role], "cand") == 0;
    double x;

    if (!is_cand && strcmp(f[role], "inc") != 0)
        errx(X_FAIL, "line %d: role %s is neither cand nor inc", n, f[role]);
    if (!*f[metric])
        return; /* unknown */
    if (metric_number(f[metric], strlen(f[metric]), &x) < 0)
        errx(X_FAIL, "line %d: %s is not a finite number", n, f[metric]);
    add(is_cand ? cand : inc, x);
}

static void
read_samples(struct side *cand, struct side *inc)
{
    char *line = NULL, *f[MAXCOL];
    size_t cap = 0, want = 0, n;
    int role = -1, metric = -1, at = 0;

    while (getline(&line, &cap, stdin) >= 0) {
        at++;
        if (*line == '#')
            continue;
        n = tsv_split(line, f, MAXCOL);
        if (n > MAXCOL || (want && n != want))
            errx(X_FAIL, "line %d: %zu fields where %zu belong", at, n, want);
        if (!want) {
            want = n;
            role = tsv_column(f, n, "role");
            metric = tsv_column(f, n, "metric");
            if (role < 0 || metric < 0)
                errx(X_FAIL, "line %d: no columns role and metric", at);
        } else {
            take_line(f, role, metric, at, cand, inc);
        }
    }
    if (ferror(stdin))
        err(X_FAIL, "standard input");
    free(line);
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "verdict",   "n_cand",   "n_inc",
                                        "mean_cand", "mean_inc", "delta",
                                        "policy",    NULL };
    struct out o = { .fp = stdout,
                     .cols = cols,
                     .form = json ? OUT_JSON : OUT_TSV };
    struct side cand = { 0 }, inc = { 0 };
    struct policy p;
    struct verdict v;
    struct why w;

    if (opt_parse(argc, argv, &tool) != argc || direction < 0)
        opt_usage();
    o.form = json ? OUT_JSON : OUT_TSV;
    if (policy_parse(&p, accept_rule, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    read_samples(&cand, &inc);
    if (decide(&p, direction == 0, cand.x, cand.n, inc.x, inc.n, &v, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    out_str(&o, v.keep ? "keep" : "discard");
    out_int(&o, (long long)cand.n);
    out_int(&o, (long long)inc.n);
    out_num(&o, v.cand);
    out_num(&o, v.inc);
    out_num(&o, v.delta);
    out_str(&o, accept_rule);
    out_close(&o);
    free(cand.x);
    free(inc.x);
    return v.keep ? X_YES : X_NO;
}
