#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "common/fsx.h"
#include "llm/conf.h"
#include "llm/origin.h"
#include "llm/status.h"
#include "scratch.h"

extern char **environ;

static char *none[] = { NULL };
static char path[300];
static struct why w;
static struct llm_conf c;

/* A fresh environment whose settings file is text. */
static void
start(const char *text)
{
    environ = none;
    fsx_replace(path, text, strlen(text), NULL);
    chmod(path, 0600);
    setenv("LU_CONFIG", path, 1);
    w.s[0] = '\0';
}

static int
load(void)
{
    int bad = llm_conf_load(&c, "test", &w);

    return bad ? -1 : llm_conf_settle(&c, &w);
}

/* Loading fails and the reason has this in it. */
static int
refused(const char *part)
{
    int bad = load();

    llm_conf_free(&c);
    if (bad == 0 || !strstr(w.s, part))
        printf("# said: %s\n", w.s);
    return bad < 0 && strstr(w.s, part);
}

static void
test_defaults(void)
{
    start("");
    setenv("OPENAI_API_KEY", "sk-x", 1);
    setenv("LU_API_KEY", "sk-y", 1);
    setenv("LLM_API_KEY", "sk-z", 1);
    CHECK(load() == 0 && c.backend == LLM_NEAREST && c.jobs == 4);
    CHECK(isnan(c.temperature) && c.max_tokens == -1 && c.retries == 4);
    CHECK(c.timeout == 600 && c.reply_max == 16777216 && !c.model);
    CHECK(c.cache_mode == CACHE_OFF && c.notes.len == 0);
    CHECK(strcmp(c.system_role, "system") == 0 && c.min_score == 0);
    llm_conf_free(&c);
    promise("conf: defaults; a key alone starts no spending");
}

static void
test_order(void)
{
    start("# a comment\n\n LU_MODEL = \"from file\" \nLU_JOBS=7\r\n"
          "LU_TIMEOUT=2m\nLU_MAX_TOKENS=1k\nLU_STOP=\nLLM_BASE_URL=http://f\n");
    setenv("LU_JOBS", "9", 1);
    setenv("LLM_MODEL", "old name", 1);
    setenv("LU_SEED", "", 1);
    CHECK(llm_conf_load(&c, "test", &w) == 0);
    CHECK(llm_conf_set(&c, "max-tokens", "5", &w) == 0);
    CHECK(llm_conf_set(&c, "api-key", "sk", &w) < 0);
    CHECK(llm_conf_set(&c, "modle", "m", &w) < 0 && strstr(w.s, "modle"));
    CHECK(strcmp(c.model, "old name") == 0 && c.jobs == 9);
    CHECK(c.timeout == 120 && c.max_tokens == 5 && c.seed == -1);
    CHECK(llm_conf_given(&c, "JOBS") && !llm_conf_given(&c, "SEED"));
    CHECK(llm_conf_set(&c, "jobs", "", &w) == 0 && c.jobs == 4);
    llm_conf_free(&c);
    setenv("LU_MODEL", "new name", 1);
    CHECK(llm_conf_load(&c, "test", &w) == 0);
    CHECK(strcmp(c.model, "new name") == 0);
    CHECK(strcmp(c.base_url, "http://f") == 0);
    llm_conf_free(&c);
    start("LU_MODEL=new\nLLM_MODEL=old\n");
    CHECK(load() == 0 && strcmp(c.model, "new") == 0);
    llm_conf_free(&c);
    promise("conf: flag over environment over file over default");
}

