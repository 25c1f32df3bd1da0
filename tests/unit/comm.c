/* Ranks that add up: every rank of these tests says by its status whether it
 * found what it should; rank 0 prints. */
#include <sys/wait.h>

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "num/comm.h"

enum { MANY = 300001 }; /* more than a window, and odd */

static float x[MANY];
static struct why w;

/* Every child's check counts: it tells rank 0, which has the promise. */
static void
agree(struct comm *c)
{
    unsigned char bad[COMM_MAX_RANKS] = { 0 };
    size_t at[COMM_MAX_RANKS + 1];
    int n = comm_size(c);

    for (int r = 0; r <= n; r++)
        at[r] = (size_t)r;
    bad[comm_rank(c)] = (unsigned char)check_bad;
    CHECK(comm_gather(c, bad, at, &w) == 0);
    for (int r = 0; r < n; r++)
        CHECK(!bad[r]);
}

static void
end(struct comm *c)
{
    int rank = comm_rank(c);

    comm_close(c);
    if (rank > 0)
        _exit(check_bad);
}

static float
value(int rank, size_t i)
{
    return (float)(1 + rank) / (float)(1 + i % 97);
}

static void
sums(struct comm *c, size_t n)
{
    int rank = comm_rank(c), size = comm_size(c), wrong = 0;

    for (size_t i = 0; i < n; i++)
        x[i] = value(rank, i);
    CHECK(comm_sum_f32(c, x, n, &w) == 0);
    for (size_t i = 0; i < n; i++) {
        float want = value(0, i); /* in this order, to the bit */
        for (int r = 1; r < size; r++)
            want += value(r, i);
        wrong += x[i] != want;
    }
    CHECK(wrong == 0);
}

/* Blocks of different lengths, one of them empty. */
static void
gathers(struct comm *c, size_t unit)
{
    size_t at[COMM_MAX_RANKS + 1] = { 0 };
    int rank = comm_rank(c), size = comm_size(c), wrong = 0;
    unsigned char *all;

    for (int r = 0; r < size; r++)
        at[r + 1] = at[r] + (r == 1 ? 0 : unit * (size_t)(r + 1) + 1);
    all = calloc(1, at[size]);
    for (size_t i = at[rank]; i < at[rank + 1]; i++)
        all[i] = (unsigned char)(i * 7 + (size_t)rank);
    CHECK(comm_gather(c, all, at, &w) == 0);
    for (int r = 0; r < size; r++)
        for (size_t i = at[r]; i < at[r + 1]; i++)
            wrong += all[i] != (unsigned char)(i * 7 + (size_t)r);
    CHECK(wrong == 0);
    free(all);
}

static void
tells(struct comm *c, size_t n)
{
    unsigned char *p = calloc(1, n);
    int wrong = 0;

    for (size_t i = 0; i < n && comm_rank(c) == 0; i++)
        p[i] = (unsigned char)(i * 13);
    CHECK(comm_bcast(c, p, n, &w) == 0);
    for (size_t i = 0; i < n; i++)
        wrong += p[i] != (unsigned char)(i * 13);
    CHECK(wrong == 0);
    free(p);
}

static void
everything(const char *spec, int size, size_t limit)
{
    struct comm *c = comm_open(spec, &w);

    CHECK(c != NULL);
    if (!c)
        return;
    CHECK(comm_size(c) == size && comm_sharing(c) == size);
    if (limit)
        comm_limit(c, limit);
    for (size_t n = 0; n < 8; n++)
        sums(c, n);
    sums(c, limit ? 1000 : MANY);
    gathers(c, 0);
    gathers(c, 100);
    if (!limit)
        gathers(c, 700000);
    tells(c, 3);
    tells(c, limit ? 1000 : 2500000);
    CHECK(comm_barrier(c, &w) == 0);
    agree(c);
    end(c);
}

/* Rank `who` of `size` dies between two sums; the others must see it. */
static void
death(const char *spec, int who, int sig)
{
    struct comm *c = comm_open(spec, &w);
    int rank = comm_rank(c);

    CHECK(comm_sum_f32(c, x, 100, &w) == 0);
    if (rank == who && sig)
        kill(getpid(), sig);
    if (rank == who)
        _exit(3);
    w.s[0] = '?';
    CHECK(comm_sum_f32(c, x, 100, &w) < 0);
    if (rank > 0) /* rank 0 knows better */
        CHECK(w.s[0] == '\0');
    comm_close(c);
    if (rank > 0)
        _exit(check_bad);
}

/* Without rank 0 the children end by themselves: the pipe tells. */
static void
orphans(void)
{
    int p[2], status;
    char said[2 * sizeof w.s] = "";
    size_t n = 0;
    ssize_t k;
    pid_t pid;

    CHECK(pipe(p) == 0);
    if ((pid = fork()) == 0) {
        struct comm *c = comm_open("shm:3", &w);
        if (comm_rank(c) == 0)
            kill(getpid(), SIGKILL);
        if (comm_barrier(c, &w) < 0 && write(p[1], w.s, strlen(w.s)) < 0)
            _exit(1);
        comm_close(c);
        _exit(0);
    }
    close(p[1]);
    while (n < sizeof said - 1 &&
           (k = read(p[0], said + n, sizeof said - 1 - n)) > 0)
        n += (size_t)k;
    CHECK(strcmp(said, "rank 0 diedrank 0 died") == 0);
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    close(p[0]);
}

static void
specs(void)
{
    static const char *const bad[] = { "",        "shm",   "shm:",
                                       "shm:0",   "shm:x", "shm:2x",
                                       "shm:257", "tcp",   "shm:-1" };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(comm_check(bad[i], &w) < 0);
        CHECK(comm_open(bad[i], &w) == NULL);
    }
    CHECK(comm_check("shm:256", &w) == 0 && comm_check("mpi", &w) == 0);
}

int
main(void)
{
    unsetenv("OMPI_COMM_WORLD_SIZE");
    unsetenv("PMI_SIZE");
    unsetenv("PMIX_RANK");
    specs();
    promise("comm: what is no way to connect is refused");
    everything("self", 1, 0);
    everything("auto", 1, 0);
    everything("shm:1", 1, 0);
    CHECK(comm_rank(NULL) == 0 && comm_size(NULL) == 1);
    promise("comm: one rank alone is its own sum");
    everything("shm:2", 2, 0);
    everything("shm:3", 3, 0);
    everything("shm:5", 5, 0);
    promise("comm: sums, blocks and messages are the same on all ranks");
    everything("shm:2", 2, 64);
    everything("shm:3", 3, 64);
    promise("comm: what is too long for one call goes in several");
    death("shm:3", 1, SIGKILL);
    CHECK(strcmp(w.s, "rank 1 died: Killed") == 0);
    death("shm:3", 2, SIGKILL);
    CHECK(strcmp(w.s, "rank 2 died: Killed") == 0);
    death("shm:2", 1, 0);
    CHECK(strcmp(w.s, "rank 1 ended with status 3") == 0);
    CHECK(waitpid(-1, NULL, 0) < 0); /* nobody is left */
    promise("comm: a peer that dies is named and nobody waits for it");
    orphans();
    promise("comm: children end when rank 0 is killed");
    return check_done();
}
