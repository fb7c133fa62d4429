/* SPDX-License-Identifier: MIT */
/*
 * calibrate_kvm.c: boots the measuring guest (calibrate/main.c tells the format of its lines) and turns its rounds into
 * unit costs. Some are what is left of one line when another is subtracted.
 */
#include "calibrate.h"
#include "file.h"
#include "layout.h"
#include "process.h"
#include "qemu.h"
#include "scratch.h"
#include "wire.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS 120000
#define PREFIX "CAL "
#define ROUNDS_MAX 256

/* less: the line whose unit is subtracted so many times, besides that of `empty`. */
static const struct way {
    const char *line, *name, *how, *less;
    double less_times;
} ways[] = {
    {"syscall", "syscall", "SYSCALL and SYSRET, from ring 3", NULL, 0},
    {"exception", "exception", "a page fault from ring 3 and IRET, with two instructions between them", NULL, 0},
    {"as_switch", "as_switch", "a load of CR3 without PCID, with the TLB entries that the loop itself needs again",
     NULL, 0},
    {"as_switch_kept", "as_switch_kept", "a load of CR3 with PCID that keeps TLB entries", NULL, 0},
    {"invlpg", "invlpg", "INVLPG", NULL, 0},
    {"hypercall", "vm_exit", "a hypercall that KVM does not know", NULL, 0},
    {"wrmsr", "wrmsr", "a write of IA32_TSC_DEADLINE", NULL, 0},
    {"port_io", "port_io", "OUT to a port of nobody's, which QEMU answers", NULL, 0},
    {"mmio", "mmio", "a read of a device's register, which QEMU answers", NULL, 0},
    {"ipi", "interrupt", "an interrupt to itself, less twice a write of the APIC (the command, the end of interrupt)",
     "apic_eoi", 2},
    {"timer_halt", "hlt", "a timer's interrupt that ends HLT, less the same taken while spinning", "timer_spin", 1},
};

struct line {
    double cycles[ROUNDS_MAX];
    size_t n;
    double times;
    const char *reason;
};

/* False if there is no such line, or it is not understood. */
static bool line_find(struct arena *arena, const char *serial, const char *name, struct line *line)
{
    const char *head = arena_print(arena, PREFIX "%s ", name), *at = strstr(serial, head);
    char *text, *word;

    *line = (struct line){0};
    if (!at)
        return false;
    at += strlen(head);
    text = arena_copy_n(arena, at, strcspn(at, "\r\n"));
    if (strncmp(text, "none ", 5) == 0) {
        line->reason = text + 5;
        return true;
    }
    for (size_t i = 0; (word = strsep(&text, " ")) && line->n < ROUNDS_MAX; i++) {
        char *end;
        double value = strtod(word, &end);

        if (*word == '\0' || *end || value < 0)
            return false;
        if (i == 0)
            line->times = value;
        else
            line->cycles[line->n++] = value;
    }
    return line->n > 0 && line->times > 0;
}

static double unit_of(struct line *line)
{
    stats_sort(line->cycles, line->n);
    return stats_median(line->cycles, line->n) / line->times;
}

static int broken(struct error *error, const char *name)
{
    return error_set(error, TOLL_GUEST, "the measuring guest did not say what %s took; run `toll calibrate` again",
                     name);
}

static int way_add(struct arena *arena, const char *serial, const struct way *way, double empty,
                   struct calibrate *calibrate, struct error *error)
{
    struct calibrate_value what = {.name = way->name, .how = way->how};
    struct line line, less;

    if (!line_find(arena, serial, way->line, &line) || (way->less && !line_find(arena, serial, way->less, &less)))
        return broken(error, way->line);
    if (line.reason || (way->less && less.reason))
        calibrate_refuse(arena, calibrate, what, line.reason ? line.reason : less.reason);
    else
        calibrate_add(arena, calibrate, what, line.cycles, line.n, line.times,
                      way->less ? way->less_times * unit_of(&less) : empty);
    return 0;
}

int calibrate_parse(struct arena *arena, const char *serial, struct calibrate *calibrate, struct error *error)
{
    struct line empty;

    if (!strstr(serial, PREFIX "end") || !line_find(arena, serial, "empty", &empty) || empty.reason)
        return broken(error, "an empty loop");
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (way_add(arena, serial, &ways[i], unit_of(&empty), calibrate, error))
            return -1;
    }
    return 0;
}

static int guest_run(struct arena *arena, const char *folder, const char *cpu, int cancel, struct calibrate *calibrate,
                     struct error *error)
{
    struct process_options options = {.cancel = cancel, .timeout_ms = TIMEOUT_MS};
    const char *serial = arena_print(arena, "%s/serial", folder), *said;
    struct strings argv = {0};
    struct process_end end;
    char *messages;

    qemu_probe_command(arena, LAYOUT_CALIBRATE, serial, cpu, &argv);
    messages = process_capture(arena, argv.items, &options, &end, error);
    if (!messages)
        return -1;
    if (end.outcome == PROCESS_INTERRUPTED)
        return error_set(error, TOLL_INTERRUPTED, "interrupted");
    said = file_read_optional(arena, serial, NULL);
    messages[strcspn(messages, "\n")] = '\0';
    if (end.outcome != PROCESS_EXITED || end.value != WIRE_QEMU_STATUS(WIRE_EXIT_OK) || !said)
        return error_set(error, TOLL_GUEST, "the measuring guest did not end well: %s%s%s",
                         process_explain(arena, &end), *messages ? ": " : "", messages);
    return calibrate_parse(arena, said, calibrate, error);
}

int calibrate_kvm(struct arena *arena, const char *cpu, int cancel, struct calibrate *calibrate, struct error *error)
{
    char *folder = scratch_make(arena, "calibrate-", error);
    int result;

    if (!folder)
        return -1;
    result = guest_run(arena, folder, cpu, cancel, calibrate, error);
    scratch_remove(folder);
    return result;
}