static void
test_refused(void)
{
    start("LU_MODEL=m\nLU_JOSB=3\n");
    CHECK(refused("config:2: LU_JOSB"));
    start("PATH=/bin\n");
    CHECK(refused("config:1: PATH"));
    start("LU_MODEL m\n");
    CHECK(refused("NAME=VALUE"));
    start("LU_JOBS=many\n");
    CHECK(refused("config:1: JOBS: many"));
    start("");
    setenv("LU_JOBS", "0", 1);
    CHECK(refused("LU_JOBS: 0 is below 1"));
    start("");
    setenv("LU_MODEL", "m\nsample 1", 1);
    CHECK(refused("control"));
    start("");
    setenv("LU_CONFIG", "config", 1);
    CHECK(refused("absolute"));
    setenv("LU_CONFIG", "/no/such/file", 1);
    CHECK(refused("No such file"));
    start("");
    setenv("LU_BACKEND", "gpt", 1);
    CHECK(refused("LU_BACKEND: gpt: not nearest"));
    setenv("LU_BACKEND", "exec:", 1);
    CHECK(refused("which command"));
    setenv("LU_BACKEND", "exec-json:aider", 1);
    CHECK(refused("claude"));
    start("");
    setenv("LU_BACKEND", "exec:cat", 1);
    setenv("LU_MAX_COST", "1", 1);
    CHECK(refused("LU_PRICES"));
    setenv("LU_MAX_COST", "0", 1);
    setenv("LU_CACHE_MODE", "replay", 1);
    CHECK(refused("LU_CACHE"));
    promise("conf: bad names and values are refused, with the place");
}

static void
test_files(void)
{
    start("");
    unsetenv("LU_CONFIG");
    fsx_mkdirs("learnutils", NULL);
    fsx_mkdirs(".config/learnutils", NULL);
    fsx_replace("learnutils/config", "LU_MODEL=xdg\n", 13, NULL);
    fsx_replace(".config/learnutils/config", "LU_MODEL=home\n", 14, NULL);
    CHECK(load() == 0 && !c.model);
    llm_conf_free(&c);
    setenv("XDG_CONFIG_HOME", ".", 1);
    setenv("HOME", "", 1);
    CHECK(load() == 0 && !c.model);
    llm_conf_free(&c);
    setenv("HOME", scratch, 1);
    CHECK(load() == 0 && c.model && strcmp(c.model, "home") == 0);
    llm_conf_free(&c);
    setenv("XDG_CONFIG_HOME", scratch, 1);
    CHECK(load() == 0 && c.model && strcmp(c.model, "xdg") == 0);
    llm_conf_free(&c);
    start("LU_CACHE=~/kept\nLU_USAGE=a~/b\n");
    setenv("HOME", "/h", 1);
    CHECK(load() == 0 && strcmp(c.cache, "/h/kept") == 0);
    CHECK(strcmp(c.usage, "a~/b") == 0);
    llm_conf_free(&c);
    start("LU_API_KEY=k\n");
    CHECK(load() == 0 && c.notes.len == 0);
    llm_conf_free(&c);
    chmod(path, 0640);
    CHECK(load() == 0 && c.notes.len && strstr(c.notes.s, "chmod 600"));
    llm_conf_free(&c);
    promise("conf: the file is found by absolute paths alone");
}

#if defined(HAVE_LIBCURL) && defined(HAVE_LIBCJSON)
static void
test_server(void)
{
    start("LLM_MODEL=m\nLLM_BASE_URL=http://f\n");
    CHECK(load() == 0 && c.backend == LLM_OPENAI);
    llm_conf_free(&c);
    start("");
    setenv("LU_BACKEND", "openai", 1);
    CHECK(refused("LU_MODEL"));
    setenv("LU_MODEL", "m", 1);
    CHECK(load() == 0 && strstr(c.base_url, "https://api.openai.com"));
    CHECK(strcmp(c.provider, "api.openai.com") == 0 && c.notes.len == 0);
    CHECK(strcmp(c.key_url, c.base_url) == 0);
    llm_conf_free(&c);
    setenv("OPENAI_API_BASE", "http://127.0.0.1:9", 1);
    CHECK(load() == 0 && strcmp(c.base_url, "http://127.0.0.1:9") == 0);
    CHECK(strcmp(c.provider, "local") == 0 && strstr(c.notes.s, "old name"));
    CHECK(strstr(c.key_url, "api.openai.com"));
    llm_conf_free(&c);
    setenv("OPENAI_BASE_URL", "http://b/v1", 1);
    CHECK(load() == 0 && strcmp(c.base_url, "http://b/v1") == 0);
    CHECK(c.notes.len == 0 && strcmp(c.provider, "b") == 0);
    llm_conf_free(&c);
    setenv("LLM_BASE_URL", "http://c", 1);
    CHECK(load() == 0 && strcmp(c.base_url, "http://c") == 0);
    CHECK(strcmp(c.key_url, "http://c") == 0);
    llm_conf_free(&c);
    CHECK(llm_conf_load(&c, "test", &w) == 0);
    CHECK(llm_conf_set(&c, "backend", "anthropic:http://d", &w) == 0);
    CHECK(llm_conf_settle(&c, &w) == 0 && c.backend == LLM_ANTHROPIC);
    CHECK(strcmp(c.base_url, "http://d") == 0);
    CHECK(strcmp(c.key_url, "http://c") == 0);
    llm_conf_free(&c);
    unsetenv("LLM_BASE_URL");
    CHECK(llm_conf_load(&c, "test", &w) == 0);
    CHECK(llm_conf_set(&c, "backend", "openai:http://d", &w) == 0);
    CHECK(llm_conf_settle(&c, &w) == 0 && strcmp(c.base_url, "http://d") == 0);
    CHECK(strstr(c.key_url, "api.openai.com"));
    llm_conf_free(&c);
    setenv("LU_BACKEND", "openai:http://d", 1);
    CHECK(load() == 0 && strcmp(c.key_url, "http://d") == 0);
    llm_conf_free(&c);
    CHECK(llm_conf_load(&c, "test", &w) == 0);
    CHECK(llm_conf_set(&c, "base-url", "http://e", &w) == 0);
    CHECK(llm_conf_settle(&c, &w) == 0 && strcmp(c.base_url, "http://e") == 0);
    CHECK(strcmp(c.key_url, "http://d") == 0);
    llm_conf_free(&c);
    promise("conf: which server, and where LU_API_KEY may go");
}
#endif

