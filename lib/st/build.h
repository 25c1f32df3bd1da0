/*
 * build.h - make a new tensor whole, or not at all.
 *
 * The tensor is built beside its place under the name ".NAME.new.PID", made
 * durable once and renamed: nobody meets half a tensor, and a crash leaves at
 * most the directory with that name, which nothing reads. Elements are not
 * synchronised one by one, so this is also the fast way to make many.
 */
#ifndef LU_BUILD_H
#define LU_BUILD_H

#include "st/st.h"

struct build {
    struct st t;      /* elements go here, through st_write, st_link, ... */
    char *name, *tmp; /* what it will be called, and is now; owned */
};

/* Start, all elements absent. name must not exist, or be an empty directory;
 * NULL: a fresh name in the current directory. */
int build_open(struct build *b, const char *name, const struct shape *s,
               struct why *w);

/* Pack it: before the first element. Elements can only be written then, and
 * not be read or removed. */
int build_pack(struct build *b, struct why *w);

/* Give it its name, which stays in b->name until build_close. */
int build_commit(struct build *b, struct why *w);

/* Release; a build that was not committed is removed. A zeroed one is fine. */
void build_close(struct build *b);

/* rm -r, never through a link; the second with errno. */
int build_remove(const char *dir, struct why *w);
int build_remove_at(int at, const char *dir);

#endif
