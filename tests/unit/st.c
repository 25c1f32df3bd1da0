#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "st/beneath.h"
#include "st/build.h"
#include "st/form.h"

static char dir[] = "/tmp/st-unit.XXXXXX";

/* A new tensor, open for writing. */
static int
create(struct st *t, const char *name, const struct shape *s, struct why *w)
{
    struct build b;
    int bad = build_open(&b, name, s, w) < 0 || build_commit(&b, w) < 0;

    build_close(&b);
    return bad ? -1 : st_open(t, name, ST_WRITE, w);
}

static void
file(const char *path, const char *text)
{
    FILE *fp = fopen(path, "w");

    if (!fp || fputs(text, fp) < 0 || fclose(fp))
        abort();
}

static struct shape
shape(const char *text)
{
    struct shape s;

    if (shape_parse(&s, text, NULL) < 0)
        abort();
    return s;
}

/* 1 when element i has this text; NULL: when it is absent. */
static int
is(const struct st *t, size_t i, const char *want)
{
    struct sbuf b = { 0 };
    struct why w;
    int there = st_read(t, i, &b, &w);
    int good = want ? there == 1 && b.len == strlen(want) &&
                          memcmp(b.s ? b.s : "", want, b.len) == 0
                    : there == 0;

    if (!good)
        printf("# element %zu: %d, %s\n", i, there, there < 0 ? w.s : b.s);
    sbuf_free(&b);
    return good;
}

static int
put(struct st *t, size_t i, const char *text, double coeff)
{
    struct why w;
    int r = st_write(t, i, text, strlen(text), coeff, &w);

    if (r < 0)
        printf("# %s\n", w.s);
    return r == 0;
}

static void
paths(int root)
{
    char real[PATH_MAX];
    int fd;

    CHECK(beneath_resolve(root, "a/b/../to", real) == 0 &&
          strcmp(real, "a/file") == 0);
    CHECK(beneath_resolve(root, "a/up/a/./file", real) == 0 &&
          strcmp(real, "a/file") == 0);
    CHECK(beneath_resolve(root, "a/none/x", real) == 0 &&
          strcmp(real, "a/none/x") == 0);
    CHECK(beneath_resolve(root, "a/dangling", real) == 0 &&
          strcmp(real, "nothing/here") == 0);
    CHECK(beneath_resolve(root, "a/out", real) == -1 && errno == EXDEV);
    CHECK(beneath_resolve(root, "a/abs", real) == -1 && errno == EXDEV);
    CHECK(beneath_resolve(root, "a/loop", real) == -1 && errno == ELOOP);
    CHECK((fd = beneath_open(root, "a/to", O_RDONLY, 0)) >= 0);
    close(fd);
    CHECK((fd = beneath_open(root, "a/up/a/b/../to", O_RDONLY, 0)) >= 0);
    close(fd);
    CHECK(beneath_open(root, "a/out", O_RDONLY, 0) == -1 && errno == EXDEV);
    CHECK(beneath_open(root, "a/abs", O_RDONLY, 0) == -1 && errno == EXDEV);
    CHECK(beneath_open(root, "..", O_RDONLY, 0) == -1 && errno == EXDEV);
    CHECK(beneath_open(root, "a/loop", O_RDONLY, 0) == -1 && errno == ELOOP);
    CHECK(beneath_open(root, "a/dangling", O_RDONLY, 0) == -1 &&
          errno == ENOENT);
    CHECK(beneath_strict(root, "a/to", O_RDONLY, 0) == -1 && errno == ELOOP);
    CHECK(beneath_strict(root, "a/up/a/file", O_RDONLY, 0) == -1 &&
          errno == ELOOP);
    CHECK(beneath_strict(root, "a/none", O_RDONLY, 0) == -1 && errno == ENOENT);
    CHECK((fd = beneath_strict(root, "a/file", O_RDONLY, 0)) >= 0);
    close(fd);
    CHECK((fd = beneath_strict(root, "a/b/new", O_RDWR | O_CREAT, 0666)) >= 0);
    close(fd);
}

