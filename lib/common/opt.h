/*
 * opt.h - one table per tool drives parsing, -h, --help=json, configuration
 * files, and the checks that keep the man page honest.
 */
#ifndef LU_OPT_H
#define LU_OPT_H

#include <stddef.h>

#include "common/why.h"

enum opt_kind {
    OPT_FLAG,  /* int *: 1 when given; 0, 1, no or yes in a file */
    OPT_INT,   /* long *: decimal, optional suffix k, M or G (powers of 1000) */
    OPT_NUM,   /* double *: finite */
    OPT_SECS,  /* double *: seconds; 90, 1.5m, 2h */
    OPT_STR,   /* const char ** */
    OPT_ONEOF, /* int *: index of the value among the |-separated names of arg
                */
    OPT_LIST,  /* struct opt_list *: every value that is given, in order */
    OPT_SHARD, /* struct shard *: I/N or auto, see shard.h */
};

struct opt_list {
    const char **v; /* owned */
    size_t n;
};

struct opt {
    char s;           /* short letter, or 0 */
    const char *name; /* long name, or NULL */
    enum opt_kind kind;
    void *to;
    const char *arg;  /* operand name shown in -h; NULL for a flag */
    const char *help; /* one line, lower case, no full stop, with the default */
    double min, max;  /* inclusive range of a number; both 0 for any;
                         HUGE_VAL or -HUGE_VAL leaves one side open */
    int conf;         /* 1: may also be set from a configuration file */
};

struct tool {
    const char *usage;      /* what follows the name in the man page */
    const char *what;       /* one line, as the man page's .Nd */
    const struct opt *opts; /* sorted by letter; ends with a zero entry */
    const char *examples;   /* shell lines, each ending in a newline */
    const int *exits;       /* codes it can return, ends with -1 */
    int runs_command;       /* 1: options end at the first operand */
};

/*
 * Parse argv. Returns the index of the first operand. -h, --help, --help=json
 * and --version print to stdout and exit 0; a bad option prints the usage line
 * to stderr and exits X_FAIL.
 */
int opt_parse(int argc, char **argv, const struct tool *t);

/* 1 when the option was given on the command line or in a file. */
int opt_given(const struct tool *t, const char *name);

/* Read val as o wants it and, unless to is NULL, store it there; a string is
 * not copied. */
int opt_value(const struct opt *o, void *to, const char *val, struct why *w);

/* Set one option by its long name from text, as a file does: a string is
 * copied, and a value the command line gave is checked but not replaced. */
int opt_set(const struct tool *t, const char *name, const char *val,
            struct why *w);

/*
 * Read "name value" or "name = value" lines; # starts a comment. Only options
 * marked conf may appear. What the command line gave wins. 0, or -1 with
 * "file:line: reason". Strings are copied and live as long as the process.
 */
int opt_file(const struct tool *t, const char *path, struct why *w);

/* Print "usage: NAME USAGE" to stderr and exit X_FAIL. */
_Noreturn void opt_usage(void);

#endif
