/* Which positions training sees, in which order. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "num/bytes.h"

enum { N = 1000, MOST = 40 };
static uint8_t text[N];

/* 1: a stream has not read all that it took of epochs up to last. */
static int
busy(const struct bytes *b, uint64_t last)
{
    int open = b->epoch <= last;

    for (int s = 0; s < b->streams; s++)
        open |= b->place[s].epoch <= last && b->place[s].at < b->place[s].end;
    return open;
}

/* Read epochs 0 .. last; seen counts the positions of each. */
static int
cover(struct bytes *b, size_t n, uint64_t last, int seen[][N])
{
    int wrong = 0;
    size_t next[MOST] = { 0 };

    for (int s = 0; busy(b, last); s = (s + 1) % b->streams) {
        struct segment g = bytes_next(b, s);
        uint64_t e = b->place[s].epoch;
        if (g.n == 0) { /* the others are not there yet */
            wrong += b->next != b->count || b->place[s].at < b->place[s].end;
            continue;
        }
        wrong += g.n > b->segment || g.from + g.n >= n ||
                 g.from + g.n > g.start + b->window || b->window > b->context;
        wrong += g.from != g.start && g.from != next[s];
        next[s] = g.last ? 0 : g.from + g.n;
        for (size_t i = 0; i < g.n && e <= last; i++)
            seen[e][g.from + i]++;
    }
    return wrong;
}

static void
test_cover(size_t n, size_t context, size_t segment, int streams, int in_order)
{
    static int seen[3][N];
    struct bytes b;
    struct why w;
    size_t shift[3], most = 0;
    int wrong = 0;

    memset(seen, 0, sizeof seen);
    CHECK(bytes_open(&b, text, n, context, segment, streams, in_order, 9, &w) ==
          0);
    CHECK(b.context <= context && b.segment <= segment && b.segment > 0);
    CHECK(in_order || b.context <= b.segment ||
          4 * b.context * (size_t)streams <= n);
    for (uint64_t e = 0; e < 3; e++) {
        CHECK(bytes_seek(&b, e, 0, NULL, &w) == 0);
        shift[e] = b.shift;
        most = shift[e] > most ? shift[e] : most;
        CHECK(b.shift < b.context && (!in_order || b.shift == 0));
    }
    CHECK(bytes_seek(&b, 0, 0, NULL, &w) == 0);
    CHECK(cover(&b, n, 2, seen) == 0);
    for (int e = 0; e < 3; e++)
        for (size_t i = 0; i + 1 < n; i++)
            wrong += seen[e][i] != (i >= shift[e]);
    CHECK(wrong == 0);
    CHECK(in_order || n <= 2 * b.context || b.context == 1 || most > 0);
    bytes_close(&b);
}

static void
test_order(void)
{
    static const size_t from[] = { 0, 64, 128, 0 }, n[] = { 64, 64, 21, 64 };
    struct bytes b;
    struct why w;

    CHECK(bytes_open(&b, text, 150, 64, 64, 1, 1, 0, &w) == 0);
    for (int i = 0; i < 4; i++) { /* 64, 64, the short rest, again from 0 */
        struct segment s = bytes_next(&b, 0);
        CHECK(s.from == from[i] && s.start == from[i] && s.n == n[i] && s.last);
        CHECK(bytes_spent(&b) == (i == 2));
    }
    CHECK(bytes_seek(&b, 0, 1, NULL, &w) == 0 && bytes_next(&b, 0).from == 64);
    CHECK(bytes_seek(&b, 0, 99, NULL, &w) < 0 && strstr(w.s, "window 99"));
    bytes_close(&b);
    CHECK(bytes_open(&b, text, 1, 64, 64, 1, 1, 0, &w) < 0);
    CHECK(bytes_open(&b, text, 0, 64, 64, 3, 0, 0, &w) < 0);
    promise("bytes: in order, the last window is short, then it starts again");
}

/* Streams of one group read neighbours. */
static void
test_neighbours(void)
{
    struct bytes b;
    struct why w;
    size_t start[4];
    int groups = 0, moved = 0;

    CHECK(bytes_open(&b, text, N, 50, 50, 4, 0, 3, &w) == 0);
    for (uint64_t e = 0; e < 8; e++) {
        CHECK(bytes_seek(&b, e, 0, NULL, &w) == 0);
        while (b.next + 4 <= b.count) {
            for (int s = 0; s < 4; s++)
                start[s] = bytes_next(&b, s).start;
            for (int s = 1; s < 4; s++)
                CHECK(start[s] == start[s - 1] + b.window);
            moved += start[0] != b.shift + 4 * b.window * (b.next / 4 - 1);
            groups++;
        }
    }
    CHECK(groups >= 30 && moved > groups / 2);
    bytes_close(&b);
    promise("bytes: streams read neighbours, groups of them in a random order");
}

