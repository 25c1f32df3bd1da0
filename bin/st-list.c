/*
 * st-list - list the elements of tensors
 *
 * What is there and what is missing, without reading the texts:
 *
 *	st-list -mN t | cut -f 3
 */
#include <err.h>
#include <stdio.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/st.h"

static int follow, json, missing, no_header, present, zero;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &zero, NULL, "names on stdin end in NUL" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "look through links that leave the store" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 'm', "missing", OPT_FLAG, &missing, NULL, "only absent elements" },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL, "no header line" },
    { 'p', "present", OPT_FLAG, &present, NULL, "only elements with a text" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-0fjmNp] [tensor ...]",
    .what = "list the elements of tensors",
    .opts = opts,
    .exits = exits,
    .examples = "  st-list t\n"
                "  st-list -m t | wc -l\n",
};

static int
print(struct out *o, struct st *t, size_t i)
{
    static const char *const kinds[] = { "none", "file", "link", "dangling",
                                         "packed" };
    struct sbuf at = { 0 }, path = { 0 };
    struct st_cell c;
    struct why w;

    if (st_stat(t, i, &c, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    if (c.size < 0 ? present : missing)
        return X_YES;
    shape_coords_text(&t->shape, i, &at);
    st_path(t, i, &path);
    out_str(o, t->name);
    out_int(o, (long long)i);
    out_str(o, at.s ? at.s : "");
    if (c.size < 0)
        out_str(o, NULL);
    else
        out_int(o, c.size);
    out_float(o, c.coeff);
    out_str(o, kinds[c.kind]);
    out_str(o, c.kind == ST_PACKED ? NULL : path.s);
    sbuf_free(&at);
    sbuf_free(&path);
    return X_YES;
}

static int
each(const char *name, void *ctx)
{
    int worst = X_YES, r;
    struct st t;
    struct why w;

    if (st_open(&t, name, follow ? ST_FOLLOW : 0, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    for (size_t i = 0; i < t.shape.count; i++)
        if ((r = print(ctx, &t, i)) > worst)
            worst = r;
    st_close(&t);
    return worst;
}

int
main(int argc, char *argv[])
{
    static const char *const cols[] = { "tensor", "index", "coords", "bytes",
                                        "coeff",  "kind",  "path",   NULL };
    int first = opt_parse(argc, argv, &tool);
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = cols,
                     .no_header = no_header };
    int status =
        each_operand(argc - first, argv + first, zero ? '\0' : '\n', each, &o);

    out_close(&o);
    return status;
}
