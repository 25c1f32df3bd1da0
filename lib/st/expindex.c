#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "st/expindex.h"

enum {
    SMALL = 256,   /* rows that are compared one by one: a fifth of 1 ms */
    SEEN = 1 << 30 /* in count[]: the row is done with */
};

int
expindex_exists(const struct exptab *e)
{
    return faccessat(e->t->dir, "index", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

uint64_t
expindex_shape(const struct exptab *e)
{
    const struct shape *s = &e->t->shape;
    uint64_t follow = (uint64_t)(e->t->flags & ST_FOLLOW) << 8;

    return words_hash(follow + (uint64_t)s->ndim, s->dim,
                      (size_t)s->ndim * sizeof *s->dim);
}

uint64_t
expindex_stamp(const struct exptab *e)
{
    char path[] = "storage/0";
    uint64_t sum = 0;
    struct stat st;

    for (int d = -1; d < 10; d++) {
        uint64_t what[3] = { 0 };
        path[7] = d < 0 ? '\0' : '/';
        path[8] = (char)('0' + (d < 0 ? 0 : d));
        if (fstatat(e->t->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            what[0] = (uint64_t)st.st_ino;
            what[1] = (uint64_t)st.st_mtim.tv_sec;
            what[2] = (uint64_t)st.st_mtim.tv_nsec;
        }
        sum = words_hash(sum, what, sizeof what);
    }
    return sum;
}

uint32_t
expindex_bucket_sum(const struct expindex_bucket *b, size_t i,
                    const struct expindex_entry *entry)
{
    uint64_t seed = (uint64_t)b[0].first << 32 | b[1].first;

    return (uint32_t)words_hash(seed + i, entry + b[0].first,
                                (b[1].first - b[0].first) * sizeof *entry);
}

/* n things of a size at an offset, or NULL when the file does not hold them. */
static const void *
piece(const struct expindex *x, uint64_t at, uint64_t n, size_t size)
{
    if (at % 8 || at > x->len || n > (x->len - at) / size)
        return NULL;
    return (const char *)x->h + at;
}

static int
map(struct expindex *x, int dir)
{
    int fd = openat(dir, "index", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    void *p = MAP_FAILED;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        (size_t)st.st_size >= sizeof *x->h) {
        x->len = (size_t)st.st_size;
        p = mmap(NULL, x->len, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (fd >= 0)
        close(fd);
    if (p == MAP_FAILED)
        return -1;
    x->h = p;
    return 0;
}

static const uint32_t *
sizes(const struct expindex *x, enum words_method m)
{
    return piece(x, x->h->part[m].size_at, x->h->rows, sizeof(uint32_t));
}

/* 1 when the file is sound so far, and about this tensor as it is. */
static int
is_true(struct expindex *x, const struct exptab *e, enum words_method m)
{
    const struct expindex_head *h = x->h;
    const void *links;
    struct stat st;

    if (memcmp(h->magic, EXPINDEX_MAGIC, sizeof h->magic) != 0 ||
        h->version != EXPINDEX_VERSION || h->endian != EXPINDEX_ENDIAN ||
        h->length != x->len ||
        h->sum != words_hash(0, h, offsetof(struct expindex_head, sum)))
        return 0;
    if (fstat(e->t->dir, &st) < 0 || h->dev != (uint64_t)st.st_dev ||
        h->ino != (uint64_t)st.st_ino || h->rows != e->rows ||
        h->shape != expindex_shape(e) || h->stamp != expindex_stamp(e) ||
        !h->boot || h->boot != changes_boot())
        return 0;
    if (changes_now(e->t->dir, &x->now) < 0 ||
        memcmp(x->now.id, h->changes.id, sizeof x->now.id) != 0 ||
        x->now.n < h->changes.n)
        return 0;
    links = piece(x, h->link_at, h->links, sizeof(uint32_t));
    return links && sizes(x, m) &&
           piece(x, h->sign_at, h->rows, sizeof(uint64_t)) &&
           h->link_sum == words_hash(0, links, h->links * sizeof(uint32_t)) &&
           h->part[m].size_sum ==
               words_hash(0, sizes(x, m), h->rows * sizeof(uint32_t));
}

static int
by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static int
has_changed(const struct expindex *x, uint64_t row)
{
    return x->n_changed && bsearch(&row, x->changed, x->n_changed, sizeof row,
                                   by_number) != NULL;
}

static int
sign_differs(const struct expindex *x, struct exptab *e, size_t row)
{
    const uint64_t *sign =
        piece(x, x->h->sign_at, x->h->rows, sizeof(uint64_t));
    uint64_t now;

    return exptab_sign(e, row, &now) == 0 || now == 0 || now != sign[row];
}

int
expindex_same(const struct expindex *x, struct exptab *e, size_t row)
{
    return has_changed(x, row) || !sign_differs(x, e, row);
}

static int
find_changed(struct expindex *x, struct exptab *e, int check)
{
    const struct expindex_head *h = x->h;
    const uint32_t *link = piece(x, h->link_at, h->links, sizeof *link);
    uint64_t notes = x->now.n - h->changes.n;
    size_t n = 0, all = check || h->rows <= SMALL ? h->rows : 0;

    x->changed = malloc((notes + h->links + all + 1) * sizeof *x->changed);
    if (!x->changed ||
        changes_between(e->t->dir, &h->changes, &x->now, x->changed) < 0)
        return -1;
    for (size_t k = 0; k < notes; k++)
        if (x->changed[k] % EXPTAB_WIDTH == 0 &&
            x->changed[k] / EXPTAB_WIDTH < h->rows)
            x->changed[n++] = x->changed[k] / EXPTAB_WIDTH;
    for (size_t k = 0; k < h->links; k++)
        if (link[k] < h->rows && sign_differs(x, e, link[k]))
            x->changed[n++] = link[k];
    for (size_t r = 0; r < all; r++)
        if (sign_differs(x, e, r))
            x->changed[n++] = r;
    qsort(x->changed, n, sizeof *x->changed, by_number);
    for (size_t k = 0; k < n; k++)
        if (!x->n_changed || x->changed[x->n_changed - 1] != x->changed[k])
            x->changed[x->n_changed++] = x->changed[k];
    return 0;
}

int
expindex_open(struct expindex *x, struct exptab *e, enum words_method m,
              int check)
{
    *x = (struct expindex){ 0 };
    exptab_renew(e);
    if (map(x, e->t->dir) == 0 && is_true(x, e, m) &&
        find_changed(x, e, check) == 0)
        return 1;
    expindex_close(x);
    return 0;
}

void
expindex_close(struct expindex *x)
{
    if (x->h)
        munmap((void *)(uintptr_t)x->h, x->len);
    free(x->changed);
    free(x->count);
    *x = (struct expindex){ 0 };
}

int
expindex_worn(const struct expindex *x)
{
    return x->n_changed > 100 + x->h->rows / 32 ||
           x->now.n - x->h->changes.n > 16384 + x->h->rows;
}

size_t
expindex_gone(const struct expindex *x, enum words_method m)
{
    const uint32_t *size = sizes(x, m);
    size_t n = 0;

    for (size_t k = 0; k < x->n_changed; k++)
        n += size[x->changed[k]] != EXPINDEX_NONE;
    return n;
}

struct list {
    const uint32_t *row;
    size_t n;
};

/* The rows of one line or word; none when nobody has it. -1: damage. */
static int
look_up(const struct expindex *x, const struct expindex_part *p,
        const struct word *word, struct list *l)
{
    size_t k = p->bits ? (size_t)(word->hash >> (64 - p->bits)) : 0;
    const struct expindex_bucket *b;
    const struct expindex_entry *entry;

    *l = (struct list){ 0 };
    if (p->bits > 31 ||
        !(b = piece(x, p->bucket_at, ((uint64_t)1 << p->bits) + 1,
                    sizeof *b)) ||
        !(entry = piece(x, p->entry_at, p->entries, sizeof *entry)) ||
        b[k].first > b[k + 1].first || b[k + 1].first > p->entries ||
        b[k].sum != expindex_bucket_sum(b + k, k, entry))
        return -1;
    for (size_t i = b[k].first; i < b[k + 1].first; i++) {
        const uint64_t *sum;
        uint64_t bytes =
            (uint64_t)entry[i].count * sizeof(uint32_t) + entry[i].len;
        if (entry[i].hash != word->hash || entry[i].len != word->len)
            continue;
        sum = piece(x, entry[i].at, bytes + 8, 1);
        if (!sum || *sum != words_hash(word->hash, sum + 1, bytes))
            return -1;
        l->row = (const uint32_t *)(sum + 1);
        if (memcmp(l->row + entry[i].count, word->s, word->len) == 0) {
            l->n = entry[i].count;
            return 0;
        }
    }
    return 0;
}

/* Count for each row how many of the lists it is in. */
static int
count_rows(struct expindex *x, const struct list *list, size_t n)
{
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < list[k].n; i++) {
            if (list[k].row[i] >= x->h->rows)
                return -1;
            x->count[list[k].row[i]]++;
        }
    return 0;
}

static void
tell(struct expindex *x, enum words_method m, const struct words *set,
     const struct list *list, expindex_fn fn, void *ctx)
{
    const uint32_t *size = sizes(x, m);

    for (size_t k = 0; k < set->n; k++)
        for (size_t i = 0; i < list[k].n; i++) {
            size_t r = list[k].row[i];
            uint32_t n = x->count[r];
            if (n >= SEEN)
                continue;
            x->count[r] = SEEN;
            fn(ctx, r, words_score(m, n, set->n, size[r]));
        }
}

int
expindex_ask(struct expindex *x, enum words_method m, const struct words *set,
             int zeros, expindex_fn fn, void *ctx)
{
    const uint32_t *size = sizes(x, m);
    struct list *list = calloc(set->n + 1, sizeof *list);
    size_t n = 0, total = 0;
    int bad = !list || set->n >= SEEN;

    if (!x->count)
        x->count = calloc(x->h->rows + 1, sizeof *x->count);
    bad = bad || !x->count;
    for (; n < set->n && !bad; n++) {
        bad = look_up(x, &x->h->part[m], &set->word[n], &list[n]);
        total += list[n].n;
    }
    for (size_t k = 0; k < x->n_changed && !bad; k++)
        x->count[x->changed[k]] = SEEN;
    bad = bad || count_rows(x, list, n) < 0;
    if (!bad)
        tell(x, m, set, list, fn, ctx);
    for (size_t r = 0; r < x->h->rows && !bad && zeros; r++)
        if (x->count[r] == 0 && size[r] != EXPINDEX_NONE && !fn(ctx, r, 0))
            break;
    for (size_t k = 0; k < n && x->count && total < x->h->rows / 8; k++)
        for (size_t i = 0; i < list[k].n && !bad; i++)
            x->count[list[k].row[i]] = 0;
    for (size_t k = 0; k < x->n_changed && x->count; k++)
        x->count[x->changed[k]] = 0;
    if (x->count && (bad || total >= x->h->rows / 8))
        memset(x->count, 0, x->h->rows * sizeof *x->count);
    free(list);
    return bad ? -1 : 0;
}
