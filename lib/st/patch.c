#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "st/hunk.h"
#include "st/patch.h"

const char *
patch_status_name(enum patch_status s)
{
    static const char *const name[] = { "applied", "fuzzed", "rejected",
                                        "skipped" };

    return name[s];
}

static int
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int
patch_blank(const char *s, size_t len)
{
    while (len && is_space(s[len - 1]))
        len--;
    return len == 0;
}

static int
is_todo(const char *s, size_t len)
{
    while (len && is_space(s[len - 1]))
        len--;
    while (len && is_space(*s))
        s++, len--;
    return len == 4 && memcmp(s, "TODO", 4) == 0;
}

/* The text that is patched, and how far it is done. Lines are counted from 1
 * as in diffs. */
struct job {
    struct lines text;
    size_t frozen; /* lines up to here are written */
    long moved;    /* what the last hunk's place differed from its number */
    struct sbuf *out;
};

/* The lines of a hunk that must be there (op ' ' and not), for either
 * direction. */
struct pattern {
    const struct line *l;
    size_t n, first;
};

struct fit {
    const struct job *j;
    struct pattern p;
    long head_fuzz, tail_fuzz;
};

/* Does the pattern stand at line `at`, without its fuzzy ends? */
static int
fits(const struct fit *f, long at)
{
    size_t end = f->p.n - (size_t)f->tail_fuzz;

    for (size_t k = (size_t)f->head_fuzz; k < end; k++) {
        size_t i = (size_t)at - 1 + k;
        if (i >= f->j->text.n || !line_same(f->j->text.l[i], f->p.l[k]))
            return 0;
    }
    return 1;
}

/* Look at the guess, then around it, nearest first and below before above. */
static long
search(const struct fit *f, long guess)
{
    long lines = (long)f->j->text.n, first = (long)f->j->frozen + 1;
    long last = lines - ((long)f->p.n - f->tail_fuzz) + 1;
    long below = last - guess, above = guess - first, off = 0;
    long most = below < above ? above : below;

    if (below < 0)
        off = -below;
    else if (above < 0)
        off = -above;
    for (; off <= most; off++) {
        if (off <= below && fits(f, guess + off))
            return guess + off;
        if (off && off <= above && fits(f, guess - off))
            return guess - off;
    }
    return 0;
}

/* The line where the pattern of hunk h fits, 0 for nowhere. A hunk with less
 * context at one end belongs to that end of the text. */
static long
locate(const struct job *j, const struct hunk *h, struct pattern p, long fuzz)
{
    long head = (long)h->head, tail = (long)h->tail, lines = (long)j->text.n;
    long context = head > tail ? head : tail;
    long guess = (long)p.first + j->moved, at;
    struct fit f = { j, p, fuzz + head - context, fuzz + tail - context };

    if (!p.n)
        return guess > 0 ? guess : 0;
    if (f.head_fuzz < 0 && p.first <= 1) {
        f.head_fuzz = 0;
        return (long)j->frozen <= head && (long)p.n - f.tail_fuzz <= lines &&
               fits(&f, 1);
    }
    f.head_fuzz = f.head_fuzz < 0 ? 0 : f.head_fuzz;
    if (f.tail_fuzz < 0) {
        f.tail_fuzz = 0;
        at = lines - (long)p.n + 1;
        return at > (long)j->frozen && fits(&f, at) ? at : 0;
    }
    return search(&f, guess);
}

static void
write_line(struct job *j, struct line l)
{
    if (sbuf_reserve(j->out, l.len + 1) < 0)
        return;
    sbuf_add(j->out, l.s, l.len);
    sbuf_add(j->out, "\n", 1);
}

static void
copy_to(struct job *j, size_t line)
{
    while (j->frozen < line && j->frozen < j->text.n)
        write_line(j, j->text.l[j->frozen++]);
}

/* Write hunk h at line `at`. Context is copied from the text, so that what
 * fuzz left out of account stays as it is. */
