/*
 * step.c - the state machine of one experiment. Each stage begins where the
 * journal says the one before it ended, so a restart needs no code of its own.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ar/child.h"
#include "ar/ledger.h"
#include "ar/loop.h"
#include "ar/text.h"
#include "common/deadline.h"
#include "common/fsx.h"

enum { WORDS = 200, MEBI = 1 << 20 };

static int
interrupted(struct why *w)
{
    if (!run_interrupted())
        return 0;
    why_set(w, "interrupted; the same ar-loop goes on from here");
    return STUDY_INT;
}

/* What has been found out about the candidate before any run. */
struct found {
    char commit[OID], tree[OID];
    char verdict[20];
    struct sbuf hypothesis, description;
};

static void
settle_as(struct found *f, const char *verdict)
{
    snprintf(f->verdict, sizeof f->verdict, "%s", verdict);
}

static const struct exp *
same_tree(const struct study *s, const struct exp *e, const char *tree)
{
    for (long i = 0; i < e->seq; i++)
        if (s->exp[i].tried && strcmp(s->exp[i].tree, tree) == 0)
            return &s->exp[i];
    return NULL;
}

/* Judge what the proposer did by the tree that it left. */
static int
judge(struct loop *l, const struct exp *e, const struct run *r, struct found *f,
      struct why *w)
{
    struct study *s = &l->s;
    const char *hyp = f->hypothesis.len ? f->hypothesis.s : "";
    struct sbuf message = { 0 };
    struct why inner = { "" };
    int kept_nothing;

    sbuf_addf(&message, "%s\n\nar: %s %06ld\n",
              *hyp ? hyp : "no hypothesis was given", s->c.tag, e->seq);
    if (message.failed)
        return why_set(w, "out of memory");
    kept_nothing = tree_commit(s, &l->t, e->parent, message.s, f->commit,
                               f->tree, &inner) < 0;
    sbuf_free(&message);
    if (kept_nothing) {
        snprintf(f->commit, OID, "%s", e->parent);
        if (tree_of(s, e->parent, f->tree, w) < 0)
            return -1;
        settle_as(f, "crash");
        sbuf_adds(&f->description, "the change cannot be recorded: ");
        text_first_line(&f->description, inner.s, strlen(inner.s), WORDS);
    } else if (r->timed_out || run_status(r) != 0) {
        settle_as(f, r->timed_out ? "timeout" : "crash");
        if (r->timed_out)
            sbuf_addf(&f->description, "proposer timed out");
        else
            sbuf_addf(&f->description, "proposer failed with status %d",
                      run_status(r));
        sbuf_addf(&f->description, "%s%s", *hyp ? ": " : "", hyp);
    } else if (strcmp(f->commit, e->parent) == 0) {
        settle_as(f, "noop");
        sbuf_adds(&f->description, *hyp ? hyp : "no change");
    } else {
        if (same_tree(s, e, f->tree))
            settle_as(f, "duplicate");
        sbuf_adds(&f->description, *hyp ? hyp : "no hypothesis was given");
    }
    return 0;
}

static int
record_proposed(struct loop *l, const struct exp *e, const struct found *f,
                struct why *w)
{
    struct study *s = &l->s;
    struct sbuf *b = &s->rec;

    journal_begin(b, e->seq, "proposed");
    journal_field(b, "parent", e->parent);
    journal_field(b, "commit", f->commit);
    journal_field(b, "tree", f->tree);
    journal_field(b, "verdict", f->verdict);
    journal_field(b, "hypothesis", f->hypothesis.s);
    journal_field(b, "description", f->description.s);
    return study_record(s, w);
}

/* Let the proposer work on the tip; record what it made. */
static int
propose(struct loop *l, struct exp *e, struct why *w)
{
    struct study *s = &l->s;
    struct sbuf out = { 0 };
    struct child c = { .cmd = l->proposer,
                       .name = "",
                       .rep = 0,
                       .seed = s->c.seed + e->seq,
                       .limit = l->patience,
                       .out = &out };
    struct found f = { .verdict = "" };
    int bad;

    if (!l->proposer)
        return why_set(w, "experiment %ld waits for a proposer", e->seq);
    bad = tree_lay(s, &l->t, e->parent, w);
    c.dir = l->t.path;
    if (!bad && child_run(s, e, &c, w) < 0)
        bad = STUDY_FAIL;
    if (!bad && !(bad = interrupted(w)))
        bad = tree_branch_restore(s, &l->t, w);
    if (!bad)
        bad = tree_ensure(s, &l->t, w);
    if (!bad) {
        text_first_line(&f.hypothesis, out.s ? out.s : "", out.len, WORDS);
        bad = judge(l, e, &c.r, &f, w);
    }
    if (!bad)
        bad = record_proposed(l, e, &f, w);
    sbuf_free(&out);
    sbuf_free(&f.hypothesis);
    sbuf_free(&f.description);
    return bad;
}

