#include <string.h>

#include "check.h"
#include "common/utf8.h"

static size_t
valid(const char *s)
{
    return utf8_valid(s, strlen(s));
}

static int
mends(const char *s, size_t len, const char *want)
{
    struct sbuf b = { 0 };
    int same;

    utf8_mend(&b, s, len);
    same = !b.failed && b.len == strlen(want) && !memcmp(b.s, want, b.len);
    sbuf_free(&b);
    return same;
}

int
main(void)
{
    /* First and last character of each length, and of what lies between. */
    static const char *const good[] = {
        "\x7f",         "\xc2\x80",         "\xdf\xbf",
        "\xe0\xa0\x80", "\xed\x9f\xbf",     "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"
    };
    static const char *const bad[] = { "\x80",
                                       "\xc0\x80",
                                       "\xc1\xbf",
                                       "\xe0\x9f\xbf",
                                       "\xed\xa0\x80",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80",
                                       "\xff",
                                       "\xc2",
                                       "\xe2\x82",
                                       "\xf0\x9f\x98" };

    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        CHECK(valid(good[i]) == strlen(good[i]));
    CHECK(utf8_valid("a\0b", 3) == 3 && utf8_valid("", 0) == 0);
    promise("well-formed text is valid, NUL included");
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        CHECK(utf8_len(good[i], strlen(good[i])) == strlen(good[i]) &&
              utf8_len(good[i], 4) == strlen(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK(utf8_len(bad[i], 4) == 0);
    CHECK(utf8_len("", 1) == 1 && utf8_len("\xe2\x82\xac", 2) == 0);
    promise("a character's length, and none of what is none");
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK(valid(bad[i]) == 0);
    CHECK(valid("ab\xc3\xa9\xff") == 4);
    promise("overlong forms, surrogates and cut characters are not");

    /* The example of the Unicode standard, table 3-8. */
    CHECK(mends("\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64", 13,
                "a\ufffd\ufffd\ufffdb\ufffdc\ufffd\ufffdd"));
    CHECK(mends("\xed\xa0\x80", 3, "\ufffd\ufffd\ufffd"));
    CHECK(mends("\xe2\x82", 2, "\ufffd"));
    CHECK(mends("plain \xe2\x82\xac", 9, "plain \u20ac"));
    promise("each maximal ill-formed part becomes one U+FFFD");
    return check_done();
}
