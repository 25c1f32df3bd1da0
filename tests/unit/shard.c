/* Which items belong to one part of N, and what launchers say. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "common/shard.h"

static struct why w;

/* The items of the first nine in the part that text names, or why not. */
static const char *
items(const char *text)
{
    static char got[sizeof w.s];
    struct shard s;
    size_t n = 0;

    if (shard_parse(&s, text, &w) < 0)
        return w.s;
    for (size_t k = 0; k < 9; k++)
        if (shard_has(&s, k))
            got[n++] = (char)('0' + k);
    got[n] = '\0';
    return got;
}

static void
test_parts(void)
{
    static const char *const bad[] = { "",
                                       "1",
                                       "/",
                                       "1/",
                                       "/4",
                                       "a/4",
                                       "1/b",
                                       "-1/4",
                                       "1/-4",
                                       "1/4/2",
                                       "+1/4",
                                       " 1/4",
                                       "1/ 4",
                                       "4/4",
                                       "0/0",
                                       "0x1/4",
                                       "1/99999999999999999999" };
    struct shard all = { 0 };

    CHECK(strcmp(items("0/1"), "012345678") == 0);
    CHECK(strcmp(items("0/4"), "048") == 0);
    CHECK(strcmp(items("1/4"), "15") == 0);
    CHECK(strcmp(items("3/4"), "37") == 0);
    CHECK(strcmp(items("8/9"), "8") == 0);
    CHECK(strcmp(items("9/10"), "") == 0);
    CHECK(shard_has(&all, 0) && shard_has(&all, 7));
    promise("shard: every item is in one part of N, and in all when not asked");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct shard s;
        CHECK(shard_parse(&s, bad[i], &w) < 0);
    }
    promise("shard: what is no part is refused");
}

static void
array(const char *id, const char *count, const char *first, const char *step)
{
    setenv("SLURM_ARRAY_TASK_ID", id, 1);
    setenv("SLURM_ARRAY_TASK_COUNT", count, 1);
    setenv("SLURM_ARRAY_TASK_MIN", first, 1);
    setenv("SLURM_ARRAY_TASK_STEP", step, 1);
}

static void
forget(void)
{
    static const char *const names[] = {
        "SLURM_ARRAY_TASK_ID",  "SLURM_ARRAY_TASK_COUNT",
        "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP",
        "SLURM_PROCID",         "SLURM_NTASKS",
        "SLURM_STEP_ID",        "SLURM_STEP_NUM_TASKS",
        "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

static void
test_auto(void)
{
    forget();
    CHECK(strcmp(items("auto"), "012345678") == 0);
    setenv("OMPI_COMM_WORLD_RANK", "2", 1);
    CHECK(strcmp(items("auto"), "012345678") == 0); /* of how many? */
    setenv("OMPI_COMM_WORLD_SIZE", "3", 1);
    CHECK(strcmp(items("auto"), "258") == 0);
    forget();
    setenv("SLURM_PROCID", "0", 1); /* a batch script, which is alone */
    setenv("SLURM_NTASKS", "4", 1);
    CHECK(strcmp(items("auto"), "012345678") == 0);
    setenv("SLURM_STEP_ID", "0", 1);
    setenv("SLURM_PROCID", "1", 1);
    setenv("SLURM_STEP_NUM_TASKS", "2", 1); /* of the 4 of the job */
    CHECK(strcmp(items("auto"), "1357") == 0);
    array("7", "3", "3", "2"); /* --array=3-7:2, and two tasks in each */
    CHECK(strcmp(items("auto"), "5") == 0);
    forget();
    array("7", "3", "3", "2");
    CHECK(strcmp(items("auto"), "258") == 0);
    array("0", "1", "0", "1");
    CHECK(strcmp(items("auto"), "012345678") == 0);
    promise("shard: auto is the task of a job array, a step or mpirun");
    array("7", "3", "1", "1"); /* --array=1,5,7 */
    CHECK(strcmp(items("auto"),
                 "auto: task 7 of an array of 3 that is not "
                 "evenly numbered; say which part of how many") == 0);
    array("x", "3", "1", "1");
    CHECK(strcmp(items("auto"),
                 "auto: SLURM_ARRAY_TASK_ID is not a number: x") == 0);
    forget();
    setenv("OMPI_COMM_WORLD_RANK", "3", 1);
    setenv("OMPI_COMM_WORLD_SIZE", "3", 1);
    CHECK(strstr(items("auto"), "is 3") != NULL);
    promise("shard: auto refuses what does not add up");
}

int
main(void)
{
    test_parts();
    test_auto();
    return check_done();
}
