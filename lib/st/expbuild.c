#include <sys/stat.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "common/fsx.h"
#include "st/expindex.h"

/*
 * Building the file of expindex.h: one pass over the rows collects, for lines
 * and for words, each distinct text once and the row of each occurrence; then
 * texts are sorted by hash, rows fall into place by counting, and the parts
 * are written one after the other.
 */

struct term {
    uint64_t hash, at; /* of its text; later of its block in the file */
    uint32_t len, count;
    size_t first; /* of its rows in row[] */
};

struct part {
    struct sbuf text; /* of all terms */
    struct term *term;
    size_t terms, room;
    uint32_t *slot; /* a table of terms, number + 1, 0 for none */
    size_t slots;
    uint32_t *use; /* term of each occurrence, row by row */
    size_t uses, use_room;
    uint32_t *size; /* members of each row */
    uint32_t *row;  /* rows of each term */
    struct expindex_entry *entry;
    struct expindex_bucket *bucket;
    uint32_t *order; /* terms by hash */
};

struct builder {
    struct expindex_head h;
    struct part part[WORDS_METHODS];
    struct words set;
    uint64_t *sign;
    uint32_t *link;
};

/* Room for one more of n things of a size; 0 or -1. */
static int
room_for(void **p, size_t n, size_t *room, size_t size)
{
    size_t more = *room ? 2 * *room : 1024;
    void *q;

    if (n < *room)
        return 0;
    if (!(q = realloc(*p, more * size)))
        return -1;
    *p = q;
    *room = more;
    return 0;
}

static int
rehash(struct part *p)
{
    size_t slots = p->slots ? 2 * p->slots : 4096;
    uint32_t *slot = calloc(slots, sizeof *slot);

    if (!slot)
        return -1;
    for (size_t i = 0; i < p->terms; i++) {
        size_t k = p->term[i].hash & (slots - 1);
        while (slot[k])
            k = (k + 1) & (slots - 1);
        slot[k] = (uint32_t)i + 1;
    }
    free(p->slot);
    p->slot = slot;
    p->slots = slots;
    return 0;
}

/* The number of the term that word is; a new one when it was not seen yet. -1
 * when there is no more room. */
static int64_t
intern(struct part *p, const struct word *word)
{
    size_t k;
    void *term = p->term;

    if (2 * (p->terms + 1) > p->slots && rehash(p) < 0)
        return -1;
    for (k = word->hash & (p->slots - 1); p->slot[k];
         k = (k + 1) & (p->slots - 1)) {
        const struct term *t = &p->term[p->slot[k] - 1];
        if (t->hash == word->hash && t->len == word->len &&
            memcmp(p->text.s + t->at, word->s, word->len) == 0)
            return p->slot[k] - 1;
    }
    if (word->len > UINT32_MAX || p->terms >= UINT32_MAX / 2 ||
        room_for(&term, p->terms, &p->room, sizeof *p->term) < 0)
        return -1;
    p->term = term;
    p->term[p->terms] = (struct term){ .hash = word->hash,
                                       .at = p->text.len,
                                       .len = (uint32_t)word->len };
    sbuf_add(&p->text, word->s, word->len);
    p->slot[k] = (uint32_t)++p->terms;
    return p->text.failed ? -1 : (int64_t)p->terms - 1;
}

static int
add_row(struct part *p, size_t row, const struct words *set)
{
    p->size[row] = (uint32_t)set->n;
    for (size_t i = 0; i < set->n; i++) {
        int64_t id = intern(p, &set->word[i]);
        void *use = p->use;
        if (id < 0 || room_for(&use, p->uses, &p->use_room, sizeof *p->use) < 0)
            return -1;
        p->use = use;
        p->use[p->uses++] = (uint32_t)id;
        p->term[id].count++;
    }
    return 0;
}

static int
collect(struct builder *b, struct exptab *e, struct why *w)
{
    const char *text;
    size_t len;

    e->young = deadline_wall_ns() - 20000000; /* the slowest clock ticks */
    for (size_t r = 0; r < e->rows; r++) {
        int link = exptab_sign(e, r, &b->sign[r]) == 2, there;
        if (link)
            b->link[b->h.links++] = (uint32_t)r;
        if ((there = exptab_query(e, r, &text, &len, w)) < 0)
            return -1;
        b->h.taking += (uint64_t)there;
        for (int m = 0; m < WORDS_METHODS; m++) {
            b->part[m].size[r] = EXPINDEX_NONE;
            if (there &&
                (words_set(&b->set, (enum words_method)m, text, len) < 0 ||
                 add_row(&b->part[m], r, &b->set) < 0))
                return why_set(w, "%s: out of memory", e->t->name);
        }
    }
    return 0;
}

