/* Checkpoints: what is written comes back, and no damaged file is taken. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "common/fsx.h"
#include "num/ckpt.h"
#include "num/rng.h"

static char dir[] = "/tmp/lu-ckpt-XXXXXX", path[64];
static float a[3 * 5], b[1];
static const unsigned char u[] = { 0, 255, 9, 10, 65, 0, 7 };

static void
write_sample(void)
{
    struct ckpt_tensor t[] = {
        { "a.b", 2, { 3, 5 }, a },
        { "u", 1, { sizeof u }, .bytes = u },
        { "b", 1, { 1 }, b },
    };
    struct sbuf meta = { 0 };
    struct why w;

    for (int i = 0; i < 15; i++)
        a[i] = (float)i / 7;
    b[0] = -1;
    ckpt_meta(&meta, "kind", "sample");
    ckpt_meta(&meta, "odd", "tab\tand\nline");
    ckpt_meta(&meta, "n", "%d", 42);
    CHECK(ckpt_write(path, &meta, t, 3, &w) == 0);
    sbuf_free(&meta);
}

static void
test_round_trip(void)
{
    struct ckpt c;
    struct why w;
    long n;

    write_sample();
    CHECK(ckpt_open(&c, path, &w) == 0);
    CHECK(c.nmeta == 3 && c.ntensor == 3);
    CHECK(strcmp(ckpt_get(&c, "odd"), "tab\tand\nline") == 0);
    CHECK(ckpt_long(&c, "n", &n, &w) == 0 && n == 42);
    CHECK(ckpt_long(&c, "kind", &n, &w) < 0 && strstr(w.s, "sample"));
    CHECK(ckpt_get(&c, "none") == NULL && ckpt_find(&c, "none") == NULL);
    CHECK(ckpt_find(&c, "a.b")->dim[1] == 5);
    CHECK(memcmp(ckpt_find(&c, "a.b")->data, a, sizeof a) == 0);
    CHECK(ckpt_find(&c, "b")->data[0] == -1);
    CHECK(ckpt_find(&c, "b")->bytes == NULL);
    CHECK(ckpt_bytes(ckpt_find(&c, "b")) == sizeof *b);
    CHECK(memcmp(ckpt_find(&c, "u")->bytes, u, sizeof u) == 0);
    CHECK(ckpt_find(&c, "u")->data == NULL);
    CHECK(ckpt_bytes(ckpt_find(&c, "u")) == sizeof u);
    ckpt_close(&c);
    promise("ckpt: tensors and metadata come back to the bit");
}

/* Open a copy of the sample with n bytes of it and one byte changed. */
static int
opens(const struct sbuf *file, size_t n, size_t flip, struct why *w)
{
    struct ckpt c;
    char *copy = malloc(n + 1);
    int r;

    memcpy(copy, file->s, n);
    if (flip < n)
        copy[flip] ^= 1;
    CHECK(fsx_replace(path, copy, n, NULL) == 0);
    free(copy);
    r = ckpt_open(&c, path, w);
    if (r == 0)
        ckpt_close(&c);
    return r == 0;
}

static void
test_damage(void)
{
    struct sbuf file = { 0 };
    struct why w;
    int taken = 0;
    size_t lead;

    write_sample();
    CHECK(fsx_read(path, &file, 1 << 20, &w) == 0);
    CHECK(opens(&file, file.len, file.len, &w));
    for (size_t n = 0; n < file.len; n++)
        taken += opens(&file, n, n, &w);
    CHECK(taken == 0);
    promise("ckpt: cut off anywhere, a file is refused");
    for (size_t i = 0; i < file.len; i++)
        if (opens(&file, file.len, i, &w))
            taken += file.s[i] != '\0'; /* only padding may change */
    CHECK(taken == 0);
    promise("ckpt: any changed byte but padding is noticed");
    sbuf_add(&file, file.s, 64);
    CHECK(!opens(&file, file.len, file.len, &w) && strstr(w.s, "bytes"));
    promise("ckpt: trailing bytes are refused");
    lead = strlen("learnutils-checkpoint ");
    file.s[lead] = '9';
    CHECK(!opens(&file, file.len, file.len, &w) && strstr(w.s, "newer"));
    file.s[0] = 'L';
    CHECK(!opens(&file, file.len, file.len, &w) &&
          strstr(w.s, "not a checkpoint"));
    promise("ckpt: newer and foreign files are told apart");
    sbuf_free(&file);
}

static void
test_places(void)
{
    struct ckpt c;
    struct why w;

    CHECK(ckpt_open(&c, dir, &w) < 0 && strstr(w.s, "not a regular file"));
    CHECK(ckpt_open(&c, "/dev/null", &w) < 0);
    CHECK(ckpt_open(&c, "/no/such/file", &w) < 0);
    CHECK(truncate(path, (off_t)1 << 36) == 0); /* sparse */
    CHECK(ckpt_open(&c, path, &w) < 0 && strstr(w.s, "at most"));
    promise("ckpt: directories, devices and oversized files are refused");
}

int
main(void)
{
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/c", dir);
    test_round_trip();
    test_damage();
    test_places();
    unlink(path);
    rmdir(dir);
    return check_done();
}
