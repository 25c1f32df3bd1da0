#include "st/relative.h"

void
relative_path(const char *from, const char *to, struct sbuf *b)
{
    size_t same = 0, k = 0;

    for (; from[k] == to[k] && to[k]; k++)
        if (to[k] == '/')
            same = k + 1;
    if (!from[k] && to[k] == '/')
        same = k + 1;
    for (const char *p = from + (same < k ? same : k); *p; p++)
        if (p == from + same || *p == '/')
            sbuf_adds(b, "../");
    sbuf_adds(b, to + same);
}
