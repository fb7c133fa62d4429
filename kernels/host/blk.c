/* SPDX-License-Identifier: MIT */
/*
 * blk.c (host): a disk in memory.  A request is carried out when it is waited for, not before: who uses data that
 * was only asked for, or changes data that is still being written, is found out.  The disk can fail, and it can tell
 * what it might hold if power went now.
 */
#include "blk.h"
#include "base/errno.h"
#include "base/panic.h"
#include "host.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One segment written since the last flush. */
struct record {
    struct record *next;
    uint64_t offset;
    uint32_t bytes;
    uint8_t data[];
};

static uint8_t *disk;
static uint64_t disk_bytes;
static uint64_t requests, fail_countdown;
static bool fail_for_good, refuse_writes;
static uint8_t *stable; /* while recording: the disk at the last flush */
static struct record *records, **records_end = &records;
static void (*request_handler)(void);

static void drop_records(void)
{
    while (records) {
        struct record *r = records;
        records = r->next;
        free(r);
    }
    records_end = &records;
}

void host_blk_use(void *image, uint64_t bytes)
{
    host_blk_record(false);
    disk = image;
    disk_bytes = image ? bytes : 0;
    fail_countdown = requests = 0;
    refuse_writes = false;
}

void *host_blk_load(const char *path, uint64_t *bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    uint8_t *image = NULL;
    if (!fseek(file, 0, SEEK_END)) {
        long size = ftell(file);
        rewind(file);
        image = size > 0 ? malloc((size_t)size) : NULL;
        if (image && fread(image, 1, (size_t)size, file) != (size_t)size) {
            free(image);
            image = NULL;
        }
        *bytes = (uint64_t)size;
    }
    fclose(file);
    return image;
}

bool host_blk_save(const char *path, const void *image, uint64_t bytes)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    bool good = fwrite(image, 1, bytes, file) == bytes;
    return fclose(file) == 0 && good;
}

void host_blk_fail(uint64_t n, bool for_good)
{
    fail_countdown = n;
    fail_for_good = for_good;
}

void host_blk_read_only(bool read_only)
{
    refuse_writes = read_only;
}

uint64_t host_blk_requests(void)
{
    return requests;
}

void host_blk_on_request(void (*handler)(void))
{
    request_handler = handler;
}

static void make_stable(void)
{
    drop_records();
    memcpy(stable, disk, disk_bytes);
}

void host_blk_record(bool record)
{
    drop_records();
    free(stable);
    stable = NULL;
    if (!record || !disk)
        return;
    stable = malloc(disk_bytes);
    ASSERT(stable);
    make_stable();
}

void *host_blk_crash(uint64_t seed, uint64_t *bytes)
{
    ASSERT(stable);
    uint8_t *image = malloc(disk_bytes);
    ASSERT(image);
    memcpy(image, stable, disk_bytes);
    for (struct record *r = records; r; r = r->next) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        if (seed >> 63)
            memcpy(image + r->offset, r->data, r->bytes);
    }
    *bytes = disk_bytes;
    return image;
}

static void keep_record(uint64_t offset, const struct blk_segment *s)
{
    struct record *r = malloc(sizeof *r + s->bytes);
    ASSERT(r);
    r->next = NULL;
    r->offset = offset;
    r->bytes = s->bytes;
    memcpy(r->data, s->data, s->bytes);
    *records_end = r;
    records_end = &r->next;
}

static bool well_formed(const struct blk_request *r)
{
    uint64_t bytes = 0;
    if (r->op == BLK_FLUSH)
        return r->segment_count == 0;
    if (r->segment_count == 0 || r->segment_count > BLK_SEGMENTS_MAX)
        return false;
    for (uint32_t i = 0; i < r->segment_count; i++) {
        const struct blk_segment *s = &r->segments[i];
        uint64_t in_page = (uint64_t)(uintptr_t)s->data & 4095;
        if (s->bytes == 0 || s->bytes % BLK_SECTOR_BYTES || in_page + s->bytes > 4096)
            return false;
        bytes += s->bytes;
    }
    return r->sector <= disk_bytes / BLK_SECTOR_BYTES && bytes <= disk_bytes - r->sector * BLK_SECTOR_BYTES;
}

int blk_init(void)
{
    return disk ? 0 : -ENODEV;
}

uint64_t blk_sectors(void)
{
    return disk_bytes / BLK_SECTOR_BYTES;
}

int blk_submit(struct blk_request *request)
{
    if (!disk || !well_formed(request))
        return -EINVAL;
    if (refuse_writes && request->op == BLK_WRITE)
        return -EROFS;
    request->done = false;
    return 0;
}

static int carry_out(struct blk_request *request)
{
    requests++;
    if (fail_countdown && --fail_countdown == 0) {
        fail_countdown = fail_for_good;
        return -EIO;
    }
    uint64_t offset = request->sector * BLK_SECTOR_BYTES;
    for (uint32_t i = 0; i < request->segment_count; i++) {
        const struct blk_segment *s = &request->segments[i];
        if (request->op == BLK_READ)
            memcpy(s->data, disk + offset, s->bytes);
        else
            memcpy(disk + offset, s->data, s->bytes);
        if (request->op == BLK_WRITE && stable)
            keep_record(offset, s);
        offset += s->bytes;
    }
    if (request->op == BLK_FLUSH && stable)
        make_stable();
    return 0;
}

int blk_wait(struct blk_request *request)
{
    host_sched_pause();
    if (!request->done) {
        request->status = carry_out(request);
        request->done = true;
        if (request_handler)
            request_handler();
    }
    return request->status;
}
