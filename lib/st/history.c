#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/fsx.h"
#include "common/run.h"
#include "st/history.h"

enum { RECORD = 16, ARGS = 16 };

/* An element as it is, or was. */
struct kept {
    enum { ABSENT, TEXT, LINK } kind;
    struct sbuf data; /* of a link: where it leads */
    double coeff;
};

/* Run git on the repository; its output goes to *out. The user's hooks and
 * variables stay out of it, and what it writes is on disk when it ends. */
static int
git(const struct history *h, struct sbuf *out, const struct sbuf *in,
    struct why *w, ...)
{
    const char *argv[ARGS + 8] = {
        "git",       "-c",  "core.hooksPath=/dev/null", "-c", "core.fsync=all",
        "--git-dir", h->git
    };
    struct sbuf said = { 0 };
    struct run r = { .argv = (char *const *)argv, .in = in ? in->s : NULL };
    va_list ap;
    int n = 7, bad;

    va_start(ap, w);
    while (n < ARGS + 7 && (argv[n] = va_arg(ap, const char *)))
        n++;
    va_end(ap);
    if (!(r.env = run_env("GIT_", NULL)))
        return why_set(w, "out of memory");
    r.in_len = in ? in->len : 0;
    r.out.text = out;
    r.err.text = &said;
    bad = run(&r, w);
    if (!bad && (r.code != 0 || (out && out->failed))) {
        if (said.s)
            said.s[strcspn(said.s, "\n")] = '\0';
        bad =
            why_set(w, "%s: git: %s", h->t.name, said.len ? said.s : "failed");
    }
    sbuf_free(&said);
    free((void *)r.env);
    return bad ? -1 : 0;
}

/* Letters, digits, - and _ stand for themselves in the name of a ref. */
static void
encode(struct sbuf *b, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (isalnum((unsigned char)s[i]) || s[i] == '-' || s[i] == '_')
            sbuf_add(b, s + i, 1);
        else
            sbuf_addf(b, "%%%02X", (unsigned char)s[i]);
}

/* The repository around the tensor, if any: 1 and its directory and our place
 * in it; 0: there is none. */
static int
find_repository(const char *tensor, struct sbuf *dir, struct sbuf *prefix,
                struct why *w)
{
    const char *argv[] = { "git",
                           "-C",
                           tensor,
                           "rev-parse",
                           "--is-inside-work-tree",
                           "--absolute-git-dir",
                           "--show-prefix",
                           NULL };
    struct sbuf out = { 0 };
    struct run r = { .argv = (char *const *)argv, .out = { .text = &out } };
    char *line[3], *p;
    int n = 0, ok;

    if (!(r.env = run_env("GIT_", NULL)))
        return why_set(w, "out of memory");
    if (run(&r, w) < 0) {
        free((void *)r.env);
        return -1;
    }
    free((void *)r.env);
    for (p = out.s; p && n < 3 && strchr(p, '\n'); p++) {
        line[n++] = p;
        p = strchr(p, '\n');
        *p = '\0';
    }
    ok = r.code == 0 && n == 3 && strcmp(line[0], "true") == 0 && *line[2];
    if (ok) {
        sbuf_adds(dir, line[1]);
        sbuf_add(prefix, line[2], strlen(line[2]) - 1);
    }
    sbuf_free(&out);
    return ok;
}

/* Fill in git, ref and private; makes nothing. */
static int
find(struct history *h, struct why *w)
{
    struct sbuf own = { 0 }, dir = { 0 }, prefix = { 0 }, ref = { 0 };
    int found = 0;

    sbuf_addf(&own, "%s/.history", h->t.name);
    h->private = !own.failed && access(own.s, F_OK) == 0;
    if (!h->private &&
        (found = find_repository(h->t.name, &dir, &prefix, w)) < 0)
        goto done;
    sbuf_adds(&ref, "refs/st/");
    if (found) {
        encode(&ref, prefix.s, prefix.len);
    } else {
        h->private = 1;
        sbuf_adds(&ref, "tensor");
    }
    h->git = strdup(found ? dir.s : own.s);
    h->ref = ref.failed ? NULL : strdup(ref.s);
    if (!h->git || !h->ref)
        found = why_set(w, "%s: out of memory", h->t.name);
done:
    sbuf_free(&own);
    sbuf_free(&dir);
    sbuf_free(&prefix);
    sbuf_free(&ref);
    return found < 0 ? -1 : 0;
}

