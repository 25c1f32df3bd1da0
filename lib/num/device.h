/*
 * device.h - where a model is computed: on the CPU, a GPU, or the emulator.
 */
#ifndef LU_DEVICE_H
#define LU_DEVICE_H

#include <stddef.h>

#include "common/why.h"
#include "kern.h"
#include "num/ffn.h"

enum device_kind {
    DEVICE_CPU,
    DEVICE_HIP,
    DEVICE_CUDA,
    DEVICE_EMU,
    DEVICE_AUTO /* the first of hip, cuda and cpu that is there */
};
#define DEVICE_KINDS "cpu|hip|cuda|emu|auto" /* in the order of the enum */

struct device {
    const struct kern *k;
    const char *kind; /* cpu, hip, cuda or emu */
    char name[128];   /* what the device calls itself */
    const char *gemm; /* who multiplies: openblas, cublas, hipblas, own, ... */
    char about[192];  /* all of that in a line */
    struct why tried; /* with DEVICE_AUTO, why nothing better; or "" */
};

/* Open one, the only one in the process. A kind below 0 means that LU_DEVICE
 * decides, or else the CPU. LU_GEMM: auto (the vendor's products when they are
 * installed, else own), vendor, tf32 (vendor's, rounded) or own. */
int device_open(struct device *d, int kind, struct why *w);

/* Move a model there from the host. *threads is how many to use: all that were
 * wanted on the CPU; a device is fed by one. */
int device_move(const struct device *d, struct ffn *f, long *threads,
                struct why *w);

/* The most bytes of the device's own memory that were in use; 0 on the CPU. */
size_t device_peak(const struct device *d);

#endif
