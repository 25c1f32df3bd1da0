/* The kernels as the devices' own compilers see them, where those are here:
 * they need no device. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "common/gpucode.h"
#include "kernels.h"

static void
compile(const char *kind, const char *arch, const char *promised)
{
    struct gpucode c = { .kind = kind,
                         .arch = arch,
                         .name = "ffn.hip",
                         .source = kernels_source,
                         .header_name = "gpu.h",
                         .header = kernels_dialect };
    struct sbuf code = { 0 };
    struct why w = { "" };
    int bad = gpucode_compile(&code, &c, &w);

    if (bad && strstr(w.s, "no library")) {
        printf("ok %s # skip %s\n", promised, w.s);
        return;
    }
    if (bad)
        printf("# %s\n", w.s);
    CHECK(!bad && code.len > 1000 && memcmp(code.s, "\177ELF", 4) == 0);
    sbuf_clear(&code);
    c.arch = "sm_1"; /* some versions abort the process on such */
    CHECK(gpucode_compile(&code, &c, &w) < 0 && code.len == 0 &&
          strncmp(w.s, kind, strlen(kind)) == 0);
    c.arch = arch;
    c.source = "#include \"gpu.h\"\nGPU_KERNEL k(int *x) { x = 1.5 }\n";
    CHECK(gpucode_compile(&code, &c, &w) < 0 && strstr(w.s, "error"));
    sbuf_free(&code);
    promise(promised);
}

int
main(void)
{
    compile("cuda", "sm_90", "gpucode: nvrtc compiles the kernels, in a child");
    compile("hip", "gfx90a",
            "gpucode: hiprtc compiles the kernels, in a child");
    return check_done();
}
