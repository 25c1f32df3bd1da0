#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ar/seal.h"
#include "common/fsx.h"
#include "common/run.h"
#include "common/tsv.h"

enum { BATCH = 256, DEEPEST = 200 };

static const char *const roots[] = { "sealed", "repo", "abs" };

static int
by_path(const void *a, const void *b)
{
    const struct sealed *x = a, *y = b;

    return x->root != y->root ? (int)x->root - (int)y->root
                              : strcmp(x->path, y->path);
}

void
seal_free(struct seal *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->e[i].path);
        free(l->e[i].full);
    }
    for (size_t i = 0; i < l->patterns; i++)
        free(l->pattern[i]);
    free(l->e);
    free(l->pattern);
    *l = (struct seal){ 0 };
}

static const char *
root_dir(const struct study *s, enum seal_root root, struct sbuf *b)
{
    sbuf_clear(b);
    if (root == SEAL_TREE)
        return study_path(s, b, "sealed");
    sbuf_adds(b, root == SEAL_REPO ? s->c.repo : "");
    return b->failed ? "" : b->s;
}

int
seal_add(struct seal *l, const struct study *s, enum seal_root root,
         const char *path, struct why *w)
{
    struct sbuf dir = { 0 }, full = { 0 };
    struct sealed *e;

    if ((l->n & (l->n - 1)) == 0) {
        e = realloc(l->e, (l->n ? 2 * l->n : 1) * sizeof *e);
        if (!e)
            return why_set(w, "out of memory");
        l->e = e;
    }
    sbuf_addf(&full, "%s%s%s", root_dir(s, root, &dir),
              root == SEAL_ABS ? "" : "/", path);
    e = &l->e[l->n];
    *e = (struct sealed){ .root = root, .path = strdup(path), .full = full.s };
    sbuf_free(&dir);
    if (!e->path || full.failed)
        return why_set(w, "out of memory");
    l->n++;
    return 0;
}

/* Take a finished batch of sha256sum's answers apart. */
static int
take_hashes(struct sealed **e, char (*sha)[OID], size_t n,
            const struct sbuf *out, struct why *w)
{
    const char *p = out->s, *end = p + out->len;

    for (size_t i = 0; i < n; i++) {
        const char *nul = p < end ? memchr(p, '\0', (size_t)(end - p)) : NULL;
        if (!nul || nul - p < 66 || strspn(p, "0123456789abcdef") != 64)
            return why_set(w, "%s: sha256sum gave no hash", e[i]->path);
        memcpy(sha[i], p, 64);
        sha[i][64] = '\0';
        p = nul + 1;
    }
    return 0;
}

static int
hash_batch(struct sealed **e, char (*sha)[OID], size_t n, struct why *w)
{
    const char *argv[BATCH + 4] = { "sha256sum", "-z", "--" };
    struct sbuf out = { 0 };
    struct run r = { .argv = (char *const *)argv, .out.text = &out };
    int bad;

    for (size_t i = 0; i < n; i++)
        argv[3 + i] = e[i]->full;
    argv[3 + n] = NULL;
    bad = run(&r, w) < 0 || take_hashes(e, sha, n, &out, w) < 0;
    sbuf_free(&out);
    return bad ? -1 : 0;
}

/* The hash of a link is that of the name it points to. */
static int
hash_link(struct sealed *e, char *sha, struct why *w)
{
    static const char *const argv[] = { "sha256sum", "-z", NULL };
    char target[4096];
    ssize_t n = readlink(e->full, target, sizeof target);
    struct sbuf out = { 0 };
    struct run r = { .argv = (char *const *)argv,
                     .in = target,
                     .out.text = &out };
    int bad;

    if (n < 0)
        return why_set(w, "%s: %s", e->path, strerror(errno));
    r.in_len = (size_t)n;
    bad = run(&r, w) < 0 || take_hashes(&e, (char(*)[OID])sha, 1, &out, w) < 0;
    sbuf_free(&out);
    return bad ? -1 : 0;
}

/*
 * Hash what is not known to be as it was. Fresh entries get their hash; the
 * others are compared, and -1 says which one differs.
 */
