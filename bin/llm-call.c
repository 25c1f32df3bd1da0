/*
 * llm-call - ask a language model
 *
 * A prompt in, an answer out, as any filter; or every element of a tensor,
 * many at once, where what is answered is kept and never asked again:
 *
 *	llm-call -T prompts -o answers -j 8 -S status.tsv
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/run.h"
#include "common/shard.h"
#include "ft/asking.h"
#include "ft/bulk.h"
#include "llm/llm.h"

static struct answer_rules rules;
static int dry_run, fail_fast, list, lossy, no_cache, truncated;
static long max_bytes = 65536, rows = 4, sample;
static const char *backend, *cache, *experience, *jobs, *min_score, *model;
static const char *output, *status_file, *system_file, *system_text, *tensor;
static const char *usage;
static struct opt_list settings;
static struct shard shard;
static const struct opt opts[] = {
    { 0, "accept-truncated", OPT_FLAG, &truncated, NULL,
      "an answer that hit its limit is one" },
    { 'b', "backend", OPT_STR, &backend, "backend",
      "nearest, openai[:URL], anthropic[:URL], exec:CMD, replay:DIR" },
    { 0, "cache", OPT_STR, &cache, "dir", "keep answers in DIR" },
    { 0, "choices", OPT_STR, &rules.choices, "file",
      "the answer has to be a line of FILE" },
    { 'e', "experience", OPT_STR, &experience, "tensor",
      "show its rows that are most like the prompt" },
    { 0, "fail-fast", OPT_FLAG, &fail_fast, NULL,
      "start no more calls after one has failed" },
    { 'j', "jobs", OPT_STR, &jobs, "n", "calls at once (4; exec: 1)" },
    { 'k', "rows", OPT_INT, &rows, "n", "rows of the experience (4)", 1, 1e6 },
    { 0, "keep-think", OPT_FLAG, &rules.keep_think, NULL,
      "leave a leading <think> block in the answer" },
    { 0, "lossy", OPT_FLAG, &lossy, NULL,
      "send U+FFFD for bytes that are not UTF-8" },
    { 'm', "model", OPT_STR, &model, "name", "the model to ask" },
    { 0, "match", OPT_STR, &rules.match, "ere",
      "the whole answer has to match ERE" },
    { 0, "max-bytes", OPT_INT, &max_bytes, "n",
      "the answer has at most N bytes (65536); 0: any", 0, 1e12 },
    { 0, "min-score", OPT_STR, &min_score, "x",
      "nearest: the least likeness, 0 to 1 (0)" },
    { 'n', "dry-run", OPT_FLAG, &dry_run, NULL,
      "print what would be sent, send nothing" },
    { 0, "no-cache", OPT_FLAG, &no_cache, NULL, "neither read nor fill it" },
    { 'o', "output", OPT_STR, &output, "tensor",
      "with -T: the tensor of answers (a fresh name)" },
    { 'r', "raw", OPT_FLAG, &rules.raw, NULL, "leave the answer as it came" },
    { 'S', "status", OPT_STR, &status_file, "file",
      "with -T: a table of what became of each element" },
    { 's', "system", OPT_STR, &system_text, "text", "the system text" },
    { 0, "sample", OPT_INT, &sample, "n",
      "another number is another answer to the same prompt (0)", 0, 1e9 },
    { 0, "schema", OPT_STR, &rules.schema, "file",
      "the answer has to be JSON that fits the schema" },
    { 0, "shard", OPT_SHARD, &shard, "i/n",
      "with -T: only elements I, I + N, ...; or auto (all)" },
    { 0, "settings", OPT_FLAG, &list, NULL,
      "print the name, default and meaning of every setting" },
    { 0, "set", OPT_LIST, &settings, "name=value", "any setting" },
    { 0, "system-file", OPT_STR, &system_file, "file", "the system text" },
    { 'T', "tensor", OPT_STR, &tensor, "tensor",
      "each element is a prompt; answers go to a tensor" },
    { 0, "usage", OPT_STR, &usage, "file", "append what each call used" },
    { 0 },
};
static const int exits[] = { X_YES,      X_NO,    X_FAIL, X_OVERFLOW, X_DENIED,
                             X_REFUSED,  X_SPENT, X_MISS, X_AGAIN,    X_NOEXEC,
                             X_NOTFOUND, X_INT,   X_TERM, -1 };
static const struct tool tool = {
    .usage =
        "[-nr] [-b backend] [-e tensor] [-j n] [-k n] [-m name] [-s text]\n"
        "       [-T tensor [-o tensor] [-S file] [--fail-fast]]\n"
        "       [--accept-truncated] [--cache dir] [--choices file]\n"
        "       [--keep-think] [--lossy] [--match ere] [--max-bytes n]\n"
        "       [--min-score x] [--no-cache] [--sample n] [--schema file]\n"
        "       [--set name=value] [--settings] [--shard i/n]\n"
        "       [--system-file file] [--usage file]",
    .what = "ask a language model",
    .opts = opts,
    .exits = exits,
    .examples = "  llm-call -b openai:http://127.0.0.1:8080 -m any <prompt\n"
                "  llm-call -b 'exec:tr a-z A-Z' <prompt\n"
                "  llm-call -T prompts -o answers -j 8 -S status.tsv\n",
};

static struct llm_conf conf;
static struct asking how;

static const char no_model[] =
    "; set a model (-b and -m, LLM_BASE_URL and LLM_MODEL) or an experience";

/* Lines of the library, which does not print. */
static void
say(const char *line)
{
    warnx("%s", line);
}

