/*
 * comm_mpi.so - ranks connected by MPI, for lib/num/comm.c: a plugin, so that
 * only who runs under mpirun or srun needs the library.
 */
#define _GNU_SOURCE /* CPU_AND */
#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "num/comm.h"
#include "num/comm_link.h"

struct mpi {
    int rank, size;
    int *count, *at, *mine, *mine_at; /* [size] each, one block */
};

static int
check(int r, const char *what, struct why *w)
{
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int n;

    if (r == MPI_SUCCESS)
        return 0;
    MPI_Error_string(r, text, &n);
    snprintf(w->s, sizeof w->s, "%s: %.200s", what, text);
    return -1;
}

static int
gather(void *ctx, void *all, const size_t *at, struct why *w)
{
    struct mpi *m = ctx;

    for (int r = 0; r < m->size; r++) {
        m->at[r] = (int)at[r];
        m->count[r] = (int)(at[r + 1] - at[r]);
    }
    return check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all,
                                m->count, m->at, MPI_BYTE, MPI_COMM_WORLD),
                 "MPI_Allgatherv", w);
}

static int
scatter(void *ctx, const float *x, const size_t *at, float *mine, struct why *w)
{
    struct mpi *m = ctx;
    int k = (int)(at[m->rank + 1] - at[m->rank]);

    for (int r = 0; r < m->size; r++) {
        m->at[r] = (int)at[r];
        m->count[r] = (int)(at[r + 1] - at[r]);
        m->mine[r] = k;
        m->mine_at[r] = r * k;
    }
    return check(MPI_Alltoallv(x, m->count, m->at, MPI_FLOAT, mine, m->mine,
                               m->mine_at, MPI_FLOAT, MPI_COMM_WORLD),
                 "MPI_Alltoallv", w);
}

static int
bcast(void *ctx, void *p, size_t n, int root, struct why *w)
{
    (void)ctx;
    return check(MPI_Bcast(p, (int)n, MPI_BYTE, root, MPI_COMM_WORLD),
                 "MPI_Bcast", w);
}

/* MPI_Finalize waits for all; after a failure the launcher ends the others
 * when this process exits. */
static void
close_mpi(void *ctx, int failed)
{
    struct mpi *m = ctx;

    if (!failed)
        MPI_Finalize();
    free(m->count);
    free(m);
}

/* How many ranks may run where this one may: launchers bind some to processors
 * of their own. */
static int
sharing(void)
{
    cpu_set_t mine, all[COMM_MAX_RANKS], both;
    MPI_Comm host;
    int n, found = 0;

    CPU_ZERO(&mine);
    sched_getaffinity(0, sizeof mine, &mine);
    if (MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0,
                            MPI_INFO_NULL, &host) != MPI_SUCCESS)
        return 1;
    MPI_Comm_size(host, &n);
    if (n <= COMM_MAX_RANKS)
        MPI_Allgather(&mine, sizeof mine, MPI_BYTE, all, sizeof mine, MPI_BYTE,
                      host);
    MPI_Comm_free(&host);
    for (int i = 0; i < n && n <= COMM_MAX_RANKS; i++) {
        CPU_AND(&both, &mine, &all[i]);
        found += CPU_COUNT(&both) > 0;
    }
    return found ? found : 1;
}

/* Only the thread that opened calls: the others compute. */
__attribute__((visibility("default"))) int
comm_plugin_open(struct comm_link *l, struct why *w)
{
    struct mpi *m = calloc(1, sizeof *m);
    int given;

    if (!m || MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given)) {
        free(m);
        snprintf(w->s, sizeof w->s, "MPI does not start");
        return -1;
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &m->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &m->size);
    if (!(m->count = calloc(4 * (size_t)m->size, sizeof *m->count))) {
        free(m);
        snprintf(w->s, sizeof w->s, "out of memory");
        return -1;
    }
    m->at = m->count + m->size;
    m->mine = m->at + m->size;
    m->mine_at = m->mine + m->size;
    *l = (struct comm_link){ COMM_LINK_VERSION,
                             m->rank,
                             m->size,
                             sharing(),
                             (size_t)1 << 28,
                             m,
                             gather,
                             scatter,
                             bcast,
                             close_mpi };
    return 0;
}
