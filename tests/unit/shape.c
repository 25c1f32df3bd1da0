#include <string.h>

#include "check.h"
#include "st/shape.h"

static int
parses(const char *text, int ndim, size_t count)
{
    struct shape s;
    struct why w;

    return shape_parse(&s, text, &w) == 0 && s.ndim == ndim && s.count == count;
}

static void
parsing(void)
{
    static const char *const bad[] = { "",
                                       "[",
                                       "]",
                                       "2",
                                       "[2",
                                       "[2,]",
                                       "[,2]",
                                       "[2 3]",
                                       "[-1]",
                                       "[+1]",
                                       "[1.0]",
                                       "[01]",
                                       "[2]x",
                                       "[2]]",
                                       "[[2]]",
                                       "[2, \"n\"]",
                                       "[0x2]",
                                       "[2,,3]",
                                       "[1e3]",
                                       "[99999999999999999999]",
                                       "[1099511627777]",
                                       "[1,1,1,1,1,1,1,1,1]",
                                       "[1099511627776, 2]",
                                       "[65536, 65536, 65536, 65536]",
                                       NULL };
    struct shape s;
    struct why w;

    CHECK(parses("[]", 0, 1));
    CHECK(parses("[2]", 1, 2));
    CHECK(parses(" [ 2 ,3 ]\n", 2, 6));
    CHECK(parses("[3, 0]", 2, 0));
    CHECK(parses("[0, 1099511627776]", 2, 0));
    CHECK(parses("[1099511627776]", 1, SHAPE_MOST));
    CHECK(parses("[1,2,3,4,5,6,7,8]", 8, 40320));
    for (const char *const *b = bad; *b; b++)
        CHECK(shape_parse(&s, *b, &w) == -1);
    promise("shape: reads JSON lists of dimensions, and nothing else");
}

static void
text(void)
{
    static const char *const texts[] = { "[]", "[7]", "[2, 3]", "[3, 0]",
                                         NULL };
    struct shape s, other;

    for (const char *const *t = texts; *t; t++) {
        struct sbuf b = { 0 };
        CHECK(shape_parse(&s, *t, NULL) == 0);
        shape_text(&s, &b);
        CHECK(b.s && strcmp(b.s, *t) == 0);
        CHECK(shape_parse(&other, b.s, NULL) == 0 && shape_same(&s, &other));
        sbuf_free(&b);
    }
    shape_parse(&s, "[2, 3]", NULL);
    shape_parse(&other, "[3, 2]", NULL);
    CHECK(!shape_same(&s, &other));
    shape_parse(&other, "[2, 3, 1]", NULL);
    CHECK(!shape_same(&s, &other));
    promise("shape: writes what Python writes");
}

static int
at(const struct shape *s, const char *coords, size_t want)
{
    size_t i = 99;

    return shape_parse_coords(s, coords, &i, NULL) == 0 && i == want;
}

static void
coords(void)
{
    static const char *const bad[] = { "",     "1",    "1,2,3",
                                       "2,0",  "0,3",  "-3,0",
                                       "0,-4", "1,",   ",1",
                                       "1, 2", " 1,2", "+1,2",
                                       "a,b",  "1,2,", "9223372036854775808,0",
                                       NULL };
    struct shape s, scalar, eight;
    size_t i, xs[SHAPE_MAX], back;
    int same = 1;

    shape_parse(&s, "[2, 3]", NULL);
    CHECK(at(&s, "1,2", 5) && at(&s, "-1,-1", 5) && at(&s, "-2,0", 0));
    for (const char *const *b = bad; *b; b++)
        CHECK(shape_parse_coords(&s, *b, &i, NULL) == -1);
    shape_parse(&scalar, "[]", NULL);
    CHECK(at(&scalar, "", 0));
    CHECK(shape_parse_coords(&scalar, "0", &i, NULL) == -1);
    shape_parse(&eight, "[2, 1, 3, 2, 2, 1, 2, 3]", NULL);
    for (i = 0; i < eight.count; i++) {
        struct sbuf b = { 0 };
        shape_coords(&eight, i, xs);
        shape_coords_text(&eight, i, &b);
        same &= shape_index(&eight, xs) == i && at(&eight, b.s, i);
        sbuf_free(&b);
    }
    CHECK(same && eight.count == 144);
    shape_parse(&eight, "[5, 6, 7]", NULL);
    CHECK(at(&eight, "3,4,1", 155));
    shape_parse(&s, "[2, 0]", NULL);
    CHECK(shape_parse_coords(&s, "0,0", &back, NULL) == -1);
    promise("shape: coordinates to elements and back");
}

int
main(void)
{
    parsing();
    text();
    coords();
    return check_done();
}
