#include <inttypes.h>
#include <math.h>

#include "num/summary.h"

void
summary_text(struct sbuf *b, const struct summary *s, int karpathy)
{
    int m = karpathy ? 'M' : 'm';

    sbuf_adds(b, "---\n");
    if (!isnan(s->val_bpb))
        sbuf_addf(b, "val_bpb:          %.6f\n", s->val_bpb);
    sbuf_addf(b, "training_seconds: %.1f\n", s->training_seconds);
    sbuf_addf(b, "total_seconds:    %.1f\n", s->total_seconds);
    sbuf_addf(b, "peak_vram_mb:     %.1f\n", s->peak_mb);
    sbuf_addf(b, "mfu_percent:      %.2f\n", s->mfu_percent);
    sbuf_addf(b, "total_tokens_%c:   %.1f\n", m, (double)s->seen / 1e6);
    sbuf_addf(b, "num_steps:        %" PRIu64 "\n", s->steps);
    sbuf_addf(b, "num_params_%c:     %.1f\n", m, (double)s->params / 1e6);
    if (karpathy)
        sbuf_addf(b, "depth:            %ld\n", s->depth);
}