/* One record "COMMIT TIME MESSAGE" of the log, cut up in place. */
static int
add_version(struct history *h, char *record)
{
    struct version *v = realloc(h->v, (h->count + 1) * sizeof *v);
    char *time = strchr(record, ' '), *message;
    size_t len;

    if (!v)
        return -1;
    h->v = v;
    if (!time || !(message = strchr(time + 1, ' ')))
        return 0;
    *time++ = '\0';
    *message++ = '\0';
    len = strlen(message);
    while (len && message[len - 1] == '\n')
        message[--len] = '\0';
    v += h->count;
    v->commit = strdup(record);
    v->message = strdup(message);
    v->time = strtoll(time, NULL, 10);
    h->count++;
    return v->commit && v->message ? 0 : -1;
}

static int
read_versions(struct history *h, struct why *w)
{
    struct sbuf out = { 0 };
    int bad = 0;

    if (h->private && access(h->git, F_OK) < 0)
        return 0;
    if (git(h, &out, NULL, w, "for-each-ref", "--format=%(objectname)", h->ref,
            (char *)NULL) < 0)
        bad = -1;
    if (!bad && out.len) {
        sbuf_clear(&out);
        bad = git(h, &out, NULL, w, "log", "--first-parent", "--reverse", "-z",
                  "--format=%H %ct %B", h->ref, "--", (char *)NULL);
        for (char *p = out.s, *next; !bad && p && p < out.s + out.len;
             p = next) {
            next = p + strlen(p) + 1;
            if (add_version(h, p) < 0)
                bad = why_set(w, "%s: out of memory", h->t.name);
        }
    }
    sbuf_free(&out);
    return bad;
}

int
history_open(struct history *h, const char *tensor, int save, struct why *w)
{
    *h = (struct history){ .t = { .dir = -1 } };
    if (st_open(&h->t, tensor, save ? ST_WRITE : 0, w) < 0)
        return -1;
    /* a byte that no element has: savers wait for each other */
    if (find(h, w) < 0 || (save && st_lock(&h->t, SHAPE_MOST, w) < 0) ||
        (save && h->private &&
         git(h, NULL, NULL, w, "init", "--quiet", "--bare",
             "--template=", (char *)NULL) < 0) ||
        read_versions(h, w) < 0) {
        history_close(h);
        return -1;
    }
    return 0;
}

static void
forget_versions(struct history *h)
{
    for (; h->count; h->count--) {
        free(h->v[h->count - 1].commit);
        free(h->v[h->count - 1].message);
    }
}

void
history_close(struct history *h)
{
    forget_versions(h);
    free(h->v);
    free(h->git);
    free(h->ref);
    st_close(&h->t);
    *h = (struct history){ .t = { .dir = -1 } };
}

static void
free_state(struct kept *s, size_t n)
{
    for (size_t i = 0; s && i < n; i++)
        sbuf_free(&s[i].data);
    free(s);
}

/* Element i as it is now. */
static int
look(struct history *h, size_t i, struct kept *k, struct why *w)
{
    struct sbuf path = { 0 };
    struct st_cell c;
    char to[PATH_MAX];
    ssize_t n;
    int bad;

    sbuf_clear(&k->data);
    k->kind = ABSENT;
    if (st_stat(&h->t, i, &c, w) < 0 ||
        st_get_coeff(&h->t, i, &k->coeff, w) < 0)
        return -1;
    if (c.kind == ST_NONE)
        return 0;
    if (c.kind != ST_LINK && c.kind != ST_DANGLING) {
        k->kind = TEXT;
        return st_read(&h->t, i, &k->data, w) < 0 ? -1 : 0;
    }
    st_path(&h->t, i, &path);
    n = path.failed ? -1 : readlink(path.s, to, sizeof to);
    bad = n < 0 || n == sizeof to;
    if (bad)
        why_set(w, "%s: %s", path.failed ? h->t.name : path.s, strerror(errno));
    sbuf_free(&path);
    k->kind = LINK;
    sbuf_add(&k->data, to, bad ? 0 : (size_t)n);
    return bad ? -1 : 0;
}

