#include <stdarg.h>
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

int
git(struct git *g, struct why *w, const char *arg, ...)
{
    static const char *const fixed[] = {
        "git",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "commit.gpgSign=false",
        "-c",
        "core.trustctime=true",
        "-c",
        "core.untrackedCache=false",
        "-c",
        "core.autocrlf=false",
        "-c",
        "submodule.recurse=false",
        "-c",
        "advice.detachedHead=0",
        "-c",
        "core.safecrlf=false",
    };
    const char *argv[sizeof fixed / sizeof *fixed + MAXARG + 1];
    struct sbuf dir = { 0 }, tree = { 0 }, index = { 0 }, err = { 0 };
    char *add[24];
    size_t n = sizeof fixed / sizeof *fixed, k = 0;
    struct run r = { .argv = (char *const *)argv, .finish = 1, .grace = 5 };
    va_list ap;
    int bad;

    memcpy(argv, fixed, sizeof fixed);
    va_start(ap, arg);
    for (argv[n++] = arg; (argv[n] = va_arg(ap, const char *)); n++)
        ;
    va_end(ap);
    sbuf_addf(&dir, "GIT_DIR=%s", g->git_dir ? g->git_dir : "");
    sbuf_addf(&tree, "GIT_WORK_TREE=%s", g->tree ? g->tree : "");
    sbuf_addf(&index, "GIT_INDEX_FILE=%s", g->index ? g->index : "");
    k = keep_some(add);
    add[k++] = (char *)"GIT_OPTIONAL_LOCKS=0";
    add[k++] = (char *)"GIT_TERMINAL_PROMPT=0";
    if (g->git_dir)
        add[k++] = dir.s;
    if (g->tree && g->git_dir)
        add[k++] = tree.s;
    if (g->index)
        add[k++] = index.s;
    if (g->anonymous) {
        add[k++] = (char *)"GIT_AUTHOR_NAME=learnutils";
        add[k++] = (char *)"GIT_AUTHOR_EMAIL=learnutils@localhost";
        add[k++] = (char *)"GIT_COMMITTER_NAME=learnutils";
        add[k++] = (char *)"GIT_COMMITTER_EMAIL=learnutils@localhost";
    }
    add[k] = NULL;
    r.env = run_env("GIT_", add);
    r.dir = g->tree;
    r.in = g->in;
    r.in_len = g->in_len;
    sbuf_clear(&g->out);
    r.out.text = &g->out;
    r.err.text = &err;
    r.err.cap = 65536;
    bad = run(&r, w);
    g->code = run_status(&r);
    if (!bad && g->code != 0)
        bad = complain(arg, &err, w);
    else if (!bad && (g->out.failed || sbuf_reserve(&g->out, 1) < 0))
        bad = why_set(w, "out of memory");
    if (g->out.len > 0 && g->out.s[g->out.len - 1] == '\n')
        g->out.s[--g->out.len] = '\0';
    free((char **)r.env);
    sbuf_free(&dir);
    sbuf_free(&tree);
    sbuf_free(&index);
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
        known || (git(&g, NULL, "config", "--get", "user.name", NULL) == 0 &&
                  g.out.len > 0 &&
                  git(&g, NULL, "config", "--get", "user.email", NULL) == 0 &&
                  g.out.len > 0);

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
