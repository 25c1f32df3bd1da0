#define _GNU_SOURCE /* syncfs */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "st/build.h"
#include "st/form.h"
#include "st/inner.h"

static int
failed(const struct st *t, struct why *w)
{
    return why_set(w, "%s: %s", t->name, strerror(errno));
}

/* Every element of t into the new file s. */
static int
fill(const struct st *t, struct store *s, struct why *w)
{
    struct sbuf text = { 0 };
    enum st_kind kind;
    const char *wrong;
    int there = 0;

    for (size_t i = 0; i < t->shape.count && there >= 0; i++) {
        if (cell_kind(t, i, &kind, w) < 0) {
            there = -1;
        } else if (kind == ST_LINK) {
            there = cell_why(t, i, "a link: pack a copy of the tensor", w);
        } else if (kind != ST_NONE) {
            sbuf_clear(&text);
            there = st_read(t, i, &text, w);
            if (there == 1 && store_add(s, i, text.s, text.len, 1, &wrong) < 0)
                there = cell_why(t, i, wrong, w);
        }
    }
    sbuf_free(&text);
    return there < 0 ? -1 : 0;
}

static int
pack(struct st *t, struct why *w)
{
    struct store *s;
    char tmp[40];
    int bad;

    if (t->shape.count > STORE_COUNT)
        return why_set(w, "%s: more than %zu elements cannot be packed",
                       t->name, STORE_COUNT);
    if (store_look(t, w) < 0)
        return -1;
    snprintf(tmp, sizeof tmp, "store.tmp.%ld", (long)getpid());
    unlinkat(t->dir, tmp, 0); /* ours: it carries our process number */
    if (store_create(&s, t->dir, tmp, t->shape.count) < 0) {
        failed(t, w);
        unlinkat(t->dir, tmp, 0);
        return -1;
    }
    bad = fill(t, s, w);
    if (!bad &&
        (store_finish(s) < 0 || renameat(t->dir, tmp, t->dir, "store") < 0 ||
         fsync(t->dir) < 0))
        bad = failed(t, w);
    if (bad)
        unlinkat(t->dir, tmp, 0);
    else
        store_mark(t->more->store);
    store_close(s);
    if (bad || store_look(t, w) < 0)
        return -1;
    return build_remove_at(t->dir, "storage") < 0 && errno != ENOENT
               ? failed(t, w)
               : 0;
}

int
form_pack(struct st *t, struct why *w)
{
    int bad;

    if (lock_take(t, LOCK_ALL, w) < 0)
        return -1;
    bad = pack(t, w);
    lock_drop(t, LOCK_ALL);
    return bad;
}

/* The packed elements as files under b->tmp, which is inside the tensor. */
static int
spread(struct st *t, struct build *b, struct why *w)
{
    struct sbuf text = { 0 };
    int there = 0;

    for (size_t i = 0; i < t->shape.count && there >= 0; i++) {
        sbuf_clear(&text);
        there = st_read(t, i, &text, w);
        if (there == 1)
            there = st_write(&b->t, i, text.s, text.len, 1, w);
    }
    sbuf_free(&text);
    if (there < 0 || syncfs(t->dir) < 0)
        return there < 0 ? -1 : failed(t, w);
    if (build_remove_at(t->dir, "storage") < 0 && errno != ENOENT)
        return failed(t, w);
    if ((renameat(b->t.dir, "storage", t->dir, "storage") < 0 &&
         errno != ENOENT) ||
        fsync(t->dir) < 0 || unlinkat(t->dir, "store", 0) < 0 ||
        fsync(t->dir) < 0)
        return failed(t, w);
    store_mark(t->more->store);
    return store_look(t, w);
}

int
form_unpack(struct st *t, struct why *w)
{
    struct sbuf name = { 0 };
    struct build b = { .t = { .dir = -1 } };
    int bad;

    if (lock_take(t, LOCK_ALL, w) < 0)
        return -1;
    bad = store_look(t, w);
    if (!bad && t->more->store) {
        sbuf_addf(&name, "%s/storage.new", t->name);
        bad = name.failed ? why_set(w, "%s: out of memory", t->name)
                          : build_open(&b, name.s, &t->shape, w);
        if (!bad)
            bad = spread(t, &b, w);
    }
    build_close(&b);
    sbuf_free(&name);
    lock_drop(t, LOCK_ALL);
    return bad;
}
