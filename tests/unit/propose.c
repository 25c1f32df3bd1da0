#include <stdlib.h>
#include <string.h>

#include "ar/conf.h"
#include "ar/propose.h"
#include "ar/space.h"
#include "check.h"
#include "common/sbuf.h"

static const char table[] = "name\tkind\trange\tscale\tstep\n"
                            "# a comment\n"
                            "lr\tfloat\t0.0001,0.1\tlog\t2\n"
                            "decay\tfloat\t0,0.5\n"
                            "hidden\tint\t64,1024\tlog\t2\n"
                            "layers\tint\t1,8\t\t1\n"
                            "act\tchoice\tswiglu|geglu|gelu|relu2\n"
                            "norm\tchoice\tpre|post|none\n"
                            "tied\tflag\n";
static const char start[] = "# settings\n"
                            "lr = 1e-3   # peak\n"
                            "decay\t0.1\n"
                            "hidden 1024\n"
                            "layers 2\n"
                            "act gelu\n"
                            "norm post\n"
                            "tied no\n"
                            "\n"
                            "steps 4k # ours";

static struct space
space_of(const char *text)
{
    struct space sp;
    struct why w = { "" };

    CHECK(space_parse(&sp, text, "space.tsv", &w) == 0);
    if (w.s[0])
        printf("# %s\n", w.s);
    return sp;
}

static double
setting(const char *conf, const char *name)
{
    struct conf_item it;

    return conf_find(conf, name, &it) ? strtod(conf + it.val, NULL) : NAN;
}

static int
setting_is(const char *conf, const char *name, const char *val)
{
    struct conf_item it;

    return conf_find(conf, name, &it) && it.vlen == strlen(val) &&
           memcmp(conf + it.val, val, it.vlen) == 0;
}

/* A bowl in log lr and the other numbers, with good and bad choices. */
static double
objective(const char *conf)
{
    double lr = log(setting(conf, "lr") / 0.008);
    double decay = setting(conf, "decay") - 0.03;
    double hidden = log(setting(conf, "hidden") / 256) / log(2);
    double layers = setting(conf, "layers") - 4;

    return 2 + 0.05 * lr * lr + decay * decay + 0.02 * hidden * hidden +
           0.01 * layers * layers +
           (setting_is(conf, "act", "relu2")    ? 0
            : setting_is(conf, "act", "swiglu") ? 0.02
                                                : 0.08) +
           (setting_is(conf, "norm", "pre") ? 0 : 0.1) +
           (setting_is(conf, "tied", "yes") || setting(conf, "tied") == 1 ? 0.05
                                                                          : 0);
}

static uint64_t rng;

static double
uniform(void)
{
    rng = rng * 6364136223846793005u + 1442695040888963407u;
    return (double)(rng >> 11) * 0x1p-53;
}

enum { PROPOSE, ANYWHERE, NUDGE };

/* The rivals: any point of the space, or one setting of the best at random. */
static void
at_random(const struct space *sp, struct sbuf *conf, int how)
{
    size_t one = (size_t)(uniform() * (double)sp->n);

    for (size_t d = 0; d < sp->n; d++) {
        char to[SPACE_TEXT];
        space_at(&sp->dim[d], uniform(), to);
        if (how == ANYWHERE || d == one)
            conf_set(conf, sp->dim[d].name, to);
    }
}

static void
apply(const struct proposal *p, struct sbuf *conf)
{
    for (size_t i = 0; i < p->n; i++)
        conf_set(conf, p->change[i].dim->name, p->change[i].to);
}

