/*
 * ft-forward - make the cells of futures that are not there
 *
 * Each cell is stored as soon as it is made, so whatever ends the work early,
 * the next call goes on from there:
 *
 *	ft-forward -j 8 answers || echo "see above"
 */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "common/shard.h"
#include "ft/settings.h"

enum { CELLS = 64 };                          /* at once */
static const double patience = 2, tick = 0.2; /* seconds */

static const char *backend, *model, *prompts, *text, *trace;
static long jobs;
static struct shard shard;
static int no_header, null, once, processes, redo, terminal;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &null, NULL, "names on stdin end in NUL" },
    { 'b', "backend", OPT_STR, &backend, "name", "who answers (LU_BACKEND)" },
    { 'j', "jobs", OPT_INT, &jobs, "n",
      "cells and programs at once (64, and one a processor)", 1, 1e6 },
    { 'k', "shard", OPT_SHARD, &shard, "i/n",
      "only cells I, I + N, ... of each node, or auto (all)" },
    { 'm', "model", OPT_STR, &model, "name", "which model (LU_MODEL)" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL, "leave the header out" },
    { 0, "once", OPT_FLAG, &once, NULL, "leave cells that have failed before" },
    { 'p', "prompt", OPT_STR, &prompts, "tensor",
      "a trajectory for each cell (none)" },
    { 0, "processes", OPT_FLAG, &processes, NULL,
      "make each stored cell in a process of its own" },
    { 0, "redo-effects", OPT_FLAG, &redo, NULL,
      "repeat effects that were cut short" },
    { 't', "text", OPT_STR, &text, "text", "one trajectory for all cells" },
    { 0, "trace", OPT_STR, &trace, "file",
      "where to note what happens (NODE/trace.tsv)" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, X_INT, X_TERM, -1 };
static const struct tool tool = {
    .usage = "[-0N] [-b name] [-j n] [-k i/n] [-m name] [-p tensor | -t text] "
             "[--once] "
             "[--processes] [--redo-effects] [--trace file] [node ...]",
    .what = "make the cells of futures that are not there",
    .opts = opts,
    .exits = exits,
    .examples = "  ft-forward -j 8 answers\n"
                "  ft-forward -p questions answers\n",
};

static struct settings set;
static struct out failed;

struct work { /* one operand */
    const char *name;
    struct ft *f;
    struct st prompts;
    size_t pulled, ended, bad;
    double next; /* when progress is shown */
};

static void
progress(struct work *k, int last)
{
    double now = deadline_now();

    if (!terminal || now < k->next)
        return;
    k->next = now + tick;
    fprintf(stderr, "\r%s: %zu of %zu, %zu not sure%s", k->name, k->ended,
            k->pulled, k->bad, last ? "\n" : "");
}

static void
got(void *v, const struct ft_got *g)
{
    struct work *k = v;
    struct sbuf at = { 0 };

    k->ended++;
    if (g->code != X_YES) {
        k->bad++;
        shape_coords_text(&ft_node(k->f)->shape, g->i, &at);
        out_str(&failed, at.s ? at.s : "");
        out_str(&failed, ft_got_word(g));
        out_float(&failed, g->coeff == 0 ? NAN : g->coeff);
        out_str(&failed, g->why);
        out_str(&failed, k->name);
        sbuf_free(&at);
    }
    progress(k, 0);
}

/* The trajectory of cell i, in *b. */
static int
prompt(struct work *k, size_t i, struct sbuf *b, struct why *w)
{
    sbuf_clear(b);
    if (prompts)
        return st_read(&k->prompts, i, b, w) < 0 ? -1 : 0;
    if (text)
        sbuf_adds(b, text);
    return 0;
}

/* Everything that is not sure; what has effects is never there already. */
static int
pull_all(struct work *k, struct why *w)
{
    struct node *n = ft_node(k->f);
    struct sbuf b = { 0 };
    double coeff;
    int r = 0;

    for (size_t i = 0; i < n->shape.count && r == 0; i++) {
        struct st *t = node_tensor(n, w);
        int there = t ? st_recorded(t, i, &coeff, w) : -1;
        if (!shard_has(&shard, i))
            continue;
        if (there < 0)
            r = -1;
        else if (there && !(n->flags & OP_EFFECT) &&
                 (coeff > 0 || (coeff < 0 && once)))
            k->bad += coeff < 0;
        else if ((r = prompt(k, i, &b, w)) == 0) {
            r = ft_pull(k->f, i, b.s, b.len, w);
            k->pulled++;
        }
    }
    sbuf_free(&b);
    return r;
}

/* Trajectories fit the cells one to one. */
static int
open_prompts(struct work *k, struct why *w)
{
    const struct shape *s = &ft_node(k->f)->shape;
    struct sbuf have = { 0 }, want = { 0 };
    int same;

    if (!prompts)
        return 0;
    if (st_open(&k->prompts, prompts, 0, w) < 0)
        return -1;
    shape_text(&k->prompts.shape, &have);
    shape_text(s, &want);
    same = have.s && want.s && strcmp(have.s, want.s) == 0;
    if (!same)
        why_set(w, "%s: its shape is %s, that of %s %s", prompts, have.s,
                k->name, want.s);
    sbuf_free(&have);
    sbuf_free(&want);
    return same ? 0 : -1;
}

static int
forward(const char *name, void *ctx)
{
    struct work k = { .name = name, .next = deadline_now() + patience };
    struct why w;
    int r;

    (void)ctx;
    if (run_interrupted())
        return X_NO;
    k.f = ft_open(&set.ft, name, &w);
    r = k.f ? open_prompts(&k, &w) : -1;
    if (r == 0 && (r = pull_all(&k, &w)) == 0)
        r = ft_run(k.f, got, &k, &w);
    progress(&k, 1);
    if (r < 0)
        warnx("%s", w.s);
    st_close(&k.prompts);
    if (k.f)
        ft_close(k.f);
    return r < 0 ? X_FAIL : k.bad ? X_NO : X_YES;
}

static void
configure(void)
{
    struct why w;

    if (settings_load(&set, "ft-forward", backend, model, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (processes && setenv("FT_PROCESSES", "1", 1) < 0)
        err(X_FAIL, NULL);
    set.ft.jobs = jobs ? jobs : CELLS;
    set.ft.programs = jobs;
    set.ft.processes |= processes;
    set.ft.redo_effects |= redo;
    set.ft.trace = trace ? trace : set.ft.trace;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "coords", "status", "coeff",
                                        "why",    "node",   NULL };
    int first = opt_parse(argc, argv, &tool), status;

    if (prompts && text)
        opt_usage();
    configure();
    failed = (struct out){ .fp = stdout, .cols = cols, .no_header = no_header };
    terminal = isatty(2);
    run_catch();
    status = each_operand(argc - first, argv + first, null ? '\0' : '\n',
                          forward, NULL);
    if (failed.wrote_header || status == X_NO)
        out_close(&failed);
    settings_free(&set);
    if (run_interrupted()) {
        fflush(stdout);
        run_reraise();
    }
    return status;
}
