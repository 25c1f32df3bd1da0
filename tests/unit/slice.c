#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "st/slice.h"

/* Does index select these elements of [2, 3], and is the result's shape s? */
static int
selects(const char *index, const char *s, const char *elements)
{
    struct shape from = { .ndim = 2, .dim = { 2, 3 }, .count = 6 };
    struct sbuf text = { 0 }, got = { 0 };
    struct slice slice;
    struct why w = { "" };
    int same = 0;

    sbuf_adds(&got, "");
    if (slice_parse(&slice, &from, index, &w) == 0) {
        shape_text(&slice.shape, &text);
        for (size_t i = 0; i < slice.shape.count; i++)
            sbuf_addf(&got, "%zu", slice_source(&slice, i));
        same = strcmp(text.s, s) == 0 && strcmp(got.s, elements) == 0;
    }
    if (!same)
        printf("# %s: %s %s %s\n", index, text.s ? text.s : "", got.s, w.s);
    slice_free(&slice);
    sbuf_free(&text);
    sbuf_free(&got);
    return same;
}

static int
fails(const char *index)
{
    struct shape from = { .ndim = 2, .dim = { 2, 3 }, .count = 6 };
    struct slice slice;
    struct why w = { "" };
    int r = slice_parse(&slice, &from, index, &w);

    slice_free(&slice);
    return r < 0 && w.s[0];
}

static void
test_items(void)
{
    CHECK(selects("", "[2, 3]", "012345"));
    CHECK(selects("1", "[3]", "345") && selects("-1,-3", "[]", "3"));
    CHECK(selects("[1,1,0],2", "[3]", "552"));
    CHECK(selects("[0,1],[1,2]", "[2, 2]", "1245"));
    CHECK(selects("[ 0 , -1 ], [ 2 ]", "[2, 1]", "25"));
    CHECK(selects("...,1", "[2]", "14") && selects("1,...", "[3]", "345"));
    CHECK(selects("[],:", "[0, 3]", "") && selects("2:", "[0, 3]", ""));
    promise("slice: numbers, lists, ... and what is missing");
}

static void
test_failures(void)
{
    CHECK(fails("2") && fails("-3") && fails("0,3") && fails("[0,2]"));
    CHECK(fails("0,0,0") && fails("...,...") && fails("0,0,...,0"));
    CHECK(fails(",") && fails("0,") && fails("x") && fails("0 1"));
    CHECK(fails("[0") && fails("[0]]") && fails("[0:1]") && fails("[[0]]"));
    CHECK(fails("::0") && fails("0:1:1:1") && fails("0:x") && fails("1."));
    promise("slice: what is no index, or no element");
}

/* Python's slice.indices() by its definition: walk from start by step. */
static void
by_definition(long start, long stop, long step, long n, struct sbuf *b)
{
    if (start < 0)
        start += n;
    if (stop < 0)
        stop += n;
    for (long i = step > 0 ? 0 : n - 1; i >= 0 && i<n; i += step> 0 ? 1 : -1)
        if (step > 0 ? i >= start && i < stop : i <= start && i > stop) {
            long first = step > 0 ? (start > 0 ? start : 0)
                                  : (start < n - 1 ? start : n - 1);
            if ((i - first) % step == 0)
                sbuf_addf(b, "%ld", i);
        }
}

static void
test_ranges(void)
{
    struct shape from = { .ndim = 1, .dim = { 4 }, .count = 4 };
    int wrong = 0;

    for (long start = -6; start <= 6; start++)
        for (long stop = -6; stop <= 6; stop++)
            for (long step = -5; step <= 5; step++) {
                struct sbuf want = { 0 }, got = { 0 };
                struct slice s;
                char text[40];

                if (!step)
                    continue;
                snprintf(text, sizeof text, "%ld:%ld:%ld", start, stop, step);
                sbuf_adds(&want, "");
                sbuf_adds(&got, "");
                by_definition(start, stop, step, 4, &want);
                if (slice_parse(&s, &from, text, NULL) < 0)
                    sbuf_adds(&got, "failed");
                for (size_t i = 0; i < s.shape.count; i++)
                    sbuf_addf(&got, "%zu", slice_source(&s, i));
                if (strcmp(want.s, got.s) != 0 && !wrong++)
                    printf("# %s: %s, not %s\n", text, got.s, want.s);
                slice_free(&s);
                sbuf_free(&want);
                sbuf_free(&got);
            }
    CHECK(!wrong);
    promise("slice: ranges are Python's, whatever their ends and steps");
}

static void
test_long(void)
{
    struct shape from = { .ndim = 1,
                          .dim = { (size_t)1 << 40 },
                          .count = (size_t)1 << 40 };
    struct slice s;

    CHECK(slice_parse(&s, &from, "-1:0:-1099511627775", NULL) == 0 &&
          s.shape.count == 1 && slice_source(&s, 0) == from.count - 1);
    CHECK(slice_parse(&s, &from, "1::9223372036854775807", NULL) == 0 &&
          s.shape.count == 1 && slice_source(&s, 0) == 1);
    CHECK(slice_parse(&s, &from, "::-9223372036854775808", NULL) == 0 &&
          s.shape.count == 1);
    CHECK(slice_parse(&s, &from, "-9223372036854775808:", NULL) == 0 &&
          s.shape.count == from.count);
    promise("slice: the largest numbers");
}

int
main(void)
{
    test_items();
    test_failures();
    test_ranges();
    test_long();
    return check_done();
}
