#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/sbuf.h"

int
sbuf_reserve(struct sbuf *b, size_t len)
{
    size_t want = b->cap ? b->cap : 64;
    char *p;

    if (b->failed || len >= SIZE_MAX / 4 - b->len)
        goto fail;
    if (b->len + len + 1 <= b->cap)
        return 0;
    while (want < b->len + len + 1)
        want *= 2;
    if (!(p = realloc(b->s, want)))
        goto fail;
    b->s = p;
    b->s[b->len] = '\0';
    b->cap = want;
    return 0;
fail:
    b->failed = 1;
    return -1;
}

void
sbuf_add(struct sbuf *b, const void *data, size_t len)
{
    if (sbuf_reserve(b, len) < 0)
        return;
    if (len)
        memcpy(b->s + b->len, data, len);
    b->len += len;
    b->s[b->len] = '\0';
}

void
sbuf_adds(struct sbuf *b, const char *s)
{
    sbuf_add(b, s, strlen(s));
}

void
sbuf_addf(struct sbuf *b, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || sbuf_reserve(b, (size_t)n) < 0) {
        b->failed = 1;
        return;
    }
    va_start(ap, fmt);
    vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
}

void
sbuf_clear(struct sbuf *b)
{
    b->len = 0;
    if (b->s)
        b->s[0] = '\0';
}

void
sbuf_free(struct sbuf *b)
{
    free(b->s);
    *b = (struct sbuf){ 0 };
}
