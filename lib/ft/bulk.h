/*
 * bulk.h - ask a model for every element of a tensor, many at once.
 *
 * Each answer is stored as it comes. Elements that have an answer to the same
 * prompt, model and settings are not asked again; absent prompts have absent
 * answers.
 */
#ifndef LU_FT_BULK_H
#define LU_FT_BULK_H

#include <stddef.h>
#include <stdio.h>

#include "common/shard.h"
#include "common/why.h"
#include "ft/answers.h"
#include "ft/asking.h"
#include "llm/llm.h"
#include "st/st.h"

enum bulk_state { BULK_WAITS, BULK_ABSENT, BULK_OTHERS, BULK_DONE };

struct bulk_row { /* what became of an element */
    struct bulk *of;
    enum bulk_state state;
    enum llm_status status;
    int attempts, http; /* 0: none */
    size_t bytes;
    double ms;     /* NAN: none */
    char key[65];  /* "": none */
    char *message; /* owned; NULL: none */
};

struct bulk {
    struct asking *how;
    struct st *in;
    struct answers *out;
    int fail_fast;
    struct llm *llm;
    struct bulk_row *row;
    size_t count, next; /* elements, and those looked at */
    size_t done, failed, kept;
    size_t ends[LLM_STATUS_COUNT];  /* how often each status came */
    size_t first[LLM_STATUS_COUNT]; /* the lowest element that it came to */
    int stopped, bad; /* bad: an answer could not be stored, for this reason */
    struct why why;
};

/* how, in and out stay open until bulk_close. Elements that are not in the
 * shard (NULL: all are) are left as they are. 0 or -1. */
int bulk_open(struct bulk *b, struct asking *how, struct st *in,
              struct answers *out, const struct shard *shard, int fail_fast,
              struct why *w);

/* Go on, waiting at most so long. 1: there is more to do; 0: done; -1. */
int bulk_turn(struct bulk *b, double seconds, struct why *w);

/* Break off: calls under way are given up, and every element that is not done
 * is LLM_SKIPPED with this reason. */
void bulk_stop(struct bulk *b, const char *reason);

/* llm_statuses_exit of it all; fail_fast's own skipping does not count. */
int bulk_exit(const struct bulk *b);

/* Print the table of what became of each element that has a prompt, in order:
 * index, status, attempts, http, bytes, ms, key, message. 0; -1: no memory. */
int bulk_table(const struct bulk *b, FILE *fp);

/* The same into a file, which is replaced whole. 0 or -1. */
int bulk_save(const struct bulk *b, const char *path, struct why *w);

void bulk_close(struct bulk *b);

#endif
