#define _GNU_SOURCE /* syncfs */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fsx.h"
#include "st/st.h"

enum { RECORD = 16, CELL_PATH = 64, SHAPE_TEXT = 4096 };

/* "storage/1/0", the directory of element i; returns its length. */
static size_t
cell_dir(size_t i, char *path)
{
    char digits[24];
    size_t n = sizeof "storage" - 1;

    memcpy(path, "storage", n);
    snprintf(digits, sizeof digits, "%zu", i);
    for (const char *d = digits; *d; d++) {
        path[n++] = '/';
        path[n++] = *d;
    }
    path[n] = '\0';
    return n;
}

void
st_path(const struct st *t, size_t i, struct sbuf *b)
{
    char path[CELL_PATH];

    cell_dir(i, path);
    sbuf_addf(b, "%s/%s/data", t->name, path);
}

void
st_name(const struct st *t, size_t i, struct sbuf *b)
{
    sbuf_addf(b, "%s[", t->name);
    shape_coords_text(&t->shape, i, b);
    sbuf_adds(b, "]");
}

int
st_at(const struct st *t, const char *coords, size_t *i, struct why *w)
{
    struct why inner;

    if (shape_parse_coords(&t->shape, coords, i, &inner) == 0)
        return 0;
    return why_set(w, "%s[%.60s]: %s", t->name, coords, inner.s);
}

/* A failure at element i: what is wrong, or errno's text when it is NULL. */
static int
cell_why(const struct st *t, size_t i, const char *what, struct why *w)
{
    const char *reason = what ? what : strerror(errno);
    struct sbuf name = { 0 };

    st_name(t, i, &name);
    why_set(w, "%s: %s", name.failed ? t->name : name.s, reason);
    sbuf_free(&name);
    return -1;
}

static int
read_shape(struct st *t, struct why *w)
{
    struct sbuf text = { 0 }, path = { 0 };
    struct why inner = { "out of memory" };
    int bad;

    sbuf_addf(&path, "%s/shape", t->name);
    bad = path.failed || fsx_read(path.s, &text, SHAPE_TEXT, &inner) < 0;
    if (bad)
        why_set(w, "%s", inner.s);
    else if ((bad = shape_parse(&t->shape, text.s ? text.s : "", &inner)))
        why_set(w, "%s: %s", path.s, inner.s);
    sbuf_free(&text);
    sbuf_free(&path);
    return bad ? -1 : 0;
}

static int
open_dir(struct st *t, const char *name, int flags, struct why *w)
{
    *t = (struct st){ .flags = flags, .dir = -1, .coeff = -1, .lock = -1 };
    if (!(t->name = strdup(name)))
        return why_set(w, "%s: out of memory", name);
    t->dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->dir < 0) {
        why_set(w, "%s: %s", name, strerror(errno));
        st_close(t);
        return -1;
    }
    return 0;
}

int
st_open(struct st *t, const char *name, int flags, struct why *w)
{
    if (open_dir(t, name, flags, w) < 0)
        return -1;
    if (read_shape(t, w) == 0)
        return 0;
    st_close(t);
    return -1;
}

int
st_fresh(char name[ST_FRESH], struct why *w)
{
    unsigned char r[16];
    size_t n = 0;

    if (getentropy(r, sizeof r) < 0)
        return why_set(w, "no random bytes: %s", strerror(errno));
    r[6] = (r[6] & 15) | 0x40;
    r[8] = (r[8] & 63) | 0x80;
    for (int i = 0; i < 16; i++)
        n += (size_t)snprintf(name + n, ST_FRESH - n, "%s%02x",
                              i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                              r[i]);
    return 0;
}

