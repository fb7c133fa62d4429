/* SPDX-License-Identifier: MIT */
/*
 * count.c: plants the counting code in each block of guest code that QEMU translates, and reads the counters.
 *
 * Plain instructions cost no call.  A run of instructions of which only the last may fault leaves a block either
 * as a whole or not at all, so it is one inline addition to the word of its part.
 *
 * Each block calls block_enter when it begins.  That remembers which block it was, and so lets an exception's
 * entry see how the block before it ended:
 *
 *      fewer instructions counted than it has     the last one counted faulted
 *      all counted, the last one never faults     it was the fetch of the next block that faulted
 *      all counted, the last one needs memory     it faulted if it has not made its accesses
 *
 * REP string instructions end their block, and QEMU runs each iteration as a block of its own (rep.h).
 */
#include "count.h"

#include "../../kernels/include/wire.h"
#include "decode.h"
#include "hops.h"
#include "rep.h"
#include "settle.h"
#include <stdlib.h>
#include <string.h>

/* What block_enter is told, packed into the pointer that QEMU hands back. */
#define BLOCK_PACK(part, n, fault) ((uintptr_t)(part) << 24 | (uintptr_t)(n) << 8 | (uintptr_t)(fault))
#define BLOCK_PART(packed) ((packed) >> 24)
#define BLOCK_COUNT(packed) ((packed) >> 8 & 0xffff)
#define BLOCK_FAULT(packed) ((packed)&0xff)

/* A block of which more must be known: it begins with the entry of an exception or an interrupt, or the model of
   caches runs. */
struct block {
    uintptr_t packed;
    const struct map_entry *entry; /* of these two kinds, or NULL */
    struct hierarchy_fetch *fetch; /* NULL without the model */
};

/* One instruction during translation. */
struct site {
    struct qemu_plugin_insn *insn;
    uint64_t address;
    unsigned part;
    struct decode d;
};

static const struct map *map;
static struct count_hooks hooks;
static struct count_options options;
static bool booted;
static size_t events_at, names_at, kinds_at, word_count;
static uint64_t *words;

static struct {
    uintptr_t packed;
    uint64_t plain, accesses; /* the words it changes, as they were when it began */
} last_block;

static size_t part_word(unsigned part, enum count_part which)
{
    return part * COUNT_PART_WORDS + which;
}

static inline void enter(uintptr_t packed)
{
    rep_blocks++;
    last_block.packed = packed;
    last_block.plain = words[part_word(BLOCK_PART(packed), COUNT_PLAIN)];
    last_block.accesses = words[events_at + COUNT_LAST_ACCESSES];
    if (hops_domain != HOPS_OFF)
        hops_block((unsigned)BLOCK_PART(packed));
}

static void block_enter(unsigned vcpu, void *data)
{
    (void)vcpu;
    enter((uintptr_t)data);
}

static bool last_block_faulted(void)
{
    uintptr_t packed = last_block.packed;
    uint64_t done = words[part_word(BLOCK_PART(packed), COUNT_PLAIN)] - last_block.plain;

    if (done < BLOCK_COUNT(packed))
        return true;
    switch (BLOCK_FAULT(packed)) {
    case DECODE_FAULT_NEVER:
        return false;
    case DECODE_FAULT_ALWAYS:
        return true;
    default:
        return words[events_at + COUNT_LAST_ACCESSES] - last_block.accesses < BLOCK_FAULT(packed);
    }
}

/* An exception or interrupt was taken: how did the block before it end? */
static void entry_reach(bool exception)
{
    if (exception && last_block_faulted())
        words[part_word(BLOCK_PART(last_block.packed), COUNT_FAULTS)]++;
    rep_suspend(exception);
    if (exception && options.model)
        hierarchy_exception();
}

static void entry_block_enter(unsigned vcpu, void *data)
{
    const struct block *block = data;

    (void)vcpu;
    entry_reach(block->entry->kind == MAP_EXCEPTION);
    enter(block->packed);
    if (block->fetch)
        hierarchy_fetch_run(block->fetch);
}

static void model_block_enter(unsigned vcpu, void *data)
{
    const struct block *block = data;

    (void)vcpu;
    enter(block->packed);
    hierarchy_fetch_run(block->fetch);
}

static void mark_run(unsigned vcpu, void *data)
{
    (void)vcpu;
    hooks.mark((unsigned)(uintptr_t)data);
}

static void op_run(unsigned vcpu, void *data)
{
    (void)vcpu;
    hooks.op((unsigned)(uintptr_t)data);
}

static void boot_run(unsigned vcpu, void *data)
{
    (void)vcpu;
    (void)data;
    if (!booted)
        hooks.boot();
    booted = true;
}

static void access_run(unsigned vcpu, uint32_t info, uint64_t address, void *data)
{
    struct qemu_plugin_hwaddr *hwaddr = qemu_plugin_get_hwaddr(info, address);

    (void)vcpu;
    (void)data;
    if (hwaddr && qemu_plugin_hwaddr_is_io(hwaddr))
        words[events_at + COUNT_MMIO]++;
}

