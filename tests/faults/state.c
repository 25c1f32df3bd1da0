/*
 * state - all that a directory holds, one fact a line, sorted
 *
 *	state DIR
 *
 * PATH<TAB>FACT: a directory, a link and its target, or the size and checksum
 * of a file. The records of a file coeff beside a shape are facts of their
 * own, PATH#N, and holes among them are none. Permissions count; times do not.
 */
#include <sys/stat.h>

#include <err.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/crc32.h"
#include "common/fsx.h"
#include "common/tsv.h"

enum { RECORD = 16 };

static char **facts;
static size_t nfacts, cap;

static void
add(struct sbuf *b)
{
    if (nfacts == cap) {
        cap = cap ? 2 * cap : 256;
        facts = realloc(facts, cap * sizeof *facts);
    }
    if (!facts || b->failed)
        errx(2, "out of memory");
    facts[nfacts++] = b->s;
}

static void
records(const char *path, const struct sbuf *text)
{
    static const char hole[RECORD];

    for (size_t i = 0; i < text->len; i += RECORD) {
        size_t n = text->len - i < RECORD ? text->len - i : RECORD;
        struct sbuf b = { 0 };

        if (memcmp(text->s + i, hole, n) == 0)
            continue;
        tsv_escape(&b, path);
        sbuf_addf(&b, "#%zu\t%.*s", i / RECORD, (int)strcspn(text->s + i, " "),
                  text->s + i);
        if (n < RECORD)
            sbuf_adds(&b, " torn");
        add(&b);
    }
}

/* Is path the coefficients of a tensor? */
static int
is_coeff(const char *path)
{
    const char *slash = strrchr(path, '/');
    char shape[PATH_MAX];

    if (!slash || strcmp(slash, "/coeff") != 0)
        return 0;
    snprintf(shape, sizeof shape, "%.*s/shape", (int)(slash - path), path);
    return access(shape, F_OK) == 0;
}

static int
look(const char *path, const struct stat *s, int kind, struct FTW *f)
{
    struct sbuf b = { 0 }, text = { 0 };
    char to[PATH_MAX];
    struct why w;

    (void)kind;
    if (f->level == 0)
        return 0;
    tsv_escape(&b, path + 2); /* without ./ */
    if (S_ISLNK(s->st_mode)) {
        ssize_t n = readlink(path, to, sizeof to - 1);
        to[n < 0 ? 0 : n] = '\0';
        sbuf_adds(&b, "\tlink ");
        tsv_escape(&b, to);
    } else if (S_ISREG(s->st_mode)) {
        if (fsx_read(path, &text, 1 << 30, &w) < 0)
            errx(2, "%s", w.s);
        if (is_coeff(path)) {
            records(path + 2, &text);
            sbuf_free(&text);
            sbuf_free(&b);
            return 0;
        }
        sbuf_addf(&b, "\tfile %o %zu %08x", s->st_mode & 07777, text.len,
                  crc32_of(0, text.s, text.len));
        sbuf_free(&text);
    } else {
        sbuf_addf(&b, "\t%s", S_ISDIR(s->st_mode) ? "dir" : "special");
    }
    add(&b);
    return 0;
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int
main(int argc, char *argv[])
{
    if (argc != 2)
        errx(2, "usage: state dir");
    if (chdir(argv[1]) < 0 || nftw(".", look, 64, FTW_PHYS) < 0)
        err(2, "%s", argv[1]);
    if (nfacts)
        qsort(facts, nfacts, sizeof *facts, by_text);
    for (size_t i = 0; i < nfacts; i++)
        puts(facts[i]);
    return fclose(stdout) ? 2 : 0;
}
