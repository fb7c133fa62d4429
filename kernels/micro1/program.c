/* SPDX-License-Identifier: MIT */
/* program.c: the C of program.S. */
#include "base/panic.h"
#include "machine/cpu.h"
#include "micro/client/message.h"
#include "micro1/system.h"

void program_tls(uint64_t base)
{
    if (user_info.cpu.fsgsbase)
        __asm__ volatile("wrfsbase %0" ::"r"(base));
    else
        user_call(MICRO_TLS, base, 0, 0, 0, 0, 0);
}

_Noreturn void env_panic(const char *message)
{
    (void)message;
    for (;;)
        user_call(MICRO_THREAD_END, 0, 0, 0, 0, 0, 0);
}

/* Only threads that the system makes run here. */
_Noreturn void home_entry(void)
{
    env_panic(NULL);
}
