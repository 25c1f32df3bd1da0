#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/gpucode.h"
#include "common/gpudriver.h"
#include "common/sha256.h"

/* hiprtc and nvrtc: the same calls but for the prefix and the last two. */
struct compiler {
    int (*create)(void **, const char *, const char *, int, const char **,
                  const char **);
    int (*compile)(void *, int, const char **);
    int (*log_size)(void *, size_t *), (*log)(void *, char *);
    int (*code_size)(void *, size_t *), (*code)(void *, char *);
};

static int
open_compiler(struct compiler *r, const char *kind, struct why *w)
{
    static const char *const hip[] = { "libhiprtc.so.7",   "libhiprtc.so.6",
                                       "libamdhip64.so.7", "libamdhip64.so.6",
                                       "libamdhip64.so.5", "libhiprtc.so",
                                       "libamdhip64.so",   NULL };
    static const char *const cuda[] = { "libnvrtc.so.13",
                                        "libnvrtc.so.12",
                                        "libnvrtc.so.11.2",
                                        "libnvrtc.so",
                                        "/usr/local/cuda/lib64/libnvrtc.so",
                                        NULL };
    int is_cuda = strcmp(kind, "cuda") == 0;
    const char *prefix = is_cuda ? "nvrtc" : "hiprtc";
    const struct {
        void *to;
        const char *name;
    } list[] = {
        { &r->create, "CreateProgram" },
        { &r->compile, "CompileProgram" },
        { &r->log_size, "GetProgramLogSize" },
        { &r->log, "GetProgramLog" },
        { &r->code_size, is_cuda ? "GetCUBINSize" : "GetCodeSize" },
        { &r->code, is_cuda ? "GetCUBIN" : "GetCode" },
    };
    void *lib = gpudriver_library(is_cuda ? cuda : hip);

    if (!lib)
        return why_set(w, "no library %s to compile with", prefix);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", prefix, list[i].name);
        if (gpudriver_symbol(lib, name, list[i].to) < 0)
            return why_set(w, "the compiler has no %s", name);
    }
    return 0;
}

/* The first line of the compiler's messages that speaks of an error. */
static void
explain(const struct compiler *r, void *program, int error, struct why *w)
{
    size_t n = 0;
    char *text = NULL, *at;

    if (r->log_size(program, &n) == 0 && n > 1 && (text = calloc(1, n + 1)))
        r->log(program, text);
    at = text ? strstr(text, "error") : NULL;
    while (at && at > text && at[-1] != '\n')
        at--;
    if (!at)
        at = text;
    why_set(w, "the compiler says error %d: %.*s", error,
            at ? (int)strcspn(at, "\n") : 1, at ? at : "-");
    free(text);
}

static int
compile(struct sbuf *to, const struct gpucode *c, struct why *w)
{
    char option[96];
    const char *options[] = { option };
    struct compiler r;
    void *program;
    size_t n = 0;
    int bad;

    if (open_compiler(&r, c->kind, w) < 0)
        return -1;
    snprintf(option, sizeof option, "--%s=%s",
             strcmp(c->kind, "cuda") == 0 ? "gpu-architecture" : "offload-arch",
             c->arch);
    if ((bad = r.create(&program, c->source, c->name, 1,
                        (const char *[]){ c->header },
                        (const char *[]){ c->header_name })))
        return why_set(w, "the compiler says error %d", bad);
    if ((bad = r.compile(program, 1, options))) {
        explain(&r, program, bad, w);
        return -1;
    }
    if ((bad = r.code_size(program, &n)) || n == 0 || sbuf_reserve(to, n) < 0 ||
        (bad = r.code(program, to->s + to->len)))
        return why_set(w, "the compiler made no code: error %d", bad);
    to->len += n;
    return 0;
}

static void
write_all(int fd, const char *s, size_t n)
{
    while (n > 0) {
        ssize_t k = write(fd, s, n);
        if (k < 0 && errno != EINTR)
            return;
        s += k > 0 ? k : 0;
        n -= k > 0 ? (size_t)k : 0;
    }
}

