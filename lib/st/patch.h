/*
 * patch.h - apply a unified diff to a text, all of it or nothing.
 *
 * A hunk goes where its old lines are found, byte for byte: at the line it
 * names, moved by what the hunk before was moved, else at the nearest place
 * after or before; never above what is patched already. When it fits nowhere,
 * up to `fuzz` of its outermost lines of context are left out of account, as
 * GNU patch has it: first from the longer end, and a hunk with less context at
 * one end must stand at that end of the text until then.
 *
 * A diff that fits backwards where it does not fit forwards is taken for one
 * that was applied already. Anything but a unified diff is rejected: nothing
 * in a diff is ever executed.
 */
#ifndef LU_PATCH_H
#define LU_PATCH_H

#include "common/sbuf.h"
#include "common/why.h"

enum { PATCH_FUZZ = 1 }; /* the default */

enum patch_status {
    PATCH_APPLIED,
    PATCH_FUZZED, /* applied, with some context left out of account */
    PATCH_REJECTED,
    PATCH_SKIPPED, /* nothing to apply: blank, or TODO */
};

struct patch {
    enum patch_status status;
    int misfit;        /* rejected: it is sound, but does not fit */
    struct why reason; /* of rejecting or skipping; else "" */
};

/* "applied", ... */
const char *patch_status_name(enum patch_status s);

/*
 * Append the patched text to *out, which always ends in a newline unless it is
 * empty; nothing when rejected or skipped. text is NULL where there is none.
 *
 * A blank or absent text takes a diff that does not fit exactly as a cold
 * start: it becomes the lines that the diff adds. 0, or -1 when memory runs
 * out.
 */
int patch_text(struct sbuf *out, struct patch *p, const char *text, size_t len,
               const char *diff, size_t dlen, int fuzz);

/* Nothing but white space. */
int patch_blank(const char *s, size_t len);

#endif
