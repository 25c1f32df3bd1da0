/*
 * Diff and patch: fixed cases, and random texts against the programs diff(1)
 * and patch(1).
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "common/fsx.h"
#include "st/diff.h"
#include "st/patch.h"
#include "st/script.h"

enum { BIG = 1 << 16 };

extern char **environ;
static unsigned seed = 1;

/* 0 to n - 1, the same numbers everywhere. */
static unsigned
pick(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8 & 0xffffff) % n;
}

static int
diff_is(const char *a, const char *b, const char *want)
{
    struct sbuf out = { 0 };
    int got = diff_text(&out, a, a ? strlen(a) : 0, b, b ? strlen(b) : 0, NULL);
    int same = got == (*want != 0) && (!got || strcmp(out.s, want) == 0);

    if (!same)
        printf("# %d, got:\n%s\n", got, out.s ? out.s : "");
    sbuf_free(&out);
    return same;
}

#define HEAD "--- data\n+++ data\n"

static void
test_golden(void)
{
    CHECK(diff_is("a", "b", HEAD "@@ -1 +1 @@\n-a\n+b\n"));
    CHECK(diff_is("a\n", "b", HEAD "@@ -1 +1 @@\n-a\n+b\n"));
    CHECK(diff_is("a", "a\n", "") && diff_is("", "", ""));
    CHECK(diff_is("", "\n", "") && diff_is(NULL, NULL, ""));
    CHECK(diff_is("", "x", HEAD "@@ -1 +1 @@\n-\n+x\n"));
    CHECK(diff_is(NULL, "x\ny", HEAD "@@ -0,0 +1,2 @@\n+x\n+y\n"));
    CHECK(diff_is(NULL, "", HEAD "@@ -0,0 +1 @@\n+\n"));
    CHECK(diff_is("x\ny", NULL, HEAD "@@ -1,2 +0,0 @@\n-x\n-y\n"));
    CHECK(diff_is("x\r\n", "x\n", HEAD "@@ -1 +1 @@\n-x\r\n+x\n"));
    CHECK(diff_is("a\na\na\n", "a\na\n", HEAD "@@ -1,3 +1,2 @@\n a\n a\n-a\n"));
    CHECK(diff_is("a\nb", "a\nb\na\nb",
                  HEAD "@@ -1,2 +1,4 @@\n a\n b\n+a\n+b\n"));
    CHECK(diff_is("a\nb\nc\nd", "c\nd\na\nb",
                  HEAD "@@ -1,4 +1,4 @@\n-a\n-b\n c\n d\n+a\n+b\n"));
    /* an added block begins where the block above it began */
    CHECK(diff_is("{\nx\n}\n", "{\nx\n}\n{\ny\n}\n",
                  HEAD "@@ -1,3 +1,6 @@\n {\n x\n }\n+{\n+y\n+}\n"));
    promise("diff: the same as diff -u in fixed cases");
}

static void
test_labels(void)
{
    struct diff_labels l = { "expected", "actual" };
    struct sbuf out = { 0 };

    sbuf_adds(&out, "kept");
    CHECK(diff_text(&out, "a\0b", 3, "a\0c", 3, &l) == 1);
    CHECK(out.len == 50 &&
          memcmp(out.s, "kept--- expected\n+++ actual\n@@ ", 31) == 0 &&
          memcmp(out.s + 40, "-a\0b\n+a\0c\n", 10) == 0);
    CHECK(diff_text(&out, "a", 1, "a\n", 2, &l) == 0 && out.len == 50);
    sbuf_free(&out);
    promise("diff: labels, NUL, and what was in the buffer before");
}

static int
patch_is(const char *text, const char *diff, int fuzz, enum patch_status s,
         const char *want)
{
    struct sbuf out = { 0 };
    struct patch p;
    int bad = patch_text(&out, &p, text, text ? strlen(text) : 0, diff,
                         strlen(diff), fuzz);
    int same = !bad && p.status == s && strcmp(out.s ? out.s : "", want) == 0 &&
               (s == PATCH_APPLIED || s == PATCH_FUZZED) == !p.reason.s[0];

    if (!same)
        printf("# %d %s (%s), got:\n%s\n", bad, patch_status_name(p.status),
               p.reason.s, out.s ? out.s : "");
    sbuf_free(&out);
    return same;
}

