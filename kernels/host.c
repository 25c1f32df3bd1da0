/*
 * host.c - model memory for the implementations that run on the host.
 *
 * Zeroed pages come from calloc, so that what is never touched costs nothing;
 * aligned to a cache line, with calloc's own pointer kept in front.
 */
#include <stdlib.h>
#include <string.h>

#include "kern.h"

enum { LINE = 64 };

void *
kern_host_alloc(size_t bytes)
{
    char *raw = NULL, *p;

    if (bytes <= SIZE_MAX - 2 * LINE)
        raw = calloc(1, bytes + 2 * LINE);
    if (!raw)
        return NULL;
    p = raw + 2 * LINE - (uintptr_t)raw % LINE;
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
