/*
 * text.h - words from a program we do not trust, made safe to show: control
 * bytes, terminal escapes, bidirectional overrides and bad UTF-8 are gone.
 */
#ifndef LU_TEXT_H
#define LU_TEXT_H

#include <stddef.h>

#include "common/sbuf.h"

/* The first line with something on it, trimmed, at most max bytes. */
void text_first_line(struct sbuf *out, const char *s, size_t len, size_t max);

/* The last lines, at most max bytes; of a line that was overwritten with
 * carriage returns only what was left standing. */
void text_tail(struct sbuf *out, const char *s, size_t len, size_t max);

#endif
