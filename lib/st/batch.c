#include <stdlib.h>
#include <string.h>

#include "st/batch.h"

int
batch_open(struct batch *all, struct build *b, const char *base,
           const struct shape *s, struct why *w)
{
    struct sbuf name = { 0 };
    int bad = 0;

    *b = (struct build){ 0 };
    if (base)
        sbuf_addf(&name, "%s.%zu", base, all->n);
    bad = name.failed ? why_set(w, "out of memory")
                      : build_open(b, base ? name.s : NULL, s, w);
    sbuf_free(&name);
    return bad;
}

int
batch_close(struct batch *all, struct build *b, int bad, struct why *w)
{
    char **more = NULL;

    if (!bad && !(more = realloc(all->name, (all->n + 1) * sizeof *more)))
        bad = why_set(w, "out of memory");
    if (more)
        all->name = more;
    if (more && !(more[all->n] = strdup(b->name)))
        bad = why_set(w, "out of memory");
    if (!bad && (bad = build_commit(b, w)) < 0)
        free(more[all->n]);
    if (!bad)
        all->n++;
    build_close(b);
    return bad ? -1 : 0;
}

void
batch_undo(struct batch *all)
{
    while (all->n) {
        build_remove(all->name[--all->n], NULL);
        free(all->name[all->n]);
    }
    free(all->name);
    all->name = NULL;
}
