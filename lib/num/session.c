#include <math.h>
#include <time.h>
#include <unistd.h>

#include "num/ffnfile.h"
#include "num/sched.h"
#include "num/session.h"

double
session_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int
save(struct session *s, double start, struct why *w)
{
    s->last_save = session_clock() - start;
    if (!s->path || comm_rank(s->t->c.comm) > 0)
        return 0;
    return ffnfile_save(s->path, s->t, s->prior_seconds + s->last_save, w);
}

/* How far the run is, by whichever limit is nearer. The end of the last pass
 * is not a number of positions: last_pass_done() sees it. */
static double
progress(const struct session *s)
{
    double steps = (double)(s->t->steps - s->first_step);
    double seen = (double)(s->t->seen - s->first_seen);
    double by_time = s->budget > 0 ? s->elapsed / s->budget : 1;
    double by_steps = s->steps ? steps / (double)s->steps : 1;
    double by_pass = s->all_passes ? seen / (double)s->all_passes : 0;

    return fmin(1, fmax(fmax(by_time, by_steps), fmin(by_pass, 0.999)));
}

/*
 * Tables are built anew in each pass (train.c), so a run that ends early in
 * one leaves them half empty. Once the speed is known, give the first pass
 * what is left over from a whole number of later ones.
 */
static void
plan_passes(struct session *s)
{
    const double slack = 0.98; /* the machine may slow down */
    struct train *t = s->t;
    double made = (double)(t->seen - s->first_seen);
    double pass = (double)t->data->n, total, passes;

    if (s->steps != UINT64_MAX)
        total = (double)s->steps * (double)t->c.batch;
    else if (s->elapsed < 0.05 * s->budget || made == 0)
        return;
    else
        total = slack * made / s->elapsed * s->budget;
    passes = floor(total / pass);
    s->whole_passes = 0;
    if (passes < 1 || !isfinite(passes))
        return;
    s->first_pass = s->first_seen + 1 + (uint64_t)(total - passes * pass);
    s->all_passes = (uint64_t)total;
    s->last_epoch = t->data->epoch + (uint64_t)passes;
}

/* The text has been read to its end for the last time. */
static int
last_pass_done(const struct session *s)
{
    const struct bytes *b = s->t->data;

    return s->all_passes && !s->first_pass &&
           (b->epoch > s->last_epoch ||
            (b->epoch == s->last_epoch &&
             (b->count - b->next) * b->segment < (size_t)s->t->c.batch));
}

static int
diverged(struct session *s, struct why *w)
{
    const double hopeless = 3 * log(FFN_VOCAB);

    if (s->t->loss <= hopeless || s->t->steps == s->first_step + 1)
        return 0;
    return why_set(w, "step %llu: the loss diverged to %.3g bits",
                   (unsigned long long)s->t->steps, s->t->loss / log(2));
}

/* What decides about the next step, rank 0's for all. */
static int
look(struct session *s, double start, struct why *w)
{
    double now[2] = { session_clock() - start, *s->stop != 0 };

    if (comm_bcast(s->t->c.comm, now, sizeof now, w) < 0)
        return -1;
    s->elapsed = now[0];
    s->stopped = now[1] > 0;
    s->done = progress(s);
    return 0;
}

enum session_end
session_run(struct session *s, struct why *w)
{
    double start = session_clock();
    struct train *t = s->t;

    s->first_step = t->steps;
    s->first_seen = t->seen;
    for (;;) {
        if (look(s, start, w) < 0)
            return SESSION_LOST;
        if (s->done >= 1 || s->stopped || last_pass_done(s))
            break;
        if (s->whole_passes)
            plan_passes(s);
        if (s->first_pass && t->seen >= s->first_pass) {
            if (bytes_seek(t->data, t->data->epoch + 1, 0, w) < 0)
                return SESSION_FAILED;
            s->first_pass = 0;
        }
        if (train_step(t, sched_at(s->done, s->warmup, s->decay), w) < 0 ||
            diverged(s, w) < 0)
            return t->x.lost ? SESSION_LOST : SESSION_DIVERGED;
        s->avg_loss =
            s->avg_loss > 0 ? 0.98 * s->avg_loss + 0.02 * t->loss : t->loss;
        if (s->show)
            s->show(s, 0);
        if (s->save_every > 0 && s->elapsed - s->last_save > s->save_every &&
            save(s, start, w) < 0)
            return SESSION_FAILED;
    }
    if (s->show && t->steps > s->first_step)
        s->show(s, 1);
    if (t->steps > s->first_step || !s->path || access(s->path, F_OK) < 0 ||
        s->first_step == 0)
        if (save(s, start, w) < 0)
            return SESSION_FAILED;
    s->train_seconds = session_clock() - start;
    return SESSION_DONE;
}
