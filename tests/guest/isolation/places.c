/* SPDX-License-Identifier: MIT */
/*
 * places.c: memory of other domains, where a system has them (kernels/machine/domain.h); where it has none there is
 * nothing mapped.  The first domain is the application's own library, if anything: of that only what nobody may write.
 */
#include "isolation/attempts.h"
#include "machine/domain.h"
#include "micro/micro.h"
#include "raw.h"
#include <stdio.h>
#include <string.h>

#define TABLE_SLOT (TABLE_WINDOW >> 39) /* which shows the tables themselves, the top level last */
#define DOMAINS_OTHER 7u
#define COUNT(a) (unsigned)(sizeof(a) / sizeof *(a))

static const struct {
    const char *name;
    uint64_t offset;
} places[] = {{"image", DOMAIN_IMAGE},
              {"info", DOMAIN_INFO},
              {"ram", DOMAIN_RAM},
              {"window", DOMAIN_WINDOW},
              {"device", DOMAIN_DEVICE}};
static const char *const ways[] = {"read", "write", "jump"};
static const struct {
    const char *name;
    uint64_t address;
} unwritable[] = {{"library_text", DOMAIN_BASE(0) + DOMAIN_IMAGE},
                  {"program_file", PROGRAM_BASE},
                  {"common_page", DOMAIN_BASE(0) + DOMAIN_INFO},
                  {"tables", TABLE_WINDOW},
                  {"tables_top", TABLE_WINDOW + (TABLE_SLOT << 30) + (TABLE_SLOT << 21) + (TABLE_SLOT << 12)}};

#define PLACES_OTHER (DOMAINS_OTHER * COUNT(places) * COUNT(ways))

bool place_name(unsigned n, char *name, size_t size)
{
    if (n < PLACES_OTHER)
        snprintf(name, size, "%s_domain_%u_%s", ways[n % COUNT(ways)], 1 + n / COUNT(ways) % DOMAINS_OTHER,
                 places[n / COUNT(ways) / DOMAINS_OTHER].name);
    else if (n - PLACES_OTHER < COUNT(unwritable))
        snprintf(name, size, "write_%s", unwritable[n - PLACES_OTHER].name);
    else
        return false;
    return true;
}

static void go(uint64_t address, unsigned way)
{
    if (way == 0)
        (void)*(volatile char *)address;
    else if (way == 1)
        *(volatile char *)address = 1;
    else
        __asm__ volatile("call *%0" ::"r"(address) : "memory");
}

/* Threads where nothing is mapped, and nobody mends it: what ends by that may only be the process itself. */
static void common_try(void)
{
    for (uint64_t handle = 1; handle < HANDLES_MAX; handle++) {
        raw(MICRO_THREAD_MAKE, handle, 4096, 4096, 0, 0, 0);
        raw(MICRO_EVENT, handle, UINT32_MAX, 0, 0, 0, 0);
    }
    raw(MICRO_YIELD, 0, 0, 0, 0, 0, 0);
}

void place_try(const char *what)
{
    char name[64];

    if (strcmp(what, "write_common_page") == 0)
        common_try();

    for (unsigned n = 0; place_name(n, name, sizeof name); n++) {
        if (strcmp(name, what) != 0)
            continue;
        if (n < PLACES_OTHER)
            go(DOMAIN_BASE(1 + n / COUNT(ways) % DOMAINS_OTHER) + places[n / COUNT(ways) / DOMAINS_OTHER].offset,
               n % COUNT(ways));
        else
            go(unwritable[n - PLACES_OTHER].address, 1);
    }
}