/* The numbers an experiment is closed with. */
struct closing {
    const char *status, *result;
    double metric, memory_gb;
    const char *note; /* added to the description */
};

static void
field_num(struct sbuf *b, const char *key, double x)
{
    if (isfinite(x))
        journal_fieldf(b, key, "%.17g", x);
    else
        journal_field(b, key, "");
}

static int
close_exp(struct loop *l, struct exp *e, const struct closing *c, struct why *w)
{
    struct study *s = &l->s;
    struct exp *inc = study_incumbent(s);
    struct sbuf words = { 0 };
    int bad;

    sbuf_adds(&words, e->description ? e->description : "");
    /* a plain crash is told as the proposer told it, as the reference does */
    if (c->note && strcmp(c->status, "crash") != 0)
        sbuf_addf(&words, " [%s]", c->note);
    journal_begin(&s->rec, e->seq, "decided");
    journal_field(&s->rec, "status", c->status);
    journal_field(&s->rec, "result", c->result);
    field_num(&s->rec, "metric", c->metric);
    field_num(&s->rec, "incumbent", inc ? inc->metric : NAN);
    field_num(&s->rec, "memory_gb", c->memory_gb);
    journal_field(&s->rec, "policy", s->c.accept);
    journal_field(&s->rec, "description", words.s);
    journal_field(&s->rec, "note", c->note);
    sbuf_free(&words);
    if (study_record(s, w) < 0)
        return STUDY_FAIL;
    if (s->moving) {
        if ((bad = tree_move(s, w)))
            return bad;
        journal_begin(&s->rec, e->seq, "applied");
        journal_field(&s->rec, "tip", s->tip);
        if (study_record(s, w) < 0)
            return STUDY_FAIL;
    }
    return ledger_add(s, e, w);
}

/* Settle what needs no run. */
static int
settle(struct loop *l, struct exp *e, struct why *w)
{
    struct study *s = &l->s;
    struct closing c = { .status = e->verdict,
                         .result = "discard",
                         .metric = NAN,
                         .memory_gb = NAN };
    const struct exp *same = NULL;

    if (strcmp(e->verdict, "noop") == 0)
        same = study_incumbent(s);
    else if (strcmp(e->verdict, "duplicate") == 0)
        same = same_tree(s, e, e->tree);
    else
        c.result = "crash";
    if (same) {
        c.metric = same->metric;
        c.memory_gb = same->memory_gb;
    }
    return close_exp(l, e, &c, w);
}

/* Compare the commit with the seal; a violation closes the experiment. */
static int
check_seal(struct loop *l, struct exp *e, struct why *w)
{
    struct sbuf path = { 0 }, note = { 0 };
    struct closing c = { .status = "seal_violation",
                         .result = "crash",
                         .metric = NAN,
                         .memory_gb = NAN };
    int bad = seal_check_commit(&l->seal, &l->s, e->commit, &path, w);

    if (!bad && path.len) {
        sbuf_adds(&note, "changes protected ");
        text_first_line(&note, path.s, path.len, WORDS);
        c.note = note.s;
        bad = close_exp(l, e, &c, w);
    } else if (!bad) {
        journal_begin(&l->s.rec, e->seq, "sealed");
        bad = study_record(&l->s, w);
    }
    sbuf_free(&path);
    sbuf_free(&note);
    return bad;
}

/* Look for a metric in one log file of a run. A missing one has nothing. */
static int
scan_log(struct loop *l, const struct exp *e, long rep, const char *name,
         struct metric *m, struct why *w)
{
    struct sbuf path = { 0 }, text = { 0 };
    int bad;

    child_log(&l->s, e, rep, &path);
    sbuf_addf(&path, "/%s", name);
    bad = path.failed ? why_set(w, "out of memory")
                      : fsx_read(path.s, &text, (size_t)1 << 31, w);
    if (!bad)
        bad = metric_scan(m, text.s ? text.s : "", text.len, w);
    sbuf_free(&path);
    sbuf_free(&text);
    return bad;
}

