/*
 * study.h - a study on disk and in memory: its configuration, its journal
 * replayed into experiments, its lock. study(5) describes the files.
 */
#ifndef LU_STUDY_H
#define LU_STUDY_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "ar/git.h"
#include "ar/journal.h"
#include "common/why.h"

/* What a call that did not succeed returns: it decides the exit status. */
enum { STUDY_FAIL = -1, STUDY_BUSY = -2, STUDY_INT = -3 };

enum { OID = 65 }; /* a full object name and its NUL */

/* config.tsv. Strings are owned; "" when not given. */
struct config {
    char *tag, *metric, *direction, *regex, *run, *eval, *accept, *repo;
    double budget, limit, grace; /* seconds; budget 0: none declared */
    long seed, cap;              /* cap: bytes kept of one output stream */
    int trust_run;
};

/* How far an experiment has come. */
enum phase {
    PH_NONE,
    PH_PROPOSE,
    PH_PROPOSED,
    PH_SEALED,
    PH_START,
    PH_END,
    PH_DECIDED
};

/* One measured run of an experiment: a row of runs.tsv. */
struct sample {
    long rep;
    int64_t start_ns;
    double wall, cpu, vram_mb, metric; /* NAN: unknown */
    long maxrss_kb, seed;
    int code, sig; /* code -1: ended by sig */
    char class[16];
    char note[256]; /* why it is no measurement */
};

struct exp {
    long seq;
    enum phase phase;
    int64_t time_ns; /* of the decision */
    char parent[OID], commit[OID], tree[OID];
    char status[20], result[8]; /* study(5); result: keep, discard, crash */
    char verdict[20];           /* settled before any run: noop, ... */
    char *hypothesis, *description, *policy, *note;
    double metric, incumbent, memory_gb; /* NAN: unknown */
    long reps;                           /* runs started */
    int tried; /* its tree was run, or refused for good */
    struct sample *sample;
    size_t samples;
};

struct study {
    struct repo repo;
    char *dir, *branch;
    struct config c;
    int lock; /* -1: not held */
    struct journal j;
    struct exp *exp; /* exp[i].seq == i */
    size_t n;
    int made; /* the init record is there */
    char base[OID], base_tree[OID];
    char tip[OID];        /* where the branch belongs */
    char from[OID];       /* where it was before */
    int moving;           /* decided, not yet seen applied */
    off_t ledger_size[3]; /* of the tables, as we left them */
    struct sbuf rec;      /* record being built */
};

/* Find the repository and name the study's files; touches nothing. */
int study_locate(struct study *s, const char *tag, struct why *w);

/* Locate, load the configuration, replay the journal. The reason for an
 * unknown tag lists the known ones. */
int study_open(struct study *s, const char *tag, struct why *w);

/* Replay the journal of a study that was located. */
int study_replay(struct study *s, struct why *w);

/* Take the lock; STUDY_BUSY when another process holds it. */
int study_lock(struct study *s, struct why *w);

/* Write s->rec, which journal_begin() started, and replay it. */
int study_record(struct study *s, struct why *w);

int config_save(const struct study *s, struct why *w);
int config_load(struct study *s, struct why *w);

/* The open experiment (begun, not decided), or NULL. */
struct exp *study_open_exp(struct study *s);

/* The experiment whose commit is the tip, or NULL. */
struct exp *study_incumbent(struct study *s);

/* dir/NAME, in *b. */
const char *study_path(const struct study *s, struct sbuf *b, const char *name);

/* The name of an experiment's ref, in *b. */
const char *study_ref(const struct study *s, struct sbuf *b, long seq);

/* 1 when tag can be part of a ref and of a file name. */
int study_tag_ok(const char *tag);

void study_close(struct study *s);

#endif
