#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ar/child.h"
#include "ar/text.h"
#include "common/fsx.h"

enum { MAXVAR = 20, TAIL = 2048 };

const char *
child_log(const struct study *s, const struct exp *e, long rep, struct sbuf *b)
{
    sbuf_clear(b);
    sbuf_addf(b, "%s/log/%06ld.%ld", s->dir, e->seq, rep);
    return b->failed ? "" : b->s;
}

/* Variables of one command, NUL-separated in one buffer. */
struct vars {
    struct sbuf b;
    size_t at[MAXVAR], n;
};

static void __attribute__((format(printf, 3, 4)))
set(struct vars *v, const char *name, const char *fmt, ...)
{
    char number[64];
    va_list ap;

    v->at[v->n++] = v->b.len;
    sbuf_addf(&v->b, "%s=", name);
    va_start(ap, fmt);
    if (strcmp(fmt, "%s") == 0) {
        sbuf_adds(&v->b, va_arg(ap, const char *));
    } else {
        vsnprintf(number, sizeof number, fmt, ap);
        sbuf_adds(&v->b, number);
    }
    va_end(ap);
    sbuf_add(&v->b, "", 1);
}

static char **
environment(struct study *s, const struct exp *e, const struct child *c,
            struct vars *v)
{
    struct exp *inc = study_incumbent(s);
    struct sbuf b = { 0 };
    char *add[MAXVAR + 1];

    set(v, "AR_TAG", "%s", s->c.tag);
    set(v, "AR_SEQ", "%ld", e->seq);
    set(v, "AR_DIR", "%s", s->dir);
    set(v, "AR_REPO", "%s", s->c.repo);
    set(v, "AR_WORKTREE", "%s", study_path(s, &b, "wt/0"));
    set(v, "AR_SEALED", "%s", study_path(s, &b, "sealed"));
    set(v, "AR_HISTORY", "%s", study_path(s, &b, "results.tsv"));
    set(v, "AR_NOTES", "%s", study_path(s, &b, "notes.md"));
    set(v, "AR_METRIC", "%s", s->c.metric);
    set(v, "AR_DIRECTION", "%s", s->c.direction);
    if (inc)
        set(v, "AR_BEST", "%.17g", inc->metric);
    else
        set(v, "AR_BEST", "%s", "");
    set(v, "AR_PARENT", "%s", s->tip);
    if (s->c.budget > 0)
        set(v, "AR_BUDGET", "%.17g", s->c.budget);
    else
        set(v, "AR_BUDGET", "%s", "");
    set(v, "AR_SEED", "%ld", c->seed);
    set(v, "AR_RUN", "%s", child_log(s, e, c->rep, &b));
    /* python would leave caches in the sealed tree */
    set(v, "PYTHONDONTWRITEBYTECODE", "%s", "1");
    sbuf_free(&b);
    if (v->b.failed)
        return NULL;
    for (size_t i = 0; i < v->n; i++)
        add[i] = v->b.s + v->at[i];
    add[v->n] = NULL;
    return run_env("GIT_", add);
}

static int
open_log(struct study *s, const struct exp *e, const struct child *c,
         const char *stream, struct why *w)
{
    struct sbuf b = { 0 };
    int fd = -1;

    if (fsx_mkdirs(child_log(s, e, c->rep, &b), w) == 0) {
        sbuf_addf(&b, "/%s%s%s", c->name, *c->name ? "." : "", stream);
        fd = b.failed
                 ? -1
                 : open(b.s, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0)
            why_set(w, "%s: %s", b.s ? b.s : "log", strerror(errno));
    }
    sbuf_free(&b);
    return fd;
}

int
child_run(struct study *s, const struct exp *e, struct child *c, struct why *w)
{
    const char *argv[] = { "/bin/sh", "-c", c->cmd, NULL };
    struct vars v = { .n = 0 };
    char **env = environment(s, e, c, &v);
    int out = open_log(s, e, c, "stdout", w), bad = 0;
    int err = out < 0 ? -1 : open_log(s, e, c, "stderr", w);

    c->r = (struct run){
        .argv = (char *const *)argv,
        .env = env,
        .dir = c->dir,
        .limit = c->limit,
        .grace = s->c.grace,
        .out = { .fd = out, .cap = (size_t)s->c.cap, .text = c->out },
        .err = { .fd = err, .cap = (size_t)s->c.cap },
    };
    if (!env)
        bad = why_set(w, "out of memory");
    else
        bad = err < 0 ? -1 : run(&c->r, w);
    if (out >= 0)
        close(out);
    if (err >= 0)
        close(err);
    c->r.argv = NULL;
    c->r.env = NULL;
    free(env);
    sbuf_free(&v.b);
    return bad;
}

