/* SPDX-License-Identifier: MIT */
/*
 * disk.c: extents, and requests on them.  A request names frames of the environment and sectors of its extent; when it
 * has finished, an entry in the environment's struct domain_dones and EVENT_DISK say so.
 *
 *      call_disk:     checks, takes a flight, blk_submit
 *      disk_finish:   after each interrupt: flights whose request is done are told of and free again
 *
 * blk_submit does not sleep as long as there is room in the disk's queue, which is counted here.
 */
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "blk.h"
#include "env.h"
#include "exo/call.h"
#include "exo/environment.h"
#include "exo/exo.h"
#include "machine/bus.h"
#include "machine/virtio.h"

#define REQUEST_EXTRA 2 /* descriptors besides those of segments */
#define FLIGHTS (VIRTIO_QUEUE_MAX / REQUEST_EXTRA)

struct flight {
    struct blk_request request;
    struct list link; /* in free, or in flying */
    struct environment *environment;
    struct extent *extent;
    uint64_t tag;
};

static struct flight flights[FLIGHTS];
static struct list free = LIST_INIT(free), flying = LIST_INIT(flying);
static unsigned room = VIRTIO_QUEUE_MAX; /* descriptors that are not in use */
static bool ranges_given;

void disk_init(void)
{
    for (unsigned i = 0; i < FLIGHTS; i++)
        list_add(&free, &flights[i].link);
    blk_init(); /* without a disk it has no sectors */
}

static const char *number_read(const char *text, uint64_t *out)
{
    for (*out = 0; *text >= '0' && *text <= '9'; text++)
        *out = *out * 10 + (uint64_t)(*text - '0');
    return text;
}

/* Word number n "extent=FIRST:SECTORS" of the command line is environment n's part of the disk.  Without any the first
   environment is told of all of it, and extents go to whoever binds them first. */
void disk_range_set(struct environment *e)
{
    const char *word = bus_command_line("extent=", e->number);
    uint64_t all = blk_sectors();

    e->range_sectors = e->number ? 0 : all;
    ranges_given = bus_command_line("extent=", 0) != NULL;
    if (word) {
        word = number_read(word + strlen("extent="), &e->range_first);
        number_read(*word == ':' ? word + 1 : "", &e->range_sectors);
    } else if (ranges_given) {
        e->range_sectors = 0;
    }
    if (e->range_first > all || e->range_sectors > all - e->range_first)
        e->range_sectors = 0;
}

/* ---- extents ---- */

static bool is_within(uint64_t first, uint64_t sectors, uint64_t range_first, uint64_t range_sectors)
{
    return first >= range_first && sectors <= range_sectors && first - range_first <= range_sectors - sectors;
}

static bool is_taken(const struct environment *other, uint64_t first, uint64_t sectors)
{
    for (const struct extent *x = other->extents; x < other->extents + EXTENTS_MAX; x++)
        if (x->sectors && first < x->first + x->sectors && x->first < first + sectors)
            return true;
    return false;
}

static struct extent *extent_of(struct environment *e, uint64_t number)
{
    return number < EXTENTS_MAX && e->extents[number].sectors ? &e->extents[number] : NULL;
}

int64_t call_extent_bind(CALL_N, uint64_t first, uint64_t sectors)
{
    struct environment *e = environment_current();
    unsigned place = 0;

    if (!blk_sectors())
        return -ENODEV;
    if (!sectors || !is_within(first, sectors, 0, blk_sectors()))
        return -EINVAL;
    if (ranges_given && !is_within(first, sectors, e->range_first, e->range_sectors))
        return -EBUSY;
    for (const struct environment *other = environments; other < environments + ENVIRONMENTS_MAX; other++)
        if (other != e && other->alive && is_taken(other, first, sectors))
            return -EBUSY;
    while (place < EXTENTS_MAX && e->extents[place].sectors)
        place++;
    if (place == EXTENTS_MAX)
        return -EMFILE;
    e->extents[place] = (struct extent){first, sectors, 0};
    return place;
}

int64_t call_extent_free(CALL_N, uint64_t number)
{
    struct extent *x = extent_of(environment_current(), number);

    if (!x)
        return -EINVAL;
    if (x->in_flight)
        return -EBUSY;
    x->sectors = 0;
    return 0;
}

/* ---- requests ---- */

/* A flight that holds what its request needs, or no longer does. */
static void flight_count(struct flight *f, bool begins)
{
    const struct blk_request *r = &f->request;
    unsigned descriptors = r->segment_count + REQUEST_EXTRA;

    for (unsigned i = 0; i < r->segment_count; i++)
        (begins ? frame_busy_add : frame_busy_drop)(paging_physical(r->segments[i].data) >> PAGE_SHIFT);
    f->environment->in_flight += begins ? 1u : -1u;
    f->environment->descriptors += begins ? descriptors : -descriptors;
    f->extent->in_flight += begins ? 1u : -1u;
    room += begins ? -descriptors : descriptors;
    list_remove(&f->link);
    if (!begins)
        list_add(&free, &f->link);
}

