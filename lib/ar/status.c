#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "ar/status.h"
#include "common/deadline.h"

/* Times of records, which a study in memory does not keep. */
struct clock {
    long seq;
    int64_t began, last;
    double busy; /* seconds between the begin and the decision, summed */
    long done;
};

static int
look_at(const struct record *r, void *ctx, struct why *w)
{
    struct clock *c = ctx;

    (void)w;
    /* Pauses between experiments are not time spent on them. */
    if (r->seq > c->seq) { /* the first record of an experiment */
        c->seq = r->seq;
        c->began = r->time_ns;
    }
    if (strcmp(r->phase, "decided") == 0 && r->seq > 0) {
        c->busy += (double)(r->time_ns - c->began) * 1e-9;
        c->done++;
    }
    c->last = r->time_ns;
    return 0;
}

static int
read_clock(struct clock *c, struct study *s, struct why *w)
{
    struct sbuf path = { 0 };
    struct journal j = { .fd = -1 };
    int bad = journal_read(&j, study_path(s, &path, "journal"), look_at, c, w);

    journal_close(&j);
    sbuf_free(&path);
    return bad;
}

/* Does someone hold the lock? Taken for a moment, shared, to find out. */
static int
is_locked(const struct study *s)
{
    struct sbuf path = { 0 };
    int fd = open(study_path(s, &path, "lock"), O_RDONLY | O_CLOEXEC);
    int held =
        fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

    if (fd >= 0)
        close(fd);
    sbuf_free(&path);
    return held;
}

static void
count(struct status *st, const struct study *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct exp *e = &s->exp[i];
        if (e->phase != PH_DECIDED)
            continue;
        if (i == 0) {
            st->baseline = isfinite(e->metric) ? e : NULL;
            continue;
        }
        st->tried++;
        st->kept += strcmp(e->result, "keep") == 0;
        st->discarded += strcmp(e->result, "discard") == 0;
        st->crashed += strcmp(e->result, "crash") == 0;
    }
}

int
status_of(struct status *st, struct study *s, struct why *w)
{
    struct clock c = { .seq = -1 };

    *st = (struct status){ .gain = NAN, .per_hour = NAN, .since = NAN };
    if (read_clock(&c, s, w) < 0)
        return -1;
    count(st, s);
    st->best = study_incumbent(s);
    if (st->best && !isfinite(st->best->metric))
        st->best = NULL;
    if (st->best && st->baseline && st->baseline->metric != 0)
        st->gain = 100 * (st->best->metric - st->baseline->metric) /
                   fabs(st->baseline->metric);
    if (c.done && c.busy > 0)
        st->per_hour = 3600 * (double)c.done / c.busy;
    st->open = study_open_exp(s);
    st->now = is_locked(s) ? RUN_NOW : st->open ? RUN_INTERRUPTED : RUN_IDLE;
    if (c.last)
        st->since = fmax((double)(deadline_wall_ns() - c.last) * 1e-9, 0);
    return 0;
}

const char *
status_phase(const struct exp *e)
{
    switch (e->phase) {
    case PH_NONE:
    case PH_PROPOSE: return "proposing";
    case PH_PROPOSED: return "checking";
    case PH_SEALED: return "about to run";
    case PH_START: return "running";
    case PH_END: return "deciding";
    case PH_DECIDED: return "decided";
    }
    return "";
}
