/* SPDX-License-Identifier: MIT */
/*
 * plugin.c: toll's counting plugin for QEMU's TCG.
 *
 *      -plugin toll-count.so,map=FILE,out=FILE[,settle=off][,mmio=on][,peer=PROCESS/THREAD,idle=FIFO]
 *              [,l1i=SIZE,...[,global=off]]
 *
 * map describes the guest (map.h).  To out goes one JSON object a line, flushed at once: "main" when the workload
 * reaches its main(), "window" after each measured window, "exit" when QEMU ends.  In all of them `instructions`
 * counts every iteration of a REP string instruction and `instructions_arch` counts it once; marks (wire.h) are
 * not counted.  settle=off lets disks answer when they may (settle.h), which also says what
 * peer and idle are for.  mmio=on also
 * counts accesses to device registers, which slows memory accesses down considerably; without it that number is null.
 * l1i=BYTES/WAYS, l1d, l2 and itlb=ENTRIES/WAYS, dtlb, stlb switch the model of caches and TLBs on (hierarchy.h),
 * all six together; then a window and each of its parts has its misses: "miss":{"l1i":N,...}.  global=off: pages in the
 * upper half of the address space are not global.
 */
#include "../../kernels/include/wire.h"
#include "count.h"
#include "hops.h"
#include "map.h"
#include "options.h"
#include "qemu_api.h"
#include "settle.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NONE UINT_MAX

static struct map map;
static FILE *out;
static struct options options;
static uint64_t *zero, *at_boot, *at_begin, *now;
static bool booted, in_window;
static unsigned window_index;

static const struct {
    enum count_event event;
    const char *name;
} events[] = {
    {COUNT_SYSCALL, "syscall"}, {COUNT_AS_SWITCH, "as_switch"}, {COUNT_INVLPG, "invlpg"},
    {COUNT_WRMSR, "wrmsr"},     {COUNT_PORT_IO, "port_io"},     {COUNT_HLT, "hlt"},
};

static void write_total(const char *suffix, struct count_total t)
{
    fprintf(out, "\"instructions\":%" PRIu64 ",\"instructions_arch\":%" PRIu64 "%s", t.instructions,
            t.instructions_arch, suffix);
}

static uint64_t misses_of(const char *domain, enum hierarchy_miss miss)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < map.part_count; i++)
        if (!domain || !strcmp(map.parts[i].domain, domain))
            sum += count_miss_between(at_begin, now, i, miss);
    return sum;
}

/* Of one part, of all parts of a domain (part NONE), or of all (domain NULL). */
static void write_misses(const char *domain, unsigned part)
{
    if (!options.count.model)
        return;
    fputs(",\"miss\":{", out);
    for (unsigned i = 0; i < MISSES; i++)
        fprintf(out, "%s\"%s\":%" PRIu64, i ? "," : "", hierarchy_miss_names[i],
                part == NONE ? misses_of(domain, i) : count_miss_between(at_begin, now, part, i));
    fputs("}", out);
}

/* One domain and its parts, which need not be neighbours in the map. */
static void write_domain(const char *domain)
{
    struct count_total sum = {0};
    const char *comma = "";

    fprintf(out, "\"%s\":{\"parts\":{", domain);
    for (unsigned i = 0; i < map.part_count; i++) {
        struct count_total one = count_part_between(at_begin, now, i);

        if (strcmp(map.parts[i].domain, domain))
            continue;
        sum.instructions += one.instructions;
        sum.instructions_arch += one.instructions_arch;
        fprintf(out, "%s\"%s\":{", comma, map.parts[i].name);
        write_total("", one);
        if (one.instructions)
            write_misses(domain, i);
        fputs("}", out);
        comma = ",";
    }
    fputs("},", out);
    write_total("", sum);
    write_misses(domain, NONE);
    fputs("}", out);
}

static bool is_first_of_domain(unsigned part)
{
    for (unsigned i = 0; i < part; i++)
        if (!strcmp(map.parts[i].domain, map.parts[part].domain))
            return false;
    return true;
}

/* Events between two snapshots, each after a comma; zeros: those too of which there were none. */
static void write_events(const uint64_t *from, const uint64_t *to, bool zeros)
{
    for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
        uint64_t n = count_event_between(from, to, events[i].event);

        if (n || zeros)
            fprintf(out, ",\"%s\":%" PRIu64, events[i].name, n);
    }
    for (unsigned kind = 0; kind < MAP_KINDS; kind++) {
        uint64_t n = count_kind_between(from, to, kind);

        if (n || zeros)
            fprintf(out, ",\"%s\":%" PRIu64, map_kind_names[kind], n);
    }
}

static void write_entries(void)
{
    const char *comma = "";

    fputs(",\"entry\":{", out);
    for (unsigned i = 0; i < map.name_count; i++) {
        uint64_t n = count_name_between(at_begin, now, i);

        if (n) {
            fprintf(out, "%s\"%s\":%" PRIu64, comma, map.names[i], n);
            comma = ",";
        }
    }
    fputs("}", out);
}

