/*
 * ledger.h - results.tsv, decisions.tsv and runs.tsv: tables that follow from
 * the journal and are written for people and programs. study(5).
 */
#ifndef LU_LEDGER_H
#define LU_LEDGER_H

#include "ar/study.h"

enum ledger { LEDGER_RESULTS, LEDGER_DECISIONS, LEDGER_RUNS, LEDGERS };

extern const char *const ledger_file[LEDGERS];

/* The whole table as the journal says it must be. */
int ledger_render(const struct study *s, enum ledger which, struct sbuf *b);

/* 1 when the file is that table, 0 when it differs, -1 on an error. */
int ledger_same(const struct study *s, enum ledger which, struct why *w);

/* Make all files right. Needs the lock. */
int ledger_sync(struct study *s, struct why *w);

/* The experiment was just decided: add its rows. */
int ledger_add(struct study *s, const struct exp *e, struct why *w);

#endif
