#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ar/journal.h"
#include "check.h"
#include "common/fsx.h"

static char path[64] = "/tmp/lu-journal-XXXXXX";

struct seen {
    int n;
    long seq;
    char val[64];
};

static int
see(const struct record *r, void *ctx, struct why *w)
{
    struct seen *s = ctx;
    const char *v = record_get(r, "text");

    s->n++;
    s->seq = r->seq;
    snprintf(s->val, sizeof s->val, "%s", v ? v : "(none)");
    return r->seq == 99 ? why_set(w, "99 is refused") : 0;
}

static int
load(struct journal *j, struct seen *s, struct why *w)
{
    *s = (struct seen){ 0 };
    return journal_read(j, path, see, s, w);
}

static void
write_three(void)
{
    struct journal j;
    struct seen s;
    struct sbuf b = { 0 };
    struct why w;

    unlink(path);
    CHECK(load(&j, &s, &w) == 0 && s.n == 0);
    CHECK(journal_writable(&j, &w) == 0);
    for (long i = 0; i < 3; i++) {
        journal_begin(&b, i, "phase");
        journal_field(&b, "text", "a\tb\n\\=c");
        journal_fieldf(&b, "n", "%ld", i);
        CHECK(journal_append(&j, &b, 1, &w) == 0);
    }
    journal_close(&j);
    sbuf_free(&b);
}

static void
test_round_trip(void)
{
    struct journal j;
    struct seen s;
    struct why w;

    write_three();
    CHECK(load(&j, &s, &w) == 0 && s.n == 3 && s.seq == 2);
    CHECK(strcmp(s.val, "a\tb\n\\=c") == 0);
    journal_close(&j);
    promise("journal: what was written is read");
}

/* Cut or change the file anywhere: never a wrong record, never a crash. */
static void
test_damage(void)
{
    struct sbuf b = { 0 };
    struct journal j;
    struct seen s;
    struct why w;
    size_t third;
    int torn = 0, bad = 0;

    write_three();
    CHECK(fsx_read(path, &b, 10000, &w) == 0);
    third = b.len - (size_t)(strrchr(b.s, '\n') - b.s) - 1;
    for (size_t n = 0; n < b.len; n++) {
        CHECK(fsx_replace(path, b.s, n, &w) == 0);
        CHECK(load(&j, &s, &w) == 0);
        torn += s.n < 3;
        CHECK(j.end <= n);
        journal_close(&j);
    }
    CHECK(torn == (int)b.len && third == 0);
    for (size_t i = 0; i + 1 < b.len; i++) {
        b.s[i] ^= 1;
        CHECK(fsx_replace(path, b.s, b.len, &w) == 0);
        bad += load(&j, &s, &w) < 0 || s.n < 3;
        journal_close(&j);
        b.s[i] ^= 1;
    }
    CHECK(bad == (int)b.len - 1);
    sbuf_free(&b);
    promise("journal: every cut is torn, every changed byte is found");
}

static void
test_continue(void)
{
    struct sbuf b = { 0 };
    struct journal j;
    struct seen s;
    struct why w;

    write_three();
    CHECK(fsx_read(path, &b, 10000, &w) == 0);
    CHECK(fsx_replace(path, b.s, b.len - 5, &w) == 0);
    CHECK(load(&j, &s, &w) == 0 && s.n == 2);
    CHECK(journal_writable(&j, &w) == 0);
    journal_begin(&b, 99, "last");
    CHECK(journal_append(&j, &b, 1, &w) == 0);
    journal_close(&j);
    CHECK(load(&j, &s, &w) < 0 && s.n == 3 && s.seq == 99);
    CHECK(strcmp(w.s, "99 is refused") == 0 && strcmp(s.val, "(none)") == 0);
    journal_close(&j);
    unlink(path);
    sbuf_free(&b);
    promise("journal: the next writer cuts a torn line and goes on");
}

int
main(void)
{
    int fd = mkstemp(path);

    CHECK(fd >= 0 && close(fd) == 0);
    test_round_trip();
    test_damage();
    test_continue();
    return check_done();
}
