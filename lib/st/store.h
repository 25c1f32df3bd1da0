/*
 * store.h - the elements of a tensor packed into one file, DIR/store.
 *
 *	header	4096 bytes: a line of text, numbers, the mark "replaced"
 *	index	32 bytes for each element: where its data is, how long it is,
 *		a CRC of it, a check of the record; zero bytes: absent
 *	data	in any order; what no record points to is waste
 *
 * An update appends the data, makes it durable, and writes the record, which
 * is whole or fails its check: a crash leaves the old element or the new one.
 * Readers map the file and see updates at once. Whoever puts another file in
 * its place marks the old one, so that those who have it open look again.
 *
 * The caller keeps writers apart. Functions return -1 with errno or the text
 * of *wrong set; wrong is NULL when errno has the reason.
 */
#ifndef LU_STORE_H
#define LU_STORE_H

#include <stddef.h>

struct store;

#define STORE_COUNT ((size_t)1 << 36) /* elements that fit */

/* 1 with *s, 0 when dir has no file called store, -1. */
int store_open(struct store **s, int dir, size_t count, const char **wrong);
void store_close(struct store *s);

/* 1 with the data, which stays until the next call; 0: absent; 2: there is no
 * such file any more; -1. */
int store_get(struct store *s, size_t i, const char **data, size_t *len,
              const char **wrong);

/* The length alone, as in store_get. */
int store_size(struct store *s, size_t i, size_t *len, const char **wrong);

/* Replace element i (data NULL: make it absent). 0, 2 or -1. */
int store_put(struct store *s, size_t i, const void *data, size_t len, int sync,
              const char **wrong);

/* A new file DIR/name for count elements: store_add (once: a second time for
 * an element is a failure), then store_finish, which makes it durable. It
 * cannot be read before. */
int store_create(struct store **s, int dir, const char *name, size_t count);
int store_add(struct store *s, size_t i, const void *data, size_t len, int once,
              const char **wrong);
int store_finish(struct store *s);

/* Readers of this file shall look for another. */
void store_mark(struct store *s);

#endif
