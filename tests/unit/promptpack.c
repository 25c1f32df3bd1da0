#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "st/promptpack.h"

/* Text that looks like the format itself, over and over. */
static void
noise(struct sbuf *b)
{
    static const char *const bits[] = { "`",        "```",    "\n", "bytes: 3",
                                        "## File ", "# End ", "N",  ": ",
                                        "x",        "\xff" };

    for (long n = random() % 60; n > 0; n--)
        sbuf_adds(b, bits[random() % 10]);
}

static int
same(const struct pack *a, const struct pack *b)
{
    if (a->count != b->count)
        return 0;
    for (size_t i = 0; i < a->count; i++) {
        const struct pack_file *f = &a->files[i], *g = &b->files[i];
        if (strcmp(f->path, g->path) != 0 || f->data.len != g->data.len ||
            (f->data.len && memcmp(f->data.s, g->data.s, f->data.len) != 0) ||
            (f->weighted && f->coeff != (g->weighted ? g->coeff : 1)))
            return 0;
    }
    return 1;
}

static void
make(struct pack *p)
{
    char path[16];

    *p = (struct pack){ .base = strdup("d") };
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "f%d%s", i, i == 3 ? "\n\t\\" : "/n");
        struct pack_file *f = pack_add(p, path);
        noise(&f->data);
        f->weighted = i % 2;
        f->coeff = i / 4.0;
    }
}

int
main(void)
{
    struct pack p, q;
    struct sbuf text = { 0 };
    struct why w;
    size_t taken = 0;

    for (int round = 0; round < 200; round++) {
        make(&p);
        sbuf_clear(&text);
        CHECK(pack_text(&p, NULL, "t", &text, &w) == 0);
        CHECK(pack_parse(&q, text.s, text.len, &w) == 0);
        CHECK(same(&p, &q));
        pack_free(&q);
        /* any damage is refused, or what it gives is well formed */
        for (int k = 0; k < 20; k++) {
            size_t at = (size_t)random() % text.len;
            char was = text.s[at];
            text.s[at] = "`\n0#:x"[random() % 6];
            if (pack_parse(&q, text.s, text.len, &w) == 0)
                pack_free(&q);
            text.s[at] = was;
            if (pack_parse(&q, text.s, at, &w) == 0) {
                taken++;
                pack_free(&q);
            }
        }
        pack_free(&p);
    }
    promise("what was packed comes back, whatever it looks like");
    CHECK(taken == 0);
    promise("a text that was cut short is refused");

    make(&p);
    sbuf_adds(&p.files[0].data, "so N is taken");
    CHECK(pack_text(&p, "N", NULL, &text, &w) < 0);
    CHECK(pack_text(&p, "no", NULL, &text, &w) == 0);
    CHECK(pack_text(&p, "a-b", NULL, &text, &w) < 0);
    promise("a nonce that occurs in a file is refused");
    pack_free(&p);
    sbuf_free(&text);
    return check_done();
}
