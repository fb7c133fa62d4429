/* SPDX-License-Identifier: MIT */
/*
 * environment: what the exokernel owes an environment that is hostile, and what it must not give it.  The program makes
 * the kernel's calls itself, past its library.
 *
 *   kernel=exo     which kernel that is; skipped elsewhere
 *   end=MANNER     at the end: an exception with the way to be told of it ruined; the environment must end, alone
 *   beside=long    only makes calls that take as long as they can; =gap: only looks how long others keep it from
 * running; beside=LETTER  only prints long lines of that letter, each by several writes
 */
#include "exo/exo.h"
#include "machine/domain.h"
#include "pager.h"
#include "raw.h"
#include "toll.h"
#include <errno.h>
#include <string.h>

#define PAGE 4096ull
#define PLACE 0x100000000000ull /* addresses that the library does not use */
#define DIRECT 0xffff800000000000ull
#define SECTOR 512u
#define READ_OP 0
#define FRAMES_MAX 65536
#define LARGE (2ull << 20)
#define LINE_BYTES 400u
#define LINES 200u
#define SHOWN(address) (TABLE_WINDOW + (((address)&0xffffffffffffull) >> 12) * 8)

static struct domain_info *const info = (struct domain_info *)(DOMAIN_BASE(0) + DOMAIN_INFO);

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return raw(number, a, b, c, d, 0, 0);
}

static void expect(int64_t wanted, int64_t got, const char *what)
{
    toll_check(got == wanted, "%s: %lld instead of %lld", what, (long long)got, (long long)wanted);
}

/* TABLE_WINDOW ends with what the kernel's own entries map.  Ring 3 cannot read it; nor may the kernel for it. */
static void window_try(void)
{
    int64_t extent = call(EXO_EXTENT_BIND, info->extent_first, 1, 0, 0);

    for (uint64_t at = 2 << 20; at < 64 << 20; at += 2 << 20) {
        uint64_t shown = SHOWN(DIRECT + at) & ~(PAGE - 1);
        expect(-EFAULT, call(EXO_CONSOLE_WRITE, shown, 16, 0, 0), "the kernel's memory on the console");
        if (extent >= 0)
            expect(-EFAULT, raw(EXO_DISK, READ_OP, (uint64_t)extent, 0, shown, 1, 0),
                   "the kernel's memory as segments");
    }
    expect(-EFAULT, call(EXO_BOOKS, SHOWN(DOMAIN_BASE(0)), 1, 0, 0), "writing to a page table");
    expect(-EFAULT, call(EXO_BOOKS, TABLE_WINDOW - 8, 2, 0, 0), "writing up to a page table");
    if (extent >= 0)
        expect(0, call(EXO_EXTENT_FREE, (uint64_t)extent, 0, 0, 0), "giving back an extent");
}

/* A frame is given back only when nothing names it. */
static void counts_try(void)
{
    uint64_t frame = (uint64_t)call(EXO_FRAME_GET, 0, 0, 0, 0), table = (uint64_t)call(EXO_TABLE_MAKE, 0, 0, 0, 0);

    expect(0, call(EXO_MAP, table, PLACE, frame, PAGER_READ), "mapping");
    expect(0, call(EXO_MAP, table, PLACE + PAGE, frame, 0), "mapping without access");
    expect(-EBUSY, call(EXO_FRAME_PUT, frame, 0, 0, 0), "giving back what is mapped");
    toll_check(call(EXO_UNMAP, table, PLACE, 0, 0) != 0, "nothing is mapped");
    expect(-EBUSY, call(EXO_FRAME_PUT, frame, 0, 0, 0), "giving back what an entry names");
    expect(0, call(EXO_MAP, table, PLACE + PAGE, info->ram_physical / PAGE, PAGER_READ), "mapping instead");
    expect(0, call(EXO_MAP, table, PLACE, frame, PAGER_READ), "mapping again");
    expect(0, call(EXO_TABLE_FREE, table, 0, 0, 0), "giving back a table");
    expect(0, call(EXO_FRAME_PUT, frame, 0, 0, 0), "giving back a frame");
    expect(-EPERM, call(EXO_FRAME_PUT, frame, 0, 0, 0), "giving it back again");
    expect(-EBUSY, call(EXO_FRAME_PUT, info->ram_physical / PAGE, 0, 0, 0), "giving back memory of the start");
}

