/*
 * frame.h - several texts in one, each with its number and its coefficient.
 *
 *	===ST-MERGED-CONTENT===ST-MERGED-CONTENT===ST-MERGED-CONTENT===
 *	index: 0
 *	coefficient: 1.0
 *	content:
 *
 *	  first line
 *	  second line
 *
 * Frames are joined by a newline, and none follows the last. A line of text
 * is indented by two spaces, so a marker inside a text is not at the start of
 * a line and ends nothing. What is read is stripped of blank lines around it
 * and of space at the end, as people and language models leave them. A text
 * that would lose something by that has the line "bytes: N" before "content:";
 * when the text has been edited and N does not fit any more it is ignored.
 */
#ifndef LU_FRAME_H
#define LU_FRAME_H

#include <stddef.h>

#include "common/sbuf.h"
#include "common/why.h"

struct frame {
    size_t index;
    double coeff;
    char *text; /* owned */
    size_t len;
};

struct frames {
    struct frame *v; /* owned */
    size_t n;
};

/* Append a frame. */
void frame_add(struct sbuf *b, size_t index, double coeff, const char *text,
               size_t len);

/* Take a merged text apart. Blank text and text without a marker are no
 * frames; what stands before the first marker is skipped. */
int frames_parse(struct frames *f, const char *text, size_t len, struct why *w);

void frames_free(struct frames *f);

/* x rounded to bfloat16, to the even one of two that are as near. */
double frame_bf16(double x);

/* x with the fewest digits that read back as x, as Python prints it: 1.0,
 * 0.30078125, 1e-07. */
void frame_number(struct sbuf *b, double x);

#endif
