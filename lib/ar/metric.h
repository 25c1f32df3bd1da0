/*
 * metric.h - one named number, read from the text a program printed.
 *
 * By default the last line "NAME: 1.5", "NAME=1.5" or "METRIC NAME=1.5" that
 * starts at the beginning of a line counts; with an expression, the last line
 * it matches. A number is a whole word. A missing, unreadable or infinite
 * number is no number, never 0.
 */
#ifndef LU_METRIC_H
#define LU_METRIC_H

#include <regex.h>
#include <stddef.h>

#include "common/why.h"

struct metric {
    char *name; /* owned */
    int lower;  /* 1: smaller is better */
    int has_re;
    char *re_text; /* owned; "" when there is none */
    regex_t re;
    int found; /* lines seen so far */
    int good;  /* the last one was a finite number */
    double value;
};

/* NAME[:lower|higher][:REGEX]. *given_dir (may be NULL): 1 when it names a
 * direction. */
int metric_parse(struct metric *m, const char *spec, int *given_dir,
                 struct why *w);
void metric_free(struct metric *m);

/* Forget what was seen; scan more text; say what came out of it. */
void metric_reset(struct metric *m);
int metric_scan(struct metric *m, const char *s, size_t len, struct why *w);
int metric_result(const struct metric *m, double *val, struct why *w);

/* A decimal number that is the whole of s, as finite double; 0 or -1. */
int metric_number(const char *s, size_t len, double *val);

#endif
