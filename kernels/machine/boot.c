/* SPDX-License-Identifier: MIT */
/*
 * boot.c: reads hvm_start_info (Xen: public/arch-x86/hvm/start_info.h): version 1 brings a memory map; the command
 * line is a physical address.
 */
#include "machine/boot.h"
#include "base/string.h"
#include "machine/bus.h"
#include "machine/domain.h"
#include "machine/paging.h"

#define START_MAGIC 0x336ec578u
#define MEMORY_RAM 1u
#define LOW_END 0x100000u
#define PAGE 4096u
#define LARGE 0x200000u
#define NETWORK_BYTES 64 /* two addresses, a prefix */

struct start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp;
    uint64_t memory_map;
    uint32_t memory_map_count, reserved;
};

struct start_memory {
    uint64_t start, bytes;
    uint32_t type, reserved;
};

extern uint64_t boot_start_info;
struct boot boot;

static void range_add(uint64_t start, uint64_t end)
{
    if (start < end && boot.range_count < BOOT_RANGES_MAX) {
        boot.ranges[boot.range_count++] = (struct boot_range){start, end};
        if (end > boot.memory_end)
            boot.memory_end = end;
    }
}

/* Adds usable memory, less the first MiB and the image. */
static void memory_add(uint64_t start, uint64_t end)
{
    uint64_t image = paging_physical(image_start), image_stop = paging_physical(image_end);

    start = (start + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    end &= ~(uint64_t)(PAGE - 1);
    if (start < LOW_END)
        start = LOW_END;
    if (start < image)
        range_add(start, end < image ? end : image);
    if (end > image_stop)
        range_add(start > image_stop ? start : image_stop, end);
}

void boot_read(void)
{
    const struct start_info *info = paging_direct(boot_start_info);
    const struct start_memory *map = paging_direct(info->memory_map);

    boot.command_line = info->magic == START_MAGIC && info->command_line ? paging_direct(info->command_line) : "";
    if (info->magic != START_MAGIC || info->version < 1)
        return;
    for (uint32_t i = 0; i < info->memory_map_count; i++)
        if (map[i].type == MEMORY_RAM)
            memory_add(map[i].start, map[i].start + map[i].bytes);
}

/* Takes [start, start + bytes) out of range i. */
static void range_take(unsigned i, uint64_t start, uint64_t bytes)
{
    uint64_t rest = start + bytes, end = boot.ranges[i].end;

    boot.ranges[i].end = start;
    if (rest < end)
        range_add(rest, end);
}

/* From the end of the last range that has so much: what is low is needed before paging_init. */
uint64_t memory_carve(uint64_t bytes)
{
    uint64_t align = bytes >= LARGE ? LARGE : PAGE;

    bytes = (bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    for (unsigned i = boot.range_count; bytes && i-- > 0;) {
        struct boot_range *r = &boot.ranges[i];
        uint64_t start = (r->end - bytes) & ~(align - 1);
        if (r->end - r->start >= bytes && start >= r->start) {
            range_take(i, start, bytes);
            return start;
        }
    }
    return 0;
}

static const char *word_next(const char *word)
{
    while (*word && *word != ' ')
        word++;
    while (*word == ' ')
        word++;
    return word;
}

static int word_is(const char *word, const char *text, size_t n)
{
    return !strncmp(word, text, n);
}

const char *bus_command_line(const char *prefix, unsigned index)
{
    size_t n = strlen(prefix);

    for (const char *word = boot.command_line; *word; word = word_next(word))
        if (word_is(word, prefix, n) && index-- == 0)
            return word;
    return NULL;
}

uint64_t boot_number(const char *key, uint64_t fallback)
{
    const char *word = bus_command_line(key, 0);
    uint64_t n = 0;

    if (!word)
        return fallback;
    for (word += strlen(key); *word >= '0' && *word <= '9'; word++)
        n = n * 10 + (uint64_t)(*word - '0');
    return n;
}

bool boot_network(const char **config)
{
    static char text[NETWORK_BYTES];
    const char *word = bus_command_line("ip=", 0), *program;
    unsigned n = 0;

    if (!word)
        return false;
    program = bus_command_line("-- ", 0);
    if (program && program < word)
        return false;
    for (word += sizeof "ip=" - 1; word[n] && word[n] != ' ' && n < sizeof text - 1; n++)
        text[n] = word[n];
    text[n] = 0;
    *config = strcmp(text, "loopback") ? text : NULL;
    return true;
}

const char *boot_program_words(void)
{
    const char *word = bus_command_line("-- ", 0);
    return word ? word_next(word) : "";
}