#define APPLIED(text, diff, want) patch_is(text, diff, 1, PATCH_APPLIED, want)
#define SKIPPED(text, diff)       patch_is(text, diff, 1, PATCH_SKIPPED, "")
#define REJECTED(text, diff)      patch_is(text, diff, 3, PATCH_REJECTED, "")

static void
test_patch(void)
{
    CHECK(APPLIED("a", "@@ -1 +1 @@\n-a\n+b\n", "b\n"));
    CHECK(APPLIED("a", "@@ -1 +1 @@\n-a\n+b", "b\n"));
    CHECK(APPLIED("a\n", "@@ -1 +0,0 @@\n-a\n", ""));
    CHECK(APPLIED("a\nb\n", "@@ -2,0 +3 @@\n+c\n", "a\nb\nc\n"));
    CHECK(APPLIED("a\nb\n", "@@ -0,0 +1 @@\n+c\n", "c\na\nb\n"));
    CHECK(APPLIED("a\r\n", "@@ -1 +1 @@\n-a\r\n+b\r\n", "b\r\n"));
    CHECK(APPLIED("a\n", "@@ -1 +1 @@\r\n-a\r\n+b\r\n", "b\n"));
    CHECK(APPLIED("a\n", "  @@ -1 +1 @@\n  -a\n  + b\n", " b\n"));
    CHECK(APPLIED("a\n", "\t@@ -1 +1 @@\n\t-a\n        +b\n", "b\n"));
    CHECK(APPLIED("a",
                  "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"
                  "\\ No newline at end of file\n",
                  "b\n"));
    CHECK(
        APPLIED("a\n\nb\n", "@@ -1,3 +1,3 @@ f()\n-a\n+A\n\n b\n", "A\n\nb\n"));
    /* blank context that was cut off the end */
    CHECK(APPLIED("a\n\n\n", "@@ -1,3 +1,3 @@\n-a\n+b\n", "b\n\n\n"));
    CHECK(APPLIED("x\n++ y\n", "@@ -1,2 +1,2 @@\n x\n-++ y\n+++ z\n",
                  "x\n++ z\n"));
    CHECK(APPLIED("x\n-- y\n", "@@ -1,2 +1,2 @@\n x\n--- y\n+++ z\n",
                  "x\n++ z\n"));
    /* two diffs, one after the other */
    CHECK(APPLIED("a\nb\nc\n",
                  HEAD "@@ -1,2 +1,3 @@\n a\n+x\n b\n" HEAD
                       "@@ -4 +4 @@\n-c\n+d\n",
                  "a\nx\nb\nd\n"));
    CHECK(APPLIED("a\n", "so:\n~~~diff\n" HEAD "@@ -1 +1 @@\n-a\n+b\n~~~\nok",
                  "b\n"));
    CHECK(APPLIED("a\n\n\n\n", "@@ -1,4 +1,4 @@\n-a\n+b\n", "b\n\n\n\n"));
    CHECK(REJECTED("a\n\n\n\n\n", "@@ -1,5 +1,5 @@\n-a\n+b\n"));
    promise("patch: what GNU patch takes for a unified diff");
}

