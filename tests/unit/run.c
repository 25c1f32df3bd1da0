#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "common/deadline.h"
#include "common/run.h"

static void
test_text(void)
{
    const char *const cat[] = { "cat", NULL };
    const char *const yes[] = { "sh", "-c", "cat >/dev/null; seq 100000",
                                NULL };
    struct sbuf big = { 0 }, out = { 0 }, err = { 0 };
    struct run r = { .argv = (char *const *)cat, .out.text = &out };
    struct why w = { "" };

    for (int i = 0; i < 100000; i++)
        sbuf_addf(&big, "%d\n", i);
    r.in = big.s;
    r.in_len = big.len;
    CHECK(run(&r, &w) == 0 && r.code == 0);
    CHECK(out.len == big.len && memcmp(out.s, big.s, big.len) == 0);
    sbuf_clear(&out);
    r.argv = (char *const *)yes;
    r.out = (struct run_to){ .text = &out, .cap = 100 };
    r.err = (struct run_to){ .text = &err };
    CHECK(run(&r, &w) == 0 && out.len == 100 && r.out.seen == 588895);
    CHECK(err.len == 0);
    sbuf_free(&big);
    sbuf_free(&out);
    sbuf_free(&err);
    promise("run: text goes in and comes out whole, or up to its cap");
}

static void
test_status(void)
{
    const char *const no[] = { "no-such-command", NULL };
    const char *const kill_me[] = { "sh", "-c", "kill -9 $$", NULL };
    const char *const hang[] = { "sleep", "30", NULL };
    const char *const shut[] = { "true", NULL };
    struct run r = { .argv = (char *const *)no };
    struct why w = { "" };
    double start = deadline_now();

    CHECK(run(&r, &w) < 0 && r.code == 127 && strstr(w.s, "no-such-command"));
    r.argv = (char *const *)kill_me;
    CHECK(run(&r, &w) == 0 && r.sig == SIGKILL && run_status(&r) == 137);
    r.argv = (char *const *)hang;
    r.limit = 0.05;
    r.grace = 1;
    CHECK(run(&r, &w) == 0 && r.timed_out && run_status(&r) == 124);
    CHECK(deadline_now() - start < 20);
    r = (struct run){
        .argv = (char *const *)shut, .in = "unread", .in_len = 6, .dir = "/"
    };
    CHECK(run(&r, &w) == 0 && r.code == 0);
    r.dir = "/no/such";
    CHECK(run(&r, &w) < 0);
    promise("run: exit status, signal, limit, and what cannot start");
}

static void
test_env(void)
{
    char one[] = "LU_ONE=new", two[] = "LU_TWO=2";
    char *add[] = { one, two, NULL };
    char **env;
    int ones = 0, twos = 0, bad = 0;

    setenv("LU_ONE", "old", 1);
    setenv("LUX_A", "x", 1);
    env = run_env("LUX_", add);
    for (char **e = env; *e; e++) {
        ones += strcmp(*e, "LU_ONE=new") == 0;
        twos += strcmp(*e, "LU_TWO=2") == 0;
        bad += strncmp(*e, "LUX_", 4) == 0 || strcmp(*e, "LU_ONE=old") == 0;
    }
    CHECK(ones == 1 && twos == 1 && bad == 0);
    free(env);
    promise("run: variables are replaced, those of a prefix are gone");
}

static void
test_interrupt(void)
{
    const char *const self[] = { "sh", "-c", "kill -TERM $PPID; sleep 30",
                                 NULL };
    const char *const after[] = { "true", NULL };
    struct run r = { .argv = (char *const *)self, .grace = 1 };
    struct why w = { "" };

    run_catch();
    CHECK(run_interrupted() == 0);
    CHECK(run(&r, &w) == 0 && r.sig == SIGTERM && !r.timed_out);
    CHECK(run_interrupted() == SIGTERM);
    r = (struct run){ .argv = (char *const *)after, .finish = 1 };
    CHECK(run(&r, &w) == 0 && r.code == 0 && r.sig == 0);
    promise("run: a signal to us ends it, but not what must finish");
}

int
main(void)
{
    test_text();
    test_status();
    test_env();
    test_interrupt();
    return check_done();
}
