#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/shard.h"

enum { MAXOPT = 64, HELP = CHAR_MAX + 1, VERSION, FIRST };

static const char *progname;
static const struct tool *tool;
static unsigned char given[MAXOPT]; /* 1 by a file, 2 by the command line */
static char *copies[MAXOPT];        /* strings that came from a file */

_Noreturn void
opt_usage(void)
{
    fprintf(stderr, "usage: %s %s\n", progname, tool->usage);
    exit(X_FAIL);
}

static const char *
exit_meaning(int code)
{
#define X(name, num, text)                                                     \
    if (code == num)                                                           \
        return text;
    EXITCODES(X)
#undef X
    return "";
}

static void
help_text(void)
{
    printf("usage: %s %s\n\n%s - %s\n\n", progname, tool->usage, progname,
           tool->what);
    for (const struct opt *o = tool->opts; o->s || o->name; o++) {
        char left[96];
        snprintf(left, sizeof left, "%s%c%s%s%s%s%s", o->s ? "-" : " ",
                 o->s ? o->s : ' ',
                 !o->name ? ""
                 : o->s   ? ", "
                          : "  ",
                 o->name ? "--" : "", o->name ? o->name : "", o->arg ? " " : "",
                 o->arg ? o->arg : "");
        printf(strlen(left) > 28 ? "  %s\n%32s%s\n" : "  %-28s  %s%s\n", left,
               strlen(left) > 28 ? "" : o->help,
               strlen(left) > 28 ? o->help : "");
    }
    printf(
        "  -h, --help                    this text; --help=json for programs\n"
        "      --version                 version and built-in parts\n"
        "\nexit status:\n");
    for (const int *e = tool->exits; *e >= 0; e++)
        printf("  %-4d%s\n", *e, exit_meaning(*e));
    if (tool->examples)
        printf("\nexamples:\n%s", tool->examples);
    printf("\nMore in %s(1) and learnutils(7).\n", progname);
}

static void
json_member(const char *name, const char *val, const char *after)
{
    printf("\"%s\":", name);
    if (val)
        out_quote(stdout, OUT_JSON, val);
    else
        fputs("null", stdout);
    fputs(after, stdout);
}

static void
help_json(void)
{
    static const char *const kinds[] = { "flag",    "integer", "number",
                                         "seconds", "string",  "choice",
                                         "list",    "shard" };
    char letter[2] = "";

    putchar('{');
    json_member("tool", progname, ",");
    json_member("what", tool->what, ",");
    json_member("usage", tool->usage, ",");
    fputs("\"options\":[", stdout);
    for (const struct opt *o = tool->opts; o->s || o->name; o++) {
        letter[0] = o->s;
        printf("%s{", o == tool->opts ? "" : ",");
        json_member("letter", o->s ? letter : NULL, ",");
        json_member("name", o->name, ",");
        json_member("kind", kinds[o->kind], ",");
        json_member("arg", o->arg, ",");
        json_member("help", o->help, "}");
    }
    fputs("],\"exit\":[", stdout);
    for (const int *e = tool->exits; *e >= 0; e++) {
        printf("%s{\"code\":%d,", e == tool->exits ? "" : ",", *e);
        json_member("meaning", exit_meaning(*e), "}");
    }
    fputs("],", stdout);
    json_member("examples", tool->examples, "}\n");
}

/* An earlier flush may have failed where the last one does not. */
static _Noreturn void
leave(void)
{
    if (ferror(stdout))
        errx(X_FAIL, "write: output was lost");
    if (fclose(stdout))
        err(X_FAIL, "write");
    exit(X_YES);
}

static _Noreturn void
help(const char *form)
{
    if (form && strcmp(form, "json") != 0) {
        warnx("--help=%s: only json is known", form);
        opt_usage();
    }
    if (form)
        help_json();
    else
        help_text();
    leave();
}

static _Noreturn void
version(void)
{
    printf("%s (learnutils) %s%s\n", progname, LU_VERSION, LU_PARTS);
    leave();
}