static int
hash_all(struct seal *l, int fresh, struct why *w)
{
    struct sealed *batch[BATCH];
    char sha[BATCH][OID];
    size_t k = 0;

    for (size_t i = 0; i <= l->n; i++) {
        struct sealed *e = i < l->n ? &l->e[i] : NULL;
        if (e && e->seen.st_ino)
            continue;
        if (e && e->link) {
            if (hash_link(e, sha[k], w) < 0)
                return -1;
            if (!fresh && strcmp(sha[k], e->sha) != 0)
                return why_set(w, "%s: changed", e->full);
            memcpy(e->sha, sha[k], OID);
            continue;
        }
        if (e)
            batch[k++] = e;
        if (k == 0 || (e && k < BATCH))
            continue;
        if (hash_batch(batch, sha, k, w) < 0)
            return -1;
        for (size_t b = 0; b < k; b++) {
            if (!fresh && strcmp(sha[b], batch[b]->sha) != 0)
                return why_set(w, "%s: changed", batch[b]->full);
            memcpy(batch[b]->sha, sha[b], OID);
        }
        k = 0;
    }
    return 0;
}

/* Call fn for everything under root/path that is not a directory. */
static int
walk(const struct study *s, enum seal_root root, const char *path, int depth,
     int (*fn)(void *, enum seal_root, const char *, const char *,
               const struct stat *, struct why *),
     void *ctx, struct why *w)
{
    struct sbuf full = { 0 }, sub = { 0 };
    struct dirent *e;
    struct stat st;
    int bad = 0;
    DIR *d;

    root_dir(s, root, &full);
    if (*path)
        sbuf_addf(&full, "%s%s", root == SEAL_ABS ? "" : "/", path);
    if (full.failed || lstat(full.s, &st) < 0) {
        bad = why_set(w, "%s: %s", path, strerror(errno));
    } else if (!S_ISDIR(st.st_mode)) {
        bad = fn(ctx, root, path, full.s, &st, w);
    } else if (depth > DEEPEST || !(d = opendir(full.s))) {
        bad = why_set(w, "%s: %s", full.s,
                      depth > DEEPEST ? "too deep" : strerror(errno));
    } else {
        while (!bad && (e = readdir(d))) {
            if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
                continue;
            sbuf_clear(&sub);
            sbuf_addf(&sub, "%s%s%s", path, *path ? "/" : "", e->d_name);
            bad = sub.failed ? why_set(w, "out of memory")
                             : walk(s, root, sub.s, depth + 1, fn, ctx, w);
        }
        closedir(d);
    }
    sbuf_free(&full);
    sbuf_free(&sub);
    return bad;
}

struct making {
    struct seal *l;
    const struct study *s;
};

static int
enlist(void *ctx, enum seal_root root, const char *path, const char *full,
       const struct stat *st, struct why *w)
{
    struct making *m = ctx;
    struct sealed *e;

    if (!S_ISREG(st->st_mode) && !S_ISLNK(st->st_mode))
        return why_set(w, "%s: neither a file nor a link: cannot be sealed",
                       path);
    if (seal_add(m->l, m->s, root, path, w) < 0)
        return -1;
    e = &m->l->e[m->l->n - 1];
    e->link = S_ISLNK(st->st_mode);
    e->mode = st->st_mode & 07777;
    if (root == SEAL_TREE && !e->link) {
        e->mode &= ~(mode_t)0222;
        if (chmod(full, e->mode) < 0)
            return why_set(w, "%s: %s", full, strerror(errno));
    }
    return 0;
}

int
seal_collect(struct seal *l, const struct study *s, enum seal_root root,
             const char *path, struct why *w)
{
    struct making m = { l, s };

    return walk(s, root, path, 0, enlist, &m, w);
}

int
seal_finish(struct seal *l, const struct study *s, struct why *w)
{
    struct sbuf b = { 0 }, path = { 0 };
    int bad;

    if (l->n)
        qsort(l->e, l->n, sizeof *l->e, by_path);
    if (hash_all(l, 1, w) < 0)
        return -1;
    sbuf_adds(&b, "sha256\tmode\ttype\tpath\troot\n");
    for (size_t i = 0; i < l->n; i++) {
        struct sealed *e = &l->e[i];
        sbuf_addf(&b, "%s\t%04o\t%s\t", e->sha, (unsigned)e->mode,
                  e->link ? "link" : "file");
        tsv_escape(&b, e->path);
        sbuf_addf(&b, "\t%s\n", roots[e->root]);
    }
    bad = b.failed
              ? why_set(w, "out of memory")
              : fsx_replace(study_path(s, &path, "seal.tsv"), b.s, b.len, w);
    sbuf_free(&b);
    sbuf_free(&path);
    return bad;
}

