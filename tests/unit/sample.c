/* Drawing a byte, and bytes that make whole characters. */
#include <string.h>

#include "check.h"
#include "common/utf8.h"
#include "num/sample.h"

static float logits[FFN_VOCAB];

static void
test_draw(void)
{
    struct sample_rule r = { .temperature = 1, .top_p = 1 };
    unsigned char allow[FFN_VOCAB] = { 0 };

    for (int i = 0; i < FFN_VOCAB; i++)
        logits[i] = -1e4f;
    logits['a'] = logf(0.5f) + 7;
    logits['b'] = logf(0.125f) + 7;
    logits['c'] = logf(0.375f) + 7;
    /* in the order of their shares: a to 0.5, c to 0.875, b to 1 */
    CHECK(sample_draw(logits, &r, NULL, 0) == 'a');
    CHECK(sample_draw(logits, &r, NULL, 0.499) == 'a');
    CHECK(sample_draw(logits, &r, NULL, 0.501) == 'c');
    CHECK(sample_draw(logits, &r, NULL, 0.874) == 'c');
    CHECK(sample_draw(logits, &r, NULL, 0.876) == 'b');
    CHECK(sample_draw(logits, &r, NULL, 0.9999999) == 'b');
    promise("sample: shares are those of the softmax");
    r.temperature = 0.5; /* squares: 16 : 9 : 1 */
    CHECK(sample_draw(logits, &r, NULL, 0.61) == 'a');
    CHECK(sample_draw(logits, &r, NULL, 0.63) == 'c');
    CHECK(sample_draw(logits, &r, NULL, 0.97) == 'b');
    r.temperature = 0;
    CHECK(sample_draw(logits, &r, NULL, 0.99) == 'a');
    logits['A'] = logits['a'];
    CHECK(sample_draw(logits, &r, NULL, 0.99) == 'A');
    logits['A'] = -1e4f;
    promise("sample: temperature sharpens; at 0 the best, of equals the first");
    r.temperature = 1;
    r.top_k = 2; /* 4 : 3 */
    CHECK(sample_draw(logits, &r, NULL, 0.57) == 'a');
    CHECK(sample_draw(logits, &r, NULL, 0.58) == 'c');
    CHECK(sample_draw(logits, &r, NULL, 0.999999) == 'c');
    r.top_k = 0;
    r.top_p = 0.499;
    CHECK(sample_draw(logits, &r, NULL, 0.999999) == 'a');
    r.top_p = 0.501;
    CHECK(sample_draw(logits, &r, NULL, 0.999999) == 'c');
    r.top_k = 2; /* top_p is of what top_k leaves: a has 4/7 */
    r.top_p = 0.55;
    CHECK(sample_draw(logits, &r, NULL, 0.999999) == 'a');
    promise("sample: top-k, then top-p, at their edges");
    allow['b'] = allow['x'] = 1;
    r = (struct sample_rule){ .temperature = 1, .top_p = 1 };
    CHECK(sample_draw(logits, &r, allow, 0.5) == 'b');
    allow['b'] = allow['x'] = 0;
    CHECK(sample_draw(logits, &r, allow, 0.5) == -1);
    promise("sample: what is not allowed is not drawn");
}

/* Every text of up to 4 bytes that is allowed is well-formed, and every
 * character is allowed: 1112064 of them. */
static void
test_utf8(void)
{
    long count = 0;
    char text[4];

    for (int room = 1; room <= 4; room++) {
        unsigned char a[4][FFN_VOCAB];
        struct sample_utf8 s[5] = { { 0 } };
        int c[4] = { -1 }, at = 0;
        sample_utf8_allow(&s[0], (size_t)room, a[0]);
        while (at >= 0) {
            if (++c[at] == FFN_VOCAB) {
                at--;
                continue;
            }
            if (!a[at][c[at]])
                continue;
            text[at] = (char)c[at];
            s[at + 1] = s[at];
            sample_utf8_next(&s[at + 1], (uint8_t)c[at]);
            if (s[at + 1].left == 0) {
                count += at + 1 == room;
                if (utf8_valid(text, (size_t)at + 1) != (size_t)at + 1)
                    CHECK(!"ill-formed");
            } else if (at + 1 == room) {
                CHECK(!"does not fit");
            } else {
                at++;
                c[at] = -1;
                sample_utf8_allow(&s[at], (size_t)(room - at), a[at]);
            }
        }
    }
    CHECK(count == 0x110000 - 0x800);
    promise("sample: all of UTF-8 is allowed, and nothing else");
}

/* The window loses its older half, and only that. */
static void
test_window(void)
{
    const struct ffn_config shape = {
        .context = 5,
        .model = 4,
        .hidden = 4,
        .read = { .embed = 1u << 1, .bits = 8, .counts_bits = 8 },
        .width = 2
    };
    struct ffn f;
    struct sample s;
    struct why w;
    const size_t want[] = { 0, 0, 0, 0, 0, 3, 3, 3, 6, 6, 6 };

    CHECK(ffn_open(&f, &shape, &w) == 0);
    ffn_init(&f, 1);
    CHECK(sample_open(&s, &f, &w) == 0);
    CHECK(sample_look(&s, &w) == 0 && s.logits[0] == 0);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        CHECK(sample_push(&s, "x", 1, &w) == 0);
        CHECK(s.start == want[i]);
        CHECK(sample_look(&s, &w) == 0);
    }
    f.w[ffn_find(&f, "head")->at] = NAN;
    CHECK(sample_look(&s, &w) < 0 && strstr(w.s, "not a number"));
    sample_close(&s);
    ffn_close(&f);
    promise("sample: a full window loses its older half; NaN is a failure");
}

int
main(void)
{
    test_draw();
    test_utf8();
    test_window();
    return check_done();
}