/* A number and an optional one-letter suffix, the whole string. */
static int
number(const char *val, const char *suffixes, const double *scale, double *to)
{
    const char *p;
    char *end;

    errno = 0;
    *to = strtod(val, &end);
    if (end == val || errno == ERANGE || strpbrk(val, "xX \t\n\v\f\r"))
        return -1;
    if (*end && (p = strchr(suffixes, *end))) {
        *to *= scale[p - suffixes];
        end++;
    }
    return *end || !isfinite(*to) ? -1 : 0;
}

static int
oneof(const char *names, const char *val)
{
    size_t len = strlen(val);

    for (int i = 0; *names; i++) {
        size_t n = strcspn(names, "|");
        if (n == len && strncmp(names, val, n) == 0)
            return i;
        names += n + (names[n] == '|');
    }
    return -1;
}

static int
flag(const char *val)
{
    return strcmp(val, "0") == 0 || strcmp(val, "no") == 0    ? 0
           : strcmp(val, "1") == 0 || strcmp(val, "yes") == 0 ? 1
                                                              : -1;
}

static int
list_add(struct opt_list *l, const char *val, struct why *w)
{
    const char **v = realloc(l->v, (l->n + 1) * sizeof *v);

    if (!v)
        return why_set(w, "out of memory");
    l->v = v;
    v[l->n++] = val;
    return 0;
}

int
opt_value(const struct opt *o, void *to, const char *val, struct why *w)
{
    static const double thousands[] = { 1e3, 1e6, 1e9 };
    static const double times[] = { 1, 60, 3600, 86400 };
    const char letter[] = { o->s, '\0' }, *name = o->name ? o->name : letter;
    union value {
        int i;
        long l;
        double d;
        const char *s;
    } unused;
    struct shard shard;
    struct why inner;
    double x = 0;
    int i;

    if (!to)
        to = &unused;
    switch (o->kind) {
    case OPT_FLAG:
        if ((i = flag(val)) < 0)
            return why_set(w, "%s: %s is neither 0 nor 1", name, val);
        *(int *)to = i;
        return 0;
    case OPT_STR: *(const char **)to = val; return 0;
    case OPT_LIST: return to == &unused ? 0 : list_add(to, val, w);
    case OPT_SHARD:
        if (shard_parse(to == &unused ? &shard : to, val, &inner) < 0)
            return why_set(w, "%s: %s", name, inner.s);
        return 0;
    case OPT_ONEOF:
        if ((i = oneof(o->arg, val)) < 0)
            return why_set(w, "%s: %s is not one of %s", name, val, o->arg);
        *(int *)to = i;
        return 0;
    case OPT_INT:
        if (number(val, "kMG", thousands, &x) < 0 || x != floor(x) ||
            fabs(x) > 9e15)
            return why_set(w, "%s: %s is not a whole number", name, val);
        break;
    case OPT_NUM:
        if (number(val, "", NULL, &x) < 0)
            return why_set(w, "%s: %s is not a number", name, val);
        break;
    case OPT_SECS:
        if (number(val, "smhd", times, &x) < 0 || x < 0)
            return why_set(w, "%s: %s is not a time such as 90, 1.5m or 2h",
                           name, val);
        break;
    }
    if ((o->min != 0 || o->max != 0) && (x < o->min || x > o->max))
        return x < o->min
                   ? why_set(w, "%s: %s is below %.15g", name, val, o->min)
                   : why_set(w, "%s: %s is above %.15g", name, val, o->max);
    if (o->kind == OPT_INT)
        *(long *)to = (long)x;
    else
        *(double *)to = x;
    return 0;
}

static int
find(const struct tool *t, const char *name)
{
    for (int i = 0; t->opts[i].s || t->opts[i].name; i++)
        if (t->opts[i].name && strcmp(t->opts[i].name, name) == 0)
            return i;
    return -1;
}

int
opt_given(const struct tool *t, const char *name)
{
    int i = find(t, name);

    return i >= 0 && given[i];
}

