#include <sys/wait.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "common/exitcode.h"
#include "common/out.h"

static const char *const cols[] = { "name", "n", "x", NULL };
static const char *const one[] = { "name", NULL };

/* The bytes that two records make; the caller's struct gives the form. */
static int
gives(struct out o, int records, const char *want)
{
    char *got = NULL;
    size_t len;
    int same;

    if (!(o.fp = open_memstream(&got, &len)))
        return 0;
    if (records > 0) {
        out_str(&o, "a\tb\\\n\"c");
        if (o.cols[1]) {
            out_int(&o, -7);
            out_num(&o, 0.1);
        }
    }
    if (records > 1) {
        out_str(&o, NULL);
        if (o.cols[1]) {
            out_fixed(&o, NAN, 6);
            out_fixed(&o, 2.0 / 3, 6);
        }
    }
    out_close(&o);
    same = strcmp(got, want) == 0;
    if (!same)
        printf("# got: %s\n", got);
    free(got);
    return same;
}

static void
test_tsv(void)
{
    struct out o = { .form = OUT_TSV, .cols = cols };

    CHECK(gives(o, 2,
                "name\tn\tx\n"
                "a\\tb\\\\\\n\"c\t-7\t0.10000000000000001\n"
                "\t\t0.666667\n"));
    CHECK(gives(o, 0, "name\tn\tx\n"));
    o.no_header = 1;
    CHECK(gives(o, 2,
                "a\\tb\\\\\\n\"c\t-7\t0.10000000000000001\n"
                "\t\t0.666667\n"));
    CHECK(gives(o, 0, ""));
    o = (struct out){ .form = OUT_TSV, .cols = one };
    CHECK(gives(o, 2, "a\\tb\\\\\\n\"c\n\n"));
    CHECK(gives(o, 0, ""));
    promise("out: TSV has a header from two columns on, unknown is empty");
}

static void
test_json(void)
{
    struct out o = { .form = OUT_JSON, .cols = cols };

    CHECK(gives(o, 2,
                "{\"name\":\"a\\tb\\\\\\n\\\"c\",\"n\":-7,"
                "\"x\":0.10000000000000001}\n"
                "{\"name\":null,\"n\":null,\"x\":0.666667}\n"));
    CHECK(gives(o, 0, ""));
    promise("out: JSON is one object a line, unknown is null");
}

static void
test_keys(void)
{
    struct out o = { .form = OUT_KEYS, .cols = cols };

    CHECK(gives(o, 1,
                "name: a\\tb\\\\\\n\"c\n"
                "n: -7\n"
                "x: 0.10000000000000001\n"));
    CHECK(gives(o, 0, ""));
    promise("out: keys are one line a value");
}

static int
quoted(const char *s, const char *want)
{
    char *got = NULL;
    size_t len;
    FILE *fp = open_memstream(&got, &len);
    int same;

    if (!fp)
        return 0;
    out_quote(fp, OUT_JSON, s);
    fclose(fp);
    same = strcmp(got, want) == 0;
    if (!same)
        printf("# got: %s\n", got);
    free(got);
    return same;
}

static void
test_utf8(void)
{
#define BAD "\xef\xbf\xbd"
    CHECK(quoted("\x01\x1f\r\x7f", "\"\\u0001\\u001f\\u000d\x7f\""));
    CHECK(quoted("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82",
                 "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82\""));
    CHECK(quoted("a\xe9z", "\"a" BAD "z\""));
    CHECK(quoted("\xc0\x80", "\"" BAD BAD "\""));
    CHECK(quoted("\xe0\x9f\xbf", "\"" BAD BAD BAD "\""));
    CHECK(quoted("\xed\xa0\x80", "\"" BAD BAD BAD "\""));
    CHECK(quoted("\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\""));
    CHECK(quoted("\xe2\x82", "\"" BAD BAD "\""));
    promise("out: JSON strings are UTF-8, whatever bytes they are made from");
}

/* The exit status of a child that prints len bytes to path. Unbuffered, the
 * last flush has nothing to do and cannot fail. */
static int
status_on(const char *path, int len, int unbuffered)
{
    int st = 0;
    pid_t pid = fork();

    if (pid == 0) {
        struct out o = { .form = OUT_TSV, .cols = one };
        if (!freopen("/dev/null", "w", stderr) || !(o.fp = fopen(path, "w")))
            _exit(99);
        if (unbuffered)
            setvbuf(o.fp, NULL, _IONBF, 0);
        while (len--)
            fputc('x', o.fp);
        out_close(&o);
        exit(X_YES);
    }
    waitpid(pid, &st, 0);
    return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static void
test_lost(void)
{
    CHECK(status_on("/dev/null", 1, 0) == X_YES);
    if (access("/dev/full", W_OK) == 0) {
        CHECK(status_on("/dev/full", 1, 0) == X_FAIL);
        CHECK(status_on("/dev/full", 1, 1) == X_FAIL);
        CHECK(status_on("/dev/full", 0, 0) == X_YES);
    }
    promise("out: a lost write is a failure, early or late");
}

int
main(void)
{
    fflush(stdout);
    test_lost();
    test_tsv();
    test_json();
    test_keys();
    test_utf8();
    return check_done();
}
