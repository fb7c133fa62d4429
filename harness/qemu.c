/* SPDX-License-Identifier: MIT */
/*
 * qemu.c: one place for every option that QEMU gets.  The exact lane counts instructions as time (icount), gives
 * the guest a fixed clock and random seed and writes the serial port to a file, whose speed the guest cannot see: so
 * a run repeats exactly.
 */
#include "qemu.h"
#include "file.h"
#include "layout.h"
#include "peer.h"
#include "wire.h"
#include <stdlib.h>
#include <string.h>

/* One I/O APIC and the disk on the first virtio-mmio slot: then its place can be told to kernels that do not ask
   ACPI for it. */
#define MICROVM "microvm,pit=off,pic=off,rtc=on,ioapic2=off,isa-serial=on"
#define MICROVM_DISK "virtio-blk-device,drive=d0,bus=virtio-mmio-bus.0"
#define MICROVM_DISK_PLACE "virtio_mmio.device=512@0xfeb00000:16"
/* The network on the second. */
#define MICROVM_NETWORK "virtio-net-device,netdev=n0,bus=virtio-mmio-bus.1"
#define MICROVM_NETWORK_PLACE "virtio_mmio.device=512@0xfeb00200:17"
#define EXACT_ACCEL "tcg,thread=single"
#define EXACT_ICOUNT "shift=0,sleep=off"
/* QEMU from 9.0 on emulates an x2APIC, and with icount ends with "Bad icount read" when a guest sets its timer by
   WRMSR.  All versions have the memory-mapped registers: so guests do the same under each. */
#define EXACT_CPU_LESS ",-x2apic"
/* QEMU's own choice depends on how it was packaged; SeaBIOS leaves the guest a page less than qboot does. */
#define EXACT_MICROVM_FIRMWARE "qboot.rom"
#define COMMAND_LINE_MAX 2047 /* Linux's COMMAND_LINE_SIZE less the NUL */
#define CLOCK "base=2024-01-01,clock=vm"

const char *qemu_program(void)
{
    const char *program = getenv("TOLL_QEMU");

    return program && *program ? program : "qemu-system-x86_64";
}

char *qemu_escape(struct arena *arena, const char *text)
{
    char *out = arena_alloc(arena, 2 * strlen(text) + 1);

    for (size_t i = 0; *text; text++) {
        if (*text == ',')
            out[i++] = ',';
        out[i++] = *text;
    }
    return out;
}

static void add_all(struct arena *arena, struct strings *argv, const char *const *words)
{
    for (; *words; words++)
        strings_add(arena, argv, *words);
}

static bool is_microvm(const char *machine)
{
    return strcmp(machine, "microvm") == 0;
}

static const char *machine_option(const char *machine)
{
    return is_microvm(machine) ? MICROVM : machine;
}

static void add_board(struct arena *arena, struct strings *argv, const char *machine)
{
    const char *const board[] = {
        "-M",      machine_option(machine),          "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-global", "virtio-mmio.force-legacy=false", NULL};

    strings_add(arena, argv, qemu_program());
    add_all(arena, argv, board);
    strings_add(arena, argv, "-device");
    strings_print(arena, argv, "isa-debug-exit,iobase=0x%x,iosize=4", WIRE_EXIT_PORT);
}

static void add_accelerator(struct arena *arena, struct strings *argv, const struct config *config, enum lane lane,
                            const char *kvm_cpu, bool emulated)
{
    const char *exact_cpu = arena_print(arena, "%s" EXACT_CPU_LESS, config->cpu);
    const char *const exact[] = {"-accel", EXACT_ACCEL, "-icount", EXACT_ICOUNT, "-rtc",
                                 CLOCK,    "-cpu",      exact_cpu, NULL};
    const char *const timed[] = {"-accel", "kvm", "-cpu", kvm_cpu ? kvm_cpu : "host", NULL};
    const char *const emulation[] = {"-accel", "tcg", "-cpu", config->cpu, NULL};

    add_all(arena, argv, lane == LANE_EXACT ? exact : emulated ? emulation : timed);
    if (lane == LANE_EXACT && is_microvm(config->machine)) {
        strings_add(arena, argv, "-bios");
        strings_add(arena, argv, EXACT_MICROVM_FIRMWARE);
    }
    strings_add(arena, argv, "-seed");
    strings_print(arena, argv, "%llu", (unsigned long long)config->seed);
}

