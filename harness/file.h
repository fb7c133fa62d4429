/* SPDX-License-Identifier: MIT */
/*
 * file.h: whole files and folders.  Errors name the path and what to do where that is known (a full disk).
 */
#ifndef TOLL_FILE_H
#define TOLL_FILE_H

#include "arena.h"
#include "error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Says that doing what (a verb: "write", "read") to path failed with errno; always -1. */
int file_error(struct error *error, const char *what, const char *path);

/* The contents, NUL-terminated; *bytes (may be NULL) gets the length without that. */
char *file_read(struct arena *arena, const char *path, size_t *bytes, struct error *error);

/* Like file_read but never fails: NULL when the file cannot be read. */
char *file_read_optional(struct arena *arena, const char *path, size_t *bytes);

/* All or nothing: a temporary neighbour is written, brought to stable storage and renamed. */
int file_write_atomic(const char *path, const char *text, size_t bytes, struct error *error);

int file_write_all(int fd, const char *bytes, size_t n); /* 0, or -1 with errno */
int file_copy(const char *from, const char *to, struct error *error);
int file_make_folders(const char *path, struct error *error); /* like mkdir -p */
void file_remove_tree(const char *path);
bool file_exists(const char *path);

/* Whether a user may call a file or folder so: one part of a path, which no shell and no list of options takes apart.
   -1 with an error if not. */
int file_name_check(const char *name, struct error *error);

int64_t file_size(const char *path); /* -1 if there is none */

#ifdef __cplusplus
}
#endif

#endif
