/*
 * utf8.h - is it UTF-8, and make it so.
 */
#ifndef LU_UTF8_H
#define LU_UTF8_H

#include <stddef.h>

#include "common/sbuf.h"

/* Offset of the first byte that is no part of well-formed UTF-8 (Unicode 15,
 * table 3-7: no surrogates, no overlong forms), or len. NUL is well-formed. */
size_t utf8_valid(const char *s, size_t len);

/* Bytes of the character at s, which has len > 0 bytes or ends in NUL; 0: it is
 * no part of well-formed UTF-8. */
size_t utf8_len(const char *s, size_t len);

/* Append s with each ill-formed part (maximal subpart) as U+FFFD. */
void utf8_mend(struct sbuf *b, const char *s, size_t len);

#endif
