#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ar/child.h"
#include "ar/init.h"
#include "ar/ledger.h"
#include "common/fsx.h"

static int
own(char **to, const char *s)
{
    free(*to);
    return (*to = strdup(s ? s : "")) ? 0 : -1;
}

/* The settings the user asked for, as the study will keep them. */
static int
configure(struct loop *l, const struct init *in, struct why *w)
{
    struct config *c = &l->s.c;
    int dir;

    if (metric_parse(&l->m, in->metric, &dir, w) < 0)
        return -1;
    if (!dir)
        return why_set(w, "%s: say %s:lower or %s:higher", in->metric,
                       l->m.name, l->m.name);
    if (policy_parse(&l->p, in->accept, w) < 0)
        return -1;
    if (own(&c->metric, l->m.name) < 0 ||
        own(&c->direction, l->m.lower ? "lower" : "higher") < 0 ||
        own(&c->regex, l->m.re_text) < 0 || own(&c->run, in->run) < 0 ||
        own(&c->eval, in->eval) < 0 || own(&c->accept, in->accept) < 0 ||
        own(&c->repo, l->s.repo.top) < 0)
        return why_set(w, "out of memory");
    c->trust_run = in->trust_run;
    c->budget = in->budget;
    c->limit = in->limit;
    c->grace = in->grace;
    c->cap = in->cap;
    c->seed = in->seed;
    metric_free(&l->m); /* loop_ready() reads it back from the settings */
    return 0;
}

static int
same_settings(const struct config *a, const struct config *b)
{
    return strcmp(a->metric, b->metric) == 0 &&
           strcmp(a->direction, b->direction) == 0 &&
           strcmp(a->regex, b->regex) == 0 && strcmp(a->run, b->run) == 0 &&
           strcmp(a->eval, b->eval) == 0 && strcmp(a->accept, b->accept) == 0 &&
           a->trust_run == b->trust_run && a->budget == b->budget &&
           a->limit == b->limit && a->seed == b->seed;
}

static int
remove_refs(struct study *s, struct why *w)
{
    struct git g = { .git_dir = s->repo.common };
    struct sbuf in = { 0 }, under = { 0 };
    char at[OID];
    int bad;

    sbuf_addf(&under, "refs/ar/%s/", s->c.tag);
    bad =
        git(&g, w, "for-each-ref", "--format=delete %(refname)", under.s) < 0 ||
        tree_branch(s, at, w) < 0;
    if (g.out.len)
        sbuf_addf(&in, "%s\n", g.out.s);
    if (!bad && *at && strcmp(at, s->base) == 0 &&
        tree_branch_free(s, NULL) == 0)
        sbuf_addf(&in, "delete %s\n", s->branch);
    g.in = in.s;
    g.in_len = in.len;
    if (!bad && in.len)
        bad = git(&g, w, "update-ref", "--stdin") < 0;
    sbuf_free(&in);
    sbuf_free(&under);
    sbuf_free(&g.out);
    return bad ? -1 : 0;
}

/* Needs the lock. The journal goes last but one: until then it can be read. */
static int
wipe(struct study *s, struct why *w)
{
    struct tree t = { 0 };
    struct sbuf path = { 0 };
    struct dirent *e;
    DIR *d;
    int bad = 0;

    child_strays(s);
    if (s->made) {
        bad = remove_refs(s, w) < 0 || tree_ensure(s, &t, w) < 0 ||
              tree_remove(t.path, w) < 0 || tree_remove(t.admin, w) < 0;
        tree_free(&t);
    }
    d = bad ? NULL : opendir(s->dir);
    while (d && !bad && (e = readdir(d)))
        if (e->d_name[0] != '.' && strcmp(e->d_name, "lock") != 0 &&
            strcmp(e->d_name, "journal") != 0)
            bad = tree_remove(study_path(s, &path, e->d_name), w);
    if (d)
        closedir(d);
    if (!bad)
        unlink(study_path(s, &path, "journal"));
    sbuf_free(&path);
    return bad ? -1 : 0;
}

static int
touch(const struct study *s, const char *name, const char *from, struct why *w)
{
    struct sbuf path = { 0 }, b = { 0 };
    int bad = from ? fsx_read(from, &b, 1 << 24, w) : 0;

    if (!bad)
        bad = fsx_replace(study_path(s, &path, name), b.s, b.len, w);
    sbuf_free(&path);
    sbuf_free(&b);
    return bad;
}

