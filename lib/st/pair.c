#include "st/pair.h"

int
pair_open(struct pair *p, const char *a, int aflags, const char *b, int bflags,
          struct why *w)
{
    struct sbuf have = { 0 }, want = { 0 };

    *p = (struct pair){ .b = { .dir = -1 } };
    if (st_open(&p->a, a, aflags, w) < 0)
        return -1;
    if (st_open(&p->b, b, bflags, w) < 0) {
        st_close(&p->a);
        return -1;
    }
    if (shape_same(&p->a.shape, &p->b.shape))
        return 0;
    shape_text(&p->a.shape, &want);
    shape_text(&p->b.shape, &have);
    why_set(w, "%s has shape %s, %s has %s", a, want.s ? want.s : "?", b,
            have.s ? have.s : "?");
    sbuf_free(&have);
    sbuf_free(&want);
    pair_close(p);
    return -1;
}

void
pair_close(struct pair *p)
{
    st_close(&p->a);
    st_close(&p->b);
}
