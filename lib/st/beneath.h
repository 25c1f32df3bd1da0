/*
 * beneath.h - open files under a directory, never outside it.
 *
 * Paths are relative to root. A link that leads out of root, also through an
 * absolute path or "..", fails with EXDEV. openat2(2) does the work where the
 * kernel has it, a walk over the components where it has not.
 */
#ifndef LU_BENEATH_H
#define LU_BENEATH_H

#include <sys/types.h>

/* As openat(2); links that stay under root are followed. */
int beneath_open(int root, const char *path, int flags, mode_t mode);

/* The same, but any link fails with ELOOP; with O_PATH and O_NOFOLLOW a link
 * in the last place is opened itself. */
int beneath_strict(int root, const char *path, int flags, mode_t mode);

/* The path without links that path stands for, in real[PATH_MAX]. What it
 * names need not exist. 0, or -1 with errno. */
int beneath_resolve(int root, const char *path, char *real);

extern int beneath_walk; /* 1: do without openat2, which the tests want */

#endif
