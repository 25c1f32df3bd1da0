/* A training step takes no memory: everything is there before the first. */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "num/train.h"

/* The sanitizer has its own malloc; other systems may not have __libc_*. */
#if defined __GLIBC__ && !defined __SANITIZE_ADDRESS__
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
static _Atomic long calls;

/* OpenBLAS's products do allocate with its kernels for some processors. */
static void
note(const void *caller)
{
    Dl_info from;

    if (!dladdr(caller, &from) || !strstr(from.dli_fname, "openblas"))
        calls++;
}

void *
malloc(size_t n)
{
    note(__builtin_return_address(0));
    return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
    note(__builtin_return_address(0));
    return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
    note(__builtin_return_address(0));
    return __libc_realloc(p, n);
}

enum { N = 4000 };
static uint8_t text[N + 1];
static const struct ffn_config shape = {
    .context = 256,
    .layers = 1,
    .model = 32,
    .hidden = 48,
    .read = { .embed = 7u << 1 | 1u << CONTEXT_WORD,
              .counts = 3u << 2 | 1u << CONTEXT_WORDS,
              .recent = 15u << 0 | 1u << CONTEXT_LINE,
              .repeats = 1u << 1 | 1u << 3,
              .matches = 1u << 5,
              .bits = 12,
              .counts_bits = 9 },
    .width = 8,
};

/* Calls during five steps, after one that may set things up. */
static long
calls_of(int opt, enum ffn_precision precision)
{
    struct train_config rule = { .opt = opt,
                                 .lr = 1e-3,
                                 .table_lr = 0.1,
                                 .beta1 = 0.9,
                                 .beta2 = 0.99,
                                 .eps = 1e-8,
                                 .clip = 1,
                                 .batch = 96 };
    struct team *team;
    struct ffn f;
    struct bytes data;
    struct train t;
    struct why w;
    long before, after;

    CHECK(ffn_open(&f, &shape, &w) == 0);
    CHECK(ffn_products(&f, precision, &w) == 0);
    ffn_init(&f, 1);
    CHECK(bytes_open(&data, text, N, 256, 32, 3, 0, 1, &w) == 0);
    CHECK((team = team_open(2, &w)) != NULL);
    CHECK(train_open(&t, &f, &data, team, &rule, &w) == 0);
    CHECK(train_step(&t, 1, &w) == 0);
    before = calls;
    for (int i = 0; i < 5; i++)
        CHECK(train_step(&t, 1, &w) == 0);
    after = calls;
    train_close(&t);
    team_close(team);
    bytes_close(&data);
    ffn_close(&f);
    return after - before;
}

static void
test_steps(void)
{
    for (int i = 0; i < N; i++)
        text[i] = (uint8_t)("the quick brown fox "[i * 7 % 20] + i / 1000);
    free(malloc(1));
    CHECK(calls > 0); /* they are counted */
    for (int opt = TRAIN_ADAMW; opt <= TRAIN_SGD; opt++)
        for (int p = FFN_AUTO; p <= FFN_FP32; p++)
            CHECK(calls_of(opt, (enum ffn_precision)p) == 0);
    promise("train: a step allocates nothing, whatever the rule");
}
#else
static void
test_steps(void)
{
    promise("train: a step allocates nothing # SKIP calls are not counted");
}
#endif

int
main(void)
{
    test_steps();
    return check_done();
}
