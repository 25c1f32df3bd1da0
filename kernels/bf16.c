/*
 * bf16.c - matrix products of numbers rounded to bfloat16, summed in float.
 *
 * Both operands are cut into panels of 16 rows of the result's side: for each
 * pair of steps along k, 16 words that hold two rounded numbers each, which is
 * what vdpbf16ps multiplies. Short panels and an odd k are padded with zeros.
 * Panels live in one buffer a thread, so that nothing is allocated.
 */
#include "levels.h"

#ifdef __x86_64__
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(                                                  \
    __attribute__((target("avx512f,avx512bw,avx512bf16"))),                    \
    apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512bf16,prefer-vector-width=512")
#endif

enum {
    PANEL = 16,
    ROWS = 8,     /* rows of a tile: with 3 panels across, 24 sums */
    BLOCK_K = 320 /* along k, and at most so many of each side at a time: */
};
enum { BLOCK_M = 512, BLOCK_N = 512 };

static _Thread_local _Alignas(64) uint32_t pack_a[BLOCK_M * BLOCK_K / 2];
static _Thread_local _Alignas(64) uint32_t pack_b[BLOCK_N * BLOCK_K / 2];

/* A mask of the first n of 16 lanes. */
static inline __mmask16
first(int n)
{
    return n <= 0 ? 0 : n < 16 ? (__mmask16)((1u << n) - 1) : 0xffff;
}

/* Words of two numbers: low from x, high from y. */
static inline __m512i
pair(__m512 x, __m512 y)
{
    const __m512i order = _mm512_set_epi16(
        31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22,
        6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);

    return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(y, x));
}

/* Panels of sides that lie along rows of x: pairs of rows are interleaved. */
static void
pack_along(uint32_t *to, const float *x, int ld, int n, int k)
{
    enum { TOGETHER = 4 }; /* panels: what one row has in four lines */
    size_t panel = (size_t)PANEL * (size_t)((k + 1) / 2);

    for (int i = 0; i < n; i += TOGETHER * PANEL, to += TOGETHER * panel) {
        __mmask16 in[TOGETHER];
        for (int j = 0; j < TOGETHER; j++)
            in[j] = first(n - i - j * PANEL);
        for (int l = 0; l < k; l += 2) {
            const float *low = x + (size_t)l * ld + i;
            const float *high = low + ld;
            for (int j = 0; j < TOGETHER && in[j]; j++) {
                __m512 v = _mm512_maskz_loadu_ps(in[j], low + j * PANEL);
                __m512 w = _mm512_setzero_ps();
                if (l + 1 < k)
                    w = _mm512_maskz_loadu_ps(in[j], high + j * PANEL);
                _mm512_store_si512(to + (size_t)j * panel + l / 2 * PANEL,
                                   pair(v, w));
            }
        }
    }
}

/* 32 numbers in a row, of which the first n are there. */
static inline __m512i
row_of(const float *x, int n)
{
    return (__m512i)_mm512_cvtne2ps_pbh(
        _mm512_maskz_loadu_ps(first(n - 16), x + 16),
        _mm512_maskz_loadu_ps(first(n), x));
}

/* Transpose 16 by 16 words. */
static inline void
transpose(__m512i r[16])
{
    __m512i t[16];

    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; j++) {
            r[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + j + 2]);
            r[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + j + 2]);
        }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 2; j++) {
            t[i + 8 * j] =
                _mm512_shuffle_i32x4(r[i + 8 * j], r[i + 8 * j + 4], 0x88);
            t[i + 8 * j + 4] =
                _mm512_shuffle_i32x4(r[i + 8 * j], r[i + 8 * j + 4], 0xdd);
        }
    for (int i = 0; i < 8; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    }
}

/* Panels of sides that are rows of x, which run along k. */
static void
pack_across(uint32_t *to, const float *x, int ld, int n, int k)
{
    for (int i = 0; i < n; i += PANEL, x += (size_t)PANEL * ld)
        for (int l = 0; l < k; l += 2 * PANEL) {
            __m512i r[PANEL];
            for (int j = 0; j < PANEL; j++) {
                r[j] = _mm512_setzero_si512();
                if (i + j < n)
                    r[j] = row_of(x + (size_t)j * ld + l, k - l);
            }
            transpose(r);
            for (int j = 0; j < PANEL && 2 * j < k - l; j++, to += PANEL)
                _mm512_store_si512(to, r[j]);
        }
}

