/* SPDX-License-Identifier: MIT */
/*
 * fuzz_elf.c: whatever a program's bytes are, the loader of the part posix answers 0 or -ENOEXEC, gives everything
 * back, and puts nothing into the space that is not the file's or zero.  With clang:
 * -fsanitize=fuzzer,address,undefined and a call of fuzz_elf_init make a libFuzzer of it; fuzz_elf_main.c drives it
 * without.
 */
#include "fuzz_elf.h"
#include "alloc.h"
#include "base/errno.h"
#include "host.h"
#include "parts/pager/pager_private.h"
#include "parts/posix/process.h"
#include "tests/unit/fake_fs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEEKS 3 /* pages looked at from each end of a region */

unsigned long fuzz_elf_loaded;

static void promise(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "fuzz_elf: %s\n", what);
    abort();
}

void fuzz_elf_init(void)
{
    host_env_quiet(true);
    host_threads_init();
    host_env_translate(host_space_translate);
}

static void region_touch(struct region *r)
{
    uint64_t pages = (r->end - r->start) / PAGE_BYTES;
    uint8_t byte;
    promise(r->start >= HOST_SPACE_LOW && r->end <= HOST_SPACE_HIGH && r->start < r->end, "a region out of bounds");
    for (uint64_t i = 0; i < pages; i += i == PEEKS && pages > 2 * PEEKS ? pages - 2 * PEEKS : 1) {
        uint64_t at = r->start + i * PAGE_BYTES + PAGE_BYTES - 1;
        int error = env_copy_in(&byte, at, 1);
        promise(!error || !(r->flags & PAGER_ACCESS), "a page that cannot be read");
        if (r->flags & PAGER_WRITE)
            promise(!env_copy_out(at, &byte, 1), "a page that cannot be written");
    }
}

static void space_touch(struct space *space, uint64_t entry, uint64_t sp)
{
    uint64_t argc = 0;
    promise(!env_copy_in(&argc, sp, 8) && argc == 2 && sp % 16 == 0, "no arguments on the stack");
    promise(entry >= HOST_SPACE_LOW && entry < HOST_SPACE_HIGH, "an entry out of bounds");
    promise(space->brk >= HOST_SPACE_LOW || space->brk == 0, "a break out of bounds");
    promise(space->brk <= HOST_SPACE_HIGH && space->brk % PAGE_BYTES == 0, "a break out of bounds");
    for (struct region *r = region_after(space, 0); r; r = region_after(space, r->end))
        region_touch(r);
    promise(space->pages == host_table_pages(space->table), "pages that nobody counted");
}

static void load(int node)
{
    struct exec_args args;
    struct space *space = NULL;
    uint64_t entry, sp;
    int error = exec_args_init(&args);
    promise(!error && !pager_space_create(&space), "no memory");
    args.argc = 2;
    exec_args_add(&args, "/init", 5);
    exec_args_add(&args, "word", 4);
    error = exec_load(node, space, &args, &entry, &sp);
    promise(error == 0 || error == -ENOEXEC, "another error than ENOEXEC");
    sched_current()->space = space;
    if (!error)
        space_touch(space, entry, sp);
    fuzz_elf_loaded += !error;
    sched_current()->space = NULL;
    pager_space_put(space);
    exec_args_free(&args);
    promise(!host_alloc_pages_out() && !host_alloc_objects_out(), "memory was not given back");
    promise(fake_fs_refs() == (node == NODE_PROGRAM ? 0 : 1), "a file was not given back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    uint8_t *image = aligned_alloc(PAGE_BYTES, (bytes + PAGE_BYTES) & ~(size_t)(PAGE_BYTES - 1));
    promise(image != NULL, "no memory");
    memcpy(image, data, bytes);
    fake_fs.files[1] = (struct fake_file){.bytes = image, .size = bytes, .room = bytes, .mode = 0100755, .refs = 1};
    load(1);
    fake_fs.files[1].refs = 0;
    exec_program = (struct posix_program){.image = image, .bytes = bytes};
    load(NODE_PROGRAM);
    free(image);
    return 0;
}
