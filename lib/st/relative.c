#include "st/relative.h"

void
relative_path(const char *from, const char *to, struct sbuf *b)
{
    size_t same = 0;

    for (size_t k = 0; from[k] == to[k] && to[k]; k++)
        if (to[k] == '/')
            same = k + 1;
    for (const char *p = from + same; *p; p++)
        if (p == from + same || *p == '/')
            sbuf_adds(b, "../");
    sbuf_adds(b, to + same);
}
