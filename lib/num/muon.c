#include <math.h>
#include <string.h>

#include "num/muon.h"

static const float momentum = 0.95f;

int
muon_applies(const struct ffn_param *p)
{
    return p->matrix && strcmp(p->name, "head") != 0;
}

size_t
muon_scratch(const struct ffn *f)
{
    size_t most = 0;

    for (int i = 0; i < f->nparam; i++) {
        const struct ffn_param *p = &f->param[i];
        size_t r = (size_t)p->rows, c = (size_t)p->cols, s = r < c ? r : c;
        size_t need = 2 * r * c + 2 * s * s;
        if (muon_applies(p) && need > most)
            most = need;
    }
    return most;
}

/* x <- a x + (b g + c g g) x with g = x x^T of the smaller side. x[r,c]. */
static void
newton_schulz(const struct kern *k, float *x, float *next, float *g, float *p,
              int r, int c)
{
    static const float a3 = 3.4445f, b3 = -4.7750f, c3 = 2.0315f;
    int wide = r <= c, s = wide ? r : c;

    k->gemm(!wide, wide, s, s, wide ? c : r, x, c, x, c, 0, g, s);
    k->gemm(0, 0, s, s, s, g, s, g, s, 0, p, s);
    k->mix(p, b3, g, c3, p, (size_t)s * (size_t)s);
    if (wide)
        k->gemm(0, 0, r, c, r, p, r, x, c, 0, next, c);
    else
        k->gemm(0, 0, r, c, c, x, c, p, c, 0, next, c);
    k->mix(x, a3, x, 1, next, (size_t)r * (size_t)c);
}

void
muon_step(const struct kern *k, float *w, const float *g, float *m,
          float *scratch, int rows, int cols, float lr, float decay)
{
    size_t n = (size_t)rows * (size_t)cols;
    int s = rows < cols ? rows : cols, most = rows < cols ? cols : rows;
    float *x = scratch, *next = x + n, *gram = next + n;
    float *poly = gram + (size_t)s * (size_t)s, norm, by;

    k->mix(m, momentum, m, 1 - momentum, g, n);
    k->mix(x, momentum, m, 1 - momentum, g, n);
    norm = (float)sqrt(k->sumsq(x, n)) + 1e-12f;
    k->mix(x, 1 / norm, x, 0, x, n);
    for (int i = 0; i < 5; i++)
        newton_schulz(k, x, next, gram, poly, rows, cols);
    by = lr * 0.2f * sqrtf((float)most);
    k->mix(w, 1 - lr * decay, w, -by, x, n);
}
