/*
 * exitcode.h - what every tool's exit status means: the only list.
 *
 * A script branches on these, so a number never changes its meaning. 125 and
 * 255 are left alone: git bisect and xargs give them meanings of their own.
 */
#ifndef LU_EXITCODE_H
#define LU_EXITCODE_H

#define EXITCODES(X)                                                           \
    X(X_YES, 0, "done, or: the answer is yes")                                 \
    X(X_NO, 1, "a valid no: differs, no match, not improved, findings")        \
    X(X_FAIL, 2, "bad usage, bad input or I/O: retrying will not help")        \
    X(X_OVERFLOW, 3, "the context is too long for the model")                  \
    X(X_UNSURE, 4, "the confidence could not be bounded")                      \
    X(X_DENIED, 5, "not permitted: key, quota or policy")                      \
    X(X_REFUSED, 6, "refused, empty or invalid answer")                        \
    X(X_SPENT, 8, "the budget or the deadline is used up")                     \
    X(X_MISS, 9, "the replay has no such call")                                \
    X(X_AGAIN, 75, "temporary: lock held, race lost, rate limit; try again")   \
    X(X_TIMEOUT, 124, "the command hit its time limit")                        \
    X(X_NOEXEC, 126, "the command could not be executed")                      \
    X(X_NOTFOUND, 127, "the command was not found")                            \
    X(X_INT, 130, "interrupted")                                               \
    X(X_TERM, 143, "terminated")

#define X(name, code, text) name = code,
enum exitcode { EXITCODES(X) };
#undef X

#endif
