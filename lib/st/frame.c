#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "st/frame.h"

#define MARKER "===ST-MERGED-CONTENT===ST-MERGED-CONTENT===ST-MERGED-CONTENT==="
enum { MARKER_LEN = sizeof MARKER - 1 };

/* What Python's strip() takes off, as far as it is ASCII. */
static int
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

double
frame_bf16(double x)
{
    float f = (float)x;
    uint32_t u;

    if (isnan(x))
        return x;
    memcpy(&u, &f, sizeof u);
    u += 0x7fff + (u >> 16 & 1);
    u &= 0xffff0000;
    memcpy(&f, &u, sizeof f);
    return (double)f;
}

void
frame_number(struct sbuf *b, double x)
{
    char text[40];
    int digits = 0, exp;

    if (!isfinite(x)) {
        sbuf_adds(b, isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
        return;
    }
    do
        snprintf(text, sizeof text, "%.*e", digits++, x);
    while (strtod(text, NULL) != x);
    exp = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    if (exp >= -4 && exp < 16) {
        int decimals = digits - 1 - exp;
        sbuf_addf(b, "%.*f", decimals > 1 ? decimals : 1, x);
    } else {
        sbuf_adds(b, text);
    }
}

/* 1 when the reader's stripping would change the text. */
static int
fragile(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && text[i] != '\n' && is_space(text[i]))
        i++;
    return len && (i == len || text[i] == '\n' || is_space(text[len - 1]));
}

void
frame_add(struct sbuf *b, size_t index, double coeff, const char *text,
          size_t len)
{
    const char *end = text + len, *line;

    sbuf_addf(b, "%s" MARKER "\nindex: %zu\ncoefficient: ", b->len ? "\n" : "",
              index);
    frame_number(b, coeff);
    if (fragile(text, len))
        sbuf_addf(b, "\nbytes: %zu", len);
    sbuf_adds(b, "\ncontent:\n\n  ");
    while ((line = memchr(text, '\n', (size_t)(end - text)))) {
        sbuf_add(b, text, (size_t)(line + 1 - text));
        sbuf_adds(b, "  ");
        text = line + 1;
    }
    sbuf_add(b, text, (size_t)(end - text));
}

/* The first line from p on that is a marker, or end. */
static const char *
next_marker(const char *p, const char *end)
{
    while (p < end) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        const char *stop = line ? line : end, *q = p + MARKER_LEN;

        if (stop - p >= MARKER_LEN && memcmp(p, MARKER, MARKER_LEN) == 0) {
            while (q < stop && is_space(*q))
                q++;
            if (q == stop)
                return p;
        }
        p = line ? line + 1 : end;
    }
    return end;
}

/* The number after key at p (which ends before end), or NULL. */
static const char *
value(const char *p, const char *end, const char *key)
{
    size_t n = strlen(key);

    return (size_t)(end - p) >= n && memcmp(p, key, n) == 0 ? p + n : NULL;
}

struct header {
    int has_index, has_coeff, has_bytes;
    size_t bytes;
};

/* One line of a frame before its text. The line is a copy that ends in NUL. */
static int
header_line(struct frame *f, struct header *h, const char *line, size_t len,
            struct why *w)
{
    const char *end = line + len, *v;
    char *rest = NULL;
    int *has = NULL;

    errno = 0;
    if ((v = value(line, end, "index:"))) {
        has = &h->has_index;
        f->index = strtoull(v, &rest, 10);
        if (memchr(v, '-', (size_t)(end - v)))
            rest = (char *)v;
    } else if ((v = value(line, end, "coefficient:"))) {
        has = &h->has_coeff;
        f->coeff = strtod(v, &rest);
        errno = isfinite(f->coeff) ? 0 : ERANGE;
    } else if ((v = value(line, end, "bytes:"))) {
        has = &h->has_bytes;
        h->bytes = strtoull(v, &rest, 10);
    } else {
        return 0;
    }
    while (rest > v && rest < end && is_space(*rest))
        rest++;
    *has = rest == end && rest > v && !errno;
    /* A broken count is as good as none; the others say what goes where. */
    if (!*has && has != &h->has_bytes)
        return why_set(w, "not a number in '%.60s'", line);
    return 0;
}

