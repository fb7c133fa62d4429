/* SPDX-License-Identifier: MIT */
/* stop.c: the panic's record and backtrace (a walk over frame pointers), and the way out. */
#include "machine/stop.h"
#include "base/format.h"
#include "base/panic.h"
#include "machine/boot.h"
#include "machine/layout.h"
#include "machine/serial.h"
#include "machine/trap.h"
#include "machine/x86.h"
#include "wire.h"

#define FRAMES_MAX 32

uint64_t stop_frames_from = DIRECT_BASE;

_Noreturn void stop_machine(uint8_t code)
{
    x86_out8(WIRE_EXIT_PORT, code);
    for (;;)
        __asm__ volatile("cli; hlt");
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    char line[WIRE_LINE_MAX];
    va_list args;
    int n;

    va_start(args, format);
    n = format_text_args(line, sizeof line, format, args);
    va_end(args);
    serial_write(line, n < (int)sizeof line ? (uint64_t)n : sizeof line - 1);
}

static int frame_is_good(uint64_t frame)
{
    return frame % 8 == 0 && frame >= stop_frames_from && frame < UINT64_MAX - 16;
}

static void backtrace(uint64_t rip, uint64_t frame)
{
    say(WIRE_PREFIX "bt %lx\n", (unsigned long)rip);
    for (int i = 0; i < FRAMES_MAX && frame_is_good(frame); i++) {
        const uint64_t *words = (const uint64_t *)frame;
        if (words[1] < DIRECT_BASE)
            return;
        say(WIRE_PREFIX "bt %lx\n", (unsigned long)words[1]);
        if (words[0] <= frame)
            return;
        frame = words[0];
    }
}

_Noreturn void stop_panic(const char *message, const struct trap *trap)
{
    static int twice;

    x86_cli();
    if (twice++)
        stop_machine(WIRE_EXIT_PANIC);
    say("\n" WIRE_PREFIX "panic %s\n", message);
    if (trap) {
        say("trap %lu error %lx rip %lx rsp %lx cr2 %lx\n", (unsigned long)trap->vector, (unsigned long)trap->error,
            (unsigned long)trap->rip, (unsigned long)trap->rsp, (unsigned long)x86_cr2());
        backtrace(trap->rip, trap->rbp);
    } else {
        backtrace((uint64_t)__builtin_return_address(0), (uint64_t)__builtin_frame_address(0));
    }
    stop_machine(WIRE_EXIT_PANIC);
}

_Noreturn void env_panic(const char *message)
{
    stop_panic(message, 0);
}
