#include <string.h>

#include "common/tsv.h"

void
tsv_escape(struct sbuf *b, const char *s)
{
    sbuf_adds(b, ""); /* so that b->s is a string even for an empty field */
    for (; *s; s++)
        switch (*s) {
        case '\t': sbuf_adds(b, "\\t"); break;
        case '\n': sbuf_adds(b, "\\n"); break;
        case '\\': sbuf_adds(b, "\\\\"); break;
        default: sbuf_add(b, s, 1);
        }
}

static void
unescape(char *s)
{
    char *to = s;

    for (; *s; s++) {
        if (*s == '\\' && s[1]) {
            char c = *++s;
            if (c != 't' && c != 'n' && c != '\\')
                *to++ = '\\'; /* not an escape of ours: keep it */
            *to++ = c == 't' ? '\t' : c == 'n' ? '\n' : c;
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
}

size_t
tsv_split(char *line, char **field, size_t max)
{
    size_t n = 0;

    line[strcspn(line, "\n")] = '\0';
    for (char *next; line; line = next) {
        if ((next = strchr(line, '\t')))
            *next++ = '\0';
        unescape(line);
        if (n < max)
            field[n] = line;
        n++;
    }
    return n;
}

int
tsv_column(char *const *header, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(header[i], name) == 0)
            return (int)i;
    return -1;
}
