/* SPDX-License-Identifier: MIT */
/* raw.h: a call of the kernel itself, by the convention of kernels/exo/exo.h and of micro.h's second shape. */
#ifndef TOLL_GUEST_RAW_H
#define TOLL_GUEST_RAW_H

#include <stdint.h>

static inline int64_t raw(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    register uint64_t r10 __asm__("r10") = c, r8 __asm__("r8") = d, r9 __asm__("r9") = e;

    __asm__ volatile("syscall"
                     : "+D"(number), "+S"(a), "+d"(b), "+r"(r10), "+r"(r8), "+r"(r9), "+a"(f)
                     :
                     : "rcx", "r11", "memory", "cc");
    return (int64_t)f;
}

#endif
