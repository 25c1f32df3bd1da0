/*
 * space.h - the declared space of settings that a proposer may change.
 *
 * Read from a TSV table with the columns name, kind and range, and if wanted
 * scale and step; see ar-propose(1). Values are handled as text, in the form
 * they take in the settings file, so that two of them can be compared.
 */
#ifndef LU_SPACE_H
#define LU_SPACE_H

#include <stddef.h>

#include "common/why.h"

enum space_kind { SPACE_FLOAT, SPACE_INT, SPACE_CHOICE, SPACE_FLAG };

enum { SPACE_TEXT = 64 }; /* room for any value, with its NUL */

struct space_dim {
    char *name; /* owned */
    enum space_kind kind;
    double lo, hi; /* of a number, inclusive */
    double step;   /* factor on a log scale, else difference; 0: not given */
    int log;       /* moves multiply instead of adding */
    char **choice; /* owned; n of them, for a flag "0" and "1" */
    size_t n;
};

struct space {
    struct space_dim *dim; /* owned */
    size_t n;
};

/* text is the table, name is for messages. 0 or -1. */
int space_parse(struct space *sp, const char *text, const char *name,
                struct why *w);
void space_free(struct space *sp);

/* Is val a value of d? Numbers off the grid of an int with a step are. */
int space_has(const struct space_dim *d, const char *val);

/* How many values d has; 0 when there are too many to walk through. */
size_t space_levels(const struct space_dim *d);

/* Write the i-th of them. */
void space_level(const struct space_dim *d, size_t i, char *to);

/* Write the value at u, 0 to 1, of the range. */
void space_at(const struct space_dim *d, double u, char *to);

/* Write the value that lies size first moves above (dir 1) or below (dir -1)
 * the number from. 0 when the range has no other value that way. */
int space_move(const struct space_dim *d, const char *from, int dir,
               double size, char *to);

/* Is val, whole, a number? */
int space_number(const char *val);

/* 1: b is greater than a, -1: less, 0: equal or not numbers. */
int space_compare(const struct space_dim *d, const char *a, const char *b);

#endif