/* A frame that the kernel gives is one more in use.  Of a neighbour's nothing could be known. */
static void usage_try(void)
{
    int64_t before = call(EXO_USAGE, 0, 0, 0, 0), frame;

    if (strstr(info->command_line, "apps="))
        return;
    frame = call(EXO_FRAME_GET, 0, 0, 0, 0);
    expect(before + 1, call(EXO_USAGE, 0, 0, 0, 0), "frames in use");
    expect(0, call(EXO_FRAME_PUT, (uint64_t)frame, 0, 0, 0), "giving back a frame");
    expect(before, call(EXO_USAGE, 0, 0, 0, 0), "frames in use again");
}

/* The end of the library's requests is not waited for: there are none. */
static void done_wait(void)
{
    while (info->taken == info->done) {
        call(EXO_WAIT, UINT64_MAX, 0, 0, 0);
        info->pending = 0;
    }
    info->taken = info->done; /* the library knows nothing of this one */
    info->pending = EVENT_ALARM;
}

/* Whether something is held for a request; another environment's turn may have been long enough for its end. */
static bool is_held(int64_t result, const char *what)
{
    toll_check(result == -EBUSY || (result == 0 && info->taken != info->done), "%s: %lld", what, (long long)result);
    return result == -EBUSY;
}

/* Nor while the disk writes to it. */
static void flight_try(void)
{
    uint64_t frame = (uint64_t)call(EXO_FRAME_GET, 0, 0, 0, 0), entry = info->upcall_entry;
    struct exo_segment segment = {frame, 0, SECTOR};
    int64_t extent = call(EXO_EXTENT_BIND, info->extent_first, 8, 0, 0);
    bool frame_held = true, extent_held = extent >= 0;

    if (extent_held) {
        info->upcall_entry = 0;
        expect(0, raw(EXO_DISK, READ_OP, (uint64_t)extent, 0, (uint64_t)&segment, 1, 0), "reading");
        frame_held = is_held(call(EXO_FRAME_PUT, frame, 0, 0, 0), "giving back what the disk writes to");
        extent_held = is_held(call(EXO_EXTENT_FREE, (uint64_t)extent, 0, 0, 0), "giving back what is read");
        done_wait();
        info->upcall_entry = entry;
    }
    if (extent_held)
        expect(0, call(EXO_EXTENT_FREE, (uint64_t)extent, 0, 0, 0), "giving back an extent");
    if (frame_held)
        expect(0, call(EXO_FRAME_PUT, frame, 0, 0, 0), "giving back a frame");
}

/* Everything that the kernel gives, twice: what was given back is there again. */
static void hunger_try(void)
{
    static uint64_t frames[FRAMES_MAX];
    unsigned count[2] = {0};

    for (unsigned round = 0; round < 2; round++) {
        int64_t frame;
        while (count[round] < FRAMES_MAX && (frame = call(EXO_FRAME_GET, 0, 0, 0, 0)) >= 0)
            frames[count[round]++] = (uint64_t)frame;
        if (count[round] < FRAMES_MAX) {
            expect(-ENOMEM, call(EXO_TABLE_MAKE, 0, 0, 0, 0), "a table without memory");
            expect(-ENOMEM, call(EXO_MAP, 0, PLACE, frames[0], PAGER_READ), "a mapping without memory");
        }
        for (unsigned i = 0; i < count[round]; i++)
            expect(0, call(EXO_FRAME_PUT, frames[i], 0, 0, 0), "giving back");
    }
    toll_check(count[0] > 0 && count[0] == count[1], "%u frames, then %u", count[0], count[1]);
}

