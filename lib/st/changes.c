#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "st/changes.h"
#include "st/words.h"

/* Linux's numbers; the C library hides them from POSIX programs. These locks
 * belong to the open file, so that closing another one does not drop them. */
#ifndef F_OFD_SETLKW
enum { F_OFD_GETLK = 36, F_OFD_SETLK = 37, F_OFD_SETLKW = 38 };
#endif

enum { ID = 16, NOTE = 8 };
static const char name[] = "index.log";

static int
begin(struct changes *c, int dir)
{
    struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1 };

    /* Where directories cannot be locked there can be no log either. The lock
     * comes first: see changes_start. */
    fcntl(dir, F_OFD_SETLK, &l);
    c->log = openat(dir, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    if (c->log < 0 && errno != ENOENT)
        return -1;
    c->begun = 1;
    c->logging = c->log >= 0;
    return 0;
}

int
changes_note(struct changes *c, int dir, size_t i)
{
    uint64_t note = i;
    ssize_t n;

    if (!c->begun && begin(c, dir) < 0)
        return -1;
    if (!c->logging || c->last == note + 1)
        return 0;
    n = write(c->log, &note, NOTE);
    if (n >= 0 && n < NOTE)
        errno = ENOSPC;
    if (n != NOTE)
        return -1;
    c->last = note + 1;
    return 0;
}

void
changes_end(struct changes *c)
{
    if (c->logging)
        close(c->log);
    *c = (struct changes){ 0 };
}

/* 1 when a writer holds the directory; -1 when locks do not work here. */
static int
writers(int dir)
{
    struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1 };
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int bad = fd < 0 || fcntl(fd, F_OFD_SETLK, &l) < 0;

    l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
    bad = bad || fcntl(fd, F_OFD_GETLK, &l) < 0;
    if (fd >= 0)
        close(fd);
    return bad ? -1 : l.l_type != F_UNLCK;
}

int
changes_start(int dir, struct changes_at *at)
{
    char tmp[64];
    int fd, there, bad;

    if ((there = writers(dir)))
        return there < 0 ? -1 : 0;
    *at = (struct changes_at){ .n = 0 };
    snprintf(tmp, sizeof tmp, "%s.tmp.%ld", name, (long)getpid());
    unlinkat(dir, tmp, 0); /* ours: it carries our process number */
    fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    bad = getentropy(at->id, ID) < 0 || write(fd, at->id, ID) != ID;
    if (close(fd) < 0 || bad || renameat(dir, tmp, dir, name) < 0) {
        unlinkat(dir, tmp, 0);
        return -1;
    }
    /* A writer that began before the rename may not know the new log, but then
     * its lock is seen here. */
    there = writers(dir);
    return there < 0 ? -1 : !there;
}

int
changes_now(int dir, struct changes_at *at)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    int bad = fd < 0 || read(fd, at->id, ID) != ID || fstat(fd, &st) < 0 ||
              st.st_size % NOTE != 0;

    if (fd >= 0)
        close(fd);
    at->n = bad ? 0 : (uint64_t)(st.st_size - ID) / NOTE;
    return bad ? -1 : 0;
}

int
changes_between(int dir, const struct changes_at *from,
                const struct changes_at *to, uint64_t *i)
{
    unsigned char id[ID];
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    size_t len = (size_t)(to->n - from->n) * NOTE;
    int bad = fd < 0 || read(fd, id, ID) != ID || memcmp(id, from->id, ID) ||
              pread(fd, i, len, (off_t)(ID + from->n * NOTE)) != (ssize_t)len;

    if (fd >= 0)
        close(fd);
    return bad ? -1 : 0;
}

int
changes_alone(int dir)
{
    /* beyond the bytes that stand for elements */
    struct flock l = { .l_type = F_WRLCK,
                       .l_whence = SEEK_SET,
                       .l_start = (off_t)1 << 62,
                       .l_len = 1 };
    int fd =
        openat(dir, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);

    while (fd >= 0 && fcntl(fd, F_OFD_SETLKW, &l) < 0)
        if (errno != EINTR) {
            close(fd);
            fd = -1;
        }
    return fd;
}

uint64_t
changes_boot(void)
{
    char id[64];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, id, sizeof id);

    if (fd >= 0)
        close(fd);
    return n > 0 ? words_hash(0, id, (size_t)n) | 1 : 0;
}