int
st_create(struct st *t, const char *name, const struct shape *s, struct why *w)
{
    struct sbuf text = { 0 }, path = { 0 };
    char fresh[ST_FRESH];
    int bad;

    *t = (struct st){ .dir = -1, .coeff = -1, .lock = -1 };
    if (!name && st_fresh(fresh, w) < 0)
        return -1;
    name = name ? name : fresh;
    if (mkdir(name, 0777) < 0 &&
        (errno != EEXIST || rmdir(name) < 0 || mkdir(name, 0777) < 0))
        return why_set(w, "%s: %s", name,
                       errno == ENOTEMPTY ? "exists already" : strerror(errno));
    shape_text(s, &text);
    sbuf_addf(&path, "%s/shape", name);
    bad = text.failed || path.failed ? why_set(w, "%s: out of memory", name)
                                     : fsx_replace(path.s, text.s, text.len, w);
    sbuf_free(&text);
    sbuf_free(&path);
    return bad ? -1 : st_open(t, name, ST_WRITE, w);
}

void
st_close(struct st *t)
{
    if (!t->name)
        return;
    changes_end(&t->changes);
    if (t->dir >= 0)
        close(t->dir);
    if (t->coeff >= 0)
        close(t->coeff);
    if (t->lock >= 0)
        close(t->lock);
    free(t->name);
    *t = (struct st){ .dir = -1, .coeff = -1, .lock = -1 };
}

int
st_read(const struct st *t, size_t i, struct sbuf *b, struct why *w)
{
    char path[CELL_PATH];
    struct stat st;
    ssize_t n = 0;
    int fd;

    memcpy(path + cell_dir(i, path), "/data", 6);
    if ((fd = openat(t->dir, path, O_RDONLY | O_CLOEXEC)) < 0)
        return errno == ENOENT ? 0 : cell_why(t, i, NULL, w);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        cell_why(t, i, "not a regular file", w);
        close(fd);
        return -1;
    }
    do {
        if (sbuf_reserve(b, 4096) < 0)
            break;
        n = read(fd, b->s + b->len, b->cap - b->len - 1);
        if (n > 0)
            b->len += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (b->s)
        b->s[b->len] = '\0';
    if (n < 0 || b->failed)
        cell_why(t, i, b->failed ? "out of memory" : NULL, w);
    close(fd);
    return n < 0 || b->failed ? -1 : 1;
}

/* NAN: there is no record; the file is opened on first use. */
static double
recorded(struct st *t, size_t i)
{
    char text[RECORD + 1] = "";

    if (t->coeff < 0)
        t->coeff = openat(t->dir, "coeff",
                          (t->flags & ST_WRITE ? O_RDWR : O_RDONLY) |
                              O_CLOEXEC | O_NOFOLLOW);
    if (t->coeff < 0 ||
        pread(t->coeff, text, RECORD, (off_t)(RECORD * i)) != RECORD ||
        !text[0])
        return NAN;
    return strtod(text, NULL);
}

