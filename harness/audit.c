/* SPDX-License-Identifier: MIT */
/*
 * audit.c: the table of what is compared and by how much each may differ.
 */
#include "audit.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#define FOLLOW_PER_INTERRUPT 2 /* to another thread and back */

static const struct {
    const char *name;
    bool required; /* both books must have it */
    enum { EXACT, INTERRUPT, FOLLOWS } allowance;
} compared[] = {
    {"syscall", true, EXACT},           {"exception", true, EXACT},
    {"interrupt", true, INTERRUPT},     {"as_switch", true, FOLLOWS},
    {"as_switch_kept", false, FOLLOWS}, {"thread_switch", true, FOLLOWS},
    {"upcall", false, FOLLOWS},         {"ipc", false, FOLLOWS},
};

/* The kernels' own name for a book whose plugin's count is that of one entry point (vector 14), told only above 0. */
#define FAULT_BOOK "page_fault"
#define FAULT_ENTRY "entry.entry_exception_14"

static void faults_compare(struct arena *arena, const struct metrics *plugin, const struct metrics *books,
                           struct strings *wrong)
{
    const struct metric *entries = metrics_find(plugin, FAULT_ENTRY), *book = metrics_find(books, FAULT_BOOK);
    int64_t counted = entries ? entries->value : 0;

    if (book && book->value != counted)
        strings_print(arena, wrong, FAULT_BOOK ": the plugin counted %" PRId64 ", the kernel %" PRId64, counted,
                      book->value);
}

static int64_t difference(const struct metrics *plugin, const struct metrics *books, const char *name)
{
    const struct metric *a = metrics_find(plugin, name), *b = metrics_find(books, name);

    return a && b ? b->value - a->value : 0;
}

const char *audit_compare(struct arena *arena, const struct metrics *plugin, const struct metrics *books,
                          int64_t edge_interrupts, const char **reason)
{
    int64_t edge = llabs(difference(plugin, books, "interrupt"));
    struct strings wrong = {0}, allowed_for = {0};

    for (size_t i = 0; i < sizeof(compared) / sizeof(compared[0]); i++) {
        const char *name = compared[i].name;
        const struct metric *a = metrics_find(plugin, name), *b = metrics_find(books, name);
        int64_t allowed[] = {0, edge_interrupts, FOLLOW_PER_INTERRUPT * edge};

        if (!a || !b) {
            if (compared[i].required)
                strings_print(arena, &wrong, "%s is missing from the %s", name,
                              a ? "kernel's books" : "plugin's counts");
        } else if (llabs(b->value - a->value) > allowed[compared[i].allowance]) {
            strings_print(arena, &wrong, "%s: the plugin counted %" PRId64 ", the kernel %" PRId64, name, a->value,
                          b->value);
        } else if (a->value != b->value) {
            strings_print(arena, &allowed_for, "%s differs by %" PRId64 ", as an interrupt at an edge explains", name,
                          (int64_t)llabs(b->value - a->value));
        }
    }
    faults_compare(arena, plugin, books, &wrong);
    *reason = strings_join(arena, wrong.count ? &wrong : &allowed_for, "; ");
    return wrong.count ? AUDIT_FAILED : AUDIT_OK;
}
