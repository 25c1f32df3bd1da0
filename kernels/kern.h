/*
 * kern.h - the numeric inner loops: one contract, several implementations.
 *
 * kern_ref is plain C in the order of the formulas and is the specification;
 * kern_cpu is what runs: OpenBLAS products where the build has it, elsewhere
 * loops for the vectors that the processor has. Every implementation must agree
 * with kern_ref within the tolerances of tests/unit/kern.c.
 *
 * All matrices are row-major float. n is a number of rows (positions), d, h
 * and v are widths. Outputs come first. "+=" marks an argument that is added
 * to; the others are overwritten.
 *
 * Unless called host, every pointer is to model memory: what alloc returned,
 * or inside of it. Only put and get may carry bytes between it and memory of
 * one's own. A device may work behind the caller's back; get, error and
 * whatever returns a value wait for it. Only alloc fails: a call that goes
 * wrong on a device leaves a message, and error() tells, so ask once a step.
 */
#ifndef LU_KERN_H
#define LU_KERN_H

#include <stddef.h>
#include <stdint.h>

/* Activations of the hidden layer. The gated ones read 2h columns, gate first:
 * s = f(gate) * up. relu2(x) = max(x, 0)^2 (So et al. 2021, Primer, 4.1);
 * gelu is the tanh form (Hendrycks and Gimpel 2016, section 2). */
enum kern_act { KERN_SWIGLU, KERN_GEGLU, KERN_GELU, KERN_RELU2 };

/* How many columns of z one column of s reads: 2 for the gated kinds. */
static inline int
kern_act_inputs(enum kern_act a)
{
    return a == KERN_SWIGLU || a == KERN_GEGLU ? 2 : 1;
}

/* A hint: the symbol that may follow, the weight that its logit gets, and the
 * source that says so, whose gate multiplies the weight. */
struct kern_hint {
    uint16_t weight;
    uint8_t symbol, source;
};

/* Steps of a count in the kinds of hints, and how many kinds there are. */
enum { KERN_STEPS = 12, KERN_KINDS = KERN_STEPS * KERN_STEPS * 2 };

/* One AdamW step (Loshchilov and Hutter 2019, algorithm 2). */
struct kern_adamw {
    float lr, beta1, beta2, eps, decay;
    float scale;      /* multiplies the gradient first: clipping */
    float fix1, fix2; /* 1 / (1 - beta^step), the bias corrections */
};

struct kern {
    const char *name;
    int bf16; /* 1: products round their factors to bfloat16 */

    /* Call once before the others: one thread inside a product, always,
     * because the callers are the threads. */
    void (*start)(void);

    int host; /* 1: model memory is ordinary memory, any thread may call */
    int side; /* of square matrices whose product runs at full speed */
    void *(*alloc)(size_t bytes); /* zeroed, 64-byte aligned; NULL: none left */
    void (*free)(void *p);        /* NULL is fine */
    void (*put)(void *to, const void *host, size_t bytes);
    void (*get)(void *host, const void *from, size_t bytes);
    void (*copy)(void *to, const void *from, size_t bytes);
    void (*zero)(void *to, size_t bytes);
    const char *(*error)(void); /* NULL, or the first thing to go wrong */

    /* c[m,n] = op(a) op(b) + beta c; op transposes when ta or tb is set:
     * a is [m,k] or [k,m], b is [k,n] or [n,k]; ld* are row lengths. */
    void (*gemm)(int ta, int tb, int m, int n, int k, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc);

    /* y = (x - mean) * rstd * gamma + beta for each row, with the biased
     * variance and eps 1e-5 (Ba et al. 2016). mean and rstd are [n]. */
    void (*norm)(float *y, float *mean, float *rstd, const float *x,
                 const float *gamma, const float *beta, int n, int d);
    /* dx += ..., dgamma += ..., dbeta += ... */
    void (*norm_back)(float *dx, float *dgamma, float *dbeta, const float *dy,
                      const float *x, const float *mean, const float *rstd,
                      const float *gamma, int n, int d);

    /* s[n,h] from z[n, inputs*h]; dz from ds and z. */
    void (*act)(float *s, const float *z, enum kern_act a, int n, int h);
    void (*act_back)(float *dz, const float *ds, const float *z,
                     enum kern_act a, int n, int h);