static void
test_shuffle(void)
{
    struct bytes a, b;
    struct why w;
    int same = 0, other = 0;

    CHECK(bytes_open(&a, text, N, 50, 10, 2, 0, 1, &w) == 0);
    CHECK(bytes_open(&b, text, N, 50, 10, 2, 0, 1, &w) == 0);
    for (int i = 0; i < 333; i++)
        same += bytes_next(&a, i & 1).from == bytes_next(&b, i & 1).from;
    CHECK(same == 333);
    bytes_close(&b);
    CHECK(bytes_open(&b, text, N, 50, 10, 2, 0, 1, &w) == 0);
    CHECK(bytes_seek(&b, a.epoch, a.next, a.place, &w) == 0);
    for (int i = 1; i < 100; i++)
        CHECK(bytes_next(&a, i & 1).from == bytes_next(&b, i & 1).from);
    bytes_close(&b);
    CHECK(bytes_open(&b, text, N, 50, 10, 2, 0, 2, &w) == 0);
    for (int i = 0; i < 50; i++)
        other += bytes_next(&a, i & 1).from != bytes_next(&b, i & 1).from;
    CHECK(other > 40);
    bytes_close(&a);
    bytes_close(&b);
    promise(
        "bytes: the seed decides the order, and a place can be found again");
}

static void
test_bad_places(void)
{
    static const struct place bad[] = {
        { 5, 4, 9, 0 },      { 5, 10, 9, 0 },        { 0, 0, N, 0 },
        { 0, 0, 51, 0 },     { N, N, N, 0 },         { 0, 0, SIZE_MAX, 0 },
        { 999, 999, 50, 0 }, { SIZE_MAX, 0, 10, 0 },
    };
    struct place p[2] = { { 100, 120, 150, 0 }, { 0, 0, 0, 0 } };
    struct bytes b;
    struct why w;

    CHECK(bytes_open(&b, text, N, 50, 10, 2, 0, 1, &w) == 0);
    CHECK(bytes_seek(&b, 0, 3, p, &w) == 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        p[1] = bad[i];
        CHECK(bytes_seek(&b, 0, 3, p, &w) < 0 && strstr(w.s, "window at"));
    }
    bytes_close(&b);
    promise("bytes: places that are not in the text are refused");
}

/* bytes_windows, both ways, after any number of steps. */
static void
test_windows(void)
{
    struct bytes b;
    struct why w;
    struct segment s;

    CHECK(bytes_open(&b, text, N, 50, 20, 3, 0, 4, &w) == 0);
    for (int step = 0; step < 60; step++) {
        struct segment now[3]; /* the windows that end with it are done */
        size_t n[2] = { 0, 0 }, bytes = 0, ended = 0;
        for (int i = 0; i < 3; i++)
            now[i] = bytes_next(&b, i);
        for (int done = 0; done < 2; done++)
            for (size_t i = 0; bytes_windows(&b, done, &i, &s); n[done]++) {
                CHECK(s.from == s.start && s.n > 0 && s.n <= 50 && s.last);
                bytes += s.n;
                for (int k = 0; k < 3; k++)
                    ended += b.place[k].epoch == b.epoch && now[k].n > 0 &&
                             now[k].start == s.start && now[k].last != done;
            }
        CHECK(n[0] + n[1] == b.count && n[1] <= b.next && ended == 0);
        CHECK(bytes == N - 1 - b.shift);
    }
    bytes_close(&b);
    promise("bytes: the windows of an epoch are those done and those not");
}

static void
test_spent(void)
{
    struct bytes b;
    struct why w;
    int spent = 0;

    CHECK(bytes_open(&b, text, N, 50, 50, 3, 0, 4, &w) == 0);
    for (int step = 0; step < 30; step++) {
        uint64_t before = b.epoch;
        spent = bytes_spent(&b);
        for (int i = 0; i < 3; i++)
            bytes_next(&b, i);
        CHECK(b.epoch == before + (uint64_t)spent);
    }
    CHECK(b.epoch >= 3);
    bytes_close(&b);
    promise("bytes: a spent epoch is one that the next segments leave");
}

int
main(void)
{
    for (size_t i = 0; i < N; i++)
        text[i] = (uint8_t)(i * 7);
    test_cover(N, 50, 10, 1, 0);
    test_cover(N, 50, 10, 4, 0);
    test_cover(N, 64, 13, 3, 0);
    test_cover(N, 64, 64, 1, 1);
    test_cover(N, 64, 30, 3, 1);
    test_cover(N, 2000, 128, 2, 0);
    test_cover(N, 2000, 1, 7, 0);
    promise("bytes: an epoch visits every position once, inside its window");
    test_cover(2, 64, 13, 1, 0);
    test_cover(2, 64, 13, 3, 0);
    test_cover(3, 1, 1, 5, 0);
    test_cover(70, 64, 32, 8, 0);
    promise("bytes: also of a text shorter than its streams' segments");
    test_order();
    test_neighbours();
    test_shuffle();
    test_bad_places();
    test_windows();
    test_spent();
    return check_done();
}
