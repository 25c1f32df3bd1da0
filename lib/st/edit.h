/*
 * edit.h - the edit distance of two texts.
 *
 * Levenshtein's: the least number of code points to put in, take out or
 * replace. Texts of which one is not UTF-8 are compared byte by byte. Computed
 * 64 at a time (G. Myers, "A fast bit-vector algorithm for approximate string
 * matching based on dynamic programming", 1999; H. Hyyro's form): the time
 * grows with the product of both lengths, by 64.
 */
#ifndef LU_EDIT_H
#define LU_EDIT_H

#include <stddef.h>

/* The distance and the length of the longer text, in code points or bytes. 0,
 * or -1 when memory runs out. */
int edit_distance(const char *a, size_t alen, const char *b, size_t blen,
                  size_t *distance, size_t *longer);

/* Distance by length, 0 for two empty texts: 0 is the same, 1 altogether
 * different. NAN when memory runs out. */
double edit_ratio(const char *a, size_t alen, const char *b, size_t blen);

/* The nearest number that bfloat16 has, ties to even. */
double edit_bf16(double x);

#endif
