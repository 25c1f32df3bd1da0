/*
 * expindex.h - an index over the queries of an experience, in one file that is
 * mapped, not read.
 *
 * DIR/index holds, for the lines and for the words of all queries, which rows
 * have them, with their texts, so that answers are those of a scan to the last
 * bit. It is used only while it is known to be true: what our tools write is
 * in the log of changes (changes.h), and such rows are read from the tensor
 * instead; rows that are links are compared with what they were (one stat
 * each); a new shape, a restart of the machine, another copy of the directory
 * or new directories at the top of storage make it stale. Programs that do not
 * note their changes are noticed where a chosen row is concerned, everywhere
 * in small experiences, and with check; st-index(1) says so.
 *
 * Each part that an answer depends on has a checksum, which is looked at when
 * that part is used. A damaged, foreign or older file is as good as none.
 */
#ifndef LU_EXPINDEX_H
#define LU_EXPINDEX_H

#include <stddef.h>
#include <stdint.h>

#include "common/why.h"
#include "st/changes.h"
#include "st/exptab.h"
#include "st/words.h"

/* The file, in the machine's byte order; offsets are from its start. */
enum { EXPINDEX_VERSION = 1, EXPINDEX_ENDIAN = 0x01020304 };
#define EXPINDEX_MAGIC "stindex\n"
#define EXPINDEX_NONE  UINT32_MAX /* size of a row that takes no part */

struct expindex_part {
    uint64_t size_at, size_sum; /* uint32_t[rows]: members of each set */
    uint64_t bits, bucket_at;   /* struct expindex_bucket[2^bits + 1] */
    uint64_t entries, entry_at; /* struct expindex_entry[], by hash */
};

struct expindex_bucket {
    uint32_t first; /* entries whose hash begins with the bucket's bits */
    uint32_t sum;
};

/* At `at`: a checksum, uint32_t row[count] rising, the text. */
struct expindex_entry {
    uint64_t hash, at;
    uint32_t len, count;
};

struct expindex_head {
    char magic[8];
    uint32_t version, endian;
    uint64_t length;      /* of the file */
    uint64_t dev, ino;    /* the tensor's directory */
    uint64_t boot, stamp; /* see expindex_stamp */
    uint64_t shape;       /* and whether links were followed out */
    struct changes_at changes;
    uint64_t rows, taking;             /* all, and those that take part */
    uint64_t sign_at;                  /* uint64_t[rows], see exptab_sign */
    uint64_t links, link_at, link_sum; /* uint32_t[]: rows that are links */
    struct expindex_part part[WORDS_METHODS];
    uint64_t sum; /* of the above */
};

/* An open index. Its answers leave out the rows in changed[], rising. */
struct expindex {
    const struct expindex_head *h;
    size_t len;
    struct changes_at now;
    uint64_t *changed;
    size_t n_changed;
    uint32_t *count; /* private: a count for each row */
};

/* Use the index of e for one method. With check every row is compared with
 * what it was. 1; 0: there is none that can be used. */
int expindex_open(struct expindex *x, struct exptab *e, enum words_method m,
                  int check);
void expindex_close(struct expindex *x);

/* 1 when so many rows have changed that a new index pays. */
int expindex_worn(const struct expindex *x);

/* 1 when row is as it was, or in changed[]. */
int expindex_same(const struct expindex *x, struct exptab *e, size_t row);

/* Call fn for rows that take part, at least for those of a score above 0; with
 * zeros for the others, too, rising, until fn returns 0 for one of them. 0, or
 * -1: the index is damaged. */
typedef int (*expindex_fn)(void *ctx, size_t row, double score);
int expindex_ask(struct expindex *x, enum words_method m,
                 const struct words *set, int zeros, expindex_fn fn, void *ctx);

/* Rows of changed[] that took part when the index was made. */
size_t expindex_gone(const struct expindex *x, enum words_method m);

/* 1 when there is a file, whatever it is worth. */
int expindex_exists(const struct exptab *e);

/* Make the index anew. 1; 0: somebody is writing to the tensor; -1. */
int expindex_build(struct exptab *e, struct why *w);

/* What expindex_open compares, of the directories that hold everything. */
uint64_t expindex_stamp(const struct exptab *e);
uint64_t expindex_shape(const struct exptab *e);
uint32_t expindex_bucket_sum(const struct expindex_bucket *b, size_t i,
                             const struct expindex_entry *entry);

#endif