int
st_stat(struct st *t, size_t i, struct st_cell *c, struct why *w)
{
    char path[CELL_PATH];
    struct stat link, data;

    *c = (struct st_cell){ .size = -1 };
    memcpy(path + cell_dir(i, path), "/data", 6);
    if (fstatat(t->dir, path, &link, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : cell_why(t, i, NULL, w);
    c->kind = ST_FILE;
    data = link;
    if (S_ISLNK(link.st_mode)) {
        c->kind = fstatat(t->dir, path, &data, 0) < 0 ? ST_DANGLING : ST_LINK;
        if (c->kind == ST_DANGLING)
            return 0;
    }
    if (!S_ISREG(data.st_mode))
        return cell_why(t, i, "not a regular file", w);
    c->size = data.st_size;
    c->coeff = st_coeff(t, i);
    return 0;
}

double
st_coeff(struct st *t, size_t i)
{
    char path[CELL_PATH];
    double x = recorded(t, i);

    if (!isnan(x))
        return x;
    memcpy(path + cell_dir(i, path), "/data", 6);
    return faccessat(t->dir, path, F_OK, 0) == 0 ? 1 : 0;
}

int
st_get_coeff(struct st *t, size_t i, double *coeff, struct why *w)
{
    *coeff = st_coeff(t, i);
    return isnan(*coeff) ? cell_why(t, i, "no number in coeff", w) : 0;
}

int
st_touch(struct st *t, size_t i, struct why *w)
{
    return changes_note(&t->changes, t->dir, i) < 0 ? cell_why(t, i, NULL, w)
                                                    : 0;
}

int
st_set_coeff(struct st *t, size_t i, double coeff, struct why *w)
{
    char text[RECORD + 16];

    if (st_touch(t, i, w) < 0)
        return -1;
    if (t->coeff < 0)
        t->coeff = openat(t->dir, "coeff",
                          O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    snprintf(text, sizeof text, "%-15.9g\n", coeff);
    if (t->coeff < 0 ||
        pwrite(t->coeff, text, RECORD, (off_t)(RECORD * i)) != RECORD ||
        (!(t->flags & ST_NOSYNC) && fdatasync(t->coeff) < 0))
        return cell_why(t, i, NULL, w);
    return 0;
}

/* Make the directories of element i, from storage down. */
static int
make_dirs(const struct st *t, size_t i)
{
    char path[CELL_PATH];
    size_t n = cell_dir(i, path);

    if (mkdirat(t->dir, path, 0777) == 0 || errno == EEXIST)
        return 0;
    for (size_t k = sizeof "storage" - 1; k <= n; k += 2) {
        char keep = path[k];
        path[k] = '\0';
        if (mkdirat(t->dir, path, 0777) < 0 && errno != EEXIST)
            return -1;
        path[k] = keep;
    }
    return 0;
}

static int
write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

int
st_write(struct st *t, size_t i, const void *data, size_t len, double coeff,
         struct why *w)
{
    char path[CELL_PATH], tmp[CELL_PATH + 24];
    size_t n = cell_dir(i, path);
    int fd, bad;

    snprintf(tmp, sizeof tmp, "%s/.data.%ld", path, (long)getpid());
    memcpy(path + n, "/data", 6);
    if (st_touch(t, i, w) < 0)
        return -1;
    if (make_dirs(t, i) < 0)
        return cell_why(t, i, NULL, w);
    fd = openat(t->dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return cell_why(t, i, NULL, w);
    bad = write_all(fd, data, len) < 0 ||
          (!(t->flags & ST_NOSYNC) && fsync(fd) < 0);
    if (close(fd) < 0 || bad || renameat(t->dir, tmp, t->dir, path) < 0) {
        cell_why(t, i, NULL, w);
        unlinkat(t->dir, tmp, 0);
        return -1;
    }
    return st_set_coeff(t, i, coeff, w);
}

int
st_remove(struct st *t, size_t i, struct why *w)
{
    char path[CELL_PATH];

    memcpy(path + cell_dir(i, path), "/data", 6);
    if (st_set_coeff(t, i, 0, w) < 0)
        return -1;
    if (unlinkat(t->dir, path, 0) < 0 && errno != ENOENT)
        return cell_why(t, i, NULL, w);
    return 0;
}

/* "../../x" from directory `from` to file `to`, both absolute and real. */
static void
relative(const char *from, const char *to, struct sbuf *b)
{
    size_t same = 0;

    for (size_t k = 0; from[k] == to[k] && to[k]; k++)
        if (to[k] == '/')
            same = k + 1;
    for (const char *p = from + same; *p; p++)
        if (p == from + same || *p == '/')
            sbuf_adds(b, "../");
    sbuf_adds(b, to + same);
}

/* The real path of element j's directory entry, its data followed when there
 * is any. 0 or -1 with errno. */
static int
real_cell(const struct st *t, size_t j, char *real)
{
    char path[CELL_PATH];
    struct sbuf b = { 0 };
    int bad;

    st_path(t, j, &b);
    bad = b.failed || !realpath(b.s, real);
    if (bad && !b.failed && errno == ENOENT) { /* absent: link all the same */
        char dir[PATH_MAX];
        cell_dir(j, path);
        bad = make_dirs(t, j) < 0 || !realpath(t->name, dir) ||
              snprintf(real, PATH_MAX, "%s/%s/data", dir, path) >= PATH_MAX;
    }
    sbuf_free(&b);
    return bad ? -1 : 0;
}

int
st_link_file(struct st *t, size_t i, const char *file, double coeff,
             struct why *w)
{
    char path[CELL_PATH], tmp[CELL_PATH + 24], here[PATH_MAX], real[PATH_MAX];
    size_t n = cell_dir(i, path);
    struct sbuf dir = { 0 }, to = { 0 };
    const char *base = strrchr(file, '/');
    int bad;

    if (st_touch(t, i, w) < 0)
        return -1;
    sbuf_addf(&dir, "%s/%s", t->name, path);
    bad = dir.failed || make_dirs(t, i) < 0 || !realpath(dir.s, here);
    sbuf_clear(&dir);
    sbuf_add(&dir, base ? file : ".", base ? (size_t)(base - file) + 1 : 1);
    bad = bad || dir.failed || !realpath(dir.s, real);
    base = base ? base + 1 : file;
    if (!bad && strlen(real) + strlen(base) + 2 > sizeof real) {
        errno = ENAMETOOLONG;
        bad = 1;
    }
    if (!bad) {
        snprintf(real + strlen(real), 2, "/");
        memcpy(real + strlen(real), base, strlen(base) + 1);
        relative(here, real, &to);
    }
    snprintf(tmp, sizeof tmp, "%s/.data.%ld", path, (long)getpid());
    memcpy(path + n, "/data", 6);
    if (bad || to.failed || symlinkat(to.s, t->dir, path) < 0)
        bad = cell_why(t, i, NULL, w);
    sbuf_free(&dir);
    sbuf_free(&to);
    return bad || coeff == 0 ? bad : st_set_coeff(t, i, coeff, w);
}

int
st_link(struct st *t, size_t i, const struct st *from, size_t j, double coeff,
        struct why *w)
{
    char path[CELL_PATH], tmp[CELL_PATH + 24], here[PATH_MAX], real[PATH_MAX];
    size_t n = cell_dir(i, path);
    struct sbuf dir = { 0 }, to = { 0 };
    int bad;

    if (st_touch(t, i, w) < 0)
        return -1;
    sbuf_addf(&dir, "%s/%s", t->name, path);
    snprintf(tmp, sizeof tmp, "%s/.data.%ld", path, (long)getpid());
    memcpy(path + n, "/data", 6);
    bad = dir.failed || make_dirs(t, i) < 0 || !realpath(dir.s, here) ||
          real_cell(from, j, real) < 0;
    if (!bad)
        relative(here, real, &to);
    unlinkat(t->dir, tmp, 0); /* ours: it carries our process number */
    bad = bad || to.failed || symlinkat(to.s, t->dir, tmp) < 0 ||
          renameat(t->dir, tmp, t->dir, path) < 0;
    if (bad)
        cell_why(t, i, NULL, w);
    sbuf_free(&dir);
    sbuf_free(&to);
    if (bad || isnan(coeff))
        return bad ? -1 : 0;
    return st_set_coeff(t, i, coeff, w);
}

int
st_lock(struct st *t, size_t i, struct why *w)
{
    struct flock l = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)i, .l_len = 1
    };

    if (t->lock < 0)
        t->lock = openat(t->dir, ".lock",
                         O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (t->lock < 0)
        return cell_why(t, i, NULL, w);
    while (fcntl(t->lock, F_SETLKW, &l) < 0)
        if (errno != EINTR)
            return cell_why(t, i, NULL, w);
    return 0;
}

void
st_unlock(struct st *t, size_t i)
{
    struct flock l = {
        .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = (off_t)i, .l_len = 1
    };

    if (t->lock >= 0)
        fcntl(t->lock, F_SETLK, &l);
}

int
st_sync(struct st *t, struct why *w)
{
    if (syncfs(t->dir) < 0)
        return why_set(w, "%s: %s", t->name, strerror(errno));
    return 0;
}
