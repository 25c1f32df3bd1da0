#include <string.h>

#include "ar/text.h"
#include "common/utf8.h"

/* Bytes of the terminal escape sequence at s (which starts with ESC). */
static size_t
escape_len(const char *s, size_t len)
{
    size_t i = 2;

    if (len < 2)
        return len;
    if (s[1] == '[') { /* CSI: up to a byte from @ to ~ */
        while (i < len && (s[i] < 0x40 || s[i] > 0x7e))
            i++;
        return i < len ? i + 1 : len;
    }
    if (strchr("]P_^X", s[1])) { /* a string, up to BEL or ESC \ */
        while (i < len && s[i] != '\a' && s[i] != '\033')
            i++;
        return i < len && s[i] == '\a' ? i + 1 : i;
    }
    return 2;
}

/* Length of the UTF-8 sequence at s and its code point, or 0. */
static size_t
utf8(const unsigned char *s, size_t len, unsigned long *cp)
{
    size_t n = utf8_len((const char *)s, len);

    *cp = n > 1 ? s[0] & (0x7fu >> n) : s[0];
    for (size_t i = 1; i < n; i++)
        *cp = *cp << 6 | (s[i] & 0x3f);
    return n;
}

/* Does it draw something, and only where it stands? */
static int
harmless(unsigned long cp)
{
    return cp >= 0x20 && (cp < 0x7f || cp > 0x9f) &&
           !(cp >= 0x200b && cp <= 0x200f) && !(cp >= 0x2028 && cp <= 0x202e) &&
           !(cp >= 0x2060 && cp <= 0x206f) && cp != 0xfeff &&
           !(cp >= 0xe0000 && cp <= 0xe0fff);
}

static void
clean(struct sbuf *out, const char *s, size_t len)
{
    unsigned long cp;
    size_t n;

    for (size_t i = 0; i < len; i += n) {
        if (s[i] == '\033') {
            n = escape_len(s + i, len - i);
            continue;
        }
        n = utf8((const unsigned char *)s + i, len - i, &cp);
        if (n == 0) {
            n = 1;
            sbuf_adds(out, "?");
        } else if (cp == '\t') {
            sbuf_adds(out, " ");
        } else if (harmless(cp)) {
            sbuf_add(out, s + i, n);
        }
    }
}

/* Cut to max bytes, but not in the middle of a character. */
static void
cut(struct sbuf *b, size_t start, size_t max)
{
    if (b->failed || b->len - start <= max)
        return;
    b->len = start + max;
    while (b->len > start && (b->s[b->len] & 0xc0) == 0x80)
        b->len--;
    b->s[b->len] = '\0';
}

void
text_first_line(struct sbuf *out, const char *s, size_t len, size_t max)
{
    struct sbuf b = { 0 };
    size_t skip;

    while (len > 0) {
        const char *nl = memchr(s, '\n', len);
        size_t n = nl ? (size_t)(nl - s) : len;
        sbuf_clear(&b);
        clean(&b, s, n);
        while (b.len > 0 && b.s[b.len - 1] == ' ')
            b.s[--b.len] = '\0';
        skip = b.len ? strspn(b.s, " ") : 0;
        if (b.len > skip) {
            size_t start = out->len;
            sbuf_add(out, b.s + skip, b.len - skip);
            cut(out, start, max);
            break;
        }
        len -= nl ? n + 1 : n;
        s += nl ? n + 1 : n;
    }
    sbuf_free(&b);
}

void
text_tail(struct sbuf *out, const char *s, size_t len, size_t max)
{
    struct sbuf b = { 0 };
    const char *at = len > 64 * max ? s + len - 64 * max : s, *end = s + len;
    size_t skip;

    while (at < end) {
        const char *nl = memchr(at, '\n', (size_t)(end - at));
        const char *stop = nl ? nl : end, *from = stop;
        while (stop > at && stop[-1] == '\r')
            stop--;
        for (from = stop; from > at && from[-1] != '\r';)
            from--;
        clean(&b, from, (size_t)(stop - from));
        if (nl)
            sbuf_adds(&b, "\n");
        at = nl ? nl + 1 : end;
    }
    skip = b.len > max ? b.len - max : 0;
    while (skip > 0 && skip < b.len && (b.s[skip] & 0xc0) == 0x80)
        skip++;
    if (!b.failed && b.len)
        sbuf_add(out, b.s + skip, b.len - skip);
    sbuf_free(&b);
}
