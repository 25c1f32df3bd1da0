#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "num/team.h"

struct member {
    struct team *team;
    int index;
    pthread_t thread;
};

struct team {
    pthread_barrier_t here, start, end;
    int n, started, stop;
    void (*fn)(void *, int, int);
    void *ctx;
    struct member member[];
};

static void *
work(void *arg)
{
    struct member *m = arg;
    struct team *t = m->team;

    for (;;) {
        pthread_barrier_wait(&t->start);
        if (t->stop)
            return NULL;
        t->fn(t->ctx, m->index, t->n);
        pthread_barrier_wait(&t->end);
    }
}

struct team *
team_open(int n, struct why *w)
{
    struct team *t = calloc(1, sizeof *t + sizeof *t->member * (size_t)n);
    int bad = 0;

    if (!t) {
        why_set(w, "out of memory");
        return NULL;
    }
    t->n = n;
    pthread_barrier_init(&t->here, NULL, (unsigned)n);
    pthread_barrier_init(&t->start, NULL, (unsigned)n);
    pthread_barrier_init(&t->end, NULL, (unsigned)n);
    for (t->started = 1; t->started < n && !bad; t->started += !bad) {
        struct member *m = &t->member[t->started];
        *m = (struct member){ .team = t, .index = t->started };
        bad = pthread_create(&m->thread, NULL, work, m);
    }
    if (!bad)
        return t;
    why_set(w, "cannot start thread %d: %s", t->started, strerror(bad));
    for (int i = 1; i < t->started; i++) {
        pthread_cancel(t->member[i].thread);
        pthread_join(t->member[i].thread, NULL);
    }
    free(t);
    return NULL;
}

void
team_close(struct team *t)
{
    if (!t)
        return;
    t->stop = 1;
    pthread_barrier_wait(&t->start);
    for (int i = 1; i < t->n; i++)
        pthread_join(t->member[i].thread, NULL);
    pthread_barrier_destroy(&t->here);
    pthread_barrier_destroy(&t->start);
    pthread_barrier_destroy(&t->end);
    free(t);
}

int
team_cpus(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

int
team_default(int sharing, struct jobserver **js)
{
    int most = team_cpus(), n = 0;

    if ((*js = jobserver_make()))
        while (n < most && jobserver_take(*js))
            n++;
    else
        n = most;
    return n > sharing ? n / sharing : 1;
}

int
team_size(const struct team *t)
{
    return t->n;
}

void
team_run(struct team *t, void (*fn)(void *, int, int), void *ctx)
{
    t->fn = fn;
    t->ctx = ctx;
    pthread_barrier_wait(&t->start);
    fn(ctx, 0, t->n);
    pthread_barrier_wait(&t->end);
}

void
team_wait(struct team *t)
{
    pthread_barrier_wait(&t->here);
}

void
team_share(size_t n, int member, int members, size_t *from, size_t *to)
{
    *from = n * (size_t)member / (size_t)members;
    *to = n * (size_t)(member + 1) / (size_t)members;
}
