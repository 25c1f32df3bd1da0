/*
 * relative.h - the text of a relative link.
 */
#ifndef LU_RELATIVE_H
#define LU_RELATIVE_H

#include "common/sbuf.h"

/* Append "../../x": the way from the directory `from` to the file `to`, both
 * absolute and real. */
void relative_path(const char *from, const char *to, struct sbuf *b);

#endif
