#include <string.h>

#include "ar/decide.h"
#include "ar/metric.h"
#include "ar/seal.h"
#include "ar/study.h"
#include "ar/text.h"
#include "check.h"

/* The first line of a string constant, NUL bytes in it included. */
#define FIRST(s, max, want) first(s, sizeof(s) - 1, max, want)
#define TAIL(s, max, want)  tail(s, sizeof(s) - 1, max, want)

static int
first(const char *s, size_t len, size_t max, const char *want)
{
    struct sbuf b = { 0 };
    int same;

    text_first_line(&b, s, len, max);
    same = strcmp(b.s ? b.s : "", want) == 0;
    if (!same)
        printf("# got \"%s\"\n", b.s ? b.s : "");
    sbuf_free(&b);
    return same;
}

static int
tail(const char *s, size_t len, size_t max, const char *want)
{
    struct sbuf b = { 0 };
    int same;

    text_tail(&b, s, len, max);
    same = strcmp(b.s ? b.s : "", want) == 0;
    if (!same)
        printf("# got \"%s\"\n", b.s ? b.s : "");
    sbuf_free(&b);
    return same;
}

static void
test_first_line(void)
{
    CHECK(FIRST("", 10, ""));
    CHECK(FIRST("\n \n\t\n  a b  \nc", 10, "a b"));
    CHECK(FIRST("\033[1;31mred\033[m\033]0;title\a!\033c", 20, "red!"));
    CHECK(FIRST("\033[", 10, "") && FIRST("a\033", 10, "a"));
    CHECK(FIRST("\033]never ends", 10, ""));
    CHECK(FIRST("a\0b\x7f\x01"
                "c\rd",
                10, "abcd"));
    CHECK(FIRST("\xc3\xa9\xff\xc3", 10, "\xc3\xa9??"));
    CHECK(FIRST("\xc0\xaf\xed\xa0\x80", 10, "?????")); /* overlong, surrogate */
    CHECK(FIRST("a\xc2\x9b"
                "b\xe2\x80\xae"
                "c\xef\xbb\xbf",
                10, "abc"));
    CHECK(FIRST("abcdef", 3, "abc"));
    CHECK(FIRST("ab\xc3\xa9", 3, "ab")); /* not half a letter */
    promise("text: the first line, without what a terminal would obey");
}

static void
test_tail(void)
{
    CHECK(TAIL("a\nb\n", 10, "a\nb\n"));
    CHECK(TAIL("1%\r50%\r100%\nend", 20, "100%\nend"));
    CHECK(TAIL("crlf\r\nx", 20, "crlf\nx"));
    CHECK(TAIL("abcdef", 3, "def"));
    CHECK(TAIL("\xc3\xa9yz", 3, "yz"));
    CHECK(TAIL("", 3, ""));
    promise("text: the tail, as a terminal would have shown it");
}

static void
test_number(void)
{
    double x = 7;

    CHECK(metric_number(" -1.5e1 ", 8, &x) == 0 && x == -15);
    CHECK(metric_number("", 0, &x) < 0 && metric_number("1 2", 3, &x) < 0);
    CHECK(metric_number("nan", 3, &x) < 0 && metric_number("0x1", 3, &x) < 0);
    CHECK(metric_number("123", 2, &x) == 0 && x == 12);
    promise("metric: a number is a whole word and finite");
}

static void
test_decide(void)
{
    struct policy p;
    struct verdict v;
    struct why w;
    double a = 1, b = 2, bad = NAN;

    CHECK(policy_parse(&p, "strict", &w) == 0);
    CHECK(decide(&p, 1, &a, 1, &b, 1, &v, &w) == 0 && v.keep && v.delta == -1);
    CHECK(decide(&p, 0, &a, 1, &b, 1, &v, &w) == 0 && !v.keep && v.gain == -1);
    CHECK(decide(&p, 1, &bad, 1, &b, 1, &v, &w) < 0);
    CHECK(decide(&p, 1, &a, 0, &b, 1, &v, &w) < 0);
    CHECK(policy_parse(&p, "delta", &w) < 0);
    CHECK(policy_parse(&p, "delta:x", &w) < 0);
    CHECK(policy_parse(&p, "rel:nan", &w) < 0 && policy_parse(&p, "", &w) < 0);
    promise("decide: missing and NaN are no reason to keep");
}

static int
protects(const char *pattern, const char *path)
{
    char copy[64];
    char *list[] = { copy };
    struct seal l = { .pattern = list, .patterns = 1 };

    snprintf(copy, sizeof copy, "%s", pattern);
    return seal_protects(&l, path);
}

static void
test_protects(void)
{
    CHECK(protects("eval", "eval") && protects("eval", "eval/a/b"));
    CHECK(!protects("eval", "eval2") && !protects("eval", "x/eval"));
    CHECK(protects("data/val.txt", "data")); /* a link in place of data/ */
    CHECK(!protects("data/val.txt", "data/train.txt"));
    CHECK(!protects("data/val.txt", "dat"));
    CHECK(protects("*.txt", "a.txt") && !protects("*.txt", "d/a.txt"));
    CHECK(protects("*/eval", "x/eval/y") && !protects("a?", "a"));
    promise("seal: a pattern stands for the path, what is below and above");
}

static void
test_tags(void)
{
    CHECK(study_tag_ok("mar5-gpu0") && study_tag_ok("a.b_C"));
    CHECK(!study_tag_ok("") && !study_tag_ok("a/b") && !study_tag_ok(".a"));
    CHECK(!study_tag_ok("-a") && !study_tag_ok("a..b") && !study_tag_ok("a b"));
    CHECK(!study_tag_ok("a.lock") && !study_tag_ok("a.") &&
          !study_tag_ok("a\n"));
    promise("study: a tag is a safe part of refs and file names");
}

int
main(void)
{
    test_first_line();
    test_tail();
    test_number();
    test_decide();
    test_protects();
    test_tags();
    return check_done();
}