/* The commit it was told, or the caller's HEAD is at. */
static int
find_base(struct study *s, const struct init *in, struct why *w)
{
    struct git g = { .tree = s->repo.top };
    int bad = in->base ? 0
                       : git(&g, NULL, "rev-parse", "--verify", "-q",
                             "HEAD^{commit}");

    if (in->base)
        snprintf(s->base, sizeof s->base, "%s", in->base);
    else if (bad)
        why_set(w, "%s: no commit to start from; commit something first",
                s->repo.top);
    else
        memcpy(s->base, g.out.s, g.out.len + 1);
    sbuf_free(&g.out);
    return bad ? -1 : tree_of(s, s->base, s->base_tree, w);
}

/* A branch of this name, or one that makes it impossible. */
static int
check_names(struct study *s, struct why *w)
{
    struct git g = { .git_dir = s->repo.common };
    char at[OID];
    int bad = tree_branch(s, at, w);

    if (!bad && *at)
        bad = why_set(w,
                      "branch autoresearch/%s exists already; choose "
                      "another tag",
                      s->c.tag);
    if (!bad && git(&g, NULL, "rev-parse", "--verify", "-q",
                    "refs/heads/autoresearch") == 0)
        bad = why_set(w,
                      "a branch named autoresearch is in the way of "
                      "autoresearch/%s; rename it",
                      s->c.tag);
    sbuf_free(&g.out);
    return bad;
}

static int
write_study(struct loop *l, const struct init *in, struct why *w)
{
    struct study *s = &l->s;

    if (find_base(s, in, w) < 0 || check_names(s, w) < 0 ||
        touch(s, "protect", in->protect, w) < 0 || config_save(s, w) < 0 ||
        touch(s, "notes.md", NULL, w) < 0 || seal_make(s, w) < 0 ||
        journal_writable(&s->j, w) < 0)
        return -1;
    journal_begin(&s->rec, 0, "init");
    journal_field(&s->rec, "base", s->base);
    journal_field(&s->rec, "tree", s->base_tree);
    return study_record(s, w);
}

/* Protected files that the user has changed but not committed. */
static void
find_dirty(struct loop *l, struct sbuf *warn)
{
    struct git g = { .tree = l->s.repo.top };

    if (git(&g, NULL, "diff-index", "--name-only", "-z", l->s.base) == 0)
        for (const char *p = g.out.s; p && p < g.out.s + g.out.len;
             p += strlen(p) + 1)
            if (seal_protects(&l->seal, p))
                sbuf_addf(warn,
                          "%s: the committed version is sealed, not the "
                          "changed one in your tree\n",
                          p);
    sbuf_free(&g.out);
}

/* A study of this tag is there: what to do with it? 1: make a new one. */
static int
revisit(struct loop *l, const struct init *in, struct why *w)
{
    struct study *s = &l->s;
    struct loop old = { .s.lock = -1 };
    int bad = 0, same;

    if (!s->made)
        return wipe(s, w) < 0 ? -1 : 1;
    /* decided but not applied: killed in between, so not finished yet */
    if (s->n && s->exp[0].phase == PH_DECIDED && !(s->n == 1 && s->moving)) {
        if (strcmp(s->exp[0].result, "keep") == 0)
            return why_set(w,
                           "%s: the study exists already; go on with "
                           "ar-loop -t %s, or choose another tag",
                           s->c.tag, s->c.tag);
        return wipe(s, w) < 0 ? -1 : 1; /* a baseline that crashed */
    }
    bad = study_locate(&old.s, s->c.tag, w) < 0 || config_load(&old.s, w) < 0;
    same = !bad && same_settings(&old.s.c, &s->c);
    study_close(&old.s);
    (void)in;
    if (bad)
        return -1;
    return same ? 0
                : why_set(w,
                          "%s: a study with other settings was begun; finish "
                          "it with ar-loop -t %s -n 0, or remove it with "
                          "ar-init --remove -t %s",
                          s->c.tag, s->c.tag, s->c.tag);
}