static void add_monitor(struct arena *arena, struct strings *argv, int fd)
{
    const char *const words[] = {"-S", "-mon", "chardev=qmp,mode=control", "-chardev", NULL};

    add_all(arena, argv, words);
    strings_print(arena, argv, "socket,id=qmp,fd=%d", fd);
}

static void add_disk(struct arena *arena, struct strings *argv, const char *machine, const char *disk)
{
    strings_add(arena, argv, "-drive");
    strings_print(arena, argv, "id=d0,file=%s,format=raw,if=none,cache=unsafe", qemu_escape(arena, disk));
    strings_add(arena, argv, "-device");
    strings_add(arena, argv, is_microvm(machine) ? MICROVM_DISK : "virtio-blk-pci,drive=d0,disable-legacy=on");
}

static void add_network(struct arena *arena, struct strings *argv, const char *machine, const struct qemu_files *files)
{
    strings_add(arena, argv, "-netdev");
    if (files->netdev)
        strings_add(arena, argv, files->netdev);
    else
        strings_print(arena, argv, "stream,id=n0,server=off,addr.type=fd,addr.str=%d", files->link);
    strings_add(arena, argv, "-device");
    strings_add(arena, argv, is_microvm(machine) ? MICROVM_NETWORK : "virtio-net-pci,netdev=n0,disable-legacy=on");
}

/* The programs with their arguments; several as one quoted word, since Linux takes no more than 32. */
static char *programs_words(struct arena *arena, const struct plan_guest *guest)
{
    const char *quote = plan_is_batch(guest->structure) ? "\"" : "";
    struct strings programs = {0};

    for (size_t i = 0; i < guest->cell_count; i++)
        strings_add(arena, &programs, guest->cells[i].words);
    return arena_print(arena, "%s%s%s", quote, strings_join(arena, &programs, " + "), quote);
}

/* The kernel's command line: its own words, then "--" and the programs with their arguments. */
static char *kernel_command_line(struct arena *arena, const struct config *config, const struct plan_guest *guest,
                                 const char *cmdline_path, const char *further, struct error *error)
{
    struct strings words = {0};
    char *line;

    if (cmdline_path) {
        char *text = file_read(arena, cmdline_path, NULL, error), *word;

        if (!text)
            return NULL;
        while ((word = strsep(&text, " \t\n"))) {
            if (*word)
                strings_add(arena, &words, word);
        }
    } else {
        strings_print(arena, &words, "seed=%llu", (unsigned long long)config->seed);
        strings_print(arena, &words, "epoch=%llu", (unsigned long long)config->epoch);
        if (is_microvm(config->machine))
            strings_add(arena, &words, MICROVM_DISK_PLACE);
        if (is_microvm(config->machine) && guest->cells[0].workload->load)
            strings_add(arena, &words, MICROVM_NETWORK_PLACE);
    }
    if (further)
        strings_add(arena, &words, further);
    else if (guest->cells[0].workload->load)
        strings_add(arena, &words, PEER_GUEST_CONFIG);
    if (config_variant_is_word(guest->variant) && !guest->has_servers)
        strings_add(arena, &words, guest->variant);
    strings_add(arena, &words, "--");
    strings_add(arena, &words, programs_words(arena, guest));
    line = strings_join(arena, &words, " ");
    if (strlen(line) > COMMAND_LINE_MAX)
        error_set(
            error, TOLL_USAGE,
            "the kernel's command line of %s would have %zu bytes, of at most %d; select fewer workloads or files",
            plan_guest_name(arena, guest), strlen(line), COMMAND_LINE_MAX);
    return strlen(line) > COMMAND_LINE_MAX ? NULL : line;
}

/* The plugin's options of its model of caches and TLBs: nothing while it is off. */
static const char *model_options(struct arena *arena, const struct config *config, const struct plan_guest *guest)
{
    const struct config_variant *variant = config_variant_find(guest->structure, guest->variant);

    if (!config->model_sizes)
        return "";
    return arena_print(arena, ",%s%s", config->model_sizes, variant && variant->no_global ? ",global=off" : "");
}

