/*
 * ar-metric - read a named number out of text
 *
 *   ./evaluate | ar-metric -m val_bpb
 */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ar/metric.h"
#include "common/exitcode.h"
#include "common/fsx.h"
#include "common/opt.h"
#include "common/out.h"

static const char *spec;
static const struct opt opts[] = {
    { 'm', "metric", OPT_STR, &spec, "SPEC",
      "NAME, then maybe :lower or :higher, then maybe :REGEX" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "-m spec [file ...]",
    .what = "read a named number out of text",
    .opts = opts,
    .exits = exits,
    .examples = "  ar-metric -m val_bpb run.log\n"
                "  ./test | ar-metric -m 'passed:higher:^([0-9]+) passed'\n",
};

static void
scan(struct metric *m, const char *file)
{
    struct sbuf b = { 0 };
    struct why w;

    if (fsx_read(file, &b, (size_t)1 << 32, &w) < 0 ||
        metric_scan(m, b.s ? b.s : "", b.len, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    sbuf_free(&b);
}

/* The shortest decimal that reads back as x. */
static void
print_number(double x)
{
    char s[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(s, sizeof s, "%.*g", digits, x);
        if (strtod(s, NULL) == x)
            break;
    }
    puts(s);
}

int
main(int argc, char *argv[])
{
    struct out o = { .fp = stdout, .no_header = 1 };
    struct metric m;
    struct why w;
    int at = opt_parse(argc, argv, &tool);
    double x;

    if (!spec)
        opt_usage();
    if (metric_parse(&m, spec, NULL, &w) < 0)
        errx(X_FAIL, "%s", w.s);
    if (at == argc)
        scan(&m, "-");
    for (; at < argc; at++)
        scan(&m, argv[at]);
    if (metric_result(&m, &x, &w) < 0)
        errx(X_NO, "%s", w.s);
    print_number(x);
    out_close(&o);
    metric_free(&m);
    return X_YES;
}
