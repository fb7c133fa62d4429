/* SPDX-License-Identifier: MIT */
/*
 * load.c: does what QEMU's -kernel does with an image: puts its segments where they belong and enters it as a PVH guest
 * (Xen: public/arch-x86/hvm/start_info.h).  Runs in 32-bit mode, with the image behind it.
 */
#include <stdint.h>

#define START_MAGIC 0x336ec578u
#define START_INFO 0x8000u /* below 1 MiB, which kernels leave alone */
#define START_MAP 0x8100u
#define START_WORDS 0x8200u
#define MEMORY_START 0x100000u
#define PVH_ENTRY_OFFSET 16 /* in the note: behind sizes, type and name */

#define SEGMENT_LOAD 1
#define SEGMENT_NOTE 4

/* ELF, 64 bits. */
struct head {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments, sections;
    uint32_t flags;
    uint16_t bytes, segment_bytes, segment_count;
};
struct segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, align;
};

struct start_info {
    uint32_t magic, version, flags, modules_count;
    uint64_t modules, words, rsdp, map;
    uint32_t map_count, reserved;
};
struct start_memory {
    uint64_t start, bytes;
    uint32_t type, reserved;
};

extern const char image[];

static void copy(char *to, const char *from, uint32_t n)
{
    while (n--)
        *to++ = *from++;
}

static void segment_load(const struct segment *s)
{
    char *to = (char *)(uint32_t)s->physical;

    copy(to, image + s->offset, (uint32_t)s->file_bytes);
    for (uint32_t i = (uint32_t)s->file_bytes; i < s->memory_bytes; i++)
        to[i] = 0;
}

static void info_make(void)
{
    static const char words[] = WORDS;
    struct start_memory *map = (struct start_memory *)START_MAP;
    struct start_info *info = (struct start_info *)START_INFO;

    copy((char *)START_WORDS, words, sizeof words);
    map->start = MEMORY_START;
    map->bytes = MEMORY_BYTES - MEMORY_START;
    map->type = 1;
    map->reserved = 0;
    info->magic = START_MAGIC;
    info->version = 1;
    info->flags = info->modules_count = info->reserved = 0;
    info->modules = info->rsdp = 0;
    info->words = START_WORDS;
    info->map = START_MAP;
    info->map_count = 1;
}

_Noreturn void load(void)
{
    const struct head *head = (const struct head *)image;
    const struct segment *segments = (const struct segment *)(image + head->segments);
    uint32_t entry = 0;

    for (unsigned i = 0; i < head->segment_count; i++) {
        if (segments[i].type == SEGMENT_LOAD)
            segment_load(&segments[i]);
        else if (segments[i].type == SEGMENT_NOTE)
            entry = *(const uint32_t *)(image + segments[i].offset + PVH_ENTRY_OFFSET);
    }
    info_make();
    __asm__ volatile("jmp *%0" ::"r"(entry), "b"(START_INFO));
    __builtin_unreachable();
}

__asm__(".section .text.first, \"ax\"\n"
        "jmp load\n"
        ".section .image, \"a\"\n"
        ".balign 16\n"
        ".globl image\n"
        "image: .incbin \"image.elf\"\n"
        ".section .note.GNU-stack, \"\", @progbits\n"
        ".text\n");