static void
test_program(void)
{
    char text[32];

    start("");
    setenv("LU_BACKEND", "exec:tr a-z A-Z", 1);
    setenv("LU_CACHE", "kept", 1);
    CHECK(load() == 0 && c.backend == LLM_PROGRAM && c.jobs == 1);
    CHECK(strcmp(c.command, "tr a-z A-Z") == 0 && c.cache_mode == CACHE_OFF);
    CHECK(strncmp(c.provider, "text-", 5) == 0 && strlen(c.provider) == 17);
    snprintf(text, sizeof text, "%s", c.provider);
    llm_conf_free(&c);
    setenv("LU_CACHE_MODE", "auto", 1);
    setenv("LU_BACKEND", "exec:cat", 1);
    CHECK(load() == 0 && c.cache_mode == CACHE_AUTO);
    CHECK(strcmp(text, c.provider) != 0);
    llm_conf_free(&c);
#ifdef HAVE_LIBCJSON
    setenv("LU_BACKEND", "exec-json:codex", 1);
    CHECK(load() == 0 && c.program == PROGRAM_CODEX && !c.command);
    CHECK(strcmp(c.provider, "codex") == 0);
    llm_conf_free(&c);
    setenv("LU_BACKEND", "exec-json:gemini:my gemini", 1);
    CHECK(load() == 0 && c.program == PROGRAM_GEMINI);
    CHECK(strcmp(c.command, "my gemini") == 0);
    llm_conf_free(&c);
#endif
    unsetenv("LU_CACHE_MODE");
    setenv("CI", "true", 1);
    setenv("LU_BACKEND", "exec:cat", 1);
    CHECK(load() == 0 && c.cache_mode == CACHE_REPLAY);
    llm_conf_free(&c);
    setenv("LU_CACHE_MODE", "auto", 1);
    CHECK(load() == 0 && c.cache_mode == CACHE_AUTO);
    llm_conf_free(&c);
    promise("conf: commands, what is kept of them, and CI");
}

