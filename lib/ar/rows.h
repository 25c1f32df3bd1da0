/*
 * rows.h - read results.tsv: one row per experiment, five columns.
 *
 * Written for files that other programs and people made, too: columns are
 * found by name where they can be, comment lines and lines without a status
 * are passed over and counted.
 */
#ifndef LU_ROWS_H
#define LU_ROWS_H

#include <stddef.h>

#include "common/why.h"

enum row_status { ROW_KEEP, ROW_DISCARD, ROW_CRASH };

struct row {
    char *commit, *description; /* owned; empty when not given */
    double metric;              /* NaN when it crashed or was not given */
    double memory_gb;           /* NaN when not given */
    enum row_status status;
};

struct rows {
    char *metric; /* the second column's name, owned */
    struct row *row;
    size_t n, skipped;
    size_t count[3]; /* by status */
};

/* path "-" is standard input. A file with only a header has no rows. */
int rows_read(struct rows *r, const char *path, struct why *w);
void rows_free(struct rows *r);

#endif
