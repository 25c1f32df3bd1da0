/*
 * lines.h - a text as lines, without copying it.
 *
 * A line is what lies before a newline; bytes after the last newline are a
 * line too, as if the newline were there. So "", "\n" and a missing last
 * newline need care: a text that does not end in a newline gets one, which
 * makes the empty text one empty line. NULL is no text at all: no lines.
 */
#ifndef LU_LINES_H
#define LU_LINES_H

#include <stddef.h>

struct line {
    const char *s; /* not terminated */
    size_t len;    /* without the newline */
};

struct lines {
    struct line *l; /* owned; the bytes are the caller's */
    size_t n;
};

/* 0, or -1 when memory runs out. */
int lines_cut(struct lines *t, const char *s, size_t len);
void lines_free(struct lines *t);

int line_same(struct line a, struct line b);

/* The line that starts at s, before end; *next is where the one after it
 * starts, or end. */
struct line line_at(const char *s, const char *end, const char **next);

/*
 * Number the lines of two texts so that equal lines, and only those, have
 * equal numbers, from 0 up. ida[a->n] and idb[b->n] are filled in. Returns how
 * many numbers there are, or -1 when memory runs out.
 */
int lines_number(const struct lines *a, const struct lines *b, int *ida,
                 int *idb);

#endif
