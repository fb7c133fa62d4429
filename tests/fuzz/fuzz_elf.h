/* SPDX-License-Identifier: MIT */
/* fuzz_elf.h: the fuzz target of the program loader. */
#ifndef TOLL_FUZZ_ELF_H
#define TOLL_FUZZ_ELF_H

#include <stddef.h>
#include <stdint.h>

/* Makes the process a home; once, first. */
void fuzz_elf_init(void);
/* Loads the bytes as a program, from a file and as the program that the machine was started for, and reads what it
   finds.  Aborts if the loader breaks a promise.  Counts those that were loaded. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
extern unsigned long fuzz_elf_loaded;

#endif
