/* SPDX-License-Identifier: MIT */
/*
 * error.h: how the harness's functions fail.  They return -1 and fill in a struct error: what went wrong, what was
 * expected and what to do, and the exit code of toll if nothing better is done about it.  Only main and the
 * commands print it.
 */
#ifndef TOLL_ERROR_H
#define TOLL_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

enum toll_exit {
    TOLL_OK = 0,
    TOLL_CLAIM = 1, /* a comparison or claim does not hold */
    TOLL_USAGE = 2, /* usage or configuration */
    TOLL_HOST = 3,  /* this host cannot do it */
    TOLL_GUEST = 4, /* a guest failed */
    TOLL_INTERRUPTED = 130
};

struct error {
    enum toll_exit code;
    char text[4096];
};

/* Always returns -1. */
int error_set(struct error *error, enum toll_exit code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif

#endif