static int
load_row(struct seal *l, const struct study *s, char *line, struct why *w)
{
    char *f[5];
    int root = 0;

    if (tsv_split(line, f, 5) != 5 || strlen(f[0]) != 64)
        return why_set(w, "not a row of a seal");
    while (root < 3 && strcmp(f[4], roots[root]) != 0)
        root++;
    if (root == 3)
        return why_set(w, "%s: no such root", f[4]);
    if (seal_add(l, s, (enum seal_root)root, f[3], w) < 0)
        return -1;
    memcpy(l->e[l->n - 1].sha, f[0], 65);
    l->e[l->n - 1].mode = (mode_t)strtoul(f[1], NULL, 8);
    l->e[l->n - 1].link = strcmp(f[2], "link") == 0;
    return 0;
}

int
seal_load(struct seal *l, const struct study *s, struct why *w)
{
    struct sbuf b = { 0 }, path = { 0 };
    struct why inner = { "" };
    int bad, n = 1;

    *l = (struct seal){ 0 };
    bad = fsx_read(study_path(s, &path, "seal.tsv"), &b, (size_t)1 << 30, w);
    if (!bad && strncmp(b.s, "sha256\t", 7) != 0)
        bad = why_set(w, "%s: not a seal", path.s);
    for (char *p = bad ? NULL : strchr(b.s, '\n'), *nl; p && *++p; p = nl) {
        n++;
        if ((nl = strchr(p, '\n')))
            *nl = '\0';
        if (load_row(l, s, p, &inner) < 0) {
            bad = why_set(w, "%s:%d: %s", path.s, n, inner.s);
            break;
        }
    }
    if (!bad && l->n)
        qsort(l->e, l->n, sizeof *l->e, by_path);
    sbuf_free(&b);
    sbuf_free(&path);
    return bad ? -1 : seal_patterns(l, s, w);
}

static int
unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
           a->st_size == b->st_size && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* One entry as it lies there now. */
static int
compare(struct sealed *e, const struct stat *st, struct why *w)
{
    if ((e->link ? !S_ISLNK(st->st_mode) : !S_ISREG(st->st_mode)) ||
        (e->root == SEAL_TREE && !e->link && (st->st_mode & 07777) != e->mode))
        return why_set(w, "%s: changed its type or mode", e->full);
    if (!unchanged(&e->seen, st))
        e->seen.st_ino = 0;
    e->present = 1;
    return 0;
}

static int
compare_in_tree(void *ctx, enum seal_root root, const char *path,
                const char *full, const struct stat *st, struct why *w)
{
    struct seal *l = ctx;
    struct sealed key = { .root = root, .path = (char *)path };
    struct sealed *e =
        l->n ? bsearch(&key, l->e, l->n, sizeof key, by_path) : NULL;

    if (e)
        return compare(e, st, w);
    if (unlink(full) < 0) /* a metric command's leftovers */
        return why_set(w, "%s: does not belong here: %s", full,
                       strerror(errno));
    return 0;
}

int
seal_verify(struct seal *l, const struct study *s, struct why *w)
{
    struct stat st, *now = calloc(l->n + 1, sizeof *now);
    int bad = now ? 0 : why_set(w, "out of memory");

    for (size_t i = 0; i < l->n; i++)
        l->e[i].present = 0;
    if (!bad)
        bad = walk(s, SEAL_TREE, "", 0, compare_in_tree, l, w);
    for (size_t i = 0; !bad && i < l->n; i++) {
        struct sealed *e = &l->e[i];
        if (lstat(e->full, &st) < 0)
            bad = why_set(w, "%s: %s", e->full, strerror(errno));
        else if (e->root != SEAL_TREE)
            bad = compare(e, &st, w);
        else if (!e->present)
            bad = why_set(w, "%s: is not where it was", e->full);
        now[i] = st;
    }
    if (!bad)
        bad = hash_all(l, 0, w);
    for (size_t i = 0; !bad && i < l->n; i++)
        l->e[i].seen = now[i]; /* taken before the hash: a later change shows */
    free(now);
    return bad;
}
