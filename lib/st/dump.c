#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/run.h"
#include "st/dump.h"
#include "st/relative.h"

static int
write_file(const char *path, const struct sbuf *text)
{
    FILE *fp = fopen(path, "wbx");
    int bad;

    if (!fp)
        return -1;
    bad = text->len && fwrite(text->s, 1, text->len, fp) != text->len;
    return fclose(fp) || bad ? -1 : 0;
}

/* "DIR/1/10", with the directories on the way. */
static int
make_dirs(const struct st *t, size_t i, const char *dir, struct sbuf *path)
{
    size_t at[SHAPE_MAX];

    shape_coords(&t->shape, i, at);
    sbuf_clear(path);
    sbuf_adds(path, dir);
    for (int d = 0; d < t->shape.ndim; d++) {
        sbuf_addf(path, "/%zu", at[d]);
        if (path->failed || (mkdir(path->s, 0777) < 0 && errno != EEXIST))
            return -1;
    }
    return path->failed ? -1 : 0;
}

struct buffers {
    struct sbuf path, text, storage;
    struct sbuf way; /* from the tree to the tensor */
};

static int
dump_one(const struct dump *d, struct st *t, size_t i, const char *dir,
         struct buffers *b, struct why *w)
{
    struct st_cell c;
    int bad;

    if (run_interrupted())
        return why_set(w, "%s: interrupted", t->name);
    if (st_stat(t, i, &c, w) < 0)
        return -1;
    if (c.kind == ST_NONE || (c.size < 0 && d->copy))
        return 0;
    sbuf_clear(&b->text);
    sbuf_clear(&b->storage);
    if (d->copy && st_read(t, i, &b->text, w) < 0)
        return -1;
    if (make_dirs(t, i, dir, &b->path) < 0)
        return why_set(w, "%s: %s", b->path.s, strerror(errno));
    sbuf_addf(&b->path, "/data%s%s", d->ext ? "." : "", d->ext ? d->ext : "");
    if (!d->copy) {
        st_path(t, i, &b->storage);
        if (c.size >= 0 && !b->storage.failed && access(b->storage.s, F_OK) < 0)
            return why_set(w, "%s: is packed, where links cannot lead: copy it",
                           b->storage.s);
        for (int k = 0; k < t->shape.ndim; k++)
            sbuf_adds(&b->text, "../");
        sbuf_addf(&b->text, "%s%s", b->way.s,
                  b->storage.failed ? "" : b->storage.s + strlen(t->name));
    }
    errno = ENOMEM;
    bad = b->path.failed || b->text.failed || b->storage.failed ||
          (d->copy ? write_file(b->path.s, &b->text)
                   : symlink(b->text.s, b->path.s)) < 0;
    return bad ? why_set(w, "%s: %s", b->path.failed ? dir : b->path.s,
                         strerror(errno))
               : 0;
}

int
dump_tree(const struct dump *d, struct st *t, const char *dir, struct why *w)
{
    char here[PATH_MAX], there[PATH_MAX];
    struct buffers b = { { 0 } };
    int bad = 0;

    if (!realpath(dir, here) || !realpath(t->name, there))
        return why_set(w, "%s: %s", dir, strerror(errno));
    relative_path(here, there, &b.way);
    if (b.way.failed)
        bad = why_set(w, "out of memory");
    for (size_t i = 0; !bad && i < t->shape.count; i++)
        bad = dump_one(d, t, i, dir, &b, w);
    sbuf_free(&b.path);
    sbuf_free(&b.text);
    sbuf_free(&b.storage);
    sbuf_free(&b.way);
    return bad;
}

static int
add(struct dump_list *l, const size_t *at, int depth, const char *path,
    struct why *w)
{
    struct dumped *more;

    if (l->ndim >= 0 && l->ndim != depth)
        return why_set(w, "%s: at depth %d, others at %d", path, depth,
                       l->ndim);
    /* Files of one directory come one after the other. */
    if (l->n && memcmp(l->v[l->n - 1].at, at, (size_t)depth * sizeof *at) == 0)
        return why_set(w, "%s and %s: two texts of one element",
                       l->v[l->n - 1].path, path);
    if ((l->n & (l->n - 1)) == 0) {
        more = realloc(l->v, (l->n ? 2 * l->n : 1) * sizeof *more);
        if (!more)
            return why_set(w, "out of memory");
        l->v = more;
    }
    memcpy(l->v[l->n].at, at, sizeof l->v->at);
    if (!(l->v[l->n].path = strdup(path)))
        return why_set(w, "out of memory");
    l->n++;
    l->ndim = depth;
    return 0;
}

/* A coordinate as dumps write them: no sign, no leading zero. */
static int
coordinate(const char *name, size_t *at)
{
    if (strspn(name, "0123456789") != strlen(name) || strlen(name) > 12 ||
        (name[0] == '0' && name[1]))
        return 0;
    *at = strtoull(name, NULL, 10);
    return 1;
}

static int
walk(struct dump_list *l, struct sbuf *path, size_t *at, int depth,
     struct why *w)
{
    DIR *dir = opendir(path->s);
    size_t len = path->len;
    struct dirent *e;
    struct stat st;
    int bad = 0;

    if (!dir)
        return why_set(w, "%s: %s", path->s, strerror(errno));
    while (!bad && (e = readdir(dir))) {
        if (e->d_name[0] == '.')
            continue;
        sbuf_addf(path, "/%s", e->d_name);
        if (path->failed)
            bad = why_set(w, "out of memory");
        else if (lstat(path->s, &st) < 0)
            bad = why_set(w, "%s: %s", path->s, strerror(errno));
        else if (S_ISDIR(st.st_mode) && depth < SHAPE_MAX &&
                 coordinate(e->d_name, &at[depth]))
            bad = walk(l, path, at, depth + 1, w);
        else if (!S_ISDIR(st.st_mode) && strncmp(e->d_name, "data", 4) == 0 &&
                 (!e->d_name[4] || e->d_name[4] == '.'))
            bad = add(l, at, depth, path->s, w);
        else
            bad = why_set(w, "%s: does not belong into a dump", path->s);
        if (!path->failed)
            path->s[path->len = len] = '\0';
    }
    closedir(dir);
    return bad;
}

int
dump_scan(struct dump_list *l, const char *dir, struct why *w)
{
    size_t at[SHAPE_MAX] = { 0 };
    struct sbuf path = { 0 };
    int bad;

    *l = (struct dump_list){ .ndim = -1 };
    sbuf_adds(&path, dir);
    bad = path.failed ? why_set(w, "out of memory") : walk(l, &path, at, 0, w);
    sbuf_free(&path);
    return bad;
}

int
dump_shape(const struct dump_list *l, struct shape *s, struct why *w)
{
    if (l->ndim < 0)
        return why_set(w, "no file called data or data.txt");
    *s = (struct shape){ .ndim = l->ndim };
    for (size_t k = 0; k < l->n; k++)
        for (int d = 0; d < l->ndim; d++)
            if (l->v[k].at[d] >= s->dim[d])
                s->dim[d] = l->v[k].at[d] + 1;
    return shape_settle(s, w);
}

void
dump_free(struct dump_list *l)
{
    for (size_t k = 0; k < l->n; k++)
        free(l->v[k].path);
    free(l->v);
    *l = (struct dump_list){ .ndim = -1 };
}
