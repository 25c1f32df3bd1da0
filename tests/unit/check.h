/*
 * check.h - a unit test is a program that prints one "ok" or "not ok" line
 * for each promise and exits 1 when one of them is broken.
 */
#ifndef LU_CHECK_H
#define LU_CHECK_H

#include <math.h>
#include <stdio.h>

static int check_bad, check_all_bad;

#define CHECK(cond)                                                            \
    do {                                                                       \
        if (!(cond)) {                                                         \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond);                \
            check_bad = 1;                                                     \
        }                                                                      \
    } while (0)

/* |got - want| <= rtol * |want| + atol; a NaN is never near. */
#define CHECK_NEAR(got, want, rtol, atol)                                      \
    do {                                                                       \
        double got_ = (got), want_ = (want);                                   \
        if (!(fabs(got_ - want_) <= (rtol)*fabs(want_) + (atol))) {            \
            printf("# %s:%d: %s is %.9g, not %.9g\n", __FILE__, __LINE__,      \
                   #got, got_, want_);                                         \
            check_bad = 1;                                                     \
        }                                                                      \
    } while (0)

/* Close a group of checks under the promise they make. */
static inline void
promise(const char *what)
{
    printf("%s %s\n", check_bad ? "not ok" : "ok", what);
    fflush(stdout); /* a later crash or fork must not lose or repeat it */
    check_all_bad |= check_bad;
    check_bad = 0;
}

static inline int
check_done(void)
{
    return check_all_bad;
}

#endif
