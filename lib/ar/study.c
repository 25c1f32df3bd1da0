#include <sys/file.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ar/study.h"
#include "common/fsx.h"
#include "common/tsv.h"

enum { FORMAT = 1 };

const char *
study_path(const struct study *s, struct sbuf *b, const char *name)
{
    sbuf_clear(b);
    sbuf_addf(b, "%s/%s", s->dir, name);
    return b->failed ? "" : b->s;
}

const char *
study_ref(const struct study *s, struct sbuf *b, long seq)
{
    sbuf_clear(b);
    sbuf_addf(b, "refs/ar/%s/exp/%06ld", s->c.tag, seq);
    return b->failed ? "" : b->s;
}

int
study_tag_ok(const char *tag)
{
    size_t n = strlen(tag);

    if (n == 0 || n > 100 || tag[0] == '.' || tag[0] == '-' ||
        tag[n - 1] == '.' || strstr(tag, ".."))
        return 0;
    if (n > 5 && strcmp(tag + n - 5, ".lock") == 0)
        return 0;
    return strspn(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                       "0123456789._-") == n;
}

int
study_locate(struct study *s, const char *tag, struct why *w)
{
    struct sbuf dir = { 0 }, branch = { 0 };

    *s = (struct study){ .lock = -1, .j.fd = -1 };
    if (!study_tag_ok(tag))
        return why_set(w, "%s: not a tag: use letters, digits, . _ and -", tag);
    if (repo_find(&s->repo, w) < 0)
        return -1;
    sbuf_addf(&dir, "%s/ar/%s", s->repo.common, tag);
    sbuf_addf(&branch, "refs/heads/autoresearch/%s", tag);
    s->dir = dir.s;
    s->branch = branch.s;
    s->c.tag = strdup(tag);
    if (dir.failed || branch.failed || !s->c.tag)
        return why_set(w, "out of memory");
    return 0;
}

/* The text settings of config.tsv, by name. */
static char **
setting(struct config *c, const char *name)
{
    struct {
        const char *name;
        char **to;
    } all[] = {
        { "tag", &c->tag },       { "metric", &c->metric },
        { "run", &c->run },       { "direction", &c->direction },
        { "eval", &c->eval },     { "regex", &c->regex },
        { "accept", &c->accept }, { "repo", &c->repo },
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i].to;
    return NULL;
}

static void
put(struct sbuf *b, const char *name, const char *val)
{
    sbuf_addf(b, "%s\t", name);
    tsv_escape(b, val ? val : "");
    sbuf_adds(b, "\n");
}

int
config_save(const struct study *s, struct why *w)
{
    const struct config *c = &s->c;
    struct sbuf b = { 0 }, path = { 0 };
    int bad;

    sbuf_addf(&b, "key\tvalue\nversion\t%d\n", FORMAT);
    put(&b, "tag", c->tag);
    put(&b, "metric", c->metric);
    put(&b, "direction", c->direction);
    put(&b, "regex", c->regex);
    put(&b, "run", c->run);
    put(&b, "eval", c->eval);
    sbuf_addf(&b, "trust_run\t%d\n", c->trust_run);
    put(&b, "accept", c->accept);
    sbuf_addf(&b, "budget\t%.17g\n", c->budget);
    sbuf_addf(&b, "timeout\t%.17g\n", c->limit);
    sbuf_addf(&b, "grace\t%.17g\n", c->grace);
    sbuf_addf(&b, "output_cap\t%ld\n", c->cap);
    sbuf_addf(&b, "seed\t%ld\n", c->seed);
    put(&b, "repo", c->repo);
    bad = b.failed
              ? why_set(w, "out of memory")
              : fsx_replace(study_path(s, &path, "config.tsv"), b.s, b.len, w);
    sbuf_free(&b);
    sbuf_free(&path);
    return bad;
}

static int
config_line(struct config *c, char *line, struct why *w)
{
    char *f[2], **to;

    if (tsv_split(line, f, 2) != 2)
        return why_set(w, "not a key and a value");
    if ((to = setting(c, f[0]))) {
        free(*to);
        if (!(*to = strdup(f[1])))
            return why_set(w, "out of memory");
    } else if (strcmp(f[0], "version") == 0 &&
               strtol(f[1], NULL, 10) > FORMAT) {
        return why_set(w, "format %s is newer than this program", f[1]);
    } else if (strcmp(f[0], "trust_run") == 0) {
        c->trust_run = strcmp(f[1], "1") == 0;
    } else if (strcmp(f[0], "budget") == 0) {
        c->budget = strtod(f[1], NULL);
    } else if (strcmp(f[0], "timeout") == 0) {
        c->limit = strtod(f[1], NULL);
    } else if (strcmp(f[0], "grace") == 0) {
        c->grace = strtod(f[1], NULL);
    } else if (strcmp(f[0], "output_cap") == 0) {
        c->cap = strtol(f[1], NULL, 10);
    } else if (strcmp(f[0], "seed") == 0) {
        c->seed = strtol(f[1], NULL, 10);
    }
    return 0;
}

