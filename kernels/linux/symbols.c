/* SPDX-License-Identifier: MIT */
/*
 * symbols.c: finds, in a running kernel's symbol table, the code by which exceptions, interrupts and thread
 * switches begin.  The distribution does not ship that table; without address randomisation it is the same in
 * every boot of one kernel.
 *
 * Exceptions and system vectors enter at one symbol each.  Device interrupts enter at a table of equal stubs, one
 * a vector, between two symbols; each stub is an entry of its own, all under one name.
 */
#include "init.h"

#include "../include/wire.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KERNEL_BASE 0xffffffff80000000u
#define STUBS (0xecu - 0x20u) /* device vectors: between the exceptions and the system's own */

struct symbol {
    uint64_t address;
    char name[128];
};

static uint64_t stubs_start, stubs_end, pvh_start;

static bool begins(const char *text, const char *prefix)
{
    return !strncmp(text, prefix, strlen(prefix));
}

static void print(const char *kind, uint64_t address, const char *name)
{
    init_print(WIRE_PREFIX "sym %s %" PRIx64 " %s\n", kind, address, name);
}

static void print_symbol(const struct symbol *s)
{
    if (begins(s->name, "asm_exc_"))
        print(strstr(s->name, "nmi") ? "interrupt" : "exception", s->address, s->name + strlen("asm_exc_"));
    else if (begins(s->name, "asm_sysvec_"))
        print("interrupt", s->address, s->name + strlen("asm_sysvec_"));
    else if (!strcmp(s->name, "__switch_to_asm"))
        print("thread_switch", s->address, s->name);
    else if (!strcmp(s->name, "irq_entries_start"))
        stubs_start = s->address;
    else if (!strcmp(s->name, "spurious_entries_start"))
        stubs_end = s->address;
    else if (!strcmp(s->name, "pvh_start_xen"))
        pvh_start = s->address;
}

bool symbols_print(void)
{
    FILE *file = fopen("/proc/kallsyms", "re");
    struct symbol s;
    char type;

    if (!file)
        return false;
    while (fscanf(file, "%" SCNx64 " %c %127s%*[^\n]", &s.address, &type, s.name) == 3)
        if (strchr("tTwW", type))
            print_symbol(&s);
    fclose(file);
    for (unsigned i = 0; i < STUBS && stubs_end > stubs_start; i++)
        print("interrupt", stubs_start + i * ((stubs_end - stubs_start) / STUBS), "device");
    if (pvh_start)
        print("boot", pvh_start - KERNEL_BASE, "pvh_start_xen"); /* runs before paging is on */
    return stubs_start && pvh_start;
}
