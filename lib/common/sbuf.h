/*
 * sbuf.h - a growable byte string.
 *
 * A zeroed struct is an empty string. s is NUL-terminated whenever it is not
 * NULL, and the NUL is not counted in len. When memory runs out the buffer is
 * marked failed and later calls do nothing, so one check at the end suffices.
 */
#ifndef LU_SBUF_H
#define LU_SBUF_H

#include <stddef.h>

struct sbuf {
    char *s; /* owned */
    size_t len, cap;
    int failed;
};

void sbuf_add(struct sbuf *b, const void *data, size_t len);
void sbuf_adds(struct sbuf *b, const char *s);
void sbuf_addf(struct sbuf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Make room for len more bytes after s + b->len; 0 or -1. */
int sbuf_reserve(struct sbuf *b, size_t len);

void sbuf_clear(struct sbuf *b); /* keep the memory */
void sbuf_free(struct sbuf *b);

#endif
