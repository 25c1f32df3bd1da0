#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "num/comm.h"
#include "num/comm_link.h"

struct comm {
    struct comm_link link;
    int failed;
    size_t limit;
    float
        *mine; /* [COMM_CHUNK + size] of the others, for this rank to add up */
    size_t floats[COMM_MAX_RANKS + 1], bytes[COMM_MAX_RANKS + 1];
    void *plugin;
};

/* Launchers say how many they started, or at least that they did. */
static int
launched(void)
{
    static const char *const sizes[] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE" };

    for (int i = 0; i < 2; i++) {
        const char *n = getenv(sizes[i]);
        if (n)
            return strcmp(n, "1") != 0;
    }
    return getenv("PMIX_RANK") != NULL;
}

/* The ranks that spec asks for: 0 for those of MPI, -1 with a reason. */
static int
ranks(const char *spec, struct why *w)
{
    char *end;
    long n;

    if (strcmp(spec, "auto") == 0)
        return launched() ? 0 : 1;
    if (strcmp(spec, "self") == 0)
        return 1;
    if (strcmp(spec, "mpi") == 0)
        return 0;
    if (strncmp(spec, "shm:", 4) != 0 || spec[4] < '0' || spec[4] > '9')
        return why_set(w, "%s: not self, shm:N, mpi or auto", spec);
    n = strtol(spec + 4, &end, 10);
    if (*end || n < 1 || n > COMM_MAX_RANKS)
        return why_set(w, "%s: not 1 to %d ranks", spec, COMM_MAX_RANKS);
    return (int)n;
}

int
comm_check(const char *spec, struct why *w)
{
    return ranks(spec, w) < 0 ? -1 : 0;
}

/* The plugin stands where "make install" puts it, seen from the program: the
 * build tree has the same shape. */
static int
open_plugin(struct comm *c, struct why *w)
{
    static const char where[] = "/../libexec/learnutils/comm_mpi.so";
    char path[4096 + sizeof where], *slash;
    ssize_t n = readlink("/proc/self/exe", path, 4095);
    int (*start)(struct comm_link *, struct why *);

    path[n > 0 ? n : 0] = '\0';
    if (!(slash = strrchr(path, '/')))
        return why_set(w, "cannot find out where this program is");
    memcpy(slash, where, sizeof where);
    if (access(path, F_OK) < 0)
        return why_set(w, "%s: %s; it is built where mpicc is", path,
                       strerror(errno));
    /* MPI opens parts of its own, which look for its names. */
    if (!(c->plugin = dlopen(path, RTLD_NOW | RTLD_GLOBAL)))
        return why_set(w, "%s", dlerror());
    *(void **)&start = dlsym(c->plugin, "comm_plugin_open");
    if (!start || start(&c->link, w) < 0)
        return start ? -1 : why_set(w, "%s: not a plugin of ours", path);
    if (c->link.version != COMM_LINK_VERSION)
        return why_set(w, "%s: of another version of this program", path);
    if (c->link.size > COMM_MAX_RANKS)
        return why_set(w, "%d ranks, of at most %d", c->link.size,
                       COMM_MAX_RANKS);
    return 0;
}

struct comm *
comm_open(const char *spec, struct why *w)
{
    int n = ranks(spec, w), bad = 0;
    struct comm *c = n < 0 ? NULL : calloc(1, sizeof *c);

    if (!c) {
        if (n >= 0)
            why_set(w, "out of memory");
        return NULL;
    }
    c->link = (struct comm_link){ .size = 1, .sharing = 1 };
    if (n == 0)
        bad = open_plugin(c, w);
    else if (n > 1)
        bad = comm_shm_open(&c->link, n, w);
    c->limit = c->link.limit;
    if (bad < 0) {
        free(c);
        return NULL;
    }
    c->mine = malloc(sizeof *c->mine * (COMM_CHUNK + (size_t)c->link.size));
    if (!c->mine) {
        why_set(w, "out of memory");
        c->failed = 1;
        comm_close(c);
        return NULL;
    }
    return c;
}

