/* SPDX-License-Identifier: MIT */
/*
 * settle.c: holds the vCPU after each notification of a virtio device (see settle.h).
 *
 * From the moment at which a request is handed to a worker thread until the interrupt is raised, some thread of QEMU
 * is running, about to run, or in the kernel waiting for a device: each wakes the next before it sleeps.  So when all
 * but the vCPU's are seen sleeping, several times in a row, the work is done.
 */
#include "settle.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* QEMU's microvm has the virtio transports here, one after the other; and where in each QueueNotify lies. */
#define MMIO_START 0xfeb00000u
#define MMIO_END 0xfeb03000u
#define MMIO_TRANSPORT_BYTES 0x200u
#define MMIO_QUEUE_NOTIFY 0x50u

#define LOOK_NS 50000
#define LOOKS_MAX 100000 /* several seconds: a disk that answers later is broken */
#define QUIET_LOOKS 3

static DIR *threads;

/* QEMU 7.2 knows no name for the memory-mapped transport. */
static bool is_notification(const struct qemu_plugin_hwaddr *hwaddr)
{
    uint64_t physical = qemu_plugin_hwaddr_phys_addr(hwaddr);

    if (physical >= MMIO_START && physical < MMIO_END)
        return physical % MMIO_TRANSPORT_BYTES == MMIO_QUEUE_NOTIFY;
    return !strncmp(qemu_plugin_hwaddr_device_name(hwaddr), "virtio-pci-notify", strlen("virtio-pci-notify"));
}

/* A thread that is gone sleeps well. */
static bool is_asleep(const char *thread)
{
    char path[64], text[256];
    const char *end;
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "%.16s/stat", thread);
    fd = openat(dirfd(threads), path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0)
        return true;
    text[n] = '\0';
    end = strrchr(text, ')'); /* of the thread's name; its state follows */
    return end && end[1] == ' ' && end[2] == 'S';
}

static bool are_others_asleep(void)
{
    long self = syscall(SYS_gettid);
    const struct dirent *entry;

    rewinddir(threads);
    while ((entry = readdir(threads)))
        if (entry->d_name[0] != '.' && atol(entry->d_name) != self && !is_asleep(entry->d_name))
            return false;
    return true;
}

static void hold(void)
{
    static const struct timespec look = {0, LOOK_NS};
    unsigned quiet = 0;

    for (unsigned i = 0; i < LOOKS_MAX && quiet < QUIET_LOOKS; i++) {
        nanosleep(&look, NULL);
        quiet = are_others_asleep() ? quiet + 1 : 0;
    }
}

/* The access is done, and QEMU's global lock is not held. */
static void store_run(unsigned vcpu, uint32_t info, uint64_t address, void *data)
{
    const struct qemu_plugin_hwaddr *hwaddr = qemu_plugin_get_hwaddr(info, address);

    (void)vcpu;
    (void)data;
    if (hwaddr && qemu_plugin_hwaddr_is_io(hwaddr) && is_notification(hwaddr))
        hold();
}

void settle_init(void)
{
    threads = opendir("/proc/self/task");
}

void settle_plant(struct qemu_plugin_insn *insn)
{
    if (threads)
        qemu_plugin_register_vcpu_mem_cb(insn, store_run, QEMU_CB_NO_REGS, QEMU_MEM_BOTH, NULL);
}