static void
write_hunk(struct job *j, const struct hunks *d, const struct hunk *h,
           size_t at)
{
    size_t line = at - 1;

    for (size_t k = 0; k < h->n; k++) {
        const struct hunk_line *l = &d->l[h->first + k];
        if (l->op == ' ') {
            line++;
            continue;
        }
        copy_to(j, line);
        if (l->op == '+') {
            write_line(j, l->line);
        } else {
            line++;
            j->frozen = line;
        }
    }
}

/* The lines of h that are not `without`, in l[h->n], and the line they should
 * stand at. With no lines, what is named is the line before the place. */
static struct pattern
pattern(const struct hunks *d, const struct hunk *h, char without,
        struct line *l)
{
    struct pattern p = { l, 0, without == '+' ? h->from : h->to };

    for (size_t k = 0; k < h->n; k++)
        if (d->l[h->first + k].op != without)
            l[p.n++] = d->l[h->first + k].line;
    p.first += !p.n;
    return p;
}

/* Place one hunk: the line where it goes, or 0 with the reason. room is for
 * 2 * h->n lines. */
static long
place(const struct job *j, const struct hunks *d, const struct hunk *h,
      int fuzz, int *used, struct line *room, struct why *w)
{
    struct pattern old = pattern(d, h, '+', room);
    struct pattern new = pattern(d, h, '-', room + h->n);
    long context = (long)(h->head > h->tail ? h->head : h->tail), at;

    for (long f = 0; f <= fuzz && f <= context; f++) {
        if ((at = locate(j, h, old, f)) > 0) {
            *used |= f > 0;
            if ((size_t)at > j->frozen)
                return at;
            why_set(w, "hunk %zu is out of order", (size_t)(h - d->h) + 1);
            return 0;
        }
        if (h->fresh && new.n && locate(j, h, new, f) > 0) {
            why_set(w, "hunk %zu: applied already", (size_t)(h - d->h) + 1);
            return 0;
        }
    }
    why_set(w, "hunk %zu at line %zu does not fit", (size_t)(h - d->h) + 1,
            h->from);
    return 0;
}

/* All hunks of one diff, from number k on; the number of the next diff's
 * first. 0 when one does not fit or memory runs out. */
static size_t
apply_one(struct job *j, const struct hunks *d, size_t k, int fuzz, int *used,
          struct why *w)
{
    size_t most = 0;
    struct line *room;

    for (size_t i = 0; i < d->n; i++)
        most = d->h[i].n > most ? d->h[i].n : most;
    if (!(room = malloc(2 * most * sizeof *room))) {
        j->out->failed = 1;
        return 0;
    }
    do {
        const struct hunk *h = &d->h[k];
        long at = place(j, d, h, fuzz, used, room, w);
        if (!at) {
            free(room);
            return 0;
        }
        j->moved = at - (long)(h->from + !h->from_n);
        write_hunk(j, d, h, (size_t)at);
    } while (++k < d->n && !d->h[k].fresh);
    free(room);
    copy_to(j, SIZE_MAX);
    return k;
}

/* Apply all diffs, each to what the one before left. */
static int
apply(struct sbuf *out, const struct hunks *d, const char *text, size_t len,
      int fuzz, int *used, struct why *w)
{
    struct sbuf now = { 0 };

    for (size_t k = 0; k < d->n;) {
        struct sbuf next = { 0 };
        struct job j = { .out = &next };
        sbuf_reserve(&next, len + 1);
        if (lines_cut(&j.text, text, len) < 0)
            next.failed = 1;
        else
            k = apply_one(&j, d, k, fuzz, used, w);
        lines_free(&j.text);
        sbuf_free(&now);
        now = next;
        if (!k || now.failed)
            break;
        text = now.len ? now.s : NULL; /* no bytes are no lines from here on */
        len = now.len;
        if (k == d->n) {
            sbuf_add(out, now.s, now.len);
            sbuf_free(&now);
            return 1;
        }
    }
    out->failed |= now.failed;
    sbuf_free(&now);
    return 0;
}

