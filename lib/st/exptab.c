#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "st/exptab.h"
#include "st/inner.h"
#include "st/words.h"

enum { TAIL = 64 };

int
exptab_open(struct exptab *e, struct st *t, struct why *w)
{
    const struct shape *s = &t->shape;
    struct sbuf text = { 0 };

    *e = (struct exptab){ .t = t, .dir = -1 };
    if (s->ndim < 2 || s->dim[s->ndim - 1] != EXPTAB_WIDTH) {
        shape_text(s, &text);
        why_set(w,
                "%s: shape %s is not an experience's: the last of two or more "
                "dimensions is 3 (query, key, value)",
                t->name, text.s ? text.s : "");
        sbuf_free(&text);
        return -1;
    }
    e->rows = s->count / EXPTAB_WIDTH;
    if (sbuf_reserve(&e->text, 1 << 14) < 0) {
        exptab_close(e);
        return why_set(w, "%s: out of memory", t->name);
    }
    exptab_renew(e);
    return 0;
}

void
exptab_renew(struct exptab *e)
{
    if (e->dir >= 0)
        close(e->dir);
    e->dir = -1;
    e->coeff = faccessat(e->t->dir, "coeff", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void
exptab_close(struct exptab *e)
{
    if (e->dir >= 0)
        close(e->dir);
    sbuf_free(&e->text);
    *e = (struct exptab){ .dir = -1 };
}

/* 1 when the coefficient of element i says that there is nothing; -1 when it
 * says nothing that can be understood. */
static int
untrusted(struct exptab *e, size_t i, struct why *w)
{
    const char *wrong;
    double x;
    int r = e->coeff ? coeff_get(&e->t->more->coeff, i, &x, &wrong) : 0;

    if (r < 0)
        return cell_why(e->t, i, wrong, w);
    return r && x == 0;
}

/*
 * The directory that is two digits above the element's, which 33 rows share,
 * or storage itself; *tail is the rest of the path. -1 with errno.
 */
static int
shared_dir(struct exptab *e, size_t i, char *tail)
{
    char path[TAIL] = "storage", digits[24];
    int n = snprintf(digits, sizeof digits, "%zu", i);
    int above = n > 2 ? n - 2 : 0, at = 7;
    size_t prefix = above ? i / 100 : 0;

    for (int k = above; k < n; k++, tail += 2)
        memcpy(tail, (char[]){ digits[k], '/' }, 2);
    memcpy(tail, "data", 5);
    if (e->dir >= 0 && e->digits == above && e->prefix == prefix)
        return e->dir;
    for (int k = 0; k < above; k++, at += 2)
        memcpy(path + at, (char[]){ '/', digits[k] }, 2);
    path[at] = '\0';
    if (e->dir >= 0)
        close(e->dir);
    e->dir = (int)syscall(
        SYS_openat2, e->t->dir, path,
        &(struct open_how){ .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                            .resolve = RESOLVE_NO_SYMLINKS },
        sizeof(struct open_how));
    e->digits = above;
    e->prefix = prefix;
    return e->dir;
}

/* The whole file in e->text. 0 or -1 with errno. */
static int
slurp(struct exptab *e, int fd)
{
    struct sbuf *b = &e->text;
    size_t room;
    ssize_t n;

    do {
        if (b->cap - b->len < 2 && sbuf_reserve(b, b->cap) < 0) {
            errno = ENOMEM;
            return -1;
        }
        room = b->cap - b->len - 1;
        n = read(fd, b->s + b->len, room);
        if (n > 0)
            b->len += (size_t)n;
    } while ((n < 0 && errno == EINTR) || (size_t)n == room);
    return n < 0 ? -1 : 0;
}

/* 1 with the text; 0: it is empty; -1: the long way round knows more. */
static int
read_plain(struct exptab *e, size_t i)
{
    char tail[TAIL];
    int dir = shared_dir(e, i, tail), fd, bad;

    if (dir < 0)
        return -1;
    /* a FIFO must not hold us up */
    fd = (int)syscall(
        SYS_openat2, dir, tail,
        &(struct open_how){ .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                            .resolve = RESOLVE_NO_SYMLINKS },
        sizeof(struct open_how));
    if (fd < 0)
        return -1;
    bad = slurp(e, fd);
    close(fd);
    return bad ? -1 : e->text.len > 0;
}

int
exptab_query(struct exptab *e, size_t row, const char **text, size_t *len,
             struct why *w)
{
    size_t i = row * EXPTAB_WIDTH;
    int there = untrusted(e, i, w);

    if (there)
        return there < 0 ? -1 : 0;
    sbuf_clear(&e->text);
    there = e->t->more->store ? -1 : read_plain(e, i);
    if (there < 0) { /* packed, a link, absent, an old kernel, a failure */
        sbuf_clear(&e->text);
        there = st_read(e->t, i, &e->text, w);
    }
    *text = e->text.s;
    *len = e->text.len;
    return there > 0 && *len == 0 ? 0 : there;
}

int
exptab_sign(struct exptab *e, size_t row, uint64_t *sign)
{
    size_t i = row * EXPTAB_WIDTH;
    char tail[TAIL];
    int packed = e->t->more->store != NULL, link = 0;
    int dir = packed ? -1 : shared_dir(e, i, tail);
    uint64_t what[8] = { (uint64_t)untrusted(e, i, NULL) };
    struct stat st;

    *sign = 0;
    if (dir >= 0 && fstatat(dir, tail, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        link = S_ISLNK(st.st_mode); /* what it points to is what counts */
        if (link && fstatat(dir, tail, &st, 0) < 0)
            return 2; /* nothing, or an element that is packed */
        what[1] = (uint64_t)st.st_ino;
        what[2] = (uint64_t)st.st_size;
        what[3] = (uint64_t)st.st_mtim.tv_sec;
        what[4] = (uint64_t)st.st_mtim.tv_nsec;
        what[5] = (uint64_t)st.st_ctim.tv_sec;
        what[6] = (uint64_t)st.st_ctim.tv_nsec;
        what[7] = (uint64_t)st.st_dev;
        if (e->young &&
            st.st_ctim.tv_sec * (int64_t)1000000000 + st.st_ctim.tv_nsec >=
                e->young)
            return 1 + link;
    } else if (!packed && errno != ENOENT) {
        return errno == ELOOP ? 2 : 0;
    }
    *sign = words_hash(1, what, sizeof what) | 1;
    return 1 + link;
}

void
exptab_row_text(const struct exptab *e, size_t row, struct sbuf *b)
{
    shape_coords_text(&e->t->shape, row * EXPTAB_WIDTH, b);
    if (!b->failed)
        b->s[b->len -= 2] = '\0'; /* the query's ",0" */
}
