/*
 * naive.c - retrieval as one would write it first, for comparison: the text of
 * each query is opened by its path, cut into lines, and compared with each
 * line of the question. No line is in a text twice.
 *
 *	naive TENSOR ROWS < query
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 256 };

struct text {
    char s[16384];
    char *line[LINES];
    int n;
};

static void
cut(struct text *t, FILE *fp)
{
    size_t len = fread(t->s, 1, sizeof t->s - 1, fp);
    char *p = t->s;

    t->s[len] = '\0';
    for (t->n = 0; t->n < LINES && *p; t->n++) {
        size_t n = strcspn(p, "\n");
        int more = p[n] == '\n';
        p[n] = '\0';
        t->line[t->n] = p;
        p += n + (size_t)more;
    }
}

static double
score(const struct text *a, const struct text *b)
{
    int common = 0, all;

    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < b->n; k++)
            common += strcmp(a->line[i], b->line[k]) == 0;
    all = a->n + b->n - common;
    return all ? (double)common / all : 0;
}

int
main(int argc, char *argv[])
{
    static struct text query, row;
    double best = -1;
    long at = -1;

    if (argc != 3)
        errx(2, "usage: naive tensor rows < query");
    cut(&query, stdin);
    for (long r = 0; r < strtol(argv[2], NULL, 10); r++) {
        char path[4096], digits[32];
        size_t n = (size_t)snprintf(path, sizeof path, "%s/storage", argv[1]);
        FILE *fp;
        snprintf(digits, sizeof digits, "%ld", 3 * r);
        for (const char *d = digits; *d && n < sizeof path - 8; d++)
            n += (size_t)snprintf(path + n, 3, "/%c", *d);
        snprintf(path + n, 6, "/data");
        if (!(fp = fopen(path, "r")))
            continue;
        cut(&row, fp);
        fclose(fp);
        if (score(&query, &row) > best) {
            best = score(&query, &row);
            at = r;
        }
    }
    printf("%ld\t%.17g\n", at, best);
    return 0;
}