static void
beneath(void)
{
    int root;

    CHECK(mkdir("r", 0777) == 0 && mkdir("r/a", 0777) == 0 &&
          mkdir("r/a/b", 0777) == 0);
    file("r/a/file", "x");
    file("outside", "x");
    CHECK(symlink("file", "r/a/to") == 0 && symlink("..", "r/a/up") == 0 &&
          symlink("../../outside", "r/a/out") == 0 &&
          symlink("/etc/passwd", "r/a/abs") == 0 &&
          symlink("loop", "r/a/loop") == 0 &&
          symlink("../nothing/here", "r/a/dangling") == 0);
    root = open("r", O_RDONLY | O_DIRECTORY);
    paths(root);
    promise("beneath: opens what is in the directory, and nothing else");
    beneath_walk = 1;
    paths(root);
    beneath_walk = 0;
    close(root);
    promise("beneath: the same without openat2");
}

static void
elements(const char *name, int packed)
{
    struct shape s = shape("[3, 5]");
    struct st_cell c;
    struct st t, other;
    struct why w;
    double x;

    CHECK(create(&t, name, &s, &w) == 0);
    CHECK(!packed || form_pack(&t, &w) == 0);
    CHECK(st_packed(&t) == packed);
    CHECK(is(&t, 0, NULL) && st_coeff(&t, 0) == 0);
    CHECK(put(&t, 11, "eleven", 1) && put(&t, 1, "", 0.1) &&
          put(&t, 2, "two", -1.23456789e-300));
    CHECK(is(&t, 11, "eleven") && is(&t, 1, "") && is(&t, 2, "two"));
    CHECK(st_get_coeff(&t, 1, &x, &w) == 0 && x == 0.1);
    CHECK_NEAR(st_coeff(&t, 2), -1.23456789e-300, 1e-7, 0);
    CHECK(st_open(&other, name, 0, &w) == 0); /* another process, as it were */
    CHECK(is(&other, 11, "eleven") && is(&other, 3, NULL));
    CHECK(put(&t, 11, "XI", 2) && put(&t, 3, "three", 1));
    CHECK(is(&other, 11, "XI") && is(&other, 3, "three"));
    CHECK(st_coeff(&other, 11) == 2);
    CHECK(st_stat(&t, 11, &c, &w) == 0 && c.size == 2 && c.coeff == 2 &&
          c.kind == (packed ? ST_PACKED : ST_FILE));
    CHECK(st_remove(&t, 11, &w) == 0 && st_remove(&t, 11, &w) == 0);
    CHECK(is(&other, 11, NULL) && st_coeff(&other, 11) == 0);
    CHECK(st_write(&t, 3, "x", 1, NAN, &w) == -1 && is(&t, 3, "three"));
    st_close(&t);
    st_close(&other);
}

static void
forms(void)
{
    struct st t, reader, view;
    struct shape s = shape("[1]");
    struct why w;

    CHECK(st_open(&t, "files", ST_WRITE, &w) == 0);
    CHECK(st_open(&reader, "files", 0, &w) == 0);
    CHECK(create(&view, "view", &s, &w) == 0);
    CHECK(st_link(&view, 0, &t, 2, 1, &w) == 0);
    CHECK(is(&reader, 2, "two") && is(&view, 0, "two"));
    CHECK(form_pack(&t, &w) == 0 && st_packed(&t));
    CHECK(is(&reader, 2, "two") && is(&reader, 1, "") && is(&view, 0, "two"));
    CHECK(put(&view, 0, "TWO", 1) && is(&reader, 2, "TWO") && is(&t, 2, "TWO"));
    CHECK(form_pack(&t, &w) == 0); /* the reader has the old file open */
    CHECK(put(&t, 2, "zwei", 1) && is(&reader, 2, "zwei") &&
          is(&view, 0, "zwei"));
    CHECK(st_link(&t, 0, &view, 0, 1, &w) == -1);
    CHECK(form_unpack(&t, &w) == 0 && !st_packed(&t));
    CHECK(is(&reader, 2, "zwei") && is(&reader, 0, NULL) &&
          is(&view, 0, "zwei"));
    CHECK(put(&view, 0, "deux", 1) && is(&reader, 2, "deux"));
    st_close(&view);
    st_close(&reader);
    st_close(&t);
    promise("st: readers, writers and views live through packing");
}

/* A child that waits for element i of name and leaves its mark. */
static pid_t
waiter(const char *name, size_t i)
{
    pid_t child = fork();
    struct st t;
    struct why w;

    if (child)
        return child;
    if (st_open(&t, name, ST_WRITE, &w) < 0 || st_lock(&t, i, &w) < 0)
        _exit(1);
    file("mark", "x");
    st_unlock(&t, i);
    _exit(0);
}

