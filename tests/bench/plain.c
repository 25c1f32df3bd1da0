/*
 * plain SECONDS - training speed of the original's small model on the plain
 * loops of kernels/ref.c, in bytes a second of the processor's time; the text
 * comes on stdin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/fsx.h"
#include "num/isis.h"
#include "num/session.h"

int
main(int argc, char **argv)
{
    struct ffn_config c = isis_config(ISIS_SMALL);
    struct train_config rule = isis_rule(&c);
    volatile sig_atomic_t stop = 0;
    struct sbuf text = { 0 };
    struct why w = { "" };
    struct ffn f;
    struct bytes data;
    struct train t;
    struct session s = { .t = &t,
                         .budget = argc > 1 ? atof(argv[1]) : 2,
                         .steps = UINT64_MAX,
                         .stop = &stop };
    struct team *team = team_open(1, &w);

    if (!team || fsx_read("-", &text, (size_t)1 << 32, &w) < 0 ||
        ffn_open(&f, &c, &w) < 0 ||
        bytes_open(&data, (uint8_t *)text.s, text.len, 64, 64, 1, 1, 0, &w) < 0)
        goto fail;
    isis_init(&f);
    f.k = &kern_ref;
    if (train_open(&t, &f, &data, team, &rule, &w) < 0 ||
        session_run(&s, &w) != SESSION_DONE)
        goto fail;
    printf("%.0f\n", (double)t.seen * CLOCKS_PER_SEC / (double)clock());
    return 0;
fail:
    fprintf(stderr, "plain: %s\n", w.s);
    return 2;
}
