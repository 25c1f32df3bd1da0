/*
 * protect.c - the protected list: its patterns, what they match, and the
 * sealed tree that is built from it.
 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ar/seal.h"
#include "ar/tree.h"
#include "common/fsx.h"
#include "common/run.h"

static int
add_pattern(struct seal *l, const struct study *s, char *line, struct why *w)
{
    size_t top = strlen(s->c.repo), n;
    char **p;

    line += strspn(line, " \t\r");
    for (n = strlen(line); n && strchr(" \t\r/", line[n - 1]); n--)
        ;
    line[n] = '\0';
    if (!*line || *line == '#')
        return 0;
    if (strncmp(line, s->c.repo, top) == 0 && line[top] == '/')
        line += top + 1;
    while (strncmp(line, "./", 2) == 0)
        line += 2 + strspn(line + 2, "/");
    if (strcmp(line, "..") == 0 || strncmp(line, "../", 3) == 0 ||
        strstr(line, "/../"))
        return why_set(w, "%s: write it without ..", line);
    p = realloc(l->pattern, (l->patterns + 1) * sizeof *p);
    if (!p)
        return why_set(w, "out of memory");
    l->pattern = p;
    if (!(p[l->patterns] = strdup(line)))
        return why_set(w, "out of memory");
    l->patterns++;
    return 0;
}

int
seal_patterns(struct seal *l, const struct study *s, struct why *w)
{
    struct sbuf b = { 0 }, path = { 0 };
    int bad = fsx_read(study_path(s, &path, "protect"), &b, 1 << 24, w);

    for (char *p = b.s, *nl; !bad && p && *p; p = nl + 1) {
        if ((nl = strchr(p, '\n')))
            *nl = '\0';
        bad = add_pattern(l, s, p, w);
        if (!nl)
            break;
    }
    sbuf_free(&b);
    sbuf_free(&path);
    return bad;
}

/* Is path the pattern's, below it, or a directory that leads to it? */
static int
matches(const char *pattern, const char *path)
{
    size_t n = strlen(path);
    char *copy, *slash;
    int hit;

    if (strncmp(pattern, path, n) == 0 && pattern[n] == '/')
        return 1; /* an entry where a directory on the way has to be */
    if (!(copy = strdup(path)))
        return 1;
    hit = fnmatch(pattern, copy, FNM_PATHNAME) == 0;
    while (!hit && (slash = strrchr(copy, '/'))) {
        *slash = '\0';
        hit = fnmatch(pattern, copy, FNM_PATHNAME) == 0;
    }
    free(copy);
    return hit;
}

int
seal_protects(const struct seal *l, const char *path)
{
    for (size_t i = 0; i < l->patterns; i++)
        if (matches(l->pattern[i], path))
            return 1;
    return 0;
}

int
seal_check_commit(const struct seal *l, const struct study *s,
                  const char *commit, struct sbuf *path, struct why *w)
{
    struct git g = { .git_dir = s->repo.common };
    int bad = 0;

    sbuf_clear(path);
    if (l->patterns)
        bad = git(&g, w, "diff-tree", "--no-renames", "-r", "-z", "--name-only",
                  s->base, commit);
    for (const char *p = g.out.s; !bad && p && p < g.out.s + g.out.len;
         p += strlen(p) + 1)
        if (seal_protects(l, p)) {
            sbuf_adds(path, p);
            break;
        }
    sbuf_free(&g.out);
    return bad;
}

/* cp -a, by argv: keeps modes and links, and is quick with large files. */
static int
copy(const char *from, const char *to, struct why *w)
{
    const char *argv[] = { "cp", "-a", "-H", "--", from, to, NULL };
    struct sbuf err = { 0 };
    struct run r = { .argv = (char *const *)argv, .err.text = &err };
    int bad = run(&r, w);

    if (!bad && run_status(&r) != 0)
        bad = why_set(w, "%s: cannot be copied: %.*s", from,
                      err.len ? (int)strcspn(err.s, "\n") : 0,
                      err.len ? err.s : "");
    sbuf_free(&err);
    return bad;
}

static int bring(struct seal *l, const struct study *s, const char *path,
                 struct why *w);

/* A directory that the base commit has too: what else is in it. */
static int
bring_children(struct seal *l, const struct study *s, const char *path,
               const char *full, struct why *w)
{
    struct sbuf sub = { 0 };
    struct dirent *e;
    DIR *d = opendir(full);
    int bad = 0;

    while (d && !bad && (e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            strcmp(e->d_name, ".git") == 0)
            continue;
        sbuf_clear(&sub);
        sbuf_addf(&sub, "%s/%s", path, e->d_name);
        bad = sub.failed ? -1 : bring(l, s, sub.s, w);
    }
    if (d)
        closedir(d);
    sbuf_free(&sub);
    return bad;
}