/* A tile of ROWS by `wide` panels of b, of which m rows and n columns are in
 * c; a and b are panels, `pairs` long. */
static inline __attribute__((always_inline)) void
tile(int wide, const uint32_t *a, const uint32_t *b, int pairs, float beta,
     float *c, int ldc, int m, int n)
{
    __m512 sum[ROWS][3];
    size_t panel = (size_t)PANEL * (size_t)pairs;

#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 3
        for (int j = 0; j < wide; j++)
            sum[i][j] = _mm512_setzero_ps();
    for (int l = 0; l < pairs; l++, a += PANEL, b += PANEL) {
        __m512bh v[3];
#pragma GCC unroll 3
        for (int j = 0; j < wide; j++)
            v[j] = (__m512bh)_mm512_load_si512(b + (size_t)j * panel);
#pragma GCC unroll 8
        for (int i = 0; i < ROWS; i++) {
            __m512bh u = (__m512bh)_mm512_set1_epi32((int)a[i]);
#pragma GCC unroll 3
            for (int j = 0; j < wide; j++)
                sum[i][j] = _mm512_dpbf16_ps(sum[i][j], u, v[j]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 3
        for (int j = 0; j < wide; j++) {
            __mmask16 in = first(n - j * PANEL);
            float *to = c + (size_t)i * ldc + j * PANEL;
            if (i >= m)
                continue;
            if (beta != 0)
                sum[i][j] =
                    _mm512_fmadd_ps(_mm512_set1_ps(beta),
                                    _mm512_maskz_loadu_ps(in, to), sum[i][j]);
            _mm512_mask_storeu_ps(to, in, sum[i][j]);
        }
}

/* All tiles of m by n. A strip of b as wide as a tile stays in the first cache
 * while a goes by. */
static void
tiles(const uint32_t *a, const uint32_t *b, int m, int n, int pairs, float beta,
      float *c, int ldc)
{
    size_t panel = (size_t)PANEL * (size_t)pairs;

    for (int j = 0, wide; j < n; j += wide * PANEL) {
        int left = (n - j + PANEL - 1) / PANEL;
        const uint32_t *pb = b + (size_t)(j / PANEL) * panel;
        wide = left == 4 || left == 2 ? 2 : left < 3 ? left : 3;
        for (int i = 0; i < m; i += ROWS) {
            const uint32_t *pa = a + (size_t)(i / PANEL) * panel + i % PANEL;
            float *to = c + (size_t)i * ldc + j;
            if (wide == 3)
                tile(3, pa, pb, pairs, beta, to, ldc, m - i, n - j);
            else if (wide == 2)
                tile(2, pa, pb, pairs, beta, to, ldc, m - i, n - j);
            else
                tile(1, pa, pb, pairs, beta, to, ldc, m - i, n - j);
        }
    }
}

static int
least(int a, int b)
{
    return a < b ? a : b;
}

/* n sides of op(x) from side i on, k long from l on. */
static void
pack(uint32_t *to, const float *x, int ld, int across, int i, int n, int l,
     int k)
{
    if (across)
        pack_across(to, x + (size_t)i * ld + l, ld, n, k);
    else
        pack_along(to, x + (size_t)l * ld + i, ld, n, k);
}

void
gemm_bf16(int ta, int tb, int m, int n, int k, const float *a, int lda,
          const float *b, int ldb, float beta, float *c, int ldc)
{
    int blocks = (k + BLOCK_K - 1) / BLOCK_K;
    int most = blocks ? (k + blocks - 1) / blocks : 1; /* no short rest */

    for (int l = 0; l < k; l += most, beta = 1) {
        int kb = least(k - l, most);
        for (int j = 0; j < n; j += BLOCK_N) {
            int nb = least(n - j, BLOCK_N);
            pack(pack_b, b, ldb, tb, j, nb, l, kb);
            for (int i = 0; i < m; i += BLOCK_M) {
                int mb = least(m - i, BLOCK_M);
                pack(pack_a, a, lda, !ta, i, mb, l, kb);
                tiles(pack_a, pack_b, mb, nb, (kb + 1) / 2, beta,
                      c + (size_t)i * ldc + j, ldc);
            }
        }
    }
}

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
