#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fsx.h"
#include "st/build.h"
#include "st/promptpack.h"
#include "st/st.h"

/* A directory that is being read. */
struct reading {
    struct pack *p;
    const struct pack_load *o;
    const char *dir;
    char store[PATH_MAX]; /* links may lead anywhere in it */
    struct why *w;
};

static int
by_path(const void *a, const void *b)
{
    return strcmp(((const struct pack_file *)a)->path,
                  ((const struct pack_file *)b)->path);
}

static int
skip(struct reading *x, const char *path, const char *reason)
{
    if (x->o->skipped)
        x->o->skipped(path, reason, x->o->ctx);
    return 0;
}

/* 1 when full, a path that may go through links, ends in the store. */
static int
inside(const struct reading *x, const char *full)
{
    size_t n = strlen(x->store);
    char real[PATH_MAX];

    return realpath(full, real) &&
           (n == 1 || (strncmp(real, x->store, n) == 0 && real[n] == '/'));
}

/* A prompt carries no NUL: such a file is left out. */
static int
without_nul(struct reading *x, struct pack_file *f)
{
    if (x->o->all || !f->data.len || !memchr(f->data.s, 0, f->data.len))
        return 0;
    skip(x, f->path, "holds a NUL byte");
    free(f->path);
    sbuf_free(&f->data);
    x->p->count--;
    return 0;
}

static int
read_file(struct reading *x, const char *full, const char *path)
{
    struct stat s;
    struct pack_file *f;

    if (lstat(full, &s) < 0 ||
        (S_ISLNK(s.st_mode) && !x->o->follow && !inside(x, full)))
        return skip(x, path, "a link that leaves the store (-f reads it)");
    if (stat(full, &s) < 0)
        return skip(x, path, strerror(errno));
    if (S_ISDIR(s.st_mode))
        return skip(x, path, "a link to a directory");
    if (!S_ISREG(s.st_mode))
        return skip(x, path, "not a regular file");
    if (!(f = pack_add(x->p, path)))
        return why_set(x->w, "%s: out of memory", full);
    if (fsx_read(full, &f->data, ST_MOST, x->w) < 0)
        return -1;
    return without_nul(x, f);
}

/* What our tensors keep for themselves, and temporary files: no part of a
 * prompt. The original knows neither, so --compat shows none. */
static int
is_private(const char *full, const char *name)
{
    static const char *const names[] = { ".lock", ".history", "coeff", NULL };
    struct sbuf shape = { 0 };
    int hit = strncmp(name, ".data.", 6) == 0 || strstr(name, ".tmp.");

    for (const char *const *n = names; *n && !hit; n++)
        hit = strcmp(name, *n) == 0;
    sbuf_addf(&shape, "%s/shape", full);
    hit = hit && !shape.failed && access(shape.s, F_OK) == 0;
    sbuf_free(&shape);
    return hit;
}

static int read_dir(struct reading *x, const char *full, const char *path);
static int read_tensor(struct reading *x, struct st *t, const char *path);

static int
read_entry(struct reading *x, const char *full, const char *path)
{
    struct stat s;
    size_t before = x->p->count;
    struct pack_file *f;

    if (lstat(full, &s) < 0 || !S_ISDIR(s.st_mode))
        return read_file(x, full, path);
    if (read_dir(x, full, path) < 0)
        return -1;
    if (x->o->all && before == x->p->count) {
        if (!(f = pack_add(x->p, path)))
            return why_set(x->w, "%s: out of memory", full);
        f->dir = 1;
    }
    return 0;
}

