/* SPDX-License-Identifier: MIT */
/*
 * boot.c: boots until a point.  The wait for it is in the callback of process_run, which then kills QEMU: its end costs
 * about the same at each stage, and falls out of their differences.
 */
#include "boot.h"
#include "backend.h"
#include "clock.h"
#include "file.h"
#include "layout.h"
#include "process.h"
#include "qemu.h"
#include "qmp.h"
#include "serve.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGE_TIMEOUT_MS 300000 /* a host can be slow */
#define READY_WORDS "TOLL1 main "

const char *const boot_stage_names[BOOT_STAGES] = {"none", "qemu", "entry", "ready"};

struct wait {
    enum boot_stage stage;
    int ours, theirs; /* a socket: of the monitor, or of the debugger */
    int serial;       /* the reading end of the serial line */
    int cancel;
    int ended;              /* can be read once QEMU has ended; -1: the system cannot tell */
    struct backend backend; /* of a server's guest */
    uint64_t entry;         /* the kernel's first instruction */
    bool reached;
};

/* Reads until words were seen; false at the end of QEMU, an interruption, or when it takes too long. */
static bool words_wait(const struct wait *wait, int fd, const char *words)
{
    int64_t deadline = clock_now_ms() + STAGE_TIMEOUT_MS;
    char seen[4096] = "";
    size_t used = 0;

    while (!strstr(seen, words)) {
        struct pollfd waits[3] = {{.fd = fd, .events = POLLIN},
                                  {.fd = wait->cancel, .events = POLLIN},
                                  {.fd = wait->ended, .events = POLLIN}};
        int64_t left = deadline - clock_now_ms();
        ssize_t n;

        if (left <= 0 || poll(waits, 3, (int)left) <= 0 || waits[1].revents & POLLIN || !waits[0].revents)
            return false;
        if (used > sizeof(seen) / 2) { /* words may straddle two reads */
            memmove(seen, seen + used - 64, 64);
            used = 64;
        }
        n = read(fd, seen + used, sizeof(seen) - 1 - used);
        if (n <= 0)
            return false;
        for (ssize_t i = 0; i < n; i++) { /* a zero byte would hide what follows */
            if (!seen[used + (size_t)i])
                seen[used + (size_t)i] = ' ';
        }
        used += (size_t)n;
        seen[used] = '\0';
    }
    return true;
}

/* One packet of the remote protocol (GDB manual, appendix E). */
static bool packet_send(int fd, const char *text)
{
    char packet[64];
    unsigned sum = 0;

    for (const char *c = text; *c; c++)
        sum += (unsigned char)*c;
    snprintf(packet, sizeof(packet), "+$%s#%02x", text, sum & 0xff);
    return send(fd, packet, strlen(packet), MSG_NOSIGNAL) > 0;
}

/* A hardware breakpoint, then the guest may run: until it is hit. */
static bool entry_wait(const struct wait *wait)
{
    char breakpoint[40];

    snprintf(breakpoint, sizeof(breakpoint), "Z1,%llx,1", (unsigned long long)wait->entry);
    return packet_send(wait->ours, breakpoint) && words_wait(wait, wait->ours, "$OK#") &&
           packet_send(wait->ours, "c") && words_wait(wait, wait->ours, "$T05");
}

static void stage_wait(void *context, pid_t pid)
{
    struct wait *wait = context;

    if (wait->theirs >= 0)
        close(wait->theirs);
    wait->theirs = -1;
    wait->ended = pidfd_open(pid, 0);
    if (wait->stage == BOOT_QEMU)
        wait->reached = words_wait(wait, wait->ours, "{\"QMP\"");
    else if (wait->stage == BOOT_ENTRY)
        wait->reached = entry_wait(wait);
    else
        wait->reached = words_wait(wait, wait->serial, READY_WORDS);
    if (wait->ended >= 0)
        close(wait->ended);
    kill(pid, SIGKILL);
}

/* The line "boot ADDRESS" of the image's map. */
static int entry_read(struct arena *arena, const char *map, uint64_t *entry, struct error *error)
{
    const char *text = file_read(arena, map, NULL, error), *line;

    if (!text)
        return -1;
    line = strstr(text, "\nboot ");
    if (!line)
        return error_set(error, TOLL_HOST, "%s does not tell the kernel's first instruction; remove it and run again",
                         map);
    *entry = strtoull(line + strlen("\nboot "), NULL, 16);
    return 0;
}

/* Without KVM the same machine is emulated. */
static void emulate(struct strings *argv)
{
    for (size_t i = 0; i + 1 < argv->count; i++) {
        if (strcmp(argv->items[i], "-accel") == 0)
            argv->items[i + 1] = "tcg";
        else if (strcmp(argv->items[i], "-cpu") == 0)
            argv->items[i + 1] = "max";
    }
}