static void
test_origin(void)
{
    struct origin a, b;

    CHECK(origin_of("HTTPS://API.OpenAI.com/v1/", &a, &w) == 0);
    CHECK(origin_of("https://api.openai.com:443", &b, &w) == 0);
    CHECK(origin_same(&a, &b) && strcmp(a.path, "/v1/") == 0 && !*b.path);
    CHECK(origin_of("http://api.openai.com:443", &b, &w) == 0);
    CHECK(!origin_same(&a, &b) && !b.https && !b.loopback);
    CHECK(origin_of("https://api.openai.com:8443", &b, &w) == 0);
    CHECK(!origin_same(&a, &b));
    CHECK(origin_of("http://127.9.9.9:80", &a, &w) == 0 && a.loopback);
    CHECK(origin_of("http://[::1]:80/x", &a, &w) == 0 && a.loopback);
    CHECK(origin_of("http://localhost", &a, &w) == 0 && a.loopback);
    CHECK(origin_of("http://127.evil.com", &a, &w) == 0 && !a.loopback);
    CHECK(origin_of("http://127.0.0.1.evil", &a, &w) == 0 && !a.loopback);
    CHECK(origin_of("http://u:p@h/", &a, &w) < 0 && !strstr(w.s, "u:p"));
    CHECK(origin_of("http://api.openai.com@h", &a, &w) < 0);
    CHECK(origin_of("http://h\\@x", &a, &w) < 0);
    CHECK(origin_of("http://h\n/x", &a, &w) < 0);
    CHECK(origin_of("ftp://h", &a, &w) < 0 && origin_of("h", &a, &w) < 0);
    CHECK(origin_of("http://", &a, &w) < 0);
    CHECK(origin_of("http://h:0", &a, &w) < 0);
    CHECK(origin_of("http://h:99999", &a, &w) < 0);
    CHECK(origin_of("http://h?x", &a, &w) < 0);
    CHECK(origin_of("http://h%2ex", &a, &w) < 0);
    promise("origin: hosts are compared without tricks");
}

static void
test_status(void)
{
    size_t n[LLM_STATUS_COUNT] = { 0 };

    CHECK(llm_status_find("ok") == LLM_OK && llm_status_find("okay") == -1);
    CHECK(strcmp(llm_status_word(LLM_MISS), "miss") == 0);
    CHECK(llm_status_again(LLM_TIMEOUT) == 1);
    CHECK(llm_statuses_exit(n) == X_YES);
    n[LLM_OK] = n[LLM_CACHED] = 3;
    CHECK(llm_statuses_exit(n) == X_YES);
    n[LLM_RATELIMIT] = n[LLM_NETWORK] = 1;
    CHECK(llm_statuses_exit(n) == X_AGAIN);
    n[LLM_OVERFLOW] = 1;
    CHECK(llm_statuses_exit(n) == X_NO);
    n[LLM_SKIPPED] = 1;
    CHECK(llm_statuses_exit(n) == X_SPENT);
    n[LLM_RATELIMIT] = n[LLM_NETWORK] = n[LLM_OVERFLOW] = 0;
    n[LLM_QUOTA] = 1;
    CHECK(llm_statuses_exit(n) == X_DENIED);
    n[LLM_QUOTA] = n[LLM_SKIPPED] = 0;
    n[LLM_NOMATCH] = 1;
    CHECK(llm_statuses_exit(n) == X_NO);
    promise("status: the exit status of many calls");
}

static struct sbuf page; /* man/llm.5 */

/* Every setting has a default that is in range, says what it is, and is in the
 * manual. */
static void
one(void *ctx, const char *name, const char *dflt, const char *what)
{
    start("");
    CHECK(llm_conf_load(&c, "test", &w) == 0);
    CHECK(*what && (!dflt || llm_conf_set(&c, name, dflt, &w) == 0 ||
                    strcmp(name, "API_KEY") == 0));
    llm_conf_free(&c);
    if (!page.len || !strstr(page.s, name))
        printf("# %s is not in the manual\n", name);
    CHECK(page.len && strstr(page.s, name));
    if (dflt && strcmp(dflt, "0") != 0)
        CHECK(page.len && strstr(page.s, dflt));
    ++*(int *)ctx;
}

int
main(void)
{
    int n = 0;

    CHECK(fsx_read("man/llm.5", &page, 1 << 20, &w) == 0);
    scratch_enter();
    snprintf(path, sizeof path, "%s/config", scratch);
    test_defaults();
    test_order();
    test_refused();
    test_files();
#if defined(HAVE_LIBCURL) && defined(HAVE_LIBCJSON)
    test_server();
#endif
    test_program();
    test_origin();
    test_status();
    llm_conf_each(one, &n);
    CHECK(n > 30);
    for (int i = 0; i < LLM_STATUS_COUNT; i++) {
        const char *what = llm_status_what((enum llm_status)i);
        CHECK(page.len && strstr(page.s, what));
    }
    sbuf_free(&page);
    promise("conf: every setting has a name, a default and a line");
    scratch_leave();
    return check_done();
}
