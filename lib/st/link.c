/*
 * link.c - elements that are links: views.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "st/inner.h"
#include "st/relative.h"

/* Put a link to the file `to` in the place of element i. */
static int
make_link(struct st *t, size_t i, const char *to, double coeff, struct why *w)
{
    char path[CELL_PATH], tmp[32];
    struct sbuf here = { 0 }, text = { 0 };
    enum st_kind kind;
    int dir, bad;

    if (t->more->store)
        return cell_why(t, i, "packed tensors hold no links", w);
    if (cell_kind(t, i, &kind, w) < 0 || st_touch(t, i, w) < 0)
        return -1;
    cell_dir(i, path);
    sbuf_addf(&here, "%s/%s", t->more->real, path);
    if (!here.failed)
        relative_path(here.s, to, &text);
    snprintf(tmp, sizeof tmp, ".data.%ld", (long)getpid());
    dir = leaf_open(t, i, 1);
    if (dir >= 0)
        unlinkat(dir, tmp, 0); /* ours: it carries our process number */
    bad = dir < 0 || here.failed || text.failed ||
          symlinkat(text.s, dir, tmp) < 0 ||
          renameat(dir, tmp, dir, "data") < 0 ||
          (!(t->flags & (ST_NOSYNC | ST_NEW)) && fsync(dir) < 0);
    if (bad)
        bad = cell_why(t, i, NULL, w);
    if (bad && dir >= 0)
        unlinkat(dir, tmp, 0);
    if (dir >= 0)
        close(dir);
    sbuf_free(&here);
    sbuf_free(&text);
    return bad || isnan(coeff) ? bad : st_set_coeff(t, i, coeff, w);
}

static int
link_held(struct st *t, size_t i, const char *to, double coeff, struct why *w)
{
    int r;

    if (lock_take(t, LOCK_FORM, w) < 0)
        return -1;
    if (!(t->flags & ST_NEW) && store_look(t, w) < 0)
        r = -1;
    else
        r = make_link(t, i, to, coeff, w);
    lock_drop(t, LOCK_FORM);
    return r;
}

/* Where element j of a tensor really is, in *to: the file behind a link. */
static int
find_target(const struct st *from, size_t j, struct sbuf *to, struct why *w)
{
    const struct st_more *m = from->more;
    char path[CELL_PATH], real[PATH_MAX];
    enum st_kind kind;
    struct place p;
    int stays;

    if (cell_kind(from, j, &kind, w) < 0)
        return -1;
    cell_path(j, path);
    if (kind != ST_LINK) {
        sbuf_addf(to, "%s/%s", m->real, path);
    } else if ((stays = place_find(from, j, &p, w)) == 1) {
        sbuf_addf(to, "%.*s%s", (int)(m->base - m->real), m->real, p.real);
    } else {
        struct sbuf name = { 0 };
        if (stays < 0)
            return -1;
        sbuf_addf(&name, "%s/%s", m->real, path);
        if (name.failed || !realpath(name.s, real)) {
            sbuf_free(&name);
            return cell_why(from, j, NULL, w);
        }
        sbuf_free(&name);
        sbuf_adds(to, real);
    }
    return to->failed ? cell_why(from, j, "out of memory", w) : 0;
}

int
st_link(struct st *t, size_t i, const struct st *from, size_t j, double coeff,
        struct why *w)
{
    struct sbuf to = { 0 };
    int bad = find_target(from, j, &to, w);

    if (!bad)
        bad = link_held(t, i, to.s, coeff, w);
    sbuf_free(&to);
    return bad;
}

int
st_link_file(struct st *t, size_t i, const char *file, double coeff,
             struct why *w)
{
    const char *slash = strrchr(file, '/');
    struct sbuf dir = { 0 }, to = { 0 };
    char real[PATH_MAX];
    int bad;

    sbuf_add(&dir, slash ? file : ".", slash ? (size_t)(slash - file) + 1 : 1);
    if (dir.failed || !realpath(dir.s, real)) {
        bad = why_set(w, "%s: %s", file, strerror(errno));
    } else {
        sbuf_addf(&to, "%s/%s", real[1] ? real : "", slash ? slash + 1 : file);
        bad = to.failed ? cell_why(t, i, "out of memory", w)
                        : link_held(t, i, to.s, coeff, w);
    }
    sbuf_free(&dir);
    sbuf_free(&to);
    return bad;
}