static void
test_reject(void)
{
    CHECK(REJECTED("a\n", "3d\n") && REJECTED("a\n", "1c\nb\n.\nw\n"));
    CHECK(REJECTED("a\n", "1c1\n< a\n---\n> b\n"));
    CHECK(REJECTED("a\n", "*** x\n--- y\n***************\n*** 1 ****\n! a\n"
                          "--- 1 ----\n! b\n"));
    CHECK(REJECTED("", "*** x\n--- y\n***************\n*** 0 ****\n"
                       "--- 1 ----\n+ b\n"));
    CHECK(REJECTED("a\n", "garbage") && REJECTED("a\n", "@@ -x +1 @@\n"));
    CHECK(REJECTED("a\n", "@@ -1,9 +1,9 @@\n-a\n+b\n"));
    CHECK(REJECTED("a\nb\n", "@@ -1,2 +1 @@\n-a\n+b\n+c\n"));
    CHECK(REJECTED("a\nb\n", "@@ -1 +1 @@\n-a\n-b\n+c\n"));
    CHECK(REJECTED("a\n", "@@ -1 +1 @@\n a\n"));
    CHECK(REJECTED("a\n", "@@ -1 +1 @@\n-a\nb\n"));
    CHECK(REJECTED("a\n", "@@ -1 +1 @@\n-A\n+b\n"));
    CHECK(REJECTED("a \n", "@@ -1 +1 @@\n-a\n+b\n"));
    CHECK(REJECTED("b\n", "@@ -1 +1 @@\n-a\n+b\n"));
    CHECK(REJECTED("a\n", "@@ -99999999999999999999 +1 @@\n-a\n+b\n"));
    CHECK(REJECTED("a\nb\n", "@@ -1 +1 @@\n-a\n+A\n@@ -2 +2 @@\n-c\n+d\n"));
    CHECK(REJECTED("a\nb\n", "@@ -2 +2 @@\n-b\n+B\n@@ -1 +1 @@\n-a\n+A\n"));
    CHECK(REJECTED("a\nb\nc\n", "@@ -3,0 +4 @@\n+x\n@@ -1,0 +3 @@\n+y\n"));
    promise("patch: anything else is rejected whole");
}

static void
test_cold(void)
{
    CHECK(SKIPPED("a", "") && SKIPPED("a", " \n\n") && SKIPPED("a", "TODO"));
    CHECK(SKIPPED("a", "  TODO\n") && REJECTED("a", "TODO TODO"));
    CHECK(APPLIED("", "@@ -0,0 +1,2 @@\n+x\n+y\n", "x\ny\n"));
    CHECK(APPLIED(NULL, "@@ -0,0 +1,2 @@\n+x\n+y\n", "x\ny\n"));
    CHECK(APPLIED(" \n", "@@ -1,2 +1,2 @@\n c\n-o\n+x\n", "x\n"));
    CHECK(APPLIED("", "@@ -1 +1 @@\n-\n+x\n", "x\n"));
    CHECK(APPLIED("", "@@ -1 +1,2 @@\n \n+x\n", "\nx\n"));
    CHECK(SKIPPED("", "@@ -1,2 +1 @@\n c\n-o\n") && SKIPPED("", "1d\n"));
    CHECK(APPLIED("", HEAD "@@ -0,0 +1,2 @@\n+++ x\n+y\n", "++ x\ny\n"));
    CHECK(APPLIED("", HEAD "@@ -0,0 +1,9 @@\n+++ x\n+y\n", "++ x\ny\n"));
    CHECK(APPLIED("", "@@ -1 +1 @@\n--- o\n+++ n\n", "++ n\n"));
    CHECK(APPLIED(" ", "+x\n", "x\n"));
    promise("patch: a blank text becomes what the diff adds");
}

#define FUZZY(text, diff, n, want) patch_is(text, diff, n, PATCH_FUZZED, want)

