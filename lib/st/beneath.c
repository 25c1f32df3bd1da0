#define _GNU_SOURCE /* O_PATH */
#include <sys/syscall.h>

#include <linux/openat2.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "st/beneath.h"

enum { LINKS = 40 }; /* as many as the kernel follows */

int beneath_walk;

/* -1 with ENOSYS where it is not to be had; a sandbox says EPERM. */
static int
try_openat2(int root, const char *path, int flags, mode_t mode,
            unsigned long long resolve)
{
    struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC,
                            .mode = flags & O_CREAT ? mode : 0,
                            .resolve = resolve };
    int fd = -1;

    errno = ENOSYS;
    for (int again = 0; !beneath_walk && again < 100; again++) {
        fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break; /* EAGAIN: a rename elsewhere came between */
    }
    if (fd < 0 && (errno == EPERM || errno == ENOSYS)) {
        beneath_walk |= errno == ENOSYS;
        errno = ENOSYS;
    }
    return fd;
}

int
beneath_strict(int root, const char *path, int flags, mode_t mode)
{
    char part[NAME_MAX + 1];
    int dir = root, fd;

    fd = try_openat2(root, path, flags, mode,
                     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                         RESOLVE_NO_MAGICLINKS);
    if (fd >= 0 || errno != ENOSYS)
        return fd;
    for (;;) {
        size_t n = strcspn(path, "/");
        int last = !path[n], keep;
        if (n == 0 || n >= sizeof part || (n == 2 && !memcmp(path, "..", 2))) {
            errno = n >= sizeof part ? ENAMETOOLONG : EXDEV;
            fd = -1;
        } else {
            memcpy(part, path, n);
            part[n] = '\0';
            fd = last ? openat(dir, part, flags | O_NOFOLLOW | O_CLOEXEC, mode)
                      : openat(dir, part,
                               O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        keep = errno;
        if (!last && fd < 0 && keep == ENOTDIR) { /* a link says so, too */
            char c;
            if (readlinkat(dir, part, &c, 1) >= 0)
                keep = ELOOP;
        }
        if (dir != root)
            close(dir);
        errno = keep;
        if (last || fd < 0)
            return fd;
        dir = fd;
        path += n + 1;
    }
}

/* Put link before the rest of the path that is still to be walked. */
static int
prepend(char *rest, const char *link)
{
    char tail[PATH_MAX];
    size_t n = strlen(link), m = strlen(rest);

    if (n + m + 2 > PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(tail, rest, m + 1);
    memcpy(rest, link, n);
    rest[n] = '/';
    memcpy(rest + n + (m > 0), tail, m + 1);
    return 0;
}

/* Append one component to real, or take one away for "..". 1: appended. */
static int
step(char *real, const char *part, size_t n)
{
    size_t len = strlen(real);

    if (n == 0 || (n == 1 && part[0] == '.'))
        return 0;
    if (n == 2 && memcmp(part, "..", 2) == 0) {
        char *slash = strrchr(real, '/');
        errno = EXDEV;
        if (!len)
            return -1;
        *(slash ? slash : real) = '\0';
        return 0;
    }
    errno = ENAMETOOLONG;
    if (len + n + 2 > PATH_MAX)
        return -1;
    if (len)
        real[len++] = '/';
    memcpy(real + len, part, n);
    real[len + n] = '\0';
    return 1;
}

int
beneath_resolve(int root, const char *path, char *real)
{
    char rest[PATH_MAX], link[PATH_MAX];
    int links = 0;

    real[0] = rest[0] = '\0';
    if (prepend(rest, path) < 0)
        return -1;
    for (size_t n; *rest; memmove(rest, rest + n, strlen(rest + n) + 1)) {
        ssize_t len;
        int added;
        n = strcspn(rest, "/");
        if ((added = step(real, rest, n)) < 0)
            return -1;
        n += rest[n] == '/';
        if (!added || (len = readlinkat(root, real, link, sizeof link)) < 0)
            continue; /* no link, or nothing there */
        if (len == sizeof link || link[0] == '/' || ++links > LINKS) {
            errno = link[0] == '/'  ? EXDEV
                    : links > LINKS ? ELOOP
                                    : ENAMETOOLONG;
            return -1;
        }
        link[len] = '\0';
        step(real, "..", 2); /* a link is relative to where it is */
        memmove(rest, rest + n, strlen(rest + n) + 1);
        n = 0;
        if (prepend(rest, link) < 0)
            return -1;
    }
    return 0;
}

int
beneath_open(int root, const char *path, int flags, mode_t mode)
{
    char real[PATH_MAX];
    int fd = try_openat2(root, path, flags, mode,
                         RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);

    if (fd >= 0 || errno != ENOSYS)
        return fd;
    if (flags & O_NOFOLLOW)
        return beneath_strict(root, path, flags, mode);
    if (beneath_resolve(root, path, real) < 0)
        return -1;
    return beneath_strict(root, real, flags, mode);
}