static void
set(const char *name, const char *value)
{
    struct why w;

    if (value && llm_conf_set(&conf, name, value, &w) < 0)
        errx(X_FAIL, "%s", w.s);
}

/* --set NAME=VALUE, with or without LU_. */
static void
set_any(const char *setting)
{
    size_t n = strcspn(setting, "=");
    char name[64];

    if (!setting[n] || n >= sizeof name)
        errx(X_FAIL, "%s: not NAME=VALUE", setting);
    snprintf(name, sizeof name, "%.*s", (int)n, setting);
    set(strncmp(name, "LU_", 3) == 0 ? name + 3 : name, setting + n + 1);
}

static void
configure(void)
{
    struct sbuf text = { 0 };
    struct why w;

    if (llm_conf_load(&conf, "llm-call", &w) < 0)
        errx(X_FAIL, "%s", w.s);
    conf.say = say;
    for (size_t i = 0; i < settings.n; i++)
        set_any(settings.v[i]);
    set("BACKEND", backend);
    set("MODEL", model);
    set("JOBS", jobs);
    set("MIN_SCORE", min_score);
    set("CACHE", cache);
    set("CACHE_MODE", no_cache ? "off" : NULL);
    set("USAGE", usage);
    if (system_file) {
        if (fsx_read(system_file, &text, 1 << 26, &w) < 0)
            errx(X_FAIL, "%s", w.s);
        system_text = text.s ? text.s : "";
    }
    set("SYSTEM", system_text);
    sbuf_free(&text);
    if (llm_conf_settle(&conf, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (conf.notes.len)
        fwrite(conf.notes.s, 1, conf.notes.len, stderr);
    rules.max_bytes = (size_t)max_bytes;
    if (answer_open(&rules, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    how = (struct asking){ .conf = &conf,
                           .rules = rules,
                           .sample = sample,
                           .lossy = lossy,
                           .truncated = truncated };
    if (!experience)
        return;
    how.examples = examples_open(
        experience,
        &(struct examples_how){ .k = (size_t)rows, .method = WORDS_MULTI }, &w);
    if (!how.examples)
        errx(X_FAIL, "%s", w.s);
}

/* What would be sent, and where to. */
static int
show(const struct asked *q)
{
    struct sbuf b = { 0 };
    struct why w = { "" };

    if (asking_show(&how, q, &b, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    fwrite(b.s, 1, b.len, stdout);
    sbuf_free(&b);
    return X_YES;
}

/* What the prompts, which are taken, become. */
static struct asked *
prepare(struct sbuf *text, size_t n)
{
    struct asked *q = calloc(n + 1, sizeof *q);
    struct why w;

    if (!q)
        err(X_FAIL, NULL);
    if (asking_prepare(&how, text, n, q, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    return q;
}

static void
answered(void *ctx, struct llm_answer *a)
{
    int *code = ctx;
    struct why w;

    if (asking_judge(&how, a, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    *code = llm_status_exit(a->status);
    if (a->status == LLM_EXEC && (a->http == X_NOEXEC || a->http == X_NOTFOUND))
        *code = a->http; /* as a shell has it */
    if (*code == X_YES) {
        fwrite(a->text.s ? a->text.s : "", 1, a->text.len, stdout);
        if (isatty(STDOUT_FILENO) &&
            (!a->text.len || a->text.s[a->text.len - 1] != '\n'))
            putchar('\n');
        return;
    }
    warnx("%s: %s%s", llm_status_word(a->status),
          a->message.len ? a->message.s : llm_status_what(a->status),
          a->status == LLM_NOMATCH && !experience ? no_model : "");
}

/* A prompt on standard input, its answer on standard output. */
static int
single(void)
{
    struct sbuf text = { 0 };
    struct asked *q;
    struct llm *l;
    struct why w;
    int code = llm_status_exit(LLM_SKIPPED);

    if (fsx_read("-", &text, 1 << 30, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    q = prepare(&text, 1);
    if (dry_run)
        return show(q);
    if (q->status != LLM_OK)
        errx(llm_status_exit(q->status), "-: %s", q->why);
    run_catch();
    if (!(l = llm_open(&conf, &w)) ||
        llm_ask(l, &q->ask, answered, &code, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    while (llm_pending(l) && !run_interrupted())
        if (llm_turn(l, NULL, 0, 0.1, &w) < 0)
            errx(X_FAIL, "%s", w.s);
    llm_close(l);
    run_reraise();
    return code;
}

/* How far it is, on a terminal, for who waits. */
static void
progress(const struct bulk *b, double started, int last)
{
    static double shown;
    double now = deadline_now();

    if (!isatty(STDERR_FILENO) || now - started < 2 ||
        (last ? shown == 0 : now - shown < 0.5))
        return;
    shown = now;
    fprintf(stderr, "\r%zu of %zu, %zu failed\033[K", b->done, b->count,
            b->failed);
    if (last)
        fputs("\r\033[K", stderr);
}

/* The table goes to a file, or to standard output in place of the name. */
static void
put_table(const struct bulk *b, const char *name)
{
    struct why w;

    if (status_file && strcmp(status_file, "-") == 0) {
        if (bulk_table(b, stdout) < 0)
            err(X_FAIL, NULL);
        return;
    }
    if (status_file && bulk_save(b, status_file, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    puts(name);
}

/* The first of each kind of failure, so that a thousand are not a flood. */
static void
complain(const struct bulk *b)
{
    for (int k = 0; k < LLM_STATUS_COUNT; k++) {
        enum llm_status s = (enum llm_status)k;
        const struct bulk_row *r = &b->row[b->first[k]];
        struct sbuf name = { 0 };
        if (!b->ends[k] || llm_status_exit(s) == X_YES)
            continue;
        st_name(b->in, b->first[k], &name);
        warnx("%s: %s: %s", name.failed ? tensor : name.s, llm_status_word(s),
              r->message ? r->message : llm_status_what(s));
        if (b->ends[k] > 1)
            warnx("%s: and %zu more", llm_status_word(s), b->ends[k] - 1);
        sbuf_free(&name);
    }
}

static int
show_all(struct st *in)
{
    int worst = X_YES;

    for (size_t i = 0; i < in->shape.count; i++) {
        struct sbuf text = { 0 };
        struct asked *q;
        struct why w;
        int there = !shard_has(&shard, i) || st_coeff(in, i) == 0
                        ? 0
                        : st_read(in, i, &text, &w);
        if (there < 0)
            errx(X_FAIL, "%s", w.s);
        if (!there)
            continue;
        q = prepare(&text, 1);
        if (show(q) != X_YES)
            worst = X_FAIL;
        asked_free(q);
        free(q);
    }
    return worst;
}

/* Every element of a tensor; its answers in another. */
static int
all(void)
{
    double started = deadline_now(), synced = started;
    struct answers out;
    struct bulk b;
    struct why w;
    struct st in;
    int more = 1, r;

    if (st_open(&in, tensor, 0, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (dry_run)
        return show_all(&in);
    if ((r = answers_open(&out, output, &in, &w)) != 0)
        errx(r > 0 ? X_AGAIN : X_FAIL, "%s", w.s);
    if (bulk_open(&b, &how, &in, &out, &shard, fail_fast, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    run_catch();
    while (more > 0 && !run_interrupted()) {
        more = bulk_turn(&b, 0.1, &w);
        progress(&b, started, more <= 0);
        if (deadline_now() - synced > 5) {
            synced = deadline_now();
            more = answers_sync(&out, &w) < 0 ? -1 : more;
        }
    }
    if (more)
        bulk_stop(&b, more < 0 ? w.s : "interrupted");
    put_table(&b, out.t.name);
    if (more < 0 || answers_sync(&out, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (run_interrupted()) {
        fflush(stdout);
        run_reraise();
    }
    complain(&b);
    r = bulk_exit(&b);
    bulk_close(&b);
    answers_close(&out);
    st_close(&in);
    return r;
}

static void
describe(void *o, const char *name, const char *dflt, const char *what)
{
    out_str(o, name);
    out_str(o, dflt);
    out_str(o, what);
}

static int
list_settings(void)
{
    static const char *const cols[] = { "name", "default", "what", NULL };
    struct out o = { .fp = stdout, .cols = cols };

    llm_conf_each(describe, &o);
    out_close(&o);
    return X_YES;
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool), status;

    if (first < argc ||
        (!tensor && (output || status_file || fail_fast || shard.n)) ||
        (system_text && system_file))
        opt_usage();
    if (list)
        return list_settings();
    configure();
    status = tensor ? all() : single();
    if (ferror(stdout) | fclose(stdout))
        err(X_FAIL, "write");
    return status;
}
