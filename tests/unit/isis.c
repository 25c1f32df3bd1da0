/*
 * The original's arithmetic: initial values, losses, gradient norms and sums
 * that its own program printed on the first bytes of perl.pod. A product that
 * adds in another order agrees to about 1e-5 at first and then drifts, so
 * later steps have a wider tolerance.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "num/isis.h"
#include "num/train.h"

/* perl.pod 5.36, bytes 0 to 768. */
static const char pod[] =
    "=head1 NAME\n"
    "\n"
    "perl - The Perl 5 language interpreter\n"
    "\n"
    "=head1 SYNOPSIS\n"
    "\n"
    "B<perl>\tS<[ B<-sTtuUWX> ]>\n"
    "\tS<[ B<-hv> ] [ B<-V>[:I<configvar>] ]>\n"
    "\tS<[ B<-cw> ] [ B<-d>[B<t>][:I<debugger>] ] [ B<-D>[I<numbe"
    "r/list>] ]>\n"
    "\tS<[ B<-pna> ] [ B<-F>I<pattern> ] [ B<-l>[I<octal>] ] [ B<"
    "-0>[I<octal/hexadecimal>] ]>\n"
    "\tS<[ B<-I>I<dir> ] [ B<-m>[B<->]I<module> ] [ B<-M>[B<->]I<"
    "'module...'> ] [ B<-f> ]>\n"
    "\tS<[ B<-C [I<number/list>] >]>\n"
    "\tS<[ B<-S> ]>\n"
    "\tS<[ B<-x>[I<dir>] ]>\n"
    "\tS<[ B<-i>[I<extension>] ]>\n"
    "\tS<[ [B<-e>|B<-E>] I<'command'> ] [ B<--> ] [ I<programfile"
    "> ] [ I<argument> ]...>\n"
    "\n"
    "For more information on these options, you can run C<perldoc"
    " perlrun>.\n"
    "\n"
    "=head1 GETTING HELP\n"
    "\n"
    "The F<perldoc> program gives you access to all the documenta"
    "tion that comes\n"
    "with Perl.  You can get more documentati";

static double
sum(const struct ffn *f, const char *name, int part)
{
    const struct ffn_param *p = ffn_find(f, name);
    size_t n = (size_t)p->rows * (size_t)p->cols / (part ? 2 : 1);
    double s = 0;

    for (size_t i = 0; i < n; i++)
        s += f->w[p->at + i];
    return s;
}

static void
first4(const struct ffn *f, const char *name, size_t skip, const double *want)
{
    const float *w = f->w + ffn_find(f, name)->at + skip;

    for (int i = 0; i < 4; i++)
        CHECK_NEAR(w[i], want[i], 3e-6, 0);
}

struct step {
    double loss, norm, accuracy; /* accuracy < 0: not known */
};

static void
steps(struct ffn *f, long context, const struct step *want, int n)
{
    struct train_config c = isis_rule(&f->c);
    struct bytes data;
    struct train t;
    struct why w;
    struct team *team = team_open(1, &w);

    CHECK(bytes_open(&data, (const uint8_t *)pod, sizeof pod - 1,
                     (size_t)context, (size_t)context, 1, 1, 0, &w) == 0);
    CHECK(train_open(&t, f, &data, team, &c, &w) == 0);
    for (int i = 0; i < n; i++) {
        double loose = i < 4 ? 1e-4 : 1e-3;
        CHECK(train_step(&t, 1, &w) == 0);
        CHECK_NEAR(t.loss, want[i].loss, i < 4 ? 0 : loose, i < 4 ? 1e-4 : 0);
        CHECK_NEAR(t.grad_norm, want[i].norm, i < 4 ? 1e-4 : 3e-3, 0);
        if (want[i].accuracy >= 0)
            CHECK_NEAR(t.accuracy, want[i].accuracy, 0, 1e-9);
    }
    train_close(&t);
    bytes_close(&data);
    team_close(team);
}