int
init_study(struct loop *l, const struct init *in, struct sbuf *warn,
           struct why *w)
{
    struct study *s = &l->s;
    int r, was_there;

    *l = (struct loop){ .s.lock = -1 };
    if (study_locate(s, in->tag, w) < 0 || configure(l, in, w) < 0)
        return STUDY_FAIL;
    was_there = access(s->dir, F_OK) == 0;
    if (fsx_mkdirs(s->dir, w) < 0)
        return STUDY_FAIL;
    if ((r = study_lock(s, w)))
        return r;
    if (study_replay(s, w) < 0 || (r = was_there ? revisit(l, in, w) : 1) < 0)
        return STUDY_FAIL;
    if (r == 1) {
        int lock = s->lock;
        s->lock = -1;
        study_close(s); /* forget what an old journal said */
        if (study_locate(s, in->tag, w) < 0 || configure(l, in, w) < 0)
            return STUDY_FAIL;
        s->lock = lock;
        if (study_replay(s, w) < 0 || write_study(l, in, w) < 0) {
            struct why ignore;
            if (!s->made && wipe(s, &ignore) == 0)
                tree_remove(s->dir, &ignore);
            return STUDY_FAIL;
        }
    } else if (journal_writable(&s->j, w) < 0) {
        return STUDY_FAIL;
    }
    if ((r = loop_ready(l, w)))
        return r;
    find_dirty(l, warn);
    if ((r = loop_baseline(l, w)))
        return r;
    return strcmp(s->exp[0].result, "keep") != 0;
}

int
init_part(const char *tag, size_t i, char **name, struct why *w)
{
    const long apart = 1000003; /* more than a study has experiments */
    struct study of = { .lock = -1 }, part = { .lock = -1 };
    struct sbuf own = { 0 }, metric = { 0 }, protect = { 0 }, warn = { 0 };
    struct loop l = { .s.lock = -1 };
    int r = STUDY_FAIL;

    sbuf_addf(&own, "%s.%zu", tag, i);
    *name = own.s;
    if (own.failed)
        return why_set(w, "out of memory");
    if (study_open(&part, own.s, NULL) == 0) {
        r = 0;
    } else if (study_open(&of, tag, w) == 0) {
        const struct config *c = &of.c;
        struct init in = { .tag = own.s,
                           .run = c->run,
                           .eval = c->eval,
                           .accept = c->accept,
                           .protect = study_path(&of, &protect, "protect"),
                           .base = of.tip,
                           .budget = c->budget,
                           .limit = c->limit,
                           .grace = c->grace,
                           .seed = c->seed + apart * (long)(i + 1),
                           .cap = c->cap,
                           .trust_run = c->trust_run };
        sbuf_addf(&metric, "%s:%s:%s", c->metric, c->direction, c->regex);
        in.metric = metric.s;
        r = metric.failed ? why_set(w, "out of memory")
                          : init_study(&l, &in, &warn, w);
    }
    loop_close(&l);
    study_close(&of);
    study_close(&part);
    sbuf_free(&metric);
    sbuf_free(&protect);
    sbuf_free(&warn);
    return r;
}

void
init_explain(struct loop *l, struct sbuf *b)
{
    const struct exp *e = &l->s.exp[0];
    struct sbuf dir = { 0 };

    sbuf_addf(b,
              "%s: the baseline is no measurement: %s; see %s/tail, mend "
              "the command or the repository, and give ar-init again",
              l->s.c.tag,
              e->samples ? e->sample[e->samples - 1].note : e->status,
              child_log(&l->s, e, e->reps, &dir));
    sbuf_free(&dir);
}

int
init_remove(const char *tag, struct why *w)
{
    struct loop l = { .s.lock = -1 };
    struct study *s = &l.s;
    struct why inner = { "" };
    int r = 0;

    if (study_locate(s, tag, w) < 0)
        return STUDY_FAIL;
    if (access(s->dir, F_OK) < 0) {
        study_close(s);
        r = study_open(s, tag, w); /* says which there are */
    } else if ((r = study_lock(s, w)) == 0) {
        study_replay(s, &inner); /* a damaged one can be removed, too */
        r = wipe(s, w) < 0 || tree_remove(s->dir, w) < 0 ? STUDY_FAIL : 0;
    }
    loop_close(&l);
    return r;
}
