/* SPDX-License-Identifier: MIT */
/* cpu_fpu.c: the floating-point state that a thread begins with (SDM 1 13.4, 10.5.1). */
#include "machine/cpu.h"

#define FPU_CONTROL 0x37f
#define MXCSR_DEFAULT 0x1f80

void cpu_fpu_init(void *area)
{
    *(uint16_t *)area = FPU_CONTROL;
    *(uint32_t *)((char *)area + 24) = MXCSR_DEFAULT;
}
