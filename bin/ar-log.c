/*
 * ar-log - print the tables of a study
 *
 * The tables are made from the journal, not read from the files beside it.
 *
 *   ar-log -t mar5 | awk -F'\t' '$4 == "keep"'
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ar/ledger.h"
#include "ar/metric.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/tsv.h"

enum { MAXCOL = 24 };

static const char *tag;
static int decisions, runs, check, json, no_header;
static const struct opt opts[] = {
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL,
      "leave the header line out" },
    { 't', "tag", OPT_STR, &tag, "TAG", "name of the study" },
    { 0, "check", OPT_FLAG, &check, NULL,
      "compare the files with the journal instead" },
    { 0, "decisions", OPT_FLAG, &decisions, NULL,
      "one row per decision, with its numbers" },
    { 0, "runs", OPT_FLAG, &runs, NULL, "one row per run" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "-t tag [-jN] [--check | --decisions | --runs]",
    .what = "print the tables of a study",
    .opts = opts,
    .exits = exits,
    .examples = "  ar-log -t mar5\n"
                "  ar-log -t mar5 --decisions --json\n"
                "  ar-log -t mar5 --check\n",
};

static int
is_text(const char *column)
{
    static const char *const names[] = {
        "commit", "tree",   "parent",     "status",      "result", "role",
        "class",  "policy", "hypothesis", "description", "note",   NULL,
    };

    for (size_t i = 0; names[i]; i++)
        if (strcmp(names[i], column) == 0)
            return 1;
    return 0;
}

static void
as_json(struct sbuf *b)
{
    const char *cols[MAXCOL + 1] = { 0 };
    char *head[MAXCOL], *f[MAXCOL], *next;
    struct out o = { .fp = stdout, .form = OUT_JSON, .cols = cols };
    size_t n = 0;
    double x;

    for (char *p = b->s; *p; p = next) {
        next = strchr(p, '\n') + 1;
        next[-1] = '\0';
        if (n == 0) {
            n = tsv_split(p, head, MAXCOL);
            memcpy(cols, head, n * sizeof *head);
            continue;
        }
        tsv_split(p, f, MAXCOL);
        for (size_t i = 0; i < n; i++)
            if (is_text(cols[i]))
                out_str(&o, f[i]);
            else if (metric_number(f[i], strlen(f[i]), &x) < 0)
                out_str(&o, NULL);
            else if (strpbrk(f[i], ".e"))
                out_num(&o, x);
            else
                out_int(&o, strtoll(f[i], NULL, 10));
    }
    out_close(&o);
}

static void
print(const struct study *s)
{
    struct sbuf b = { 0 };
    enum ledger which = decisions ? LEDGER_DECISIONS
                        : runs    ? LEDGER_RUNS
                                  : LEDGER_RESULTS;
    struct out o = { .fp = stdout, .no_header = 1 };
    const char *from;

    if (ledger_render(s, which, &b) < 0)
        err(X_FAIL, NULL);
    if (json) {
        as_json(&b);
    } else {
        from = no_header ? strchr(b.s, '\n') + 1 : b.s;
        fwrite(from, 1, b.len - (size_t)(from - b.s), stdout);
        out_close(&o);
    }
    sbuf_free(&b);
}

/* Is every file what the journal says? */
static int
compare(const struct study *s)
{
    struct why w;
    int status = X_YES;

    for (int i = 0; i < LEDGERS; i++) {
        int r = ledger_same(s, (enum ledger)i, &w);
        if (r < 0)
            errx(X_FAIL, "%s", w.s);
        if (r == 0) {
            warnx("%s/%s: differs from the journal; the next ar-loop or "
                  "ar-keep mends it",
                  s->dir, ledger_file[i]);
            status = X_NO;
        }
    }
    return status;
}

int
main(int argc, char *argv[])
{
    struct study s;
    struct why w;
    int status = X_YES;

    if (opt_parse(argc, argv, &tool) != argc || !tag ||
        check + decisions + runs > 1)
        opt_usage();
    if (study_open(&s, tag, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (check)
        status = compare(&s);
    else
        print(&s);
    study_close(&s);
    return status;
}
