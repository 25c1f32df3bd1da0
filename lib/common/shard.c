#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/shard.h"

/* A whole number and the byte after it; -1 when there is none. */
static int
number(const char *s, char **end, size_t *to)
{
    errno = 0;
    if (*s < '0' || *s > '9')
        return -1;
    *to = strtoul(s, end, 10);
    return errno ? -1 : 0;
}

/* A variable that is there has to be a number. -1; 0; 1: there. */
static int
variable(const char *name, size_t *to, struct why *w)
{
    const char *s = getenv(name);
    char *end;

    if (!s)
        return 0;
    if (number(s, &end, to) < 0 || *end)
        return why_set(w, "auto: %s is not a number: %s", name, s);
    return 1;
}

/* What both variables say, if they are there: a part of each part so far. */
static int
divide(struct shard *s, const char *rank, const char *size, struct why *w)
{
    struct shard in;
    int a = variable(rank, &in.i, w), b = variable(size, &in.n, w);

    if (a <= 0 || b <= 0)
        return a < 0 || b < 0 ? -1 : 0;
    if (in.i >= in.n)
        return why_set(w, "auto: %s is %zu and %s is %zu", rank, in.i, size,
                       in.n);
    s->i = s->i * in.n + in.i;
    s->n *= in.n;
    return 1;
}

/* The array is numbered from any number in any steps. */
static int
array(struct shard *s, struct why *w)
{
    size_t id = 0, count = 0, first = 0, step = 1;
    int there = variable("SLURM_ARRAY_TASK_ID", &id, w);

    if (there <= 0)
        return there;
    if (variable("SLURM_ARRAY_TASK_COUNT", &count, w) < 0 ||
        variable("SLURM_ARRAY_TASK_MIN", &first, w) < 0 ||
        variable("SLURM_ARRAY_TASK_STEP", &step, w) < 0)
        return -1;
    if (step < 1 || id < first || (id - first) % step ||
        (id - first) / step >= count)
        return why_set(w,
                       "auto: task %zu of an array of %zu that is not "
                       "evenly numbered; say which part of how many",
                       id, count);
    *s = (struct shard){ (id - first) / step, count };
    return 1;
}

static int
launched(struct shard *s, struct why *w)
{
    int r;

    *s = (struct shard){ 0, 1 };
    if (array(s, w) < 0 ||
        (r = divide(s, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", w)) < 0)
        return -1;
    /* A batch script has SLURM_PROCID 0 as well, but is alone. */
    if (!r && getenv("SLURM_STEP_ID"))
        r = divide(s, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", w);
    return r < 0 ? -1 : 0;
}

int
shard_parse(struct shard *s, const char *text, struct why *w)
{
    char *end;

    if (strcmp(text, "auto") == 0)
        return launched(s, w);
    if (number(text, &end, &s->i) < 0 || *end != '/' ||
        number(end + 1, &end, &s->n) < 0 || *end)
        return why_set(w, "%s is not I/N, such as 0/4, or auto", text);
    if (s->i >= s->n)
        return why_set(w, "%s: of N parts the first is 0/N, the last N-1/N",
                       text);
    return 0;
}

int
shard_has(const struct shard *s, size_t k)
{
    return s->n < 2 || k % s->n == s->i;
}
