#include <stdlib.h>
#include <string.h>

#include "num/exchange.h"

/* Before a rank's blocks: its part of the total. */
enum { HEAD = 2 * sizeof(double) };

int
exchange_open(struct exchange *x, struct comm *comm, const struct kern *k,
              int team, size_t most, size_t unit, size_t size, struct why *w)
{
    size_t bytes = (size_t)comm_size(comm) * HEAD + most * unit;

    *x = (struct exchange){ .comm = comm, .k = k, .team = team, .unit = unit };
    x->at = calloc((size_t)exchange_members(x) + 1, sizeof *x->at);
    if (comm_size(comm) == 1 && x->at)
        return 0;
    x->blocks = x->host = malloc(bytes);
    if (!k->host) {
        x->blocks = k->alloc(bytes);
        x->sum = malloc(sizeof *x->sum * size);
    }
    if (x->at && x->host && x->blocks && (k->host || x->sum))
        return 0;
    exchange_close(x);
    return why_set(w, "out of memory: what ranks exchange");
}

void
exchange_close(struct exchange *x)
{
    if (x->blocks != x->host)
        x->k->free(x->blocks);
    free(x->host);
    free(x->sum);
    free(x->at);
    *x = (struct exchange){ 0 };
}

int
exchange_members(const struct exchange *x)
{
    return x->team * comm_size(x->comm);
}

int
exchange_member(const struct exchange *x, int i)
{
    return x->team * comm_rank(x->comm) + i;
}

/* Where a rank's part begins, and that of the one after the last ends. */
static size_t
begin(const struct exchange *x, int rank)
{
    return (size_t)rank * HEAD + x->at[rank * x->team] * x->unit;
}

void *
exchange_block(const struct exchange *x, int member, size_t *count)
{
    size_t from = x->at[member];

    *count = x->at[member + 1] - from;
    return x->host ? x->blocks + (size_t)(member / x->team + 1) * HEAD +
                         from * x->unit
                   : NULL;
}

static int
sum(struct exchange *x, float *grad, size_t size)
{
    float *host = x->sum ? x->sum : grad;
    int r;

    if (x->sum)
        x->k->get(host, grad, size * sizeof *host);
    r = comm_sum_f32(x->comm, host, size, &x->why);
    if (x->sum)
        x->k->put(grad, host, size * sizeof *host);
    return r;
}

static int
gather(struct exchange *x, double total[2])
{
    size_t at[COMM_MAX_RANKS + 1];
    int ranks = comm_size(x->comm), rank = comm_rank(x->comm);
    double part[2];

    for (int r = 0; r <= ranks; r++)
        at[r] = begin(x, r);
    if (x->blocks != x->host)
        x->k->get(x->host + at[rank], x->blocks + at[rank],
                  at[rank + 1] - at[rank]);
    memcpy(x->host + at[rank], total, sizeof part);
    if (comm_gather(x->comm, x->host, at, &x->why) < 0)
        return -1;
    if (x->blocks != x->host)
        x->k->put(x->blocks, x->host, at[ranks]);
    total[0] = total[1] = 0;
    for (int r = 0; r < ranks; r++) {
        memcpy(part, x->host + at[r], sizeof part);
        total[0] += part[0];
        total[1] += part[1];
    }
    return 0;
}

int
exchange_do(struct exchange *x, float *grad, size_t size, double total[2])
{
    if (sum(x, grad, size) < 0 || gather(x, total) < 0)
        x->lost = 1;
    return x->lost ? -1 : 0;
}
