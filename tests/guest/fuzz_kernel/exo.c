/* SPDX-License-Identifier: MIT */
/*
 * exo.c: calls of the exokernel.  The process is an environment with its library in it: tame calls leave alone the
 * frames, tables, extents and claims that the library has, and no upcall reaches the library meanwhile.  Of the network
 * the library has nothing more afterwards, where there is one.
 */
#include "exo/exo.h"
#include "fuzz_kernel/fuzz.h"
#include "machine/domain.h"
#include "nic.h"
#include <string.h>

#define SCRATCH 0x100000000000ull /* addresses that no library uses */
#define SCRATCH_PAGES 64u
#define SCRATCH_END (SCRATCH + (1ull << 40))
#define FRAMES_MAX 48u
#define TABLES 64u
#define EXTENTS 8u
#define CLAIMS 1024u
#define BLK_READ_OP 0u
#define BLK_WRITE_OP 1u
#define READABLE 7u

static struct domain_info *const info = (struct domain_info *)(DOMAIN_BASE(0) + DOMAIN_INFO);
static struct exo_net *const net = (struct exo_net *)(DOMAIN_BASE(0) + DOMAIN_NET);
static uint64_t frames[FRAMES_MAX], frame_count;
static bool table_own[TABLES], extent_own[EXTENTS], claim_own[CLAIMS], has_network;
static uint64_t own_table, upcall_entry, tls;
static uint32_t taken;

static int64_t call(uint64_t number, uint64_t a, uint64_t b)
{
    return raw(number, a, b, 0, 0, 0, 0);
}

static bool is_present(uint64_t entry)
{
    return entry & 1 && entry < -4096ull;
}

static void begin(void)
{
    __asm__("mov %%fs:0, %0" : "=r"(tls)); /* the C library keeps the base there */
    fuzz_touch();
    for (own_table = 0; own_table < TABLES; own_table++)
        if (is_present((uint64_t)call(EXO_ENTRY, own_table, (uint64_t)fuzz_arena)))
            break;
    toll_check(own_table < TABLES, "no table maps this program");
    upcall_entry = info->upcall_entry;
    info->upcall_entry = 0;
    has_network = call(EXO_NIC_INFO, (uint64_t)fuzz_arena, 0) == 0;
}

static void network_end(void)
{
    call(EXO_NIC_RING, 0, 0);
    for (unsigned i = 0; i < CLAIMS; i++)
        if (claim_own[i])
            toll_check(call(EXO_NIC_CLAIM_END, i, 0) == 0, "claim %u cannot be ended", i);
}

static uint64_t frame_draw(bool to_map)
{
    switch (fuzz_below(8)) {
    case 0:
        return fuzz_word();
    case 1: /* of the kernel, of devices, behind all memory */
        return fuzz_chance(2) ? 0x200 + fuzz_below(0x200) : fuzz_chance(2) ? 0xfee00 : 0x10000 + fuzz_below(1 << 20);
    case 2: /* of this environment's memory */
        if (to_map || fuzz_wild)
            return (info->ram_physical + fuzz_below(info->ram_bytes)) / FUZZ_PAGE;
        return 0;
    case 3: /* next to it */
        return (fuzz_chance(2) ? info->ram_physical - 1 : info->ram_physical + info->ram_bytes) / FUZZ_PAGE;
    case 4:
        return (info->program_physical + fuzz_below(info->program_bytes)) / FUZZ_PAGE;
    default:
        return frame_count ? frames[fuzz_below(frame_count)] : 0;
    }
}

static uint64_t table_draw(void)
{
    uint64_t table = fuzz_below(12);

    return fuzz_chance(10) ? fuzz_word() : fuzz_chance(4) ? own_table : table;
}

