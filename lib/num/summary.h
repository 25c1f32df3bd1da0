/*
 * summary.h - the block that closes a run, which harnesses grep.
 *
 * Labels, their order and the column of the values are a contract, see
 * ffn-train(1). What was not measured is left out.
 */
#ifndef LU_SUMMARY_H
#define LU_SUMMARY_H

#include <stdint.h>

#include "common/sbuf.h"

struct summary {
    double val_bpb; /* NAN: not measured */
    double training_seconds, total_seconds;
    double peak_mb; /* MiB */
    double mfu_percent;
    uint64_t seen;   /* bytes in the life of the model */
    uint64_t steps;  /* of this run */
    uint64_t params; /* tables included */
    long depth;      /* layers */
};

/* Append the block; karpathy writes a capital M and adds the depth. */
void summary_text(struct sbuf *b, const struct summary *s, int karpathy);

#endif
