#include <math.h>
#include <unistd.h>

#include "common/deadline.h"
#include "num/bpb.h"
#include "num/sched.h"
#include "num/session.h"

/* Training time so far; evaluations stand still in it. */
static double
spent(const struct session *s)
{
    return deadline_now() - s->start - s->eval_seconds;
}

/* The state after `seconds` of training. */
static int
save(struct session *s, double seconds, struct why *w)
{
    struct ffnlife life = s->life;

    s->last_save = seconds;
    life.seconds += seconds;
    if (!s->path || comm_rank(s->t->c.comm) > 0)
        return 0;
    return ffnfile_save(s->path, s->t, &life, w);
}

/* Seconds of the budget that remembering the rest of the text may take at its
 * end. What was saved and is only looked at again is to be all there. */
static double
reserve(const struct session *s)
{
    if (!isfinite(s->budget) || s->t->steps == s->first_step)
        return INFINITY;
    return 0.2 * s->budget;
}

/* How far the run is, by whichever limit is nearer. The end of the last pass
 * is not a number of positions: last_pass_done() sees it. */
static double
progress(const struct session *s)
{
    double steps = (double)(s->t->steps - s->first_step);
    double seen = (double)(s->t->seen - s->first_seen);
    double budget =
        s->budget - fmin(0.2 * s->budget, train_settle_seconds(s->t));
    double by_time = s->budget > 0 ? s->elapsed / budget : 1;
    double by_steps = s->steps ? steps / (double)s->steps : 1;
    double by_pass = s->all_passes ? seen / (double)s->all_passes : 0;
    double all = fmax(fmax(by_time, by_steps), fmin(by_pass, 0.999));

    return fmin(1, s->shrink > 0 ? s->shrink * all : all);
}

/*
 * Tables are built anew in each pass (train.c), so a run that ends early in
 * one leaves them half empty. Once the speed is known, give the first pass
 * what is left over from a whole number of later ones; none when there are to
 * be no more than max_passes.
 */
static void
plan_passes(struct session *s)
{
    const double slack = 0.98; /* the machine may slow down */
    struct train *t = s->t;
    double made = (double)(t->seen - s->first_seen);
    double pass = (double)t->data->n, total, passes;
    double most = s->max_passes ? pass * (double)s->max_passes : INFINITY;

    if (s->steps != UINT64_MAX)
        total = (double)s->steps * (double)t->c.batch;
    else if (made == 0 || (s->elapsed < 0.05 * s->budget && made < 0.05 * most))
        return;
    else
        total = slack * made / s->elapsed * s->budget;
    s->whole_passes = 0;
    if (total > most) {
        s->all_passes = (uint64_t)most;
        s->last_epoch = t->data->epoch + (uint64_t)s->max_passes - 1;
        return;
    }
    passes = floor(total / pass + 0.05); /* rather a little less to do */
    if (passes < 1 || !isfinite(passes))
        return;
    total = fmax(total, passes * pass);
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
            (b->epoch == s->last_epoch && bytes_spent(b)));
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

/* N evaluations brought nothing: let the rate fall now, or end. */
static void
lose_patience(struct session *s)
{
    s->stale = 0;
    s->over = s->shrink > 0 || s->done >= 1 - s->decay || s->done == 0;
    s->whole_passes = 0;
    s->all_passes = s->first_pass = 0;
    if (!s->over)
        s->shrink = (1 - s->decay) / progress(s);
}

static int
evaluate(struct session *s, struct why *w)
{
    double start = deadline_now(), bpb;
    const struct session_val *v = &s->val;
    struct train *t = s->t;
    struct bpb b = { .show = v->show };
    int bad = 0;

    if (bpb_eval(&b, t->f, t->team, v->text, v->n, bpb_context(t->f, v->n), 0,
                 w) < 0)
        return SESSION_FAILED;
    bpb = b.bits_per_byte;
    if (!isfinite(bpb)) {
        why_set(w, "step %llu: bits per byte are not a number",
                (unsigned long long)t->steps);
        return SESSION_DIVERGED;
    }
    s->life.evals = s->eval_step == UINT64_MAX ? 1 : s->life.evals + 1;
    s->life.val_bpb = bpb;
    s->last_eval = s->elapsed;
    s->eval_step = t->steps;
    if (bpb < s->best) {
        s->best = s->life.best_bpb = bpb;
        s->life.best_step = t->steps;
        s->stale = 0;
        if (v->patience && (t->steps > s->first_step || s->first_step == 0))
            bad = save(s, s->elapsed, w);
    } else if (v->patience && ++s->stale >= v->patience) {
        lose_patience(s);
    }
    s->eval_seconds += deadline_now() - start;
    return bad < 0 ? SESSION_FAILED : SESSION_DONE;
}