static struct kept *
present(struct history *h, struct why *w)
{
    size_t n = h->t.shape.count;
    struct kept *s = calloc(n + 1, sizeof *s);

    if (!s)
        why_set(w, "%s: out of memory", h->t.name);
    for (size_t i = 0; s && i < n; i++)
        if (look(h, i, &s[i], w) < 0) {
            free_state(s, n);
            return NULL;
        }
    return s;
}

/* Take one blob of a version: path as in st(5). */
static int
place(struct history *h, const char *path, int link, const char *data,
      size_t len, struct kept *s, struct why *w)
{
    size_t i = 0, n = h->t.shape.count;

    if (strcmp(path, "shape") == 0) {
        struct shape was;
        char text[4096];
        memcpy(text, data, len < sizeof text ? len : 0);
        text[len < sizeof text ? len : 0] = '\0';
        if (shape_parse(&was, text, NULL) == 0 && shape_same(&was, &h->t.shape))
            return 0;
        return why_set(w, "%s: that version has another shape, %s", h->t.name,
                       text);
    }
    if (strcmp(path, "coeff") == 0) {
        for (i = 0; i < n && (i + 1) * RECORD <= len; i++)
            if (data[i * RECORD])
                s[i].coeff = strtod(data + i * RECORD, NULL);
        return 0;
    }
    if (strncmp(path, "storage", 7) != 0)
        return 0;
    for (path += 7; *path == '/' && isdigit((unsigned char)path[1]); path += 2)
        i = i * 10 + (size_t)(path[1] - '0');
    if (strcmp(path, "/data") != 0 || i >= n)
        return 0;
    s[i].kind = link ? LINK : TEXT;
    s[i].coeff = 1;
    sbuf_add(&s[i].data, data, len);
    return s[i].data.failed ? why_set(w, "%s: out of memory", h->t.name) : 0;
}

/* Go through "MODE blob HASH\tPATH\0"... and the blobs side by side. coeff
 * sorts before storage, whose elements set 1: so it is placed last. */
static int
place_all(struct history *h, struct sbuf *list, struct sbuf *blobs,
          struct kept *s, struct why *w)
{
    const char *b = blobs->s, *end = b + blobs->len, *coeff = NULL;
    size_t coeff_len = 0;
    int shape = 0;

    for (char *e = list->s; e && e < list->s + list->len; e += strlen(e) + 1) {
        char *path = strchr(e, '\t'), *nl = NULL, *sp = NULL;
        size_t len;
        if (b < end && (nl = memchr(b, '\n', (size_t)(end - b))))
            for (sp = nl; sp > b && sp[-1] != ' '; sp--)
                ;
        if (!path || !nl || sp == b)
            return why_set(w, "%s: git: unexpected output", h->t.name);
        len = strtoull(sp, NULL, 10);
        if ((size_t)(end - nl) < len + 2)
            return why_set(w, "%s: git: output cut short", h->t.name);
        b = nl + 1;
        shape |= strcmp(path + 1, "shape") == 0;
        if (strcmp(path + 1, "coeff") == 0) {
            coeff = b;
            coeff_len = len;
        } else if (place(h, path + 1, strncmp(e, "12", 2) == 0, b, len, s, w) <
                   0) {
            return -1;
        }
        b += len + 1;
    }
    /* git does not tell when it could not write all of a list to us */
    if (!shape || b != end)
        return why_set(w, "%s: git: no tensor in that version", h->t.name);
    return coeff ? place(h, "coeff", 0, coeff, coeff_len, s, w) : 0;
}

