/*
 * hunk.h - the hunks of a unified diff, found in text of any kind.
 *
 * What GNU patch accepts as a unified diff: headers or none, prose and fences
 * around and between, the whole of it indented, CRLF ends of line throughout.
 * A hunk is as long as its @@ line says. At the end of the text up to three
 * blank lines of context may have been cut off; blank lines within may have
 * lost their space. A note of a missing newline at the end is passed over.
 */
#ifndef LU_HUNK_H
#define LU_HUNK_H

#include "common/why.h"
#include "st/lines.h"

struct hunk_line {
    char op; /* ' ', '-' or '+' */
    struct line line;
};

struct hunk {
    size_t from, from_n, to, to_n; /* as in @@ -from,from_n +to,to_n @@ */
    size_t first, n;               /* its lines in hunks.l */
    size_t head, tail;             /* lines of context at either end */
    int fresh;                     /* begins another diff: start over */
};

struct hunks {
    struct hunk *h;
    struct hunk_line *l;
    size_t n, lines;
    size_t cap, cap_lines;
};

/* 1: found; 0: there is no unified diff in the text; -1: what begins like one
 * is broken; -2: memory ran out. Lines point into the text. */
int hunks_parse(struct hunks *p, const char *text, size_t len, struct why *w);
void hunks_free(struct hunks *p);

#endif
