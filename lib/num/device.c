#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/gpucode.h"
#include "common/gpudriver.h"
#include "emu.h"
#include "kernels.h"
#include "num/device.h"
#include "num/kerngpu.h"

static const struct gpudriver emulator = {
    .kind = "emu",
    .name = "emulator",
    .alloc = emu_alloc,
    .free = emu_free,
    .put = emu_copy,
    .get = emu_copy,
    .copy = emu_copy,
    .fill = emu_fill,
    .sync = emu_synchronize,
    .load = emu_load,
    .find = emu_find,
    .launch = emu_launch,
    .text = emu_error_text,
};

/* The place of word in a |-separated list, or -1. */
static int
choose(const char *list, const char *word)
{
    size_t n = strlen(word);

    for (int i = 0; list; i++) {
        if (strncmp(list, word, n) == 0 && (list[n] == '|' || !list[n]))
            return i;
        list = strchr(list, '|');
        list += list != NULL;
    }
    return -1;
}

/* What variable says, as a place in the list; 0 when it is not set. */
static int
setting(const char *variable, const char *list, struct why *w)
{
    const char *s = getenv(variable);
    int i = s && *s ? choose(list, s) : 0;

    return i < 0 ? why_set(w, "%s: %s is not one of %s", variable, s, list) : i;
}

static int
open_cpu(struct device *d)
{
    *d = (struct device){ .k = &kern_cpu, .kind = "cpu", .gemm = "own" };
#ifdef HAVE_OPENBLAS
    d->gemm = "openblas";
#endif
    snprintf(d->name, sizeof d->name, "cpu");
    return 0;
}

static int
open_emu(struct device *d, struct why *w)
{
    *d = (struct device){ .kind = "emu", .gemm = "own" };
    snprintf(d->name, sizeof d->name, "%s", emulator.name);
    d->k = kerngpu_open(&emulator, "", NULL, w);
    return d->k ? 0 : -1;
}

/* NULL and no reason means: our own products. */
static const struct gpublas *
open_blas(const char *kind, struct why *w)
{
    enum { AUTO, VENDOR, TF32, OWN };
    static struct gpublas blas;
    int how = setting("LU_GEMM", "auto|vendor|tf32|own", w);

    if (how < 0 || how == OWN)
        return NULL;
    if (gpublas_open(&blas, kind, how == TF32, how == AUTO ? NULL : w) == 0)
        return &blas;
    return NULL;
}

static int
open_gpu(struct device *d, const char *kind, struct why *w)
{
    struct gpudriver g;
    struct sbuf code = { 0 };
    struct why no_blas = { "" };
    const struct gpublas *blas;
    struct gpucode c = { .kind = kind,
                         .name = "ffn.hip",
                         .source = kernels_source,
                         .header_name = "gpu.h",
                         .header = kernels_dialect };

    *d = (struct device){ .kind = kind, .gemm = "own" };
    if (gpudriver_open(&g, kind, w) < 0)
        return -1;
    blas = open_blas(kind, &no_blas);
    if (*no_blas.s)
        return why_set(w, "%s: %s", kind, no_blas.s);
    if (blas)
        d->gemm = blas->name;
    snprintf(d->name, sizeof d->name, "%s", g.name);
    c.arch = g.arch;
    c.version = g.version;
    if (gpucode_get(&code, &c, w) == 0)
        d->k = kerngpu_open(&g, code.s, blas, w);
    sbuf_free(&code);
    return d->k ? 0 : -1;
}

static int
open_kind(struct device *d, int kind, struct why *w)
{
    struct why hip, cuda;

    switch (kind) {
    case DEVICE_HIP: return open_gpu(d, "hip", w);
    case DEVICE_CUDA: return open_gpu(d, "cuda", w);
    case DEVICE_EMU: return open_emu(d, w);
    case DEVICE_AUTO:
        if (open_gpu(d, "hip", &hip) == 0 || open_gpu(d, "cuda", &cuda) == 0)
            return 0;
        open_cpu(d);
        why_set(&d->tried, "%.120s; %.120s", hip.s, cuda.s);
        return 0;
    default: return open_cpu(d);
    }
}

int
device_open(struct device *d, int kind, struct why *w)
{
    if (kind < 0 && (kind = setting("LU_DEVICE", DEVICE_KINDS, w)) < 0)
        return -1;
    if (open_kind(d, kind, w) < 0)
        return -1;
    d->k->start();
    snprintf(d->about, sizeof d->about, d->k->host ? "%s" : "%s: %s (%s)",
             d->kind, d->name, d->gemm);
    return 0;
}

int
device_move(const struct device *d, struct ffn *f, long *threads, struct why *w)
{
    if (d->k->host) /* it is there, with the products that it wants */
        return 0;
    *threads = 1;
    return ffn_move(f, d->k, w);
}

size_t
device_peak(const struct device *d)
{
    return d->k->host ? 0 : kerngpu_peak();
}