static void plant_mark(const struct site *s)
{
    switch (s->d.mark) {
    case WIRE_MARK_OP:
        qemu_api_add(s->insn, events_at + COUNT_OPS, 1);
        qemu_plugin_register_vcpu_insn_exec_cb(s->insn, op_run, QEMU_CB_NO_REGS, (void *)(uintptr_t)s->part);
        break;
    case WIRE_MARK_BEGIN:
    case WIRE_MARK_END:
    case WIRE_MARK_MAIN:
        qemu_plugin_register_vcpu_insn_exec_cb(s->insn, mark_run, QEMU_CB_NO_REGS, (void *)(uintptr_t)s->d.mark);
        break;
    default:
        break;
    }
}

static void plant_event(const struct site *s)
{
    static const enum count_event events[] = {
        [DECODE_SYSCALL] = COUNT_SYSCALL, [DECODE_CR3] = COUNT_AS_SWITCH, [DECODE_INVLPG] = COUNT_INVLPG,
        [DECODE_WRMSR] = COUNT_WRMSR,     [DECODE_PORT] = COUNT_PORT_IO,  [DECODE_HLT] = COUNT_HLT,
    };

    if (s->d.event == DECODE_MARK)
        plant_mark(s);
    else if (s->d.event == DECODE_PORT && s->d.rep)
        qemu_api_add_on_access(s->insn, events_at + COUNT_PORT_IO, 1);
    else if (s->d.event != DECODE_PLAIN && s->d.event != DECODE_CR4 && s->d.event != DECODE_INVPCID)
        qemu_api_add(s->insn, events_at + events[s->d.event], 1);
}

static uint64_t *misses_of(const struct site *s)
{
    return &words[part_word(s->part, COUNT_MISS)];
}

/* What the model of caches and TLBs watches. */
static void plant_model(const struct site *s, struct hierarchy_fetch **fetch)
{
    const struct map_entry *entry = map_find_entry(map, s->address);

    hierarchy_fetch_add(fetch, s->insn, misses_of(s));
    if (entry && entry->kind == MAP_AS_SWITCH_KEPT)
        hierarchy_plant_event(s->insn, HIERARCHY_CR3_KEEP);
    if (s->d.event == DECODE_CR3)
        hierarchy_plant_event(s->insn, HIERARCHY_CR3);
    else if (s->d.event == DECODE_CR4)
        hierarchy_plant_event(s->insn, HIERARCHY_CR4);
    else if (s->d.event == DECODE_INVLPG)
        hierarchy_plant_event(s->insn, HIERARCHY_INVLPG);
    else if (s->d.event == DECODE_INVPCID)
        hierarchy_plant_event(s->insn, HIERARCHY_INVPCID);
    if (!s->d.safe)
        hierarchy_plant_access(s->insn, misses_of(s));
}

/* Where a relative operand is. */
static uint64_t operand_of(const struct site *s)
{
    return s->address + qemu_plugin_insn_size(s->insn) + (uint64_t)(int64_t)s->d.displacement;
}

static void plant_address(const struct site *s)
{
    const struct map_entry *entry = map_find_entry(map, s->address);

    if (s->d.relative && map_is_in(&map->books, operand_of(s)))
        qemu_api_add(s->insn, events_at + COUNT_COUNTING, 1);
    if (entry) {
        qemu_api_add(s->insn, names_at + entry->name, 1);
        qemu_api_add(s->insn, kinds_at + entry->kind, 1);
    }
    if (map->has_boot && s->address == map->boot)
        qemu_plugin_register_vcpu_insn_exec_cb(s->insn, boot_run, QEMU_CB_NO_REGS, NULL);
}

static void plant_rep(const struct site *s, bool first)
{
    rep_plant(s->insn, s->address, first,
              (struct rep_words){&words[part_word(s->part, COUNT_REP_STARTS)],
                                 &words[part_word(s->part, COUNT_REP_EMPTY)],
                                 &words[part_word(s->part, COUNT_REP_HALVES)]});
    qemu_api_add_on_access(s->insn, part_word(s->part, COUNT_REP_HALVES), s->d.rep_halves);
}

static bool is_plain(const struct site *s)
{
    return s->d.event != DECODE_MARK && !s->d.rep;
}

static void look(const struct qemu_plugin_tb *tb, size_t index, struct site *s)
{
    uint8_t bytes[DECODE_BYTES];

    s->insn = qemu_plugin_tb_get_insn(tb, index);
    s->address = qemu_plugin_insn_vaddr(s->insn);
    s->part = map_find_part(map, s->address);
    s->d = decode_bytes(bytes, qemu_api_bytes(s->insn, bytes, sizeof(bytes)));
}

static void plant_block(struct qemu_plugin_tb *tb, const struct site *first, const struct site *last, size_t n,
                        struct hierarchy_fetch *fetch)
{
    const struct map_entry *entry = map_find_entry(map, first->address);
    uintptr_t packed = BLOCK_PACK(first->part, n, is_plain(last) ? last->d.fault : DECODE_FAULT_NEVER);
    struct block *block = NULL;

