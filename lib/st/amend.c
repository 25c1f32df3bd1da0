#include "st/amend.h"

const char *const amend_cols[] = { "applied", "rejected",  "fuzzed",
                                   "skipped", "rej_files", NULL };

void
amend_init(struct amend *m, struct st *from, struct st *diffs, struct st *to,
           const char *dir)
{
    *m = (struct amend){
        .from = from, .diffs = diffs, .to = to, .fuzz = PATCH_FUZZ
    };
    rej_init(&m->rej, to, dir);
}

void
amended_clear(struct amended *a)
{
    sbuf_clear(&a->text);
    sbuf_clear(&a->diff);
    sbuf_clear(&a->old);
}

void
amended_free(struct amended *a)
{
    sbuf_free(&a->text);
    sbuf_free(&a->diff);
    sbuf_free(&a->old);
}

/* The diff for element i; 0 when there is none to apply. */
static int
read_diff(struct amend *m, struct amended *a, struct why *w)
{
    double coeff = 0;
    int there = st_read(m->diffs, a->i, &a->diff, w);

    if (there > 0 && st_get_coeff(m->diffs, a->i, &coeff, w) < 0)
        return -1;
    return there < 0 ? -1 : there && coeff != 0;
}

int
amend_try(struct amend *m, size_t i, struct amended *a, struct why *w)
{
    int there;

    amended_clear(a);
    a->i = i;
    a->coeff = 0;
    if ((there = read_diff(m, a, w)) < 0 ||
        (a->there = st_read(m->from, i, &a->old, w)) < 0 ||
        (a->there && st_get_coeff(m->from, i, &a->coeff, w) < 0))
        return -1;
    sbuf_adds(&a->old, ""); /* a string, even when there is nothing */
    sbuf_adds(&a->diff, "");
    if (a->old.failed || a->diff.failed ||
        patch_text(&a->text, &a->p, a->there ? a->old.s : NULL, a->old.len,
                   there ? a->diff.s : NULL, a->diff.len, m->fuzz) < 0) {
        struct sbuf name = { 0 };
        st_name(m->from, i, &name);
        why_set(w, "%s: out of memory", name.s ? name.s : m->from->name);
        sbuf_free(&name);
        return -1;
    }
    return 0;
}

static int
write_new(struct amend *m, struct amended *a, struct why *w)
{
    double coeff = a->coeff != 0 ? a->coeff : 1;

    m->applied++;
    m->fuzzed += a->p.status == PATCH_FUZZED;
    if (m->dry)
        return 0;
    if (st_write(m->to, a->i, a->text.s, a->text.len, coeff, w) < 0)
        return -1;
    return rej_drop(&m->rej, a->i, w);
}

int
amend_commit(struct amend *m, struct amended *a, struct why *w)
{
    switch (a->p.status) {
    case PATCH_APPLIED:
    case PATCH_FUZZED: return write_new(m, a, w);
    case PATCH_SKIPPED: m->skipped++; return 0;
    case PATCH_REJECTED: break;
    }
    m->rejected++;
    m->rej_files += a->p.misfit;
    if (!a->p.misfit || m->dry)
        return 0;
    return rej_keep(&m->rej, a->i, a->diff.s, a->diff.len, w);
}

void
amend_print(const struct amend *m, struct out *o)
{
    out_int(o, m->applied);
    out_int(o, m->rejected);
    out_int(o, m->fuzzed);
    out_int(o, m->skipped);
    out_int(o, m->rej_files);
}

void
amend_close(struct amend *m)
{
    rej_close(&m->rej);
}
