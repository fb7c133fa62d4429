/* SPDX-License-Identifier: MIT */
/* elf_make.h: a small sound program for tests of the loader: code, constants, data with zeros behind it, and a program
   header that is not loaded. */
#ifndef TOLL_TEST_ELF_MAKE_H
#define TOLL_TEST_ELF_MAKE_H

#include <stddef.h>
#include <stdint.h>

#define ELF_BYTES 16500u /* the last page is not full */
#define ELF_BASE 0x400000u
#define ELF_TEXT (ELF_BASE + 0x1000)
#define ELF_RODATA (ELF_BASE + 0x2000)
#define ELF_DATA (ELF_BASE + 0x13100) /* at 0x3100 in the file */
#define ELF_BSS (ELF_BASE + ELF_BYTES + 0x10000)
#define ELF_END (ELF_BSS + 0x5000)
#define ELF_ENTRY (ELF_TEXT + 0x10)
#define ELF_PHDRS 5u

/* Offsets of fields, for tests that change them. */
#define ELF_AT_TYPE 16
#define ELF_AT_MACHINE 18
#define ELF_AT_ENTRY 24
#define ELF_AT_PHOFF 32
#define ELF_AT_PHENTSIZE 54
#define ELF_AT_PHNUM 56
#define ELF_AT_PHDR(n) (64 + 56 * (n))
#define PHDR_TYPE 0
#define PHDR_FLAGS 4
#define PHDR_OFFSET 8
#define PHDR_VADDR 16
#define PHDR_FILESZ 32
#define PHDR_MEMSZ 40

/* Fills out[ELF_BYTES]; a byte that no header covers is elf_byte of its offset. */
void elf_make(uint8_t *out);
uint8_t elf_byte(uint64_t offset);
void elf_put(uint8_t *elf, size_t at, uint64_t value, unsigned bytes);

#endif
