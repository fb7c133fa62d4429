/* SPDX-License-Identifier: MIT */
/* panic.h: the end, for broken invariants only: nothing that a caller, a disk or a device does may lead here. */
#ifndef TOLL_PANIC_H
#define TOLL_PANIC_H

_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define ASSERT(condition)                                                                                              \
    do {                                                                                                               \
        if (__builtin_expect(!(condition), 0))                                                                         \
            panic("%s:%d: %s does not hold", __FILE__, __LINE__, #condition);                                          \
    } while (0)

/* Needed from the home: shows the message with a backtrace and stops the machine. */
_Noreturn void env_panic(const char *message);

#endif
