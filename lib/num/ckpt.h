/*
 * ckpt.h - a checkpoint: named tensors and metadata in one file.
 *
 * A text header that head(1) can show, then the tensors, each at a multiple of
 * 64 bytes from the end of the padded header; see ckpt(5). Everything is under
 * a CRC-32, floats little-endian IEEE single precision. Written to a temporary
 * name and renamed, so a reader never meets half a file.
 */
#ifndef LU_CKPT_H
#define LU_CKPT_H

#include <stddef.h>

#include "common/sbuf.h"
#include "common/why.h"

enum { CKPT_VERSION = 1, CKPT_MAXDIM = 4, CKPT_NAME = 63 };

struct ckpt_tensor {
    const char *name;
    int ndim;
    size_t dim[CKPT_MAXDIM];
    const float *data;
    const void *bytes; /* in place of data: of a tensor of bytes */
};

struct ckpt {
    char **meta;                /* key, value, key, value ... */
    struct ckpt_tensor *tensor; /* data points into the mapped file */
    size_t nmeta, ntensor;      /* nmeta counts pairs */
    char *header;
    void *map;
    size_t size; /* of the file */
};

size_t ckpt_count(const struct ckpt_tensor *t); /* elements in it */
size_t ckpt_bytes(const struct ckpt_tensor *t);

/* Append one "key value" pair to the metadata of a checkpoint to be. */
void ckpt_meta(struct sbuf *meta, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

int ckpt_write(const char *path, const struct sbuf *meta,
               const struct ckpt_tensor *t, size_t n, struct why *w);

/* Map and verify a file. Foreign, truncated, damaged, newer and oversized
 * files are refused, each with its own reason. */
int ckpt_open(struct ckpt *c, const char *path, struct why *w);
void ckpt_close(struct ckpt *c);

const char *ckpt_get(const struct ckpt *c, const char *key); /* or NULL */
const struct ckpt_tensor *ckpt_find(const struct ckpt *c, const char *name);

/* The whole number called key; missing or malformed is a failure. */
int ckpt_long(const struct ckpt *c, const char *key, long *to, struct why *w);

#endif
