/*
 * settings.h - what an experiment may change, with the defaults.
 *
 * These are the options of ffn-train that may also stand in its settings file:
 * model, update rule, order of data, schedule. The tool adds its own.
 */
#ifndef LU_SETTINGS_H
#define LU_SETTINGS_H

#include "common/opt.h"
#include "num/ffn.h"
#include "num/train.h"

extern struct settings {
    struct ffn_config model;
    struct train_config rule;
    double warmup, decay; /* see sched.h */
    long seed, segment;   /* see bytes.h */
    int size;             /* preset of model, hidden and layers */
    int precision;        /* enum ffn_precision */
    const char *embed_by, *counts, *recent, *repeats, *matches; /* context.h */
} settings;

/* Fill all[max] with own, which ends with a zero entry, and the settings,
 * sorted as a tool's table is. */
void settings_table(struct opt *all, size_t max, const struct opt *own);

/* Fill in what neither the command line nor a file gave. */
void settings_preset(const struct tool *t);

/* Turn the sets of contexts into those of the model. -1: one is not a set. */
int settings_sets(struct why *w);

/* The original's model, rule and order of data; only its own options, size,
 * context and lr, may change. */
void settings_isis(const struct tool *t);

#endif
