/* The closing block, to the byte: harnesses grep it. */
#include <string.h>

#include "check.h"
#include "num/summary.h"

int
main(void)
{
    struct sbuf b = { 0 };
    struct summary s = { .val_bpb = 1.23456789,
                         .training_seconds = 60.04,
                         .total_seconds = 61.26,
                         .peak_mb = 1234.56,
                         .mfu_percent = 12.345,
                         .seen = 25050000,
                         .steps = 9765,
                         .params = 857856,
                         .depth = 4 };

    summary_text(&b, &s, 0);
    CHECK(strcmp(b.s, "---\n"
                      "val_bpb:          1.234568\n"
                      "training_seconds: 60.0\n"
                      "total_seconds:    61.3\n"
                      "peak_vram_mb:     1234.6\n"
                      "mfu_percent:      12.35\n"
                      "total_tokens_m:   25.1\n"
                      "num_steps:        9765\n"
                      "num_params_m:     0.9\n") == 0);
    promise("summary: labels, order and decimals");
    sbuf_clear(&b);
    s.val_bpb = NAN;
    summary_text(&b, &s, 1);
    CHECK(!strstr(b.s, "val_bpb") && !strstr(b.s, "nan"));
    CHECK(strstr(b.s, "\ntotal_tokens_M:   ") &&
          strstr(b.s, "\nnum_params_M:     0.9\ndepth:            4\n"));
    promise("summary: no number for what was not measured; the other labels");
    sbuf_free(&b);
    return check_done();
}
