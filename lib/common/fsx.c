#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fsx.h"

int
fsx_read(const char *path, struct sbuf *b, size_t max, struct why *w)
{
    size_t start = b->len;
    ssize_t n = -1;
    int fd = strcmp(path, "-") == 0 ? dup(0) : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return why_set(w, "%s: %s", path, strerror(errno));
    for (;;) {
        if (sbuf_reserve(b, b->cap / 2 + 65536) < 0)
            break;
        n = read(fd, b->s + b->len, b->cap - b->len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        b->len += (size_t)n;
        b->s[b->len] = '\0';
        if (b->len - start > max) {
            close(fd);
            return why_set(w, "%s: larger than %zu bytes", path, max);
        }
    }
    if (b->failed)
        why_set(w, "%s: out of memory", path);
    else if (n < 0)
        why_set(w, "%s: %s", path, strerror(errno));
    close(fd);
    return b->failed || n < 0 ? -1 : 0;
}

int
fsx_tmp_open(struct fsx_tmp *t, const char *path, struct why *w)
{
    struct sbuf name = { 0 };
    struct stat st;
    int fd;

    *t = (struct fsx_tmp){ 0 };
    /* rename(2) would put a file in the place of /dev/null or a FIFO */
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return why_set(w, "%s: not a regular file, cannot be replaced", path);
    sbuf_addf(&name, "%s.tmp.%ld", path, (long)getpid());
    t->tmp = name.s;
    t->path = strdup(path);
    if (!t->tmp || name.failed || !t->path) {
        fsx_tmp_abort(t);
        return why_set(w, "%s: out of memory", path);
    }
    unlink(t->tmp); /* ours: it carries our process number */
    fd = open(t->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 || !(t->fp = fdopen(fd, "w"))) {
        why_set(w, "%s: %s", path, strerror(errno));
        fsx_tmp_abort(t);
        return -1;
    }
    return 0;
}

void
fsx_tmp_abort(struct fsx_tmp *t)
{
    if (t->fp) {
        fclose(t->fp);
        unlink(t->tmp);
    }
    free(t->tmp);
    free(t->path);
    *t = (struct fsx_tmp){ 0 };
}

/* Make a rename in the directory of path survive a power cut. */
static int
sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int bad = fd < 0 ? errno != EACCES : fsync(fd) < 0 && errno != EINVAL;

    if (fd >= 0)
        close(fd);
    free(dir);
    return bad ? -1 : 0;
}

int
fsx_tmp_commit(struct fsx_tmp *t, struct why *w)
{
    int bad = fflush(t->fp) || ferror(t->fp) || fsync(fileno(t->fp)) < 0;

    if (bad) {
        why_set(w, "%s: %s", t->path, strerror(errno));
        fsx_tmp_abort(t);
        return -1;
    }
    bad = fclose(t->fp);
    t->fp = NULL;
    if (bad || rename(t->tmp, t->path) < 0 || sync_parent(t->path) < 0) {
        bad = why_set(w, "%s: %s", t->path, strerror(errno));
        unlink(t->tmp);
    }
    fsx_tmp_abort(t);
    return bad;
}

int
fsx_replace(const char *path, const void *data, size_t len, struct why *w)
{
    struct fsx_tmp t;

    if (fsx_tmp_open(&t, path, w) < 0)
        return -1;
    if (len)
        fwrite(data, 1, len, t.fp); /* commit looks at ferror */
    return fsx_tmp_commit(&t, w);
}

int
fsx_mkdirs(const char *path, struct why *w)
{
    char *copy = strdup(path), *p = copy;
    struct stat st;
    int bad = 0;

    if (!copy)
        return why_set(w, "%s: out of memory", path);
    while (!bad && p && *p) {
        if ((p = strchr(p + 1, '/')))
            *p = '\0';
        if (mkdir(copy, 0777) < 0 && errno != EEXIST)
            bad = why_set(w, "%s: %s", copy, strerror(errno));
        if (p)
            *p = '/';
    }
    free(copy);
    if (!bad && (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)))
        bad = why_set(w, "%s: not a directory", path);
    return bad;
}
