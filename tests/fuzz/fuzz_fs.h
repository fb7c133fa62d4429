/* SPDX-License-Identifier: MIT */
/* fuzz_fs.h: a fuzz target in the form that libFuzzer also calls. */
#ifndef TOLL_FUZZ_FS_H
#define TOLL_FUZZ_FS_H

#include <stddef.h>
#include <stdint.h>

/* Mounts data as a disk and does to it what its own bytes choose.  Always 0; stops the process if the file system
   breaks a promise. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#endif