static struct kept *
past(struct history *h, size_t k, struct why *w)
{
    struct sbuf list = { 0 }, names = { 0 }, blobs = { 0 };
    struct kept *s = calloc(h->t.shape.count + 1, sizeof *s);
    int bad;

    if (!s) {
        why_set(w, "%s: out of memory", h->t.name);
        return NULL;
    }
    bad = git(h, &list, NULL, w, "ls-tree", "-r", "-z", "--full-tree",
              h->v[k - 1].commit, (char *)NULL);
    for (char *e = list.s; !bad && e && e < list.s + list.len;
         e += strlen(e) + 1) {
        char *hash = strstr(e, " blob ");
        if (hash)
            sbuf_addf(&names, "%.*s\n", (int)strcspn(hash + 6, "\t"), hash + 6);
    }
    if (!bad && names.failed)
        bad = why_set(w, "%s: out of memory", h->t.name);
    bad = bad ||
          git(h, &blobs, &names, w, "cat-file", "--batch", (char *)NULL) < 0 ||
          place_all(h, &list, &blobs, s, w) < 0;
    sbuf_free(&list);
    sbuf_free(&names);
    sbuf_free(&blobs);
    if (bad)
        free_state(s, h->t.shape.count);
    return bad ? NULL : s;
}

static int
same_text(const struct kept *a, const struct kept *b)
{
    return a->kind == b->kind && a->data.len == b->data.len &&
           (!a->data.len || memcmp(a->data.s, b->data.s, a->data.len) == 0);
}

/* NULL: the same; or what is done to get from a to b. */
static const char *
difference(const struct kept *a, const struct kept *b)
{
    if (same_text(a, b))
        return a->coeff == b->coeff ? NULL : "coeff";
    return a->kind == ABSENT ? "made" : b->kind == ABSENT ? "removed" : "text";
}

/* A blob of the stream that git fast-import reads. */
static void
blob(struct sbuf *b, const char *mode, const char *path, const char *data,
     size_t len)
{
    sbuf_addf(b, "M %s inline %s\ndata %zu\n", mode, path, len);
    sbuf_add(b, data, len);
    sbuf_adds(b, "\n");
}

/* Records as in st(5), if any coefficient is not what goes without saying. */
static void
coeff_blob(struct sbuf *b, const struct kept *s, size_t n)
{
    struct sbuf text = { 0 };
    int needed = 0;

    for (size_t i = 0; i < n; i++) {
        needed |= s[i].coeff != (s[i].kind == ABSENT ? 0 : 1);
        sbuf_addf(&text, "%-15.9g\n", s[i].coeff);
    }
    if (needed)
        blob(b, "100644", "coeff", text.s, text.len);
    b->failed |= text.failed;
    sbuf_free(&text);
}

static void
commit_stream(struct history *h, const struct kept *s, const char *message,
              struct sbuf *b)
{
    struct sbuf path = { 0 }, shape = { 0 };

    sbuf_addf(b,
              "commit %s\ncommitter st-history <st-history@localhost> %lld "
              "+0000\ndata %zu\n%s\n",
              h->ref, (long long)(deadline_wall_ns() / 1000000000),
              strlen(message), message);
    if (h->count)
        sbuf_addf(b, "from %s\n", h->v[h->count - 1].commit);
    sbuf_adds(b, "deleteall\n");
    shape_text(&h->t.shape, &shape);
    blob(b, "100644", "shape", shape.s, shape.len);
    coeff_blob(b, s, h->t.shape.count);
    for (size_t i = 0; i < h->t.shape.count; i++) {
        if (s[i].kind == ABSENT)
            continue;
        sbuf_clear(&path);
        st_path(&h->t, i, &path);
        if (!path.failed)
            blob(b, s[i].kind == LINK ? "120000" : "100644",
                 path.s + strlen(h->t.name) + 1, s[i].data.s, s[i].data.len);
    }
    sbuf_adds(b, "done\n");
    b->failed |= path.failed | shape.failed;
    sbuf_free(&path);
    sbuf_free(&shape);
}

