/* SPDX-License-Identifier: MIT */
/* boot.h: what the loader told: memory, command line, modules. */
#ifndef TOLL_BOOT_H
#define TOLL_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#define BOOT_RANGES_MAX 16
#define BOOT_MAPPED_BYTES (1ull << 30) /* physical memory within reach before paging_init: boot.S */

struct boot_range {
    uint64_t start, end; /* physical, page-aligned, usable memory */
};

struct boot {
    unsigned range_count;
    struct boot_range ranges[BOOT_RANGES_MAX];
    const char *command_line; /* never NULL */
    uint64_t memory_end;      /* physical address after the last usable byte */
};
extern struct boot boot;

/* Reads what the loader left.  Memory below 1 MiB and under the image is not among the ranges. */
void boot_read(void);

/* The structure's first function. */
_Noreturn void kernel_main(void);

/* The value of word "key=..." on the command line, before any "--": a number, or fallback. */
uint64_t boot_number(const char *key, uint64_t fallback);

/* Whether there is to be a network: the word "ip=..." before any "--".  config is what net_init takes: what follows
   "ip=", or NULL for "ip=loopback". */
bool boot_network(const char **config);

/* What follows the word "--", or "". */
const char *boot_program_words(void);

/* The image's own parts, from the linker script. */
extern char image_start[], image_text_end[], image_rodata_end[], image_end[];

#endif