/* Keep what is better, rounds times; the best value that was reached. */
static double
climb(const struct space *sp, int how, int rounds, uint64_t seed, double noise)
{
    struct trial t[64] = { { .conf = strdup(start), .kept = 1 } };
    const char *best = t[0].conf;
    struct proposal p = { 0 };
    size_t n = 1;
    double top = t[0].metric = objective(start), end;

    rng = seed * 77777;
    for (int i = 1; i <= rounds; i++) {
        struct sbuf conf = { 0 };
        sbuf_adds(&conf, best);
        if (how == PROPOSE) {
            CHECK(propose(sp, best, t, n, seed * 1000 + n, &p, NULL) == 1);
            apply(&p, &conf);
            propose_free(&p);
        } else {
            at_random(sp, &conf, how);
        }
        t[n].conf = conf.s;
        t[n].metric = objective(conf.s) +
                      noise * (uniform() + uniform() + uniform() - 1.5) * 2;
        if ((t[n].kept = t[n].metric < top)) {
            top = t[n].metric;
            best = conf.s;
        }
        n++;
    }
    end = objective(best);
    while (n--)
        free((char *)t[n].conf);
    return end;
}

static void
test_conf(void)
{
    struct sbuf b = { 0 }, c = { 0 };
    struct conf_item it;

    sbuf_adds(&b, "a 1\n# a 9\nb=2 # two\n a = 3 \t# last\nbare");
    conf_set(&b, "a", "4.5");
    conf_set(&b, "b", "x");
    conf_set(&b, "bare", "7");
    conf_set(&b, "new", "8");
    CHECK(strcmp(b.s, "a 1\n# a 9\nb=x # two\n a = 4.5 \t# last\nbare 7\n"
                      "new 8\n") == 0);
    CHECK(!conf_find(b.s, "ne", &it) && !conf_find(b.s, "newer", &it));
    conf_set(&c, "only", "1");
    CHECK(strcmp(c.s, "only 1\n") == 0);
    sbuf_free(&c);
    promise("conf: the last line that names a setting is changed, alone");

    static const char *const same[][2] = {
        { "1e-3", "0.001" }, { "4k", "4000" }, { "yes", "1" },
        { "gelu", "gelu" },  { "-0", "0" },    { "2m", "2m" },
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        conf_canon(&c, same[i][0], strlen(same[i][0]));
        CHECK(strcmp(c.s, same[i][1]) == 0);
        sbuf_clear(&c);
    }
    sbuf_free(&b);
    sbuf_free(&c);
    promise("conf: values are compared in one form");
}

