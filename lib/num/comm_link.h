/*
 * comm_link.h - what a way to connect ranks provides to comm.c: inside one
 * host comm_shm.c, across hosts the plugin comm_mpi.so, which is opened at run
 * time so that no program is linked to MPI.
 */
#ifndef LU_COMM_LINK_H
#define LU_COMM_LINK_H

#include <stddef.h>

#include "common/why.h"

enum {
    COMM_LINK_VERSION = 1,
    COMM_CHUNK = 1 << 18, /* most floats in a scatter: they fit a cache */
};

struct comm_link {
    int version;
    int rank, size;
    int sharing;  /* ranks on the same processors, this one included */
    size_t limit; /* bytes in one call, displacements included */
    void *ctx;
    /* all[at[r]] .. of rank r to every rank; at in bytes. */
    int (*gather)(void *ctx, void *all, const size_t *at, struct why *w);
    /* x[at[r]] .. to rank r; mine[r * k] is what rank r had for this one, k
     * its own share; at in floats. */
    int (*scatter)(void *ctx, const float *x, const size_t *at, float *mine,
                   struct why *w);
    int (*bcast)(void *ctx, void *p, size_t n, int root, struct why *w);
    /* failed: do not wait for the others. */
    void (*close)(void *ctx, int failed);
};

/* Connect: 0, or -1 with a reason. */
int comm_shm_open(struct comm_link *l, int size, struct why *w);

/* The plugin's only symbol. */
int comm_plugin_open(struct comm_link *l, struct why *w);

#endif