    if (entry && entry->kind != MAP_EXCEPTION && entry->kind != MAP_INTERRUPT)
        entry = NULL;
    if (entry || fetch)
        block = malloc(sizeof(*block)); /* stays for as long as QEMU may run this translation: for good */
    if (block) {
        *block = (struct block){packed, entry, fetch};
        qemu_plugin_register_vcpu_tb_exec_cb(tb, entry ? entry_block_enter : model_block_enter, QEMU_CB_NO_REGS, block);
    } else {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, block_enter, QEMU_CB_NO_REGS, (void *)packed);
    }
}

/* Plants what instruction s needs; run plain instructions since the last addition are still to be counted, this
   one included.  True if they now are. */
static bool plant_one(const struct site *s, const struct site *next, bool first, size_t run)
{
    plant_address(s);
    plant_event(s);
    if (s->d.rep)
        plant_rep(s, first);
    if (s->d.iret)
        rep_plant_return(s->insn);
    if (options.mmio && !s->d.safe)
        qemu_plugin_register_vcpu_mem_cb(s->insn, access_run, QEMU_CB_NO_REGS, QEMU_MEM_BOTH, NULL);
    if (!is_plain(s) || (s->d.safe && next && is_plain(next) && next->part == s->part))
        return false;
    qemu_api_add(s->insn, part_word(s->part, COUNT_PLAIN), run);
    if (!next && (s->d.fault == DECODE_FAULT_ONE || s->d.fault == DECODE_FAULT_TWO))
        qemu_api_add_on_access(s->insn, events_at + COUNT_LAST_ACCESSES, 1);
    return true;
}

static void translate(uint64_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb), run = 0, plain = 0;
    struct hierarchy_fetch *fetch = NULL;
    struct site first, site, next;

    (void)id;
    words = qemu_api_words();
    look(tb, 0, &first);
    site = first;
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n)
            look(tb, i + 1, &next);
        run += is_plain(&site);
        plain += is_plain(&site) && site.part == first.part;
        if (plant_one(&site, i + 1 < n ? &next : NULL, i == 0, run))
            run = 0;
        if (options.model)
            plant_model(&site, &fetch);
        if (i + 1 < n)
            site = next;
    }
    if (n == 1 && first.d.store)
        settle_plant(first.insn);
    plant_block(tb, &first, &site, plain, fetch);
}

int count_init(uint64_t id, const struct qemu_info *info, const struct map *the_map,
               const struct count_hooks *the_hooks, const struct count_options *the_options)
{
    map = the_map;
    hooks = *the_hooks;
    options = *the_options;
    events_at = map->part_count * COUNT_PART_WORDS;
    kinds_at = events_at + COUNT_EVENTS;
    names_at = kinds_at + MAP_KINDS;
    word_count = names_at + map->name_count;
    if (qemu_api_init(info, word_count))
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    return 0;
}

uint64_t *count_snapshot_new(void)
{
    return calloc(word_count, sizeof(uint64_t));
}

void count_snapshot(uint64_t *out)
{
    if (!words)
        return;
    rep_finish();
    memcpy(out, words, word_count * sizeof(uint64_t));
}

struct count_total count_part_between(const uint64_t *from, const uint64_t *to, unsigned part)
{
    uint64_t d[COUNT_PART_WORDS];

    for (unsigned i = 0; i < COUNT_PART_WORDS; i++)
        d[i] = to[part_word(part, i)] - from[part_word(part, i)];
    return (struct count_total){d[COUNT_PLAIN] - d[COUNT_FAULTS] + d[COUNT_REP_HALVES] / 2 + d[COUNT_REP_EMPTY],
                                d[COUNT_PLAIN] - d[COUNT_FAULTS] + d[COUNT_REP_STARTS]};
}

struct count_total count_all_between(const uint64_t *from, const uint64_t *to)
{
    struct count_total sum = {0};

    for (unsigned i = 0; i < map->part_count; i++) {
        struct count_total one = count_part_between(from, to, i);

        sum.instructions += one.instructions;
        sum.instructions_arch += one.instructions_arch;
    }
    return sum;
}

uint64_t count_miss_between(const uint64_t *from, const uint64_t *to, unsigned part, enum hierarchy_miss miss)
{
    size_t word = part_word(part, COUNT_MISS) + miss;

    return to[word] - from[word];
}

uint64_t count_event_between(const uint64_t *from, const uint64_t *to, enum count_event event)
{
    return to[events_at + event] - from[events_at + event];
}

uint64_t count_name_between(const uint64_t *from, const uint64_t *to, unsigned name)
{
    return to[names_at + name] - from[names_at + name];
}

uint64_t count_kind_between(const uint64_t *from, const uint64_t *to, enum map_kind kind)
{
    return to[kinds_at + kind] - from[kinds_at + kind];
}
