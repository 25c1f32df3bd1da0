#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/out.h"
#include "ft/bulk.h"
#include "llm/cache.h"

enum { CHUNK = 64 }; /* prompts that one pass over an experience serves */

static const char after_failure[] = "not sent: an element failed before";

int
bulk_open(struct bulk *b, struct asking *how, struct st *in,
          struct answers *out, const struct shard *shard, int fail_fast,
          struct why *w)
{
    *b = (struct bulk){ .how = how,
                        .in = in,
                        .out = out,
                        .fail_fast = fail_fast,
                        .count = in->shape.count };
    if (!(b->row = calloc(b->count + 1, sizeof *b->row)))
        return why_set(w, "out of memory");
    for (size_t i = 0; i < b->count; i++)
        b->row[i] = (struct bulk_row){ .of = b,
                                       .state = shard && !shard_has(shard, i)
                                                    ? BULK_OTHERS
                                                    : BULK_WAITS,
                                       .ms = NAN };
    if ((b->llm = llm_open(how->conf, w)))
        return 0;
    bulk_close(b);
    return -1;
}

void
bulk_close(struct bulk *b)
{
    if (b->llm)
        llm_close(b->llm);
    b->llm = NULL;
    for (size_t i = 0; b->row && i < b->count; i++)
        free(b->row[i].message);
    free(b->row);
    b->row = NULL;
}

static void
ended(struct bulk *b, size_t i, enum llm_status status, const char *message)
{
    struct bulk_row *r = &b->row[i];

    r->state = BULK_DONE;
    r->status = status;
    if (*message)
        r->message = strdup(message);
    if (!b->ends[status]++ || i < b->first[status])
        b->first[status] = i;
    b->done++;
    if (llm_status_exit(status) == X_YES)
        return;
    b->failed++;
    if (b->fail_fast && !b->stopped) {
        b->stopped = 1;
        llm_stop(b->llm, after_failure);
    }
}

/* What there is to say about an element that did not simply work. */
static void
make_log(const struct llm_answer *a, struct sbuf *log)
{
    int failed = llm_status_exit(a->status) != X_YES;

    if (!failed && a->attempts < 2)
        return;
    sbuf_addf(log, "status: %s\n", llm_status_word(a->status));
    if (a->message.len)
        sbuf_addf(log, "message: %s\n", a->message.s);
    if (*a->finish)
        sbuf_addf(log, "finish: %s\n", a->finish);
    if (a->log.len)
        sbuf_addf(log, "attempts:\n%s", a->log.s);
    if (failed && a->text.len) { /* worth money, though no value */
        sbuf_adds(log, "text:\n");
        sbuf_add(log, a->text.s, a->text.len);
    }
    for (size_t i = 0; i < log->len; i++)
        if (!log->s[i])
            log->s[i] = ' ';
}

static int
keep(struct bulk *b, size_t i, struct llm_answer *a, struct why *w)
{
    struct sbuf log = { 0 };
    double sure = a->confidence > 0 ? a->confidence : 1;
    int bad;

    make_log(a, &log);
    if (log.failed)
        bad = why_set(w, "out of memory");
    else if (llm_status_exit(a->status) == X_YES)
        bad = answers_put(b->out, i, b->row[i].key, a->text.s ? a->text.s : "",
                          a->text.len, sure, log.s ? log.s : "", w);
    else
        bad = answers_none(b->out, i, log.s ? log.s : "", w);
    sbuf_free(&log);
    return bad;
}

static void
answered(void *ctx, struct llm_answer *a)
{
    struct bulk_row *r = ctx;
    struct bulk *b = r->of;
    size_t i = (size_t)(r - b->row);

    if (b->bad)
        return;
    r->attempts = a->attempts;
    r->http = a->http > 0 ? a->http : 0;
    r->ms = a->attempts > 0 ? a->ms : NAN;
    b->bad = asking_judge(b->how, a, &b->why) < 0 ||
             (a->status != LLM_SKIPPED && keep(b, i, a, &b->why) < 0);
    r->bytes = llm_status_exit(a->status) == X_YES ? a->text.len : 0;
    if (!b->bad)
        ended(b, i, a->status, a->message.len ? a->message.s : "");
}

/* One element that was read: kept, refused, or on its way. */
static int
ask(struct bulk *b, size_t i, struct asked *q, struct why *w)
{
    struct bulk_row *r = &b->row[i];
    struct sbuf key = { 0 }, label = { 0 };
    int have;

    if (q->status != LLM_OK) {
        ended(b, i, q->status, q->why);
        return answers_none(b->out, i, q->why, w);
    }
    shape_coords_text(&b->in->shape, i, &label);
    q->ask.label = label.s ? label.s : "";
    have = label.failed ? why_set(w, "out of memory")
                        : cache_key(b->how->conf, &q->ask, &key, r->key, w);
    sbuf_free(&key);
    if (have == 0)
        have = answers_have(b->out, i, r->key, &r->bytes, w);
    if (have > 0) {
        b->kept++;
        ended(b, i, LLM_OK, "");
    } else if (have == 0 && b->stopped) {
        ended(b, i, LLM_SKIPPED, after_failure);
    } else if (have == 0) {
        have = llm_ask(b->llm, &q->ask, answered, r, w);
    }
    sbuf_free(&label);
    return have < 0 ? -1 : 0;
}