/* In the program's own table only addresses that are nobody's, unless anything may go. */
static uint64_t address_draw(uint64_t table)
{
    uint64_t scratch = SCRATCH + fuzz_below(SCRATCH_PAGES) * FUZZ_PAGE * (fuzz_chance(8) ? 1 << 18 : 1);

    if (fuzz_chance(8))
        return fuzz_bad();
    if ((table != own_table || (fuzz_wild && fuzz_chance(100))) && fuzz_chance(3))
        return fuzz_chance(2) ? fuzz_memory() : fuzz_word() & ~(FUZZ_PAGE - 1);
    return fuzz_chance(8) ? scratch + fuzz_below(FUZZ_PAGE) : scratch;
}

static uint64_t buffer_draw(void)
{
    return fuzz_chance(3) ? fuzz_bad() : fuzz_memory();
}

static void draw_page(struct regs *r)
{
    r->rsi = table_draw();
    r->rdx = address_draw(r->rsi);
    if (r->rdi == EXO_MAP) {
        r->r10 = frame_draw(true);
        r->r8 = fuzz_chance(10) ? fuzz_word() : fuzz_below(READABLE + 1);
    } else if (r->rdi == EXO_PROTECT) {
        r->r10 = fuzz_chance(10) ? fuzz_word() : fuzz_below(READABLE + 1);
    } else if (r->rdi == EXO_ENTRY_NEXT) {
        r->r10 = fuzz_chance(2) ? APP_END : r->rdx + fuzz_word();
    }
}

static void draw_table(struct regs *r)
{
    r->rsi = table_draw();
    if (r->rdi == EXO_TABLE_LOAD && r->rsi < TABLES && !(fuzz_wild && fuzz_chance(500)))
        r->rsi = fuzz_chance(2) ? own_table : TABLES + fuzz_word();
}

static void segments_fill(struct exo_segment *segments)
{
    for (unsigned i = 0; i < 8; i++)
        segments[i] = (struct exo_segment){frame_draw(fuzz_wild),
                                           fuzz_chance(4) ? (uint32_t)fuzz_word() : 512 * (uint32_t)fuzz_below(8),
                                           fuzz_chance(4) ? (uint32_t)fuzz_word() : 512 * (uint32_t)fuzz_below(9)};
}

/* Nothing that is on the disk is written over, except by who cares for nothing. */
static void draw_disk(struct regs *r)
{
    uint64_t at = (uint64_t)fuzz_arena + fuzz_below(8) * 256;

    segments_fill((struct exo_segment *)at);
    r->rsi = fuzz_chance(6) ? fuzz_word() : fuzz_below(3);
    if (r->rsi % (1ull << 32) == BLK_WRITE_OP && !fuzz_wild)
        r->rsi = BLK_READ_OP;
    r->rdx = fuzz_chance(8) ? fuzz_word() : fuzz_below(EXTENTS);
    r->r10 = fuzz_chance(4) ? fuzz_word() : fuzz_below(10000);
    r->r8 = fuzz_chance(8) ? fuzz_bad() : at;
    r->r9 = fuzz_chance(8) ? fuzz_word() : fuzz_below(9);
}

static void draw_extent(struct regs *r)
{
    r->rdx = fuzz_chance(3) ? fuzz_word() : fuzz_below(20000);
    r->rsi = fuzz_chance(3) ? fuzz_word() : fuzz_below(20000);
    if (r->rdi == EXO_EXTENT_FREE)
        r->rsi = fuzz_below(EXTENTS + 3);
    if (r->rdi == EXO_EXTENT_FREE && !fuzz_wild && r->rsi < EXTENTS && !extent_own[r->rsi])
        r->rsi += EXTENTS;
}