/* Memory as the run reported it; NAN when it did not. */
static double
reported_vram(struct loop *l, const struct exp *e, long rep)
{
    struct metric m;
    double mb = NAN;

    if (metric_parse(&m, "peak_vram_mb", NULL, NULL) < 0 ||
        scan_log(l, e, rep, "stdout", &m, NULL) < 0 ||
        scan_log(l, e, rep, "stderr", &m, NULL) < 0 ||
        metric_result(&m, &mb, NULL) < 0)
        mb = NAN;
    metric_free(&m);
    return mb;
}

/*
 * Measure a run that ended well. *val gets the number, *reason why there is
 * none. Anything but 0 stops the loop: the evaluator cannot be trusted.
 */
static int
measure(struct loop *l, const struct exp *e, long rep, double *val,
        struct why *reason, struct why *w)
{
    struct study *s = &l->s;
    struct sbuf dir = { 0 };
    struct child c = { .cmd = s->c.eval,
                       .name = "metric",
                       .rep = rep,
                       .seed = s->c.seed,
                       .limit = s->c.limit };
    struct why inner;
    int bad = 0, ran = 1;

    *val = NAN;
    if (seal_verify(&l->seal, s, &inner) < 0)
        return why_set(w,
                       "%s; what was sealed must not change: put it back, or "
                       "start another study",
                       inner.s);
    metric_reset(&l->m);
    if (s->c.trust_run && !*s->c.eval) {
        bad = scan_log(l, e, rep, "stdout", &l->m, w) < 0 ||
              scan_log(l, e, rep, "stderr", &l->m, w) < 0;
    } else {
        c.dir = study_path(s, &dir, "sealed");
        bad = child_run(s, e, &c, w) < 0 ? STUDY_FAIL : interrupted(w);
        ran = run_status(&c.r) == 0;
        if (!bad && ran)
            bad = scan_log(l, e, rep, "metric.stdout", &l->m, w);
        if (!ran)
            why_set(reason, "the metric command failed with status %d",
                    run_status(&c.r));
    }
    sbuf_free(&dir);
    if (!bad && ran && metric_result(&l->m, val, reason) < 0)
        *val = NAN;
    return bad;
}

static int
record_end(struct loop *l, const struct exp *e, const struct child *c,
           const char *class, const char *note, double metric, double vram,
           int64_t start, struct why *w)
{
    struct sbuf *b = &l->s.rec;

    journal_begin(b, e->seq, "end");
    journal_fieldf(b, "rep", "%ld", c->rep);
    journal_field(b, "role", e->seq ? "cand" : "base");
    journal_fieldf(b, "seed", "%ld", c->seed);
    journal_fieldf(b, "start_ns", "%lld", (long long)start);
    journal_fieldf(b, "wall_s", "%.3f", c->r.wall);
    journal_fieldf(b, "cpu_s", "%.3f", c->r.cpu);
    journal_fieldf(b, "maxrss_kb", "%ld", c->r.maxrss_kb);
    field_num(b, "vram_mb", vram);
    if (c->r.sig)
        journal_field(b, "rc", "");
    else
        journal_fieldf(b, "rc", "%d", c->r.code);
    journal_fieldf(b, "sig", "%d", c->r.sig);
    journal_field(b, "class", class);
    journal_field(b, "note", note);
    field_num(b, "metric", metric);
    return study_record(&l->s, w);
}

/* Why a run is no measurement, in words for its row. */
static void
excuse(struct sbuf *note, const char *class, const struct run *r,
       const struct why *reason)
{
    if (strcmp(class, "timeout") == 0)
        sbuf_addf(note, "timed out after %g s", r->limit);
    else if (strcmp(class, "metric_error") == 0)
        text_first_line(note, reason->s, strlen(reason->s), WORDS);
    else if (r->sig)
        sbuf_addf(note, "killed by signal %d", r->sig);
    else
        sbuf_addf(note, "exit status %d", r->code);
}

