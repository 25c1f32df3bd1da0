/*
 * kernels.h - the list of kernels.def: numbers, names, and a way to write
 * something for each argument of each of them.
 */
#ifndef LU_KERNELS_H
#define LU_KERNELS_H

/* EACH(X, T0, T1, ...) is X(0, T0), X(1, T1), ... for up to 14 types. */
#define EACH_1(X, a)                   X(0, a)
#define EACH_2(X, a, b)                EACH_1(X, a), X(1, b)
#define EACH_3(X, a, b, c)             EACH_2(X, a, b), X(2, c)
#define EACH_4(X, a, b, c, d)          EACH_3(X, a, b, c), X(3, d)
#define EACH_5(X, a, b, c, d, e)       EACH_4(X, a, b, c, d), X(4, e)
#define EACH_6(X, a, b, c, d, e, f)    EACH_5(X, a, b, c, d, e), X(5, f)
#define EACH_7(X, a, b, c, d, e, f, g) EACH_6(X, a, b, c, d, e, f), X(6, g)
#define EACH_8(X, a, b, c, d, e, f, g, h)                                      \
    EACH_7(X, a, b, c, d, e, f, g), X(7, h)
#define EACH_9(X, a, b, c, d, e, f, g, h, i)                                   \
    EACH_8(X, a, b, c, d, e, f, g, h), X(8, i)
#define EACH_10(X, a, b, c, d, e, f, g, h, i, j)                               \
    EACH_9(X, a, b, c, d, e, f, g, h, i), X(9, j)
#define EACH_11(X, a, b, c, d, e, f, g, h, i, j, k)                            \
    EACH_10(X, a, b, c, d, e, f, g, h, i, j), X(10, k)
#define EACH_12(X, a, b, c, d, e, f, g, h, i, j, k, l)                         \
    EACH_11(X, a, b, c, d, e, f, g, h, i, j, k), X(11, l)
#define EACH_13(X, a, b, c, d, e, f, g, h, i, j, k, l, m)                      \
    EACH_12(X, a, b, c, d, e, f, g, h, i, j, k, l), X(12, m)
#define EACH_14(X, a, b, c, d, e, f, g, h, i, j, k, l, m, n)                   \
    EACH_13(X, a, b, c, d, e, f, g, h, i, j, k, l, m), X(13, n)
#define EACH_PICK(a, b, c, d, e, f, g, h, i, j, k, l, m, n, name, ...) name
#define EACH(X, ...)                                                           \
    EACH_PICK(__VA_ARGS__, EACH_14, EACH_13, EACH_12, EACH_11, EACH_10,        \
              EACH_9, EACH_8, EACH_7, EACH_6, EACH_5, EACH_4, EACH_3, EACH_2,  \
              EACH_1, 0)                                                       \
    (X, __VA_ARGS__)

#define KERNEL(name, ...) N_##name,
enum kernel {
#include "kernels.def"
    KERNELS
};
#undef KERNEL

/* What a device's compiler reads: ffn.hip, and the gpu.h that it includes. */
extern const char kernels_source[], kernels_dialect[];

#endif