/* Offsets and values that claims have, so that some are granted, and others. */
static void filter_fill(struct nic_filter *f)
{
    static const uint16_t offsets[] = {12, 9, 16, 2, 24, 0};

    memset(f, 0, sizeof *f);
    f->test_count = fuzz_chance(10) ? (uint32_t)fuzz_word() : 1 + (uint32_t)fuzz_below(4);
    for (unsigned i = 0; i < NIC_TESTS_MAX; i++) {
        struct nic_test *t = &f->tests[i];
        *t = (struct nic_test){(uint8_t)fuzz_below(fuzz_chance(20) ? 256 : 3), (uint8_t)(1u << fuzz_below(3)),
                               offsets[fuzz_below(6)], 0xff, (uint32_t)fuzz_below(256)};
        if (fuzz_chance(8))
            t->mask = (uint32_t)fuzz_word();
        if (fuzz_chance(8))
            t->offset = (uint16_t)fuzz_word();
    }
    *(volatile uint8_t *)&f->shared = fuzz_chance(8) ? (uint8_t)fuzz_word() : (uint8_t)fuzz_below(2);
    *(volatile uint8_t *)&f->rest = fuzz_chance(8) ? (uint8_t)fuzz_word() : (uint8_t)fuzz_below(2);
}

/* Without a network all of them are refused; with one the library's ring stays as it is. */
static void draw_nic(struct regs *r)
{
    uint64_t at = (uint64_t)fuzz_arena + fuzz_below(8) * 256;

    segments_fill((struct exo_segment *)at);
    r->rsi = fuzz_chance(8) ? fuzz_bad() : at;
    switch (r->rdi) {
    case EXO_NIC_CLAIM:
        filter_fill((struct nic_filter *)at);
        break;
    case EXO_NIC_CLAIM_END:
        r->rsi = fuzz_chance(8) ? fuzz_word() : fuzz_below(64);
        if (!fuzz_wild && r->rsi < CLAIMS && !claim_own[r->rsi])
            r->rsi += CLAIMS;
        break;
    case EXO_NIC_RING:
        for (unsigned i = 0; i < 8; i++)
            ((uint64_t *)at)[i] = frame_draw(fuzz_wild);
        r->rdx = fuzz_chance(8) ? fuzz_word() : fuzz_below(9);
        break;
    case EXO_NIC_SEND:
        r->rdx = fuzz_chance(8) ? fuzz_word() : fuzz_below(18);
        r->r10 = fuzz_chance(2) ? 0 : fuzz_word();
        break;
    }
}

/* Nobody sleeps for long, and little is said. */
static void draw_other(struct regs *r)
{
    switch (r->rdi) {
    case EXO_WAIT:
        r->rsi = fuzz_chance(2) ? fuzz_below(1000) : info->pending ? fuzz_bad() : 0;
        break;
    case EXO_CONSOLE_WRITE:
        r->rsi = fuzz_chance(2) ? fuzz_bad() : fuzz_memory();
        r->rdx = r->rsi < FUZZ_PAGE || r->rsi > APP_END ? fuzz_word() : 0;
        break;
    case EXO_CONSOLE_READ:
    case EXO_BOOKS:
        r->rsi = buffer_draw();
        r->rdx = fuzz_chance(4) ? fuzz_word() : fuzz_below(64);
        if (r->rdi == EXO_CONSOLE_READ)
            r->rdx %= FUZZ_PAGE;
        break;
    case EXO_TLS:
        r->rsi = fuzz_chance(2) ? fuzz_memory() : fuzz_word() >> 17;
        break;
    case EXO_FRAME_PUT:
        r->rsi = frame_draw(false);
        break;
    }
}

static void draw(struct regs *r)
{
    r->rdi = fuzz_chance(20) ? fuzz_word() : fuzz_below(EXO_CALLS + 2);
    if (r->rdi == EXO_END)
        r->rdi = fuzz_wild && fuzz_chance(500) ? EXO_END : EXO_NULL;
    if (r->rdi == EXO_FRAME_GET && frame_count == FRAMES_MAX)
        r->rdi = EXO_FRAME_PUT;
    if (r->rdi >= EXO_MAP && r->rdi <= EXO_ENTRY_NEXT)
        draw_page(r);
    else if (r->rdi == EXO_TABLE_FREE || r->rdi == EXO_TABLE_LOAD)
        draw_table(r);
    else if (r->rdi == EXO_EXTENT_BIND || r->rdi == EXO_EXTENT_FREE)
        draw_extent(r);
    else if (r->rdi == EXO_DISK)
        draw_disk(r);
    else if (r->rdi >= EXO_NIC_INFO && r->rdi <= EXO_NIC_LISTEN)
        draw_nic(r);
    else
        draw_other(r);
}