int
comm_rank(const struct comm *c)
{
    return c ? c->link.rank : 0;
}

int
comm_size(const struct comm *c)
{
    return c ? c->link.size : 1;
}

int
comm_sharing(const struct comm *c)
{
    return c ? c->link.sharing : 1;
}

void
comm_limit(struct comm *c, size_t bytes)
{
    c->limit = bytes;
}

static int
result(struct comm *c, int r)
{
    if (r < 0)
        c->failed = 1;
    return r;
}

/* The same split on all ranks, in floats and in bytes. */
static void
split(struct comm *c, size_t n)
{
    size_t size = (size_t)c->link.size;

    for (size_t r = 0; r <= size; r++) {
        c->floats[r] = n * r / size;
        c->bytes[r] = c->floats[r] * sizeof(float);
    }
}

/* Each rank adds up its share of the chunk, then all get all shares. */
static int
sum_chunk(struct comm *c, float *x, size_t n, struct why *w)
{
    struct comm_link *l = &c->link;
    size_t from, k;

    split(c, n);
    from = c->floats[l->rank];
    k = c->floats[l->rank + 1] - from;
    if (l->scatter(l->ctx, x, c->floats, c->mine, w) < 0)
        return -1;
    memcpy(x + from, c->mine, k * sizeof *x);
    for (int r = 1; r < l->size; r++)
        for (size_t i = 0; i < k; i++)
            x[from + i] += c->mine[(size_t)r * k + i];
    return l->gather(l->ctx, x, c->bytes, w);
}

int
comm_sum_f32(struct comm *c, float *x, size_t n, struct why *w)
{
    size_t most = COMM_CHUNK;
    int r = 0;

    if (comm_size(c) == 1)
        return 0;
    if (most > c->limit / sizeof *x)
        most = c->limit / sizeof *x;
    for (size_t k; r == 0 && n > 0; x += k, n -= k) {
        k = n < most ? n : most;
        r = sum_chunk(c, x, k, w);
    }
    return result(c, r);
}

static int
send_from(struct comm *c, char *p, size_t n, int root, struct why *w)
{
    int r = 0;

    for (size_t k; r == 0 && n > 0; p += k, n -= k) {
        k = n < c->limit ? n : c->limit;
        r = c->link.bcast(c->link.ctx, p, k, root, w);
    }
    return r;
}

int
comm_gather(struct comm *c, void *all, const size_t *at, struct why *w)
{
    int n = comm_size(c), bad = 0;

    if (n == 1)
        return 0;
    if (at[n] <= c->limit)
        return result(c, c->link.gather(c->link.ctx, all, at, w));
    for (int r = 0; r < n && !bad; r++)
        bad = send_from(c, (char *)all + at[r], at[r + 1] - at[r], r, w);
    return result(c, bad);
}

int
comm_bcast(struct comm *c, void *p, size_t n, struct why *w)
{
    return comm_size(c) == 1 ? 0 : result(c, send_from(c, p, n, 0, w));
}

int
comm_barrier(struct comm *c, struct why *w)
{
    char here[COMM_MAX_RANKS] = { 0 };

    if (comm_size(c) == 1)
        return 0;
    for (int r = 0; r <= c->link.size; r++)
        c->bytes[r] = (size_t)r;
    return result(c, c->link.gather(c->link.ctx, here, c->bytes, w));
}

/* The plugin stays open: MPI leaves handlers behind that point into it. */
void
comm_close(struct comm *c)
{
    if (!c)
        return;
    if (c->link.close)
        c->link.close(c->link.ctx, c->failed);
    free(c->mine);
    free(c);
}

void
comm_abandon(struct comm *c)
{
    if (c)
        c->failed = 1;
    comm_close(c);
}