/* The way of one operation (hops.h), if one was followed from end to end. */
static void write_hops(void)
{
    unsigned n = hops_count();

    if (!n)
        return;
    fputs(",\"hops\":[", out);
    for (unsigned i = 0; i < n; i++) {
        struct hop hop = hops_get(i);

        fprintf(out, "%s{\"domain\":\"%s\",", i ? "," : "", hop.domain);
        write_total("", count_all_between(hop.from, hop.to));
        write_events(hop.from, hop.to, false);
        fputs("}", out);
    }
    fputs("]", out);
}

static void write_window(void)
{
    struct count_total all = count_all_between(at_begin, now);
    const char *comma = "";

    fprintf(out, "{\"event\":\"window\",\"index\":%u,\"ops\":%" PRIu64 ",", window_index++,
            count_event_between(at_begin, now, COUNT_OPS));
    write_total(",\"domains\":{", all);
    for (unsigned i = 0; i < map.part_count; i++) {
        if (!is_first_of_domain(i))
            continue;
        fputs(comma, out);
        write_domain(map.parts[i].domain);
        comma = ",";
    }
    fputs("}", out);
    write_events(at_begin, now, true);
    fprintf(out, ",\"rep\":%" PRIu64 ",\"rep_bytes\":%" PRIu64, all.rep, all.rep_bytes);
    if (options.count.mmio)
        fprintf(out, ",\"mmio\":%" PRIu64, count_event_between(at_begin, now, COUNT_MMIO));
    else
        fputs(",\"mmio\":null", out);
    if (map.books.count)
        fprintf(out, ",\"counting\":%" PRIu64, count_event_between(at_begin, now, COUNT_COUNTING));
    write_misses(NULL, NONE);
    write_entries();
    write_hops();
    fputs("}\n", out);
    fflush(out);
}

static void write_main(void)
{
    struct count_total boot = count_all_between(at_boot, now);

    fputs("{\"event\":\"main\",", out);
    write_total(",", count_all_between(zero, now));
    if (booted)
        fprintf(out, "\"since_boot\":%" PRIu64 ",\"since_boot_arch\":%" PRIu64 "}\n", boot.instructions,
                boot.instructions_arch);
    else
        fputs("\"since_boot\":null,\"since_boot_arch\":null}\n", out);
    fflush(out);
}

static void mark(unsigned number)
{
    if (number == WIRE_MARK_BEGIN) {
        hops_begin();
        count_snapshot(at_begin);
        in_window = true;
        return;
    }
    count_snapshot(now);
    if (number == WIRE_MARK_MAIN)
        write_main();
    else if (in_window)
        write_window();
    if (number == WIRE_MARK_END)
        in_window = false;
}

static void boot(void)
{
    count_snapshot(at_boot);
    booted = true;
}

static void finish(uint64_t id, void *data)
{
    (void)id;
    (void)data;
    fputs("{\"event\":\"exit\"}\n", out);
    fclose(out);
}

static bool is_supported(const struct qemu_info *info)
{
    if (info->system_emulation && !strcmp(info->target_name, "x86_64") && info->system.smp_vcpus == 1)
        return true;
    fprintf(stderr, "toll-count: only qemu-system-x86_64 with one vCPU can be counted\n");
    return false;
}

static int start(uint64_t id, const struct qemu_info *info)
{
    static const struct count_hooks hooks = {mark, hops_op, boot};

    const char *wrong = options.count.model ? hierarchy_init(&options.sizes, &map) : NULL;

    if (wrong) {
        fprintf(stderr, "toll-count: %s\n", wrong);
        return -1;
    }
    if (count_init(id, info, &map, &hooks, &options.count)) {
        fprintf(stderr, "toll-count: this QEMU's plugin interface (version %d) is not known\n", info->version.cur);
        return -1;
    }
    if (options.settle && settle_init(options.peer, options.idle))
        return -1;
    zero = count_snapshot_new();
    at_boot = count_snapshot_new();
    at_begin = count_snapshot_new();
    now = count_snapshot_new();
    if (!zero || !at_boot || !at_begin || !now || hops_init(&map))
        return -1;
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}

/* In this way `toll doctor` asks which interface QEMU has, and whether it takes this plugin at all (facts.c). */
static bool is_question(const struct qemu_info *info, int argc, char **argv)
{
    if (argc != 1 || strcmp(argv[0], "interface=on") != 0)
        return false;
    fprintf(stderr, "toll-count: plugin interface %d\n", info->version.cur);
    return true;
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
    if (is_question(info, argc, argv) || !is_supported(info) || options_read(&options, argc, argv) ||
        map_read(&map, options.map_path))
        return -1;
    out = fopen(options.out_path, "we");
    if (!out) {
        fprintf(stderr, "toll-count: %s: %s\n", options.out_path, strerror(errno));
        return -1;
    }
    return start(id, info);
}
