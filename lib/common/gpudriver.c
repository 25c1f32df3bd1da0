#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "common/gpudriver.h"

/* What is only needed to open a device. */
static struct {
    int (*init)(unsigned);
    int (*count)(int *);
    int (*device)(int *, int);
    int (*name)(char *, int, int);
    int (*version)(int *);
} open_;
static const char *(*hip_name)(int);
static int (*cuda_name)(int, const char **);

void *
gpudriver_library(const char *const *names)
{
    void *h = NULL;

    for (; *names && !h; names++)
        h = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
    return h;
}

int
gpudriver_symbol(void *library, const char *name, void *to)
{
    void *p = dlsym(library, name);

    memcpy(to, &p, sizeof p);
    return p ? 0 : -1;
}

static const char *
hip_text(int error)
{
    return hip_name(error);
}

static const char *
cuda_text(int error)
{
    const char *s = NULL;

    cuda_name(error, &s);
    return s ? s : "unknown error";
}

static int
resolve(struct gpudriver *g, void *lib, int cuda, struct why *w)
{
    const struct {
        void *to;
        const char *hip, *cuda;
    } list[] = {
        { &open_.init, "hipInit", "cuInit" },
        { &open_.count, "hipGetDeviceCount", "cuDeviceGetCount" },
        { &open_.device, "hipDeviceGet", "cuDeviceGet" },
        { &open_.name, "hipDeviceGetName", "cuDeviceGetName" },
        { &open_.version, "hipRuntimeGetVersion", "cuDriverGetVersion" },
        { &g->alloc, "hipMalloc", "cuMemAlloc_v2" },
        { &g->free, "hipFree", "cuMemFree_v2" },
        { &g->put, "hipMemcpyHtoD", "cuMemcpyHtoD_v2" },
        { &g->get, "hipMemcpyDtoH", "cuMemcpyDtoH_v2" },
        { &g->copy, "hipMemcpyDtoD", "cuMemcpyDtoD_v2" },
        { &g->fill, "hipMemsetD8", "cuMemsetD8_v2" },
        { &g->sync, "hipDeviceSynchronize", "cuCtxSynchronize" },
        { &g->load, "hipModuleLoadData", "cuModuleLoadData" },
        { &g->find, "hipModuleGetFunction", "cuModuleGetFunction" },
        { &g->launch, "hipModuleLaunchKernel", "cuLaunchKernel" },
    };

    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        const char *name = cuda ? list[i].cuda : list[i].hip;
        if (gpudriver_symbol(lib, name, list[i].to) < 0)
            return why_set(w, "%s: the library has no %s", g->kind, name);
    }
    if (cuda ? gpudriver_symbol(lib, "cuGetErrorName", &cuda_name) < 0
             : gpudriver_symbol(lib, "hipGetErrorName", &hip_name) < 0)
        return why_set(w, "%s: the library has no names of errors", g->kind);
    g->text = cuda ? cuda_text : hip_text;
    return 0;
}

static int
failed(const struct gpudriver *g, const char *what, int error, struct why *w)
{
    return why_set(w, "%s: %s: %s", g->kind, what, g->text(error));
}

/* The context belongs to the thread; the primary one is shared with BLAS. */
static int
cuda_context(struct gpudriver *g, void *lib, int device, struct why *w)
{
    enum { MAJOR = 75, MINOR = 76 }; /* CU_DEVICE_ATTRIBUTE_COMPUTE_... */
    int (*retain)(void **, int), (*current)(void *),
        (*attribute)(int *, int, int);
    int bad, major = 0, minor = 0;
    void *context;

    if (gpudriver_symbol(lib, "cuDevicePrimaryCtxRetain", &retain) < 0 ||
        gpudriver_symbol(lib, "cuCtxSetCurrent", &current) < 0 ||
        gpudriver_symbol(lib, "cuDeviceGetAttribute", &attribute) < 0)
        return why_set(w, "cuda: the library has no contexts");
    if ((bad = retain(&context, device)) || (bad = current(context)))
        return failed(g, "context", bad, w);
    if ((bad = attribute(&major, MAJOR, device)) ||
        (bad = attribute(&minor, MINOR, device)))
        return failed(g, "compute capability", bad, w);
    snprintf(g->arch, sizeof g->arch, "sm_%d%d", major, minor);
    return 0;
}

/*
 * Where the architecture's name stands in the device's properties changed with
 * HIP 6, and so did the call's name; but it is the one text there that begins
 * with gfx, so look for it in more room than the properties ever took.
 */
static int
hip_context(struct gpudriver *g, void *lib, int device, struct why *w)
{
    static char room[1 << 16];
    int (*properties)(void *, int), (*set)(int), bad;
    const char *last = room + sizeof room - sizeof g->arch;

    if (gpudriver_symbol(lib, "hipSetDevice", &set) < 0 ||
        (gpudriver_symbol(lib, "hipGetDevicePropertiesR0600", &properties) <
             0 &&
         gpudriver_symbol(lib, "hipGetDeviceProperties", &properties) < 0))
        return why_set(w, "hip: the library has no hipGetDeviceProperties");
    if ((bad = set(device)) || (bad = properties(room, device)))
        return failed(g, "properties", bad, w);
    for (const char *p = room; p < last; p++)
        if (memcmp(p, "gfx", 3) == 0) {
            memcpy(g->arch, p, sizeof g->arch - 1);
            return 0;
        }
    return why_set(w, "hip: the device does not tell its architecture");
}

int
gpudriver_open(struct gpudriver *g, const char *kind, struct why *w)
{
    static const char *const hip[] = { "libamdhip64.so.7", "libamdhip64.so.6",
                                       "libamdhip64.so.5", "libamdhip64.so",
                                       NULL };
    static const char *const cuda[] = { "libcuda.so.1", NULL };
    int is_cuda = strcmp(kind, "cuda") == 0, n = 0, device = 0, bad;
    void *lib = gpudriver_library(is_cuda ? cuda : hip);

    *g = (struct gpudriver){ .kind = kind };
    if (!lib)
        return why_set(w, "%s: %s", kind, dlerror());
    if (resolve(g, lib, is_cuda, w) < 0)
        return -1;
    if ((bad = open_.init(0)) || (bad = open_.count(&n)))
        return failed(g, "no device", bad, w);
    if (n < 1)
        return why_set(w, "%s: no device", kind);
    if ((bad = open_.device(&device, 0)))
        return failed(g, "no device", bad, w);
    if (open_.name(g->name, sizeof g->name, device))
        snprintf(g->name, sizeof g->name, "unknown");
    open_.version(&g->version);
    return is_cuda ? cuda_context(g, lib, device, w)
                   : hip_context(g, lib, device, w);
}