static void flight_end(struct flight *f, int status)
{
    struct environment *e = f->environment;

    flight_count(f, false);
    e->dones->done[e->done % DOMAIN_DONE_MAX] = (struct domain_done){f->tag, status};
    e->info->done = ++e->done;
    environment_tell(e, EVENT_DISK);
    if (!e->in_flight)
        sched_wake(&e->ebb, 1);
}

/* Who was refused is told to try again. */
static void room_tell(void)
{
    for (struct environment *e = environments; e < environments + ENVIRONMENTS_MAX; e++)
        if (e->alive && e->wants_disk) {
            e->wants_disk = false;
            environment_tell(e, EVENT_DISK);
        }
}

static __attribute__((noinline)) void flights_look(void)
{
    bool any = false;

    for (struct list *at = flying.next, *next; at != &flying; at = next) {
        struct flight *f = LIST_ENTRY(at, struct flight, link);
        next = at->next;
        if (f->request.done) {
            flight_end(f, f->request.status);
            any = true;
        }
    }
    if (any)
        room_tell();
}

void disk_finish(void)
{
    if (!list_empty(&flying))
        flights_look();
}

/* Only whole sectors in the environment's own frames; their sum, or -EPERM, -EINVAL. */
static int64_t segments_take(const struct environment *e, struct blk_request *r, const struct exo_segment *segments)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < r->segment_count; i++) {
        const struct exo_segment *s = &segments[i];
        if ((s->offset | s->bytes) % BLK_SECTOR_BYTES || !s->bytes || s->offset >= PAGE_BYTES ||
            s->bytes > PAGE_BYTES - s->offset)
            return -EINVAL;
        if (!frame_is_own(e, s->frame))
            return -EPERM;
        r->segments[i].data = (char *)paging_direct(s->frame * PAGE_BYTES) + s->offset;
        r->segments[i].bytes = s->bytes;
        bytes += s->bytes;
    }
    return (int64_t)bytes;
}

/* Starts the request of f, whose environment, extent, tag, op and segment_count are filled.  It joins those that can
   finish only at the end, for blk_submit sleeps where a disk has a smaller queue than others. */
static int flight_start(struct flight *f, const struct exo_segment *segments, uint64_t sector)
{
    int64_t bytes = segments_take(f->environment, &f->request, segments);
    int error;

    if (bytes < 0)
        return (int)bytes;
    if (!is_within(sector, (uint64_t)bytes / BLK_SECTOR_BYTES, 0, f->extent->sectors))
        return -EINVAL;
    f->request.sector = f->extent->first + sector;
    flight_count(f, true);
    error = blk_submit(&f->request);
    if (error)
        flight_count(f, false);
    else
        list_add(&flying, &f->link);
    return error;
}

/* One request may be in flight always, more of them in an even share of the disk's queue. */
static bool is_full(struct environment *e, uint64_t count)
{
    uint64_t descriptors = count + REQUEST_EXTRA;

    if (e->in_flight + (uint64_t)(uint32_t)(e->done - e->info->taken) >= DOMAIN_DONE_MAX)
        return true;
    e->wants_disk = room < descriptors || list_empty(&free) ||
                    (e->in_flight && e->descriptors + descriptors > VIRTIO_QUEUE_MAX / environment_count());
    return e->wants_disk;
}

int64_t call_disk(CALL_N, uint64_t op, uint64_t number_of_extent, uint64_t sector, uint64_t address, uint64_t count,
                  uint64_t tag)
{
    struct environment *e = environment_current();
    struct exo_segment segments[BLK_SEGMENTS_MAX];
    struct flight *f;
    int error;

    if (op > BLK_FLUSH || count > BLK_SEGMENTS_MAX || !extent_of(e, number_of_extent))
        return -EINVAL;
    if (is_full(e, count))
        return -EAGAIN;
    if (env_copy_in(segments, address, count * sizeof *segments))
        return -EFAULT;
    f = LIST_ENTRY(free.next, struct flight, link);
    f->environment = e;
    f->extent = extent_of(e, number_of_extent);
    f->tag = tag;
    f->request.op = (enum blk_op)op;
    f->request.segment_count = (uint32_t)count;
    error = flight_start(f, segments, sector);
    disk_finish();
    return error;
}

void disk_release_all(struct environment *e)
{
    while (e->in_flight)
        sched_wait_always(&e->ebb);
    memset(e->extents, 0, sizeof e->extents);
}
