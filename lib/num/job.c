#include <sys/resource.h>

#include <math.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/fsx.h"
#include "num/job.h"
#include "num/ranks.h"
#include "num/summary.h"

static const size_t longest_text = (size_t)1 << 36;

int
job_read(struct job *j, char *const *path, int n, struct why *w)
{
    j->from_stdin = n == 0;
    j->text_name = n ? path[0] : "standard input";
    for (int i = 0; i < n || i == 0; i++)
        if (fsx_read(n ? path[i] : "-", &j->text, longest_text, w) < 0)
            return -1;
    if (j->val_path && fsx_read(j->val_path, &j->val, longest_text, w) < 0)
        return -1;
    return 0;
}

static int
open_model(struct job *j, struct why *w)
{
    j->resumed = j->resume && j->out && access(j->out, F_OK) == 0;
    if (j->resumed) {
        if (ffnfile_load(&j->model, &j->from, j->out, w) < 0)
            return -1;
        if (j->any_seed)
            j->seed = j->from.seed;
        return 0;
    }
    reader_fit(&j->shape.read, j->text.len);
    if (ffn_open(&j->model, &j->shape, w) < 0)
        return -1;
    if (j->isis)
        isis_init(&j->model);
    else
        ffn_init(&j->model, (uint64_t)j->seed);
    return 0;
}

/* As many as fill a batch with a segment each. */
static int
streams(struct job *j)
{
    if (j->segment > j->rule.batch)
        j->segment = j->rule.batch;
    return (int)(j->rule.batch / j->segment);
}

static int
join_ranks(struct job *j, struct why *w)
{
    if (!(j->comm = comm_open(j->ranks, w)) ||
        (j->from_stdin && ranks_text(j->comm, &j->text, w) < 0) ||
        ranks_threads(j->comm, &j->threads, j->rule.batch, streams(j), &j->js,
                      w) < 0)
        return -1;
    j->rule.comm = j->comm;
    j->members = comm_size(j->comm);
    return 0;
}

static int
check(const struct job *j, struct why *w)
{
    struct fsx_tmp probe;

    if (j->text.len < 2)
        return why_set(w, "%s: %zu bytes of training text, need at least 2",
                       j->text_name, j->text.len);
    if (j->val_path && j->val.len < 2)
        return why_set(w, "%s: too short: %zu bytes, need at least 2",
                       j->val_path, j->val.len);
    if (!j->out || comm_rank(j->comm) > 0)
        return 0;
    if (fsx_tmp_open(&probe, j->out, w) < 0)
        return -1;
    fsx_tmp_abort(&probe);
    return 0;
}

static int
open_all(struct job *j, struct why *w)
{
    struct why inner;

    if (open_model(j, w) < 0 || check(j, w) < 0)
        return -1;
    if (ffn_products(&j->model, (enum ffn_precision)j->precision, w) < 0 ||
        device_open(&j->device, j->device_kind, w) < 0 ||
        device_move(&j->device, &j->model, &j->threads, w) < 0)
        return -1;
    if (!(j->team = team_open((int)j->threads, w)) ||
        bytes_open(&j->data, (uint8_t *)j->text.s, j->text.len,
                   (size_t)j->model.c.context, (size_t)j->segment, streams(j),
                   j->isis, (uint64_t)j->seed, w) < 0 ||
        train_open(&j->train, &j->model, &j->data, j->team, &j->rule, w) < 0)
        return -1;
    if (j->resumed && ffnfile_resume(&j->from, &j->train, &inner) < 0)
        return why_set(w, "%s: %s", j->out, inner.s);
    return 0;
}

int
job_open(struct job *j, struct why *w)
{
    if (join_ranks(j, w) < 0 || ranks_agree(j->comm, open_all(j, w), w) < 0)
        return -1;
    return ranks_agree(j->comm, ranks_compare(&j->train, w), w);
}

int
job_evaluate(struct job *j, const struct session *s, struct bpb *b,
             double *seconds, struct why *w)
{
    double start = deadline_now();
    struct why inner;

    if (s->other) {
        ffn_close(&j->model);
        ffnfile_close(&j->from);
        if (ffnfile_load(&j->model, &j->from, j->out, w) < 0 ||
            ffn_products(&j->model, (enum ffn_precision)j->precision, w) < 0 ||
            device_move(&j->device, &j->model, &j->threads, w) < 0)
            return -1;
    }
    if (bpb_eval(b, &j->model, j->team, (uint8_t *)j->val.s, j->val.len,
                 bpb_context(&j->model, j->val.len), 0, &inner) < 0)
        return why_set(w, "%s: %s", j->val_path, inner.s);
    *seconds = deadline_now() - start;
    return 0;
}

void
job_summary(const struct job *j, const struct session *s, double val_bpb,
            double eval_seconds, int karpathy, struct sbuf *b)
{
    double flops =
        6 * ffn_macs(&j->model) * (double)(j->train.seen - s->first_seen);
    double peak = j->members * train_peak(j->team, j->model.k);
    struct summary sum = {
        .val_bpb = val_bpb,
        .training_seconds = s->train_seconds,
        .total_seconds = s->train_seconds + s->eval_seconds + eval_seconds,
        .mfu_percent = flops > 0 ? 100 * flops / s->elapsed / peak : 0,
        .seen = j->train.seen,
        .steps = j->train.steps - s->first_step,
        .params = ffn_count(&j->model),
        .depth = j->model.c.layers,
    };
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    sum.peak_mb = (double)use.ru_maxrss / 1024;
    if (!j->model.k->host)
        sum.peak_mb = (double)device_peak(&j->device) / 1048576;
    summary_text(b, &sum, karpathy);
}
