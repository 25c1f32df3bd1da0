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
    size_t n = strlen(name), base;
    struct sbuf tmp = { 0 };

    *d = (struct newdir){ 0 };
    if (!is_free(name))
        return why_set(w, "%s: exists already", name);
    while (n > 1 && name[n - 1] == '/')
        n--;
    for (base = n; base > 0 && name[base - 1] != '/';)
        base--;
    /* the name that st-fsck knows, with our process number */
    sbuf_addf(&tmp, "%.*s.%.*s.new.%ld", (int)base, name, (int)(n - base),
              name + base, (long)getpid());
    d->name = strndup(name, n);
    if (tmp.failed || !d->name) {
        sbuf_free(&tmp);
        return newdir_close(d, why_set(w, "%s: out of memory", name), w);
    }
    run_catch();
    if (!*name || mkdir(tmp.s, 0777) < 0) {
        why_set(w, "%s: %s", name, strerror(*name ? errno : ENOENT));
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
