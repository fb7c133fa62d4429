/* SPDX-License-Identifier: MIT */
/* attempts.h: the list of what must not work.  run returns only if it was not stopped. */
#ifndef TOLL_ATTEMPTS_H
#define TOLL_ATTEMPTS_H

struct attempt {
    const char *name;
    void (*run)(void);
};

/* Ends with a name of NULL. */
extern const struct attempt attempts[];

#endif