int qemu_command(struct arena *arena, const struct config *config, const struct plan_guest *guest,
                 const struct qemu_files *files, const char *kvm_cpu, struct strings *argv, struct error *error)
{
    struct layout_image image = layout_image(arena, guest);
    char *line = kernel_command_line(arena, config, guest, image.cmdline, files->words, error);

    if (!line)
        return -1;
    add_board(arena, argv, config->machine);
    add_accelerator(arena, argv, config, guest->lane, kvm_cpu, files->emulated);
    strings_add(arena, argv, "-m");
    strings_print(arena, argv, "%u", guest->structure->memory_mib);
    strings_add(arena, argv, "-serial");
    strings_print(arena, argv, "file:%s", files->serial);
    strings_add(arena, argv, "-kernel");
    strings_add(arena, argv, image.kernel);
    if (image.initrd) {
        strings_add(arena, argv, "-initrd");
        strings_add(arena, argv, image.initrd);
    }
    strings_add(arena, argv, "-append");
    strings_add(arena, argv, line);
    add_disk(arena, argv, config->machine, files->disk);
    if (files->link || files->netdev)
        add_network(arena, argv, config->machine, files);
    if (files->monitor)
        add_monitor(arena, argv, files->monitor);
    if (guest->lane == LANE_EXACT) {
        strings_add(arena, argv, "-plugin");
        strings_print(arena, argv, "%s%s%s,map=%s,out=%s", LAYOUT_PLUGIN, model_options(arena, config, guest),
                      files->peer ? files->peer : "", qemu_escape(arena, image.map), qemu_escape(arena, files->counts));
    }
    return 0;
}

char *qemu_options(struct arena *arena, const struct config *config, enum lane lane, const char *kvm_cpu)
{
    struct strings words = {0};

    strings_add(arena, &words, "-M");
    strings_add(arena, &words, machine_option(config->machine));
    add_accelerator(arena, &words, config, lane, kvm_cpu, false);
    return strings_join(arena, &words, " ");
}

void qemu_probe_command(struct arena *arena, const char *image, const char *serial, const char *cpu,
                        struct strings *argv)
{
    const char *const rest[] = {"-accel", "kvm", "-m", "16", "-cpu", cpu, "-kernel", image, "-serial", NULL};

    add_board(arena, argv, "microvm");
    add_all(arena, argv, rest);
    strings_print(arena, argv, "file:%s", serial);
}

/* What QEMU complained about.  Its warnings come before: one for each feature of the model that it does not emulate. */
static const char *first_complaint(struct arena *arena, const char *text)
{
    size_t length;

    for (; *text; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        if (length && !memmem(text, length, ": warning: ", strlen(": warning: ")))
            return arena_print(arena, ": %.*s", (int)length, text);
    }
    return "";
}

static enum qemu_verdict judge_status(struct arena *arena, int status, const char *messages, const char **reason)
{
    switch (status) {
    case WIRE_QEMU_STATUS(WIRE_EXIT_OK):
        *reason = "";
        return QEMU_OK;
    case WIRE_QEMU_STATUS(WIRE_EXIT_FAIL):
        *reason = "the guest left with the exit code of a failure";
        return QEMU_WORKLOAD_FAILED;
    case WIRE_QEMU_STATUS(WIRE_EXIT_PANIC):
        *reason = "the guest left with the exit code of a panic";
        return QEMU_PANIC;
    case 0:
        *reason = "the machine was reset or switched off before the guest said goodbye (a triple fault resets it)";
        return QEMU_ABNORMAL;
    default:
        *reason = arena_print(arena, "QEMU exited with status %d%s", status, first_complaint(arena, messages));
        return QEMU_ABNORMAL;
    }
}

enum qemu_verdict qemu_judge(struct arena *arena, const struct process_end *end, const char *messages,
                             uint32_t timeout_s, const char **reason)
{
    switch (end->outcome) {
    case PROCESS_EXITED:
        return judge_status(arena, end->value, messages, reason);
    case PROCESS_SIGNALLED:
        *reason =
            arena_print(arena, "QEMU died by %s%s", process_explain(arena, end), first_complaint(arena, messages));
        break;
    case PROCESS_TIMED_OUT:
        *reason = arena_print(arena, "timeout: the guest was not done within %u s", timeout_s);
        break;
    case PROCESS_INTERRUPTED:
        *reason = "interrupted";
        break;
    case PROCESS_FLOODED:
        *reason = "the guest wrote without end to its serial port";
        break;
    }
    return QEMU_ABNORMAL;
}
