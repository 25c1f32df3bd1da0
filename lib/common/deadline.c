#include <limits.h>
#include <math.h>
#include <time.h>

#include "common/deadline.h"

double
deadline_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int64_t
deadline_wall_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int
deadline_poll_ms(double t)
{
    double ms = ceil(1e3 * (t - deadline_now()));

    if (t <= 0)
        return -1;
    return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}
