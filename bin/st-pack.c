/*
 * st-pack - put a tensor or directory into one text for a prompt
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "st/form.h"
#include "st/promptpack.h"
#include "st/st.h"

static int compat, follow, null, store, unstore;
static const char *nonce, *target;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &null, NULL, "names on stdin end in NUL" },
    { 'c', "compat", OPT_FLAG, &compat, NULL,
      "the layout of the Python original, sorted" },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 0, "nonce", OPT_STR, &nonce, "word",
      "what marks our lines (made from the contents)" },
    { 0, "store", OPT_FLAG, &store, NULL,
      "no text: pack the tensor's elements into one file, in place" },
    { 't', "target", OPT_STR, &target, "file",
      "the file that the answer replaces, or coordinates" },
    { 0, "unstore", OPT_FLAG, &unstore, NULL,
      "no text: make it a tree of files again, in place" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-0cf] [--nonce word] [--store] [-t file] [--unstore] "
             "[directory ...]",
    .what = "put a tensor or directory into one text for a prompt",
    .opts = opts,
    .exits = exits,
    .examples = "  st-pack t > prompt\n"
                "  st-pack -t 0,2 t | llm-call\n",
};

/* What each directory is handled with. */
struct packing {
    const char *dir;
    int skipped, printed;
};

static void
skipped(const char *path, const char *reason, void *ctx)
{
    struct packing *x = ctx;

    warnx("%s/%s: left out: %s", x->dir, path, reason);
    x->skipped = 1;
}

/* The target as a path; coordinates name an element of a tensor. */
static int
find_target(const char *dir, struct sbuf *path, struct why *w)
{
    struct sbuf full = { 0 };
    struct st t;
    struct why not_one;
    size_t i;

    if (target[0] < '-' || target[0] > '9' || target[0] == '/' ||
        st_open(&t, dir, 0, &not_one) < 0) {
        sbuf_adds(path, target);
        return path->failed ? why_set(w, "%s: out of memory", dir) : 0;
    }
    if (st_at(&t, target, &i, w) < 0) {
        st_close(&t);
        return -1;
    }
    st_path(&t, i, &full);
    sbuf_adds(path, full.failed ? "" : full.s + strlen(dir) + 1);
    path->failed |= full.failed;
    sbuf_free(&full);
    st_close(&t);
    return path->failed ? why_set(w, "%s: out of memory", dir) : 0;
}

static int
pack_one(const char *dir, void *ctx)
{
    struct packing *x = ctx;
    struct pack_load load = {
        .follow = follow, .all = compat, .skipped = skipped, .ctx = x
    };
    struct sbuf text = { 0 }, path = { 0 };
    struct pack p;
    struct why w;
    int bad;

    *x = (struct packing){ .dir = dir, .printed = x->printed };
    if (pack_load(&p, dir, &load, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    bad = target ? find_target(dir, &path, &w) : 0;
    if (!bad && compat)
        pack_text_compat(&p, &text);
    else if (!bad)
        bad = pack_text(&p, nonce, target ? path.s : NULL, &text, &w);
    if (bad || text.failed)
        warnx("%s", bad ? w.s : "out of memory");
    else if (x->printed++)
        putchar('\n');
    if (!bad && text.len)
        fwrite(text.s, 1, text.len, stdout);
    sbuf_free(&text);
    sbuf_free(&path);
    pack_free(&p);
    return bad ? X_FAIL : x->skipped ? X_NO : X_YES;
}

/* From files to one file or back. */
static int
change_form(const char *name, void *ctx)
{
    struct why w;
    struct st t;
    int bad;

    (void)ctx;
    bad = st_open(&t, name, ST_WRITE, &w) < 0 ||
          (store ? form_pack(&t, &w) : form_unpack(&t, &w)) < 0;
    if (bad)
        warnx("%s", w.s);
    st_close(&t);
    return bad ? X_FAIL : X_YES;
}

int
main(int argc, char *argv[])
{
    int status, first = opt_parse(argc, argv, &tool);
    struct packing x = { 0 };

    if (compat && (nonce || target))
        errx(X_FAIL, "--compat has neither a nonce nor a target");
    if (target && argc - first != 1)
        errx(X_FAIL, "--target needs one directory");
    if ((store || unstore) && (store == unstore || compat || nonce || target))
        errx(X_FAIL, "--store and --unstore go with no other option but -0");
    status = each_operand(argc - first, argv + first, null ? '\0' : '\n',
                          store || unstore ? change_form : pack_one, &x);
    if (ferror(stdout) || fclose(stdout))
        errx(X_FAIL, "write: output was lost");
    return status;
}