/* Lay the candidate out, run it, measure it. */
static int
run_and_measure(struct loop *l, struct exp *e, struct why *w)
{
    struct study *s = &l->s;
    struct child c = { .cmd = s->c.run,
                       .name = "",
                       .rep = e->reps + 1,
                       .seed = s->c.seed,
                       .limit = s->c.limit };
    struct why reason = { "" };
    struct sbuf note = { 0 };
    const char *class = "ok";
    double metric = NAN, vram = NAN;
    int64_t start;
    int bad;

    if ((bad = tree_lay(s, &l->t, e->commit, w)))
        return bad;
    journal_begin(&s->rec, e->seq, "start");
    journal_fieldf(&s->rec, "rep", "%ld", c.rep);
    if (study_record(s, w) < 0)
        return STUDY_FAIL;
    start = deadline_wall_ns();
    c.dir = l->t.path;
    if (child_run(s, e, &c, w) < 0)
        return STUDY_FAIL;
    if ((bad = interrupted(w)))
        return bad;
    if (c.r.timed_out || run_status(&c.r) != 0)
        class = c.r.timed_out ? "timeout" : "crash";
    else if ((bad = measure(l, e, c.rep, &metric, &reason, w)))
        return bad;
    else if (!isfinite(metric))
        class = "metric_error";
    if (s->c.trust_run)
        vram = reported_vram(l, e, c.rep);
    if (strcmp(class, "ok") != 0)
        excuse(&note, class, &c.r, &reason);
    bad = child_report(s, e, &c, class, w) < 0 ||
          record_end(l, e, &c, class, note.s, metric, vram, start, w) < 0;
    sbuf_free(&note);
    return bad ? STUDY_FAIL : 0;
}

static int
conclude(struct loop *l, struct exp *e, struct why *w)
{
    const struct sample *m = &e->sample[e->samples - 1];
    struct closing c = { .status = m->class,
                         .result = "crash",
                         .note = m->note,
                         .metric = NAN,
                         .memory_gb = NAN };
    const struct exp *inc = study_incumbent(&l->s);
    struct verdict v;

    if (strcmp(m->class, "ok") != 0)
        return close_exp(l, e, &c, w);
    c.note = NULL;
    c.metric = m->metric;
    c.memory_gb =
        isfinite(m->vram_mb) ? m->vram_mb / 1024 : (double)m->maxrss_kb / MEBI;
    if (e->seq == 0) {
        c.status = "baseline";
        c.result = "keep";
        return close_exp(l, e, &c, w);
    }
    if (!inc)
        return why_set(w, "%s: the tip has no measurement", l->s.c.tag);
    if (decide(&l->p, l->m.lower, &m->metric, 1, &inc->metric, 1, &v, w) < 0)
        return STUDY_FAIL;
    c.status = c.result = v.keep ? "keep" : "discard";
    return close_exp(l, e, &c, w);
}

/* Take the experiment from wherever it is to its decision. */
static int
advance(struct loop *l, struct exp *e, struct why *w)
{
    int bad = 0;

    if (e->phase == PH_PROPOSE)
        bad = propose(l, e, w);
    if (!bad && e->phase == PH_PROPOSED &&
        !(bad = tree_mark(&l->s, e->seq, e->commit, w)))
        bad = *e->verdict ? settle(l, e, w) : check_seal(l, e, w);
    if (!bad && (e->phase == PH_SEALED || e->phase == PH_START))
        bad = run_and_measure(l, e, w);
    if (!bad && e->phase == PH_END)
        bad = conclude(l, e, w);
    return bad;
}

int
loop_baseline(struct loop *l, struct why *w)
{
    struct study *s = &l->s;
    struct found f = { .verdict = "" };
    struct exp e = { .seq = 0 };
    int bad;

    if (s->n > 0)
        return s->exp[0].phase < PH_DECIDED ? advance(l, s->exp, w) : 0;
    memcpy(e.parent, s->base, OID);
    memcpy(f.commit, s->base, OID);
    memcpy(f.tree, s->base_tree, OID);
    sbuf_adds(&f.hypothesis, "baseline");
    sbuf_adds(&f.description, "baseline");
    bad = record_proposed(l, &e, &f, w);
    sbuf_free(&f.hypothesis);
    sbuf_free(&f.description);
    return bad ? bad : advance(l, s->exp, w);
}

int
loop_step(struct loop *l, const struct exp **done, struct why *w)
{
    struct study *s = &l->s;
    struct exp *e;
    int bad;

    if ((bad = interrupted(w)))
        return bad;
    if (!study_open_exp(s)) {
        journal_begin(&s->rec, (long)s->n, "propose");
        journal_field(&s->rec, "parent", s->tip);
        if (study_record(s, w) < 0)
            return STUDY_FAIL;
    }
    e = study_open_exp(s);
    bad = advance(l, e, w);
    *done = e;
    return bad;
}
