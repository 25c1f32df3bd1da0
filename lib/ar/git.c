#include <stdlib.h>
#include <string.h>

#include "ar/git.h"
#include "common/run.h"

enum { MAXARG = 20 };

extern char **environ;

/* What went wrong, from git's own words: the last line of them. */
static int
complain(const char *what, struct sbuf *err, struct why *w)
{
    char *p;

    while (err->len > 0 && err->s[err->len - 1] == '\n')
        err->s[--err->len] = '\0';
    p = err->len ? strrchr(err->s, '\n') : NULL;
    p = p ? p + 1 : err->s;
    if (p && strncmp(p, "fatal: ", 7) == 0)
        p += 7;
    return why_set(w, "git %s: %s", what, p && *p ? p : "failed");
}

/* Of the caller's GIT_* variables those that do not name a repository. */
static size_t
keep_some(char **add)
{
    static const char *const keep[] = {
        "GIT_CONFIG_GLOBAL",   "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
        "GIT_AUTHOR_NAME",     "GIT_AUTHOR_EMAIL",  "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL", "GIT_EXEC_PATH",
    };
    size_t k = 0;

    for (size_t i = 0; i < sizeof keep / sizeof *keep; i++) {
        size_t n = strlen(keep[i]);
        for (char **e = environ; *e; e++)
            if (strncmp(*e, keep[i], n) == 0 && (*e)[n] == '=')
                add[k++] = *e;
    }
    return k;
}

/* The variables of one call; the three texts live in b. */
static char **
environment(const struct git *g, struct sbuf b[3])
{
    static const char *const nobody[] = {
        "GIT_AUTHOR_NAME=learnutils",
        "GIT_AUTHOR_EMAIL=learnutils@localhost",
        "GIT_COMMITTER_NAME=learnutils",
        "GIT_COMMITTER_EMAIL=learnutils@localhost",
    };
    char *add[24];
    size_t k = keep_some(add);

    sbuf_addf(&b[0], "GIT_DIR=%s", g->git_dir ? g->git_dir : "");
    sbuf_addf(&b[1], "GIT_WORK_TREE=%s", g->tree ? g->tree : "");
    sbuf_addf(&b[2], "GIT_INDEX_FILE=%s", g->index ? g->index : "");
    if (b[0].failed || b[1].failed || b[2].failed)
        return NULL;
    add[k++] = (char *)"GIT_OPTIONAL_LOCKS=0";
    add[k++] = (char *)"GIT_TERMINAL_PROMPT=0";
    if (g->git_dir)
        add[k++] = b[0].s;
    if (g->tree && g->git_dir)
        add[k++] = b[1].s;
    if (g->index)
        add[k++] = b[2].s;
    for (size_t i = 0; g->anonymous && i < 4; i++)
        add[k++] = (char *)nobody[i];
    add[k] = NULL;
    return run_env("GIT_", add);
}

int
git_run(struct git *g, struct why *w, const char *const *arg)
{
    static const char *const set[] = {
        "core.hooksPath=/dev/null",  "core.fsmonitor=false",
        "core.trustctime=true",      "core.untrackedCache=false",
        "core.autocrlf=false",       "core.safecrlf=false",
        "commit.gpgSign=false",      "submodule.recurse=false",
        "core.sparseCheckout=false", "core.splitIndex=false",
    };
    enum { NSET = sizeof set / sizeof *set };
    const char *argv[1 + 2 * NSET + MAXARG + 1] = { "git" };
    struct sbuf b[3] = { { 0 } }, err = { 0 };
    char **env = environment(g, b);
    struct run r = { .argv = (char *const *)argv,
                     .env = env,
                     .dir = g->tree,
                     .in = g->in,
                     .in_len = g->in_len,
                     .finish = 1,
                     .out.text = &g->out,
                     .err = { .text = &err, .cap = 65536 } };
    size_t n = 1;
    int bad;

    for (size_t i = 0; i < NSET; i++) {
        argv[n++] = "-c";
        argv[n++] = set[i];
    }
    for (size_t i = 0; i < MAXARG && arg[i]; i++)
        argv[n++] = arg[i];
    sbuf_clear(&g->out);
    bad = env ? run(&r, w) : why_set(w, "out of memory");
    g->code = run_status(&r);
    if (!bad && g->code != 0)
        bad = complain(arg[0], &err, w);
    else if (!bad && (g->out.failed || sbuf_reserve(&g->out, 1) < 0))
        bad = why_set(w, "out of memory");
    if (g->out.len > 0 && g->out.s[g->out.len - 1] == '\n')
        g->out.s[--g->out.len] = '\0';
    free(env);
    for (int i = 0; i < 3; i++)
        sbuf_free(&b[i]);
    sbuf_free(&err);
    return bad;
}

int
git_anonymous(const char *git_dir)
{
    struct git g = { .git_dir = git_dir };
    int known = getenv("GIT_AUTHOR_NAME") && getenv("GIT_AUTHOR_EMAIL") &&
                getenv("GIT_COMMITTER_NAME") && getenv("GIT_COMMITTER_EMAIL");

    known =
        known ||
        (git(&g, NULL, "config", "--get", "user.name") == 0 && g.out.len > 0 &&
         git(&g, NULL, "config", "--get", "user.email") == 0 && g.out.len > 0);

    sbuf_free(&g.out);
    return !known;
}

/* One rev-parse question, asked with the caller's own GIT_* variables. */
static char *
ask(const char *question)
{
    const char *argv[] = { "git", "rev-parse", "--path-format=absolute",
                           question, NULL };
    struct sbuf out = { 0 };
    struct run r = { .argv = (char *const *)argv, .out.text = &out };

    if (run(&r, NULL) < 0 || run_status(&r) != 0 || out.len == 0) {
        sbuf_free(&out);
        return NULL;
    }
    out.s[out.len - 1] = '\0';
    return out.s;
}

int
repo_find(struct repo *r, struct why *w)
{
    *r = (struct repo){ 0 };
    if (!(r->common = ask("--git-common-dir")))
        return why_set(w, "not inside a git repository; cd into one, or start "
                          "one with git init");
    if (!(r->top = ask("--show-toplevel")) && !(r->top = strdup(r->common)))
        return why_set(w, "out of memory");
    return 0;
}

void
repo_free(struct repo *r)
{
    free(r->common);
    free(r->top);
    *r = (struct repo){ 0 };
}

int
git_is_oid(const char *s)
{
    size_t n = strspn(s, "0123456789abcdef");

    return s[n] == '\0' && (n == 40 || n == 64);
}
