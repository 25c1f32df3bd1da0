/* glibc's check of longjmp takes a switch of fibers for a broken stack. */
#undef _FORTIFY_SOURCE
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "emu.h"

enum { STACK = 128 * 1024, MOST = 1024, POISON = 0x7f, LINES = 1024 };
enum state { NEW, WAITS, DONE };

/* A stack and where it stands. Idle ones wait to run one more thread. */
struct fiber {
    jmp_buf at;
    ucontext_t start;
    char *stack;
    struct fiber *idle; /* the next one */
};

struct thread {
    enum state state;
    struct fiber *on; /* while it waits */
};

int emu_thread, emu_block_x, emu_block_y, emu_blocks_x;
static enum emu_order order;
static int skipped;
static char met[LINES];

static jmp_buf scheduler;
static struct fiber *idle, *running;
static struct thread thread[MOST];
static const struct emu_kernel *kernel;
static void **arguments;

/* Where GPU_SHARED puts things; the linker knows the ends. */
extern char __start_gpushared[], __stop_gpushared[];

void
emu_set_order(enum emu_order o)
{
    order = o;
}

int
emu_skip_sync(int line)
{
    skipped = line;
    for (line++; line < LINES; line++)
        if (met[line])
            return line;
    return 0;
}

void
emu_sync(int line)
{
    met[line < LINES ? line : 0] = 1;
    if (line == skipped)
        return;
    thread[emu_thread].state = WAITS;
    thread[emu_thread].on = running;
    if (_setjmp(running->at) == 0)
        _longjmp(scheduler, 1);
}

/* Run threads to their ends, one after the other, as the scheduler says. */
static void
fiber_main(void)
{
    for (;;) {
        kernel->call(arguments);
        thread[emu_thread].state = DONE;
        running->idle = idle;
        idle = running;
        if (_setjmp(running->at) == 0)
            _longjmp(scheduler, 1);
    }
}

static struct fiber *
fiber_new(void)
{
    struct fiber *f = calloc(1, sizeof *f);

    if (f && !(f->stack = malloc(STACK))) {
        free(f);
        return NULL;
    }
    return f;
}

/* Let thread t run until it waits or ends. */
static int
resume(int t)
{
    struct fiber *volatile fresh = NULL;

    emu_thread = t;
    if (_setjmp(scheduler))
        return 0;
    if (thread[t].state == WAITS) {
        running = thread[t].on;
        _longjmp(running->at, 1);
    }
    if (idle) {
        running = idle;
        idle = idle->idle;
        _longjmp(running->at, 1);
    }
    if (!(fresh = fiber_new()) || getcontext(&fresh->start) < 0)
        return -1;
    fresh->start.uc_stack.ss_sp = fresh->stack;
    fresh->start.uc_stack.ss_size = STACK;
    makecontext(&fresh->start, fiber_main, 0);
    running = fresh;
    setcontext(&fresh->start);
    return -1;
}

static int
turn(int i, int n)
{
    if (order == EMU_DOWN)
        return n - 1 - i;
    return order == EMU_MIXED ? (int)((i * 167u + 31) % (unsigned)n) : i;
}

/* One block. When some threads end while others wait at a barrier, a device
 * would hang or worse. */
static int
run_block(int n)
{
    int ended = 0, bad = EMU_OK;

    /* cppcheck-suppress comparePointers ; the ends of one section */
    size_t shared = (size_t)(__stop_gpushared - __start_gpushared);

    memset(__start_gpushared, POISON, shared);
    for (int i = 0; i < n; i++)
        thread[i] = (struct thread){ NEW, NULL };
    while (ended < n) {
        for (int i = 0; i < n; i++) {
            int t = turn(i, n);
            if (thread[t].state == DONE)
                continue;
            if (resume(t) < 0)
                return EMU_MEMORY;
            ended += thread[t].state == DONE;
        }
        if (ended > 0 && ended < n)
            bad = EMU_DIVERGED;
    }
    return bad;
}

int
emu_launch(void *k, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
           unsigned by, unsigned bz, unsigned shared, void *stream, void **args,
           void **extra)
{
    int bad = EMU_OK;

    if (gz != 1 || by != 1 || bz != 1 || bx > MOST || shared || stream ||
        extra || gx == 0 || gy == 0)
        return EMU_UNKNOWN;
    kernel = k;
    arguments = args;
    emu_blocks_x = (int)gx;
    for (emu_block_y = 0; emu_block_y < (int)gy; emu_block_y++)
        for (emu_block_x = 0; emu_block_x < (int)gx; emu_block_x++) {
            int one = run_block((int)bx);
            bad = bad ? bad : one;
        }
    return bad;
}

int
emu_alloc(void **p, size_t n)
{
    if ((n + 255) / 256 > SIZE_MAX / 512 ||
        !(*p = aligned_alloc(256, (n + 255) / 256 * 256)))
        return EMU_MEMORY;
    memset(*p, POISON, n);
    return EMU_OK;
}

int
emu_free(void *p)
{
    free(p);
    return EMU_OK;
}

int
emu_copy(void *to, const void *from, size_t n)
{
    memcpy(to, from, n);
    return EMU_OK;
}

int
emu_fill(void *to, unsigned char value, size_t n)
{
    memset(to, value, n);
    return EMU_OK;
}

int
emu_synchronize(void)
{
    return EMU_OK;
}

/* There is one module and it is here already. */
int
emu_load(void **module, const void *image)
{
    *module = image ? (void *)thread : NULL;
    return EMU_OK;
}

int
emu_find(void **found, void *module, const char *name)
{
    *found = NULL;
    for (const struct emu_kernel *k = emu_kernels; module && k->name; k++)
        if (strcmp(k->name, name) == 0)
            *found = (void *)k;
    return *found ? EMU_OK : EMU_UNKNOWN;
}

const char *
emu_error_text(int error)
{
    switch (error) {
    case EMU_OK: return "no error";
    case EMU_MEMORY: return "out of memory";
    case EMU_DIVERGED: return "threads of a block missed a barrier";
    default: return "no such kernel or shape";
    }
}
