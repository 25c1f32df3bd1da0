#define _GNU_SOURCE /* syncfs */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "st/build.h"
#include "st/inner.h"

/* Remove what dir (owned, closed here) holds. */
static int
empty(int dir)
{
    DIR *d = fdopendir(dir);
    struct dirent *e;
    int bad = !d;

    if (!d)
        close(dir);
    while (!bad && (e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            unlinkat(dirfd(d), e->d_name, 0) == 0)
            continue;
        dir = openat(dirfd(d), e->d_name,
                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        bad = dir < 0 || empty(dir) < 0 ||
              unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR) < 0;
    }
    if (d)
        closedir(d);
    return bad ? -1 : 0;
}

int
build_remove_at(int at, const char *dir)
{
    int fd = openat(at, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 || empty(fd) < 0 ? -1 : unlinkat(at, dir, AT_REMOVEDIR);
}

int
build_remove(const char *dir, struct why *w)
{
    if (build_remove_at(AT_FDCWD, dir) < 0)
        return why_set(w, "%s: %s", dir, strerror(errno));
    return 0;
}

/* Fail early when name is taken; the rename would find it, too. */
static int
is_free(const char *name, struct why *w)
{
    struct stat st;
    DIR *d;
    int n = 0;

    if (lstat(name, &st) < 0)
        return errno == ENOENT ? 0
                               : why_set(w, "%s: %s", name, strerror(errno));
    if (!S_ISDIR(st.st_mode) || !(d = opendir(name)))
        return why_set(w, "%s: exists already", name);
    while (n < 3 && readdir(d))
        n++;
    closedir(d);
    return n < 3 ? 0 : why_set(w, "%s: exists already", name);
}

/* ".NAME.new.PID" beside name. */
static int
names(struct build *b, const char *name)
{
    struct sbuf tmp = { 0 };
    size_t len = strlen(name);
    const char *base;

    while (len > 1 && name[len - 1] == '/')
        len--;
    b->name = strndup(name, len);
    base = b->name ? strrchr(b->name, '/') : NULL;
    base = base ? base + 1 : b->name;
    if (b->name)
        sbuf_addf(&tmp, "%.*s.%s.new.%ld", (int)(base - b->name), b->name, base,
                  (long)getpid());
    b->tmp = tmp.s;
    return !b->name || tmp.failed ? -1 : 0;
}

/* The directory and the shape in it, and t open on it. */
static int
lay_out(struct build *b, const struct shape *s, struct why *w)
{
    struct sbuf text = { 0 };
    int dir, fd, bad;

    if (mkdir(b->tmp, 0777) < 0)
        return why_set(w, "%s: %s", b->name, strerror(errno));
    dir = open(b->tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fd = dir < 0 ? -1
                 : openat(dir, "shape", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                          0666);
    shape_text(s, &text);
    bad = fd < 0 || text.failed ||
          write(fd, text.s, text.len) != (ssize_t)text.len;
    if (bad)
        why_set(w, "%s: %s", b->name, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (dir >= 0)
        close(dir);
    sbuf_free(&text);
    return bad ? -1 : st_open(&b->t, b->tmp, ST_WRITE | ST_NOSYNC | ST_NEW, w);
}

int
build_open(struct build *b, const char *name, const struct shape *s,
           struct why *w)
{
    char fresh[ST_FRESH];
    int bad;

    *b = (struct build){ .t = { .dir = -1 } };
    if (!name && st_fresh(fresh, w) < 0)
        return -1;
    name = name ? name : fresh;
    if (is_free(name, w) < 0)
        return -1;
    bad = names(b, name) < 0 ? why_set(w, "%s: out of memory", name)
                             : lay_out(b, s, w);
    if (!bad)
        b->t.more->title = b->name;
    if (bad)
        build_close(b);
    return bad;
}

int
build_pack(struct build *b, struct why *w)
{
    if (b->t.shape.count > STORE_COUNT)
        return why_set(w, "%s: more than %zu elements cannot be packed",
                       b->name, STORE_COUNT);
    if (store_create(&b->t.more->store, b->t.dir, "store", b->t.shape.count) <
        0)
        return why_set(w, "%s: %s", b->name, strerror(errno));
    return 0;
}

/* Make all of it durable: a few files one by one, a tree at once. */
static int
settle(struct build *b)
{
    struct st_more *m = b->t.more;
    int fd, bad;

    if (coeff_flush(&m->coeff, m->store != NULL) < 0)
        return -1;
    if (!m->store)
        return syncfs(b->t.dir);
    if (store_finish(m->store) < 0)
        return -1;
    fd = openat(b->t.dir, "shape", O_RDONLY | O_CLOEXEC);
    bad = fd < 0 || fsync(fd) < 0 || fsync(b->t.dir) < 0;
    if (fd >= 0)
        close(fd);
    return bad ? -1 : 0;
}

/* The new name is durable, too, where the directory can be opened. */
static int
sync_root(const struct build *b, struct why *w)
{
    int fd = openat(b->t.dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int bad = fd >= 0 && fsync(fd) < 0 && errno != EINVAL;

    if (bad)
        why_set(w, "%s: %s", b->name, strerror(errno));
    if (fd >= 0)
        close(fd);
    return bad ? -1 : 0;
}

int
build_commit(struct build *b, struct why *w)
{
    struct st_more *m = b->t.more;
    struct sbuf real = { 0 };
    const char *base = strrchr(b->name, '/');
    char *name = strdup(b->name);

    sbuf_addf(&real, "%.*s%s", (int)(m->base - m->real), m->real,
              base ? base + 1 : b->name);
    if (!name || real.failed || settle(b) < 0 || rename(b->tmp, b->name) < 0) {
        int taken = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR;
        free(name);
        sbuf_free(&real);
        return why_set(w, "%s: %s", b->name,
                       taken ? "exists already" : strerror(errno));
    }
    free(b->tmp);
    b->tmp = NULL;
    free(b->t.name);
    b->t.name = name;
    m->title = NULL;
    m->base = real.s + (m->base - m->real);
    free(m->real);
    m->real = real.s;
    b->t.flags &= ~(ST_NEW | ST_ONCE | ST_NOSYNC);
    return sync_root(b, w) < 0 || (m->store && store_look(&b->t, w) < 0) ? -1
                                                                         : 0;
}

void
build_close(struct build *b)
{
    st_close(&b->t);
    if (b->tmp)
        build_remove(b->tmp, NULL);
    free(b->tmp);
    free(b->name);
    *b = (struct build){ .t = { .dir = -1 } };
}
