#include "num/sched.h"

double
sched_at(double progress, double warmup, double decay)
{
    double up = 1, down = 1;

    if (progress < warmup)
        up = progress / warmup;
    if (progress > 1 - decay)
        down = progress < 1 ? (1 - progress) / decay : 0;
    up = up < 0.01 ? 0.01 : up;
    return up < down ? up : down;
}
