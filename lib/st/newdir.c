#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/run.h"
#include "common/sbuf.h"
#include "st/build.h"
#include "st/newdir.h"

/* 1: nothing is there, or an empty directory, which rename(2) replaces. */
static int
is_free(const char *name)
{
    struct dirent *e;
    struct stat st;
    int full = 0;
    DIR *dir;

    if (lstat(name, &st) < 0)
        return errno == ENOENT;
    if (!S_ISDIR(st.st_mode) || !(dir = opendir(name)))
        return 0;
    while (!full && (e = readdir(dir)))
        full = strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(dir);
    return !full;
}

int
newdir_open(struct newdir *d, const char *name, struct why *w)
{
    size_t n = strlen(name);
    struct sbuf tmp = { 0 };
    const char *base;

    *d = (struct newdir){ 0 };
    if (!*name || !is_free(name))
        return why_set(w, "%s: %s", name,
                       *name ? "exists already" : strerror(ENOENT));
    while (n > 1 && name[n - 1] == '/')
        n--;
    if (!(d->name = strndup(name, n)))
        return why_set(w, "%s: out of memory", name);
    base = strrchr(d->name, '/');
    base = base ? base + 1 : d->name;
    sbuf_addf(&tmp, "%.*s.%s.new.%ld", (int)(base - d->name), d->name, base,
              (long)getpid());
    if (tmp.failed || mkdir(tmp.s, 0777) < 0) {
        why_set(w, "%s: %s", name,
                tmp.failed ? "out of memory" : strerror(errno));
        sbuf_free(&tmp);
        return newdir_close(d, -1, w);
    }
    d->tmp = tmp.s;
    return 0;
}

int
newdir_close(struct newdir *d, int bad, struct why *w)
{
    if (!bad && run_interrupted())
        bad = why_set(w, "%s: interrupted", d->name);
    if (!bad && rename(d->tmp, d->name) < 0)
        bad = why_set(w, "%s: %s", d->name,
                      errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                          ? "exists already"
                          : strerror(errno));
    if (bad && d->tmp)
        build_remove(d->tmp, NULL);
    free(d->name);
    free(d->tmp);
    *d = (struct newdir){ 0 };
    return bad ? -1 : 0;
}
