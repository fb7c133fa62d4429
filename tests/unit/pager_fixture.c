/* SPDX-License-Identifier: MIT */
/* pager_fixture.c: see pager_fixture.h. */
#include "pager_fixture.h"
#include <stdio.h>

struct space *space;
const struct pager_source zero = {.kind = PAGER_ZERO};
uint8_t *image, *file;

uint8_t pattern(uint64_t offset)
{
    return (uint8_t)(1 + (offset * 7 + offset / PAGE * 31) % 255);
}

int pager_fixture_open(void **state)
{
    (void)state;
    image = aligned_alloc(PAGE_BYTES, 7 * PAGE_BYTES);
    file = calloc(1, FILE_ROOM);
    for (unsigned i = 0; i < FILE_BYTES; i++)
        image[i] = file[i] = pattern(i);
    memset(image + FILE_BYTES, 0xee, 7 * PAGE_BYTES - FILE_BYTES);
    memset(&fake_fs, 0, sizeof fake_fs);
    fake_fs.files[1] = (struct fake_file){.bytes = file, .size = FILE_BYTES, .room = FILE_ROOM, .mode = 0100644};
    host_env_translate(host_space_translate);
    host_table_bounds(HOST_SPACE_LOW, HOST_SPACE_HIGH);
    if (pager_space_create(&space))
        return -1;
    sched_current()->space = space;
    return 0;
}

int pager_fixture_close(void **state)
{
    (void)state;
    sched_current()->space = NULL;
    if (space)
        pager_space_put(space);
    space = NULL;
    free(image);
    free(file);
    if (host_alloc_pages_out() || host_alloc_objects_out() || fake_fs_refs()) {
        print_error("left: %lu pages, %lu objects, %d nodes\n", host_alloc_pages_out(), host_alloc_objects_out(),
                    fake_fs_refs());
        return -1;
    }
    return 0;
}

void pager_fixture_restart(void)
{
    assert_int_equal(pager_fixture_close(NULL), 0);
    assert_int_equal(pager_fixture_open(NULL), 0);
}

struct pager_source image_at(uint64_t page, uint64_t bytes)
{
    return (struct pager_source){.kind = PAGER_IMAGE, .image = image, .offset = page * PAGE, .bytes = bytes};
}

struct pager_source file_at(uint64_t page, uint64_t bytes)
{
    return (struct pager_source){.kind = PAGER_FILE, .node = 1, .offset = page * PAGE, .bytes = bytes};
}

static int map_counted(uint64_t page, uint64_t pages, uint32_t flags, const struct pager_source *source)
{
    uint64_t at = AT(page);
    int error = pager_map(space, &at, pages * PAGE, flags, true, source);
    assert_true(error || at == AT(page));
    return error;
}

/* The node that a source names is open while it is mapped, as a descriptor would have it. */
int map(uint64_t page, uint64_t pages, uint32_t flags, const struct pager_source *source)
{
    if (source->kind != PAGER_FILE)
        return map_counted(page, pages, flags, source);
    fake_fs.files[source->node].refs++;
    int error = map_counted(page, pages, flags, source);
    fake_fs.files[source->node].refs--;
    return error;
}

uint64_t map_anywhere(uint64_t bytes, uint32_t flags)
{
    uint64_t at = 0;
    int error = pager_map(space, &at, bytes, flags, false, &zero);
    return error ? 0 : at;
}

int unmap(uint64_t page, uint64_t pages)
{
    return pager_unmap(space, AT(page), pages * PAGE);
}

int protect(uint64_t page, uint64_t pages, uint32_t flags)
{
    return pager_protect(space, AT(page), pages * PAGE, flags);
}

int peek(uint64_t address)
{
    uint8_t value;
    int error = env_copy_in(&value, address, 1);
    return error ? error : value;
}

int poke(uint64_t address, uint8_t value)
{
    return env_copy_out(address, &value, 1);
}

void assert_regions(const char *text)
{
    char got[2000] = "";
    size_t n = 0;
    uint64_t last = 0;
    LIST_FOR(l, &space->regions)
    {
        const struct region *r = LIST_ENTRY(l, struct region, link);
        assert_true(r->start < r->end && r->start >= last && (r->start | r->end) % PAGE == 0 && r->pins == 0);
        last = r->end;
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%ld+%ld:%s%s%s%s", n ? " " : "",
                              (long)((int64_t)(r->start - AT(0)) / (int64_t)PAGE), (long)((r->end - r->start) / PAGE),
                              r->flags & R ? "r" : "", r->flags & W ? "w" : "", r->flags & X ? "x" : "",
                              r->flags & PAGER_SHARED ? "s" : "");
        assert_true(n < sizeof got);
    }
    assert_string_equal(got, text);
    assert_int_equal(space->pages, host_table_pages(space->table));
}
