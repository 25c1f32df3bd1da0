#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/crc32.h"
#include "common/fsx.h"
#include "common/tsv.h"
#include "num/ckpt.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "checkpoints are little-endian: byte swapping is needed here"
#endif

static const char magic[] = "learnutils-checkpoint ";

/* The first lines have a fixed width: magic, version, header size and CRC. */
#define LEAD "%s%d\nheader %010zu %08" PRIx32 "\n"
enum { ALIGN = 64, MAX_HEADER = 1 << 24 };
static const size_t max_size = (size_t)1 << 35;

static size_t
padded(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

size_t
ckpt_count(const struct ckpt_tensor *t)
{
    size_t n = 1;

    for (int i = 0; i < t->ndim; i++)
        n *= t->dim[i];
    return n;
}

size_t
ckpt_bytes(const struct ckpt_tensor *t)
{
    return ckpt_count(t) * (t->bytes ? 1 : sizeof(float));
}

static const void *
content(const struct ckpt_tensor *t)
{
    return t->bytes ? t->bytes : t->data;
}

void
ckpt_meta(struct sbuf *meta, const char *key, const char *fmt, ...)
{
    char val[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(val, sizeof val, fmt, ap);
    va_end(ap);
    sbuf_addf(meta, "meta\t%s\t", key);
    tsv_escape(meta, val);
    sbuf_add(meta, "\n", 1);
}

static void
describe(struct sbuf *b, const struct ckpt_tensor *t, size_t offset)
{
    sbuf_addf(b, "tensor\t%s\t%s\t", t->name, t->bytes ? "u8" : "f32");
    for (int i = 0; i < t->ndim; i++)
        sbuf_addf(b, "%s%zu", i ? "x" : "", t->dim[i]);
    sbuf_addf(b, "\t%zu\t%08" PRIx32 "\n", offset,
              crc32_of(0, content(t), ckpt_bytes(t)));
}

static void
pad(FILE *fp, size_t n)
{
    while (n++ % ALIGN)
        putc(0, fp);
}

int
ckpt_write(const char *path, const struct sbuf *meta,
           const struct ckpt_tensor *t, size_t n, struct why *w)
{
    struct sbuf head = { 0 };
    struct fsx_tmp tmp;
    size_t offset = 0;
    int lead;

    if (meta->len)
        sbuf_add(&head, meta->s, meta->len);
    for (size_t i = 0; i < n; i++) {
        describe(&head, &t[i], offset);
        offset = padded(offset + ckpt_bytes(&t[i]));
    }
    if (head.failed || meta->failed) {
        sbuf_free(&head);
        return why_set(w, "%s: out of memory", path);
    }
    if (fsx_tmp_open(&tmp, path, w) < 0) {
        sbuf_free(&head);
        return -1;
    }
    lead = fprintf(tmp.fp, LEAD, magic, CKPT_VERSION, head.len,
                   crc32_of(0, head.s, head.len));
    fwrite(head.s, 1, head.len, tmp.fp);
    pad(tmp.fp, (size_t)(lead > 0 ? lead : 0) + head.len);
    for (size_t i = 0; i < n; i++) {
        fwrite(content(&t[i]), 1, ckpt_bytes(&t[i]), tmp.fp);
        pad(tmp.fp, ckpt_bytes(&t[i]));
    }
    sbuf_free(&head);
    return fsx_tmp_commit(&tmp, w); /* notices every failed write */
}

static int
map_file(struct ckpt *c, const char *path, struct why *w)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat sb;
    int bad = 0;

    if (fd < 0)
        return why_set(w, "%s: %s", path, strerror(errno));
    if (fstat(fd, &sb) < 0)
        bad = why_set(w, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(sb.st_mode))
        bad = why_set(w, "%s: not a regular file", path);
    else if ((uintmax_t)sb.st_size > max_size)
        bad = why_set(w, "%s: %jd bytes, a checkpoint has at most %zu", path,
                      (intmax_t)sb.st_size, max_size);
    else if ((size_t)sb.st_size < sizeof magic)
        bad = why_set(w, "%s: not a checkpoint", path);
    if (!bad) {
        c->size = (size_t)sb.st_size;
        c->map = mmap(NULL, c->size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (c->map == MAP_FAILED) {
            c->map = NULL;
            bad = why_set(w, "%s: %s", path, strerror(errno));
        }
    }
    close(fd);
    return bad;
}

/* Decimal digits up to a stop character: what scanf would be too lax about. */
static int
number(const char **s, char stop, size_t *to)
{
    char *end;

    if (**s < '0' || **s > '9')
        return -1;
    errno = 0;
    *to = strtoull(*s, &end, 10);
    if (errno || *end != stop)
        return -1;
    *s = end + 1;
    return 0;
}

/* Check the two lead lines; *at becomes the header's offset, *len its size. */
static int
check_lead(const struct ckpt *c, const char *path, size_t *at, size_t *len,
           struct why *w)
{
    char lead[128] = "", crc[9];
    const char *s = lead + sizeof magic - 1;
    size_t version;

    memcpy(lead, c->map, c->size < sizeof lead ? c->size : sizeof lead - 1);
    if (memcmp(lead, magic, sizeof magic - 1) != 0 ||
        number(&s, '\n', &version) < 0 || version == 0)
        return why_set(w, "%s: not a checkpoint", path);
    if (version > CKPT_VERSION)
        return why_set(w,
                       "%s: checkpoint version %zu is newer than %d, the "
                       "newest this program knows; use a newer learnutils",
                       path, version, CKPT_VERSION);
    if (strncmp(s, "header ", 7) != 0 || (s += 7, number(&s, ' ', len) < 0) ||
        strlen(s) < 9 || s[8] != '\n')
        return why_set(w, "%s: truncated or damaged header", path);
    *at = (size_t)(s + 9 - lead);
    if (*len > MAX_HEADER || *at + *len > c->size)
        return why_set(w, "%s: truncated: the header needs %zu bytes", path,
                       *at + *len);
    snprintf(crc, sizeof crc, "%08" PRIx32,
             crc32_of(0, (char *)c->map + *at, *len));
    if (memcmp(crc, s, 8) != 0)
        return why_set(w, "%s: damaged header (checksum)", path);
    return 0;
}

/* Fields of a tensor line: tensor name type dims offset crc. */
static int
parse_tensor(struct ckpt *c, char **f, size_t data, size_t *end,
             const char *path, struct why *w)
{
    struct ckpt_tensor *t = &c->tensor[c->ntensor++];
    const char *dims = f[3], *off = f[4];
    int bytes = strcmp(f[2], "u8") == 0;
    size_t offset, n = 1, room = c->size - data;
    const void *at;
    char crc[9];

    t->name = f[1];
    for (int last = 0; !last; t->ndim++) {
        size_t v;
        last = !strchr(dims, 'x');
        if (t->ndim == CKPT_MAXDIM || number(&dims, last ? '\0' : 'x', &v) ||
            v == 0 || v > room / n)
            return why_set(w, "%s: truncated, or impossible shape %s of %s",
                           path, f[3], t->name);
        t->dim[t->ndim] = v;
        n *= v;
    }
    n *= bytes ? 1 : sizeof(float);
    if ((!bytes && strcmp(f[2], "f32") != 0) ||
        number(&off, '\0', &offset) < 0 || offset % ALIGN ||
        offset > c->size - data || n > c->size - data - offset)
        return why_set(w, "%s: truncated: %s lies past its end", path, t->name);
    at = (const char *)c->map + data + offset;
    if (bytes)
        t->bytes = at;
    else
        t->data = at;
    snprintf(crc, sizeof crc, "%08" PRIx32, crc32_of(0, at, n));
    if (strcmp(crc, f[5]) != 0)
        return why_set(w, "%s: damaged: checksum of %s", path, t->name);
    *end = data + padded(offset + n);
    return 0;
}

static int
parse(struct ckpt *c, size_t at, size_t len, const char *path, struct why *w)
{
    size_t lines = 0, end = padded(at + len), data = end;
    char *next, *f[6];

    for (size_t i = 0; i < len; i++)
        lines += c->header[i] == '\n';
    c->meta = calloc(lines + 1, 2 * sizeof *c->meta);
    c->tensor = calloc(lines + 1, sizeof *c->tensor);
    if (!c->meta || !c->tensor)
        return why_set(w, "%s: out of memory", path);
    if (data > c->size)
        return why_set(w, "%s: truncated after the header", path);
    for (char *line = c->header; *line; line = next) {
        next = line + strcspn(line, "\n");
        next += *next == '\n';
        size_t n = tsv_split(line, f, 6);
        if (n == 3 && strcmp(f[0], "meta") == 0) {
            c->meta[2 * c->nmeta] = f[1];
            c->meta[2 * c->nmeta++ + 1] = f[2];
        } else if (n == 6 && strcmp(f[0], "tensor") == 0) {
            if (parse_tensor(c, f, data, &end, path, w) < 0)
                return -1;
        } else {
            return why_set(w, "%s: unknown header line %s", path, f[0]);
        }
    }
    if (end != c->size)
        return why_set(w, "%s: %zu bytes, its header says %zu", path, c->size,
                       end);
    return 0;
}

int
ckpt_open(struct ckpt *c, const char *path, struct why *w)
{
    size_t at = 0, len = 0;

    *c = (struct ckpt){ 0 };
    if (map_file(c, path, w) == 0 && check_lead(c, path, &at, &len, w) == 0) {
        if (!(c->header = strndup((char *)c->map + at, len)))
            why_set(w, "%s: out of memory", path);
        else if (strlen(c->header) < len)
            why_set(w, "%s: NUL in the header", path);
        else if (parse(c, at, len, path, w) == 0)
            return 0;
    }
    ckpt_close(c);
    return -1;
}

void
ckpt_close(struct ckpt *c)
{
    if (c->map)
        munmap(c->map, c->size);
    free(c->header);
    free(c->meta);
    free(c->tensor);
    *c = (struct ckpt){ 0 };
}

const char *
ckpt_get(const struct ckpt *c, const char *key)
{
    for (size_t i = 0; i < c->nmeta; i++)
        if (strcmp(c->meta[2 * i], key) == 0)
            return c->meta[2 * i + 1];
    return NULL;
}

const struct ckpt_tensor *
ckpt_find(const struct ckpt *c, const char *name)
{
    for (size_t i = 0; i < c->ntensor; i++)
        if (strcmp(c->tensor[i].name, name) == 0)
            return &c->tensor[i];
    return NULL;
}

int
ckpt_long(const struct ckpt *c, const char *key, long *to, struct why *w)
{
    const char *s = ckpt_get(c, key);
    char *end;

    if (!s)
        return why_set(w, "no %s in the checkpoint", key);
    errno = 0;
    *to = strtol(s, &end, 10);
    if (end == s || *end || errno)
        return why_set(w, "%s in the checkpoint is %s, not a whole number", key,
                       s);
    return 0;
}
