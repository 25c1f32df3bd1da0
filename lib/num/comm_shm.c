#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "num/comm.h"
#include "num/comm_link.h"

/*
 * Each rank has two windows in shared memory and fills them in turn: once all
 * have met after filling one, the one before it has been read by everyone and
 * is free. They meet by messages over sockets, from each child to rank 0 and
 * back: a peer that dies closes its end, whatever it dies of, so that nobody
 * waits for it.
 */
enum { WINDOW = COMM_CHUNK * sizeof(float) };
enum word { GO, ENDED }; /* what rank 0 answers; ENDED: it says why itself */

struct shm {
    int rank, size, turn;
    unsigned char *window;  /* [2][size][WINDOW] */
    int fd[COMM_MAX_RANKS]; /* rank 0: to each child; a child: fd[0] */
    pid_t pid[COMM_MAX_RANKS];
};

static unsigned char *
window(const struct shm *s, int rank)
{
    return s->window +
           ((size_t)s->turn * (size_t)s->size + (size_t)rank) * WINDOW;
}

/* One byte; 0 when the other end is there. */
static int
take(int fd, unsigned char *word)
{
    ssize_t n;

    while ((n = recv(fd, word, 1, 0)) < 0 && errno == EINTR)
        ;
    return n == 1 ? 0 : -1;
}

static int
give(int fd, unsigned char word)
{
    ssize_t n;

    while ((n = send(fd, &word, 1, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    return n == 1 ? 0 : -1;
}

/* Rank 0 has lost a child: it is dead or about to be. */
static int
lost(struct shm *s, int rank, struct why *w)
{
    int status = 0;

    while (waitpid(s->pid[rank], &status, 0) < 0 && errno == EINTR)
        ;
    s->pid[rank] = 0;
    if (WIFSIGNALED(status))
        return why_set(w, "rank %d died: %s", rank,
                       strsignal(WTERMSIG(status)));
    return why_set(w, "rank %d ended with status %d", rank,
                   WEXITSTATUS(status));
}

static int
meet(struct shm *s, struct why *w)
{
    unsigned char word = GO;

    if (s->rank > 0) {
        give(s->fd[0], GO); /* it may have ENDED already */
        if (take(s->fd[0], &word) < 0)
            return why_set(w, "rank 0 died");
        return word == GO ? 0 : why_set(w, "%s", "");
    }
    for (int r = 1; r < s->size; r++)
        if (take(s->fd[r], &word) < 0)
            return lost(s, r, w);
    for (int r = 1; r < s->size; r++)
        if (give(s->fd[r], GO) < 0)
            return lost(s, r, w);
    return 0;
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Every rank offers at most WINDOW bytes at a time, as often as the longest
 * block takes. */
static int
gather(void *ctx, void *all, const size_t *at, struct why *w)
{
    struct shm *s = ctx;
    unsigned char *to = all;
    size_t most = 0;

    for (int r = 0; r < s->size; r++)
        if (at[r + 1] - at[r] > most)
            most = at[r + 1] - at[r];
    for (size_t done = 0; done < most; done += WINDOW) {
        for (int r = s->rank, n = 0; n < s->size; r = (r + 1) % s->size, n++) {
            size_t from = at[r] + done, end = at[r + 1];
            size_t k = from < end ? least(end - from, WINDOW) : 0;
            if (r != s->rank && k)
                memcpy(to + from, window(s, r), k);
            else if (k)
                memcpy(window(s, r), to + from, k);
            if (r == s->rank && meet(s, w) < 0)
                return -1;
        }
        s->turn ^= 1;
    }
    return 0;
}

static int
scatter(void *ctx, const float *x, const size_t *at, float *mine, struct why *w)
{
    struct shm *s = ctx;
    size_t from = at[s->rank], k = at[s->rank + 1] - from;

    memcpy(window(s, s->rank), x, at[s->size] * sizeof *x);
    if (meet(s, w) < 0)
        return -1;
    for (int r = 0; r < s->size; r++)
        memcpy(mine + (size_t)r * k, (float *)(void *)window(s, r) + from,
               k * sizeof *x);
    s->turn ^= 1;
    return 0;
}

static int
bcast(void *ctx, void *p, size_t n, int root, struct why *w)
{
    struct shm *s = ctx;
    unsigned char *at = p;

    for (size_t k; n > 0; at += k, n -= k) {
        k = least(n, WINDOW);
        if (s->rank == root)
            memcpy(window(s, root), at, k);
        if (meet(s, w) < 0)
            return -1;
        if (s->rank != root)
            memcpy(at, window(s, root), k);
        s->turn ^= 1;
    }
    return 0;
}

static void
close_shm(void *ctx, int failed)
{
    struct shm *s = ctx;

    for (int r = 0; r < s->size; r++) {
        if (s->fd[r] < 0)
            continue;
        if (s->rank == 0)
            give(s->fd[r], ENDED);
        close(s->fd[r]);
    }
    for (int r = 1; r < s->size && s->rank == 0; r++) {
        if (s->pid[r] > 0 && failed)
            kill(s->pid[r], SIGKILL);
        while (s->pid[r] > 0 && waitpid(s->pid[r], NULL, 0) < 0 &&
               errno == EINTR)
            ;
    }
    munmap(s->window, 2 * (size_t)s->size * WINDOW);
    free(s);
}

/* Make child r. In it: forget what its elder siblings are reached by. */
static int
spawn(struct shm *s, int r, struct why *w)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return why_set(w, "rank %d: socketpair: %s", r, strerror(errno));
    if ((s->pid[r] = fork()) < 0) {
        why_set(w, "rank %d: fork: %s", r, strerror(errno));
        close(pair[0]);
        close(pair[1]);
        return -1;
    }
    if (s->pid[r] > 0) {
        close(pair[1]);
        s->fd[r] = pair[0];
        return 0;
    }
    close(pair[0]);
    for (int i = 1; i < r; i++) {
        close(s->fd[i]);
        s->fd[i] = -1;
    }
    s->rank = r;
    s->fd[0] = pair[1];
    return 0;
}

int
comm_shm_open(struct comm_link *l, int size, struct why *w)
{
    struct shm *s = calloc(1, sizeof *s);
    int bad = 0;

    if (!s)
        return why_set(w, "out of memory");
    s->size = size;
    s->window = mmap(NULL, 2 * (size_t)size * WINDOW, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->window == MAP_FAILED) {
        free(s);
        return why_set(w, "shared memory of %d ranks: %s", size,
                       strerror(errno));
    }
    for (int r = 0; r < size; r++)
        s->fd[r] = -1;
    fflush(NULL);
    for (int r = 1; r < size && s->rank == 0 && !bad; r++)
        bad = spawn(s, r, w);
    if (bad) {
        close_shm(s, 1);
        return -1;
    }
    *l = (struct comm_link){
        COMM_LINK_VERSION, s->rank, size,     size, (size_t)-1, s, gather,
        scatter,           bcast,   close_shm
    };
    return 0;
}
