#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/crc32.h"
#include "st/store.h"

enum { HEADER = 4096, BUFFER = 1 << 18, BLOCK = 128 };
static const char magic[32] = "learnutils-store 1\n";

struct header {
    char magic[32];
    uint64_t count, index, data; /* offsets in bytes */
    uint32_t order, zero;        /* 0x01020304 as this machine writes it */
    uint64_t replaced;           /* not 0: look for another file */
};

struct record {
    uint64_t at, len;
    uint32_t crc, zero;
    uint64_t check; /* of the above and the element's number */
};

struct store {
    int dir, fd, writable;
    size_t count;
    char *map; /* the whole file as it was */
    size_t mapped;
    struct fresh *fresh; /* a file being made */
};

/* Data and index of a new file that are not written yet. Not through a map:
 * a full disk would be a signal there. */
struct fresh {
    size_t end, waits; /* bytes of the file in all, of them in data[] */
    size_t block;      /* which part of the index is in index[] */
    int dirty;
    struct record index[BLOCK];
    char data[BUFFER];
};

static uint64_t
check_of(const struct record *r, size_t i)
{
    uint64_t h = (uint64_t)i + 1;
    const uint64_t part[3] = { r->at, r->len,
                               (uint64_t)r->crc << 32 | r->zero };

    for (int k = 0; k < 3; k++) {
        h = (h ^ part[k]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h | 1; /* never that of a hole */
}

static size_t
data_start(size_t count)
{
    size_t end = HEADER + count * sizeof(struct record);

    return (end + HEADER - 1) / HEADER * HEADER;
}

static int
remap(struct store *s)
{
    struct stat st;
    void *p;

    if (fstat(s->fd, &st) < 0)
        return -1;
    if (s->map)
        munmap(s->map, s->mapped);
    s->map = NULL;
    s->mapped = 0;
    if ((size_t)st.st_size < data_start(s->count)) {
        errno = EINVAL;
        return -1;
    }
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, s->fd, 0);
    if (p == MAP_FAILED)
        return -1;
    s->map = p;
    s->mapped = (size_t)st.st_size;
    return 0;
}

/* What is wrong with the header of count elements, or NULL. */
static const char *
inspect(const struct header *h, size_t count)
{
    if (memcmp(h->magic, magic, 17) != 0)
        return "store is not a packed tensor";
    if (memcmp(h->magic, magic, sizeof magic) != 0)
        return "store has a newer version than 1";
    if (h->order != 0x01020304)
        return "store was written with another order of bytes";
    if (h->count != count || h->index != HEADER || h->data != data_start(count))
        return "store does not belong to this shape";
    return NULL;
}

/* Open DIR/store into s; 1, 0 when there is none, -1. */
static int
attach(struct store *s, const char **wrong)
{
    struct header h;
    struct stat st;
    ssize_t n;

    *wrong = NULL;
    s->fd = openat(s->dir, "store", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    s->writable = s->fd >= 0;
    if (s->fd < 0)
        s->fd = openat(s->dir, "store",
                       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (s->fd < 0)
        return errno == ENOENT ? 0 : -1;
    if (fstat(s->fd, &st) < 0)
        return -1;
    n = S_ISREG(st.st_mode) ? pread(s->fd, &h, sizeof h, 0) : 0;
    if (n != sizeof h)
        *wrong = "store is not a packed tensor";
    else if (!(*wrong = inspect(&h, s->count)) && remap(s) < 0)
        *wrong = errno == EINVAL ? "store was cut short" : NULL;
    else if (!*wrong)
        return 1;
    return -1;
}

static void
detach(struct store *s)
{
    if (s->map)
        munmap(s->map, s->mapped);
    if (s->fd >= 0)
        close(s->fd);
    s->map = NULL;
    s->fd = -1;
}

int
store_open(struct store **s, int dir, size_t count, const char **wrong)
{
    int r;

    *wrong = NULL;
    if (!(*s = calloc(1, sizeof **s)))
        return -1;
    (*s)->dir = dir;
    (*s)->count = count;
    r = attach(*s, wrong);
    if (r <= 0) {
        int keep = errno;
        store_close(*s);
        *s = NULL;
        errno = keep;
    }
    return r;
}

void
store_close(struct store *s)
{
    if (!s)
        return;
    detach(s);
    free(s->fresh);
    free(s);
}

/* Go over to the file that took this one's place: 1, 0 when none did, 2 when
 * there is none, -1. */
static int
renew(struct store *s, const char **wrong)
{
    int r;

    errno = EINVAL;
    if (s->fresh)
        return -1;
    if (s->map && !((volatile struct header *)s->map)->replaced)
        return 0;
    detach(s);
    r = attach(s, wrong);
    return r == 0 ? 2 : r;
}

/* The record of element i: 1, 0 when absent, 2 or -1. */
static int
find(struct store *s, size_t i, struct record *r, const char **wrong)
{
    static const struct record hole;
    int moved;

    *wrong = NULL;
    moved = renew(s, wrong);
    if (moved == 2 || moved < 0)
        return moved;
    for (int again = 0; again < 1000; again++) {
        memcpy(r, s->map + HEADER + i * sizeof *r, sizeof *r);
        if (memcmp(r, &hole, sizeof *r) == 0)
            return 0;
        if (r->check == check_of(r, i))
            return 1;
        sched_yield(); /* a writer was half way */
    }
    *wrong = "its record in store is damaged";
    return -1;
}

int
store_size(struct store *s, size_t i, size_t *len, const char **wrong)
{
    struct record r;
    int there = find(s, i, &r, wrong);

    *len = there == 1 ? r.len : 0;
    return there;
}

int
store_get(struct store *s, size_t i, const char **data, size_t *len,
          const char **wrong)
{
    struct record r;
    int there = find(s, i, &r, wrong);

    if (there != 1)
        return there;
    *wrong = "its data in store are damaged";
    if (r.at + r.len > s->mapped && remap(s) < 0)
        return -1;
    if (r.at < data_start(s->count) || r.at + r.len < r.at ||
        r.at + r.len > s->mapped)
        return -1;
    *data = s->map + r.at;
    *len = r.len;
    if (crc32_of(0, *data, *len) != r.crc)
        return -1;
    *wrong = NULL;
    return 1;
}

static int
write_at(int fd, const void *data, size_t len, size_t at)
{
    const char *p = data;

    while (len) {
        ssize_t n = pwrite(fd, p, len, (off_t)at);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            p += n;
            at += (size_t)n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static struct record
make_record(size_t i, size_t at, const void *data, size_t len)
{
    struct record r = { .at = at, .len = len };

    r.crc = crc32_of(0, data, len);
    r.check = check_of(&r, i);
    return r;
}

/* Append data; a failure leaves no trace of it. */
static int
append(struct store *s, const void *data, size_t len, size_t *at, int sync)
{
    struct stat st;
    int keep;

    if (fstat(s->fd, &st) < 0)
        return -1;
    *at = (size_t)st.st_size;
    if (write_at(s->fd, data, len, *at) == 0 &&
        (!sync || !len || fdatasync(s->fd) == 0))
        return 0;
    keep = errno;
    if (ftruncate(s->fd, st.st_size) < 0)
        errno = keep; /* waste, no harm */
    errno = keep;
    return -1;
}

int
store_put(struct store *s, size_t i, const void *data, size_t len, int sync,
          const char **wrong)
{
    struct record r = { 0 };
    size_t at = 0;
    int moved;

    *wrong = NULL;
    moved = renew(s, wrong);
    if (moved == 2 || moved < 0)
        return moved;
    if (!s->writable) {
        errno = EACCES;
        return -1;
    }
    if (data) {
        if (append(s, data, len, &at, sync) < 0)
            return -1;
        r = make_record(i, at, data, len);
    }
    if (write_at(s->fd, &r, sizeof r, HEADER + i * sizeof r) < 0)
        return -1;
    return sync ? fdatasync(s->fd) : 0;
}

int
store_create(struct store **out, int dir, const char *name, size_t count)
{
    struct header h = { .count = count, .index = HEADER, .order = 0x01020304 };
    struct store *s = calloc(1, sizeof *s);
    int keep;

    *out = NULL;
    if (!s || !(s->fresh = calloc(1, sizeof *s->fresh))) {
        free(s);
        errno = ENOMEM;
        return -1;
    }
    s->dir = dir;
    s->count = count;
    s->writable = 1;
    s->fresh->end = h.data = data_start(count);
    memcpy(h.magic, magic, sizeof magic);
    s->fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (s->fd >= 0 && ftruncate(s->fd, (off_t)s->fresh->end) == 0 &&
        write_at(s->fd, &h, sizeof h, 0) == 0) {
        *out = s;
        return 0;
    }
    keep = errno;
    store_close(s);
    errno = keep;
    return -1;
}

static int
flush_data(struct store *s)
{
    struct fresh *f = s->fresh;

    if (write_at(s->fd, f->data, f->waits, f->end - f->waits) < 0)
        return -1;
    f->waits = 0;
    return 0;
}

/* Write the part of the index at hand and, where it differs, take up block. */
static int
turn(struct store *s, size_t block)
{
    struct fresh *f = s->fresh;
    off_t at = (off_t)(HEADER + f->block * sizeof f->index);

    if (f->dirty && write_at(s->fd, f->index, sizeof f->index, (size_t)at) < 0)
        return -1;
    f->dirty = 0;
    if (block == f->block)
        return 0;
    f->block = block;
    at = (off_t)(HEADER + block * sizeof f->index);
    return pread(s->fd, f->index, sizeof f->index, at) < 0 ? -1 : 0;
}

int
store_add(struct store *s, size_t i, const void *data, size_t len, int once,
          const char **wrong)
{
    struct fresh *f = s->fresh;

    *wrong = NULL;
    if (i / BLOCK != f->block && turn(s, i / BLOCK) < 0)
        return -1;
    if (once && f->index[i % BLOCK].check) {
        *wrong = "given twice";
        return -1;
    }
    f->index[i % BLOCK] = make_record(i, f->end, data, len);
    f->dirty = 1;
    if (f->waits + len > BUFFER && flush_data(s) < 0)
        return -1;
    if (len > BUFFER) {
        if (write_at(s->fd, data, len, f->end) < 0)
            return -1;
    } else if (len) {
        memcpy(f->data + f->waits, data, len);
        f->waits += len;
    }
    f->end += len;
    return 0;
}

int
store_finish(struct store *s)
{
    if (turn(s, s->fresh->block) < 0 || flush_data(s) < 0)
        return -1;
    return fsync(s->fd);
}

void
store_mark(struct store *s)
{
    uint64_t yes = 1;

    if (s && s->fd >= 0)
        (void)!pwrite(s->fd, &yes, sizeof yes,
                      (off_t)offsetof(struct header, replaced));
}