static int command_make(struct arena *arena, const struct boot *boot, struct wait *wait, const char *serial,
                        struct strings *argv, struct error *error)
{
    struct qemu_files files = {.disk = arena_print(arena, "%s/disk.img", boot->folder),
                               .serial = serial,
                               .counts = "",
                               .words = plan_is_batch(boot->guest->structure) ? QEMU_AT_ONCE : NULL};

    const struct config_clients *clients = boot->guest->cells[0].workload->load;

    if (clients && backend_open(arena, boot->network, serve_port(clients), &wait->backend, error))
        return -1;
    if (clients) {
        files.netdev = wait->backend.netdev;
        files.words = files.words ? arena_print(arena, "%s %s", files.words, wait->backend.words) : wait->backend.words;
    }
    if (wait->stage != BOOT_READY && qmp_pair(&wait->ours, &wait->theirs, error))
        return -1;
    if (wait->stage == BOOT_QEMU)
        files.monitor = wait->theirs;
    if (qemu_command(arena, boot->config, boot->guest, &files, boot->kvm_cpu, argv, error))
        return -1;
    if (wait->stage == BOOT_ENTRY) {
        strings_add(arena, argv, "-S");
        strings_add(arena, argv, "-gdb");
        strings_add(arena, argv, "chardev:gdb");
        strings_add(arena, argv, "-chardev");
        strings_print(arena, argv, "socket,id=gdb,fd=%d", wait->theirs);
    }
    if (!boot->kvm_cpu)
        emulate(argv);
    return 0;
}

static int stage_boot(struct arena *arena, const struct boot *boot, struct wait *wait, const char *serial,
                      struct error *error)
{
    int messages = memfd_create("messages", MFD_CLOEXEC);
    struct process_options options = {.out = -1, .err = messages, .cancel = boot->cancel, .started = stage_wait};
    struct strings argv = {0};
    struct process_end end;
    char words[512] = "";
    int failed = command_make(arena, boot, wait, serial, &argv, error);

    options.keep = wait->theirs;
    options.keep_too = wait->backend.keep;
    options.context = wait;
    failed = failed || process_run(argv.items, &options, &end, error);
    if (!failed && !wait->reached) {
        ssize_t n = pread(messages, words, sizeof(words) - 1, 0);

        words[n > 0 ? n : 0] = '\0';
        failed =
            error_set(error, TOLL_GUEST, "%s did not come to the stage %s: %s", plan_guest_name(arena, boot->guest),
                      boot_stage_names[wait->stage], *words ? words : "nothing was heard of it in time");
    }
    if (messages >= 0)
        close(messages);
    return failed ? -1 : 0;
}

int boot_until(struct arena *arena, const struct boot *boot, enum boot_stage stage, struct error *error)
{
    char *serial = arena_print(arena, "%s/serial", boot->folder);
    struct wait wait = {
        .stage = stage, .ours = -1, .theirs = -1, .serial = -1, .cancel = boot->cancel, .backend = {.tap = {.fd = -1}}};
    int failed;

    if (entry_read(arena, layout_image(arena, boot->guest).map, &wait.entry, error))
        return -1;
    if (mkfifo(serial, 0600) && errno != EEXIST)
        return file_error(error, "create the serial line", serial);
    wait.serial = open(serial, O_RDWR | O_NONBLOCK | O_CLOEXEC); /* both ends: QEMU must not wait for a reader */
    if (wait.serial < 0)
        return file_error(error, "open the serial line", serial);
    failed = stage == BOOT_NONE ? 0 : stage_boot(arena, boot, &wait, serial, error);
    close(wait.serial);
    backend_close(&wait.backend);
    if (wait.ours >= 0)
        close(wait.ours);
    if (wait.theirs >= 0)
        close(wait.theirs);
    return failed;
}

int boot_times_read(struct arena *arena, const json_t *json, struct boot_times *times, struct error *error)
{
    const json_t *results = json_object_get(json, "results");

    if (json_array_size(results) != BOOT_STAGES)
        return error_set(error, TOLL_HOST, "hyperfine's results are not those of %d commands", (int)BOOT_STAGES);
    for (size_t s = 0; s < BOOT_STAGES; s++) {
        const json_t *list = json_object_get(json_array_get(results, s), "times"), *item;
        size_t i;

        times->count[s] = json_array_size(list);
        times->seconds[s] = arena_alloc(arena, (times->count[s] + 1) * sizeof(double));
        json_array_foreach(list, i, item) times->seconds[s][i] = json_number_value(item);
        if (times->count[s] < 2)
            return error_set(error, TOLL_HOST, "hyperfine tells %zu times for the stage %s; expected at least 2",
                             times->count[s], boot_stage_names[s]);
    }
    return 0;
}

struct stats_shift boot_part(const struct boot_times *times, enum boot_stage stage)
{
    enum boot_stage from = stage == BOOT_NONE ? BOOT_NONE : stage - 1, to = stage == BOOT_NONE ? BOOT_READY : stage;

    return stats_shift(times->seconds[from], times->count[from], times->seconds[to], times->count[to]);
}
