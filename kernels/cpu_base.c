/* cpu_base.c - the loops for any processor the compiler aims at. */
#define LOOPS      kern_base
#define LOOPS_NAME "cpu base"
#include "loops.h"