/* A match in the user's tree that the base commit does not have: copy it into
 * the sealed tree and watch the original too. */
static int
bring(struct seal *l, const struct study *s, const char *path, struct why *w)
{
    struct sbuf from = { 0 }, to = { 0 };
    struct stat st;
    char *slash;
    int bad = 0;

    sbuf_addf(&from, "%s/%s", s->c.repo, path);
    sbuf_addf(&to, "%s/sealed/%s", s->dir, path);
    if (from.failed || to.failed) {
        bad = why_set(w, "out of memory");
    } else if (rmdir(to.s) == 0 || errno == ENOENT) { /* or a submodule */
        slash = strrchr(to.s, '/');
        *slash = '\0';
        bad = fsx_mkdirs(to.s, w);
        *slash = '/';
        bad = bad || copy(from.s, to.s, w) < 0 ||
                      seal_collect(l, s, SEAL_REPO, path, w) < 0
                  ? -1
                  : 0;
    } else if (errno != ENOTDIR && lstat(from.s, &st) == 0 &&
               S_ISDIR(st.st_mode)) {
        bad = bring_children(l, s, path, from.s, w);
    }
    sbuf_free(&from);
    sbuf_free(&to);
    return bad;
}

/* The prefix with glob(3)'s own characters quoted. */
static void
quoted(struct sbuf *b, const char *s)
{
    for (; *s; s++) {
        if (strchr("*?[\\", *s))
            sbuf_adds(b, "\\");
        sbuf_add(b, s, 1);
    }
}

/* What a pattern matches in the user's tree, or anywhere when absolute. */
static int
expand(struct seal *l, const struct study *s, const char *pattern, int *hits,
       struct why *w)
{
    int abs = *pattern == '/', bad = 0;
    size_t skip = abs ? 0 : strlen(s->c.repo) + 1;
    struct sbuf b = { 0 };
    glob_t g = { 0 };

    if (!abs) {
        quoted(&b, s->c.repo);
        sbuf_adds(&b, "/");
    }
    sbuf_adds(&b, pattern);
    if (b.failed)
        return why_set(w, "out of memory");
    if (glob(b.s, GLOB_NOSORT, NULL, &g) == 0)
        for (size_t i = 0; !bad && i < g.gl_pathc; i++) {
            ++*hits;
            bad = abs ? seal_collect(l, s, SEAL_ABS, g.gl_pathv[i], w)
                      : bring(l, s, g.gl_pathv[i] + skip, w);
        }
    globfree(&g);
    sbuf_free(&b);
    return bad;
}

/* A pattern that protects nothing is a typing error. */
static int
check_used(const struct seal *l, const struct study *s, size_t i, struct why *w)
{
    struct git g = { .git_dir = s->repo.common };
    int found = 0;

    if (git(&g, w, "ls-tree", "-r", "-z", "--name-only", s->base) < 0) {
        sbuf_free(&g.out);
        return -1;
    }
    for (const char *p = g.out.s; !found && p && p < g.out.s + g.out.len;
         p += strlen(p) + 1)
        found = matches(l->pattern[i], p);
    sbuf_free(&g.out);
    return found ? 0
                 : why_set(w,
                           "protected path %s: matches nothing in the "
                           "commit or in %s",
                           l->pattern[i], s->c.repo);
}

/* A checkout of the base commit that no worktree knows about. */
static int
checkout(struct study *s, struct why *w)
{
    struct sbuf dir = { 0 }, index = { 0 };
    struct git g = { .git_dir = s->repo.common };
    int bad;

    g.tree = study_path(s, &dir, "sealed");
    g.index = study_path(s, &index, "seal.index");
    unlink(g.index);
    bad = tree_remove(g.tree, w) < 0 || fsx_mkdirs(g.tree, w) < 0 ||
          git(&g, w, "read-tree", "-u", "--reset", s->base) < 0;
    unlink(g.index);
    sbuf_free(&g.out);
    sbuf_free(&dir);
    sbuf_free(&index);
    return bad ? -1 : 0;
}

int
seal_make(struct study *s, struct why *w)
{
    struct seal l = { 0 };
    int bad = checkout(s, w) < 0 || seal_patterns(&l, s, w) < 0;

    for (size_t i = 0; !bad && i < l.patterns; i++) {
        int hits = 0;
        bad = expand(&l, s, l.pattern[i], &hits, w) < 0 ||
              (!hits && check_used(&l, s, i, w) < 0);
    }
    bad = bad || seal_collect(&l, s, SEAL_TREE, "", w) < 0 ||
          seal_finish(&l, s, w) < 0;
    seal_free(&l);
    return bad ? -1 : 0;
}
