/* SPDX-License-Identifier: MIT */
/*
 * memory.c: halving, and what an image takes (see memory.h).
 */
#include "memory.h"
#include "file.h"
#include "layout.h"
#include "sample.h"
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MIB 1048576

static struct memory_trial *trial_add(struct arena *arena, struct memory_row *row, uint32_t mib)
{
    row->trials = arena_grow(arena, row->trials, row->trial_count, &row->trial_room, sizeof(*row->trials));
    row->trials[row->trial_count] = (struct memory_trial){.mib = mib, .reason = ""};
    return &row->trials[row->trial_count++];
}

int memory_bisect(struct arena *arena, struct memory_row *row, uint32_t most, memory_try *try, void *context,
                  struct error *error)
{
    uint32_t low = row->image_mib - 1, high = most; /* too little; enough, if anything is */
    struct memory_trial *trial = trial_add(arena, row, most);
    int result = try(context, trial, error);

    if (result || !trial->passed)
        return result;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        trial = trial_add(arena, row, middle);
        result = try(context, trial, error);
        if (result)
            return result;
        if (trial->passed)
            high = middle;
        else
            low = middle;
    }
    row->mib = high;
    return 0;
}

/* The end of the last segment, by the physical addresses at which a loader puts them. */
static uint64_t image_end(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint64_t end = 0;
    Elf64_Ehdr head;

    if (fd < 0)
        return 0;
    if (read(fd, &head, sizeof(head)) != (ssize_t)sizeof(head) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        head.e_phnum = 0;
    for (unsigned i = 0; i < head.e_phnum; i++) {
        Elf64_Phdr segment;

        if (pread(fd, &segment, sizeof(segment), (off_t)(head.e_phoff + i * sizeof(segment))) !=
            (ssize_t)sizeof(segment))
            break;
        if (segment.p_type == PT_LOAD && segment.p_paddr + segment.p_memsz > end)
            end = segment.p_paddr + segment.p_memsz;
    }
    close(fd);
    return end;
}

uint32_t memory_of_image(struct arena *arena, const struct plan_guest *guest)
{
    struct layout_image image = layout_image(arena, guest);
    int64_t behind = image.initrd ? file_size(image.initrd) : 0;
    uint64_t bytes = image_end(image.kernel) + (uint64_t)(behind > 0 ? behind : 0);
    uint32_t mib = (uint32_t)((bytes + MIB - 1) / MIB), most = guest->structure->memory_mib;

    if (mib > most)
        return most;
    return mib ? mib : 1;
}

static json_t *row_to_json(const struct memory_row *row)
{
    const struct plan_cell *cell = &row->guest->cells[0];
    json_t *trials = json_array();

    for (size_t i = 0; i < row->trial_count; i++) {
        const struct memory_trial *trial = &row->trials[i];

        json_array_append_new(
            trials, json_pack("{si sb ss}", "mib", (int)trial->mib, "passed", trial->passed, "reason", trial->reason));
    }
    return json_pack("{ss ss ss ss si so so}", "structure", row->guest->structure->name, "variant", row->guest->variant,
                     "workload", cell->workload->name, "image_sha256", cell->image_sha256, "image_mib",
                     (int)row->image_mib, "mib", row->mib ? json_integer(row->mib) : json_null(), "trials", trials);
}

json_t *memory_to_json(const struct memory_row *rows, size_t count, const char *run, const char *options)
{
    json_t *listed = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(listed, row_to_json(&rows[i]));
    return json_pack("{ss ss ss so}", "schema", SAMPLE_SCHEMA, "run", run, "options", options, "rows", listed);
}
