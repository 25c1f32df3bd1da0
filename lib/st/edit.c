#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "st/edit.h"

/* One code point at s, or -1. */
static long
code_point(const unsigned char *s, size_t len, size_t *used)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = *s < 0x80 ? 1 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? *s : *s & (0x7fu >> n);

    if ((*s >= 0x80 && *s < 0xc2) || *s > 0xf4 || n > len)
        return -1;
    for (size_t k = 1; k < n; k++) {
        if (s[k] >> 6 != 2)
            return -1;
        c = c << 6 | (s[k] & 0x3f);
    }
    *used = n;
    return c < least[n] || c > 0x10ffff || c >> 11 == 0x1b ? -1 : (long)c;
}

/* Decode into to[len]; how many there are, or -1 when it is not UTF-8. */
static long
decode(const char *s, size_t len, uint32_t *to)
{
    long n = 0;

    for (size_t k = 0, used; k < len; k += used) {
        long c = code_point((const unsigned char *)s + k, len - k, &used);
        if (c < 0)
            return -1;
        to[n++] = (uint32_t)c;
    }
    return n;
}

static size_t
bytes(const char *s, size_t len, uint32_t *to)
{
    for (size_t k = 0; k < len; k++)
        to[k] = (unsigned char)s[k];
    return len;
}

/* The different characters of a block of 64: a small open hash table. */
enum { SLOTS = 256 };
struct block {
    uint32_t c[SLOTS];
    uint64_t where[SLOTS]; /* bit k: the block's character k is c; 0: free */
};

static size_t
slot(const struct block *b, uint32_t c)
{
    size_t k = (c * 0x9e3779b1u) >> 24;

    while (b->where[k] && b->c[k] != c)
        k = (k + 1) % SLOTS;
    return k;
}

/*
 * One stripe of the table of distances: 64 rows, or n at its end. Bits of `up`
 * and `down` say where a row's value is one more or one less than that of the
 * row above; across[j] is the same for the stripe's last row against the
 * column to its left, and comes in for the row above the stripe. Returns what
 * the last row changed by over all columns.
 */
static long
stripe(const uint32_t *a, size_t n, const uint32_t *b, size_t blen,
       signed char *across)
{
    struct block in = { { 0 }, { 0 } };
    uint64_t up = ~(uint64_t)0, down = 0, last = (uint64_t)1 << (n - 1);
    long change = 0;

    for (size_t k = 0; k < n; k++) {
        size_t s = slot(&in, a[k]);
        in.c[s] = a[k];
        in.where[s] |= (uint64_t)1 << k;
    }
    for (size_t j = 0; j < blen; j++) {
        uint64_t same = in.where[slot(&in, b[j])];
        uint64_t from_above = same | down, diagonal, more, less;
        same |= across[j] < 0;
        diagonal = (((same & up) + up) ^ up) | same;
        more = down | ~(diagonal | up);
        less = up & diagonal;
        signed char here = (signed char)(!!(more & last) - !!(less & last));
        more = more << 1 | (across[j] > 0);
        less = less << 1 | (across[j] < 0);
        up = less | ~(from_above | more);
        down = more & from_above;
        across[j] = here;
        change += here;
    }
    return change;
}

static int
distance_of(const uint32_t *a, size_t alen, const uint32_t *b, size_t blen,
            size_t *distance)
{
    signed char *across;
    long change = 0;

    while (alen && blen && *a == *b)
        a++, b++, alen--, blen--;
    while (alen && blen && a[alen - 1] == b[blen - 1])
        alen--, blen--;
    *distance = alen + blen;
    if (!alen || !blen)
        return 0;
    if (!(across = malloc(blen)))
        return -1;
    memset(across, 1, blen); /* the row above all: 0, 1, 2, ... */
    for (size_t k = 0; k < alen; k += 64)
        change = stripe(a + k, alen - k < 64 ? alen - k : 64, b, blen, across);
    *distance = (size_t)((long)alen + change);
    free(across);
    return 0;
}

int
edit_distance(const char *a, size_t alen, const char *b, size_t blen,
              size_t *distance, size_t *longer)
{
    uint32_t *x = malloc((alen + blen + 1) * sizeof *x), *y;
    long n, m = -1;
    int bad;

    if (!x)
        return -1;
    y = x + alen;
    if ((n = decode(a, alen, x)) < 0 || (m = decode(b, blen, y)) < 0) {
        n = (long)bytes(a, alen, x);
        m = (long)bytes(b, blen, y);
    }
    *longer = (size_t)(n > m ? n : m);
    bad = distance_of(x, (size_t)n, y, (size_t)m, distance);
    free(x);
    return bad;
}

double
edit_ratio(const char *a, size_t alen, const char *b, size_t blen)
{
    size_t distance, longer;

    if (edit_distance(a, alen, b, blen, &distance, &longer) < 0)
        return NAN;
    return longer ? (double)distance / (double)longer : 0;
}

double
edit_bf16(double x)
{
    float f = (float)x;
    uint32_t bits;

    if (!isfinite(f))
        return x;
    memcpy(&bits, &f, sizeof bits);
    bits += 0x7fff + (bits >> 16 & 1);
    bits &= 0xffff0000u;
    memcpy(&f, &bits, sizeof f);
    return (double)f;
}
