#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "st/nested.h"

/* dim[d] is known once the first list at depth d has ended. */
struct reader {
    struct nested *n;
    char *p;
    int leaf, known[SHAPE_MAX]; /* depth of the elements, -1 for not seen */
    size_t at[SHAPE_MAX], cap;
    struct why *w;
};

static int
fail(struct reader *r, int depth, const char *what)
{
    char where[200];
    size_t n = 0;

    where[0] = '\0';
    for (int d = 0; d < depth && d < SHAPE_MAX; d++)
        n += (size_t)snprintf(where + n, sizeof where - n, "%s%zu",
                              d ? "," : "", r->at[d]);
    return why_set(r->w, "[%s]: %s", where, what);
}

static void
skip_space(struct reader *r)
{
    r->p += strspn(r->p, " \t\r\n");
}

/* Four hexadecimal digits, or -1. */
static long
hex4(const char *p)
{
    long v = 0;

    for (int i = 0; i < 4; i++) {
        const char *at, *digits = "0123456789abcdefABCDEF";
        if (!p[i] || !(at = strchr(digits, p[i])))
            return -1;
        v = v * 16 + (at - digits > 15 ? at - digits - 6 : at - digits);
    }
    return v;
}

static char *
put_utf8(char *to, unsigned long c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 63));
        *to++ = (char)(0x80 | (c & 63));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 63));
        *to++ = (char)(0x80 | (c >> 6 & 63));
        *to++ = (char)(0x80 | (c & 63));
    }
    return to;
}

/* \uXXXX after the backslash at r->p, two of them for a surrogate pair. */
static char *
unicode(struct reader *r, char *to)
{
    long c = hex4(r->p + 2), low;

    if (c <= 0 || (c >= 0xdc00 && c < 0xe000))
        return NULL;
    r->p += 6;
    if (c >= 0xd800 && c < 0xdc00) {
        low = r->p[0] == '\\' && r->p[1] == 'u' ? hex4(r->p + 2) : -1;
        if (low < 0xdc00 || low >= 0xe000)
            return NULL;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        r->p += 6;
    }
    return put_utf8(to, (unsigned long)c);
}

/* The string at r->p, its opening quote included; NULL when it is none. */
static char *
string(struct reader *r)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    char *start = r->p, *to = start, *p;

    for (r->p++; *r->p != '"';) {
        if ((unsigned char)*r->p < 0x20)
            return NULL;
        if (*r->p != '\\') {
            *to++ = *r->p++;
        } else if (r->p[1] == 'u') {
            if (!(to = unicode(r, to)))
                return NULL;
        } else {
            if (!r->p[1] || !(p = strchr(from, r->p[1])))
                return NULL;
            *to++ = into[p - from];
            r->p += 2;
        }
    }
    r->p++;
    *to = '\0';
    return start;
}

static int
leaf(struct reader *r, int depth)
{
    struct nested *n = r->n;
    char *text = NULL, **more;

    if (r->leaf >= 0 && r->leaf != depth)
        return fail(r, depth, "lists of different depths");
    r->leaf = depth;
    if (*r->p == '"') {
        if (!(text = string(r)))
            return fail(r, depth, "not a JSON string, or it has a NUL");
    } else if (strncmp(r->p, "null", 4) == 0) {
        r->p += 4;
    } else {
        return fail(r, depth, "not a list, a string or null");
    }
    if (n->shape.count == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 64;
        if (!(more = realloc(n->text, r->cap * sizeof *more)))
            return fail(r, depth, "out of memory");
        n->text = more;
    }
    n->text[n->shape.count++] = text;
    return 0;
}

static int value(struct reader *r, int depth);

static int
list(struct reader *r, int depth)
{
    size_t len = 0;
    char text[80];

    if (depth == SHAPE_MAX || (r->leaf >= 0 && depth >= r->leaf))
        return fail(r, depth, "a list that is too deep");
    r->p++;
    skip_space(r);
    while (*r->p != ']') {
        r->at[depth] = len++;
        if (value(r, depth + 1) < 0)
            return -1;
        skip_space(r);
        if (*r->p == ',') {
            r->p++;
            skip_space(r);
            if (*r->p == ']')
                return fail(r, depth, "a comma before ]");
        } else if (*r->p != ']') {
            return fail(r, depth, "no comma or ] after an element");
        }
    }
    r->p++;
    if (r->known[depth] && r->n->shape.dim[depth] != len) {
        snprintf(text, sizeof text, "Expected length %zu, got %zu",
                 r->n->shape.dim[depth], len);
        return fail(r, depth, text);
    }
    r->known[depth] = 1;
    r->n->shape.dim[depth] = len;
    if (r->n->shape.ndim <= depth)
        r->n->shape.ndim = depth + 1;
    return 0;
}

static int
value(struct reader *r, int depth)
{
    skip_space(r);
    return *r->p == '[' ? list(r, depth) : leaf(r, depth);
}

int
nested_parse(struct nested *n, char *text, size_t len, struct why *w)
{
    struct reader r = { .n = n, .p = text, .leaf = -1, .w = w };

    *n = (struct nested){ 0 };
    if (strlen(text) < len)
        return why_set(w, "a NUL byte");
    if (value(&r, 0) == 0) {
        skip_space(&r);
        if (!*r.p && (r.leaf < 0 || r.leaf == n->shape.ndim))
            return shape_settle(&n->shape, w);
        fail(&r, 0, *r.p ? "text after the end" : "lists of different depths");
    }
    nested_free(n);
    return -1;
}

void
nested_free(struct nested *n)
{
    free(n->text);
    *n = (struct nested){ 0 };
}
