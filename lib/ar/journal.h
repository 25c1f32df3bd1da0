/*
 * journal.h - the write-ahead journal of a study: text, append-only, one
 * record a line, on the disk before what it announces is done. study(5).
 *
 * The CRC of a record starts from the CRC of the record before it, so a line
 * that was changed, moved or taken out is found. A torn last line is what a
 * crash leaves: readers ignore it, the next writer cuts it off.
 */
#ifndef LU_JOURNAL_H
#define LU_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/sbuf.h"
#include "common/why.h"

enum { JOURNAL_MAXFIELD = 24 };

struct record {
    long seq;
    const char *phase;
    int64_t time_ns;
    size_t n;
    const char *key[JOURNAL_MAXFIELD], *val[JOURNAL_MAXFIELD];
};

/* The value of a field, or NULL. */
const char *record_get(const struct record *r, const char *key);

struct journal {
    char *path; /* owned */
    int fd;     /* -1: opened for reading only */
    uint32_t crc;
    size_t end; /* bytes of whole records */
};

/*
 * Read path and call fn for each record. A missing file has no records. -1
 * with "file:line: reason" for a bad record that is not the last line, or
 * when fn returns -1.
 */
int journal_read(struct journal *j, const char *path,
                 int (*fn)(const struct record *, void *, struct why *),
                 void *ctx, struct why *w);

/* Get ready to append after journal_read; cuts off a torn last line. */
int journal_writable(struct journal *j, struct why *w);

/* Start a record, add fields, write it: one write(2) and, when an effect is to
 * follow, fdatasync(2). */
void journal_begin(struct sbuf *b, long seq, const char *phase);
void journal_field(struct sbuf *b, const char *key, const char *val);
void journal_fieldf(struct sbuf *b, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int journal_append(struct journal *j, struct sbuf *b, int sync, struct why *w);

/* Take apart what journal_begin and journal_field built; cuts line up. */
int record_parse(struct record *r, char *line);

void journal_close(struct journal *j);

#endif
