/*
 * out.h - write records once, as TSV, as JSON lines or as "key: value" lines.
 *
 * A record is one call per column, in order; the layer adds the header, the
 * separators and the end of the line. TSV escapes tab, newline and backslash;
 * an empty field is an unknown value (null in JSON), never a zero.
 */
#ifndef LU_OUT_H
#define LU_OUT_H

#include <stddef.h>
#include <stdio.h>

enum out_form { OUT_TSV, OUT_JSON, OUT_KEYS };

struct out {
    FILE *fp;
    enum out_form form;
    const char *const *cols; /* field names, NULL-terminated */
    int no_header;           /* TSV: leave the header line out */
    size_t at;               /* next field in the current record */
    int wrote_header;
};

void out_str(struct out *o, const char *val); /* NULL: unknown */
void out_int(struct out *o, long long val);

/* A number in full precision (%.17g), or with the given number of decimals.
 * NaN and infinities are unknown values. */
void out_num(struct out *o, double val);
void out_fixed(struct out *o, double val, int decimals);
void out_float(struct out *o, double val); /* %.9g: single precision */

/* Write s as one escaped field, JSON with its quotation marks. */
void out_quote(FILE *fp, enum out_form form, const char *s);

/* Flush and close; exits X_FAIL when any write was lost. Call it last. A TSV
 * table that got no record is its header line. */
void out_close(struct out *o);

#endif
