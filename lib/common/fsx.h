/*
 * fsx.h - files that are read whole and replaced whole.
 *
 * Replacing is: temporary name in the same directory, write, fsync, rename,
 * fsync of the directory. A process killed at any point leaves the old file
 * or the new one, and at most a stray "NAME.tmp.PID". Only a regular file is
 * replaced, never a device or a directory; a symbolic link is replaced itself.
 */
#ifndef LU_FSX_H
#define LU_FSX_H

#include <stddef.h>
#include <stdio.h>

#include "common/sbuf.h"
#include "common/why.h"

/* Append the whole of path ("-" is stdin) to *b. Fails above max bytes. */
int fsx_read(const char *path, struct sbuf *b, size_t max, struct why *w);

/* Replace path by len bytes of data. */
int fsx_replace(const char *path, const void *data, size_t len, struct why *w);

/* The same for a file that is written piece by piece. */
struct fsx_tmp {
    FILE *fp;
    char *path, *tmp; /* owned */
};
int fsx_tmp_open(struct fsx_tmp *t, const char *path, struct why *w);
int fsx_tmp_commit(struct fsx_tmp *t, struct why *w); /* also releases t */
void fsx_tmp_abort(struct fsx_tmp *t);

/* mkdir -p. */
int fsx_mkdirs(const char *path, struct why *w);

#endif
