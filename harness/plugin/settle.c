/* SPDX-License-Identifier: MIT */
/*
 * settle.c: holds the vCPU after each notification of a virtio device (see settle.h).
 *
 * From the moment at which a request is handed to a worker thread until the interrupt is raised, some thread of QEMU
 * is running, about to run, or in the kernel waiting for a device: each wakes the next before it sleeps.  The same
 * holds with the peer's thread among them.  So when at one moment all but the vCPU's sleep, the work is done.  They can
 * only be looked at one after the other: if each is found asleep twice and none of them ran in between (the kernel
 * counts how often a thread was given a processor, the third number of its schedstat), then they slept together after
 * the first look at the last one.  A kernel that does not count is looked at more often instead.
 *
 * A thread that sleeps for a lock has not done its work.  Of QEMU's threads this need not be told apart, for whoever
 * holds the lock is awake and looked at as well.  The peer's process has others, so the peer says it (settle_peer.h).
 */
#include "settle.h"
#include "settle_peer.h"

#include <dirent.h>
#include <errno.h>
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
#define QUIET_LOOKS 2
#define QUIET_LOOKS_UNCOUNTED 4

static DIR *threads;
static int peer_thread = -1, peer_idle = -1; /* the folder of the peer's thread; its FIFO */

/* QEMU 7.2 knows no name for the memory-mapped transport. */
static bool is_notification(const struct qemu_plugin_hwaddr *hwaddr)
{
    uint64_t physical = qemu_plugin_hwaddr_phys_addr(hwaddr);

    if (physical >= MMIO_START && physical < MMIO_END)
        return physical % MMIO_TRANSPORT_BYTES == MMIO_QUEUE_NOTIFY;
    return !strncmp(qemu_plugin_hwaddr_device_name(hwaddr), "virtio-pci-notify", strlen("virtio-pci-notify"));
}

/* The start of a small file; 0 bytes if it cannot be read. */
static size_t read_text(int folder, const char *path, char *text, size_t size)
{
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

    if (fd >= 0)
        close(fd);
    n = n < 0 ? 0 : n;
    text[n] = '\0';
    return (size_t)n;
}

/* A thread that is gone sleeps well; one with a name in parentheses only under that name.  Adds to *turns how often it
   was given a processor. */
static bool is_asleep(int folder, const char *thread, const char *name, uint64_t *turns)
{
    char path[64], text[512];
    const char *end;

    snprintf(path, sizeof(path), "%.16s/schedstat", thread);
    if (read_text(folder, path, text, sizeof(text))) {
        end = strrchr(text, ' ');
        *turns += end ? strtoull(end, NULL, 10) : 0;
    }
    snprintf(path, sizeof(path), "%.16s/stat", thread);
    if (!read_text(folder, path, text, sizeof(text)))
        return true;
    if (name && !strstr(text, name))
        return false;
    end = strrchr(text, ')'); /* of the thread's name; its state follows */
    return end && end[1] == ' ' && end[2] == 'S';
}

static bool are_others_asleep(uint64_t *turns)
{
    long self = syscall(SYS_gettid);
    const struct dirent *entry;

    *turns = 0;
    if (peer_thread >= 0 && !is_asleep(peer_thread, ".", "(" SETTLE_PEER_WAITS ")", turns))
        return false;
    rewinddir(threads);
    while ((entry = readdir(threads)))
        if (entry->d_name[0] != '.' && atol(entry->d_name) != self &&
            !is_asleep(dirfd(threads), entry->d_name, NULL, turns))
            return false;
    return true;
}

static void hold(void)
{
    static const struct timespec look = {0, LOOK_NS};
    uint64_t before = 0, turns;
    unsigned quiet = 0;

    for (unsigned i = 0; i < LOOKS_MAX; i++) {
        bool asleep = are_others_asleep(&turns);

        quiet = !asleep ? 0 : quiet && turns == before ? quiet + 1 : 1;
        before = turns;
        if (quiet >= (turns ? QUIET_LOOKS : QUIET_LOOKS_UNCOUNTED))
            return;
        if (!quiet)
            nanosleep(&look, NULL);
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

/* The guest is about to halt. */
static void halt_run(unsigned vcpu, void *data)
{
    (void)vcpu;
    (void)data;
    hold();
    if (write(peer_idle, "", 1) == 1)
        hold();
}

static int peer_open(const char *peer, const char *idle)
{
    char path[64];
    const char *slash = strchr(peer, '/');

    if (!slash || !idle) {
        fprintf(stderr, "toll-count: peer=%s: expected PROCESS/THREAD, and idle=FIFO\n", peer);
        return -1;
    }
    snprintf(path, sizeof(path), "/proc/%.*s/task/%.16s", (int)(slash - peer < 16 ? slash - peer : 16), peer,
             slash + 1);
    peer_thread = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    peer_idle = open(idle, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (peer_thread >= 0 && peer_idle >= 0)
        return 0;
    fprintf(stderr, "toll-count: %s: %s\n", peer_thread < 0 ? path : idle, strerror(errno));
    return -1;
}

int settle_init(const char *peer, const char *idle)
{
    threads = opendir("/proc/self/task");
    return peer && threads ? peer_open(peer, idle) : 0;
}

void settle_plant(struct qemu_plugin_insn *insn)
{
    if (threads)
        qemu_plugin_register_vcpu_mem_cb(insn, store_run, QEMU_CB_NO_REGS, QEMU_MEM_BOTH, NULL);
}

void settle_plant_halt(struct qemu_plugin_insn *insn)
{
    if (peer_idle >= 0)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, halt_run, QEMU_CB_NO_REGS, NULL);
}