static int
read_dir(struct reading *x, const char *full, const char *path)
{
    struct st t = { .dir = -1 };
    struct dirent **names;
    struct why not_one;
    int bad = 0, n;

    if (!x->o->all &&
        st_open(&t, full, x->o->follow ? ST_FOLLOW : 0, &not_one) == 0) {
        bad = read_tensor(x, &t, path);
        st_close(&t);
        return bad;
    }
    if ((n = scandir(full, &names, NULL, alphasort)) < 0)
        return why_set(x->w, "%s: %s", full, strerror(errno));
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        struct sbuf f = { 0 }, p = { 0 };

        sbuf_addf(&f, "%s/%s", full, name);
        sbuf_addf(&p, "%s%s%s", path, *path ? "/" : "", name);
        if (f.failed || p.failed)
            bad = why_set(x->w, "%s: out of memory", full);
        else if (!bad && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
                 !is_private(full, name))
            bad = read_entry(x, f.s, p.s);
        sbuf_free(&f);
        sbuf_free(&p);
        free(names[i]);
    }
    free(names);
    return bad;
}

static int
read_element(struct reading *x, struct st *t, size_t i, const char *path)
{
    struct pack_file *f = pack_add(x->p, path);
    int there;

    if (!f)
        return why_set(x->w, "%s: out of memory", t->name);
    if ((there = st_read(t, i, &f->data, x->w)) < 0)
        return -1;
    if (!there) { /* nothing to show */
        free(f->path);
        sbuf_free(&f->data);
        x->p->count--;
        return 0;
    }
    f->weighted = 1;
    if (st_get_coeff(t, i, &f->coeff, x->w) < 0)
        return -1;
    return without_nul(x, f);
}

/* The shape and all elements that are there, however they are stored. */
static int
read_tensor(struct reading *x, struct st *t, const char *path)
{
    const char *slash = *path ? "/" : "";
    struct sbuf name = { 0 }, at = { 0 };
    struct pack_file *f;
    int bad = 0;

    sbuf_addf(&name, "%s%sshape", path, slash);
    if (name.failed || !(f = pack_add(x->p, name.s)))
        bad = why_set(x->w, "%s: out of memory", t->name);
    else
        shape_text(&t->shape, &f->data);
    for (size_t i = 0; i < t->shape.count && !bad; i++) {
        sbuf_clear(&name);
        sbuf_clear(&at);
        st_path(t, i, &at);
        sbuf_addf(&name, "%s%s%s", path, slash,
                  at.failed ? "" : at.s + strlen(t->name) + 1);
        bad = at.failed || name.failed
                  ? why_set(x->w, "%s: out of memory", t->name)
                  : read_element(x, t, i, name.s);
    }
    sbuf_free(&name);
    sbuf_free(&at);
    return bad;
}

/* The last component of a directory's real name, and the store around it. */
static int
name_it(struct reading *x)
{
    char real[PATH_MAX], *slash;

    if (!realpath(x->dir, real))
        return why_set(x->w, "%s: %s", x->dir, strerror(errno));
    slash = strrchr(real, '/');
    x->p->base = strdup(slash + 1);
    memcpy(x->store, real, sizeof real);
    x->store[slash == real ? 1 : slash - real] = '\0';
    return x->p->base ? 0 : why_set(x->w, "%s: out of memory", x->dir);
}

int
pack_load(struct pack *p, const char *dir, const struct pack_load *o,
          struct why *w)
{
    struct reading *x = calloc(1, sizeof *x);
    int bad;

    *p = (struct pack){ 0 };
    if (!x)
        return why_set(w, "%s: out of memory", dir);
    *x = (struct reading){ .p = p, .o = o, .dir = dir, .w = w };
    bad = name_it(x);
    bad = bad ? bad : read_dir(x, dir, "");
    free(x);
    if (bad)
        pack_free(p);
    else if (p->count)
        qsort(p->files, p->count, sizeof *p->files, by_path);
    return bad;
}

/* The number of the element whose path ends at "/data", and where in it the
 * name of its tensor ends; -1: it is no element. */