static void
test_fuzz(void)
{
    const char *d = "@@ -1,4 +1,4 @@\n 1\n 2\n-3\n+x\n 4\n";

    CHECK(APPLIED("1\n2\n3\n4\n", d, "1\n2\nx\n4\n"));
    CHECK(APPLIED("0\n0\n1\n2\n3\n4\n", d, "0\n0\n1\n2\nx\n4\n"));
    CHECK(FUZZY("1?\n2\n3\n4\n", d, 1, "1?\n2\nx\n4\n"));
    CHECK(patch_is("1?\n2\n3\n4\n", d, 0, PATCH_REJECTED, ""));
    CHECK(patch_is("1\n2?\n3\n4\n", d, 1, PATCH_REJECTED, ""));
    CHECK(FUZZY("1\n2?\n3\n4\n", d, 2, "1\n2?\nx\n4\n"));
    CHECK(FUZZY("1\n2?\n3\n4?\n", d, 2, "1\n2?\nx\n4?\n"));
    /* the nearest place; below before above */
    CHECK(APPLIED("d\nd\nd\n", "@@ -2 +2 @@\n-d\n+D\n", "d\nD\nd\n"));
    CHECK(APPLIED("d\nx\nd\n", "@@ -2 +2 @@\n-d\n+D\n", "d\nx\nD\n"));
    CHECK(APPLIED("d\ny\nx\ny\n", "@@ -3 +3 @@\n-d\n+D\n", "D\ny\nx\ny\n"));
    CHECK(APPLIED("d\n", "@@ -900 +900 @@\n-d\n+D\n", "D\n"));
    /* where the hunk before it went says where to look */
    CHECK(APPLIED("0\n0\na\nd\nd\nd\n",
                  "@@ -1 +1 @@\n-a\n+A\n@@ -3 +3 @@\n-d\n+D\n",
                  "0\n0\nA\nd\nD\nd\n"));
    CHECK(APPLIED("0\n0\na\nd\nd\nd\n",
                  "@@ -1 +1 @@\n-a\n+A\n\\ No newline\n@@ -3 +3 @@\n-d\n+D\n",
                  "0\n0\nA\nd\nD\nd\n"));
    /* less context at one end: that end of the text, until fuzz */
    CHECK(patch_is("x\n1\n2\n", "@@ -1,2 +1,3 @@\n+0\n 1\n 2\n", 1,
                   PATCH_REJECTED, ""));
    CHECK(patch_is("1\n2\nx\n", "@@ -1,2 +1,3 @@\n 1\n 2\n+3\n", 1,
                   PATCH_REJECTED, ""));
    promise("patch: offsets and fuzz");
}

/* Random text of up to most lines over few different lines. */
static size_t
random_text(char *p, unsigned most, unsigned letters)
{
    size_t n = 0;

    for (unsigned i = pick(most) + 1; i-- > 0;) {
        p[n++] = (char)('a' + pick(letters));
        if (pick(4) == 0)
            p[n++] = '\r';
        if (pick(9) == 0)
            n--; /* a shorter line, or an empty one */
        p[n++] = '\n';
    }
    return n;
}

/* b is a without one line in `rate`, and with others between. */
static size_t
random_edit(char *b, const char *a, size_t len, unsigned letters, unsigned rate)
{
    size_t n = 0;

    for (size_t i = 0; i < len;) {
        const char *nl = memchr(a + i, '\n', len - i);
        size_t line = (size_t)(nl - (a + i)) + 1;
        unsigned how = pick(rate);
        if (how == 1) {
            b[n++] = (char)('a' + pick(letters));
            b[n++] = '\n';
        }
        if (how != 0) {
            memcpy(b + n, a + i, line);
            n += line;
        }
        i += line;
    }
    return n;
}

/* The lines of + and - in a diff's hunks. */
static int
cost(const char *s, size_t len)
{
    const char *end = s + len;
    int n = 0;

    for (int k = 0; s < end; k++) {
        n += k > 1 && (*s == '+' || *s == '-');
        s = (const char *)memchr(s, '\n', (size_t)(end - s)) + 1;
    }
    return n;
}

/* Run argv with its output in the file out; the exit status. No terminal, so
 * that patch does not ask. */
static int
program(const char *const *argv, const char *out)
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t attr;
    int status = -1;
    pid_t pid;

    posix_spawn_file_actions_init(&fa);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, 0x80); /* a session of its own */
    posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&fa, 1, out, O_WRONLY | O_CREAT | O_TRUNC,
                                     0666);
    posix_spawn_file_actions_adddup2(&fa, 1, 2);
    if (posix_spawnp(&pid, argv[0], &fa, &attr, (char *const *)argv, environ) !=
        0)
        return -1;
    while (waitpid(pid, &status, 0) < 0)
        ;
    posix_spawn_file_actions_destroy(&fa);
    posix_spawnattr_destroy(&attr);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
