#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/fsx.h"
#include "st/rej.h"

void
rej_init(struct rej *r, const struct st *of, const char *dir)
{
    *r = (struct rej){ .of = of, .dir = dir, .t = { .dir = -1 } };
}

/* Make what is missing of the directory; a crash may have left a part. */
static int
make(const struct rej *r, const char *dir, struct why *w)
{
    struct sbuf path = { 0 }, text = { 0 };
    struct stat st;
    int bad = 0;

    sbuf_addf(&path, "%s/shape", dir);
    shape_text(&r->of->shape, &text);
    if (path.failed || text.failed)
        bad = why_set(w, "%s: out of memory", dir);
    else if (mkdir(dir, 0777) < 0 && errno != EEXIST)
        bad = why_set(w, "%s: %s", dir, strerror(errno));
    else if (stat(path.s, &st) < 0)
        bad = fsx_replace(path.s, text.s, text.len, w);
    sbuf_free(&path);
    sbuf_free(&text);
    return bad;
}

/* Open it; 0 when it is not there and is not to be made. */
static int
need(struct rej *r, int create, struct why *w)
{
    struct sbuf dir = { 0 };
    struct stat st;
    int there, bad = 0;

    if (r->t.name)
        return 1;
    sbuf_addf(&dir, "%s/rej", r->dir);
    if (dir.failed)
        return why_set(w, "%s: out of memory", r->of->name);
    there = lstat(dir.s, &st) == 0;
    if (there && !S_ISDIR(st.st_mode))
        bad = why_set(w, "%s: not a directory", dir.s);
    else if (create)
        bad = make(r, dir.s, w);
    if (!bad && (there || create))
        bad = st_open(&r->t, dir.s,
                      ST_WRITE | (r->of->flags & (ST_NOSYNC | ST_LATER)), w);
    if (!bad && r->t.name && !shape_same(&r->t.shape, &r->of->shape))
        bad = why_set(w, "%s: not of the shape of %s", dir.s, r->of->name);
    sbuf_free(&dir);
    return bad ? -1 : r->t.name != NULL;
}

int
rej_keep(struct rej *r, size_t i, const void *diff, size_t len, struct why *w)
{
    if (need(r, 1, w) < 0)
        return -1;
    return st_write(&r->t, i, diff, len, 1, w);
}

int
rej_drop(struct rej *r, size_t i, struct why *w)
{
    struct st_cell c;
    int there = need(r, 0, w);

    if (there <= 0)
        return there;
    if (st_stat(&r->t, i, &c, w) < 0)
        return -1;
    return c.kind == ST_NONE ? 0 : st_remove(&r->t, i, w);
}

void
rej_close(struct rej *r)
{
    st_close(&r->t);
}