static void
locks(void)
{
    struct st t;
    struct why w;
    int status;
    pid_t child;

    CHECK(st_open(&t, "files", ST_WRITE, &w) == 0);
    CHECK(st_lock(&t, 2, &w) == 0 && st_lock(&t, 3, &w) == 0);
    child = waiter("view", 0); /* a link to element 2 */
    usleep(100000);
    CHECK(access("mark", F_OK) < 0);
    st_unlock(&t, 3);
    usleep(20000);
    CHECK(access("mark", F_OK) < 0);
    st_unlock(&t, 2);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(access("mark", F_OK) == 0 && unlink("mark") == 0);
    CHECK(st_lock(&t, 2, &w) == 0);
    child = waiter("files", 3);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    child = waiter("files", 2);
    st_close(&t); /* drops it */
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    promise("st: locks are taken where the element lives");
}

/* Four processes add to one element, in turn. */
static void
writers(const char *name)
{
    struct sbuf b = { 0 };
    struct st t;
    struct why w;
    int bad = 0, status;

    CHECK(st_open(&t, name, ST_WRITE | ST_NOSYNC, &w) == 0);
    CHECK(put(&t, 14, "", 1));
    for (int k = 0; k < 4; k++)
        if (fork() == 0) {
            struct st mine;
            if (st_open(&mine, name, ST_WRITE | ST_NOSYNC, &w) < 0)
                _exit(1);
            for (int n = 0; n < 50; n++) {
                sbuf_clear(&b);
                if (st_lock(&mine, 14, &w) < 0 ||
                    st_read(&mine, 14, &b, &w) != 1)
                    _exit(1);
                sbuf_adds(&b, "x");
                if (st_write(&mine, 14, b.s, b.len, 1, &w) < 0)
                    _exit(1);
                st_unlock(&mine, 14);
            }
            _exit(0);
        }
    while (wait(&status) > 0)
        bad |= status;
    CHECK(!bad);
    CHECK(st_read(&t, 14, &b, &w) == 1 && b.len == 200);
    sbuf_free(&b);
    st_close(&t);
}

static void
builds(void)
{
    struct shape s = shape("[200]");
    struct build b;
    struct why w;
    struct stat st;

    for (int packed = 0; packed < 2; packed++) {
        CHECK(build_open(&b, "built", &s, &w) == 0);
        CHECK(!packed || build_pack(&b, &w) == 0);
        CHECK(put(&b.t, 150, "last", 1) && put(&b.t, 7, "seven", 0.5) &&
              put(&b.t, 70, "seventy", 1) && put(&b.t, 150, "later", 2));
        b.t.flags |= ST_ONCE;
        CHECK(st_write(&b.t, 7, "again", 5, 1, &w) == -1 &&
              strcmp(w.s, "built[7]: given twice") == 0);
        CHECK(stat("built", &st) < 0);
        CHECK(build_commit(&b, &w) == 0);
        CHECK(is(&b.t, 150, "later") && is(&b.t, 7, "seven") &&
              is(&b.t, 70, "seventy") && is(&b.t, 8, NULL));
        CHECK(st_coeff(&b.t, 7) == 0.5 && st_coeff(&b.t, 150) == 2 &&
              st_coeff(&b.t, 8) == 0);
        CHECK(put(&b.t, 8, "eight", 1) && is(&b.t, 8, "eight"));
        build_close(&b);
        CHECK(build_open(&b, "built", &s, &w) == -1);
        CHECK(build_remove("built", &w) == 0);
    }
    CHECK(build_open(&b, "built", &s, &w) == 0 && put(&b.t, 0, "x", 1));
    build_close(&b);
    CHECK(stat("built", &st) < 0 && stat(".built.new.1", &st) < 0);
    promise("build: a tensor whole or not at all");
}

int
main(void)
{
    struct why w;

    if (!mkdtemp(dir) || chdir(dir) < 0)
        return 2;
    beneath();
    elements("files", 0);
    promise("st: elements as files");
    elements("packed", 1);
    promise("st: elements in a store");
    beneath_walk = 1;
    elements("walked", 0);
    beneath_walk = 0;
    promise("st: elements without openat2");
    forms();
    locks();
    writers("files");
    writers("packed");
    promise("st: writers in turn lose nothing");
    builds();
    if (chdir("/") < 0 || build_remove(dir, &w) < 0)
        return 2;
    return check_done();
}
