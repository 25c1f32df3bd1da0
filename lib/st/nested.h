/*
 * nested.h - a tensor as nested JSON lists of strings, null for absent ones.
 */
#ifndef LU_NESTED_H
#define LU_NESTED_H

#include "st/st.h"

struct nested {
    struct shape shape;
    char **text; /* shape.count strings, NULL for null; owned */
};

/* Take text apart; its strings are decoded in place, so *n lives no longer
 * than text. Lists of different lengths at one depth are a failure. */
int nested_parse(struct nested *n, char *text, size_t len, struct why *w);

void nested_free(struct nested *n);

#endif
