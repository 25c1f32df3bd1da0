/*
 * tsv.h - fields of a tab-separated line: escape, split, find by name.
 *
 * Inside a field \t, \n and \\ stand for tab, newline and backslash; any other
 * backslash is itself. An empty field is an unknown value.
 */
#ifndef LU_TSV_H
#define LU_TSV_H

#include <stddef.h>

#include "common/sbuf.h"

/* Append s to *b as one escaped field. */
void tsv_escape(struct sbuf *b, const char *s);

/* Cut line up in place: field[i] point into it, unescaped, the newline gone.
 * Returns how many fields there were, which may be more than max. */
size_t tsv_split(char *line, char **field, size_t max);

/* Index of the column called name in n fields of a header, or -1. */
int tsv_column(char *const *header, size_t n, const char *name);

#endif
