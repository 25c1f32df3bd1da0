/*
 * diff.h - the unified diff of two texts, made in this process.
 *
 * Byte for byte what diff -u --label writes for files of the same content that
 * end in a newline; a missing last newline is added first, so that "\ No
 * newline at end of file" never occurs. Bytes are compared as they are, CR and
 * NUL included. Where GNU diff and this one differ, this one has no more lines
 * of + and -. See script.h for what happens to very different long texts.
 */
#ifndef LU_DIFF_H
#define LU_DIFF_H

#include <stddef.h>

#include "common/sbuf.h"

struct diff_labels {
    const char *from, *to; /* NULL: "data" */
};

/* Append the diff from a to b to *out. NULL is an absent text, of no lines;
 * the empty text is one empty line. 1: they differ; 0: they do not, and
 * nothing was appended; -1: out of memory or more than 2^29 lines. */
int diff_text(struct sbuf *out, const char *a, size_t alen, const char *b,
              size_t blen, const struct diff_labels *labels);

#endif