static int
element_of(const char *path, size_t *number, size_t *tensor)
{
    const char *end = path + strlen(path) - 5, *p = end;

    if (end < path || strcmp(end, "/data") != 0)
        return -1;
    while (p - path >= 2 && p[-1] >= '0' && p[-1] <= '9' && p[-2] == '/')
        p -= 2;
    if (p == end || p - path < 7 || memcmp(p - 7, "storage", 7) != 0 ||
        (p - path > 7 && p[-8] != '/') || end - p > 40)
        return -1;
    *tensor = (size_t)(p - path > 7 ? p - path - 8 : 0);
    *number = 0;
    for (; p < end; p += 2)
        *number = *number * 10 + (size_t)(p[1] - '0');
    return 0;
}

/* The coefficient of an element whose data is in place. */
static int
store_coeff(const struct pack_file *f, const char *dir, struct why *w)
{
    struct st t = { .dir = -1 };
    struct sbuf name = { 0 };
    size_t number, len;
    int bad;

    if (element_of(f->path, &number, &len) < 0)
        return why_set(w, "%s: a coefficient, but no element", f->path);
    sbuf_addf(&name, "%s/%.*s", dir, (int)len, f->path);
    bad = name.failed ? why_set(w, "%s: out of memory", dir)
                      : st_open(&t, name.s, ST_WRITE, w);
    if (!bad)
        bad = number < t.shape.count
                  ? st_set_coeff(&t, number, f->coeff, w)
                  : why_set(w, "%s: beyond the shape", f->path);
    st_close(&t);
    sbuf_free(&name);
    return bad;
}

static int
store_files(const struct pack *p, const char *dir, struct why *w)
{
    int bad = 0;

    for (size_t i = 0; i < p->count && !bad; i++) {
        const struct sbuf *data = &p->files[i].data;
        struct sbuf path = { 0 };
        char *slash;

        sbuf_addf(&path, "%s/%s", dir, p->files[i].path);
        if (path.failed) {
            bad = why_set(w, "%s: out of memory", dir);
            break;
        }
        slash = strrchr(path.s, '/');
        *slash = '\0';
        bad = fsx_mkdirs(path.s, w);
        *slash = '/';
        bad = bad ? bad
                  : fsx_replace(path.s, data->s ? data->s : "", data->len, w);
        sbuf_free(&path);
    }
    for (size_t i = 0; i < p->count && !bad; i++)
        if (p->files[i].weighted)
            bad = store_coeff(&p->files[i], dir, w);
    return bad;
}

/* Make the new name survive a power cut; the parent is the first len bytes. */
static int
sync_parent(char *path, size_t len, struct why *w)
{
    int fd, bad;

    path[len] = '\0';
    fd = open(len ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bad = fd < 0 || (fsync(fd) < 0 && errno != EINVAL);
    if (bad)
        why_set(w, "%s: %s", len ? path : ".", strerror(errno));
    if (fd >= 0)
        close(fd);
    return bad ? -1 : 0;
}

int
pack_store(const struct pack *p, const char *dir, struct why *w)
{
    size_t len = strlen(dir);
    struct sbuf tmp = { 0 };
    const char *base;
    int bad;

    while (len > 1 && dir[len - 1] == '/')
        len--;
    for (base = dir + len; base > dir && base[-1] != '/';)
        base--;
    sbuf_addf(&tmp, "%.*s.%.*s.new.%ld", (int)(base - dir), dir,
              (int)(dir + len - base), base, (long)getpid());
    if (tmp.failed)
        return why_set(w, "%s: out of memory", dir);
    if (mkdir(tmp.s, 0777) < 0) {
        why_set(w, "%s: %s", dir, strerror(errno));
        sbuf_free(&tmp);
        return -1;
    }
    bad = store_files(p, tmp.s, w);
    if (!bad && rename(tmp.s, dir) < 0)
        bad = why_set(w, "%s: %s", dir,
                      errno == ENOTEMPTY || errno == ENOTDIR || errno == EEXIST
                          ? "exists already"
                          : strerror(errno));
    if (bad)
        build_remove(tmp.s, NULL);
    else
        bad = sync_parent(tmp.s, (size_t)(base - dir), w);
    sbuf_free(&tmp);
    return bad;
}
