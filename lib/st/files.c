#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/sbuf.h"
#include "st/files.h"
#include "st/shape.h"

enum { DEEPEST = 256 }; /* directories within directories */

static int
ends_in(const char *name, const char *ending)
{
    size_t n = strlen(name), k = ending ? strlen(ending) : 0;

    return n >= k && memcmp(name + n - k, ending ? ending : "", k) == 0;
}

/* Does the directory have a file "shape" that says one? */
static int
is_tensor(const char *dir)
{
    struct sbuf path = { 0 }, text = { 0 };
    struct shape s;
    struct stat st;
    int yes;

    sbuf_addf(&path, "%s/shape", dir);
    yes = !path.failed && lstat(path.s, &st) == 0 && S_ISREG(st.st_mode) &&
          fsx_read(path.s, &text, 4096, NULL) == 0 && text.s &&
          shape_parse(&s, text.s, NULL) == 0;
    sbuf_free(&path);
    sbuf_free(&text);
    return yes;
}

static int
add(struct files *f, const char *path, struct why *w)
{
    char **more;

    if ((f->n & (f->n - 1)) == 0) {
        more = realloc(f->path, (f->n ? 2 * f->n : 1) * sizeof *more);
        if (!more)
            return why_set(w, "out of memory");
        f->path = more;
    }
    if (!(f->path[f->n] = strdup(path)))
        return why_set(w, "out of memory");
    f->n++;
    return 0;
}

static int
walk(struct files *f, struct sbuf *path, const char *ending, int depth,
     struct why *w)
{
    DIR *dir = depth < DEEPEST ? opendir(path->s) : NULL;
    size_t len = path->len;
    struct dirent *e;
    struct stat st;
    int bad = 0;

    if (!dir)
        return why_set(w, "%s: %s", path->s,
                       depth < DEEPEST ? strerror(errno)
                                       : "directories are too deep");
    while (!bad && (e = readdir(dir))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        sbuf_addf(path, "%s%s", path->s[len - 1] == '/' ? "" : "/", e->d_name);
        if (path->failed)
            bad = why_set(w, "out of memory");
        else if (lstat(path->s, &st) < 0)
            bad = errno == ENOENT
                      ? 0
                      : why_set(w, "%s: %s", path->s, strerror(errno));
        else if (S_ISDIR(st.st_mode) && !is_tensor(path->s))
            bad = walk(f, path, ending, depth + 1, w);
        else if (S_ISREG(st.st_mode) && ends_in(e->d_name, ending))
            bad = add(f, path->s, w);
        if (!path->failed)
            path->s[path->len = len] = '\0';
    }
    closedir(dir);
    return bad;
}

static int
by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int
files_find(struct files *f, const char *root, const char *ending, struct why *w)
{
    struct sbuf path = { 0 };
    int bad;

    *f = (struct files){ 0 };
    sbuf_adds(&path, root);
    bad = path.failed ? why_set(w, "out of memory")
          : !*root    ? why_set(w, "an empty name is no directory")
                      : walk(f, &path, ending, 0, w);
    sbuf_free(&path);
    if (bad)
        files_free(f);
    else if (f->n)
        qsort(f->path, f->n, sizeof *f->path, by_bytes);
    return bad ? -1 : 0;
}

void
files_free(struct files *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->path[i]);
    free(f->path);
    *f = (struct files){ 0 };
}
