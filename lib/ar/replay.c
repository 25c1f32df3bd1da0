/*
 * replay.c - the journal's records, one after the other, become the state of
 * the study. What a running loop writes goes through the same function, so a
 * restart cannot see anything else than the loop saw.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ar/study.h"

static const char *
text(const struct record *r, const char *key)
{
    const char *v = record_get(r, key);

    return v ? v : "";
}

static double
number(const struct record *r, const char *key)
{
    const char *v = record_get(r, key);

    return v && *v ? strtod(v, NULL) : NAN;
}

static long
whole(const struct record *r, const char *key)
{
    return strtol(text(r, key), NULL, 10);
}

static int
oid(char to[OID], const struct record *r, const char *key, struct why *w)
{
    const char *v = text(r, key);

    if (!git_is_oid(v))
        return why_set(w, "experiment %ld: %s record without %s", r->seq,
                       r->phase, key);
    memcpy(to, v, strlen(v) + 1); /* git_is_oid limits its length */
    return 0;
}

static int
own(char **to, const char *s, struct why *w)
{
    free(*to);
    return (*to = strdup(s)) ? 0 : why_set(w, "out of memory");
}

/* The experiment a record is about; a new one when it is the next. */
static struct exp *
find(struct study *s, const struct record *r, int may_begin)
{
    struct exp *p;

    if (r->seq >= 0 && (size_t)r->seq < s->n)
        return &s->exp[r->seq];
    if (!may_begin || r->seq != (long)s->n || study_open_exp(s))
        return NULL;
    if ((s->n & (s->n - 1)) == 0) {
        if (!(p = realloc(s->exp, (s->n ? 2 * s->n : 1) * sizeof *p)))
            return NULL;
        s->exp = p;
    }
    p = &s->exp[s->n++];
    *p = (struct exp){
        .seq = r->seq, .metric = NAN, .incumbent = NAN, .memory_gb = NAN
    };
    return p;
}

static int
ended(struct exp *e, const struct record *r, struct why *w)
{
    struct sample *p = realloc(e->sample, (e->samples + 1) * sizeof *p);

    if (!p)
        return why_set(w, "out of memory");
    e->sample = p;
    p += e->samples++;
    *p = (struct sample){
        .rep = whole(r, "rep"),
        .seed = whole(r, "seed"),
        .start_ns = strtoll(text(r, "start_ns"), NULL, 10),
        .wall = number(r, "wall_s"),
        .cpu = number(r, "cpu_s"),
        .maxrss_kb = whole(r, "maxrss_kb"),
        .vram_mb = number(r, "vram_mb"),
        .code = *text(r, "rc") ? (int)whole(r, "rc") : -1,
        .sig = (int)whole(r, "sig"),
        .metric = number(r, "metric"),
    };
    snprintf(p->class, sizeof p->class, "%s", text(r, "class"));
    snprintf(p->note, sizeof p->note, "%s", text(r, "note"));
    e->phase = PH_END;
    return 0;
}

static void
move(struct study *s, const char *to)
{
    memcpy(s->from, s->tip, OID);
    memmove(s->tip, to, OID);
    s->moving = 1;
}

static int
decided(struct study *s, struct exp *e, const struct record *r, struct why *w)
{
    snprintf(e->status, sizeof e->status, "%s", text(r, "status"));
    snprintf(e->result, sizeof e->result, "%s", text(r, "result"));
    e->metric = number(r, "metric");
    e->incumbent = number(r, "incumbent");
    e->memory_gb = number(r, "memory_gb");
    e->time_ns = r->time_ns;
    e->phase = PH_DECIDED;
    if (e->samples || strcmp(e->status, "seal_violation") == 0)
        e->tried = 1;
    if (strcmp(e->result, "keep") == 0)
        move(s, e->commit);
    return own(&e->description, text(r, "description"), w) < 0 ||
                   own(&e->note, text(r, "note"), w) < 0 ||
                   own(&e->policy, text(r, "policy"), w) < 0
               ? -1
               : 0;
}

static int
override(struct study *s, struct exp *e, const struct record *r, struct why *w)
{
    char to[OID];

    if (oid(to, r, "tip", w) < 0)
        return -1;
    snprintf(e->status, sizeof e->status, "%s",
             strcmp(r->phase, "keep") == 0 ? "keep" : "discard");
    memcpy(e->result, e->status, sizeof e->result);
    if (strcmp(to, s->tip) != 0)
        move(s, to);
    return own(&e->policy, "human", w);
}

static int
begun(struct study *s, struct exp *e, const struct record *r, struct why *w)
{
    if (strcmp(r->phase, "propose") == 0) {
        e->phase = PH_PROPOSE;
        return oid(e->parent, r, "parent", w);
    }
    e->phase = PH_PROPOSED;
    (void)s;
    snprintf(e->verdict, sizeof e->verdict, "%s", text(r, "verdict"));
    if (oid(e->parent, r, "parent", w) < 0 ||
        oid(e->commit, r, "commit", w) < 0 || oid(e->tree, r, "tree", w) < 0)
        return -1;
    return own(&e->description, text(r, "description"), w) < 0 ||
                   own(&e->hypothesis, text(r, "hypothesis"), w) < 0
               ? -1
               : 0;
}

static int
apply(const struct record *r, void *ctx, struct why *w)
{
    struct study *s = ctx;
    const char *ph = r->phase;
    struct exp *e;

    if (strcmp(ph, "init") == 0) {
        s->made = 1;
        if (oid(s->base, r, "base", w) < 0)
            return -1;
        memcpy(s->tip, s->base, OID);
        return oid(s->base_tree, r, "tree", w);
    }
    if (strcmp(ph, "applied") == 0) {
        s->moving = 0;
        return 0;
    }
    e = find(s, r, strcmp(ph, "propose") == 0 || r->seq == 0);
    if (!e)
        return why_set(w, "%s: %s record of experiment %ld out of order",
                       s->j.path, ph, r->seq);
    if (strcmp(ph, "propose") == 0 || strcmp(ph, "proposed") == 0)
        return begun(s, e, r, w);
    if (strcmp(ph, "sealed") == 0) {
        e->phase = PH_SEALED;
    } else if (strcmp(ph, "start") == 0) {
        e->phase = PH_START;
        e->reps = whole(r, "rep");
    } else if (strcmp(ph, "end") == 0) {
        return ended(e, r, w);
    } else if (strcmp(ph, "decided") == 0) {
        return decided(s, e, r, w);
    } else if (strcmp(ph, "keep") == 0 || strcmp(ph, "drop") == 0) {
        return override(s, e, r, w);
    }
    return 0;
}

int
study_replay(struct study *s, struct why *w)
{
    struct sbuf path = { 0 };
    int bad = journal_read(&s->j, study_path(s, &path, "journal"), apply, s, w);

    sbuf_free(&path);
    return bad;
}

int
study_record(struct study *s, struct why *w)
{
    struct record r;
    const char *ph = s->rec.s ? strchr(s->rec.s, '\t') : NULL;
    /* these two announce nothing: losing them repeats a harmless step */
    int sync = !ph || (strncmp(ph, "\tsealed\t", 8) != 0 &&
                       strncmp(ph, "\tapplied\t", 9) != 0);

    if (journal_append(&s->j, &s->rec, sync, w) < 0)
        return -1;
    if (record_parse(&r, s->rec.s) < 0)
        return why_set(w, "%s: a record could not be read back", s->j.path);
    return apply(&r, s, w);
}
