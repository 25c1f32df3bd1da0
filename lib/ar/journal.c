#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ar/journal.h"
#include "common/crc32.h"
#include "common/deadline.h"
#include "common/fsx.h"
#include "common/tsv.h"

static const size_t largest = (size_t)1 << 32;

const char *
record_get(const struct record *r, const char *key)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->key[i], key) == 0)
            return r->val[i];
    return NULL;
}

int
record_parse(struct record *r, char *line)
{
    char *f[JOURNAL_MAXFIELD + 3], *eq;
    size_t n = tsv_split(line, f, JOURNAL_MAXFIELD + 3);

    if (n < 3 || n > JOURNAL_MAXFIELD + 3)
        return -1;
    r->seq = strtol(f[0], NULL, 10);
    r->phase = f[1];
    r->time_ns = strtoll(f[2], NULL, 10);
    r->n = 0;
    for (size_t i = 3; i < n; i++) {
        if (!(eq = strchr(f[i], '=')))
            return -1;
        *eq = '\0';
        r->key[r->n] = f[i];
        r->val[r->n++] = eq + 1;
    }
    return 0;
}

/* Split off and compare the CRC of one line; the next one starts from it. */
static int
check(char *line, size_t len, uint32_t *crc)
{
    uint32_t c;
    char want[9];

    if (len < 10 || memchr(line, '\0', len) || line[len - 9] != '\t')
        return -1;
    c = crc32_of(*crc, line, len - 9);
    snprintf(want, sizeof want, "%08" PRIx32, c);
    if (memcmp(line + len - 8, want, 8) != 0)
        return -1;
    line[len - 9] = '\0';
    *crc = c;
    return 0;
}

int
journal_read(struct journal *j, const char *path,
             int (*fn)(const struct record *, void *, struct why *), void *ctx,
             struct why *w)
{
    struct sbuf b = { 0 };
    struct record r;
    size_t at = 0, line = 1;
    int bad = 0;

    *j = (struct journal){ .fd = -1, .path = strdup(path) };
    if (!j->path)
        return why_set(w, "out of memory");
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return 0;
    if (fsx_read(path, &b, largest, w) < 0) {
        sbuf_free(&b);
        return -1;
    }
    for (char *nl; !bad && at < b.len; line++) {
        size_t len, last;
        if (!(nl = memchr(b.s + at, '\n', b.len - at)))
            break; /* torn */
        len = (size_t)(nl - (b.s + at));
        last = at + len + 1 == b.len;
        *nl = '\0';
        if (check(b.s + at, len, &j->crc) < 0 ||
            record_parse(&r, b.s + at) < 0) {
            if (!last)
                bad = why_set(w,
                              "%s:%zu: damaged record; restore the file "
                              "from a copy",
                              path, line);
            break;
        }
        at += len + 1;
        bad = fn(&r, ctx, w);
    }
    j->end = at;
    sbuf_free(&b);
    return bad;
}

int
journal_writable(struct journal *j, struct why *w)
{
    j->fd = open(j->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (j->fd < 0 || ftruncate(j->fd, (off_t)j->end) < 0)
        return why_set(w, "%s: %s", j->path, strerror(errno));
    return 0;
}

void
journal_begin(struct sbuf *b, long seq, const char *phase)
{
    sbuf_clear(b);
    sbuf_addf(b, "%ld\t%s\t%" PRId64, seq, phase, deadline_wall_ns());
}

void
journal_field(struct sbuf *b, const char *key, const char *val)
{
    sbuf_addf(b, "\t%s=", key);
    tsv_escape(b, val ? val : "");
}

void
journal_fieldf(struct sbuf *b, const char *key, const char *fmt, ...)
{
    char val[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(val, sizeof val, fmt, ap);
    va_end(ap);
    journal_field(b, key, val);
}

int
journal_append(struct journal *j, struct sbuf *b, int sync, struct why *w)
{
    uint32_t crc = crc32_of(j->crc, b->s, b->len);
    size_t body = b->len;
    ssize_t n;

    sbuf_addf(b, "\t%08" PRIx32 "\n", crc);
    if (b->failed)
        return why_set(w, "out of memory");
    n = write(j->fd, b->s, b->len);
    if (n != (ssize_t)b->len || (sync && fdatasync(j->fd) < 0)) {
        why_set(w, "%s: %s", j->path, n < 0 ? strerror(errno) : "disk full");
        if (ftruncate(j->fd, (off_t)j->end) < 0)
            j->fd = -1; /* a torn line is ignored by readers all the same */
        return -1;
    }
    j->crc = crc;
    j->end += b->len;
    b->len = body; /* the caller may still take the record apart */
    b->s[body] = '\0';
    return 0;
}

void
journal_close(struct journal *j)
{
    if (j->fd >= 0)
        close(j->fd);
    free(j->path);
    *j = (struct journal){ .fd = -1 };
}
