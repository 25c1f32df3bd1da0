#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ar/tree.h"
#include "common/fsx.h"
#include "common/run.h"

void
tree_free(struct tree *t)
{
    free(t->path);
    free(t->admin);
    free(t->index);
    *t = (struct tree){ 0 };
}

/* By argv; made writable first, because a proposer may have made a directory
 * read-only. */
int
tree_remove(const char *path, struct why *w)
{
    const char *mod[] = { "chmod", "-R", "u+rwX", "--", path, NULL };
    const char *rm[] = { "rm", "-rf", "--", path, NULL };
    struct run m = { .argv = (char *const *)mod, .finish = 1 };
    struct run r = { .argv = (char *const *)rm, .finish = 1 };
    struct stat st;

    if (lstat(path, &st) < 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        run(&m, NULL);
    if (run(&r, w) < 0)
        return -1;
    return run_status(&r) == 0 ? 0 : why_set(w, "%s: cannot be removed", path);
}

static int
file_is(const char *path, const char *want)
{
    struct sbuf b = { 0 };
    struct stat st;
    int same = lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
               fsx_read(path, &b, 65536, NULL) == 0 && b.len > 0 &&
               strcmp(b.s, want) == 0;

    sbuf_free(&b);
    return same;
}

/* The directory under GITDIR/worktrees that belongs to our worktree. */
static char *
find_admin(const struct study *s, const char *path)
{
    struct sbuf dir = { 0 }, file = { 0 }, want = { 0 };
    struct dirent *e;
    char *found = NULL;
    DIR *d;

    sbuf_addf(&dir, "%s/worktrees", s->repo.common);
    sbuf_addf(&want, "%s/.git\n", path);
    d = dir.failed || want.failed ? NULL : opendir(dir.s);
    while (d && !found && (e = readdir(d))) {
        if (e->d_name[0] == '.')
            continue;
        sbuf_clear(&file);
        sbuf_addf(&file, "%s/%s/gitdir", dir.s, e->d_name);
        if (!file.failed && file_is(file.s, want.s)) {
            file.s[file.len - strlen("/gitdir")] = '\0';
            found = strdup(file.s);
        }
    }
    if (d)
        closedir(d);
    sbuf_free(&dir);
    sbuf_free(&file);
    sbuf_free(&want);
    return found;
}

static int
add_worktree(struct study *s, struct tree *t, struct why *w)
{
    struct git g = { .git_dir = s->repo.common };
    int bad = tree_remove(t->path, w) < 0 ||
              git(&g, w, "worktree", "add", "-f", "-f", "--detach",
                  "--no-checkout", t->path, s->base) < 0;

    sbuf_free(&g.out);
    if (bad)
        return -1;
    free(t->admin);
    t->admin = find_admin(s, t->path);
    return t->admin ? 0 : why_set(w, "%s: git lost it at once", t->path);
}

/* A worktree is found through its .git file; the proposer can write there. */
static int
mend_gitfile(struct tree *t, struct why *w)
{
    struct sbuf want = { 0 }, path = { 0 };
    struct stat st;
    int bad = 0;

    sbuf_addf(&want, "gitdir: %s\n", t->admin);
    sbuf_addf(&path, "%s/.git", t->path);
    if (want.failed || path.failed)
        bad = why_set(w, "out of memory");
    else if (lstat(t->path, &st) < 0 || !S_ISDIR(st.st_mode))
        bad = tree_remove(t->path, w) < 0 || fsx_mkdirs(t->path, w) < 0;
    if (!bad && !file_is(path.s, want.s))
        bad = tree_remove(path.s, w) < 0 ||
              fsx_replace(path.s, want.s, want.len, w) < 0;
    sbuf_free(&want);
    sbuf_free(&path);
    return bad ? -1 : 0;
}

static void
remove_lock(const char *dir, const char *name)
{
    struct sbuf b = { 0 };

    sbuf_addf(&b, "%s%s.lock", dir, name);
    if (!b.failed)
        unlink(b.s);
    sbuf_free(&b);
}

int
tree_ensure(struct study *s, struct tree *t, struct why *w)
{
    struct sbuf b = { 0 };

    if (!t->path) {
        t->path = strdup(study_path(s, &b, "wt/0"));
        t->index = strdup(study_path(s, &b, "index"));
        t->anonymous = git_anonymous(s->repo.common);
        sbuf_free(&b);
        if (!t->path || !t->index)
            return why_set(w, "out of memory");
    }
    free(t->admin);
    t->admin = find_admin(s, t->path);
    if (!t->admin && add_worktree(s, t, w) < 0)
        return -1;
    remove_lock(t->index, ""); /* left by a power cut: we hold the lock */
    remove_lock(t->admin, "/HEAD");
    remove_lock(t->admin, "/index");
    return mend_gitfile(t, w);
}

/* Might this index have a submodule? The mode 0160000 says so; a chance hit
 * costs no more than a look. */
static int
may_have_submodule(const struct sbuf *index)
{
    const char *p = index->s, *end = p + index->len;

    while (p < end && (p = memchr(p, 0xe0, (size_t)(end - p)))) {
        if (p - index->s >= 2 && p + 1 < end && !p[-2] && !p[-1] && !p[1])
            return 1;
        p++;
    }
    return 0;
}

/* What lies in a submodule is part of no commit of ours, and git clean does
 * not look there: leave the empty directory that a checkout makes. */
static int
empty_submodules(struct tree *t, struct why *w)
{
    struct git g = { .git_dir = t->admin, .tree = t->path, .index = t->index };
    struct sbuf path = { 0 };
    int bad = git(&g, w, "ls-files", "-s", "-z");

    for (const char *p = g.out.s, *name; !bad && p && p < g.out.s + g.out.len;
         p += strlen(p) + 1) {
        if (strncmp(p, "160000 ", 7) != 0 || !(name = strchr(p, '\t')))
            continue;
        sbuf_clear(&path);
        sbuf_addf(&path, "%s/%s", t->path, name + 1);
        bad = path.failed || tree_remove(path.s, w) < 0 ||
              fsx_mkdirs(path.s, w) < 0;
    }
    sbuf_free(&path);
    sbuf_free(&g.out);
    return bad ? -1 : 0;
}

/* Give the proposer's git an index that knows the files. */
static int
copy_index(struct tree *t, struct why *w)
{
    struct sbuf b = { 0 }, to = { 0 };
    FILE *fp = NULL;
    int bad = fsx_read(t->index, &b, (size_t)1 << 31, w);

    sbuf_addf(&to, "%s/index", t->admin);
    if (!bad && may_have_submodule(&b))
        bad = empty_submodules(t, w);
    if (!bad &&
        (!(fp = fopen(to.s, "w")) || fwrite(b.s, 1, b.len, fp) != b.len))
        bad = why_set(w, "%s: %s", to.s, strerror(errno));
    if (fp && fclose(fp) && !bad)
        bad = why_set(w, "%s: %s", to.s, strerror(errno));
    sbuf_free(&b);
    sbuf_free(&to);
    return bad;
}

static int
lay_once(struct tree *t, const char *commit, struct why *w)
{
    struct git g = { .git_dir = t->admin, .tree = t->path, .index = t->index };
    int bad = git(&g, w, "checkout", "-q", "--force", "--detach", commit) < 0 ||
              git(&g, w, "clean", "-ffdxq") < 0;

    sbuf_free(&g.out);
    return bad ? -1 : copy_index(t, w);
}

int
tree_lay(struct study *s, struct tree *t, const char *commit, struct why *w)
{
    if (tree_ensure(s, t, w) == 0 && lay_once(t, commit, NULL) == 0)
        return 0;
    unlink(t->index); /* once more, from nothing */
    if ((t->admin && tree_remove(t->admin, w) < 0) ||
        tree_remove(t->path, w) < 0 || tree_ensure(s, t, w) < 0)
        return -1;
    return lay_once(t, commit, w);
}

static int
take_oid(struct git *g, char to[OID], struct why *w)
{
    if (!g->out.s || !git_is_oid(g->out.s))
        return why_set(w, "git printed no object name");
    memcpy(to, g->out.s, g->out.len + 1);
    return 0;
}

static int
ask_tree(struct study *s, const char *commit, char tree[OID], struct why *w)
{
    struct git g = { .git_dir = s->repo.common };
    struct sbuf spec = { 0 };
    int bad;

    sbuf_addf(&spec, "%s^{tree}", commit);
    bad = git(&g, w, "rev-parse", "--verify", "-q", spec.s) < 0 ||
          take_oid(&g, tree, w) < 0;
    sbuf_free(&spec);
    sbuf_free(&g.out);
    return bad ? -1 : 0;
}

int
tree_of(struct study *s, const char *commit, char tree[OID], struct why *w)
{
    for (size_t i = s->n; i-- > 0;) /* most often one of our own */
        if (strcmp(s->exp[i].commit, commit) == 0) {
            memcpy(tree, s->exp[i].tree, OID);
            return 0;
        }
    return ask_tree(s, commit, tree, w);
}

int
tree_commit(struct study *s, struct tree *t, const char *parent,
            const char *message, char commit[OID], char tree[OID],
            struct why *w)
{
    struct git g = { .git_dir = t->admin, .tree = t->path, .index = t->index };
    char was[OID];
    int bad;

    if (tree_of(s, parent, was, w) < 0)
        return -1;
    bad = git(&g, w, "add", "-A") < 0 || git(&g, w, "write-tree") < 0 ||
          take_oid(&g, tree, w) < 0;
    if (!bad && strcmp(tree, was) == 0) {
        snprintf(commit, OID, "%s", parent);
    } else if (!bad) {
        g.anonymous = t->anonymous;
        g.in = message;
        g.in_len = strlen(message);
        bad = git(&g, w, "commit-tree", tree, "-p", parent, "-F", "-") < 0 ||
              take_oid(&g, commit, w) < 0;
    }
    sbuf_free(&g.out);
    return bad ? -1 : 0;
}

int
tree_mark(struct study *s, long seq, const char *commit, struct why *w)
{
    struct git g = { .git_dir = s->repo.common };
    struct sbuf ref = { 0 };
    int bad = git(&g, w, "update-ref", study_ref(s, &ref, seq), commit);

    sbuf_free(&g.out);
    sbuf_free(&ref);
    return bad;
}

int
tree_branch(struct study *s, char at[OID], struct why *w)
{
    struct git g = { .git_dir = s->repo.common };
    int bad = git(&g, w, "rev-parse", "--verify", "-q", s->branch);

    at[0] = '\0';
    if (g.code == 1)
        bad = 0;
    else if (!bad)
        bad = take_oid(&g, at, w);
    sbuf_free(&g.out);
    return bad;
}

/* Several ref updates at once: all or none. */
static int
transaction(struct study *s, const struct sbuf *in, struct why *w)
{
    struct git g = { .git_dir = s->repo.common,
                     .in = in->s,
                     .in_len = in->len };
    int bad = in->failed ? why_set(w, "out of memory")
                         : git(&g, w, "update-ref", "-m", "ar", "--stdin");

    sbuf_free(&g.out);
    return bad;
}

int
tree_found(struct study *s, struct why *w)
{
    struct sbuf in = { 0 };
    char at[OID];
    int bad = tree_branch(s, at, w);

    sbuf_addf(&in, "update refs/ar/%s/base %s\nupdate refs/ar/%s/best %s\n",
              s->c.tag, s->base, s->c.tag, s->base);
    if (!bad && !*at)
        sbuf_addf(&in, "create %s %s\n", s->branch, s->base);
    if (!bad)
        bad = transaction(s, &in, w);
    sbuf_free(&in);
    return bad;
}

int
tree_branch_free(struct study *s, struct why *w)
{
    struct git g = { .git_dir = s->repo.common };
    struct sbuf own = { 0 };
    const char *where = "", *p;
    int bad = git(&g, w, "worktree", "list", "--porcelain", "-z");

    study_path(s, &own, "wt/0");
    for (p = g.out.s; !bad && p < g.out.s + g.out.len; p += strlen(p) + 1) {
        if (strncmp(p, "worktree ", 9) == 0)
            where = p + 9;
        else if (strncmp(p, "branch ", 7) == 0 &&
                 strcmp(p + 7, s->branch) == 0 && strcmp(where, own.s) != 0)
            bad = why_set(w,
                          "branch autoresearch/%s is checked out in %s; "
                          "switch that working tree to another branch",
                          s->c.tag, where);
    }
    sbuf_free(&g.out);
    sbuf_free(&own);
    return bad;
}

static int
moved(struct study *s, const char *at, struct why *w)
{
    why_set(w,
            "branch autoresearch/%s is at %.12s, not at %.12s where the "
            "study left it; put it back with: git update-ref %s %.12s",
            s->c.tag, *at ? at : "nothing", s->from[0] ? s->from : s->tip,
            s->branch, s->from[0] ? s->from : s->tip);
    return STUDY_BUSY;
}

int
tree_move(struct study *s, struct why *w)
{
    struct sbuf in = { 0 };
    char at[OID];
    int bad = tree_branch(s, at, w);

    if (!bad && strcmp(at, s->tip) != 0) {
        if (strcmp(at, s->from) != 0)
            return moved(s, at, w);
        bad = tree_branch_free(s, w);
        sbuf_addf(&in, "update %s %s %s\n", s->branch, s->tip, s->from);
    }
    sbuf_addf(&in, "update refs/ar/%s/best %s\n", s->c.tag, s->tip);
    if (!bad)
        bad = transaction(s, &in, w);
    sbuf_free(&in);
    return bad;
}

int
tree_branch_restore(struct study *s, struct tree *t, struct why *w)
{
    struct git g = { .git_dir = s->repo.common };
    struct sbuf head = { 0 }, want = { 0 }, in = { 0 };
    char at[OID];
    int bad = tree_branch(s, at, w);

    if (bad || strcmp(at, s->tip) == 0)
        return bad;
    sbuf_addf(&head, "%s/HEAD", t->admin);
    sbuf_addf(&want, "ref: %s\n", s->branch);
    if (*at && file_is(head.s, want.s)) {
        sbuf_addf(&in, "update %s %s %s\n", s->branch, s->tip, at);
        bad = transaction(s, &in, w);
    } else {
        s->from[0] = '\0';
        bad = moved(s, at, w);
    }
    sbuf_free(&head);
    sbuf_free(&want);
    sbuf_free(&in);
    sbuf_free(&g.out);
    return bad;
}
