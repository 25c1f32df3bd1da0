/*
 * emukern.c - the kernels as C, for the emulator, and as text, for a device's
 * compiler.
 */
#include "gpu.h"
#include "kernels.h"

/* First, so that types other than those of kernels.def do not compile. */
#define TYPE(i, T)        T
#define KERNEL(name, ...) void name(EACH(TYPE, __VA_ARGS__));
#include "kernels.def"
#undef KERNEL

#include "ffn.hip"

#define ARG(i, T) *(T *)args[i]
#define KERNEL(name, ...)                                                      \
    static void call_##name(void **args)                                       \
    {                                                                          \
        name(EACH(ARG, __VA_ARGS__));                                          \
    }
#include "kernels.def"
#undef KERNEL

#define KERNEL(name, ...) { #name, call_##name },
const struct emu_kernel emu_kernels[] = {
#include "kernels.def"
    { NULL, NULL },
};
#undef KERNEL

#define TEXT(symbol, file)                                                     \
    __asm__(".pushsection .rodata\n"                                           \
            ".global " #symbol "\n" #symbol ":\n"                              \
            ".incbin \"" file "\"\n"                                           \
            ".byte 0\n"                                                        \
            ".popsection\n")
TEXT(kernels_source, "kernels/ffn.hip");
TEXT(kernels_dialect, "kernels/gpu.h");