static void frame_forget(uint64_t frame)
{
    for (uint64_t i = 0; i < frame_count; i++)
        if (frames[i] == frame) {
            frames[i] = frames[--frame_count];
            return;
        }
    toll_check(fuzz_wild, "frame %#llx, which is not ours, was given back", (unsigned long long)frame);
}

static void seen(const struct regs *asked, const struct regs *got)
{
    int64_t result = (int64_t)got->rax;

    if (asked->rdi == EXO_FRAME_GET && result >= 0)
        frames[frame_count++] = (uint64_t)result;
    else if (asked->rdi == EXO_FRAME_PUT && result == 0)
        frame_forget(asked->rsi);
    else if (asked->rdi == EXO_TABLE_MAKE && result >= 0)
        table_own[result] = true;
    else if (asked->rdi == EXO_TABLE_FREE && result == 0)
        table_own[asked->rsi] = false;
    else if (asked->rdi == EXO_EXTENT_BIND && result >= 0)
        extent_own[result] = true;
    else if (asked->rdi == EXO_EXTENT_FREE && result == 0)
        extent_own[asked->rsi] = false;
    else if (asked->rdi == EXO_DISK && result == 0)
        taken++;
    else if (asked->rdi == EXO_NIC_CLAIM && result >= 0)
        claim_own[result] = true;
    else if (asked->rdi == EXO_NIC_CLAIM_END && result == 0)
        claim_own[asked->rsi] = false;
    else if (asked->rdi == EXO_TLS)
        call(EXO_TLS, tls, 0);
    info->taken = info->done;
    if (has_network)
        net->told = net->sent;
}

/* All requests that were started have been told of. */
static void disk_wait(uint32_t before)
{
    for (unsigned i = 0; i < 100000 && info->done - before != taken; i++) {
        info->pending = 0;
        call(EXO_WAIT, (uint64_t)-1, 0);
    }
    toll_check(info->done - before == taken, "%u requests were started, %u have ended", taken, info->done - before);
    info->taken = info->done;
}

static uint32_t done_before;

static void begin_all(void)
{
    begin();
    done_before = info->done;
}

static void unmap_all(uint64_t table, uint64_t from, uint64_t end)
{
    while ((from = (uint64_t)raw(EXO_ENTRY_NEXT, table, from, end, 0, 0, 0)) < end)
        call(EXO_UNMAP, table, from);
}

static void finish(void)
{
    disk_wait(done_before);
    if (has_network)
        network_end();
    unmap_all(own_table, SCRATCH, SCRATCH_END);
    for (unsigned i = 1; i < TABLES; i++)
        if (table_own[i])
            toll_check(call(EXO_TABLE_FREE, i, 0) == 0, "table %u cannot be given back", i);
    unmap_all(0, 0, APP_END);
    while (frame_count) {
        int64_t error = call(EXO_FRAME_PUT, frames[--frame_count], 0);
        toll_check(error == 0, "frame %#llx cannot be given back: %lld", (unsigned long long)frames[frame_count],
                   (long long)error);
    }
    for (unsigned i = 0; i < EXTENTS; i++)
        if (extent_own[i])
            call(EXO_EXTENT_FREE, i, 0);
    info->pending = EVENT_ALARM; /* the library asks for its own alarm anew */
    info->upcall_entry = upcall_entry;
}

static void end(void)
{
    call(EXO_END, 0, 0);
}

static void say(const char *text, uint64_t n)
{
    call(EXO_CONSOLE_WRITE, (uint64_t)text, n);
}

const struct kernel kernel_exo = {"exo", begin_all, draw, seen, finish, end, say};
