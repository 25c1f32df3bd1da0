#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "common/crc32.h"
#include "common/fsx.h"
#include "common/sbuf.h"
#include "common/tsv.h"

static void
test_crc32(void)
{
    uint32_t whole = crc32_of(0, "123456789", 9);

    CHECK(whole == 0xcbf43926);
    CHECK(crc32_of(crc32_of(0, "1234", 4), "56789", 5) == whole);
    CHECK(crc32_of(0, "", 0) == 0);
    promise("crc32: the check value of the standard, in one piece or two");
}

static void
test_sbuf(void)
{
    struct sbuf b = { 0 };

    for (int i = 0; i < 1000; i++)
        sbuf_addf(&b, "%d,", i);
    CHECK(b.len == 10 * 2 + 90 * 3 + 900 * 4);
    CHECK(strlen(b.s) == b.len);
    CHECK(sbuf_reserve(&b, (size_t)-1 / 2) < 0 && b.failed);
    sbuf_adds(&b, "more");
    CHECK(b.len == 10 * 2 + 90 * 3 + 900 * 4);
    sbuf_free(&b);
    promise("sbuf: grows, counts, and a failure sticks");
}

static void
test_tsv(void)
{
    struct sbuf b = { 0 };
    char *f[3];

    tsv_escape(&b, "a\tb\\n\nc");
    CHECK(strcmp(b.s, "a\\tb\\\\n\\nc") == 0);
    sbuf_adds(&b, "\t\tlast\n");
    CHECK(tsv_split(b.s, f, 3) == 3);
    CHECK(strcmp(f[0], "a\tb\\n\nc") == 0);
    CHECK(strcmp(f[1], "") == 0);
    CHECK(strcmp(f[2], "last") == 0);
    sbuf_clear(&b);
    sbuf_adds(&b, "C:\\dir\\\\new\\");
    CHECK(tsv_split(b.s, f, 3) == 1);
    CHECK(strcmp(f[0], "C:\\dir\\new\\") == 0);
    sbuf_clear(&b);
    sbuf_adds(&b, "a\tb\tlast\tmore");
    CHECK(tsv_split(b.s, f, 3) == 4);
    CHECK(tsv_column(f, 3, "last") == 2 && tsv_column(f, 3, "no") == -1);
    sbuf_free(&b);
    tsv_escape(&b, "");
    CHECK(b.s && strcmp(b.s, "") == 0);
    sbuf_free(&b);
    promise("tsv: escape and split are inverse, empty fields stay");
}

static void
test_fsx(void)
{
    char dir[] = "/tmp/lu-fsx-XXXXXX", path[64], deep[64];
    struct sbuf b = { 0 };
    struct fsx_tmp t;
    struct why w;

    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/f", dir);
    CHECK(fsx_replace(path, "old", 3, &w) == 0);
    CHECK(fsx_tmp_open(&t, path, &w) == 0);
    fputs("half", t.fp);
    fsx_tmp_abort(&t);
    CHECK(fsx_read(path, &b, 100, &w) == 0 && strcmp(b.s, "old") == 0);
    CHECK(fsx_read(path, &b, 2, &w) < 0 && strstr(w.s, "larger"));
    snprintf(deep, sizeof deep, "%s/a/b", dir);
    CHECK(fsx_mkdirs(deep, &w) == 0 && fsx_mkdirs(deep, &w) == 0);
    rmdir(deep);
    *strrchr(deep, '/') = '\0';
    rmdir(deep);
    CHECK(fsx_mkdirs(path, &w) < 0 && strstr(w.s, "not a directory"));
    CHECK(fsx_mkdirs("", &w) < 0 && fsx_mkdirs(dir, &w) == 0);
    CHECK(mkfifo(deep, 0600) == 0);
    CHECK(fsx_replace(deep, "x", 1, &w) < 0);
    CHECK(strstr(w.s, "not a regular file"));
    unlink(deep);
    unlink(path);
    CHECK(rmdir(dir) == 0); /* so nothing else was left behind */
    sbuf_free(&b);
    promise("fsx: an abandoned replacement leaves the old file and no litter");
}

int
main(void)
{
    test_crc32();
    test_sbuf();
    test_tsv();
    test_fsx();
    return check_done();
}
