/* SPDX-License-Identifier: MIT */
/*
 * fuzz_elf_main.c: fuzz_elf COUNT SEED: damages the headers of a sound program COUNT times, each time anew, and hands
 * each one to the fuzz target.  Prints how far it came if it is stopped; the same arguments do the same again.
 */
#include "fuzz_elf.h"
#include "tests/unit/elf_make.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_EACH 20u
#define HEADERS_BYTES (64 + 56 * ELF_PHDRS)

static uint8_t sound[ELF_BYTES];
static uint64_t state;
static unsigned long current;

static uint32_t random_below(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

static uint64_t some_value(uint64_t old)
{
    static const uint64_t edges[] = {0,          1,          2,          56,         4095,     4096,       0x10000,
                                     0x6ff00000, 0x70000000, ELF_BYTES,  ELF_BASE,   ELF_TEXT, ELF_DATA,   ELF_END,
                                     1ull << 31, 1ull << 47, 1ull << 63, UINT64_MAX, 17,       UINT32_MAX, ~4095ull};
    switch (random_below(6)) {
    case 0:
        return old + random_below(3) - 1;
    case 1:
        return old + ((uint64_t)random_below(32) - 16) * 4096;
    case 2:
        return old ^ 1ull << random_below(64);
    case 3:
        return (uint64_t)random_below(UINT32_MAX) << random_below(33);
    default:
        return edges[random_below(sizeof edges / sizeof *edges)];
    }
}

/* A field of the header or of a program header; or any bytes of them. */
static void damage(uint8_t *elf)
{
    static const uint8_t fields[][2] = {
        {0, 4},  {4, 2},  {ELF_AT_TYPE, 2},      {ELF_AT_MACHINE, 2}, {ELF_AT_ENTRY, 8},
        {32, 8}, {36, 4}, {ELF_AT_PHENTSIZE, 2}, {ELF_AT_PHNUM, 2},   {ELF_AT_PHNUM, 1}};
    static const uint8_t phdr_fields[][2] = {{PHDR_TYPE, 4},   {PHDR_FLAGS, 4}, {PHDR_OFFSET, 8}, {PHDR_VADDR, 8},
                                             {PHDR_FILESZ, 8}, {PHDR_MEMSZ, 8}, {PHDR_VADDR, 4},  {PHDR_OFFSET, 4}};
    uint64_t value = 0;
    size_t at;
    unsigned bytes;
    if (random_below(16) == 0) {
        elf[random_below(HEADERS_BYTES)] ^= (uint8_t)(1u << random_below(8));
        return;
    }
    if (random_below(6) == 0) {
        const uint8_t *f = fields[random_below(sizeof fields / sizeof *fields)];
        at = f[0];
        bytes = f[1];
    } else {
        const uint8_t *f = phdr_fields[random_below(sizeof phdr_fields / sizeof *phdr_fields)];
        at = ELF_AT_PHDR(random_below(ELF_PHDRS)) + f[0];
        bytes = f[1];
    }
    memcpy(&value, elf + at, bytes);
    elf_put(elf, at, some_value(value), bytes);
}

static void one_program(unsigned long seed)
{
    uint8_t elf[ELF_BYTES];
    size_t bytes = ELF_BYTES;
    state = seed * 0x9e3779b97f4a7c15u + 1;
    memcpy(elf, sound, sizeof elf);
    for (unsigned n = 1 + random_below(4); n; n--)
        damage(elf);
    if (random_below(10) == 0)
        bytes = random_below(ELF_BYTES);
    LLVMFuzzerTestOneInput(elf, bytes);
}

static void say_where(int signal)
{
    char line[64];
    int n = snprintf(line, sizeof line, "fuzz_elf: signal %d at seed %lu\n", signal, current);
    if (write(STDERR_FILENO, line, (size_t)n) != n)
        _exit(2);
    _exit(1);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: fuzz_elf COUNT SEED\n");
        return 2;
    }
    unsigned long count = strtoul(argv[1], NULL, 0), seed = strtoul(argv[2], NULL, 0);
    fuzz_elf_init();
    elf_make(sound);
    LLVMFuzzerTestOneInput(sound, sizeof sound);
    if (fuzz_elf_loaded != 2) {
        fprintf(stderr, "fuzz_elf: the sound program is not loaded\n");
        return 1;
    }
    signal(SIGABRT, say_where);
    signal(SIGALRM, say_where);
    for (unsigned long i = 0; i < count; i++) {
        current = seed + i;
        alarm(SECONDS_EACH);
        one_program(current);
    }
    printf("fuzz_elf: %lu programs, %lu of %lu loads succeeded\n", count, fuzz_elf_loaded - 2, 2 * count);
    return 0;
}
