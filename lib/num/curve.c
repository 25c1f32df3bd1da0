#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/sbuf.h"
#include "num/curve.h"

static const char header[] =
    "step\tseconds\tbytes\tlr\tloss\tgrad_norm\tval_bpb\tbytes_per_s\n";

static int
put(struct curve *c, const char *s, size_t n, struct why *w)
{
    ssize_t put = write(c->fd, s, n);

    if (put < 0)
        return why_set(w, "%s: %s", c->path, strerror(errno));
    return put == (ssize_t)n ? 0 : why_set(w, "%s: disk full", c->path);
}

/* Bytes of the complete lines up to `steps`; 0 for nothing but part of a
 * header, -1 for another kind of file. */
static off_t
sound(const struct sbuf *b, uint64_t steps)
{
    size_t head = sizeof header - 1, at = head;
    const char *end;

    if (memcmp(b->s, header, b->len < head ? b->len : head) != 0)
        return -1;
    if (b->len < head)
        return 0;
    while ((end = memchr(b->s + at, '\n', b->len - at)) &&
           strtoull(b->s + at, NULL, 10) <= steps)
        at = (size_t)(end + 1 - b->s);
    return (off_t)at;
}

static int
resume(struct curve *c, uint64_t steps, struct why *w)
{
    struct sbuf b = { 0 };
    struct stat sb;
    off_t keep = 0;
    int bad = 0;

    if (fstat(c->fd, &sb) == 0 && S_ISREG(sb.st_mode) && sb.st_size > 0) {
        bad = fsx_read(c->path, &b, (size_t)1 << 32, w);
        if (!bad && (keep = sound(&b, steps)) < 0)
            bad =
                why_set(w, "%s: exists, and is no curve of ffn-train", c->path);
        if (!bad && ftruncate(c->fd, keep) < 0)
            bad = why_set(w, "%s: %s", c->path, strerror(errno));
    }
    if (!bad && keep == 0)
        bad = put(c, header, sizeof header - 1, w);
    sbuf_free(&b);
    return bad;
}

int
curve_open(struct curve *c, const char *path, const struct train *t,
           struct why *w)
{
    *c = (struct curve){ .path = path, .seen = t->seen };
    c->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (c->fd < 0)
        return why_set(w, "%s: %s", path, strerror(errno));
    if (resume(c, t->steps, w) == 0)
        return 0;
    close(c->fd);
    return -1;
}

int
curve_close(struct curve *c, struct why *w)
{
    if (close(c->fd) < 0)
        return why_set(w, "%s: %s", c->path, strerror(errno));
    return 0;
}

void
curve_step(struct curve *c, const struct train *t)
{
    c->steps++;
    c->loss += t->loss;
    c->grad_norm += t->grad_norm;
}

int
curve_line(struct curve *c, const struct train *t, double seconds, double life,
           double val_bpb, struct why *w)
{
    double n = (double)c->steps, spent = seconds - c->seconds;
    struct sbuf b = { 0 };
    int bad;

    if (c->steps == 0)
        return 0;
    sbuf_addf(&b, "%" PRIu64 "\t%.3f\t%" PRIu64 "\t%.6g\t%.6f\t%.6g\t",
              t->steps, life, t->seen, t->lr_now, c->loss / n / log(2),
              c->grad_norm / n);
    if (isfinite(val_bpb))
        sbuf_addf(&b, "%.6f", val_bpb);
    sbuf_adds(&b, "\t");
    if (spent > 0)
        sbuf_addf(&b, "%.0f", (double)(t->seen - c->seen) / spent);
    sbuf_adds(&b, "\n");
    bad = b.failed ? why_set(w, "out of memory") : put(c, b.s, b.len, w);
    sbuf_free(&b);
    c->steps = 0;
    c->loss = c->grad_norm = 0;
    c->seen = t->seen;
    c->seconds = seconds;
    return bad;
}