/* The end of one stream, for a reader with little room. */
static void
add_tail(struct sbuf *to, const char *dir, const char *name, size_t max)
{
    struct sbuf path = { 0 }, text = { 0 };

    sbuf_addf(&path, "%s/%s", dir, name);
    if (!path.failed && fsx_read(path.s, &text, (size_t)1 << 31, NULL) == 0 &&
        text.len)
        text_tail(to, text.s, text.len, max);
    sbuf_free(&path);
    sbuf_free(&text);
}

/* Logs may be lost in a power cut; syncing them would double our time. */
static int
write_log(const char *dir, const char *name, const struct sbuf *b,
          struct why *w)
{
    struct sbuf path = { 0 };
    FILE *fp = NULL;
    int bad = b->failed;

    sbuf_addf(&path, "%s/%s", dir, name);
    if (path.failed || !(fp = fopen(path.s, "w")) ||
        (b->len && fwrite(b->s, 1, b->len, fp) != b->len))
        bad = 1;
    if (fp && fclose(fp))
        bad = 1;
    if (bad)
        why_set(w, "%s/%s: %s", dir, name, strerror(errno));
    sbuf_free(&path);
    return bad ? -1 : 0;
}

int
child_report(struct study *s, const struct exp *e, const struct child *c,
             const char *class, struct why *w)
{
    struct sbuf dir = { 0 }, b = { 0 }, tail = { 0 };
    int bad;

    child_log(s, e, c->rep, &dir);
    sbuf_addf(&b, "key\tvalue\nseq\t%ld\nrep\t%ld\nclass\t%s\nexit\t%d\n",
              e->seq, c->rep, class, run_status(&c->r));
    sbuf_addf(&b, "wall_s\t%.3f\ncpu_s\t%.3f\nmaxrss_kb\t%ld\n", c->r.wall,
              c->r.cpu, c->r.maxrss_kb);
    sbuf_addf(&b, "stdout_bytes\t%llu\nstderr_bytes\t%llu\nstrays\t%d\n",
              c->r.out.seen, c->r.err.seen, c->r.strays);
    add_tail(&tail, dir.s, "stdout", TAIL / 2);
    add_tail(&tail, dir.s, "stderr", TAIL - tail.len);
    bad = write_log(dir.s, "meta.tsv", &b, w) < 0 ||
          write_log(dir.s, "tail", &tail, w) < 0;
    sbuf_free(&dir);
    sbuf_free(&b);
    sbuf_free(&tail);
    return bad ? -1 : 0;
}

/* Does the process have AR_RUN=DIR/log/... in its environment? */
static int
belongs(const char *pid, const char *mark)
{
    struct sbuf b = { 0 };
    char path[64];
    size_t n = strlen(mark);
    int found = 0;

    snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    if (fsx_read(path, &b, 1 << 22, NULL) == 0)
        for (size_t i = 0; !found && i < b.len; i += strlen(b.s + i) + 1)
            found = strncmp(b.s + i, mark, n) == 0;
    sbuf_free(&b);
    return found;
}

static pid_t
parent_of(pid_t pid)
{
    struct sbuf b = { 0 };
    char path[64], *p;
    pid_t up = 0;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    if (fsx_read(path, &b, 65536, NULL) == 0 && b.s &&
        (p = strrchr(b.s, ')')) && strlen(p) > 4)
        up = (pid_t)strtol(p + 4, NULL, 10);
    sbuf_free(&b);
    return up;
}

static int
ancestor(pid_t pid)
{
    for (pid_t p = getpid(); p > 1; p = parent_of(p))
        if (p == pid)
            return 1;
    return 0;
}

int
child_strays(const struct study *s)
{
    struct sbuf mark = { 0 };
    struct dirent *e;
    DIR *d = opendir("/proc");
    int n = 0;

    sbuf_addf(&mark, "AR_RUN=%s/log/", s->dir);
    while (d && !mark.failed && (e = readdir(d))) {
        pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
        if (!isdigit((unsigned char)e->d_name[0]) ||
            !belongs(e->d_name, mark.s) || ancestor(pid))
            continue;
        if (kill(pid, SIGKILL) == 0)
            n++;
    }
    if (d)
        closedir(d);
    sbuf_free(&mark);
    return n;
}
