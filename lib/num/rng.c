#include <math.h>

#include "num/rng.h"

void
rng_seed(struct rng *r, uint64_t seed)
{
    r->state = seed + 1;
}

static uint64_t
next(struct rng *r)
{
    r->state = r->state * 6364136223846793005u + 1442695040888963407u;
    return r->state;
}

float
rng_uniform(struct rng *r)
{
    return (float)(next(r) >> 40) / 16777216.0f;
}

float
rng_normal(struct rng *r)
{
    float u1 = rng_uniform(r), u2 = rng_uniform(r);

    u1 = u1 < 1e-10f ? 1e-10f : u1;
    return sqrtf(-2 * logf(u1)) * cosf(2 * 3.14159265358979f * u2);
}

uint64_t
rng_below(struct rng *r, uint64_t n)
{
    uint64_t high = next(r) >> 32;

    return (high << 32 | next(r) >> 32) % n;
}