static void
test_tiny(void)
{
    static const double e[] = { .20661542, .06658605, -.022062808, .056022614 };
    static const double h[] = { .10024181, -.12937659, -.21714234, .044563115 };
    static const double g[] = { .057086714, -.29012746, -.3012482, .37896335 };
    static const double d[] = { .040366404, -.2051511, -.21301465, .26796755 };
    static const struct step want[] = { { 5.5466900, 26.210301, 0 },
                                        { 5.6654959, 33.559516, 0 },
                                        { 5.7269368, 26.868193, 0 },
                                        { 5.5367532, 24.016606, 0 },
                                        { 5.4888558, 27.389282, .0625 } };
    struct ffn_config c = isis_config(ISIS_SMALL);
    struct ffn f;
    struct why w;

    c.context = 16;
    c.model = 16;
    c.hidden = 32;
    c.layers = 2;
    CHECK(ffn_open(&f, &c, &w) == 0 && f.size == 11520);
    isis_init(&f);
    first4(&f, "embed", 0, e);
    first4(&f, "head", 0, h);
    first4(&f, "layer0.up", 0, g);
    first4(&f, "layer1.up", 32 * 16, g); /* up = gate, layers alike */
    first4(&f, "layer0.down", 0, d);
    CHECK_NEAR(sum(&f, "embed", 0), -1.500385195, 1e-5, 0);
    CHECK_NEAR(sum(&f, "head", 0), -2.784065932, 1e-5, 0);
    CHECK_NEAR(sum(&f, "layer0.up", 1), -4.823119547, 1e-5, 0);
    CHECK_NEAR(sum(&f, "layer0.down", 0), -3.410460414, 1e-5, 0);
    promise("isis: the tiny model starts as the original's");
    steps(&f, 16, want, 5);
    CHECK_NEAR(sum(&f, "embed", 0), -1.550076186, 1e-3, 0);
    CHECK_NEAR(sum(&f, "head", 0), -1.595191246, 1e-3, 0);
    CHECK_NEAR(sum(&f, "layer0.up", 1), -4.808368058, 1e-3, 0);
    CHECK_NEAR(sum(&f, "layer0.down", 0), -3.329863037, 1e-3, 0);
    promise("isis: five steps of the tiny model match in loss, norm and sums");
    ffn_close(&f);
}

static void
test_small(void)
{
    static const double e[] = { .07304958, .023541722, -.0078003807,
                                .019806985 };
    static const double h[] = { .014914863, -.06327972, -.035113096,
                                -.075789504 };
    static const double g[] = { -.20262808, -.14808764, .1281062, .1250115 };
    static const double d[] = { -.10131404, -.07404382, .0640531, .06250575 };
    static const struct step want[] = {
        { 5.4741712, 244.169685, -1 },      { 5.5188236, 223.475509, .0625 },
        { 5.0209889, 229.332792, .140625 }, { 4.5763345, 185.939551, .265625 },
        { 4.2276454, 178.977894, -1 },      { 4.0950408, 190.192426, -1 },
        { 3.6259322, 167.432519, -1 },      { 3.6206388, 149.163827, -1 },
        { 3.9479260, 164.840283, -1 },      { 4.3826685, 179.236202, -1 },
        { 4.4367824, 171.424828, -1 },      { 4.2305632, 191.430567, -1 },
    };
    struct ffn_config c = isis_config(ISIS_SMALL);
    struct ffn f;
    struct why w;

    CHECK(ffn_open(&f, &c, &w) == 0 && f.size == 857856);
    isis_init(&f);
    first4(&f, "embed", 0, e);
    first4(&f, "head", 0, h);
    first4(&f, "layer0.up", 0, g);
    first4(&f, "layer0.down", 0, d);
    CHECK_NEAR(sum(&f, "embed", 0), 14.533607868, 1e-5, 0);
    CHECK_NEAR(sum(&f, "head", 0), -2.146154771, 1e-5, 0);
    CHECK_NEAR(sum(&f, "layer0.up", 1), 5.644888828, 1e-5, 0);
    CHECK_NEAR(sum(&f, "layer0.down", 0), 2.822444414, 1e-5, 0);
    promise("isis: the small model starts as the original's");
    steps(&f, 64, want, 12);
    CHECK_NEAR(sum(&f, "embed", 0), 14.538111151, 1e-3, 0);
    CHECK_NEAR(sum(&f, "head", 0), -2.759667894, 3e-3, 0);
    CHECK_NEAR(sum(&f, "layer0.up", 1), 5.655285947, 3e-3, 0);
    CHECK_NEAR(sum(&f, "layer0.down", 0), 5.731709127, 3e-3, 0);
    promise("isis: twelve steps of the small model match");
    ffn_close(&f);
}

static void
test_sizes(void)
{
    static const size_t want[] = { 857856, 14386944, 189429760, 454044672 };
    struct ffn f;
    struct why w;

    for (int i = ISIS_SMALL; i <= ISIS_XL; i++) {
        struct ffn_config c = isis_config((enum isis_size)i);
        CHECK(ffn_plan(&f, &c, &w) == 0 && f.size == want[i]);
    }
    promise("isis: the four sizes have the original's parameter counts");
}

int
main(void)
{
    test_sizes();
    test_tiny();
    test_small();
    return check_done();
}
