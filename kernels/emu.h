/*
 * emu.h - kernels on the CPU: a driver whose device is this process.
 *
 * It has the calls of a GPU's driver (common/gpu.h), so that everything above
 * them can be tested, and used, without one. Threads of a block are fibers
 * that switch at GPU_SYNC only. Device memory and, before every block, shared
 * memory are filled with 0x7f (3.4e38), so that reading what nobody wrote
 * shows; and the order of threads can be changed, so that a missing barrier
 * shows. One process thread at a time may use it.
 */
#ifndef LU_EMU_H
#define LU_EMU_H

#include <stddef.h>

enum emu_order { EMU_UP, EMU_DOWN, EMU_MIXED };

/* How the threads of the next launches take turns; EMU_UP at first. */
void emu_set_order(enum emu_order o);

/* Leave out the barrier at a line of the source, 0 for none: something that a
 * test must notice. Returns the next line after it where one has been met. */
int emu_skip_sync(int line);

/* What a kernel sees. */
extern int emu_thread, emu_block_x, emu_block_y, emu_blocks_x;
void emu_sync(int line);

/* A kernel, called with the addresses of its arguments, by name. */
struct emu_kernel {
    const char *name;
    void (*call)(void **args);
};
extern const struct emu_kernel emu_kernels[]; /* emukern.c; ends with NULL */

/* Error codes of the calls below, and what emu_error_text says of them. */
enum { EMU_OK, EMU_MEMORY = 2, EMU_UNKNOWN = 500, EMU_DIVERGED = 700 };
const char *emu_error_text(int error);

int emu_alloc(void **p, size_t n);
int emu_free(void *p);
int emu_copy(void *to, const void *from, size_t n);
int emu_fill(void *to, unsigned char value, size_t n);
int emu_synchronize(void);
int emu_load(void **module, const void *image);
int emu_find(void **kernel, void *module, const char *name);
int emu_launch(void *kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
               unsigned by, unsigned bz, unsigned shared, void *stream,
               void **args, void **extra);

#endif
