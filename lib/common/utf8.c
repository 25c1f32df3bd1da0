#include "common/utf8.h"

/* Length of the character at s, or, with *ok 0, of the ill-formed part. */
static size_t
step(const unsigned char *s, size_t len, int *ok)
{
    unsigned lo = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    unsigned hi = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    size_t want = s[0] < 0x80   ? 1
                  : s[0] < 0xc2 ? 0
                  : s[0] < 0xe0 ? 2
                  : s[0] < 0xf0 ? 3
                  : s[0] < 0xf5 ? 4
                                : 0;

    *ok = want > 0;
    for (size_t i = 1; i < want; i++, lo = 0x80, hi = 0xbf)
        if (i == len || s[i] < lo || s[i] > hi) {
            *ok = 0;
            return i;
        }
    return want ? want : 1;
}

size_t
utf8_len(const char *s, size_t len)
{
    int ok;
    size_t n = step((const unsigned char *)s, len, &ok);

    return ok ? n : 0;
}

size_t
utf8_valid(const char *s, size_t len)
{
    size_t at = 0;

    for (int ok; at < len;) {
        size_t n = step((const unsigned char *)s + at, len - at, &ok);

        if (!ok)
            break;
        at += n;
    }
    return at;
}

void
utf8_mend(struct sbuf *b, const char *s, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t n = utf8_valid(s + at, len - at);
        int ok;

        sbuf_add(b, s + at, n);
        at += n;
        if (at < len) {
            at += step((const unsigned char *)s + at, len - at, &ok);
            sbuf_adds(b, "\xef\xbf\xbd");
        }
    }
}
