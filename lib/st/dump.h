/*
 * dump.h - a tensor as a tree of files by coordinates, for people and for
 * programs that know nothing of tensors: DIR/1/10/data.txt is element 1,10.
 */
#ifndef LU_DUMP_H
#define LU_DUMP_H

#include "common/why.h"
#include "st/st.h"

struct dump {
    const char *ext; /* after "data.", NULL for none */
    int copy;        /* plain files, not links to the elements */
};

/* Fill the empty directory dir. Absent elements have no file. */
int dump_tree(const struct dump *d, struct st *t, const char *dir,
              struct why *w);

/* One file of such a tree. */
struct dumped {
    size_t at[SHAPE_MAX];
    char *path; /* owned */
};
struct dump_list {
    struct dumped *v; /* owned */
    size_t n;
    int ndim; /* -1: there are no files */
};

/* Find the files of the tree dir. What does not belong into one is a
 * failure; names that begin with a dot are left out. */
int dump_scan(struct dump_list *l, const char *dir, struct why *w);

/* The smallest shape that holds all the files. */
int dump_shape(const struct dump_list *l, struct shape *s, struct why *w);

void dump_free(struct dump_list *l);

#endif