/* The text between p and end without its indentation, bytes long and all of
 * it; -1 when it is not that long. */
static int
exact(struct sbuf *to, const char *p, const char *end, size_t bytes)
{
    const char *line = p;

    if (p < end && *p == '\n')
        p++;
    for (size_t left = bytes;; p = line + 1) {
        size_t n;

        if (end - p < 2 || p[0] != ' ' || p[1] != ' ')
            return -1;
        p += 2;
        line = memchr(p, '\n', (size_t)(end - p));
        n = line ? (size_t)(line + 1 - p) : (size_t)(end - p);
        if (n >= left) {
            sbuf_add(to, p, left);
            p += left;
            break;
        }
        sbuf_add(to, p, n);
        left -= n;
        if (!line)
            return -1;
    }
    while (p < end && is_space(*p))
        p++;
    return p == end ? 0 : -1;
}

/* The same as people leave it: blank lines before it and space after it go. */
static void
loose(struct sbuf *to, const char *p, const char *end)
{
    const char *q;

    while (end > p && is_space(end[-1]))
        end--;
    for (q = p; q < end && is_space(*q); q++)
        if (*q == '\n')
            p = q + 1;
    while (p < end) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        const char *stop = line ? line + 1 : end;

        if (end - p >= 2 && p[0] == ' ' && p[1] == ' ')
            p += 2;
        sbuf_add(to, p, (size_t)(stop - p));
        p = stop;
    }
}

/* One frame, from after its marker to the next one. */
static int
parse_frame(struct frame *f, const char *p, const char *end, struct why *w)
{
    struct header h = { 0 };
    struct sbuf line = { 0 }, text = { 0 };
    int bad = 0, content = 0;

    while (p < end && !bad && !content) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));

        stop = stop ? stop : end;
        sbuf_clear(&line);
        sbuf_add(&line, p, (size_t)(stop - p));
        content = value(p, stop, "content:") != NULL;
        bad = line.failed ? why_set(w, "out of memory")
              : content   ? 0
                          : header_line(f, &h, line.s, line.len, w);
        p = stop < end ? stop + 1 : end;
    }
    sbuf_free(&line);
    if (bad)
        return -1;
    if (!h.has_index || !h.has_coeff || !content)
        return why_set(w, "no line '%s'",
                       !h.has_index   ? "index:"
                       : !h.has_coeff ? "coefficient:"
                                      : "content:");
    if (!h.has_bytes || exact(&text, p, end, h.bytes) < 0) {
        sbuf_clear(&text);
        loose(&text, p, end);
    }
    sbuf_adds(&text, ""); /* a string even when it is empty */
    if (text.failed)
        return why_set(w, "out of memory");
    f->text = text.s;
    f->len = text.len;
    return 0;
}

static int
is_blank(const char *p, const char *end)
{
    while (p < end && is_space(*p))
        p++;
    return p == end;
}

int
frames_parse(struct frames *f, const char *text, size_t len, struct why *w)
{
    const char *end = text + len, *p = next_marker(text, end), *next;
    struct frame *v;
    struct why inner;

    *f = (struct frames){ 0 };
    for (; p < end; p = next) {
        const char *from = p + MARKER_LEN;

        next = next_marker(from, end);
        if (is_blank(from, next))
            continue;
        if (!(v = realloc(f->v, (f->n + 1) * sizeof *v))) {
            frames_free(f);
            return why_set(w, "out of memory");
        }
        f->v = v;
        f->v[f->n] = (struct frame){ 0 };
        if (parse_frame(&f->v[f->n], from, next, &inner) < 0) {
            size_t n = f->n;

            frames_free(f);
            return why_set(w, "frame %zu: %s", n, inner.s);
        }
        f->n++;
    }
    return 0;
}

void
frames_free(struct frames *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->v[i].text);
    free(f->v);
    *f = (struct frames){ 0 };
}
