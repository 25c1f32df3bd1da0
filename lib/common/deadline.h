/*
 * deadline.h - how long things took, by a clock that nobody can set.
 */
#ifndef LU_DEADLINE_H
#define LU_DEADLINE_H

#include <stdint.h>

/* Seconds since some fixed moment; only differences mean anything. */
double deadline_now(void);

/* Nanoseconds since 1970, for records that people read; may jump. */
int64_t deadline_wall_ns(void);

/* Milliseconds from now until the moment t, rounded up, as poll(2) wants
 * them: never negative, -1 (for ever) when t is 0. */
int deadline_poll_ms(double t);

#endif
