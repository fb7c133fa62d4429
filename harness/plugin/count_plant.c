/* SPDX-License-Identifier: MIT */
/*
 * count_plant.c: plants the counting code in each block of guest code that QEMU translates.
 *
 * Plain instructions cost no call.  A run of instructions of which only the last may fault leaves a block either
 * as a whole or not at all, so it is one inline addition to the word of its part.
 *
 * REP string instructions end their block, and QEMU runs each iteration as a block of its own (rep.h).
 */
#include "count_inner.h"

#include "../../kernels/include/wire.h"
#include "decode.h"
#include "settle.h"

#define PAGE_BYTES 4096

/* One instruction during translation. */
struct site {
    struct qemu_plugin_insn *insn;
    uint64_t address;
    unsigned part;
    bool cut; /* has more bytes than QEMU says */
    struct decode d;
};

static struct count_hooks hooks;
static struct count_options options;
static bool booted;

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
        count_words[count_at.events + COUNT_MMIO]++;
}

static void plant_mark(const struct site *s)
{
    switch (s->d.mark) {
    case WIRE_MARK_OP:
        qemu_api_add(s->insn, count_at.events + COUNT_OPS, 1);
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
        qemu_api_add_on_access(s->insn, count_at.events + COUNT_PORT_IO, 1);
    else if (s->d.event != DECODE_PLAIN && s->d.event != DECODE_CR4 && s->d.event != DECODE_INVPCID)
        qemu_api_add(s->insn, count_at.events + events[s->d.event], 1);
    if (s->d.event == DECODE_HLT)
        settle_plant_halt(s->insn);
}

static uint64_t *misses_of(const struct site *s)
{
    return &count_words[count_part_word(s->part, COUNT_MISS)];
}

/* What the model of caches and TLBs watches. */
static void plant_model(const struct site *s, struct hierarchy_fetch *fetch)
{
    const struct map_entry *entry = map_find_entry(count_map, s->address);

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
    const struct map_entry *entry = map_find_entry(count_map, s->address);

    if (s->d.relative && map_is_in(&count_map->books, operand_of(s)))
        qemu_api_add(s->insn, count_at.events + COUNT_COUNTING, 1);
    if (entry) {
        qemu_api_add(s->insn, count_at.names + entry->name, 1);
        qemu_api_add(s->insn, count_at.kinds + entry->kind, 1);
    }
    if (count_map->has_boot && s->address == count_map->boot)
        qemu_plugin_register_vcpu_insn_exec_cb(s->insn, boot_run, QEMU_CB_NO_REGS, NULL);
}

static size_t halves_word(const struct site *s)
{
    return count_part_word(s->part, COUNT_REP_HALVES) + s->d.rep_shift;
}

static struct rep_words rep_words_of(const struct site *s)
{
    return (struct rep_words){&count_words[count_part_word(s->part, COUNT_REP_STARTS)],
                              &count_words[count_part_word(s->part, COUNT_REP_EMPTY)], &count_words[halves_word(s)]};
}

static void plant_rep(const struct site *s, bool first)
{
    if (!first)
        rep_plant(s->insn, s->address, rep_words_of(s));
    qemu_api_add_on_access(s->insn, halves_word(s), s->d.rep_halves);
}

static bool is_plain(const struct site *s)
{
    return s->d.event != DECODE_MARK && !s->d.rep;
}

static void look(const struct qemu_plugin_tb *tb, size_t index, struct site *s)
{
    uint8_t bytes[DECODE_BYTES];
    size_t n;

    s->insn = qemu_plugin_tb_get_insn(tb, index);
    s->address = qemu_plugin_insn_vaddr(s->insn);
    s->part = map_find_part(count_map, s->address);
    n = qemu_api_bytes(s->insn, bytes, sizeof(bytes));
    s->cut = s->address % PAGE_BYTES > PAGE_BYTES - DECODE_BYTES && decode_is_cut(bytes, n);
    s->d = decode_bytes(bytes, n);
}

/* n: how many plain instructions of its first one's part it has. */
static void plant_block(struct qemu_plugin_tb *tb, const struct site *first, const struct site *last, unsigned n,
                        const struct hierarchy_fetch *fetch)
{
    const struct map_entry *entry = map_find_entry(count_map, first->address);

    if (entry && entry->kind != MAP_EXCEPTION && entry->kind != MAP_INTERRUPT)
        entry = NULL;
    count_block_plant(
        tb, &(struct count_block){.part = first->part,
                                  .count = n,
                                  .fault = is_plain(last) ? last->d.fault : DECODE_FAULT_NEVER,
                                  .entry = entry,
                                  .fetch = *fetch,
                                  .rep = first->d.rep ? rep_first(first->address, rep_words_of(first)) : NULL});
}

/* The instructions that a block has.  QEMU 7.2 takes one that reaches into the next page out of its block again, unless
   it is the first, with what was planted on it, and still tells of it, without its last bytes. */
static size_t count_present(const struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);
    struct site last;

    if (n < 2)
        return n;
    look(tb, n - 1, &last);
    return last.cut ? n - 1 : n;
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
    qemu_api_add(s->insn, count_part_word(s->part, COUNT_PLAIN), run);
    if (!next && (s->d.fault == DECODE_FAULT_ONE || s->d.fault == DECODE_FAULT_TWO))
        qemu_api_add_on_access(s->insn, count_at.events + COUNT_LAST_ACCESSES, 1);
    return true;
}

static void translate(uint64_t id, struct qemu_plugin_tb *tb)
{
    size_t n = count_present(tb), run = 0;
    unsigned plain = 0;
    struct hierarchy_fetch fetch = {0};
    struct site first, site, next;

    (void)id;
    count_words = qemu_api_words();
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
    plant_block(tb, &first, &site, plain, &fetch);
}

void count_plant_init(uint64_t id, const struct count_hooks *the_hooks, const struct count_options *the_options)
{
    hooks = *the_hooks;
    options = *the_options;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
}