put(const char *path, const char *s, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    CHECK(fd >= 0 && write(fd, s, len) == (ssize_t)len);
    close(fd);
}

static void
get(const char *path, struct sbuf *b)
{
    struct why w;

    sbuf_clear(b);
    CHECK(fsx_read(path, b, 1 << 24, &w) == 0);
}

static int
is(const struct sbuf *b, const char *s, size_t len)
{
    return b->len == len && (!len || memcmp(b->s, s, len) == 0);
}

/* Ours is no longer than GNU's, and each program takes the other's. */
static int
cross(const char *a, size_t alen, const char *b, size_t blen, int *same)
{
    const char *const diff[] = { "diff", "-au", "--label", "data", "--label",
                                 "data", "a",   "b",       NULL };
    const char *const patch[] = { "patch", "--binary", "-o", "r",
                                  "a",     "ours",     NULL };
    struct sbuf ours = { 0 }, theirs = { 0 }, made = { 0 };
    struct patch p;
    int ok = 0, differ = diff_text(&ours, a, alen, b, blen, NULL);

    put("a", a, alen);
    put("b", b, blen);
    if (program(diff, "theirs") == differ && differ) {
        put("ours", ours.s, ours.len);
        get("theirs", &theirs);
        ok = patch_text(&made, &p, a, alen, theirs.s, theirs.len, 0) == 0 &&
             p.status == PATCH_APPLIED && is(&made, b, blen) &&
             cost(ours.s, ours.len) <= cost(theirs.s, theirs.len);
        ok &= program(patch, "log") == 0;
        get("r", &made);
        ok &= is(&made, b, blen);
        *same += is(&ours, theirs.s, theirs.len);
    } else {
        ok = !differ && alen == blen;
        *same += ok;
    }
    sbuf_free(&ours);
    sbuf_free(&theirs);
    sbuf_free(&made);
    return ok;
}

static void
test_programs(void)
{
    static char a[BIG], b[BIG];
    int same = 0, n = 80;

    for (int i = 0; i < n; i++) {
        unsigned letters = 2 + pick(20), most = i % 8 ? 30 : 400;
        size_t alen = random_text(a, most, letters);
        size_t blen = pick(3) ? random_edit(b, a, alen, letters, 2 + pick(12))
                              : random_text(b, most, letters);
        if (!blen)
            b[blen++] = '\n';
        CHECK(cross(a, alen, b, blen, &same));
    }
    CHECK(same >= n - 4); /* it is a free choice now and then */
    promise("diff: with diff and patch, on random texts");
}

/* What both make of the diff from a to b when c is what is there. */
static int
agree(const char *c, size_t len, const struct sbuf *d, int fuzz, int *applied)
{
    char arg[] = "--fuzz=0";
    const char *const patch[] = { "patch", "--binary", arg, "-r", "-",
                                  "-o",    "r",        "c", "d",  NULL };
    struct sbuf ours = { 0 }, theirs = { 0 }, log = { 0 };
    struct patch p;
    int ok, theirs_ok;

    arg[7] = (char)('0' + fuzz);
    put("c", c, len);
    put("d", d->s, d->len);
    theirs_ok = program(patch, "log") == 0;
    get("log", &log);
    theirs_ok &= log.s && strstr(log.s, "patching file") != NULL;
    if (theirs_ok)
        get("r", &theirs);
    ok = patch_text(&ours, &p, c, len, d->s, d->len, fuzz) == 0;
    if (theirs_ok)
        ok &= p.status ==
                  (strstr(log.s, "fuzz") ? PATCH_FUZZED : PATCH_APPLIED) &&
              is(&ours, theirs.s, theirs.len);
    else
        ok &= p.status == PATCH_REJECTED && ours.len == 0;
    if (!ok)
        printf("# fuzz %d: patch says %s\n# ours: %s, %s\n", fuzz, log.s,
               patch_status_name(p.status), p.reason.s);
    *applied += theirs_ok;
    sbuf_free(&ours);
    sbuf_free(&theirs);
    sbuf_free(&log);
    return ok;
}

