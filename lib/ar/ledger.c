#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ar/ledger.h"
#include "common/fsx.h"
#include "common/tsv.h"

const char *const ledger_file[LEDGERS] = { "results.tsv", "decisions.tsv",
                                           "runs.tsv" };

static void
tab(struct sbuf *b)
{
    sbuf_adds(b, "\t");
}

static void
text(struct sbuf *b, const char *s)
{
    tab(b);
    tsv_escape(b, s ? s : "");
}

static void
number(struct sbuf *b, const char *fmt, double x)
{
    char s[64] = "";

    if (isfinite(x))
        snprintf(s, sizeof s, strcmp(fmt, "%.17g") == 0 ? "%.17g" : "%.3f", x);
    text(b, s);
}

static void
results_row(struct sbuf *b, const struct exp *e)
{
    int crash = strcmp(e->result, "crash") == 0 || !isfinite(e->metric);
    double mem = crash || !isfinite(e->memory_gb) ? 0 : e->memory_gb;

    sbuf_addf(b, "%.7s\t%.6f\t%.1f", e->commit, crash ? 0 : e->metric, mem);
    text(b, crash ? "crash" : e->result);
    text(b, e->description);
    sbuf_adds(b, "\n");
}

static void
decisions_row(struct sbuf *b, const struct exp *e)
{
    sbuf_addf(b, "%ld\t%" PRId64, e->seq, e->time_ns / 1000000000);
    text(b, e->parent);
    text(b, e->commit);
    text(b, e->tree);
    text(b, e->status);
    text(b, e->result);
    number(b, "%.17g", e->metric);
    number(b, "%.17g", e->incumbent);
    number(b, "%.17g", e->metric - e->incumbent);
    number(b, "%.17g", e->memory_gb);
    text(b, e->policy);
    text(b, e->hypothesis);
    text(b, e->description);
    text(b, e->note);
    sbuf_adds(b, "\n");
}

static void
runs_rows(struct sbuf *b, const struct exp *e)
{
    for (size_t i = 0; i < e->samples; i++) {
        const struct sample *m = &e->sample[i];
        sbuf_addf(b, "%ld\t%ld\t%s\t%s\t%s\t%ld\t%" PRId64, e->seq, m->rep,
                  e->seq ? "cand" : "base", e->commit, e->tree, m->seed,
                  m->start_ns);
        number(b, "%.3f", m->wall);
        number(b, "%.3f", m->cpu);
        sbuf_addf(b, "\t%ld", m->maxrss_kb);
        number(b, "%.17g", m->vram_mb);
        if (m->code >= 0)
            sbuf_addf(b, "\t%d\t%d", m->code, m->sig);
        else
            sbuf_addf(b, "\t\t%d", m->sig);
        text(b, m->class);
        number(b, "%.17g", m->metric);
        sbuf_adds(b, "\n");
    }
}

static void
header(const struct study *s, enum ledger which, struct sbuf *b)
{
    switch (which) {
    case LEDGER_RESULTS:
        sbuf_adds(b, "commit");
        text(b, s->c.metric);
        sbuf_adds(b, "\tmemory_gb\tstatus\tdescription\n");
        break;
    case LEDGER_DECISIONS:
        sbuf_adds(b, "seq\ttime\tparent\tcommit\ttree\tstatus\tresult\tmetric\t"
                     "incumbent\tdelta\tmemory_gb\tpolicy\thypothesis\t"
                     "description\tnote\n");
        break;
    default:
        sbuf_adds(b, "seq\trep\trole\tcommit\ttree\tseed\tstart_ns\twall_s\t"
                     "cpu_s\tmaxrss_kb\tvram_mb\trc\tsig\tclass\tmetric\n");
    }
}

static void
rows(struct sbuf *b, enum ledger which, const struct exp *e)
{
    if (which == LEDGER_RESULTS)
        results_row(b, e);
    else if (which == LEDGER_DECISIONS)
        decisions_row(b, e);
    else
        runs_rows(b, e);
}

int
ledger_render(const struct study *s, enum ledger which, struct sbuf *b)
{
    header(s, which, b);
    for (size_t i = 0; i < s->n; i++)
        if (s->exp[i].phase == PH_DECIDED)
            rows(b, which, &s->exp[i]);
    return b->failed ? -1 : 0;
}

int
ledger_same(const struct study *s, enum ledger which, struct why *w)
{
    struct sbuf want = { 0 }, got = { 0 }, path = { 0 };
    int r = 0;

    if (ledger_render(s, which, &want) < 0)
        r = why_set(w, "out of memory");
    else if (access(study_path(s, &path, ledger_file[which]), F_OK) == 0)
        r = fsx_read(path.s, &got, want.len + (1 << 20), w) < 0
                ? -1
                : got.len == want.len && memcmp(got.s, want.s, got.len) == 0;
    sbuf_free(&want);
    sbuf_free(&got);
    sbuf_free(&path);
    return r;
}

int
ledger_sync(struct study *s, struct why *w)
{
    struct sbuf b = { 0 }, path = { 0 };
    int bad = 0;

    for (int i = 0; !bad && i < LEDGERS; i++) {
        if (ledger_same(s, (enum ledger)i, NULL) != 1) {
            sbuf_clear(&b);
            bad = ledger_render(s, (enum ledger)i, &b) < 0
                      ? why_set(w, "out of memory")
                      : fsx_replace(study_path(s, &path, ledger_file[i]), b.s,
                                    b.len, w);
        }
        if (!bad) {
            struct stat st;
            bad = stat(study_path(s, &path, ledger_file[i]), &st);
            s->ledger_size[i] = st.st_size;
        }
    }
    sbuf_free(&b);
    sbuf_free(&path);
    return bad;
}

/* One write(2) at the end of a file that is as long as we left it. */
static int
append(struct study *s, enum ledger which, const struct sbuf *b)
{
    struct sbuf path = { 0 };
    struct stat st;
    int fd = open(study_path(s, &path, ledger_file[which]),
                  O_WRONLY | O_APPEND | O_CLOEXEC);
    int bad = fd < 0 || fstat(fd, &st) < 0 ||
              st.st_size != s->ledger_size[which] ||
              write(fd, b->s, b->len) != (ssize_t)b->len;

    if (fd >= 0)
        close(fd);
    sbuf_free(&path);
    s->ledger_size[which] += (off_t)b->len;
    return bad ? -1 : 0;
}

int
ledger_add(struct study *s, const struct exp *e, struct why *w)
{
    struct sbuf b = { 0 };
    int bad = 0;

    for (int i = 0; !bad && i < LEDGERS; i++) {
        sbuf_clear(&b);
        rows(&b, (enum ledger)i, e);
        bad = b.failed || (b.len && append(s, (enum ledger)i, &b) < 0);
    }
    sbuf_free(&b);
    return bad ? ledger_sync(s, w) : 0;
}
