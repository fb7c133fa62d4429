/* SPDX-License-Identifier: MIT */
/* domain.c: a domain in ring 3 as a kernel builds it: its image, its memory, and what it is told. */
#include "machine/domain.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "env.h"
#include "machine/apic.h"
#include "machine/boot.h"
#include "machine/bus.h"
#include "machine/paging.h"

#define ELF_MAGIC 0x464c457fu
#define PT_LOAD 1u
#define PF_EXEC 1u
#define PF_WRITE_DATA 2u

struct elf_header {
    uint32_t magic;
    uint8_t ident[12];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

void domain_info_fill(struct domain_info *info, unsigned domain)
{
    memset(info, 0, sizeof *info);
    apic_clock_tell(&info->tsc_start, &info->ns_scale);
    info->epoch_ns = env_epoch_ns();
    info->seed_repeats = bus_command_line("seed=", 0) != NULL;
    if (info->seed_repeats)
        info->seed = boot_number("seed=", 0);
    else
        env_random(&info->seed, sizeof info->seed);
    info->domain = domain;
    info->cpu = cpu;
    memcpy(info->command_line, boot.command_line, strnlen(boot.command_line, sizeof info->command_line - 1));
}

/* One page of data: what the file has of it, then zeros. */
static int data_page_map(struct table *table, const char *elf, const struct elf_segment *s, uint64_t at)
{
    char *page = paging_table_page(table);
    uint64_t bytes = s->filesz > at ? s->filesz - at : 0;

    if (!page)
        return -ENOMEM;
    memcpy(page, elf + s->offset + at, bytes < PAGE_BYTES ? bytes : PAGE_BYTES);
    return paging_table_map(table, s->vaddr + at, page, PAGER_READ | PAGER_WRITE);
}

static int segment_map(struct table *table, const char *elf, const struct elf_segment *s)
{
    uint32_t access = PAGER_READ | (s->flags & PF_EXEC ? PAGER_EXEC : 0);
    int error = 0;

    if (s->vaddr % PAGE_BYTES || s->offset % PAGE_BYTES)
        return -ENOEXEC;
    if (!(s->flags & PF_WRITE_DATA))
        return domain_map_range(table, s->vaddr, paging_physical(elf + s->offset), s->filesz, access);
    for (uint64_t at = 0; at < s->memsz && !error; at += PAGE_BYTES)
        error = data_page_map(table, elf, s, at);
    return error;
}

int domain_load(struct table *table, const void *elf, uint64_t bytes, uint64_t *entry)
{
    const struct elf_header *header = elf;
    const struct elf_segment *segments = (const void *)((const char *)elf + header->phoff);
    int error = 0;

    if (bytes < sizeof *header || header->magic != ELF_MAGIC)
        return -ENOEXEC;
    for (unsigned i = 0; i < header->phnum && !error; i++)
        if (segments[i].type == PT_LOAD)
            error = segment_map(table, elf, &segments[i]);
    *entry = header->entry;
    return error;
}

int domain_map_range(struct table *table, uint64_t address, uint64_t physical, uint64_t bytes, uint32_t access)
{
    return paging_table_map_range(table, address, physical, bytes, access);
}