/* In the child: 'y' and the code, or 'n' and the reason. */
static void
child(int fd, const struct gpucode *c)
{
    int null = open("/dev/null", O_WRONLY);
    struct sbuf code = { 0 };
    struct why w;

    if (null >= 0) { /* what it says as it crashes helps nobody */
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    if (compile(&code, c, &w) == 0) {
        write_all(fd, "y", 1);
        write_all(fd, code.s, code.len);
    } else {
        write_all(fd, "n", 1);
        write_all(fd, w.s, strlen(w.s));
    }
    _exit(0);
}

static int
read_all(int fd, struct sbuf *b)
{
    char part[65536];
    ssize_t k;

    while ((k = read(fd, part, sizeof part)) != 0)
        if (k > 0)
            sbuf_add(b, part, (size_t)k);
        else if (errno != EINTR)
            return -1;
    return b->failed ? -1 : 0;
}

int
gpucode_compile(struct sbuf *to, const struct gpucode *c, struct why *w)
{
    struct sbuf b = { 0 };
    int fd[2], status = 0, bad;
    pid_t pid;

    if (pipe(fd) < 0 || (pid = fork()) < 0)
        return why_set(w, "cannot start the compiler: %s", strerror(errno));
    if (pid == 0) {
        close(fd[0]);
        child(fd[1], c);
    }
    close(fd[1]);
    bad = read_all(fd[0], &b);
    close(fd[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status))
        bad = why_set(w, "%s: the compiler died of signal %d on %s", c->kind,
                      WTERMSIG(status), c->arch);
    else if (bad || b.len < 2)
        bad = why_set(w, "%s: nothing came back from the compiler", c->kind);
    else if (b.s[0] == 'n')
        bad = why_set(w, "%s: %s", c->kind, b.s + 1);
    else
        sbuf_add(to, b.s + 1, b.len - 1);
    sbuf_free(&b);
    return bad;
}

/* Where the object is kept; NULL when there is no home. The caller frees. */
static char *
place(const struct gpucode *c)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    struct sbuf key = { 0 }, path = { 0 };
    char hex[65];

    sbuf_addf(&key, "1 %s %s %d\n%s\n%s", c->kind, c->arch, c->version,
              c->header, c->source);
    sha256_of(key.s ? key.s : "", key.len, hex);
    sbuf_free(&key);
    if (cache && *cache == '/')
        sbuf_addf(&path, "%s/learnutils", cache);
    else if (home && *home)
        sbuf_addf(&path, "%s/.cache/learnutils", home);
    if (path.s && fsx_mkdirs(path.s, NULL) == 0)
        sbuf_addf(&path, "/kern-%.32s.bin", hex);
    else
        sbuf_free(&path);
    return path.s;
}

/* A kept object is its own SHA-256, a newline, and the code. */
static int
recall(struct sbuf *to, const char *path)
{
    struct sbuf b = { 0 };
    char hex[65];
    int bad = fsx_read(path, &b, (size_t)1 << 28, NULL);

    if (!bad && b.len > 65) {
        sha256_of(b.s + 65, b.len - 65, hex);
        bad = memcmp(hex, b.s, 64) != 0;
    } else {
        bad = 1;
    }
    if (!bad)
        sbuf_add(to, b.s + 65, b.len - 65);
    sbuf_free(&b);
    return bad ? -1 : 0;
}

static void
keep(const struct sbuf *code, const char *path)
{
    struct sbuf b = { 0 };
    char hex[65];

    sha256_of(code->s, code->len, hex);
    sbuf_addf(&b, "%s\n", hex);
    sbuf_add(&b, code->s, code->len);
    if (!b.failed)
        fsx_replace(path, b.s, b.len, NULL);
    sbuf_free(&b);
}

int
gpucode_get(struct sbuf *to, const struct gpucode *c, struct why *w)
{
    const char *given = getenv("LU_GPU_CODE");
    char *path;
    int bad;

    if (given && *given)
        return fsx_read(given, to, (size_t)1 << 28, w);
    path = place(c);
    bad = path ? recall(to, path) : -1;
    if (bad) {
        bad = gpucode_compile(to, c, w);
        if (!bad && path)
            keep(to, path);
    }
    free(path);
    return bad;
}
