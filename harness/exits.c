/* SPDX-License-Identifier: MIT */
/*
 * exits.c: windows and their comparison.
 */
#include "exits.h"
#include "file.h"
#include <inttypes.h>
#include <string.h>

void exits_add(struct arena *arena, struct exit_window *window, const char *reason, uint64_t count, uint64_t ns)
{
    window->total += count;
    window->ns += ns;
    for (size_t i = 0; i < window->count; i++) {
        if (strcmp(window->items[i].reason, reason) == 0) {
            window->items[i].count += count;
            window->items[i].ns += ns;
            return;
        }
    }
    if (count == 0)
        return;
    window->items = arena_grow(arena, window->items, window->count, &window->room, sizeof(*window->items));
    window->items[window->count++] = (struct exit_count){reason, count, ns};
}

struct exit_window *exits_next(struct arena *arena, struct exit_windows *windows)
{
    windows->items = arena_grow(arena, windows->items, windows->count, &windows->room, sizeof(*windows->items));
    windows->items[windows->count] = (struct exit_window){0};
    return &windows->items[windows->count++];
}

enum exit_isa exits_isa(void)
{
    return file_exists("/sys/module/kvm_amd") ? EXIT_SVM : EXIT_VMX;
}

static uint64_t count_of(const struct exit_window *window, const char *reason)
{
    for (size_t i = 0; i < window->count; i++) {
        if (strcmp(window->items[i].reason, reason) == 0)
            return window->items[i].count;
    }
    return 0;
}

/* Reasons of a against b; those that only one way knows by name are covered by the totals. */
static const char *window_compare(struct arena *arena, size_t number, const struct exit_window *a,
                                  const struct exit_window *b)
{
    if (a->total != b->total)
        return arena_print(arena, "window %zu: %" PRIu64 " exits against %" PRIu64, number, a->total, b->total);
    for (size_t i = 0; i < a->count; i++) {
        const char *reason = a->items[i].reason;
        uint64_t other = count_of(b, reason);

        if (other != a->items[i].count && strncmp(reason, "reason_", 7) != 0 && strcmp(reason, "other") != 0)
            return arena_print(arena, "window %zu: %s %" PRIu64 " against %" PRIu64, number, reason, a->items[i].count,
                               other);
    }
    return NULL;
}

const char *exits_compare(struct arena *arena, const struct exit_windows *a, const struct exit_windows *b)
{
    if (a->count != b->count)
        return arena_print(arena, "%zu windows against %zu", a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const char *reason = window_compare(arena, i, &a->items[i], &b->items[i]);

        if (!reason)
            reason = window_compare(arena, i, &b->items[i], &a->items[i]);
        if (reason)
            return reason;
    }
    return NULL;
}
