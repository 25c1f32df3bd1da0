/*
 * st-cat - print tensors as tables of coordinates, coefficients and texts
 *
 * Any bytes but NUL survive the way there and back:
 *
 *	st-cat t | sort -t "$(printf '\t')" -k 3 | st-make -
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/st.h"

static int follow, json, missing, no_header, present, with_name, zero;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &zero, NULL, "names on stdin end in NUL" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 'm', "missing", OPT_FLAG, &missing, NULL, "only absent elements" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL, "no header line" },
    { 'p', "present", OPT_FLAG, &present, NULL, "only elements with a text" },
    { 'w', "with-name", OPT_FLAG, &with_name, NULL,
      "a first column with the tensor's name" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-0fjmNpw] [tensor ...]",
    .what = "print tensors as tables of coordinates, coefficients and texts",
    .opts = opts,
    .exits = exits,
    .examples = "  st-cat t | cut -f 1,3\n"
                "  st-cat -pj t | jq -r .text\n",
};

static int
print(struct out *o, struct st *t, size_t i, struct sbuf *text)
{
    struct sbuf at = { 0 };
    struct why w;
    double coeff;
    int there;

    sbuf_clear(text);
    if ((there = st_read(t, i, text, &w)) < 0 ||
        st_get_coeff(t, i, &coeff, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    if (there ? missing : present)
        return X_YES;
    sbuf_adds(text, "");
    if (strlen(text->s) < text->len) {
        st_name(t, i, &at);
        warnx("%s: a NUL byte, which no table can hold", at.s);
        sbuf_free(&at);
        return X_FAIL;
    }
    shape_coords_text(&t->shape, i, &at);
    if (with_name)
        out_str(o, t->name);
    out_str(o, at.s ? at.s : "");
    out_float(o, there ? coeff : 0);
    out_str(o, there ? text->s : NULL);
    sbuf_free(&at);
    return X_YES;
}

static int
each(const char *name, void *ctx)
{
    struct sbuf text = { 0 };
    int worst = X_YES, r;
    struct st t;
    struct why w;

    if (st_open(&t, name, follow ? ST_FOLLOW : 0, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    for (size_t i = 0; i < t.shape.count; i++)
        if ((r = print(ctx, &t, i, &text)) > worst)
            worst = r;
    sbuf_free(&text);
    st_close(&t);
    return worst;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", "coords", "coeff", "text",
                                        NULL };
    int first = opt_parse(argc, argv, &tool);
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = cols + !with_name,
                     .no_header = no_header };
    int status =
        each_operand(argc - first, argv + first, zero ? '\0' : '\n', each, &o);

    out_close(&o);
    return status;
}
