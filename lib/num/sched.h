/*
 * sched.h - the shape of the learning rate over a run.
 *
 * Warm-up, stable, decay (Hu et al. 2024, MiniCPM, section 4): a straight line
 * up over the first part, flat, a straight line to zero over the last.
 */
#ifndef LU_SCHED_H
#define LU_SCHED_H

/* Factor in [0, 1] at progress 0..1; warmup and decay are shares of the run.
 * Never below 1 % in the warm-up, so that the first step moves. */
double sched_at(double progress, double warmup, double decay);

#endif
