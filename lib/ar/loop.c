#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ar/child.h"
#include "ar/ledger.h"
#include "ar/loop.h"
#include "common/run.h"

void
loop_close(struct loop *l)
{
    tree_free(&l->t);
    seal_free(&l->seal);
    metric_free(&l->m);
    study_close(&l->s);
}

/* Do what the last record announced; it may have been done already. */
static int
catch_up(struct loop *l, struct why *w)
{
    struct study *s = &l->s;
    char at[OID];
    int bad;

    if (study_open_exp(s))
        child_strays(s);
    if ((s->n == 0 || s->exp[0].phase < PH_DECIDED) && (bad = tree_found(s, w)))
        return bad;
    if (s->moving) {
        if ((bad = tree_move(s, w)))
            return bad;
        journal_begin(&s->rec, (long)s->n - 1, "applied");
        journal_field(&s->rec, "tip", s->tip);
        return study_record(s, w);
    }
    if ((bad = tree_branch(s, at, w)))
        return bad;
    if (strcmp(at, s->tip) == 0)
        return 0;
    s->from[0] = '\0';
    return tree_move(s, w);
}

static int
load_rules(struct loop *l, struct why *w)
{
    const struct config *c = &l->s.c;
    struct sbuf spec = { 0 };
    int bad;

    sbuf_addf(&spec, "%s:%s:%s", c->metric, c->direction, c->regex);
    bad = spec.failed || metric_parse(&l->m, spec.s, NULL, w) < 0 ||
          policy_parse(&l->p, c->accept, w) < 0;
    sbuf_free(&spec);
    return bad ? STUDY_FAIL : 0;
}

int
loop_ready(struct loop *l, struct why *w)
{
    int bad;

    if ((bad = load_rules(l, w)) || (bad = tree_branch_free(&l->s, w)) ||
        (bad = catch_up(l, w)) || (bad = seal_load(&l->seal, &l->s, w)))
        return bad;
    return ledger_sync(&l->s, w);
}

/* A repository that was moved: the tree we were called from is the user's. */
static int
find_top(struct study *s)
{
    if (access(s->c.repo, F_OK) == 0)
        return 0;
    free(s->c.repo);
    return (s->c.repo = strdup(s->repo.top)) ? 0 : -1;
}

int
loop_open(struct loop *l, const char *tag, struct why *w)
{
    struct study *s = &l->s;
    int bad;

    if (study_open(s, tag, w) < 0)
        return STUDY_FAIL;
    study_close(s); /* it may have changed until we hold the lock */
    if (study_locate(s, tag, w) < 0 || (bad = study_lock(s, w)) == STUDY_FAIL)
        return STUDY_FAIL;
    if (bad)
        return bad;
    if (config_load(s, w) < 0 || study_replay(s, w) < 0 ||
        journal_writable(&s->j, w) < 0)
        return STUDY_FAIL;
    if (find_top(s) < 0)
        return why_set(w, "out of memory");
    return loop_ready(l, w);
}

static int
overrule(struct loop *l, long seq, const char *phase, const char *tip,
         struct why *w)
{
    struct study *s = &l->s;
    int moves = strcmp(tip, s->tip) != 0, bad;

    if (study_open_exp(s)) { /* it was made on the tip as it is now */
        why_set(w,
                "experiment %ld is under way; finish it first with "
                "ar-loop -t %s -n 1",
                study_open_exp(s)->seq, s->c.tag);
        return STUDY_BUSY;
    }
    if (moves && (bad = tree_branch_free(s, w)))
        return bad;
    journal_begin(&s->rec, seq, phase);
    journal_field(&s->rec, "tip", tip);
    if (study_record(s, w) < 0)
        return STUDY_FAIL;
    if (moves) {
        if ((bad = tree_move(s, w)))
            return bad;
        journal_begin(&s->rec, seq, "applied");
        journal_field(&s->rec, "tip", s->tip);
        if (study_record(s, w) < 0)
            return STUDY_FAIL;
    }
    return ledger_sync(s, w);
}

static struct exp *
decided(struct study *s, long seq, struct why *w)
{
    if (seq < 0 || (size_t)seq >= s->n || s->exp[seq].phase != PH_DECIDED) {
        why_set(w, "%s: no decided experiment %ld; the last is %zu", s->c.tag,
                seq, s->n ? s->n - 1 : 0);
        return NULL;
    }
    return &s->exp[seq];
}

int
loop_keep(struct loop *l, long seq, struct why *w)
{
    struct study *s = &l->s;
    struct exp *e = decided(s, seq, w);

    if (!e)
        return STUDY_FAIL;
    if (strcmp(e->result, "keep") == 0)
        return 1;
    if (strcmp(e->commit, e->parent) == 0)
        return why_set(w,
                       "experiment %ld changed nothing: there is nothing to "
                       "keep",
                       seq);
    if (!isfinite(e->metric))
        return why_set(w, "experiment %ld was not measured: it cannot be kept",
                       seq);
    if (strcmp(e->parent, s->tip) != 0) {
        why_set(w,
                "experiment %ld was made on %.7s, but the branch is at %.7s "
                "now; propose it again on top",
                seq, e->parent, s->tip);
        return STUDY_BUSY;
    }
    return overrule(l, seq, "keep", e->commit, w);
}

int
loop_drop(struct loop *l, long seq, struct why *w)
{
    struct study *s = &l->s;
    struct exp *e = decided(s, seq, w);

    if (!e)
        return STUDY_FAIL;
    if (seq == 0)
        return why_set(w, "the baseline cannot be dropped; start another study "
                          "with ar-init");
    if (strcmp(e->result, "keep") != 0)
        return 1;
    if (strcmp(e->commit, s->tip) != 0) {
        why_set(w,
                "experiment %ld is not the tip of the branch; drop what was "
                "kept after it first",
                seq);
        return STUDY_BUSY;
    }
    return overrule(l, seq, "drop", e->parent, w);
}