/* 1 when state s is not the last version, 0, -1. */
static int
is_new(struct history *h, const struct kept *s, struct why *w)
{
    struct kept *last;
    int new = 0;

    if (!h->count)
        return 1;
    if (!(last = past(h, h->count, w)))
        return -1;
    for (size_t i = 0; i < h->t.shape.count && !new; i++)
        new = difference(&last[i], &s[i]) != NULL;
    free_state(last, h->t.shape.count);
    return new;
}

int
history_save(struct history *h, const char *message, struct why *w)
{
    struct kept *s = present(h, w);
    struct sbuf stream = { 0 };
    int new;

    if (!s)
        return -1;
    new = is_new(h, s, w);
    if (new > 0) {
        commit_stream(h, s, message, &stream);
        if (stream.failed)
            new = why_set(w, "%s: out of memory", h->t.name);
        else if (git(h, NULL, &stream, w, "fast-import", "--quiet", "--done",
                     "--date-format=raw", (char *)NULL) < 0)
            new = -1;
    }
    sbuf_free(&stream);
    free_state(s, h->t.shape.count);
    if (new > 0) {
        forget_versions(h);
        if (read_versions(h, w) < 0)
            return -1;
        if (!h->count)
            return why_set(w, "%s: git: the version is not there", h->t.name);
    }
    return new;
}

int
history_unsaved(struct history *h, struct why *w)
{
    struct kept *s = present(h, w);
    int new = s ? is_new(h, s, w) : -1;

    free_state(s, h->t.shape.count);
    return new;
}

/* Put a link back as it was, to the letter; only its coefficient is new. */
static int
put_link(struct history *h, size_t i, const struct kept *k, struct why *w)
{
    struct sbuf path = { 0 }, tmp = { 0 };
    char *slash;
    int bad;

    st_path(&h->t, i, &path);
    if (path.failed)
        return why_set(w, "%s: out of memory", h->t.name);
    slash = strrchr(path.s, '/');
    *slash = '\0';
    bad = fsx_mkdirs(path.s, w);
    sbuf_addf(&tmp, "%s/.data.%ld", path.s, (long)getpid());
    *slash = '/';
    if (!bad && tmp.failed)
        bad = why_set(w, "%s: out of memory", h->t.name);
    if (!bad && (symlink(k->data.s, tmp.s) < 0 || rename(tmp.s, path.s) < 0)) {
        bad = why_set(w, "%s: %s", path.s, strerror(errno));
        unlink(tmp.s);
    }
    sbuf_free(&path);
    sbuf_free(&tmp);
    return bad ? bad : st_set_coeff(&h->t, i, k->coeff, w);
}

/* Element i becomes what it was; looked at again, for now it is locked. */
static int
put(struct history *h, size_t i, const struct kept *k, struct why *w)
{
    struct kept now = { 0 };
    const char *what;
    int bad;

    if (st_lock(&h->t, i, w) < 0)
        return -1;
    bad = look(h, i, &now, w);
    what = bad ? NULL : difference(&now, k);
    if (what && strcmp(what, "coeff") == 0)
        bad = st_set_coeff(&h->t, i, k->coeff, w);
    else if (what && k->kind == ABSENT)
        bad = st_remove(&h->t, i, w);
    else if (what && k->kind == LINK)
        bad = put_link(h, i, k, w);
    else if (what)
        bad = st_write(&h->t, i, k->data.s ? k->data.s : "", k->data.len,
                       k->coeff, w);
    sbuf_free(&now.data);
    st_unlock(&h->t, i);
    return bad;
}

int
history_restore(struct history *h, size_t k, int dry,
                void (*change)(const struct st *t, size_t i, const char *what,
                               void *ctx),
                void *ctx, struct why *w)
{
    size_t n = h->t.shape.count;
    struct kept *now = present(h, w), *then = now ? past(h, k, w) : NULL;
    int bad = !then;

    for (size_t i = 0; i < n && !bad; i++) {
        const char *what = difference(&now[i], &then[i]);
        if (!what)
            continue;
        change(&h->t, i, what, ctx);
        bad = dry ? 0 : put(h, i, &then[i], w);
    }
    free_state(now, n);
    free_state(then, n);
    return bad ? -1 : 0;
}
