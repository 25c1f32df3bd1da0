/*
 * ar-status - show where a study stands, on one screen
 *
 *   watch ar-status -t mar5
 *   ar-status -t mar5 --json | jq .best
 */
#include <dirent.h>
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ar/status.h"
#include "ar/study.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"

enum { WIDTH = 80, INDENT = 10, LAST = 8 };

static int json;
static const char *tag;
static const struct opt opts[] = {
    { 'j', "json", OPT_FLAG, &json, NULL, "write one JSON object" },
    { 't', "tag", OPT_STR, &tag, "tag",
      "the study ($AR_TAG, or the only one there is)" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-j] [-t tag]",
    .what = "show where a study stands, on one screen",
    .opts = opts,
    .exits = exits,
    .examples = "  ar-status -t mar5\n"
                "  ar-status -t mar5 --json | jq .best\n",
};

/* The tag of the only study of this repository, or -1. */
static int
only_tag(struct sbuf *found, struct why *w)
{
    struct repo r;
    struct sbuf dir = { 0 };
    struct dirent *e;
    DIR *d;
    int n = 0;

    if (repo_find(&r, w) < 0)
        return -1;
    sbuf_addf(&dir, "%s/ar", r.common);
    repo_free(&r);
    d = dir.failed ? NULL : opendir(dir.s);
    while (d && (e = readdir(d)))
        if (study_tag_ok(e->d_name) && n++ == 0)
            sbuf_adds(found, e->d_name);
    if (d)
        closedir(d);
    if (n == 0)
        why_set(w, "there is no study here; make one with ar-init");
    if (n > 1)
        why_set(w, "there are %d studies in %s; name one with -t", n, dir.s);
    sbuf_free(&dir);
    return n == 1 && !found->failed ? 0 : -1;
}

/* s, cut to what is left of the line after used columns. */
static void
print_cut(const char *s, int used)
{
    int room = WIDTH - used, n = 0;
    const char *p = s;

    for (; *p; p++) /* characters, not bytes */
        n += ((unsigned char)*p & 0xc0) != 0x80;
    if (n <= room) {
        printf("%s\n", s);
        return;
    }
    for (n = 0, p = s; *p; p++) {
        if (((unsigned char)*p & 0xc0) != 0x80 && n++ == room - 2)
            break;
        putchar(*p);
    }
    puts("..");
}

/* The name that starts a line of the screen. */
static void
head(const char *name)
{
    printf("%-*s", INDENT, name);
}

/* 12 s, 3 min, 2 h 05 min */
static void
print_time(double s)
{
    if (s < 100)
        printf("%.0f s", s);
    else if (s < 6000)
        printf("%.0f min", s / 60);
    else
        printf("%.0f h %02d min", floor(s / 3600), (int)(s / 60) % 60);
}

/* The first and the best number, and what made the best. */
static void
print_result(const struct study *s, const struct status *st)
{
    head("baseline");
    if (st->baseline)
        printf("%.6f\n", st->baseline->metric);
    else
        puts(s->n && s->exp[0].phase == PH_DECIDED ? "crashed"
                                                   : "not measured");
    if (!st->best || st->best->seq == 0)
        return;
    head("best");
    printf("%.6f  experiment %ld", st->best->metric, st->best->seq);
    if (st->baseline)
        printf(", %+.6f", st->best->metric - st->baseline->metric);
    if (isfinite(st->gain))
        printf(" (%+.2f %%)", st->gain);
    printf("\n%*s", INDENT, "");
    print_cut(st->best->description ? st->best->description : "", INDENT);
}

static void
print_counts(const struct status *st)
{
    head("tried");
    printf("%ld: %ld kept, %ld discarded, %ld crashed", st->tried, st->kept,
           st->discarded, st->crashed);
    if (st->tried)
        printf("; %.0f %% kept", 100.0 * (double)st->kept / (double)st->tried);
    putchar('\n');
    if (isfinite(st->per_hour)) {
        head("pace");
        printf("%.*f an hour, ", st->per_hour < 10 ? 1 : 0, st->per_hour);
        print_time(3600 / st->per_hour);
        puts(" each");
    }
}