static uint64_t now(void)
{
    return (uint64_t)((unsigned __int128)(__builtin_ia32_rdtsc() - info->tsc_start) * info->ns_scale >> 32);
}

/* Many tables of the lowest level, all empty when they are searched. */
static void calls_long(void)
{
    uint64_t table = (uint64_t)call(EXO_TABLE_MAKE, 0, 0, 0, 0), frame = info->ram_physical / PAGE, top = LARGE;

    while (call(EXO_MAP, table, top, frame, PAGER_READ) == 0)
        top += LARGE;
    for (uint64_t at = LARGE; at < top; at += LARGE)
        toll_check(call(EXO_UNMAP, table, at, 0, 0) != 0, "nothing is mapped");
    expect((int64_t)APP_END, call(EXO_ENTRY_NEXT, table, LARGE, APP_END, 0), "searching");
    expect((int64_t)(top - 1), call(EXO_ENTRY_NEXT, table, LARGE + 1, top - 1, 0), "searching a part");
    expect(0, call(EXO_MAP, table, top - LARGE, frame, PAGER_READ), "mapping again");
    expect((int64_t)(top - LARGE), call(EXO_ENTRY_NEXT, table, LARGE, APP_END, 0), "finding");
    expect(0, call(EXO_TABLE_FREE, table, 0, 0, 0), "giving back a table");
}

/* Slices are 10 ms. */
static void gap_watch(void)
{
    uint64_t last = now(), end = last + 1000000000, longest = 0;

    while (last < end) {
        uint64_t at = now();
        longest = at - last > longest ? at - last : longest;
        last = at;
    }
    toll_check(longest < 20000000, "nothing ran here for %llu ns", (unsigned long long)longest);
}

static void lines_print(char letter)
{
    static char line[LINE_BYTES];

    memset(line, letter, sizeof line);
    line[sizeof line - 1] = '\n';
    for (unsigned i = 0; i < LINES; i++)
        for (unsigned at = 0; at < sizeof line; at += LINE_BYTES / 4) {
            call(EXO_CONSOLE_WRITE, (uint64_t)line + at, LINE_BYTES / 4, 0, 0);
            for (volatile unsigned wait = 0; wait < 20000; wait++)
                ;
        }
}

static void beside(const char *what)
{
    if (strcmp(what, "long") == 0)
        calls_long();
    else if (strcmp(what, "gap") == 0)
        gap_watch();
    else
        lines_print(*what);
}

static void end_by(const char *manner)
{
    if (strcmp(manner, "entry") == 0)
        info->upcall_entry = DIRECT;
    else if (strcmp(manner, "recursion") == 0)
        info->upcall_entry = 8;
    else if (strcmp(manner, "stack") == 0)
        info->upcall_stack = 64;
    else if (strcmp(manner, "high") == 0)
        info->upcall_stack = DIRECT + (32 << 20);
    else if (strcmp(manner, "window") == 0)
        info->upcall_stack = SHOWN(DOMAIN_BASE(0)) & ~15ull;
    else if (strcmp(manner, "edge") == 0)
        info->upcall_stack = 0x800000000000ull;
    else
        toll_check(false, "no such end");
    __asm__ volatile("mov %0, %%rsp; ud2" ::"r"(0x0123456789abcdefull)); /* not an address at all */
}

int main(int argc, char **argv)
{
    toll_main(argc, argv, "environment");
    if (strcmp(toll_arg("kernel", ""), "exo") != 0)
        toll_skip("no environments here");
    if (toll_arg("beside", NULL)) {
        beside(toll_arg("beside", NULL));
        return toll_done();
    }
    window_try();
    counts_try();
    usage_try();
    flight_try();
    hunger_try();
    toll_output("ok\n", 3);
    int status = toll_done();
    if (toll_arg("end", NULL))
        end_by(toll_arg("end", NULL));
    return status;
}
