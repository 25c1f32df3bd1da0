/*
 * host.c - model memory for the implementations that run on the host.
 *
 * Zeroed pages come from calloc, so that what is never touched costs nothing;
 * aligned to a cache line, with calloc's own pointer kept in front. Tables are
 * read all over: large pages save most of the searches for a page, so what
 * fills one gets them, and is aligned to them.
 */
#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>

#include "kern.h"

enum { LINE = 64, LARGE_PAGE = 2 << 20 };

void *
kern_host_alloc(size_t bytes)
{
    size_t unit = bytes < LARGE_PAGE ? LINE : LARGE_PAGE;
    char *raw = NULL, *p;

    if (bytes <= SIZE_MAX - 2 * LARGE_PAGE)
        raw = calloc(1, bytes + 2 * unit);
    if (!raw)
        return NULL;
    p = raw + 2 * unit - (uintptr_t)raw % unit;
    if (p - unit >= raw + LINE)
        p -= unit;
#ifdef MADV_HUGEPAGE
    if (unit == LARGE_PAGE) /* advice: failing is fine */
        madvise(p, (bytes + unit - 1) / unit * unit, MADV_HUGEPAGE);
#endif
    memcpy(p - sizeof raw, &raw, sizeof raw);
    return p;
}

void
kern_host_free(void *p)
{
    char *raw;

    if (!p)
        return;
    memcpy(&raw, (char *)p - sizeof raw, sizeof raw);
    free(raw);
}

void
kern_host_copy(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
}

void
kern_host_zero(void *to, size_t bytes)
{
    memset(to, 0, bytes);
}

const char *
kern_host_error(void)
{
    return NULL;
}
