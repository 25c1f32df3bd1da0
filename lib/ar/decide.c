#include <math.h>
#include <string.h>

#include "ar/decide.h"
#include "ar/metric.h"

int
policy_parse(struct policy *p, const char *text, struct why *w)
{
    const char *colon = strchr(text, ':');

    *p = (struct policy){ RULE_STRICT, 0 };
    if (strcmp(text, "strict") == 0)
        return 0;
    if (strncmp(text, "delta:", 6) == 0)
        p->rule = RULE_DELTA;
    else if (strncmp(text, "rel:", 4) == 0)
        p->rule = RULE_REL;
    if (p->rule == RULE_STRICT ||
        metric_number(colon + 1, strlen(colon + 1), &p->by) < 0 || p->by < 0)
        return why_set(w, "%s: not strict, delta:NUMBER or rel:PERCENT", text);
    return 0;
}

static double
mean(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

int
decide(const struct policy *p, int lower, const double *cand, size_t n_cand,
       const double *inc, size_t n_inc, struct verdict *v, struct why *w)
{
    double need;

    *v = (struct verdict){ 0 };
    if (n_cand == 0 || n_inc == 0)
        return why_set(w, "no sample of the %s",
                       n_cand ? "incumbent" : "candidate");
    v->cand = mean(cand, n_cand);
    v->inc = mean(inc, n_inc);
    if (!isfinite(v->cand) || !isfinite(v->inc))
        return why_set(w, "a sample is not a finite number");
    v->delta = v->cand - v->inc;
    v->gain = lower ? -v->delta : v->delta;
    need = p->rule == RULE_REL ? p->by / 100 * fabs(v->inc) : p->by;
    v->keep = v->gain > 0 && v->gain >= need;
    return 0;
}
