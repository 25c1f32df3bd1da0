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

/* A record in registers: one byte for each symbol and each count, the first in
 * the lowest byte, and nothing in the highest. */
struct lists {
    uint64_t symbols, counts;
};

static const uint64_t seven = 0x00ffffffffffffff;

static inline struct lists
load(const void *t)
{
    uint64_t w[2];

    memcpy(w, t, sizeof w);
    return (struct lists){ (w[0] >> 16 | w[1] << 48) & seven, w[1] >> 8 };
}

/* In one piece: a processor that has to put a record together from two recent
 * stores waits for both to reach the cache. */
static inline void
store(void *t, struct lists l)
{
    uint16_t tag;
    typedef uint64_t pair __attribute__((vector_size(16)));
    memcpy(&tag, t, sizeof tag);
    pair w = { l.symbols << 16 | tag, l.counts << 8 | l.symbols >> 48 };

    memcpy(t, &w, sizeof w);
}

/* 0x80 in each byte that is 0. */
static inline uint64_t
zeros(uint64_t x)
{
    const uint64_t low = 0x7f7f7f7f7f7f7f7f;

    return ~(((x & low) + low) | x | low);
}

/* Put x before the first i bits of a list; what was there, or last, goes. */
static inline uint64_t
to_front(uint64_t list, int i, uint64_t x)
{
    uint64_t before = ((uint64_t)1 << i) - 1;

    return (list & ~(before << 8 | 0xff)) | (list & before) << 8 | x;
}

void
count_plain(void *t, uint8_t symbol)
{
    struct lists l = load(t);
    uint64_t same = zeros(l.symbols ^ symbol * 0x0101010101010101u);
    uint64_t end = zeros(l.counts) | (uint64_t)0x80 << 48;
    int i = __builtin_ctzll(same | end) & ~7;
    uint64_t n = same >> i & 0x80 ? l.counts >> i & 0xff : 0;

    if (n == 255) { /* halve all, and round up */
        l.counts = (l.counts >> 1 & 0x7f7f7f7f7f7f7f7f) +
                   (l.counts & 0x0101010101010101);
        n = 127;
    }
    l.symbols = to_front(l.symbols, i, symbol);
    l.counts = to_front(l.counts, i, n + 1);
    store(t, l);
}

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* The bytes of a record behind its tag, those before the one at i a place
 * further, and 0 at the front, of symbols as of counts. */
#define TO_FRONT(a, b, c, d, e, f)                                             \
    {                                                                          \
        0, 1, -1, a, b, c, d, e, f, -1, (a) + 7, (b) + 7, (c) + 7, (d) + 7,    \
            (e) + 7, (f) + 7                                                   \
    }
static const int8_t order[SYMBOLS][16] = {
    TO_FRONT(3, 4, 5, 6, 7, 8), TO_FRONT(2, 4, 5, 6, 7, 8),
    TO_FRONT(2, 3, 5, 6, 7, 8), TO_FRONT(2, 3, 4, 6, 7, 8),
    TO_FRONT(2, 3, 4, 5, 7, 8), TO_FRONT(2, 3, 4, 5, 6, 8),
    TO_FRONT(2, 3, 4, 5, 6, 7),
};

AVX2 void
count_avx2(void *record, uint8_t symbol)
{
    uint8_t *at = record;
    __m128i all = _mm_loadu_si128((const __m128i *)record);
    unsigned same = (unsigned)_mm_movemask_epi8(
        _mm_cmpeq_epi8(all, _mm_set1_epi8((char)symbol)));
    unsigned none =
        (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_setzero_si128()));
    int i = __builtin_ctz(same >> 2 | none >> 9 | 1u << (SYMBOLS - 1));
    unsigned n = same >> (2 + i) & 1 ? at[9 + i] : 0;

    if (n == 255) {
        count_plain(record, symbol);
        return;
    }
    all = _mm_shuffle_epi8(
        all, _mm_loadu_si128((const __m128i *)(const void *)order[i]));
    all = _mm_insert_epi8(all, symbol, 2);
    all = _mm_insert_epi8(all, (int)n + 1, 9);
    _mm_storeu_si128((__m128i *)record, all);
}

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
