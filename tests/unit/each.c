#include <string.h>
#include <unistd.h>

#include "check.h"
#include "common/each.h"
#include "common/exitcode.h"
#include "common/sbuf.h"

/* Collect the names; one called "bad" is a no, "worse" a failure. */
static int
collect(const char *name, void *ctx)
{
    sbuf_addf(ctx, "<%s>", name);
    return strcmp(name, "bad") == 0     ? X_NO
           : strcmp(name, "worse") == 0 ? X_FAIL
                                        : X_YES;
}

/* Make the n bytes at s the standard input. */
static void
feed(const char *s, size_t n)
{
    FILE *fp = tmpfile();

    CHECK(fp != NULL);
    if (!fp)
        return;
    fwrite(s, 1, n, fp);
    rewind(fp);
    dup2(fileno(fp), 0);
    fclose(fp);
    rewind(stdin);
}

static int
all(int argc, const char **argv, int delim, const char *want)
{
    struct sbuf b = { 0 };
    int status = each_operand(argc, (char **)argv, delim, collect, &b);

    CHECK(strcmp(b.s ? b.s : "", want) == 0);
    sbuf_free(&b);
    return status;
}

static void
test_operands(void)
{
    const char *argv[] = { "a", "bad", "worse", "", "bad", "z" };

    feed("stdin\n", 6);
    CHECK(all(1, argv, '\n', "<a>") == X_YES);
    CHECK(all(2, argv, '\n', "<a><bad>") == X_NO);
    CHECK(all(6, argv, '\n', "<a><bad><worse><><bad><z>") == X_FAIL);
    promise("each: operands in order, stdin left alone, the worst code wins");
}

static void
test_stdin(void)
{
    feed("a b\n\nbad\nlast", 13);
    CHECK(all(0, NULL, '\n', "<a b><bad><last>") == X_NO);
    feed("a\nb\0\0c", 6);
    CHECK(all(0, NULL, '\0', "<a\nb><c>") == X_YES);
    feed("", 0);
    CHECK(all(0, NULL, '\n', "") == X_YES);
    promise("each: records of stdin, empty ones skipped, the last may be open");
}

static void
test_unreadable(void)
{
    CHECK(freopen("/", "r", stdin) != NULL);
    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    CHECK(all(0, NULL, '\n', "") == X_FAIL);
    promise("each: standard input that cannot be read is a failure");
}

int
main(void)
{
    test_operands();
    test_stdin();
    test_unreadable();
    return check_done();
}
