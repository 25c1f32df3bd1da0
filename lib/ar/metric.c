#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ar/metric.h"

int
metric_number(const char *s, size_t len, double *val)
{
    char buf[64], *end;

    while (len > 0 && isspace((unsigned char)s[len - 1]))
        len--;
    while (len > 0 && isspace((unsigned char)*s))
        s++, len--;
    if (len == 0 || len >= sizeof buf)
        return -1;
    memcpy(buf, s, len);
    buf[len] = '\0';
    if (strspn(buf, "+-.0123456789eE") != len)
        return -1; /* strtod would also read nan, inf and 0x1p3 */
    errno = 0;
    *val = strtod(buf, &end);
    return *end || errno == ERANGE || !isfinite(*val) ? -1 : 0;
}

int
metric_parse(struct metric *m, const char *spec, int *given_dir, struct why *w)
{
    size_t n = strcspn(spec, ":");
    const char *rest = spec[n] ? spec + n + 1 : NULL;
    int dir = 1, e;

    *m = (struct metric){ .lower = 1 };
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)spec[i] <= ' ' || spec[i] == '=' ||
            spec[i] == '\\' || spec[i] == 0x7f)
            n = 0;
    if (n == 0)
        return why_set(w, "%s: not a metric: want NAME:lower or NAME:higher",
                       spec);
    if (rest && (strcmp(rest, "lower") == 0 || strncmp(rest, "lower:", 6) == 0))
        rest += 5;
    else if (rest &&
             (strcmp(rest, "higher") == 0 || strncmp(rest, "higher:", 7) == 0))
        m->lower = 0, rest += 6;
    else
        dir = 0;
    if (given_dir)
        *given_dir = dir;
    if (rest && dir && *rest == ':')
        rest++;
    m->name = strndup(spec, n);
    m->re_text = strdup(rest ? rest : "");
    if (!m->name || !m->re_text)
        return why_set(w, "out of memory");
    if (!rest || !*rest)
        return 0;
    if ((e = regcomp(&m->re, rest, REG_EXTENDED))) {
        char text[120];
        regerror(e, &m->re, text, sizeof text);
        return why_set(w, "%s: %s", rest, text);
    }
    m->has_re = 1;
    if (m->re.re_nsub < 1)
        return why_set(w, "%s: no group (...) around the number", rest);
    return 0;
}

void
metric_free(struct metric *m)
{
    if (m->has_re)
        regfree(&m->re);
    free(m->name);
    free(m->re_text);
    *m = (struct metric){ 0 };
}

void
metric_reset(struct metric *m)
{
    m->found = m->good = 0;
}

static void
take(struct metric *m, const char *s, size_t len)
{
    m->found++;
    m->good = metric_number(s, len, &m->value) == 0;
}

/* "NAME: x", "NAME=x" or "METRIC NAME=x"; the first word after is x. */
static void
plain_line(struct metric *m, const char *line)
{
    size_t n = strlen(m->name);
    int tagged = strncmp(line, "METRIC ", 7) == 0;
    const char *p = tagged ? line + 7 + strspn(line + 7, " \t") : line;

    if (strncmp(p, m->name, n) != 0 || (p[n] != '=' && (p[n] != ':' || tagged)))
        return;
    p += n + 1;
    p += strspn(p, " \t");
    take(m, p, strcspn(p, " \t"));
}

int
metric_scan(struct metric *m, const char *s, size_t len, struct why *w)
{
    char *copy = malloc(len + 1);
    regmatch_t g[2];
    size_t n;

    if (!copy)
        return why_set(w, "out of memory");
    for (size_t i = 0; i < len; i++) /* a line ends where the next begins */
        copy[i] = s[i] == '\r' || s[i] == '\n' ? '\0' : s[i] ? s[i] : '?';
    copy[len] = '\0';
    for (size_t i = 0; i < len; i += n + 1) {
        n = strlen(copy + i);
        if (!m->has_re)
            plain_line(m, copy + i);
        else if (regexec(&m->re, copy + i, 2, g, 0) == 0 && g[1].rm_so >= 0)
            take(m, copy + i + g[1].rm_so, (size_t)(g[1].rm_eo - g[1].rm_so));
    }
    free(copy);
    return 0;
}

int
metric_result(const struct metric *m, double *val, struct why *w)
{
    if (m->good) {
        *val = m->value;
        return 0;
    }
    if (m->found)
        return why_set(w, "%s: its last value is not a finite number", m->name);
    return m->has_re
               ? why_set(w, "%s: no line matches %s", m->name, m->re_text)
               : why_set(w, "%s: no line \"%s: NUMBER\"", m->name, m->name);
}
