/* SPDX-License-Identifier: MIT */
/*
 * progress.c: progress lines.  The time that is left is what the guests that are not done will need, shared among the
 * jobs: each is expected to take as long as those of its class did, a small guest or a boot of a whole system, and as
 * GUESS_MS before one of its class ended.
 */
#include "progress.h"
#include "clock.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAR_CELLS 20

static const int64_t guess_ms[2] = {300, 40000};

void progress_start(struct progress *progress, struct arena *arena, FILE *out, const struct plan_guest *const *guests,
                    size_t count, unsigned jobs)
{
    const char *no_colour = getenv("NO_COLOR");

    *progress = (struct progress){.out = out, .total = count, .jobs = jobs};
    progress->start_ms = clock_now_ms();
    progress->terminal = isatty(fileno(out));
    progress->colour = progress->terminal && !(no_colour && *no_colour);
    progress->items = arena_alloc(arena, count * sizeof(*progress->items));
    for (size_t i = 0; i < count; i++)
        progress->items[i].guest = guests[i];
}

static int64_t expected_ms(const struct progress *progress, const struct plan_guest *guest)
{
    int batch = plan_is_batch(guest->structure);

    return progress->ended[batch] ? progress->spent_ms[batch] / (int64_t)progress->ended[batch] : guess_ms[batch];
}

static int64_t left_ms(const struct progress *progress)
{
    int64_t now = clock_now_ms(), all = 0, longest = 0;

    for (size_t i = 0; i < progress->total; i++) {
        const struct progress_item *item = &progress->items[i];
        int64_t left = expected_ms(progress, item->guest) - (item->start_ms ? now - item->start_ms : 0);

        if (item->done || left < 0)
            continue;
        all += left;
        longest = left > longest ? left : longest;
    }
    all /= progress->jobs ? progress->jobs : 1;
    return all > longest ? all : longest;
}

static void eta_print(const struct progress *progress)
{
    if (progress->done == progress->total)
        fprintf(progress->out, "%.1f s in all", (double)(clock_now_ms() - progress->start_ms) / 1000.0);
    else
        fprintf(progress->out, "about %.0f s left", (double)left_ms(progress) / 1000.0 + 0.5);
}

static void bar_print(const struct progress *progress)
{
    int64_t elapsed = clock_now_ms() - progress->start_ms;
    int filled = (int)(elapsed * BAR_CELLS / (elapsed + left_ms(progress) + 1));

    if (!progress->terminal || progress->done == progress->total)
        return;
    fprintf(progress->out, "[%.*s%.*s] %zu/%zu, ", filled, "####################", BAR_CELLS - filled,
            "....................", progress->done, progress->total);
    eta_print(progress);
}

static void bar_clear(const struct progress *progress)
{
    if (progress->terminal)
        fprintf(progress->out, "\r\033[K");
}

static const char *colour_of(const struct progress *progress, const char *status)
{
    if (!progress->colour)
        return "";
    if (strcmp(status, "ok") == 0)
        return "\033[32m";
    return strcmp(status, "fail") == 0 ? "\033[31m" : "\033[33m";
}

/* The status that matters most among those of a guest's samples. */
static const struct sample *worst_sample(const struct plan_guest *guest, const struct sample *samples)
{
    const struct sample *worst = &samples[0];

    for (size_t i = 1; i < guest->cell_count; i++) {
        if (strcmp(worst->status, "fail") == 0)
            break;
        if (strcmp(samples[i].status, "ok") != 0)
            worst = &samples[i];
    }
    return worst;
}

static void guest_print(struct progress *progress, struct arena *arena, const struct plan_guest *guest,
                        const struct sample *samples, int64_t wall_ms)
{
    const struct sample *worst = worst_sample(guest, samples);
    const char *audit = strcmp(worst->audit, "failed") == 0 ? ", audit failed: " : "";

    fprintf(progress->out, "[%zu/%zu] %s: %s%s%s in %.1f s", progress->done, progress->total,
            plan_guest_name(arena, guest), colour_of(progress, worst->status), worst->status,
            progress->colour ? "\033[0m" : "", (double)wall_ms / 1000.0);
    if (*worst->reason)
        fprintf(progress->out, ": %s%s%s", guest->cell_count > 1 ? worst->workload : "",
                guest->cell_count > 1 ? ": " : "", worst->reason);
    fprintf(progress->out, "%s%s", audit, *audit ? worst->audit_reason : "");
    if (!progress->terminal) {
        fprintf(progress->out, "; ");
        eta_print(progress);
    }
    fputc('\n', progress->out);
}

static struct progress_item *item_find(struct progress *progress, const struct plan_guest *guest)
{
    struct progress_item *item = progress->items;

    while (item->guest != guest)
        item++;
    return item;
}

void progress_boot(struct progress *progress, const struct plan_guest *guest)
{
    item_find(progress, guest)->start_ms = clock_now_ms();
    bar_clear(progress);
    bar_print(progress);
    fflush(progress->out);
}

void progress_guest(struct progress *progress, struct arena *arena, const struct plan_guest *guest,
                    const struct sample *samples, int64_t wall_ms)
{
    int batch = plan_is_batch(guest->structure);

    item_find(progress, guest)->done = true;
    progress->done++;
    progress->ended[batch]++;
    progress->spent_ms[batch] += wall_ms;
    bar_clear(progress);
    guest_print(progress, arena, guest, samples, wall_ms);
    bar_print(progress);
    fflush(progress->out);
}

void progress_pass(struct progress *progress, const struct plan_guest *guest)
{
    item_find(progress, guest)->done = true;
    progress->done++;
}

void progress_end(struct progress *progress)
{
    bar_clear(progress);
    fflush(progress->out);
}
