/* SPDX-License-Identifier: MIT */
/* attempts.h: the list of what must not work.  run returns only if it was not stopped. */
#ifndef TOLL_ATTEMPTS_H
#define TOLL_ATTEMPTS_H

#include <stdbool.h>
#include <stddef.h>

struct attempt {
    const char *name;
    void (*run)(void);
};

/* Ends with a name of NULL. */
extern const struct attempt attempts[];

/* Attempts on places: the name of number n, or false if there are no more; and making the one of that name. */
bool place_name(unsigned n, char *name, size_t size);
void place_try(const char *what);

#endif
