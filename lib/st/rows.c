#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/tsv.h"
#include "st/rows.h"

enum { COLUMNS = 64 };

/* The next line in place, its newline made a NUL; NULL at the end. */
static char *
take_line(struct rows *r)
{
    char *line = r->next, *end;

    if (!*line)
        return NULL;
    r->line++;
    if ((end = strchr(line, '\n')))
        *end++ = '\0';
    r->next = end ? end : line + strlen(line);
    return line;
}

int
rows_open(struct rows *r, char *table, size_t len, struct why *w)
{
    char *field[COLUMNS], *line;
    size_t line_nr = 1;

    *r = (struct rows){ .next = table };
    if (strlen(table) < len) {
        for (const char *p = table; (p = strchr(p, '\n')); p++)
            line_nr++;
        return why_set(w, "%zu: a NUL byte, which no table can hold", line_nr);
    }
    line = take_line(r);
    r->cols = line ? tsv_split(line, field, COLUMNS) : 0;
    if (r->cols > COLUMNS)
        return why_set(w, "1: more than %d columns", COLUMNS);
    r->coords = tsv_column(field, r->cols, "coords");
    r->coeff = tsv_column(field, r->cols, "coeff");
    r->text = tsv_column(field, r->cols, "text");
    if (r->coords < 0)
        return why_set(w, "1: no column coords in the header line");
    return 0;
}

/* The whole of text as a number; "" is NAN. */
static int
number(const char *text, double *x)
{
    char *end;

    *x = *text ? strtod(text, &end) : NAN;
    return *text && (*end || !isfinite(*x)) ? -1 : 0;
}

int
rows_next(struct rows *r, struct row *row, struct why *w)
{
    char *field[COLUMNS], *line = take_line(r);
    size_t n;

    if (!line)
        return 0;
    n = tsv_split(line, field, COLUMNS);
    if (n != r->cols)
        return why_set(w, "%zu: %zu fields, the header line has %zu", r->line,
                       n, r->cols);
    row->coords = field[r->coords];
    row->text = r->text < 0 ? "" : field[r->text];
    row->coeff = 1;
    if (r->coeff < 0)
        return 1;
    if (number(field[r->coeff], &row->coeff) < 0)
        return why_set(w, "%zu: coeff %.40s is not a number", r->line,
                       field[r->coeff]);
    if (!*row->text && (isnan(row->coeff) || row->coeff == 0))
        row->text = NULL;
    if (isnan(row->coeff))
        row->coeff = row->text ? 1 : 0;
    return 1;
}

/* Widen s to hold the coordinates in the field at p; 0 or -1. */
static int
widen(struct shape *s, const char *p, int first)
{
    int d = 0;

    while (*p && *p != '\t' && *p != '\n') {
        char *end;
        unsigned long long v;
        if (*p < '0' || *p > '9' || d == SHAPE_MAX)
            return -1;
        errno = 0;
        v = strtoull(p, &end, 10);
        if (errno || v >= SHAPE_MOST)
            return -1;
        if (s->dim[d] <= v)
            s->dim[d] = (size_t)v + 1;
        d++;
        p = end;
        if (*p == ',' && p[1] >= '0' && p[1] <= '9')
            p++;
    }
    if (first)
        s->ndim = d;
    return d == s->ndim ? 0 : -1;
}

int
rows_shape(const struct rows *r, struct shape *s, struct why *w)
{
    const char *p = r->next, *end;
    size_t line = r->line;

    *s = (struct shape){ 0 };
    if (!*p)
        s->ndim = 1; /* no rows: [0] */
    for (int first = 1; *p; first = 0) {
        const char *field = p;
        line++;
        end = strchr(p, '\n');
        end = end ? end : p + strlen(p);
        for (int c = 0; c < r->coords && field < end; c++)
            if (!(field = memchr(field, '\t', (size_t)(end - field))))
                return why_set(w, "%zu: too few fields", line);
            else
                field++;
        if (widen(s, field, first) < 0)
            return why_set(w, "%zu: %.*s: not coordinates like those above",
                           line, (int)strcspn(field, "\t\n"), field);
        p = end + (*end == '\n');
    }
    return shape_settle(s, w);
}
