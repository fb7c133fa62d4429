/* SPDX-License-Identifier: MIT */
/*
 * count_block.c: what happens when a block of guest code begins.
 *
 * It is remembered which block it was, so that an exception's entry sees how the block before it ended:
 *
 *      fewer instructions counted than it has     the last one counted faulted
 *      all counted, the last one never faults     it was the fetch of the next block that faulted
 *      all counted, the last one needs memory     it faulted if it has not made its accesses
 *
 * Most blocks need no more than that: what is told of them fits into the pointer that QEMU hands back.
 */
#include "count_inner.h"

#include "decode.h"
#include "hops.h"
#include <assert.h>
#include <stdlib.h>

/* The word of the instructions of its part, how many there are, how the last one may fault. */
#define PACK(word, n, fault) ((uintptr_t)(word) << 24 | (uintptr_t)(n) << 8 | (uintptr_t)(fault))
#define PACKED_WORD(packed) ((packed) >> 24)
#define PACKED_COUNT(packed) ((packed) >> 8 & 0xffff)
#define PACKED_FAULT(packed) ((packed)&0xff)

/* What is rarely done stays out of the functions that each block calls. */
#define RARE __attribute__((noinline))

/* A block that needs more: no larger than a line of the host's cache, and one line. */
#define HOST_LINE 64
struct block {
    uintptr_t packed;
    struct hierarchy_fetch fetch;
    struct rep *rep;
};
static_assert(sizeof(struct block) <= HOST_LINE, "");

static struct {
    uintptr_t packed;
    uint64_t plain, accesses; /* the words it changes, as they were when it began */
} last_block;
static const uint64_t *last_accesses; /* the word */

static inline void enter(uintptr_t packed)
{
    rep_blocks++;
    last_block.packed = packed;
    last_block.plain = count_words[PACKED_WORD(packed)];
    last_block.accesses = *last_accesses;
    if (hops_domain != HOPS_OFF)
        hops_block((unsigned)(PACKED_WORD(packed) / COUNT_PART_WORDS));
}

static bool last_block_faulted(void)
{
    uintptr_t packed = last_block.packed;

    if (count_words[PACKED_WORD(packed)] - last_block.plain < PACKED_COUNT(packed))
        return true;
    switch (PACKED_FAULT(packed)) {
    case DECODE_FAULT_NEVER:
        return false;
    case DECODE_FAULT_ALWAYS:
        return true;
    default:
        return *last_accesses - last_block.accesses < PACKED_FAULT(packed);
    }
}

/* An exception or interrupt was taken: how did the block before it end? */
static void entry_reach(bool exception, bool model)
{
    if (exception && last_block_faulted())
        count_words[PACKED_WORD(last_block.packed) - COUNT_PLAIN + COUNT_FAULTS]++;
    rep_suspend(exception);
    if (exception && model)
        hierarchy_exception();
}

static void plain_enter(unsigned vcpu, void *data)
{
    (void)vcpu;
    enter((uintptr_t)data);
}

static RARE void enter_all(struct block *block)
{
    enter(block->packed);
    if (block->fetch.run.count && block->fetch.order != hierarchy_order)
        hierarchy_fetch_run(&block->fetch);
    if (block->rep)
        rep_run(block->rep);
}

/* Nothing but the block has to be remembered. */
static inline bool is_simple(struct block *block)
{
    return hops_domain == HOPS_OFF && hierarchy_fetch_is_quick(&block->fetch);
}

static void fetch_enter(unsigned vcpu, void *data)
{
    struct block *block = data;

    (void)vcpu;
    if (is_simple(block))
        enter(block->packed);
    else
        enter_all(block);
}

/* Each iteration of a REP instruction comes here, but the first if others stand before it.  One that goes on leaves
   what is remembered of its block as it is. */
static void rep_enter(unsigned vcpu, void *data)
{
    struct block *block = data;

    (void)vcpu;
    if (is_simple(block) && last_block.packed == block->packed && rep_goes_on(block->rep))
        rep_go_on();
    else
        enter_all(block);
}

static void entry_enter(struct block *block, bool exception)
{
    entry_reach(exception, block->fetch.run.count);
    enter_all(block);
}

static void exception_enter(unsigned vcpu, void *data)
{
    (void)vcpu;
    entry_enter(data, true);
}

static void interrupt_enter(unsigned vcpu, void *data)
{
    (void)vcpu;
    entry_enter(data, false);
}

static qemu_vcpu_cb *enter_of(const struct count_block *it)
{
    if (it->entry)
        return it->entry->kind == MAP_EXCEPTION ? exception_enter : interrupt_enter;
    return it->rep ? rep_enter : fetch_enter;
}

void count_block_plant(struct qemu_plugin_tb *tb, const struct count_block *it)
{
    uintptr_t packed = PACK(count_part_word(it->part, COUNT_PLAIN), it->count, it->fault);
    struct block *block;

    last_accesses = &count_words[count_at.events + COUNT_LAST_ACCESSES];
    if (!it->entry && !it->rep && !it->fetch.run.count) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, plain_enter, QEMU_CB_NO_REGS, (void *)packed);
        return;
    }
    block = aligned_alloc(HOST_LINE, HOST_LINE); /* stays for as long as QEMU may run this translation: for good */
    if (!block)
        abort();
    *block = (struct block){packed, it->fetch, it->rep};
    qemu_plugin_register_vcpu_tb_exec_cb(tb, enter_of(it), QEMU_CB_NO_REGS, block);
}
