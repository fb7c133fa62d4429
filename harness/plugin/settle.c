/* SPDX-License-Identifier: MIT */
/*
 * settle.c: holds the vCPU after each notification of a virtio device (see settle.h).
 */
#include "settle.h"

#include <string.h>
#include <time.h>

/* QEMU's microvm has the virtio transports here, one after the other; and where in each QueueNotify lies. */
#define MMIO_START 0xfeb00000u
#define MMIO_END 0xfeb03000u
#define MMIO_TRANSPORT_BYTES 0x200u
#define MMIO_QUEUE_NOTIFY 0x50u

static struct timespec hold;

/* QEMU 7.2 knows no name for the memory-mapped transport. */
static bool is_notification(const struct qemu_plugin_hwaddr *hwaddr)
{
    uint64_t physical = qemu_plugin_hwaddr_phys_addr(hwaddr);

    if (physical >= MMIO_START && physical < MMIO_END)
        return physical % MMIO_TRANSPORT_BYTES == MMIO_QUEUE_NOTIFY;
    return !strncmp(qemu_plugin_hwaddr_device_name(hwaddr), "virtio-pci-notify", strlen("virtio-pci-notify"));
}

/* The access is done, and QEMU's global lock is not held. */
static void store_run(unsigned vcpu, uint32_t info, uint64_t address, void *data)
{
    const struct qemu_plugin_hwaddr *hwaddr = qemu_plugin_get_hwaddr(info, address);

    (void)vcpu;
    (void)data;
    if (hwaddr && qemu_plugin_hwaddr_is_io(hwaddr) && is_notification(hwaddr))
        nanosleep(&hold, NULL);
}

void settle_init(unsigned microseconds)
{
    hold.tv_sec = microseconds / 1000000;
    hold.tv_nsec = microseconds % 1000000 * 1000;
}

void settle_plant(struct qemu_plugin_insn *insn)
{
    if (hold.tv_sec || hold.tv_nsec)
        qemu_plugin_register_vcpu_mem_cb(insn, store_run, QEMU_CB_NO_REGS, QEMU_MEM_BOTH, NULL);
}