/* What a program is doing now, or where the last one was stopped. */
static void
print_now(const struct study *s, const struct status *st)
{
    const struct exp *e = st->open;

    head("now");
    if (st->now == RUN_IDLE) {
        puts("idle");
        return;
    }
    if (st->now == RUN_NOW && !e) {
        puts("between two experiments");
        return;
    }
    printf("%s %ld ", e->seq ? "experiment" : "baseline, experiment", e->seq);
    printf(st->now == RUN_NOW ? "%s for " : "was interrupted while %s, ",
           status_phase(e));
    print_time(st->since);
    if (st->now == RUN_INTERRUPTED)
        printf(" ago");
    else if (e->phase == PH_START && s->c.budget > 0)
        printf(" (budget %.0f s)", s->c.budget);
    putchar('\n');
    if (e->hypothesis && *e->hypothesis) {
        printf("%*s", INDENT, "");
        print_cut(e->hypothesis, INDENT);
    }
}

/* The last few rows; the experiment in the making is not one yet. */
static void
print_rows(const struct study *s)
{
    size_t n = s->n;

    while (n && s->exp[n - 1].phase != PH_DECIDED)
        n--;
    if (n)
        putchar('\n');
    for (size_t i = n > LAST ? n - LAST : 0; i < n; i++) {
        const struct exp *e = &s->exp[i];
        int used;
        char value[40] = "-";
        if (isfinite(e->metric))
            snprintf(value, sizeof value, "%.6f", e->metric);
        used = printf("  %4ld  %-14s  %12s  ", e->seq, e->status, value);
        print_cut(e->description ? e->description : "", used);
    }
    if (n)
        putchar('\n');
}

/* A path in the study's directory, relative when it lies below us. */
static void
print_path(const char *name, const struct study *s, const char *file)
{
    char here[4096];
    const char *dir = s->dir;
    size_t len;

    if (getcwd(here, sizeof here) && (len = strlen(here)) > 1 &&
        strncmp(dir, here, len) == 0 && dir[len] == '/')
        dir += len + 1;
    head(name);
    printf("%s/%s\n", dir, file);
}

static void
print_screen(const struct study *s, const struct status *st)
{
    char log[40];

    head("study");
    printf("%s: %s, %s is better\n", s->c.tag, s->c.metric, s->c.direction);
    head("branch");
    printf("autoresearch/%s at %.7s\n", s->c.tag, s->tip);
    print_result(s, st);
    print_counts(st);
    print_now(s, st);
    print_rows(s);
    print_path("notes", s, "notes.md");
    snprintf(log, sizeof log, "log/%06ld.1/", s->n ? (long)s->n - 1 : 0);
    print_path("logs", s, log);
    head("next");
    if (st->now == RUN_NOW)
        printf("ar-plot -t %s\n", s->c.tag);
    else
        printf("ar-loop -t %s -n 10 -a ar-propose\n", s->c.tag);
}

static void
print_json(struct out *o, const struct study *s, const struct status *st)
{
    static const char *const now[] = { "idle", "running", "interrupted" };
    const struct exp *e = st->open;

    out_str(o, s->c.tag);
    out_str(o, s->c.metric);
    out_str(o, s->c.direction);
    out_str(o, s->tip);
    out_num(o, st->baseline ? st->baseline->metric : NAN);
    out_num(o, st->best ? st->best->metric : NAN);
    out_num(o, st->gain);
    out_str(o, st->best ? st->best->description : NULL);
    out_int(o, st->tried);
    out_int(o, st->kept);
    out_int(o, st->discarded);
    out_int(o, st->crashed);
    out_num(o, st->per_hour);
    out_str(o, now[st->now]);
    if (e)
        out_int(o, e->seq);
    else
        out_str(o, NULL);
    out_str(o, e ? status_phase(e) : NULL);
    out_num(o, e ? st->since : NAN);
    out_str(o, e ? e->hypothesis : NULL);
    out_str(o, s->dir);
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = {
        "tag",       "metric",    "direction",  "tip",   "baseline",
        "best",      "gain_pct",  "best_is",    "tried", "kept",
        "discarded", "crashed",   "per_hour",   "state", "seq",
        "phase",     "elapsed_s", "hypothesis", "dir",   NULL
    };
    struct out o = { .fp = stdout, .form = OUT_JSON, .cols = cols };
    struct sbuf only = { 0 };
    struct study s;
    struct status st;
    struct why w;

    if (opt_parse(argc, argv, &tool) < argc)
        opt_usage();
    if (!tag && (tag = getenv("AR_TAG")) && !*tag)
        tag = NULL;
    if (!tag && only_tag(&only, &w) < 0) {
        sbuf_free(&only);
        errx(X_FAIL, "%s", w.s);
    }
    if (study_open(&s, tag ? tag : only.s, &w) < 0 ||
        status_of(&st, &s, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (json)
        print_json(&o, &s, &st);
    else
        print_screen(&s, &st);
    out_close(&o);
    study_close(&s);
    sbuf_free(&only);
    return X_YES;
}
