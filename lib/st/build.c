#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "st/build.h"

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
build_remove(const char *dir, struct why *w)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || empty(fd) < 0 || rmdir(dir) < 0)
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

int
build_open(struct build *b, const char *name, const struct shape *s,
           struct why *w)
{
    char fresh[ST_FRESH];
    struct sbuf tmp = { 0 };
    const char *base;
    size_t len;

    *b = (struct build){ .t = { .dir = -1 } };
    if (!name && st_fresh(fresh, w) < 0)
        return -1;
    name = name ? name : fresh;
    if (is_free(name, w) < 0)
        return -1;
    for (len = strlen(name); len > 1 && name[len - 1] == '/';)
        len--;
    b->name = strndup(name, len);
    base = b->name ? strrchr(b->name, '/') : NULL;
    base = base ? base + 1 : b->name;
    if (b->name)
        sbuf_addf(&tmp, "%.*s.%s.new.%ld", (int)(base - b->name), b->name, base,
                  (long)getpid());
    if (!b->name || tmp.failed) {
        build_close(b);
        return why_set(w, "%s: out of memory", name);
    }
    b->tmp = tmp.s;
    if (st_create(&b->t, b->tmp, s, w) < 0) {
        build_close(b);
        return -1;
    }
    b->t.flags |= ST_NOSYNC;
    return 0;
}

int
build_commit(struct build *b, struct why *w)
{
    if (st_sync(&b->t, w) < 0)
        return -1;
    if (rename(b->tmp, b->name) < 0)
        return why_set(w, "%s: %s", b->name,
                       errno == ENOTEMPTY || errno == EEXIST ? "exists already"
                                                             : strerror(errno));
    free(b->tmp);
    b->tmp = NULL;
    return 0;
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
