#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/each.h"
#include "common/exitcode.h"

int
each_operand(int argc, char **argv, int delim, int (*fn)(const char *, void *),
             void *ctx)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    int r, worst = 0;

    for (int i = 0; i < argc; i++)
        if ((r = fn(argv[i], ctx)) > worst)
            worst = r;
    while (argc == 0 && (len = getdelim(&line, &cap, delim, stdin)) > 0) {
        if (line[len - 1] == delim)
            line[len - 1] = '\0';
        if (*line && (r = fn(line, ctx)) > worst)
            worst = r;
    }
    free(line);
    if (argc == 0 && ferror(stdin)) {
        warn("stdin");
        if (worst < X_FAIL)
            worst = X_FAIL;
    }
    return worst;
}
