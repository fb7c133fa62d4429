/* SPDX-License-Identifier: MIT */
/*
 * neighbours: two applications side by side, each with memory and a part of the disk of its own, where the kernel
 * shares these out (kernels/exo).  Each keeps something, tries for every frame of the machine and every part of the
 * disk whether it can get at what is not its own, and looks whether its own is still what it was.
 *
 *   me=N        which of the two this is          rounds=N   how often it tries
 */
#include "exo/exo.h"
#include "machine/domain.h"
#include "pager.h"
#include "raw.h"
#include "toll.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096u
#define PLACE 0x100000000000ull
#define KEPT_BYTES (1u << 20)
#define FRAMES_BEHIND 4096u
#define TABLES 64u
#define SECTORS_STEP 1009u
#define DISK_READ 0
#define DISK_WRITE 1

static const struct domain_info *const info = (const struct domain_info *)(DOMAIN_BASE(0) + DOMAIN_INFO);
static unsigned char kept[KEPT_BYTES], read_back[KEPT_BYTES];
static uint64_t refused, own_table, me;

static unsigned char pattern(uint64_t at)
{
    return (unsigned char)(at * 7 + at / 4096 + me * 101 + 1);
}

static void keep(void)
{
    int fd = open("tmp/kept", O_RDWR | O_CREAT | O_TRUNC, 0644);

    for (uint64_t i = 0; i < KEPT_BYTES; i++)
        kept[i] = pattern(i);
    toll_check(write(fd, kept, KEPT_BYTES) == KEPT_BYTES && fsync(fd) == 0, "nothing can be written");
    close(fd);
}

static void kept_check(void)
{
    int fd = open("tmp/kept", O_RDONLY);

    toll_check(read(fd, read_back, KEPT_BYTES) == KEPT_BYTES, "what was written cannot be read");
    close(fd);
    for (uint64_t i = 0; i < KEPT_BYTES; i++) {
        toll_check(kept[i] == pattern(i), "byte %llu of memory is another's", (unsigned long long)i);
        toll_check(read_back[i] == pattern(i), "byte %llu of the file is another's", (unsigned long long)i);
    }
}

static void refuse(int64_t result, int error, const char *what, uint64_t which)
{
    toll_check(result == -error, "%s %#llx: %lld", what, (unsigned long long)which, (long long)result);
    refused++;
}

static bool is_own(uint64_t frame)
{
    return frame - info->ram_physical / PAGE < info->ram_bytes / PAGE;
}

static bool is_program(uint64_t frame)
{
    uint64_t pages = (info->program_bytes + PAGE - 1) / PAGE;

    return frame - info->program_physical / PAGE < pages;
}

static void frame_try(uint64_t frame)
{
    struct exo_segment segment = {frame, 0, 512};

    if (is_own(frame))
        return;
    refuse(raw(EXO_MAP, own_table, PLACE, frame, PAGER_READ | PAGER_WRITE, 0, 0), EPERM, "writing to frame", frame);
    refuse(raw(EXO_MAP, own_table, PLACE, frame, PAGER_WRITE, 0, 0), EPERM, "writing to frame", frame);
    refuse(raw(EXO_FRAME_PUT, frame, 0, 0, 0, 0, 0), EPERM, "giving back frame", frame);
    refuse(raw(EXO_DISK, DISK_READ, 0, 0, (uint64_t)&segment, 1, 0), EPERM, "reading the disk to frame", frame);
    refuse(raw(EXO_DISK, DISK_WRITE, 0, 0, (uint64_t)&segment, 1, 0), EPERM, "writing to the disk from frame", frame);
    if (!is_program(frame))
        refuse(raw(EXO_MAP, own_table, PLACE, frame, PAGER_READ, 0, 0), EPERM, "reading frame", frame);
}

static void frames_try(void)
{
    static const uint64_t far[] = {0xfee00,    0xfec00,    0xfeb00,    0x100000, 1ull << 36,
                                   1ull << 40, 1ull << 51, 1ull << 52, -1ull};

    for (uint64_t frame = 0; frame < (info->ram_physical + info->ram_bytes) / PAGE + FRAMES_BEHIND; frame++)
        frame_try(frame);
    for (unsigned i = 0; i < sizeof far / sizeof *far; i++)
        frame_try(far[i]);
}

static void sectors_try(uint64_t first, uint64_t sectors)
{
    int64_t result = raw(EXO_EXTENT_BIND, first, sectors, 0, 0, 0, 0);

    toll_check(result == -EBUSY || result == -EINVAL, "binding %llu sectors at %llu gave %lld",
               (unsigned long long)sectors, (unsigned long long)first, (long long)result);
    refused++;
}

/* All that is not wholly within the own part, and the own extent's borders. */
static void extents_try(void)
{
    struct exo_segment segment = {info->ram_physical / PAGE, 0, 512};
    uint64_t own = info->extent_first, sectors = info->extent_sectors;

    for (uint64_t first = 0; first < 4 * sectors; first += SECTORS_STEP) {
        if (first < own || first >= own + sectors)
            sectors_try(first, 1);
        sectors_try(first, own + sectors - first + 1);
        sectors_try(first, UINT64_MAX - first);
    }
    sectors_try(own + sectors - 1, 2);
    sectors_try(UINT64_MAX, 2);
    if (own)
        sectors_try(own - 1, 2);
    refuse(raw(EXO_DISK, DISK_READ, 0, sectors, (uint64_t)&segment, 1, 0), EINVAL, "sector", sectors);
    refuse(raw(EXO_DISK, DISK_READ, 0, -1ull, (uint64_t)&segment, 1, 0), EINVAL, "sector", -1ull);
    refuse(raw(EXO_DISK, DISK_READ, 1, 0, (uint64_t)&segment, 1, 0), EINVAL, "extent", 1);
}

static void own_table_find(void)
{
    for (own_table = 0; own_table < TABLES; own_table++) {
        uint64_t entry = (uint64_t)raw(EXO_ENTRY, own_table, (uint64_t)kept, 0, 0, 0, 0);
        if (entry & 1 && entry < -4096ull)
            return;
    }
    toll_check(false, "no table has this program");
}

int main(int argc, char **argv)
{
    toll_main(argc, argv, "neighbours");
    me = toll_arg_number("me", 0);
    if (info->extent_sectors == 0)
        toll_skip("no part of the disk is this application's");
    keep();
    own_table_find();
    for (uint64_t round = toll_arg_number("rounds", 3); round > 0; round--) {
        frames_try();
        extents_try();
        kept_check();
        raw(EXO_YIELD, 0, 0, 0, 0, 0, 0);
    }
    toll_value("ram_first", "frames", info->ram_physical / PAGE);
    toll_value("ram", "frames", info->ram_bytes / PAGE);
    toll_value("extent_first", "sectors", info->extent_first);
    toll_value("extent", "sectors", info->extent_sectors);
    toll_value("refused", "calls", refused);
    toll_output("ok\n", 3);
    return toll_done();
}