int
config_load(struct study *s, struct why *w)
{
    struct sbuf b = { 0 }, path = { 0 };
    struct why inner;
    int n = 1, bad = 0;

    if (fsx_read(study_path(s, &path, "config.tsv"), &b, 1 << 20, w) < 0) {
        bad = -1;
    } else if (strncmp(b.s, "key\tvalue\n", 10) != 0) {
        bad = why_set(w, "%s: not a configuration of a study", path.s);
    } else {
        for (char *p = b.s + 10, *nl; !bad && *p; p = nl + 1) {
            n++;
            if (!(nl = strchr(p, '\n')))
                break;
            *nl = '\0';
            if (config_line(&s->c, p, &inner) < 0)
                bad = why_set(w, "%s:%d: %s", path.s, n, inner.s);
        }
        if (!bad && (!s->c.metric || !s->c.direction || !s->c.run ||
                     !s->c.eval || !s->c.regex || !s->c.accept || !s->c.repo))
            bad = why_set(w, "%s: a setting is missing", path.s);
    }
    sbuf_free(&b);
    sbuf_free(&path);
    return bad;
}

/* Explain that there is no study of this tag by listing those there are. */
static int
no_such(const struct study *s, struct why *w)
{
    struct sbuf b = { 0 }, path = { 0 };
    struct dirent *e;
    DIR *d;
    size_t n = 0;

    sbuf_addf(&path, "%s/ar", s->repo.common);
    d = path.failed ? NULL : opendir(path.s);
    while (d && (e = readdir(d)))
        if (e->d_name[0] != '.' && study_tag_ok(e->d_name))
            sbuf_addf(&b, "%s%s", n++ ? " " : "", e->d_name);
    if (d)
        closedir(d);
    if (n)
        why_set(w, "%s: no such study here; there is: %s", s->c.tag, b.s);
    else
        why_set(w,
                "%s: no such study, and no other one here; make one with "
                "ar-init",
                s->c.tag);
    sbuf_free(&b);
    sbuf_free(&path);
    return -1;
}

int
study_open(struct study *s, const char *tag, struct why *w)
{
    struct sbuf path = { 0 };
    int there;

    if (study_locate(s, tag, w) < 0)
        return -1;
    there = access(study_path(s, &path, "config.tsv"), F_OK) == 0;
    sbuf_free(&path);
    if (!there)
        return no_such(s, w);
    if (config_load(s, w) < 0 || study_replay(s, w) < 0)
        return -1;
    if (!s->made)
        return why_set(w,
                       "%s: the study was never finished; give the same "
                       "ar-init again",
                       tag);
    return 0;
}

int
study_lock(struct study *s, struct why *w)
{
    struct sbuf path = { 0 };
    int bad = 0;

    s->lock =
        open(study_path(s, &path, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (s->lock < 0) {
        bad = why_set(w, "%s: %s", path.s, strerror(errno));
    } else if (flock(s->lock, LOCK_EX | LOCK_NB) < 0) {
        why_set(w, "%s: another program is working on this study", s->c.tag);
        bad = errno == EWOULDBLOCK ? STUDY_BUSY : STUDY_FAIL;
        close(s->lock);
        s->lock = -1;
    }
    sbuf_free(&path);
    return bad;
}

struct exp *
study_open_exp(struct study *s)
{
    return s->n && s->exp[s->n - 1].phase < PH_DECIDED ? &s->exp[s->n - 1]
                                                       : NULL;
}

struct exp *
study_incumbent(struct study *s)
{
    for (size_t i = s->n; i-- > 0;)
        if (strcmp(s->exp[i].commit, s->tip) == 0 &&
            strcmp(s->exp[i].result, "keep") == 0)
            return &s->exp[i];
    return NULL;
}

void
study_close(struct study *s)
{
    char *own[] = { s->dir,         s->branch,  s->c.tag, s->c.metric,
                    s->c.direction, s->c.regex, s->c.run, s->c.eval,
                    s->c.accept,    s->c.repo };

    for (size_t i = 0; i < s->n; i++) {
        free(s->exp[i].hypothesis);
        free(s->exp[i].description);
        free(s->exp[i].policy);
        free(s->exp[i].note);
        free(s->exp[i].sample);
    }
    free(s->exp);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        free(own[i]);
    sbuf_free(&s->rec);
    journal_close(&s->j);
    repo_free(&s->repo);
    if (s->lock >= 0)
        close(s->lock);
    *s = (struct study){ .lock = -1, .j.fd = -1 };
}