struct sorted {
    uint64_t hash;
    uint32_t id;
};

static int
by_hash(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int
sort_terms(struct part *p)
{
    struct sorted *s = malloc((p->terms + 1) * sizeof *s);

    p->order = malloc((p->terms + 1) * sizeof *p->order);
    if (!s || !p->order) {
        free(s);
        return -1;
    }
    for (size_t i = 0; i < p->terms; i++)
        s[i] = (struct sorted){ p->term[i].hash, (uint32_t)i };
    qsort(s, p->terms, sizeof *s, by_hash);
    for (size_t i = 0; i < p->terms; i++)
        p->order[i] = s[i].id;
    free(s);
    return 0;
}

/* The rows of each term, rising. */
static int
spread_rows(struct part *p, size_t rows)
{
    size_t *next = malloc((p->terms + 1) * sizeof *next), at = 0, use = 0;

    p->row = malloc((p->uses + 1) * sizeof *p->row);
    if (!next || !p->row) {
        free(next);
        return -1;
    }
    for (size_t i = 0; i < p->terms; i++) {
        struct term *t = &p->term[p->order[i]];
        next[p->order[i]] = t->first = at;
        at += t->count;
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; p->size[r] != EXPINDEX_NONE && i < p->size[r]; i++)
            p->row[next[p->use[use++]]++] = (uint32_t)r;
    free(next);
    return 0;
}

static uint64_t
round_up(uint64_t at)
{
    return (at + 7) & ~(uint64_t)7;
}

static uint64_t
block_len(const struct term *t)
{
    return round_up(8 + (uint64_t)t->count * sizeof(uint32_t) + t->len);
}

/* Entries and buckets of a part, whose blocks begin at `at`. Returns where
 * they end, 0 when there is no memory. */
static uint64_t
make_entries(struct part *p, struct expindex_part *h, uint64_t at)
{
    size_t k = 0, buckets;

    for (h->bits = 0; h->bits < 28 && ((size_t)4 << h->bits) < p->terms;)
        h->bits++;
    buckets = (size_t)1 << h->bits;
    p->entry = calloc(p->terms + 1, sizeof *p->entry);
    p->bucket = calloc(buckets + 1, sizeof *p->bucket);
    if (!p->entry || !p->bucket)
        return 0;
    h->entries = p->terms;
    for (size_t i = 0; i < p->terms; i++) {
        struct term *t = &p->term[p->order[i]];
        p->entry[i] = (struct expindex_entry){
            .hash = t->hash, .at = at, .len = t->len, .count = t->count
        };
        at += block_len(t);
        for (; h->bits && k <= t->hash >> (64 - h->bits); k++)
            p->bucket[k].first = (uint32_t)i;
    }
    for (k += !h->bits; k <= buckets; k++)
        p->bucket[k].first = (uint32_t)p->terms;
    for (size_t i = 0; i < buckets; i++)
        p->bucket[i].sum = expindex_bucket_sum(p->bucket + i, i, p->entry);
    return at;
}

/* Where everything goes. 0 or -1. */
static int
lay_out(struct builder *b, size_t rows)
{
    struct expindex_head *h = &b->h;
    uint64_t at = sizeof *h;

    h->sign_at = at;
    at += rows * sizeof(uint64_t);
    h->link_at = at;
    h->link_sum = words_hash(0, b->link, h->links * sizeof(uint32_t));
    at = round_up(at + h->links * sizeof(uint32_t));
    for (int m = 0; m < WORDS_METHODS; m++) {
        struct part *p = &b->part[m];
        struct expindex_part *part = &h->part[m];
        part->size_at = at;
        part->size_sum = words_hash(0, p->size, rows * sizeof(uint32_t));
        at = round_up(at + rows * sizeof(uint32_t));
        if (sort_terms(p) < 0 || spread_rows(p, rows) < 0 ||
            !(at = make_entries(p, part, at)))
            return -1;
        part->bucket_at = at;
        at += (((uint64_t)1 << part->bits) + 1) * sizeof *p->bucket;
        part->entry_at = at;
        at += p->terms * sizeof *p->entry;
    }
    h->length = at;
    h->sum = words_hash(0, h, offsetof(struct expindex_head, sum));
    return 0;
}

static void
put(FILE *fp, const void *data, size_t len)
{
    static const char zero[8];

    fwrite(data, 1, len, fp); /* the commit looks at ferror */
    fwrite(zero, 1, (8 - len % 8) % 8, fp);
}

/* 0, or -1: out of memory. */
static int
put_blocks(FILE *fp, const struct part *p)
{
    struct sbuf block = { 0 };

    for (size_t i = 0; i < p->terms; i++) {
        const struct term *t = &p->term[p->order[i]];
        uint64_t sum;
        sbuf_clear(&block);
        sbuf_add(&block, p->row + t->first, t->count * sizeof *p->row);
        sbuf_add(&block, p->text.s + t->at, t->len);
        if (block.failed)
            break;
        sum = words_hash(t->hash, block.s, block.len);
        fwrite(&sum, sizeof sum, 1, fp);
        put(fp, block.s, block.len);
    }
    sbuf_free(&block);
    return block.failed ? -1 : 0;
}

static int
write_out(struct builder *b, struct exptab *e, struct why *w)
{
    struct sbuf path = { 0 };
    struct fsx_tmp t;
    int bad;

    sbuf_addf(&path, "%s/index", e->t->name);
    bad = path.failed ? why_set(w, "%s: out of memory", e->t->name)
                      : fsx_tmp_open(&t, path.s, w);
    sbuf_free(&path);
    if (bad)
        return -1;
    put(t.fp, &b->h, sizeof b->h);
    put(t.fp, b->sign, e->rows * sizeof *b->sign);
    put(t.fp, b->link, b->h.links * sizeof *b->link);
    for (int m = 0; m < WORDS_METHODS && !bad; m++) {
        const struct part *p = &b->part[m];
        put(t.fp, p->size, e->rows * sizeof *p->size);
        bad = put_blocks(t.fp, p);
        put(t.fp, p->bucket,
            (((size_t)1 << b->h.part[m].bits) + 1) * sizeof *p->bucket);
        put(t.fp, p->entry, p->terms * sizeof *p->entry);
    }
    if (!bad)
        return fsx_tmp_commit(&t, w);
    fsx_tmp_abort(&t);
    return why_set(w, "%s: out of memory", e->t->name);
}

static void
release(struct builder *b)
{
    for (int m = 0; m < WORDS_METHODS; m++) {
        struct part *p = &b->part[m];
        sbuf_free(&p->text);
        free(p->term);
        free(p->slot);
        free(p->use);
        free(p->size);
        free(p->row);
        free(p->entry);
        free(p->bucket);
        free(p->order);
    }
    words_free(&b->set);
    free(b->sign);
    free(b->link);
}

static int
prepare(struct builder *b, struct exptab *e, struct why *w)
{
    struct stat st;
    int bad = 0;

    if (e->rows >= EXPINDEX_NONE)
        return why_set(w, "%s: too many rows for an index", e->t->name);
    if (!(b->h.boot = changes_boot()))
        return why_set(w, "%s: no index without /proc", e->t->name);
    if (fstat(e->t->dir, &st) < 0)
        return why_set(w, "%s: %s", e->t->name, strerror(errno));
    memcpy(b->h.magic, EXPINDEX_MAGIC, sizeof b->h.magic);
    b->h.version = EXPINDEX_VERSION;
    b->h.endian = EXPINDEX_ENDIAN;
    b->h.dev = (uint64_t)st.st_dev;
    b->h.ino = (uint64_t)st.st_ino;
    b->h.shape = expindex_shape(e);
    b->h.stamp = expindex_stamp(e);
    b->h.rows = e->rows;
    b->sign = calloc(e->rows + 1, sizeof *b->sign);
    b->link = calloc(e->rows + 1, sizeof *b->link);
    for (int m = 0; m < WORDS_METHODS; m++)
        bad |= !(b->part[m].size = calloc(e->rows + 1, sizeof(uint32_t)));
    return bad || !b->sign || !b->link
               ? why_set(w, "%s: out of memory", e->t->name)
               : 0;
}

int
expindex_build(struct exptab *e, struct why *w)
{
    struct builder b = { 0 };
    int free_now = changes_start(e->t->dir, &b.h.changes), bad;

    if (free_now <= 0)
        return free_now ? why_set(w, "%s: index.log: %s", e->t->name,
                                  strerror(errno))
                        : 0;
    exptab_renew(e);
    bad = prepare(&b, e, w) || collect(&b, e, w);
    if (!bad && lay_out(&b, e->rows) < 0)
        bad = why_set(w, "%s: out of memory", e->t->name);
    bad = bad || write_out(&b, e, w);
    e->young = 0;
    release(&b);
    return bad ? -1 : 1;
}
