/* SPDX-License-Identifier: MIT */
/* elf_make.c: see elf_make.h. */
#include "elf_make.h"
#include <string.h>

static const uint64_t phdrs[ELF_PHDRS][6] = {
    /* type, flags, offset, vaddr, filesz, memsz */
    {1, 4, 0, ELF_BASE, 64 + 56 * ELF_PHDRS, 64 + 56 * ELF_PHDRS},
    {1, 5, 0x1000, ELF_TEXT, 0x1000, 0x1000},
    {1, 4, 0x2000, ELF_RODATA, 0x345, 0x345},
    {1, 6, 0x3100, ELF_DATA, ELF_BYTES - 0x3100, ELF_END - ELF_DATA},
    {0x6474e551, 6, 0, 0, 0, 0},
};

uint8_t elf_byte(uint64_t offset)
{
    return (uint8_t)(1 + (offset * 11 + offset / 4096 * 17) % 251);
}

void elf_put(uint8_t *elf, size_t at, uint64_t value, unsigned bytes)
{
    memcpy(elf + at, &value, bytes);
}

void elf_make(uint8_t *out)
{
    static const uint8_t ident[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    for (size_t i = 0; i < ELF_BYTES; i++)
        out[i] = elf_byte(i);
    memset(out, 0, 64 + 56 * ELF_PHDRS);
    memcpy(out, ident, sizeof ident);
    elf_put(out, ELF_AT_TYPE, 2, 2);
    elf_put(out, ELF_AT_MACHINE, 62, 2);
    elf_put(out, 20, 1, 4);
    elf_put(out, ELF_AT_ENTRY, ELF_ENTRY, 8);
    elf_put(out, ELF_AT_PHOFF, 64, 8);
    elf_put(out, 52, 64, 2);
    elf_put(out, ELF_AT_PHENTSIZE, 56, 2);
    elf_put(out, ELF_AT_PHNUM, ELF_PHDRS, 2);
    for (unsigned i = 0; i < ELF_PHDRS; i++) {
        const uint64_t *p = phdrs[i];
        elf_put(out, ELF_AT_PHDR(i) + PHDR_TYPE, p[0], 4);
        elf_put(out, ELF_AT_PHDR(i) + PHDR_FLAGS, p[1], 4);
        elf_put(out, ELF_AT_PHDR(i) + PHDR_OFFSET, p[2], 8);
        elf_put(out, ELF_AT_PHDR(i) + PHDR_VADDR, p[3], 8);
        elf_put(out, ELF_AT_PHDR(i) + PHDR_FILESZ, p[4], 8);
        elf_put(out, ELF_AT_PHDR(i) + PHDR_MEMSZ, p[5], 8);
    }
}
