#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ar/conf.h"

int
conf_next(const char *text, size_t *at, struct conf_item *it)
{
    while (text[*at]) {
        const char *line = text + *at, *end = line + strcspn(line, "#\n");
        const char *p = line + strspn(line, " \t\r");

        *at += strcspn(line, "\n");
        *at += text[*at] == '\n';
        if (p >= end)
            continue;
        it->name = (size_t)(p - text);
        it->nlen = strcspn(p, " \t\r\n=#");
        p += it->nlen;
        p += strspn(p, " \t");
        if (*p == '=')
            p += 1 + strspn(p + 1, " \t");
        while (end > p && strchr(" \t\r\v\f", end[-1]))
            end--;
        it->val = (size_t)(p - text);
        it->vlen = end > p ? (size_t)(end - p) : 0;
        return 1;
    }
    return 0;
}

int
conf_find(const char *text, const char *name, struct conf_item *it)
{
    struct conf_item i;
    size_t at = 0, len = strlen(name);
    int found = 0;

    while (conf_next(text, &at, &i))
        if (i.nlen == len && memcmp(text + i.name, name, len) == 0) {
            *it = i;
            found = 1;
        }
    return found;
}

void
conf_set(struct sbuf *text, const char *name, const char *val)
{
    struct conf_item it;
    struct sbuf b = { 0 };

    if (!text->s || !conf_find(text->s, name, &it)) {
        if (text->len && text->s[text->len - 1] != '\n')
            sbuf_adds(text, "\n");
        sbuf_addf(text, "%s %s\n", name, val);
        return;
    }
    sbuf_add(&b, text->s, it.val);
    if (!strchr(" \t=", b.s[b.len - 1]))
        sbuf_adds(&b, " ");
    sbuf_adds(&b, val);
    sbuf_add(&b, text->s + it.val + it.vlen, text->len - it.val - it.vlen);
    sbuf_free(text);
    *text = b;
}

void
conf_canon(struct sbuf *b, const char *val, size_t len)
{
    char num[64], *end;
    double x;

    /* A choice called "yes" loses nothing: both sides are compared so. */
    if ((len == 3 && memcmp(val, "yes", 3) == 0) ||
        (len == 2 && memcmp(val, "no", 2) == 0)) {
        sbuf_adds(b, len == 3 ? "1" : "0");
        return;
    }
    if (len == 0 || len >= sizeof num)
        goto text;
    memcpy(num, val, len);
    num[len] = '\0';
    x = strtod(num, &end);
    if (end == num || !isfinite(x))
        goto text;
    switch (*end) {
    case 'k': x *= 1e3, end++; break;
    case 'M': x *= 1e6, end++; break;
    case 'G': x *= 1e9, end++; break;
    }
    if (*end == '\0') {
        sbuf_addf(b, "%.9g", x == 0 ? 0 : x); /* no -0 */
        return;
    }
text:
    sbuf_add(b, val, len);
}