int
opt_set(const struct tool *t, const char *name, const char *val, struct why *w)
{
    int i = find(t, name);
    const struct opt *o = &t->opts[i < 0 ? 0 : i];
    char *copy;

    if (i < 0 || !o->conf)
        return why_set(w, "%s: no such setting", name);
    /* A bad value is bad even where the command line overrides it. */
    if (opt_value(o, NULL, val, w) < 0)
        return -1;
    if (given[i] == 2)
        return 0;
    given[i] = 1;
    if (o->kind != OPT_STR)
        return opt_value(o, o->to, val, w);
    if (!(copy = strdup(val)))
        return why_set(w, "out of memory");
    free(copies[i]);
    copies[i] = copy;
    return opt_value(o, o->to, copies[i], w);
}

/* "name value" or "name = value" with a # comment, cut up in place. */
static int
setting(const struct tool *t, char *line, struct why *w)
{
    char *name, *val, *end;

    end = line + strcspn(line, "#\n");
    while (end > line && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    name = line + strspn(line, " \t");
    if (!*name)
        return 0;
    end = name + strcspn(name, " \t=");
    val = end + strspn(end, " \t");
    if (*val == '=')
        val += 1 + strspn(val + 1, " \t");
    *end = '\0';
    if (!*val)
        return why_set(w, "%s: no value", name);
    return opt_set(t, name, val, w);
}

int
opt_file(const struct tool *t, const char *path, struct why *w)
{
    FILE *fp = fopen(path, "r");
    struct why inner;
    char *line = NULL;
    size_t cap = 0;
    int n = 0, bad = 0;

    if (!fp)
        return why_set(w, "%s: %s", path, strerror(errno));
    while (!bad && getline(&line, &cap, fp) >= 0) {
        n++;
        if (setting(t, line, &inner) < 0)
            bad = why_set(w, "%s:%d: %s", path, n, inner.s);
    }
    if (!bad && ferror(fp))
        bad = why_set(w, "%s: %s", path, strerror(errno));
    free(line);
    fclose(fp);
    return bad;
}

/* Letters and long names as getopt_long(3) wants them. */
static void
tables(const struct tool *t, struct option *longs, char *shorts)
{
    int i;

    *shorts++ = t->runs_command ? '+' : 'h';
    if (t->runs_command)
        *shorts++ = 'h';
    *longs++ = (struct option){ "help", optional_argument, NULL, HELP };
    *longs++ = (struct option){ "version", no_argument, NULL, VERSION };
    for (i = 0; t->opts[i].s || t->opts[i].name; i++) {
        const struct opt *o = &t->opts[i];
        if (i == MAXOPT)
            errx(X_FAIL, "option table too long");
        if (o->s) {
            *shorts++ = o->s;
            if (o->arg)
                *shorts++ = ':';
        }
        if (o->name)
            *longs++ =
                (struct option){ o->name, o->arg != NULL, NULL, FIRST + i };
    }
    *shorts = '\0';
    *longs = (struct option){ 0 };
}

int
opt_parse(int argc, char **argv, const struct tool *t)
{
    struct option longs[MAXOPT + 3];
    char shorts[2 * MAXOPT + 4];
    struct why w;
    int c, at;

    if (strrchr(argv[0], '/'))
        argv[0] = strrchr(argv[0], '/') + 1; /* getopt prints argv[0] */
    progname = argv[0];
    tool = t;
    tables(t, longs, shorts);
    while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (c == 'h' || c == HELP)
            help(c == HELP ? optarg : NULL);
        if (c == VERSION)
            version();
        at = c - FIRST;
        if (c < FIRST)
            for (at = 0; t->opts[at].s != c; at++)
                if (!t->opts[at].s && !t->opts[at].name)
                    opt_usage();
        given[at] = 2;
        if (opt_value(&t->opts[at], t->opts[at].to,
                      t->opts[at].arg ? optarg : "1", &w) < 0)
            errx(X_FAIL, "%s", w.s);
    }
    return optind;
}
