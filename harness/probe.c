/* SPDX-License-Identifier: MIT */
/*
 * probe.c: looks at /dev/kvm, then boots the probe guest.  Under software KVM inside a cloud's virtual machine QEMU
 * refuses -cpu host unless arch-capabilities is taken away; that is tried when QEMU refused the first.
 */
#include "probe.h"
#include "clock.h"
#include "file.h"
#include "layout.h"
#include "process.h"
#include "qemu.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE "/dev/kvm"
#define PROBE_TIMEOUT_MS 900 /* or $TOLL_PROBE_MS, for machines that are emulated themselves */
#define PROBE_WORDS "TOLL1 done probe ok"

static void no_kvm(struct arena *arena, struct probe *probe, int number)
{
    probe->kind = PROBE_NO_KVM;
    if (number == ENOENT) {
        probe->reason = "there is no " DEVICE ": this machine offers no hardware virtualisation";
        probe->remedy = "load the module kvm_intel or kvm_amd; in a virtual machine, ask for nested virtualisation";
    } else {
        probe->reason = arena_print(arena, DEVICE " cannot be used: %s", strerror(number));
        probe->remedy = number == EACCES ? "add yourself to the group kvm (usermod -aG kvm $USER) and log in again"
                                         : "check that the KVM module of this processor is loaded and healthy";
    }
}

void probe_quick(struct arena *arena, struct probe *probe)
{
    int fd = open(DEVICE, O_RDWR | O_CLOEXEC), version;

    *probe = (struct probe){.kind = PROBE_UNKNOWN, .reason = "not probed", .remedy = "", .kvm_cpu = "host"};
    if (fd < 0) {
        no_kvm(arena, probe, errno);
        return;
    }
    version = ioctl(fd, KVM_GET_API_VERSION, 0);
    if (version != KVM_API_VERSION)
        no_kvm(arena, probe, version < 0 ? errno : ENOTSUP);
    close(fd);
}

static int64_t timeout_ms(void)
{
    const char *text = getenv("TOLL_PROBE_MS");
    long long value = text ? strtoll(text, NULL, 10) : 0;

    return value > 0 ? value : PROBE_TIMEOUT_MS;
}

/* What one boot of the probe came to. */
struct trial {
    bool works, refused; /* refused: QEMU did not even start the guest */
    const char *problem;
};

static int probe_try(struct arena *arena, int cancel, const char *folder, const char *cpu, struct trial *trial,
                     struct error *error)
{
    struct process_options options = {.cancel = cancel, .timeout_ms = timeout_ms()};
    char *serial = arena_print(arena, "%s/serial", folder), *messages, *said;
    struct strings argv = {0};
    struct process_end end;

    unlink(serial);
    qemu_probe_command(arena, LAYOUT_PROBE, serial, cpu, &argv);
    messages = process_capture(arena, argv.items, &options, &end, error);
    if (!messages)
        return -1;
    said = file_read_optional(arena, serial, NULL);
    messages[strcspn(messages, "\n")] = '\0';
    trial->works = said && strstr(said, PROBE_WORDS);
    trial->refused = end.outcome == PROCESS_EXITED && end.value == 1;
    trial->problem = *messages ? sample_text(arena, messages) : process_explain(arena, &end);
    return 0;
}

static void verdict_set(struct arena *arena, struct probe *probe, const struct trial *trial)
{
    if (trial->works) {
        probe->kind = PROBE_KVM;
        probe->reason = "KVM works: a guest went to ring 3 and back";
        probe->remedy = "";
        return;
    }
    probe->kind = PROBE_BROKEN;
    probe->reason = arena_print(arena,
                                DEVICE " opens, but cannot run a guest that goes to ring 3 and back (%s): it is a "
                                       "software KVM, or a nested one that is not complete",
                                trial->problem);
    probe->remedy = "measure time on a machine with hardware virtualisation of its own; the exact lane works here";
}

static int guest_probe(struct arena *arena, int cancel, const char *folder, struct probe *probe, struct error *error)
{
    struct trial trial;

    if (probe_try(arena, cancel, folder, probe->kvm_cpu, &trial, error))
        return -1;
    if (trial.refused && !trial.works) {
        probe->kvm_cpu = "host,-arch-capabilities";
        if (probe_try(arena, cancel, folder, probe->kvm_cpu, &trial, error))
            return -1;
    }
    verdict_set(arena, probe, &trial);
    return 0;
}

int probe_run(struct arena *arena, int cancel, struct probe *probe, struct error *error)
{
    char *folder;
    int64_t start = clock_now_ms();
    int result;

    probe_quick(arena, probe);
    if (probe->kind != PROBE_UNKNOWN)
        return 0;
    if (!file_exists(LAYOUT_PROBE))
        return error_set(error, TOLL_HOST, "the probe guest %s is not built; run make %s", LAYOUT_PROBE, LAYOUT_PROBE);
    folder = scratch_make(arena, "probe-", error);
    if (!folder)
        return -1;
    result = guest_probe(arena, cancel, folder, probe, error);
    scratch_remove(folder);
    probe->wall_ms = clock_now_ms() - start;
    return result;
}