/* l and the line after it are the two header lines of a diff. */
static int
is_header(struct line l, const char *next, const char *end)
{
    struct line m;

    if (l.len < 4 || memcmp(l.s, "--- ", 4) != 0 || next == end)
        return 0;
    m = line_at(next, end, &next);
    return m.len >= 4 && memcmp(m.s, "+++ ", 4) == 0;
}

/* The lines that a broken diff adds: all that begin with +, but for headers. */
static void
add_plus_lines(struct sbuf *out, const char *s, size_t len)
{
    const char *end = s + len;

    while (s < end) {
        struct line l = line_at(s, end, &s);
        if (is_header(l, s, end))
            line_at(s, end, &s);
        else if (l.len && *l.s == '+' && sbuf_reserve(out, l.len) == 0) {
            sbuf_add(out, l.s + 1, l.len - 1);
            sbuf_add(out, "\n", 1);
        }
    }
}

/* A context diff has lines that begin with + too, but they mean another
 * thing. */
static int
is_context_diff(const char *s, size_t len)
{
    const char *end = s + len;

    while (s < end) {
        struct line l = line_at(s, end, &s);
        if (l.len >= 15 && strspn(l.s, "*") >= 15)
            return 1;
    }
    return 0;
}

/* The blank text becomes what the diff adds. d has no hunks when it is
 * broken. */
static void
cold_start(struct sbuf *out, struct patch *p, const struct hunks *d,
           const char *diff, size_t dlen)
{
    size_t start = out->len;

    for (size_t k = 0; k < d->lines; k++)
        if (d->l[k].op == '+') {
            sbuf_add(out, d->l[k].line.s, d->l[k].line.len);
            sbuf_add(out, "\n", 1);
        }
    if (!d->n)
        add_plus_lines(out, diff, dlen);
    p->status = out->len > start ? PATCH_APPLIED : PATCH_SKIPPED;
    why_set(&p->reason, "%s",
            p->status == PATCH_APPLIED ? "" : "a blank text, and no + lines");
}

/* A diff that creates a text finds the empty one absent. */
static int
apply_blank(struct sbuf *out, const struct hunks *d, const char *text,
            size_t len)
{
    int used = 0;

    if (!d->n)
        return 0;
    if (!len && d->h[0].from == 0 && d->h[0].from_n == 0)
        text = NULL;
    return apply(out, d, text, len, 0, &used, NULL);
}

static int
settle(struct sbuf *out, struct patch *p, enum patch_status s)
{
    p->status = s;
    if (s != PATCH_REJECTED && s != PATCH_SKIPPED)
        p->reason.s[0] = '\0';
    return out->failed ? -1 : 0;
}

int
patch_text(struct sbuf *out, struct patch *p, const char *text, size_t len,
           const char *diff, size_t dlen, int fuzz)
{
    struct hunks d;
    int found, used = 0;

    *p = (struct patch){ 0 };
    if (!diff || patch_blank(diff, dlen) || is_todo(diff, dlen)) {
        why_set(&p->reason, "nothing to apply");
        return settle(out, p, PATCH_SKIPPED);
    }
    found = hunks_parse(&d, diff, dlen, &p->reason);
    if (found < -1)
        return -1;
    if (!found)
        why_set(&p->reason, "not a unified diff");
    if (!text || patch_blank(text, len)) {
        if (apply_blank(out, &d, text, text ? len : 0))
            settle(out, p, PATCH_APPLIED);
        else if (found || !is_context_diff(diff, dlen))
            cold_start(out, p, &d, diff, dlen);
        else
            settle(out, p, PATCH_REJECTED);
    } else if (found <= 0) {
        settle(out, p, PATCH_REJECTED);
    } else if (apply(out, &d, text, len, fuzz, &used, &p->reason)) {
        settle(out, p, used ? PATCH_FUZZED : PATCH_APPLIED);
    } else {
        p->misfit = 1;
        settle(out, p, PATCH_REJECTED);
    }
    hunks_free(&d);
    return out->failed ? -1 : 0;
}
