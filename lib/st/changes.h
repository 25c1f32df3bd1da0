/*
 * changes.h - which elements of a tensor were written since when, for those
 * who keep something derived from it, such as an index.
 *
 *	DIR/index.log	16 random bytes, then the number of each element that
 *			was about to be written, 8 bytes in the machine's order
 *
 * The file exists only where somebody keeps such a thing; elsewhere a writer
 * pays one failed open. A writer shares a lock on the directory from its first
 * change until it closes the tensor, and notes each element before it touches
 * it. So whoever reads the length of the log, and then finds no writer, knows:
 * what was noted is done, and what is done later will be noted behind it. Locks
 * go with the process, so a kill leaves at most a note of no change.
 *
 * The log is not synchronised: what is derived must not outlive a restart of
 * the machine (changes_boot).
 */
#ifndef LU_CHANGES_H
#define LU_CHANGES_H

#include <stddef.h>
#include <stdint.h>

/* A writer's side; a zeroed struct has noted nothing. */
struct changes {
    int begun, logging;
    int log; /* file descriptor while logging */
    uint64_t last;
};

/* Element i of the tensor that dir is open on is about to change. 0, or -1
 * with errno, and then it must not change. */
int changes_note(struct changes *c, int dir, size_t i);
void changes_end(struct changes *c);

/* A reader's side: a moment in the log. */
struct changes_at {
    unsigned char id[16];
    uint64_t n; /* elements noted so far */
};

/* Start a new log and return the moment of its start. 1; 0: there are writers
 * now, try again later; -1 with errno. */
int changes_start(int dir, struct changes_at *at);

/* The present moment. 0, or -1 when there is no sound log. */
int changes_now(int dir, struct changes_at *at);

/* Elements noted from one moment to another of the same log, into i[]. */
int changes_between(int dir, const struct changes_at *from,
                    const struct changes_at *to, uint64_t *i);

/* Wait until no other process that makes something derived is at it: a
 * descriptor, whose close is the end; -1 with errno. */
int changes_alone(int dir);

/* A number that differs after a restart; 0 when it cannot be known. */
uint64_t changes_boot(void);

#endif
