/*
 * tally.c - hints from counts of symbols.
 *
 * In plain C, and for AVX2, where a record's seven hints are made at once.
 */
#include <string.h>

#include "levels.h"

enum { SYMBOLS = 7, CLEAR = 7 };

/* Steps of a count: exact while small, then about 1.7 times apart, with edges
 * at 7, 10, 16, 29, 61 and 121. */
static int
step(int n)
{
    return n < 6     ? n
           : n < 7   ? 5
           : n < 10  ? 6
           : n < 16  ? 7
           : n < 29  ? 8
           : n < 61  ? 9
           : n < 121 ? 10
                     : 11;
}

static const uint8_t doubt[KERN_STEPS] = { 0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3 };

static uint32_t
row_of(uint8_t symbol, int most, int others)
{
    return (symbol * 8u + (uint32_t)(most < CLEAR ? most : CLEAR)) * 4 +
           doubt[others];
}

uint32_t
tally_plain(struct kern_hint *hint, uint32_t *row, size_t ld,
            const void *record, const int *weight, int n)
{
    const uint8_t *symbol = (const uint8_t *)record + 2;
    const struct kern_hint *first = hint;

    for (int s = 0; s < n; s++, symbol += 16, row += ld) {
        const uint8_t *count = symbol + SYMBOLS;
        int total = 0, best = 0, i;
        for (i = 0; i < SYMBOLS && count[i]; i++) {
            total += count[i];
            best = count[i] > count[best] ? i : best;
        }
        for (int k = 0; k < i; k++)
            *hint++ = (struct kern_hint){
                .weight = (uint16_t)(weight[s] +
                                     (step(count[k]) * KERN_STEPS +
                                      step(total - count[k])) *
                                         2 +
                                     (k == 0)),
                .symbol = symbol[k],
                .source = (uint8_t)s,
            };
        *row = i ? row_of(symbol[best], step(count[best]),
                          step(total - count[best]))
                 : 0;
    }
    return (uint32_t)(hint - first);
}

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* Counts below 16 by a table, the edges above by comparing. */
AVX2 static inline __m128i
steps(__m128i n)
{
    const __m128i low =
        _mm_setr_epi8(0, 1, 2, 3, 4, 5, 5, 6, 6, 6, 7, 7, 7, 7, 7, 7);
    const __m128i step =
        _mm_shuffle_epi8(low, _mm_min_epu8(n, _mm_set1_epi8(15)));
    const __m128i high = _mm_min_epu8(n, _mm_set1_epi8(127));
    const __m128i a = _mm_cmpgt_epi8(high, _mm_set1_epi8(15));
    const __m128i b = _mm_cmpgt_epi8(high, _mm_set1_epi8(28));
    const __m128i c = _mm_cmpgt_epi8(high, _mm_set1_epi8(60));
    const __m128i d = _mm_cmpgt_epi8(high, _mm_set1_epi8(120));

    return _mm_sub_epi8(step,
                        _mm_add_epi8(_mm_add_epi8(a, b), _mm_add_epi8(c, d)));
}

AVX2 uint32_t
tally_avx2(struct kern_hint *hint, uint32_t *row, size_t ld, const void *record,
           const int *weight, int n)
{
    const struct kern_hint *start = hint;
    const uint8_t *at = record;
    const __m128i zero = _mm_setzero_si128();
    const __m128i first = _mm_setr_epi16(1, 0, 0, 0, 0, 0, 0, 0);
    const __m128i place = _mm_set1_epi16(2 * KERN_STEPS | 2 << 8);

    for (int s = 0; s < n; s++, at += 16, row += ld) {
        __m128i all = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i bytes = _mm_srli_si128(all, 9), own = _mm_cvtepu8_epi16(bytes);
        __m128i total = _mm_broadcastw_epi16(_mm_sad_epu8(bytes, zero));
        __m128i step = steps(_mm_packus_epi16(own, _mm_sub_epi16(total, own)));
        __m128i kind = _mm_maddubs_epi16(
            _mm_unpacklo_epi8(step, _mm_srli_si128(step, 8)), place);
        __m128i number = _mm_add_epi16(_mm_add_epi16(kind, first),
                                       _mm_set1_epi16((short)weight[s]));
        __m128i name = _mm_or_si128(_mm_cvtepu8_epi16(_mm_srli_si128(all, 2)),
                                    _mm_set1_epi16((short)(s << 8)));
        /* the smallest of what is missing to 255, and the first such place */
        __m128i most =
            _mm_minpos_epu16(_mm_sub_epi16(_mm_set1_epi16(255), own));
        unsigned best = (unsigned)_mm_extract_epi16(most, 1);
        unsigned none =
            (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, zero));
        uint8_t of[16];

        _mm_storeu_si128((__m128i *)(void *)of, step);
        _mm_storeu_si128((__m128i *)(void *)hint,
                         _mm_unpacklo_epi16(number, name));
        _mm_storeu_si128((__m128i *)(void *)(hint + 4),
                         _mm_unpackhi_epi16(number, name));
        hint += __builtin_ctz(none);
        *row = none & 1 ? 0 : row_of(at[2 + best], of[best], of[8 + best]);
    }
    return (uint32_t)(hint - start);
}
#endif
