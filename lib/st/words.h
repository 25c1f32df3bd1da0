/*
 * words.h - texts as sets of lines or of words, and how alike two sets are.
 *
 * A line counts exactly as it is written, case and blanks included; only lines
 * of nothing but white space do not count, and white space around the whole
 * text is no part of its first and last line. A word is what white space
 * surrounds. White space is Unicode's (U+0085, U+00A0, U+3000, ...) with the
 * separators 0x1c to 0x1f, as other programs on the same texts have it; bytes
 * that are not UTF-8 are not white space.
 */
#ifndef LU_WORDS_H
#define LU_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum words_method {
    WORDS_LINES, /* lines, Jaccard: common / (a + b - common) */
    WORDS_MULTI, /* words, the larger of Jaccard and common / row */
    WORDS_METHODS
};

struct word {
    const char *s; /* in the text that was given */
    size_t len;
    uint64_t hash; /* words_hash of it */
};

/* A set; a zeroed struct is an empty one. It keeps its memory from one text to
 * the next, and points into the text. */
struct words {
    struct word *word; /* n members, in the order of the text */
    size_t n;
    size_t cap; /* private from here on */
    struct words_slot *slot;
    size_t slots;
    uint32_t age;
};

/* Replace *s by the lines or words of text. 0, or -1: out of memory. */
int words_set(struct words *s, enum words_method m, const char *text,
              size_t len);
void words_free(struct words *s);

/* 1 when w is a member. */
int words_have(const struct words *s, const struct word *w);

/* How many members two sets have in common. */
size_t words_common(const struct words *a, const struct words *b);

/* How alike a query and a row are that have so many members each, and so many
 * in common: 0 to 1, and 0 where neither has any. */
double words_score(enum words_method m, size_t common, size_t query,
                   size_t row);

/* A hash of bytes, the same on every machine of the same byte order. Good for
 * tables and for finding damage, not against a forger. */
uint64_t words_hash(uint64_t seed, const void *data, size_t len);

#endif
