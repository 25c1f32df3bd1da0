/*
 * scratch.h - a directory of a test's own, and its removal.
 */
#ifndef LU_SCRATCH_H
#define LU_SCRATCH_H

#include <sys/stat.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch[256];

static inline int
scratch_drop(const char *path, const struct stat *st, int flag, struct FTW *f)
{
    (void)st, (void)flag, (void)f;
    return remove(path);
}

/* Make it, in $TMPDIR or /tmp, and go there. */
static inline void
scratch_enter(void)
{
    const char *in = getenv("TMPDIR");

    snprintf(scratch, sizeof scratch, "%.200s/lu-unit.XXXXXX",
             in && *in ? in : "/tmp");
    if (!mkdtemp(scratch) || chdir(scratch) < 0) {
        perror(scratch);
        exit(1);
    }
}

static inline void
scratch_leave(void)
{
    if (chdir("/") == 0)
        nftw(scratch, scratch_drop, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
