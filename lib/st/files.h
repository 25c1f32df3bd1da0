/*
 * files.h - the files below a directory, as data.
 */
#ifndef LU_FILES_H
#define LU_FILES_H

#include <stddef.h>

#include "common/why.h"

struct files {
    char **path; /* owned, beginning with the directory, sorted as bytes */
    size_t n;
};

/* All regular files below root whose names end in ending (NULL: all). Links
 * are left out, and so are tensors: directories that have a shape. */
int files_find(struct files *f, const char *root, const char *ending,
               struct why *w);

void files_free(struct files *f);

#endif