    /* Position i has the hints at[i] .. at[i + 1] - 1. gate[n,s] comes in as
     * any number z and leaves as 2 / (1 + e^-z); for each hint, logits[i, its
     * symbol] += weight[its weight] * gate[i, its source]. */
    void (*hint)(float *logits, float *gate, const struct kern_hint *hint,
                 const uint32_t *at, const float *weight, int n, int v, int s);
    /* dweight += ..., for i in order; dgate is by z. */
    void (*hint_back)(float *dweight, float *dgate, const float *dlogits,
                      const float *gate, const struct kern_hint *hint,
                      const uint32_t *at, const float *weight, int n, int v,
                      int s);

    /* Softmax cross-entropy. logits[n,v] become scale * (softmax - onehot);
     * nats[n] are the losses, right[n] is 1 where the target has the largest
     * logit (of equals the last counts). */
    void (*xent)(float *logits, float *nats, unsigned char *right,
                 const uint8_t *target, float scale, int n, int v);

    void (*bias)(float *x, const float *b, int n, int d);        /* x += b */
    void (*bias_back)(float *db, const float *dx, int n, int d); /* db += */

    /* Rows of a table: x[i] = table[byte[i]], and back: dtable[byte[i]] +=
     * dx[i] for i in order; to[i*ld ..] = table[row[i]] of width d. */
    void (*embed)(float *x, const float *table, const uint8_t *byte, int n,
                  int d);
    void (*embed_back)(float *dtable, const float *dx, const uint8_t *byte,
                       int n, int d);
    void (*gather)(float *to, int ld, const float *table, const uint32_t *row,
                   int n, int d);

    /* Count a symbol in a record such as tally reads: it comes first, with one
     * more than before, in place of the last when there are seven others. A
     * count of 255 halves all. */
    void (*count)(void *record, uint8_t symbol);

    /*
     * The hints of n records, each of them a source: 16 bytes, of which the
     * last fourteen are symbols[7] and counts[7], where the first 0 ends the
     * list. A hint's weight is weight[its source] plus its kind: (step of its
     * count * KERN_STEPS + step of all others' counts) * 2, plus 1 when it is
     * the record's first. row[source * ld] is the likeliest symbol and how
     * clear it is, 0 where there is none. Returns how many hints; it writes
     * over one more. All of it is host memory: devices do without.
     */
    uint32_t (*tally)(struct kern_hint *hint, uint32_t *row, size_t ld,
                      const void *record, const int *weight, int n);

    /* Host sums of what xent left: of nats, and of right. */
    void (*total)(double *nats_sum, size_t *right_sum, const float *nats,
                  const unsigned char *right, int n);
    double (*sumsq)(const float *x, size_t n);
    void (*add)(float *y, const float *x, size_t n); /* y += x */
    /* y = a x + b z; y may be x or z. */
    void (*mix)(float *y, float a, const float *x, float b, const float *z,
                size_t n);
    /* m = beta m + scale g; w -= lr m. */
    void (*sgd)(float *w, const float *g, float *m, size_t n, float lr,
                float beta, float scale);
    void (*adamw)(float *w, const float *g, float *m, float *v, size_t n,
                  const struct kern_adamw *o);

    /* Row-wise Adagrad on one feature's table of width d (Duchi et al. 2011
     * with one accumulator a row): for i in order, r = row[i], g = dy + i*ld,
     * acc[r] += |g|^2 / d; table[r] -= lr g / sqrt(acc[r] + eps). */
    void (*sparse)(float *table, float *acc, const uint32_t *row,
                   const float *dy, int ld, float lr, float eps, int n, int d);

    /* Mark rows as of the past, x = -|x|, and clear those that are met again:
     * where acc[row[i]] < 0, it and the row of the table become 0. */
    void (*expire)(float *acc, size_t n);
    void (*forget)(float *table, float *acc, const uint32_t *row, int n, int d);
};

extern const struct kern kern_ref;
extern struct kern kern_cpu; /* its start fills it in; never write to it */

/* kern_cpu with products of bfloat16 factors, summed in float: twice as fast;
 * an entry of the result has a relative error near 2^-9. NULL where the
 * processor has no instruction for it. */
const struct kern *kern_low(void);

/* Model memory of the implementations that run on the host: host.c. */
void *kern_host_alloc(size_t bytes);
void kern_host_free(void *p);
void kern_host_copy(void *to, const void *from, size_t bytes);
void kern_host_zero(void *to, size_t bytes);
const char *kern_host_error(void);
#define KERN_HOST_MEMORY                                                       \
    .host = 1, .side = 384, .alloc = kern_host_alloc, .free = kern_host_free,  \
    .put = kern_host_copy, .get = kern_host_copy, .copy = kern_host_copy,      \
    .zero = kern_host_zero, .error = kern_host_error

#endif