/* The next present prompts, CHUNK at most, with their numbers. */
static int
look(struct bulk *b, struct sbuf *text, size_t *at, size_t *n, struct why *w)
{
    for (*n = 0; *n < CHUNK && b->next < b->count; b->next++) {
        double coeff;
        int there;
        if (b->row[b->next].state == BULK_OTHERS)
            continue;
        if (st_get_coeff(b->in, b->next, &coeff, w) < 0)
            return -1;
        there = coeff == 0 ? 0 : st_read(b->in, b->next, &text[*n], w);
        if (there > 0) {
            at[(*n)++] = b->next;
            continue;
        }
        if (there < 0 || answers_none(b->out, b->next, "", w) < 0)
            return -1;
        b->row[b->next].state = BULK_ABSENT;
    }
    return 0;
}

static int
feed(struct bulk *b, struct why *w)
{
    struct sbuf text[CHUNK] = { { 0 } };
    struct asked q[CHUNK];
    size_t at[CHUNK], n;
    int bad = look(b, text, at, &n, w);

    if (bad) {
        for (size_t i = 0; i <= n && i < CHUNK; i++)
            sbuf_free(&text[i]);
        return -1;
    }
    bad = asking_prepare(b->how, text, n, q, w);
    for (size_t i = 0; i < n; i++) {
        if (!bad)
            bad = ask(b, at[i], &q[i], w);
        asked_free(&q[i]);
    }
    return bad;
}

int
bulk_turn(struct bulk *b, double seconds, struct why *w)
{
    size_t enough = 2 * (size_t)b->how->conf->jobs;

    if (b->next < b->count && llm_pending(b->llm) < enough)
        if (feed(b, w) < 0)
            return -1;
    if (llm_pending(b->llm)) {
        /* more could be fed: do not wait for long */
        int hungry = b->next < b->count && llm_pending(b->llm) < enough;
        if (llm_turn(b->llm, NULL, 0, hungry ? 0 : seconds, w) < 0)
            return -1;
    }
    if (b->bad) {
        if (w)
            *w = b->why;
        return -1;
    }
    return b->next < b->count || llm_pending(b->llm) > 0;
}

void
bulk_stop(struct bulk *b, const char *reason)
{
    llm_close(b->llm);
    b->llm = NULL;
    b->fail_fast = 0;
    for (size_t i = 0; i < b->count; i++)
        if (b->row[i].state != BULK_WAITS)
            continue;
        else if (i >= b->next && st_coeff(b->in, i) == 0)
            b->row[i].state = BULK_ABSENT;
        else
            ended(b, i, LLM_SKIPPED, reason);
}

int
bulk_exit(const struct bulk *b)
{
    size_t ends[LLM_STATUS_COUNT];

    memcpy(ends, b->ends, sizeof ends);
    if (b->stopped)
        ends[LLM_SKIPPED] = 0;
    return llm_statuses_exit(ends);
}

int
bulk_table(const struct bulk *b, FILE *fp)
{
    static const char *const cols[] = { "index", "status",  "attempts",
                                        "http",  "bytes",   "ms",
                                        "key",   "message", NULL };
    struct out o = { .fp = fp, .cols = cols };
    struct sbuf index = { 0 };
    int bad;

    for (size_t i = 0; i < b->count && !index.failed; i++) {
        const struct bulk_row *r = &b->row[i];
        if (r->state != BULK_DONE)
            continue;
        sbuf_clear(&index);
        shape_coords_text(&b->in->shape, i, &index);
        out_str(&o, index.s ? index.s : "");
        out_str(&o, llm_status_word(r->status));
        out_int(&o, r->attempts);
        out_fixed(&o, r->http ? r->http : NAN, 0);
        out_int(&o, (long long)r->bytes);
        out_fixed(&o, r->ms, 0);
        out_str(&o, *r->key ? r->key : NULL);
        out_str(&o, r->message);
    }
    if (!o.wrote_header)
        for (size_t k = 0; cols[k]; k++)
            fprintf(fp, "%s%c", cols[k], cols[k + 1] ? '\t' : '\n');
    bad = index.failed;
    sbuf_free(&index);
    return bad ? -1 : 0;
}

int
bulk_save(const struct bulk *b, const char *path, struct why *w)
{
    struct fsx_tmp t;

    if (fsx_tmp_open(&t, path, w) < 0)
        return -1;
    if (bulk_table(b, t.fp) == 0)
        return fsx_tmp_commit(&t, w);
    fsx_tmp_abort(&t);
    return why_set(w, "out of memory");
}