/* Take one line out of d, cut it short, or put one in. */
static void
damage(struct sbuf *d)
{
    char *at = strstr(d->s + pick((unsigned)d->len), "\n");
    char *end = at ? strstr(at + 1, "\n") : NULL;
    static const char *const extra[] = { " \n", "\n",         "+x\n",
                                         "x\n", "--- data\n", "@@ -1 +1 @@\n" };

    if (!end)
        return;
    if (pick(3)) {
        memmove(at, end, d->len - (size_t)(end - d->s) + 1);
        d->len -= (size_t)(end - at);
    } else {
        struct sbuf b = { 0 };
        sbuf_add(&b, d->s, (size_t)(at - d->s) + 1);
        sbuf_adds(&b, extra[pick(6)]);
        sbuf_adds(&b, at + 1);
        sbuf_free(d);
        *d = b;
    }
    if (pick(3) == 0)
        while (d->len > 1 && strchr(" \n", d->s[d->len - 1]))
            d->s[--d->len] = '\0';
    sbuf_adds(d, d->s[d->len - 1] == '\n' ? "" : "\n");
}

static void
test_fuzz_programs(void)
{
    static char a[BIG], b[BIG], c[BIG];
    struct sbuf d = { 0 };
    int applied = 0, n = 150;

    for (int i = 0; i < n; i++) {
        unsigned letters = 4 + pick(20);
        size_t alen = random_text(a, 25, letters);
        size_t blen = random_edit(b, a, alen, letters, 4 + pick(12));
        size_t clen = pick(6) ? random_edit(c, a, alen, letters, 9 + pick(40))
                              : random_edit(c, b, blen, letters, 9 + pick(40));
        sbuf_clear(&d);
        if (patch_blank(c, clen) || diff_text(&d, a, alen, b, blen, NULL) != 1)
            continue;
        if (pick(6) == 0)
            damage(&d);
        CHECK(agree(c, clen, &d, (int)pick(4), &applied));
    }
    CHECK(applied > n / 8 && applied < n - n / 8);
    sbuf_free(&d);
    promise("patch: accepts and rejects as patch does, on changed texts");
}

static void
test_long(void)
{
    static unsigned char flags[2][1002];
    static int id[2][1000];
    struct seq a = { id[0], 1000, flags[0] + 1 };
    struct seq b = { id[1], 1000, flags[1] + 1 };
    int least = -1;

    for (int i = 0; i < 1000; i++) {
        id[0][i] = (int)pick(4);
        id[1][i] = (int)pick(4);
    }
    for (int exact = 4096; exact >= 1; exact /= 8) {
        int n = 0, j = 0;
        CHECK(script_find(&a, &b, 4, exact) == 0);
        for (int i = 0; i < 1000; i++) {
            n += a.differs[i];
            if (a.differs[i])
                continue;
            for (; b.differs[j]; j++)
                n++;
            CHECK(j < 1000 && id[0][i] == id[1][j]);
            j++;
        }
        for (; j < 1000; j++, n++)
            CHECK(b.differs[j]);
        CHECK(n >= least);
        least = least < 0 ? n : least;
    }
    promise("script: beyond the limit it is longer, and still right");
}

int
main(void)
{
    char dir[] = "/tmp/diffXXXXXX";
    const char *const probe[] = { "patch", "--version", NULL };

    test_golden();
    test_labels();
    test_patch();
    test_reject();
    test_cold();
    test_fuzz();
    test_long();
    if (!mkdtemp(dir) || chdir(dir) < 0)
        return 1;
    CHECK(program(probe, "log") == 0); /* scripts/deps installs it */
    test_programs();
    test_fuzz_programs();
    for (const char *f = "a\0b\0c\0d\0r\0log\0ours\0theirs\0"; *f;
         f += strlen(f) + 1)
        unlink(f);
    CHECK(chdir("/") == 0 && rmdir(dir) == 0);
    promise("diff: leaves nothing behind");
    return check_done();
}
