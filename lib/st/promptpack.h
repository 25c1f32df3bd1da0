/*
 * promptpack.h - a directory as one text for a prompt, and back.
 *
 * The text names every file, shows it between fences longer than any run of
 * backticks in it, and says how many bytes it has. Its own lines carry a nonce
 * that occurs in no file, so nothing in a file can pass for one of them. See
 * st-pack(1) for the format.
 */
#ifndef LU_PROMPTPACK_H
#define LU_PROMPTPACK_H

#include "common/sbuf.h"
#include "common/why.h"

struct pack_file {
    char *path; /* below the directory; owned */
    struct sbuf data;
    int dir;      /* an empty directory */
    int weighted; /* coeff was read: the file is an element of a tensor */
    double coeff;
};

struct pack {
    char *base; /* last component of the directory's name; owned */
    struct pack_file *files;
    size_t count, cap;
};

void pack_free(struct pack *p);

/* A new file at the end; NULL when memory is out. */
struct pack_file *pack_add(struct pack *p, const char *path);

struct pack_load {
    int follow; /* read through links that leave the store */
    int all;    /* also what a tensor keeps for itself, and empty directories */
    void (*skipped)(const char *path, const char *reason, void *ctx);
    void *ctx;
};

/* All files of a directory, sorted by path as bytes. */
int pack_load(struct pack *p, const char *dir, const struct pack_load *o,
              struct why *w);

/* The text; nonce NULL: made from the contents. target: the file that the
 * answer is to replace, or NULL. */
int pack_text(const struct pack *p, const char *nonce, const char *target,
              struct sbuf *b, struct why *w);

/* The text in the layout of the Python original: plain fences, no nonce, files
 * that are not UTF-8 left out. */
void pack_text_compat(const struct pack *p, struct sbuf *b);

/* What pack_text wrote. Refuses paths that are absolute or climb. */
int pack_parse(struct pack *p, const char *text, size_t len, struct why *w);

/* Write all files into dir, which must not exist or be empty. On failure
 * nothing of it is left. */
int pack_store(const struct pack *p, const char *dir, struct why *w);

#endif
