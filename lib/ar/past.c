#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ar/past.h"
#include "common/run.h"

/* A name that git reads as one object, whatever a row may hold. */
static int
is_hash(const char *s)
{
    size_t len = strlen(s);

    return len >= 4 && len <= 64 && strspn(s, "0123456789abcdef") == len;
}

/* One process answers for all rows: 500 of them in a few milliseconds. */
static int
cat_files(char *dir, const struct sbuf *ask, struct sbuf *answer, struct why *w)
{
    static char git[] = "git", in[] = "-C", cat[] = "cat-file",
                batch[] = "--batch";
    char *argv[] = { git, in, dir, cat, batch, NULL };
    struct sbuf err = { 0 };
    /* The questions come from memory and the answers go there, so neither
     * side can wait for the other. */
    struct run r = { .argv = argv,
                     .in = ask->s,
                     .in_len = ask->len,
                     .out = { .text = answer },
                     .err = { .text = &err, .cap = 150 },
                     .limit = 60 };
    int bad = run(&r, w);

    if (!bad && run_status(&r) != 0) {
        if (err.s)
            err.s[strcspn(err.s, "\n")] = '\0';
        bad = why_set(w, "git cat-file: %s", err.s ? err.s : "failed");
    }
    sbuf_free(&err);
    return bad;
}

/* The next answer: "HASH blob SIZE", the bytes, a newline; or one line that
 * says that there is none. Returns a copy, or NULL. */
static char *
next_answer(const struct sbuf *b, size_t *at)
{
    const char *line = b->s + *at, *end = memchr(line, '\n', b->len - *at);
    char type[16];
    size_t size;

    if (!end)
        return NULL;
    *at += (size_t)(end - line) + 1;
    if (sscanf(line, "%*s %15s %zu", type, &size) != 2 || end[-1] < '0' ||
        end[-1] > '9' || size >= b->len - *at)
        return NULL;
    line = b->s + *at;
    *at += size + 1;
    return strcmp(type, "blob") ? NULL : strndup(line, size);
}

int
past_read(struct past *p, const struct rows *r, const char *conf, struct why *w)
{
    const char *slash = strrchr(conf, '/');
    struct sbuf dir = { 0 }, ask = { 0 }, answer = { 0 };
    size_t at = 0;
    int bad = 0;

    sbuf_adds(&dir, slash ? "" : ".");
    if (slash)
        sbuf_add(&dir, conf, (size_t)(slash - conf) + 1);
    p->n = r->n;
    p->trial = calloc(r->n + 1, sizeof *p->trial);
    for (size_t i = 0; i < r->n; i++)
        if (is_hash(r->row[i].commit))
            sbuf_addf(&ask, "%s:./%s\n", r->row[i].commit,
                      slash ? slash + 1 : conf);
    if (!p->trial || dir.failed || ask.failed)
        bad = why_set(w, "out of memory");
    else if (ask.len)
        bad = cat_files(dir.s, &ask, &answer, w);
    for (size_t i = 0; !bad && i < r->n; i++)
        p->trial[i] = (struct trial){
            .conf =
                is_hash(r->row[i].commit) ? next_answer(&answer, &at) : NULL,
            .metric = r->row[i].metric,
            .kept = r->row[i].status == ROW_KEEP,
        };
    sbuf_free(&dir);
    sbuf_free(&ask);
    sbuf_free(&answer);
    if (bad)
        past_free(p);
    return bad;
}

void
past_free(struct past *p)
{
    for (size_t i = 0; p->trial && i < p->n; i++)
        free((char *)p->trial[i].conf);
    free(p->trial);
    *p = (struct past){ 0 };
}
