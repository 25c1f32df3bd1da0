/*
 * each.h - the operand rule every tool shares: name things on the command
 * line, or one per line on stdin when there are none.
 */
#ifndef LU_EACH_H
#define LU_EACH_H

/*
 * Call fn(name, ctx) for each operand, or for each record of stdin that ends
 * in delim ('\n', or '\0' under -0). Empty records are skipped. Returns the
 * worst (largest) exit code that fn returned; one bad operand does not stop the
 * rest. Where stdin cannot be read it says so on stderr and returns at least
 * X_FAIL.
 */
int each_operand(int argc, char **argv, int delim,
                 int (*fn)(const char *, void *), void *ctx);

#endif