/* What is due before the next step. */
struct order {
    double done;
    int next_pass, evaluate, save, line, stop;
};

static struct order
look(struct session *s)
{
    const struct session_val *v = &s->val;
    struct train *t = s->t;
    uint64_t made = t->steps - s->first_step;
    struct order o = { 0 };

    s->elapsed = spent(s);
    o.done = s->done = progress(s);
    o.stop = s->done >= 1 || *s->stop || s->over || last_pass_done(s);
    if (!o.stop && s->whole_passes)
        plan_passes(s);
    o.next_pass = !o.stop && s->first_pass && t->seen >= s->first_pass;
    o.save = !o.stop && !v->patience && s->save_every > 0 &&
             s->elapsed - s->last_save > s->save_every;
    if (v->text && t->steps != s->eval_step)
        o.evaluate = o.stop ||
                     (made == 0 && s->first_step) || /* what to improve on */
                     (v->secs > 0 && s->elapsed - s->last_eval >= v->secs) ||
                     (v->steps && made && made % v->steps == 0);
    o.line = o.evaluate || o.stop || s->done - s->last_line >= 0.005;
    return o;
}

/* What was ordered, but for the step. Evaluations are rank 0's. */
static int
follow(struct session *s, const struct order *o, struct why *w)
{
    struct train *t = s->t;
    int first = comm_rank(t->c.comm) == 0;
    int meanwhile = !o->stop && (o->evaluate || o->save);
    double val = NAN;
    int bad;

    if (meanwhile) /* measured and saved as it would be used */
        train_settle(t, INFINITY);
    if (o->evaluate && first) {
        if ((bad = evaluate(s, w)) != SESSION_DONE)
            return bad;
        val = s->life.val_bpb;
    }
    if (s->curve && o->line && first) {
        s->last_line = o->done;
        if (curve_line(s->curve, t, s->elapsed, s->life.seconds + s->elapsed,
                       val, w) < 0) {
            if (!s->val.patience)
                save(s, spent(s), NULL);
            return SESSION_FAILED;
        }
    }
    if (o->save && save(s, spent(s), w) < 0)
        return SESSION_FAILED;
    if (meanwhile)
        train_recall(t);
    if (o->next_pass) {
        if (bytes_seek(t->data, t->data->epoch + 1, 0, NULL, w) < 0)
            return SESSION_FAILED;
        s->first_pass = 0;
    }
    return SESSION_DONE;
}

static int
step(struct session *s, double done, struct why *w)
{
    struct train *t = s->t;

    if (train_step(t, sched_at(done, s->warmup, s->decay), w) < 0 ||
        diverged(s, w) < 0)
        return t->x.lost          ? SESSION_LOST
               : t->f->k->error() ? SESSION_FAILED
                                  : SESSION_DIVERGED;
    s->avg_loss =
        s->avg_loss > 0 ? 0.98 * s->avg_loss + 0.02 * t->loss : t->loss;
    if (s->curve)
        curve_step(s->curve, t);
    if (s->show)
        s->show(s, 0);
    return SESSION_DONE;
}

static int
save_last(struct session *s, struct why *w)
{
    struct train *t = s->t;

    if (s->val.patience) { /* saved when it was found */
        s->other = s->life.best_step != t->steps;
        return 0;
    }
    if (t->steps == s->first_step && s->first_step && s->path &&
        access(s->path, F_OK) == 0)
        return 0;
    return save(s, spent(s), w);
}

enum session_end
session_run(struct session *s, struct why *w)
{
    struct train *t = s->t;
    int bad;

    s->start = deadline_now();
    s->first_step = t->steps;
    s->first_seen = t->seen;
    s->eval_step = UINT64_MAX;
    s->best = INFINITY;
    s->stale = s->over = 0;
    s->shrink = s->last_eval = s->last_line = s->last_save = 0;
    for (;;) {
        /* rank 0's clock, signals and evaluations decide for all */
        struct order o =
            comm_rank(t->c.comm) == 0 ? look(s) : (struct order){ 0 };
        if (comm_bcast(t->c.comm, &o, sizeof o, w) < 0)
            return SESSION_LOST;
        if (o.stop)
            train_settle(t, reserve(s));
        if ((bad = follow(s, &o, w)) != SESSION_DONE)
            return (enum session_end)bad;
        if (o.stop)
            break;
        if (o.evaluate) /* which may have changed what is due */
            continue;
        if ((bad = step(s, o.done, w)) != SESSION_DONE)
            return (enum session_end)bad;
    }
    if (s->show && t->steps > s->first_step)
        s->show(s, 1);
    if (save_last(s, w) < 0)
        return SESSION_FAILED;
    s->train_seconds = spent(s);
    return SESSION_DONE;
}
