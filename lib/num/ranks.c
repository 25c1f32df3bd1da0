#include <string.h>

#include "common/crc32.h"
#include "num/ranks.h"

int
ranks_text(struct comm *c, struct sbuf *text, struct why *w)
{
    size_t n = text->len;

    if (comm_bcast(c, &n, sizeof n, w) < 0)
        return -1;
    if (n > text->len && sbuf_reserve(text, n - text->len) < 0)
        return why_set(w, "out of memory: %zu bytes of text", n);
    text->len = n;
    return comm_bcast(c, text->s, n, w);
}

int
ranks_threads(struct comm *c, long *threads, long batch, long streams,
              struct jobserver **js, struct why *w)
{
    int ranks = comm_size(c);
    long most = ranks > 1 ? streams / ranks : batch;

    if (most < 1)
        return comm_rank(c) > 0
                   ? why_set(w, "%s", "") /* once is enough */
                   : why_set(w,
                             "a batch of %ld is %ld segments: not one for each "
                             "of %d ranks",
                             batch, streams, ranks);
    if (!*threads && comm_rank(c) == 0) /* one take for all ranks of a host */
        *threads = team_default(comm_sharing(c), js);
    if (*threads > most)
        *threads = most;
    return comm_bcast(c, threads, sizeof *threads, w);
}

int
ranks_agree(struct comm *c, int bad, struct why *w)
{
    char all[COMM_MAX_RANKS] = { 0 };
    size_t at[COMM_MAX_RANKS + 1];
    int n = comm_size(c), first = 0;

    for (int r = 0; r <= n; r++)
        at[r] = (size_t)r;
    all[comm_rank(c)] = bad != 0;
    if (comm_gather(c, all, at, bad ? NULL : w) < 0)
        return -1;
    while (first < n && !all[first])
        first++;
    if (first == n)
        return 0;
    return comm_rank(c) == first ? -1 : why_set(w, "%s", "");
}

int
ranks_compare(const struct train *t, struct why *w)
{
    const struct bytes *d = t->data;
    size_t part = d->n < 65536 ? d->n : 65536;
    uint64_t mine[] = { crc32_of(0, d->data, part),
                        crc32_of(0, d->data + d->n - part, part),
                        d->n,
                        d->epoch,
                        d->next,
                        d->seed,
                        d->segment,
                        d->context,
                        t->steps,
                        t->seen,
                        t->f->size,
                        ffn_rows(t->f),
                        (uint64_t)t->c.batch,
                        (uint64_t)t->f->k->bf16 };
    uint64_t first[sizeof mine / sizeof *mine];

    memcpy(first, mine, sizeof mine);
    if (comm_bcast(t->c.comm, first, sizeof first, w) < 0)
        return -1;
    if (memcmp(first, mine, sizeof mine) != 0)
        return why_set(w,
                       "rank %d has another text, checkpoint or setting "
                       "than rank 0",
                       comm_rank(t->c.comm));
    return 0;
}
