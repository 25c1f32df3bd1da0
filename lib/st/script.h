/*
 * script.h - which elements of two sequences of numbers differ.
 *
 * Myers' O(ND) comparison in linear space (E. W. Myers, "An O(ND) difference
 * algorithm and its variations", 1986): the number of differing elements is
 * the least possible, as long as it is below SCRIPT_EXACT for each part that
 * is compared. Beyond it the part is cut at the most advanced place that was
 * reached, so that the time stays within SCRIPT_EXACT times the length.
 */
#ifndef LU_SCRIPT_H
#define LU_SCRIPT_H

enum { SCRIPT_EXACT = 4096 };

/* One sequence, and which of its elements the other lacks. Where one of
 * several equal neighbours may be meant, it is the last, unless an earlier one
 * stands beside a difference on the other side: as diff(1) has it. */
struct seq {
    const int *id;
    int n;
    unsigned char *differs; /* n + 2 bytes; differs[-1] and [n] must be
                               there too, and are 0 */
};

/* Numbers are 0 to ids - 1; exact is SCRIPT_EXACT, less in tests. 0, or -1
 * when memory runs out. */
int script_find(struct seq *a, struct seq *b, int ids, int exact);

#endif
