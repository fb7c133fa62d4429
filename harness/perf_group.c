/* SPDX-License-Identifier: MIT */
/*
 * perf_group.c: groups of counters, and the records of their ring.
 */
#include "perf_group.h"
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RING_PAGES 32 /* a power of two; one snapshot of a full group has 700 bytes */

static struct perf_event_attr attr_of(const struct perf_spec *spec, bool first, bool sampled)
{
    struct perf_event_attr attr = {.size = sizeof(attr), .type = spec->type, .config = spec->config};

    attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    attr.exclude_host = spec->guest_only;
    if (first && sampled) {
        attr.sample_period = 1;
        attr.sample_type = PERF_SAMPLE_READ;
    }
    return attr;
}

/* Adds one counter; 0 or a negative errno. */
static int counter_add(struct perf_group *group, pid_t tid, const struct perf_spec *spec, bool sampled)
{
    struct perf_event_attr attr = attr_of(spec, group->count == 0, sampled);
    int leader = group->count ? group->fds[0] : -1;
    int fd = (int)syscall(SYS_perf_event_open, &attr, tid, -1, leader, PERF_FLAG_FD_CLOEXEC), failed;

    if (fd < 0)
        return -errno;
    if (spec->filter && ioctl(fd, PERF_EVENT_IOC_SET_FILTER, spec->filter)) {
        failed = -errno;
        close(fd);
        return failed;
    }
    group->names[group->count] = spec->name;
    group->fds[group->count++] = fd;
    return 0;
}

static int ring_map(struct perf_group *group)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *ring = mmap(NULL, page * (RING_PAGES + 1), PROT_READ | PROT_WRITE, MAP_SHARED, group->fds[0], 0);

    if (ring == MAP_FAILED)
        return -errno;
    group->ring = ring;
    group->ring_bytes = page * RING_PAGES;
    return 0;
}

int perf_group_open(struct arena *arena, struct perf_group *group, pid_t tid, const struct perf_spec *specs,
                    size_t count, bool sampled)
{
    *group = (struct perf_group){0};
    for (size_t i = 0; i < count && group->count < PERF_GROUP_MAX; i++) {
        int failed = counter_add(group, tid, &specs[i], sampled);

        if (failed && i == 0)
            return failed;
        if (!failed && i == 0 && sampled && (failed = ring_map(group))) {
            perf_group_close(group);
            return failed;
        }
        if (failed)
            strings_add(arena, &group->refused, specs[i].name);
    }
    return 0;
}

/* nr, time_enabled, time_running, values: the read format of a group. */
static size_t snapshot_parse(const uint64_t *words, size_t n, struct perf_snapshot *snapshot)
{
    if (n < 3 || words[0] > PERF_GROUP_MAX || n < 3 + words[0])
        return 0;
    *snapshot = (struct perf_snapshot){.enabled_ns = words[1], .running_ns = words[2], .count = (size_t)words[0]};
    memcpy(snapshot->values, words + 3, words[0] * sizeof(*words));
    return 3 + words[0];
}

int perf_group_read(const struct perf_group *group, struct perf_snapshot *snapshot)
{
    uint64_t words[3 + PERF_GROUP_MAX];
    ssize_t n = read(group->fds[0], words, sizeof(words));

    if (n < 0)
        return -errno;
    return snapshot_parse(words, (size_t)n / sizeof(*words), snapshot) ? 0 : -EIO;
}

size_t perf_samples_parse(const unsigned char *bytes, size_t n, struct perf_snapshot *snapshots, size_t room,
                          uint64_t *lost)
{
    struct perf_event_header header;
    uint64_t words[3 + PERF_GROUP_MAX];
    size_t count = 0;

    *lost = 0;
    for (size_t at = 0; n - at >= sizeof(header); at += header.size) {
        size_t body;

        memcpy(&header, bytes + at, sizeof(header));
        if (header.size < sizeof(header) || header.size > n - at)
            break;
        body = header.size - sizeof(header);
        if (body > sizeof(words))
            body = sizeof(words);
        memcpy(words, bytes + at + sizeof(header), body);
        if (header.type == PERF_RECORD_LOST && body >= 2 * sizeof(*words))
            *lost += words[1]; /* id, lost */
        else if (header.type == PERF_RECORD_SAMPLE && count < room)
            count += snapshot_parse(words, body / sizeof(*words), &snapshots[count]) > 0;
    }
    return count;
}

size_t perf_group_samples(struct arena *arena, const struct perf_group *group, struct perf_snapshot *snapshots,
                          size_t room, uint64_t *lost)
{
    struct perf_event_mmap_page *page = group->ring;
    uint64_t head = page ? __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE) : 0, tail = page ? page->data_tail : 0;
    size_t n = (size_t)(head - tail);
    const unsigned char *data = (const unsigned char *)group->ring + sysconf(_SC_PAGESIZE);
    unsigned char *copy;

    *lost = 0;
    if (n == 0 || n > group->ring_bytes)
        return 0;
    copy = arena_alloc(arena, n);
    for (size_t i = 0; i < n; i++)
        copy[i] = data[(tail + i) % group->ring_bytes];
    __atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
    return perf_samples_parse(copy, n, snapshots, room, lost);
}

void perf_group_close(struct perf_group *group)
{
    if (group->ring)
        munmap(group->ring, group->ring_bytes + (size_t)sysconf(_SC_PAGESIZE));
    group->ring = NULL;
    while (group->count > 0)
        close(group->fds[--group->count]);
}

struct perf_snapshot perf_snapshot_between(const struct perf_snapshot *before, const struct perf_snapshot *after)
{
    struct perf_snapshot d = {.enabled_ns = after->enabled_ns - before->enabled_ns,
                              .running_ns = after->running_ns - before->running_ns};

    d.count = after->count < before->count ? after->count : before->count;
    for (size_t i = 0; i < d.count; i++) {
        d.values[i] = after->values[i] - before->values[i];
        if (d.running_ns > 0 && d.running_ns < d.enabled_ns)
            d.values[i] = (uint64_t)((double)d.values[i] * (double)d.enabled_ns / (double)d.running_ns);
    }
    return d;
}

double perf_snapshot_share(const struct perf_snapshot *between)
{
    return between->enabled_ns > between->running_ns ? (double)between->running_ns / (double)between->enabled_ns : 1;
}

const char *perf_snapshot_explain(struct arena *arena, const struct perf_snapshot *worst, size_t windows)
{
    double share = perf_snapshot_share(worst);

    if (windows == 0)
        return "but not all marks were seen, for others had the counters meanwhile: nothing is told";
    if (worst->running_ns == 0 && worst->enabled_ns > 0)
        return "but others had the counters all the time: nothing is told";
    if (share < 1)
        return arena_print(arena, "scaled: others had the counters for up to %.0f %% of the time", 100 * (1 - share));
    return NULL;
}

int perf_group_try_pmu(void)
{
    const struct perf_spec cycles = {"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, NULL, true};
    struct perf_group group = {0};
    int failed = counter_add(&group, 0, &cycles, false);

    perf_group_close(&group);
    return -failed;
}