static void
test_space_errors(void)
{
    static const char *const bad[][2] = {
        { "", "declares no setting" },
        { "name kind range\nlr float 1,2\n", "there is no name" },
        { "name\tkind\trange\nlr\tfloat\t2,1\n", "2: lr: the range must" },
        { "name\tkind\trange\nlr\tfloat\t1\n", "the range must be lo,hi" },
        { "name\tkind\trange\nn\tint\t1.5,3\n", "whole bounds" },
        { "name\tkind\trange\nn\tint\tnan,3\n", "the range must be" },
        { "name\tkind\trange\nx\treal\t1,3\n", "the kind is" },
        { "name\tkind\trange\nx\tchoice\ta\n", "no choice" },
        { "name\tkind\trange\nx\tchoice\ta|a\n", "twice" },
        { "name\tkind\trange\nx\tchoice\ta|b c\n", "blank" },
        { "name\tkind\trange\nx\tflag\t\nx\tflag\t\n", "3: x: declared twice" },
        { "name\tkind\trange\tscale\nx\tfloat\t0,1\tlog\n", "above 0" },
        { "name\tkind\trange\tscale\nx\tfloat\t0,1\tlg\n", "log or linear" },
        { "name\tkind\trange\tstep\nx\tfloat\t1,2\t1\n", "a factor above 1" },
        { "name\tkind\trange\tstep\nx\tint\t1,9\t0\n", "whole number" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct space sp;
        struct why w = { "" };
        CHECK(space_parse(&sp, bad[i][0], "s", &w) < 0);
        CHECK(strstr(w.s, bad[i][1]) != NULL);
        if (!strstr(w.s, bad[i][1]))
            printf("# said: %s\n", w.s);
    }
    promise("space: a bad table is refused with the line and the reason");
}

static void
test_space_moves(void)
{
    struct space sp = space_of(table);
    char to[SPACE_TEXT];

    CHECK(space_move(&sp.dim[0], "0.001", 1, 1, to) && !strcmp(to, "0.002"));
    CHECK(space_move(&sp.dim[0], "0.08", 1, 1, to) && !strcmp(to, "0.1"));
    CHECK(!space_move(&sp.dim[0], "0.1", 1, 1, to));
    CHECK(space_move(&sp.dim[1], "0.3", -1, 2, to) && !strcmp(to, "0.175"));
    CHECK(space_move(&sp.dim[2], "256", 1, 0.1, to) && !strcmp(to, "512"));
    CHECK(space_move(&sp.dim[3], "2", -1, 5, to) && !strcmp(to, "1"));
    CHECK(!space_move(&sp.dim[4], "gelu", 1, 1, to));
    CHECK(space_levels(&sp.dim[2]) == 5 && space_levels(&sp.dim[3]) == 8);
    CHECK(space_levels(&sp.dim[0]) == 0 && space_levels(&sp.dim[6]) == 2);
    space_level(&sp.dim[2], 4, to);
    CHECK(!strcmp(to, "1024"));
    for (int i = 0; i <= 100; i++)
        for (size_t d = 0; d < sp.n; d++) {
            space_at(&sp.dim[d], i / 100.0, to);
            CHECK(space_has(&sp.dim[d], to));
        }
    space_free(&sp);
    sp = space_of("name\tkind\trange\nx\tfloat\t0.123456,9.87654\n"
                  "y\tfloat\t-0.123456,9.87654\n");
    for (size_t d = 0; d < sp.n; d++)
        for (int u = 0; u < 2; u++) {
            space_at(&sp.dim[d], u, to);
            CHECK(space_has(&sp.dim[d], to));
        }
    space_free(&sp);
    promise("space: moves follow the scale and the step, inside the range");
}

static void
test_never_repeats(void)
{
    struct space sp = space_of(table);
    struct trial t[201] = { { .conf = strdup(start), .kept = 1 } };
    size_t best = 0, big = 0;

    t[0].metric = objective(start);
    for (size_t n = 1; n <= 200; n++) {
        struct sbuf conf = { 0 };
        struct proposal p, again;
        sbuf_adds(&conf, t[best].conf);
        CHECK(propose(&sp, conf.s, t, n, n, &p, NULL) == 1);
        CHECK(propose(&sp, conf.s, t, n, n, &again, NULL) == 1);
        CHECK(p.n == again.n && !strcmp(p.change->to, again.change->to));
        CHECK(p.n >= 1 && p.reason[0]);
        big += p.n > 2;
        for (size_t i = 0; i < p.n; i++)
            CHECK(space_has(p.change[i].dim, p.change[i].to));
        apply(&p, &conf);
        for (size_t i = 0; i < n; i++)
            CHECK(strcmp(t[i].conf, conf.s) != 0);
        CHECK(!strncmp(conf.s, "# settings\nlr = ", 16));
        CHECK(strstr(conf.s, "   # peak\ndecay\t") != NULL);
        CHECK(strstr(conf.s, "\n\nsteps 4k # ours") != NULL);
        t[n] = (struct trial){ conf.s, objective(conf.s), 0 };
        if ((t[n].kept = t[n].metric < t[best].metric))
            best = n;
        propose_free(&p);
        propose_free(&again);
    }
    CHECK(big == 0);
    for (size_t i = 0; i <= 200; i++)
        free((char *)t[i].conf);
    space_free(&sp);
    promise("propose: 200 proposals, none twice, all inside, comments kept");
}

/* Losses everywhere: within a dozen proposals nearly all were tried. */
static void
test_untried_first(void)
{
    struct space sp = space_of(table);
    size_t touched = 0;

    for (uint64_t seed = 0; seed < 20; seed++) {
        struct trial t[16] = { { .conf = strdup(start), .kept = 1 } };
        int seen[7] = { 0 };
        size_t n = 1;
        while (n < 10) {
            struct sbuf conf = { 0 };
            struct proposal p;
            sbuf_adds(&conf, start);
            CHECK(propose(&sp, start, t, n, seed * 100 + n, &p, NULL) == 1);
            touched += !seen[p.change->dim - sp.dim]++;
            apply(&p, &conf);
            propose_free(&p);
            t[n++] = (struct trial){ conf.s, NAN, 0 };
        }
        while (n--)
            free((char *)t[n].conf);
    }
    CHECK(touched > 20 * 5.8);
    space_free(&sp);
    promise("propose: settings that were not tried come first");
}

static void
test_exhausted(void)
{
    struct space sp = space_of("name\tkind\trange\nn\tint\t1,5\na\tchoice\tx|y|"
                               "z\nf\tflag\t\n");
    struct trial t[64] = { { .conf = strdup("n 3\na x\nf 0\n"), .kept = 1 } };
    struct proposal p;
    size_t n = 1;

    while (n < 64 && propose(&sp, t[0].conf, t, n, n, &p, NULL) == 1) {
        struct sbuf conf = { 0 };
        sbuf_adds(&conf, t[0].conf);
        apply(&p, &conf);
        propose_free(&p);
        t[n++] = (struct trial){ conf.s, NAN, 0 };
    }
    CHECK(n == 5 * 3 * 2);
    while (n--)
        free((char *)t[n].conf);
    space_free(&sp);
    promise("propose: a finite space is used up to the last value, then 0");
}

static void
test_odd_files(void)
{
    struct space sp = space_of(table);
    struct trial t[2] = { { NULL, NAN, 1 }, { "lr 7\nsteps 9\n", NAN, 0 } };
    struct proposal p;

    for (uint64_t seed = 0; seed < 50; seed++) {
        CHECK(propose(&sp, "", t, 2, seed, &p, NULL) == 1);
        CHECK(p.n == 1 && !p.change->from[0]);
        CHECK(space_has(p.change->dim, p.change->to));
        propose_free(&p);
        CHECK(propose(&sp, "lr 7\nhidden big\n", t, 2, seed, &p, NULL) == 1);
        CHECK(space_has(p.change->dim, p.change->to));
        propose_free(&p);
    }
    space_free(&sp);
    promise("propose: settings unset or outside the range come back inside");
}

static void
test_beats_chance(void)
{
    enum { SEEDS = 40, ROUNDS = 30 };
    struct space sp = space_of(table);
    double sum[2][3] = { { 0 } };

    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (int how = PROPOSE; how <= NUDGE; how++)
            for (int noisy = 0; noisy < 2; noisy++)
                sum[noisy][how] +=
                    (climb(&sp, how, ROUNDS, seed, noisy ? 0.01 : 0) - 2) /
                    SEEDS;
    for (int noisy = 0; noisy < 2; noisy++) {
        printf("# left to gain after %d of %.3f: %.4f, anywhere %.4f, one "
               "setting %.4f%s\n",
               ROUNDS, objective(start) - 2, sum[noisy][PROPOSE],
               sum[noisy][ANYWHERE], sum[noisy][NUDGE],
               noisy ? " (noise)" : "");
        CHECK(sum[noisy][PROPOSE] < 0.4 * sum[noisy][ANYWHERE]);
        CHECK(sum[noisy][PROPOSE] < 0.7 * sum[noisy][NUDGE]);
    }
    space_free(&sp);
    promise("propose: climbs clearly faster than chance");
}

int
main(void)
{
    test_conf();
    test_space_errors();
    test_space_moves();
    test_never_repeats();
    test_untried_first();
    test_exhausted();
    test_odd_files();
    test_beats_chance();
    return check_done();
}
