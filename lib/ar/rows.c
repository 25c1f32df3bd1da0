#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ar/rows.h"
#include "common/fsx.h"
#include "common/sbuf.h"
#include "common/tsv.h"

enum { COLUMNS = 16, FILE_MAX = 64 << 20 };

/* Where each thing stands; the reference's order unless the header differs. */
struct columns {
    int commit, metric, memory, status, description;
};

/* The metric has a name of its own and is known by its place. */
static int
read_header(struct rows *r, char *line, struct columns *c, struct why *w)
{
    char *head[COLUMNS];
    size_t n = tsv_split(line, head, COLUMNS);

    if (n > COLUMNS)
        n = COLUMNS;
    c->commit = tsv_column(head, n, "commit");
    c->memory = tsv_column(head, n, "memory_gb");
    c->status = tsv_column(head, n, "status");
    c->description = tsv_column(head, n, "description");
    c->metric = 1;
    if (n < 2 || c->status < 0 || c->status == c->metric)
        return why_set(w, "no header line such as \"commit\", \"val_bpb\", "
                          "\"memory_gb\", \"status\", \"description\" with "
                          "tabs between");
    r->metric = strdup(head[c->metric]);
    return r->metric ? 0 : why_set(w, "out of memory");
}

static int
status_of(const char *s)
{
    static const char *const names[] = { "keep", "discard", "crash" };

    for (int i = 0; i < 3; i++)
        if (strcasecmp(s, names[i]) == 0)
            return i;
    return -1;
}

static double
number(const char *s)
{
    char *end;
    double x = strtod(s, &end);

    return end == s || *end || !isfinite(x) ? NAN : x;
}

/* A line without a status is a torn row, or code that leaked into the table:
 * passed over, so that one of them does not hide the other rows. */
static int
read_row(struct rows *r, char *line, const struct columns *c, struct why *w)
{
    char *cell[COLUMNS], none[] = "";
    size_t n = tsv_split(line, cell, COLUMNS);
    struct row *more;
    int status;

#define CELL(at) ((at) >= 0 && (size_t)(at) < n ? cell[at] : none)
    if (n > COLUMNS || (status = status_of(CELL(c->status))) < 0) {
        r->skipped++;
        return 0;
    }
    if ((r->n & (r->n + 1)) == 0) { /* room doubles at 0, 1, 3, 7, ... */
        more = realloc(r->row, (2 * r->n + 1) * sizeof *more);
        if (!more)
            return why_set(w, "out of memory");
        r->row = more;
    }
    r->row[r->n] = (struct row){
        .commit = strdup(CELL(c->commit)),
        .description = strdup(CELL(c->description)),
        .metric = status == ROW_CRASH ? NAN : number(CELL(c->metric)),
        .memory_gb = number(CELL(c->memory)),
        .status = (enum row_status)status,
    };
#undef CELL
    r->n++;
    r->count[status]++;
    return r->row[r->n - 1].commit && r->row[r->n - 1].description
               ? 0
               : why_set(w, "out of memory");
}

int
rows_read(struct rows *r, const char *path, struct why *w)
{
    struct columns c = { 0 };
    struct sbuf b = { 0 };
    struct why inner;
    char *line, *next;
    int bad = 0;

    *r = (struct rows){ 0 };
    if (fsx_read(path, &b, FILE_MAX, w) < 0) {
        sbuf_free(&b);
        return -1;
    }
    for (line = b.s; !bad && line && *line; line = next) {
        next = line + strcspn(line, "\n");
        next += *next == '\n';
        if (*line == '#' || *line == '\n')
            continue;
        if (next > line + 1 && next[-1] == '\n' && next[-2] == '\r')
            next[-2] = '\n'; /* tsv_split stops there */
        bad = r->metric ? read_row(r, line, &c, &inner)
                        : read_header(r, line, &c, &inner);
    }
    if (!bad && !r->metric)
        bad = why_set(&inner, "empty, not even a header line");
    if (bad) {
        why_set(w, "%s: %s", strcmp(path, "-") ? path : "standard input",
                inner.s);
        rows_free(r);
    }
    sbuf_free(&b);
    return bad;
}

void
rows_free(struct rows *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->row[i].commit);
        free(r->row[i].description);
    }
    free(r->row);
    free(r->metric);
    *r = (struct rows){ 0 };
}
